//! What is put in place of markers in the files of a static site.

use super::interpret::{Interpreter, all};
use super::keys::{KindKeys, MergedComponent};
use super::merged::Purpose;
use super::read::{Key, TableEntries};
use super::text::WrittenText;
use super::values::ValueFault;
use crate::domain::placeholder::{PlaceholderName, PlaceholderValue, PlaceholderValues};

/// What is put in place of markers in an environment. All environments get the files of one build, so they have the same
/// names. `pick`: what one of them writes.
pub(super) fn resolve<'d, K: KindKeys>(
    component: &MergedComponent<'d, K>,
    pick: impl Fn(&'d K::Settings) -> Option<&'d TableEntries<WrittenText>>,
    interpreter: &mut Interpreter<'_, '_>,
) -> Option<PlaceholderValues> {
    if !matches!(component.wanted.purpose, Purpose::Change | Purpose::Values) {
        return Some(PlaceholderValues::default());
    }
    let written = component.pick(&pick);
    let mut resolved = Vec::new();
    for (key, text) in written.into_iter().flat_map(TableEntries::iter) {
        interpreter.key(key, |name| name.parse::<PlaceholderName>().map(drop).map_err(ValueFault::from));
        let value = interpreter.named::<PlaceholderValue>(&key.text, text);
        resolved.push(key.text.parse().ok().zip(value));
    }
    let mut others = component.all_settings().filter_map(&pick);
    if let Some(key) = others.find_map(|other| only_in_one(written, other)) {
        let environment = &component.wanted.environment.text;
        let message = format!("`{}` is a placeholder of `{environment}` or of the others, and not of all", key.text);
        let hint = "write the same names for all environments: they get the files of one build";
        interpreter.problems.at(&key.span, message, hint);
        return None;
    }
    Some(PlaceholderValues(all(resolved)?.into_iter().collect()))
}

/// A name that only one of two has.
fn only_in_one<'d>(
    one: Option<&'d TableEntries<WrittenText>>,
    other: &'d TableEntries<WrittenText>,
) -> Option<&'d Key> {
    let keys = |entries: &'d TableEntries<WrittenText>| entries.iter().map(|(key, _)| key);
    let lacks = |entries: Option<&TableEntries<WrittenText>>, key: &Key| {
        !entries.into_iter().flat_map(TableEntries::names).any(|name| name == key.text)
    };
    let own = one.into_iter().flat_map(keys).find(|key| lacks(Some(other), key));
    own.or_else(|| keys(other).find(|key| lacks(one, key)))
}
