//! Small helps for messages and hints.

pub(super) use crate::domain::nearest::nearest;

/// A hint to name one of the candidates, the likeliest where there is one.
pub(super) fn one_of<'n>(name: &str, candidates: impl Iterator<Item = &'n str> + Clone) -> String {
    if let Some(meant) = nearest(name, candidates.clone()) {
        return format!("write `{meant}`");
    }
    match listed(candidates) {
        none if none.is_empty() => "remove it; there is nothing it could name".to_owned(),
        names => format!("write one of {names}"),
    }
}

/// The text on one line and without control characters: names and values in it are anybody's.
pub(super) fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            printable.extend(character.escape_default());
        } else {
            printable.push(character);
        }
    }
    // What the GitHub runner would take for a command.
    printable.replace("##[", "# #[")
}

/// The beginning of a text, with an ellipsis where more follows.
pub(super) fn cut(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    text.chars().take(longest.saturating_sub(1)).chain(['…']).collect()
}

/// Names in backticks, with commas.
pub(super) fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
