//! A page within what GitHub takes of one.

use crate::domain::limits::SUMMARY;

/// Takes the place of a part that is too long.
const LEFT_OUT: &str = "A part is left out here: it is too long for a summary. The log has it.\n";

/// Joins parts as far as they fit; the first ones matter most.
pub fn bounded(parts: impl Iterator<Item = String>) -> String {
    bounded_to(parts, SUMMARY.count())
}

/// The same in less room.
pub fn bounded_to(parts: impl Iterator<Item = String>, most: usize) -> String {
    let mut text = String::new();
    for part in parts {
        let fits = text.len() + part.len() + LEFT_OUT.len() + 2 < most;
        let part = if fits { part.as_str() } else { LEFT_OUT };
        if fits || !text.ends_with(&format!("{LEFT_OUT}\n")) {
            text.push_str(part);
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_stays_below_what_github_takes() {
        let long = "x".repeat(SUMMARY.count() / 2);
        let text = bounded([long.clone(), long.clone(), long, "end".to_owned()].into_iter());
        assert!(text.len() < SUMMARY.count());
        assert!(text.matches(LEFT_OUT).count() == 1 && text.ends_with("end\n"), "{}", text.len());
    }
}
