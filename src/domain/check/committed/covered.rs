//! Text of a file that is shown beside an error, without the secrets in it.

use std::borrow::Cow;
use std::ops::Range;

use super::assignment::{Assignment, Syntax};
use super::form::hits;
use super::rules::by_name;
use super::search::assignments;
use crate::domain::contract::looks::is_secret_name;

/// The text with a `*` for each byte of a secret, so that places in it stay.
pub fn covered(text: &str) -> Cow<'_, str> {
    let named = assignments(text, Syntax::Lines, &is_secret_name).into_iter();
    let is_in_quotes = |written: &Range<usize>| text[..written.start].ends_with(['"', '\'']);
    let is_secret = |one: &Assignment<'_>| by_name(&text[one.name.clone()], &one.value).is_some();
    let named = named.filter(|one| is_in_quotes(&one.written) || is_secret(one)).map(|one| one.written);
    let hits = hits(text).into_iter().map(|hit| hit.range);
    let mut ranges: Vec<Range<usize>> = hits.chain(named).chain(in_quotes(text)).collect();
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

/// All texts in quotes on the lines that begin with the name of a secret: of a list, of a table, and one that does not end.
fn in_quotes(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let name = line.split(['=', '{', '[']).next().unwrap_or_default();
        let name = name.rsplit('.').next().unwrap_or_default().trim_matches([' ', '\t', '"', '\'']);
        let mut at = line.find('=').map_or(line.len(), |equals| equals + 1);
        while let Some(open) = line[at..].find(['"', '\'']).filter(|_| is_secret_name(name)) {
            let begin = at + open + 1;
            let quote = &line[begin - 1..begin];
            let end = line[begin..].find(quote).map_or(line.trim_end().len().max(begin), |length| begin + length);
            found.push(start + begin..start + end);
            at = (end + 1).min(line.len());
        }
        start += line.len();
    }
    found
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
            ("password = \"short\"".to_owned(), "password = \"*****\"".to_owned()),
            ("DB_PASSWORD = { a = \"ab\", b = 1 }".to_owned(), "DB_PASSWORD = { a = \"**\", b = 1 }".to_owned()),
            ("a.db_password = ['ab', \"c\"]\nx = 'd'".to_owned(), "a.db_password = ['**', \"*\"]\nx = 'd'".to_owned()),
            ("\"DB_PASSWORD\" = 'ab c\nd".to_owned(), "\"DB_PASSWORD\" = '****\nd".to_owned()),
            ("a = { password = \"ab\" }".to_owned(), "a = { password = \"**\" }".to_owned()),
            ("PIN = { secret = true }".to_owned(), "PIN = { secret = true }".to_owned()),
        ] {
            assert_eq!(covered(&text), expected);
        }
    }
}
