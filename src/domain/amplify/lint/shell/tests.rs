//! Comparisons with `AWS_BRANCH`.

use super::branches::BranchSet;

/// The branches in which a command succeeds, and those in which it does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// Where it succeeds.
    pub then: BranchSet,
    /// Where it does not.
    pub otherwise: BranchSet,
}

impl Test {
    /// Nothing is known of it.
    pub fn unknown() -> Self {
        Self { then: BranchSet::unknown(), otherwise: BranchSet::unknown() }
    }

    /// A command that does something, and usually succeeds.
    pub fn ran() -> Self {
        Self { then: BranchSet::any(), otherwise: BranchSet::unknown() }
    }

    /// These branches pass.
    fn of(then: BranchSet) -> Self {
        Self { otherwise: then.complement(), then }
    }

    /// Both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self { then: self.then.and(&other.then), otherwise: self.otherwise.or(&other.otherwise) }
    }

    /// One of them.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        Self { then: self.then.or(&other.then), otherwise: self.otherwise.and(&other.otherwise) }
    }

    /// `!`
    #[must_use]
    pub fn not(self) -> Self {
        Self { then: self.otherwise, otherwise: self.then }
    }
}

/// What the words of a command compare: `[ "$AWS_BRANCH" = "main" ]`. What is no such comparison is not known.
pub fn test(words: &[String]) -> Test {
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    let begins = words.first().is_some_and(|first| ["[", "[[", "test"].contains(first));
    let ends = words.last().is_some_and(|last| ["]", "]]"].contains(last));
    // `[[ a == b && c == d ]]` comes in two pieces.
    if !begins && !ends && !words.iter().any(|word| ["=", "==", "!="].contains(word)) {
        return match words.as_slice() {
            ["true" | ":"] => Test::of(BranchSet::any()),
            ["false"] => Test::of(BranchSet::only([])),
            _ => Test::unknown(),
        };
    }
    if ends {
        words.pop();
    }
    let words = if begins { &words[1..] } else { &words[..] };
    let alternatives = words.split(|word| *word == "-o");
    let each = alternatives.map(|all| {
        let all = all.split(|word| *word == "-a").map(comparison);
        all.reduce(|one, other| one.and(&other)).unwrap_or_else(Test::unknown)
    });
    each.reduce(|one, other| one.or(&other)).unwrap_or_else(Test::unknown)
}

fn comparison(words: &[&str]) -> Test {
    let (words, is_negated) = match words {
        ["!", rest @ ..] => (rest, true),
        words => (words, false),
    };
    let [left, operator, right] = words else { return Test::unknown() };
    let name = match (is_branch(left), is_branch(right)) {
        (true, false) => right,
        (false, true) => left,
        _ => return Test::unknown(),
    };
    if !is_plain(name) {
        return Test::unknown();
    }
    let equal = Test::of(BranchSet::only([(*name).to_owned()]));
    let test = match *operator {
        "=" | "==" => equal,
        "!=" => equal.not(),
        _ => return Test::unknown(),
    };
    if is_negated { test.not() } else { test }
}

/// Whether a word is the branch that is built.
pub fn is_branch(word: &str) -> bool {
    let name = word.strip_prefix("${").map(|rest| rest.trim_end_matches('}')).or_else(|| word.strip_prefix('$'));
    name.is_some_and(|name| name == "AWS_BRANCH" || name.starts_with("AWS_BRANCH:-"))
}

/// Whether a word stands for itself, and not for others.
pub fn is_plain(word: &str) -> bool {
    !word.contains(['$', '`', '*', '?', '['])
}
