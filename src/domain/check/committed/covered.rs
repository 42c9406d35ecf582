//! Text of a file that is shown beside an error, without the secrets in it.

use std::borrow::Cow;
use std::ops::Range;

use super::assignment::Syntax;
use super::form::hits;
use super::rules::by_name;
use super::search::assignments;
use crate::domain::contract::looks::is_secret_name;

/// The text with a `*` for each byte of a secret, so that places in it stay.
pub fn covered(text: &str) -> Cow<'_, str> {
    let named = assignments(text, Syntax::Lines, &is_secret_name).into_iter();
    let named = named.filter(|one| by_name(&text[one.name.clone()], &one.value).is_some()).map(|one| one.written);
    let mut ranges: Vec<Range<usize>> = hits(text).into_iter().map(|hit| hit.range).chain(named).collect();
    if ranges.is_empty() {
        return Cow::Borrowed(text);
    }
    ranges.sort_by_key(|range| range.start);
    let (mut covered, mut end) = (String::with_capacity(text.len()), 0);
    for range in ranges {
        let start = range.start.max(end);
        if range.end > start {
            covered.push_str(&text[end..start]);
            covered.extend(std::iter::repeat_n('*', range.end - start));
            end = range.end;
        }
    }
    covered.push_str(&text[end..]);
    Cow::Owned(covered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_covered_and_all_else_stays_where_it_is() {
        let key = ["sk_", "live_", "9f3kQzT7mWx2LpVb8RdY4NcJ"].concat();
        for (text, expected) in [
            (format!("ä = {{ x = \"{key}\" }} # b"), format!("ä = {{ x = \"{}\" }} # b", "*".repeat(key.len()))),
            (format!("password = \"{key}\""), format!("password = \"{}\"", "*".repeat(key.len()))),
            ("db_password = \"Sh0pPr0d-9f3kQz!\"".to_owned(), format!("db_password = \"{}\"", "*".repeat(16))),
            ("password = \"short\"".to_owned(), "password = \"short\"".to_owned()),
        ] {
            assert_eq!(covered(&text), expected);
        }
    }
}
