//! The limits of everything that comes from outside: one table, here for the code and in `docs/limits/README.md` for
//! people. A test holds the two equal.

use std::fmt;
use std::time::Duration;

/// A limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// What is limited.
    pub what: &'static str,
    /// How much of it is allowed, in units.
    pub amount: u64,
    /// The unit.
    pub unit: Unit,
    /// What happens beyond it.
    pub beyond: &'static str,
    /// Why it is this much, with the source where it has one.
    pub why: &'static str,
}

/// What a limit is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Bytes, over a minute: what is less is too slow.
    BytesPerMinute,
    /// Seconds.
    Seconds,
    /// Things, one by one.
    Count,
}

impl Limit {
    /// The amount, of bytes or things.
    #[expect(clippy::cast_possible_truncation, reason = "a test holds every amount below 2^32")]
    pub const fn count(&self) -> usize {
        self.amount as usize
    }

    /// The amount of a time.
    pub const fn time(&self) -> Duration {
        Duration::from_secs(self.amount)
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unit {
            Unit::Bytes => bytes(self.amount, formatter),
            Unit::BytesPerMinute => {
                bytes(self.amount, formatter)?;
                formatter.write_str(" a minute")
            }
            Unit::Seconds if self.amount.is_multiple_of(60) => write!(formatter, "{} min", self.amount / 60),
            Unit::Seconds => write!(formatter, "{} s", self.amount),
            Unit::Count => write!(formatter, "{}", self.amount),
        }
    }
}

fn bytes(amount: u64, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    match amount {
        _ if amount.is_multiple_of(1 << 20) => write!(formatter, "{} MiB", amount >> 20),
        _ if amount.is_multiple_of(1 << 10) => write!(formatter, "{} KiB", amount >> 10),
        _ => write!(formatter, "{amount} bytes"),
    }
}

macro_rules! limits {
    ($($name:ident = $amount:expr, $unit:ident, $what:literal, $beyond:literal, $why:literal;)*) => {
        $(
            #[doc = $what]
            pub const $name: Limit =
                Limit { what: $what, amount: $amount, unit: Unit::$unit, beyond: $beyond, why: $why };
        )*

        /// All limits, in the order of the documentation.
        #[cfg(test)]
        const ALL: &[Limit] = &[$($name),*];
    };
}

