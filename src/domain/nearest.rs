//! What somebody most likely meant.

/// Minimum number of letters that abbreviate a longer name.
const SHORTEST: usize = 3;

/// The candidate that somebody who wrote `name` most likely meant: the one with the fewest letters to change, or the one
/// that it is the beginning of.
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let length = name.chars().count();
    let most = (length / 3).max(1);
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let similar = candidates
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), *candidate))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate);
    similar.or_else(|| {
        let mut longer = candidates.iter().filter(|candidate| length >= SHORTEST && candidate.starts_with(name));
        longer.next().filter(|_| longer.next().is_none()).copied()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_by_its_letters_or_its_beginning() {
        let names = ["stage", "production", "eu-blue", "eu-green"];
        for (written, meant) in [
            ("stagge", Some("stage")),
            ("prodution", Some("production")),
            ("prod", Some("production")),
            ("pr", None),
            // It could be either.
            ("eu-", None),
            ("live", None),
            ("", None),
        ] {
            assert_eq!(nearest(written, names), meant, "{written}");
        }
    }
}
