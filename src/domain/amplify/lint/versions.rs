//! Versions of Node.js, and whether the CLI of Amplify runs with them.

/// A version as three numbers.
type Version = [u32; 3];

/// Beyond every version that there will be.
const LAST: u32 = 1_000_000_000;

/// What the CLI supports: `^18.19.0 || ^20.6.0 || >=22`
/// ([`cdk_error_mapper.ts`](https://github.com/aws-amplify/amplify-backend)).
pub const SUPPORTED: &str = "^18.19.0 || ^20.6.0 || >=22";
const RANGES: [(Version, Version); 3] =
    [([18, 19, 0], [19, 0, 0]), ([20, 6, 0], [21, 0, 0]), ([22, 0, 0], [LAST, 0, 0])];
/// The names of versions with long support.
const NAMES: [(&str, u32); 11] = [
    ("argon", 4),
    ("boron", 6),
    ("carbon", 8),
    ("dubnium", 10),
    ("erbium", 12),
    ("fermium", 14),
    ("gallium", 16),
    ("hydrogen", 18),
    ("iron", 20),
    ("jod", 22),
    ("krypton", 24),
];

/// Whether the CLI runs with a version as `nvm` takes it, part of one meaning its newest. `None`: it is not known.
pub fn runs_with(written: &str) -> Option<bool> {
    let text = written.trim().trim_start_matches(['v', '=']);
    if let Some(name) = text.strip_prefix("lts/") {
        let name = name.to_ascii_lowercase();
        let major = NAMES.iter().find(|(it, _)| *it == name)?.1;
        return Some(meets(([major, 0, 0], [major + 1, 0, 0])));
    }
    range_of(text).map(meets)
}

/// Whether the CLI runs with some version of a range as `package.json` has it. `None`: it is not understood.
pub fn runs_with_some(range: &str) -> Option<bool> {
    let alternatives: Option<Vec<bool>> = range.split("||").map(|all| interval(all).map(meets)).collect();
    Some(alternatives?.into_iter().any(|meets| meets))
}

/// Whether versions from one on and below another have one that is supported.
fn meets((from, below): (Version, Version)) -> bool {
    RANGES.iter().any(|(start, end)| from.max(*start) < below.min(*end))
}

/// `18`, `18.x`, `18.17.1`: from which version on, and below which.
fn range_of(text: &str) -> Option<(Version, Version)> {
    let text = text.split(['-', '+']).next()?.trim_start_matches(['v', '=']);
    let mut numbers = [0; 3];
    let mut given = 0;
    for part in text.split('.') {
        if ["x", "X", "*"].contains(&part) {
            break;
        }
        *numbers.get_mut(given)? = part.parse().ok()?;
        given += 1;
    }
    match given {
        0 if !text.is_empty() => Some(([0, 0, 0], [LAST, 0, 0])),
        0 => None,
        _ => Some((numbers, next(numbers, given - 1))),
    }
}

/// The first version behind all that begin so.
fn next(version: Version, index: usize) -> Version {
    let mut behind = [0; 3];
    behind[..index].copy_from_slice(&version[..index]);
    behind[index] = version[index].saturating_add(1);
    behind
}

/// All comparisons of one alternative at once.
fn interval(text: &str) -> Option<(Version, Version)> {
    let mut whole = ([0, 0, 0], [LAST, 0, 0]);
    let text = text.trim();
    if let Some((from, to)) = text.split_once(" - ") {
        return Some((range_of(from.trim())?.0, range_of(to.trim())?.1));
    }
    let joined =
        ["> =", "< ="].iter().fold(text.to_owned(), |text, apart| text.replace(apart, &apart.replace(' ', "")));
    let mut words = joined.split_whitespace();
    while let Some(word) = words.next() {
        let operator: String = word.chars().take_while(|c| "<>=^~".contains(*c)).collect();
        let rest = &word[operator.len()..];
        let rest = if rest.is_empty() { words.next()? } else { rest };
        let (from, below) = range_of(rest)?;
        let (from, below) = match operator.as_str() {
            "" | "=" | "~" => match (operator.as_str(), rest.split('.').count()) {
                ("~", 3) => (from, next(from, 1)),
                _ => (from, below),
            },
            "^" => (from, next(from, 0)),
            ">=" => (from, [LAST, 0, 0]),
            ">" => (below, [LAST, 0, 0]),
            "<=" => ([0, 0, 0], below),
            "<" => ([0, 0, 0], from),
            _ => return None,
        };
        whole = (whole.0.max(from), whole.1.min(below));
    }
    Some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_that_the_cli_runs_with() {
        for (written, expected) in [
            ("18", Some(true)),
            ("18.17.0", Some(false)),
            ("v18.19", Some(true)),
            ("18.x", Some(true)),
            ("16", Some(false)),
            ("19", Some(false)),
            ("20.5.1", Some(false)),
            ("20.6.0", Some(true)),
            ("21", Some(false)),
            ("24.1.0", Some(true)),
            ("lts/hydrogen", Some(true)),
            ("lts/gallium", Some(false)),
            ("lts/*", None),
            ("node", None),
            ("$NODE", None),
            ("99999999999", None),
            ("", None),
        ] {
            assert_eq!(runs_with(written), expected, "{written}");
        }
    }

    #[test]
    fn ranges_are_those_of_packages() {
        for (range, expected) in [
            (">=18", Some(true)),
            ("^18.17.0", Some(true)),
            ("18.17.x", Some(false)),
            ("~18.17.0", Some(false)),
            ("16 || 17", Some(false)),
            ("16.x || >= 20", Some(true)),
            (">=16 <18", Some(false)),
            ("<=18.18", Some(false)),
            ("14 - 17", Some(false)),
            (">20 <22", Some(false)),
            (">18 <22", Some(true)),
            (">=21.0.0 <22.0.0", Some(false)),
            ("*", Some(true)),
            ("x y", None),
        ] {
            assert_eq!(runs_with_some(range), expected, "{range}");
        }
    }
}
