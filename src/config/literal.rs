//! Texts that take no variables: what they mean, or what is wrong with them.

use std::collections::HashSet;

use super::error::Problems;
use super::read::Located;
use super::values::ValueFault;
use super::wording::cut;

/// How much of a wrong value one message shows at most, in characters.
pub(super) const LONGEST_SHOWN: usize = 60;

/// What a text of the file means, or what is wrong with it. One that could not be read is already reported.
pub(super) fn parsed<T>(
    name: &str,
    text: &Located<String>,
    parse: impl Fn(&str) -> Result<T, ValueFault>,
    problems: &mut Problems,
) -> Option<T> {
    let written = text.value.as_deref()?;
    let messages = |ValueFault { kind, reason }| {
        let message = format!("`{name}`: {:?} is not {kind}", cut(written, LONGEST_SHOWN));
        problems.at(&text.span, message, format!("correct it: {reason}"));
    };
    parse(written).map_err(messages).ok()
}

/// Notes what is in a list twice.
pub(super) fn distinct(name: &str, list: &[Located<String>], problems: &mut Problems) {
    let mut seen = HashSet::new();
    for Located { span, value } in list {
        let Some(value) = value else { continue };
        if !seen.insert(value) {
            problems.at(span, format!("`{}` is in `{name}` twice", cut(value, LONGEST_SHOWN)), "remove one");
        }
    }
}
