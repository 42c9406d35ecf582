//! The list of words, each with what to write instead. A word is on it because the field has another one for the same
//! thing, so that a reader who searches for that one finds nothing.

/// A word that is not written.
pub struct Word {
    /// A regular expression, without regard to case. A space in it is any white space, and the sign of a comment.
    pub pattern: &'static str,
    /// What to write instead.
    pub instead: &'static str,
    /// A text that has it.
    pub sample: &'static str,
}

const fn word(pattern: &'static str, instead: &'static str, sample: &'static str) -> Word {
    Word { pattern, instead, sample }
}

/// All of them.
pub const WORDS: &[Word] = &[
    word(r"\bmend(?:s|ed|ing)?\b", "fix", "the mended commit"),
    word(r"\b(?:told|tells?|telling)\b", "report, print, describe, distinguish", "an error is told once"),
    word(r"\b(?:im)?patien(?:ce|t|tly)\b", "timeout, deadline, retry", "out of patience"),
    word(r"\b(?:bears?|borne|bearable)\b", "tolerate, allow, maximum", "faults are borne"),
    word(r"\btroubles?\b", "error, failure", "the registry is in trouble"),
    word(r"\bnobody\b", "name the actor, or use the passive: `is not read`", "nobody reads it"),
    word(r"\bwho(?:m)?ever\b", "the person who, the job that, the caller", "whoever started it"),
    word(
        r"\b(?:becom(?:e|es|ing)|takes?|took) (?:[\w']+ )?(?:read-)?role\b",
        "assume the role",
        "a job that becomes the role",
    ),
    word(r"\bwho may become\b", "who may assume", "who may become it"),
    word(r"\bin vain\b", "without effect, until the timeout", "it waits in vain"),
    word(r"\bforth\b", "forward, and so on", "back and forth"),
    word(r"\bhardly\b", "rarely, not", "it hardly matters"),
    word(r"\bso many\b", "the maximum number of, a number of", "so many are shown"),
    word(r"\bours\b", "of shipgate, of this run", "a release of ours"),
    word(r"\b(?:we|our)\b", "shipgate, this run, this process", "what we wrote"),
    word(r"\sus(?:[\s,.;:]|$)", "shipgate, this run, this process", "kept by us."),
    word(r"\bstands? in\b", "is in, replaces", "what stands in the file"),
    word(
        r"\b(?:a|one|each|every|the|first|last|next|two|no) looks?\b",
        "poll, read, check, request",
        "the next look at the service",
    ),
];

/// Texts that have such a word and keep it: the file, a part of the line, and why.
pub const QUOTES: &[(&str, &str, &str)] =
    &[("scripts/demo", "--strategy-option ours", "the name of an option of git merge")];

/// Texts that have none, though they are close.
pub const FINE: &[&str] = &[
    "aws --region us-east-1",
    "region = \"us\"",
    "troubleshooting",
    "a stand-in of GitHub",
    "it looks like a secret",
    "assume a role",
    "four hours",
    "a weekday",
    "the forthcoming release",
];