limits! {
    // Files of the repository.
    FILE = 1 << 20, Bytes,
        "a file of the repository: configuration, task definition, workflow, Dockerfile",
        "it is not read",
        "GitHub itself takes workflows of at most 512 KiB";
    FILES = 100_000, Count,
        "files of a repository whose names `check` goes by",
        "the rest is left out, and the first of them is named",
        "each may be one that a rule is about; large repositories have some ten thousand";
    SEARCHED = 32 << 20, Bytes,
        "all files together that `check` searches for secrets and for values of the contract",
        "the rest is named, and not searched",
        "500 of them have about 1 MiB";
    YAML_NESTING = 64, Count,
        "levels of nesting in a workflow file",
        "`check` reports the file and does not parse it",
        "time grows with the square of the levels: 400,000 took minutes; workflows have about ten";
    PARSING = 30, Seconds,
        "the time for parsing all files that one `check` reads, other than the configuration",
        "`check` reports the file that it was at, and fails",
        "what gets past the limit for nesting; thousands of files take less than a second";
    ENVIRONMENTS = 200, Count,
        "environments of a configuration",
        "the configuration is refused",
        "`check` reads each of them";
    COMPONENTS = 200, Count,
        "components of a configuration",
        "the configuration is refused",
        "each is looked up in AWS, for each environment";
    DECLARED_VARIABLES = 1000, Count,
        "variables in the contracts of a configuration",
        "the configuration is refused",
        "each may have a regular expression, which is held in memory";
    RESOLVED_TEXT = 64 << 10, Bytes,
        "a value of the configuration when its `${…}` are resolved",
        "the configuration is refused, before the text is made",
        "a container's whole task definition has at most 64 KiB (quotas of Amazon ECS)";
    RESOLVED_TOTAL = 8 << 20, Bytes,
        "all resolved values of one environment together",
        "the configuration is refused, before the text is made",
        "all of them are held in memory";
    CONFIGURATION_PROBLEMS = 200, Count,
        "problems of a configuration that are reported at once",
        "the rest is counted",
        "more than a person corrects at once";
    FINDINGS = 500, Count,
        "findings of `check`, and parts that it left out",
        "the rest is counted, the errors come first",
        "what a page can show";
    LISTED = 10, Count,
        "items listed in one error message: containers of a task definition",
        "the rest is counted",
        "what a line can show";
    // Sites.
    SITE_FILES = 100_000, Count,
        "files of a static site",
        "the site is refused",
        "each is hashed, compared and may be a request; large sites have some ten thousand";
    BUNDLE_MANIFEST = 64 << 20, Bytes,
        "the manifest of a static site",
        "the site or its bundle is refused",
        "it is held in memory; 100,000 files with paths of 400 bytes have as much";
    // git.
    COMMITS_COUNTED = 10_000, Count,
        "commits counted between two releases",
        "`more than 10000 commits`",
        "git reads each of them: 900,000 took 21 s and 442 MB";
    COMMITS_SHOWN = 20, Count,
        "commits listed in a plan",
        "the rest is counted",
        "what a page can show";
    PULL_REQUESTS_ASKED = 10, Count,
        "commits of a plan whose pull request GitHub is asked for: those whose subject names none",
        "the others are shown without one",
        "each is a request";
    BRANCHES_COMPARED = 50, Count,
        "branches compared with a commit for the gate `branch`",
        "whether the commit is on the others is unknown",
        "each is a request of the thousand that a job's token has in an hour";
    // The registry.
    MANIFEST = 4 << 20, Bytes,
        "a manifest or an index of an image, and a list of referrers",
        "the image cannot be read",
        "what registries must take at least ([distribution-spec](https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests))";
    MANIFESTS = 1_000, Count,
        "manifests of one image, with platforms, attestations and signatures",
        "the image is not copied",
        "more than any image has";
    MANIFEST_LEVELS = 8, Count,
        "levels of manifests in one image",
        "the image is not copied",
        "an index of manifests, their attestations, and what refers to those";
    MANIFEST_BYTES = 64 << 20, Bytes,
        "all manifests of one image together",
        "the image is not copied",
        "they are held in memory until all blobs are copied";
    PLATFORMS = 100, Count,
        "platforms of one image",
        "the image cannot be read",
        "official images have about fifteen; each is asked for";
    LAYERS = 10_000, Count,
        "different layers and configurations of one image",
        "the image is not copied",
        "engines take 127 layers for each platform";
    IMAGE_CONFIGURATION = 8 << 20, Bytes,
        "the configuration of an image; less where its manifest declares less",
        "the image cannot be read",
        "what docker makes has a few KiB";
    REGISTRY_ANSWER = 64 << 10, Bytes,
        "any other answer of a registry: tokens, errors",
        "of an error the rest is left out; a token is refused",
        "a token has some KiB";
    REGISTRY_REQUEST = 60, Seconds,
        "one request to a registry with its whole answer, other than for a layer",
        "it fails, and is made again at most three times",
        "4 MiB in a minute is a very slow line";
    LAYER_SILENCE = 20, Seconds,
        "silence of a registry while a layer is read",
        "the download goes on at this byte, at most five times for each layer",
        "a registry under load answers later, not never";
    LAYER_PACE = 1 << 20, BytesPerMinute,
        "the least that a layer moves, in either direction",
        "it counts as silence",
        "140 kbit/s: a drip feed ends";
    UPLOAD_STALL = 60, Seconds,
        "silence of a registry that takes a layer",
        "the upload is begun again, at most three times for each layer",
        "a registry under load takes bytes later, not never";
    UPLOAD_ANSWER = 300, Seconds,
        "the time for an answer when a registry has all bytes of a layer",
        "the upload is begun again, at most three times for each layer",
        "it reads a layer of some GB once more";
    // Other services.
    PROBE_BODY = 1 << 20, Bytes,
        "the body of a probe's answer",
        "the rest is not read; `timeout` of the probe limits the whole answer",
        "what a health page needs";
    SEARCHED_FILE = 64 << 20, Bytes,
        "a file of a site with placeholders that is searched for markers",
        "the site is refused",
        "it is held in memory; scripts have some MiB at most";
    SITE_ANSWER = 10 << 20, Bytes,
        "an answer of a site whose release is proven",
        "of a larger file of the release the status and the type count; anything else is wrong",
        "pages and scripts have some MiB at most";
    SITE_REQUEST = 20, Seconds,
        "one request to a site whose release is proven, or to what its pages call",
        "it counts as not answered, and is made again",
        "an edge answers in less than a second";
    SITE_PAGES = 200, Count,
        "pages of a site that are asked for, the entry page first",
        "a note counts them",
        "each is a request, and made again while the one of before comes";
    SITE_NAMES = 2_000, Count,
        "addresses that one page names, and scripts and styles of all pages that are asked for",
        "a note says so",
        "pages name about twenty";
    ID_TOKEN_ANSWER = 64 << 10, Bytes,
        "an answer of GitHub's token endpoint",
        "no token is had",
        "a token with all its claims has about 2 KiB";
    ID_TOKEN_REQUEST = 5, Seconds,
        "a request to GitHub's token endpoint with its whole answer",
        "it is made again at most three times",
        "it is on the runner's own network";
    GITHUB_ANSWER = 32 << 20, Bytes,
        "an answer of GitHub's API",
        "it counts as unreadable",
        "a page of 100 comments of 65,536 characters";
    GITHUB_REQUEST = 4, Seconds,
        "a request to GitHub's API with its whole answer",
        "it is made again at most three times, within 10 s for all",
        "reports must not hold up a deploy";
    AWS_ATTEMPT = 30, Seconds,
        "one attempt of a call of AWS with its whole answer",
        "the SDK makes the call again, four times at most",
        "calls take less than a second, registering some";
    AWS_OPERATION = 180, Seconds,
        "a call of AWS with all its attempts",
        "the call fails",
        "five attempts of 30 s, and the pauses between them";
    REVISIONS = 200, Count,
        "revisions of a task definition that `history` and `rollback` go back",
        "older ones count as forgotten",
        "each is a call of AWS";
    // What is written.
    SUMMARY = 900 << 10, Bytes,
        "the page of a run in GitHub",
        "whole parts at its end are left out, and the page says so",
        "GitHub takes 1 MiB for each step";
    SUMMARY_JSON = 512 << 10, Bytes,
        "the output `summary-json`",
        "the output is left out",
        "outputs of a job have at most 1 MiB";
    PLAN_DOCUMENT = 64 << 10, Bytes,
        "the output `plan`, and `SHIPGATE_PLAN`",
        "it is left out: a plan that is `stale` names both digests, and not what moved",
        "a variable has at most 128 KiB; a plan has a few KiB";
    COMMENT = 65_536, Count,
        "characters of the comment on a pull request",
        "it is cut",
        "GitHub takes no more";
    ANNOTATIONS = 10, Count,
        "annotations of one level in a step",
        "the last one counts the rest",
        "GitHub shows no more";
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENTED: &str = include_str!("../../docs/limits/README.md");

    #[test]
    fn the_documentation_has_the_table_of_the_code() {
        let row = |limit: &Limit| format!("| {} | {limit} | {} | {} |\n", limit.what, limit.beyond, limit.why);
        let table: String = ALL.iter().map(row).collect();
        assert!(DOCUMENTED.contains(&table), "docs/limits/README.md needs this table:\n{table}");
        let rows = DOCUMENTED.lines().filter(|line| line.starts_with("| ")).count();
        assert_eq!(rows, ALL.len() + 1, "docs/limits/README.md has rows of its own");
    }

    #[test]
    fn amounts_fit_every_machine_and_names_are_different() {
        for (index, limit) in ALL.iter().enumerate() {
            assert!(limit.amount > 0 && u32::try_from(limit.amount).is_ok(), "{limit:?}");
            assert!(ALL[..index].iter().all(|other| other.what != limit.what), "{limit:?}");
        }
    }
}
