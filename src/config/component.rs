//! A component as it is written: which kind it is of, and by that which keys it has.

use super::error::Problems;
use super::keys::{AnyWritten, ComponentTable};
use super::read::{FromToml, Located, NOT_BUILT, Table, TomlNode};
use crate::domain::each_kind;
use crate::domain::kind::Kind;

/// Kinds that a later version will know, until they are in the list.
const LATER: [&str; 1] = ["stack"];

macro_rules! define {
    ($(($variant:ident, $module:ident, $word:literal)),*) => {
        /// Something that is shipped.
        #[derive(Debug, Clone)]
        pub(super) enum RawComponent {
            $(
                #[doc = concat!("`", $word, "`")]
                $variant(Box<ComponentTable<super::$module::Keys>>),
            )*
            /// Nothing can be said about it: it is no table, or of no kind that is known. That is already reported.
            Unreadable,
        }

        impl RawComponent {
            /// Reads all but the kind.
            fn of_kind(word: &str, table: Table<'_, '_>) -> Self {
                match word {
                    $($word => Self::$variant(Box::new(ComponentTable::read(table, &elsewhere))),)*
                    _ => Self::Unreadable,
                }
            }

            /// What is written, where it could be read.
            pub(super) fn written(&self) -> Option<&dyn AnyWritten> {
                match self {
                    $(Self::$variant(written) => Some(written.as_ref()),)*
                    Self::Unreadable => None,
                }
            }

            /// The word of its kind.
            pub(super) fn word(&self) -> Option<&'static str> {
                match self {
                    $(Self::$variant(_) => Some($word),)*
                    Self::Unreadable => None,
                }
            }

            fn written_mut(&mut self) -> Option<&mut dyn AnyWritten> {
                match self {
                    $(Self::$variant(written) => Some(written.as_mut()),)*
                    Self::Unreadable => None,
                }
            }
        }

        /// Each kind with all its keys.
        pub(super) fn keys_by_kind() -> Vec<(&'static str, Vec<&'static str>)> {
            vec![$(($word, ComponentTable::<super::$module::Keys>::known())),*]
        }
    };
}

each_kind!(define);

impl RawComponent {
    /// Reads what an environment overrides. Nothing is reported of one that is unreadable: the keys mean something to its
    /// kind only.
    pub(super) fn read_overrides(&mut self, environment: &str, node: &TomlNode<'_>, problems: &mut Problems) {
        if let Some(written) = self.written_mut() {
            written.read_overrides(environment, node, &elsewhere, problems);
        }
    }
}

impl FromToml for RawComponent {
    fn read(node: &TomlNode<'_>, problems: &mut Problems) -> Self {
        let Some(mut table) = node.table(problems) else {
            return Self::Unreadable;
        };
        let example = format!("kind = \"{}\"", Kind::WORDS[0]);
        match table.required_with("kind", &example, read_kind).flatten() {
            Some(kind) => Self::of_kind(&kind, table),
            // Its other keys mean something to its kind only.
            None => Self::Unreadable,
        }
    }
}

/// The word of a kind that is in the list.
fn read_kind(node: &TomlNode<'_>, problems: &mut Problems) -> Option<String> {
    let Located { span, value } = Located::<String>::read(node, problems);
    let kind = value?;
    if Kind::WORDS.contains(&kind.as_str()) {
        return Some(kind);
    }
    if LATER.contains(&kind.as_str()) {
        let verb = if Kind::WORDS.len() == 1 { "is" } else { "are" };
        let hint = format!("remove the component; only {} {verb} built so far", written_kinds(Kind::WORDS, "and"));
        problems.at(&span, format!("`kind = \"{kind}\"` {NOT_BUILT}"), hint);
    } else {
        let hint = format!("write {}", written_kinds(Kind::WORDS, "or"));
        problems.at(&span, format!("`{kind}` is not a kind of component"), hint);
    }
    None
}

fn written_kinds(words: &[&str], conjunction: &str) -> String {
    let kinds: Vec<String> = words.iter().map(|word| format!("`kind = \"{word}\"`")).collect();
    match kinds.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} {conjunction} {last}", before.join(", ")),
        _ => kinds.concat(),
    }
}

/// What to do about a key that only components of other kinds have.
fn elsewhere(key: &str) -> Option<String> {
    with_key(key, &keys_by_kind())
}

fn with_key(key: &str, kinds: &[(&'static str, Vec<&'static str>)]) -> Option<String> {
    let having: Vec<&str> = kinds.iter().filter(|(_, keys)| keys.contains(&key)).map(|(word, _)| *word).collect();
    let verb = if having.len() == 1 { "has" } else { "have" };
    (!having.is_empty()).then(|| format!("remove it; only {} {verb} that key", written_kinds(&having, "and")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_another_kind_leads_to_that_kind() {
        let kinds = [("one", vec!["build", "cluster"]), ("two", vec!["build", "bucket"]), ("three", vec!["branch"])];
        let hint = |key: &str| with_key(key, &kinds);
        assert_eq!(hint("bucket").unwrap(), "remove it; only `kind = \"two\"` has that key");
        assert_eq!(hint("build").unwrap(), "remove it; only `kind = \"one\"` and `kind = \"two\"` have that key");
        assert_eq!(hint("cluter"), None);
    }

    #[test]
    fn every_kind_has_keys_of_its_own_and_those_of_all() {
        let all = keys_by_kind();
        assert_eq!(all.iter().map(|(word, _)| *word).collect::<Vec<_>>(), Kind::WORDS);
        assert!(all.iter().all(|(_, keys)| keys.contains(&"depends-on") && keys.len() > 1), "{all:?}");
    }
}
