//! `package.json`, as far as its scripts are run.

use std::rc::Rc;

use serde_json::Value;

use super::locate::{File, ShellScript, Within};

/// The scripts that installing runs, in this order
/// ([npm](https://docs.npmjs.com/cli/using-npm/scripts#life-cycle-operation-order)).
pub const INSTALL: [&str; 6] = ["preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare"];

/// A `package.json` that could be read.
#[derive(Debug)]
pub struct Package {
    /// All of it.
    pub raw: Value,
    file: Rc<File>,
    /// Where its scripts begin.
    scripts: usize,
}

impl Package {
    /// Reads one. `None`: it is no JSON.
    pub fn read(name: &str, text: &str) -> Option<Self> {
        let raw: Value = serde_json::from_str(text).ok()?;
        let scripts = text.find("\"scripts\"").unwrap_or_default();
        Some(Self { raw, file: Rc::new(File::plain(name, text)), scripts })
    }

    /// The names of its scripts.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.raw.get("scripts").and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name.as_str())
    }

    /// A script.
    pub fn script(&self, name: &str) -> Option<ShellScript> {
        let text = self.raw.get("scripts")?.get(name)?.as_str()?;
        let within = Within::Bytes(self.value_of(name, self.scripts));
        Some(ShellScript::new(&self.file, within, text))
    }

    /// What runs for a script: those around it, too.
    pub fn with_pre_and_post(&self, name: &str) -> Vec<ShellScript> {
        [format!("pre{name}"), name.to_owned(), format!("post{name}")].iter().filter_map(|it| self.script(it)).collect()
    }

    /// The version of a program that it asks for under `engines`.
    pub fn engine(&self, key: &str) -> Option<ShellScript> {
        let text = self.raw.get("engines")?.get(key)?.as_str()?;
        let whole = self.file.text();
        let within = Within::Bytes(self.value_of(key, whole.find("\"engines\"").unwrap_or_default()));
        Some(ShellScript::new(&self.file, within, text))
    }

    /// The bytes of the string that stands behind a key.
    fn value_of(&self, key: &str, from: usize) -> std::ops::Range<usize> {
        let text = self.file.text();
        let quoted = Value::from(key).to_string();
        let rest = text.get(from..).unwrap_or_default();
        let behind = rest.match_indices(&quoted).find_map(|(at, found)| {
            let after = from + at + found.len();
            let value = text[after..].trim_start().strip_prefix(':')?.trim_start();
            value.starts_with('"').then(|| text.len() - value.len())
        });
        let Some(start) = behind else { return from..from };
        let bytes = text.as_bytes();
        let mut end = start + 1;
        while end < bytes.len() && bytes[end] != b'"' {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        start..(end + 1).min(bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::super::locate::Spot;
    use super::*;

    #[test]
    fn scripts_are_found_with_their_places() {
        let text = "{\n \"name\": \"build\",\n \"scripts\": {\n  \"prebuild\": \"a\",\n  \"build\": \"next \\\"x\\\" && npx ampx\"\n }\n}";
        let package = Package::read("package.json", text).unwrap();
        let script = package.script("build").unwrap();
        assert_eq!(&*script.text, "next \"x\" && npx ampx");
        let range = 12..script.text.len();
        let place = Spot { script, range }.place();
        assert_eq!((place.line, place.column), (5, 27));
        assert_eq!(package.with_pre_and_post("build").len(), 2);
        assert!(package.script("test").is_none() && Package::read("a", "{").is_none());
    }
}
