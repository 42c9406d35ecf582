//! Workflow commands: lines that the runner takes out of a step's log and acts on
//! ([workflow commands](https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands)).

use std::fmt;

/// The longest message that the runner keeps of an annotation, in characters; the rest is cut there without a word.
pub const LONGEST_MESSAGE: usize = 4096;

/// A command, with what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunnerCommand {
    name: &'static str,
    properties: Vec<(&'static str, String)>,
    data: String,
}

impl RunnerCommand {
    /// A command with its data. Only the name has to be one of shipgate's.
    pub fn new(name: &'static str, data: impl Into<String>) -> Self {
        Self { name, properties: Vec::new(), data: data.into() }
    }

    /// Adds a property.
    #[must_use]
    pub fn property(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.properties.push((name, value.into()));
        self
    }

    /// The command with every text in it changed.
    #[must_use]
    pub fn map(&self, change: impl Fn(&str) -> String) -> Self {
        let properties = self.properties.iter().map(|(name, value)| (*name, change(value)));
        Self { name: self.name, properties: properties.collect(), data: change(&self.data) }
    }
}

impl fmt::Display for RunnerCommand {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "::{}", self.name)?;
        for (index, (name, value)) in self.properties.iter().enumerate() {
            write!(formatter, "{}{name}={}", if index == 0 { ' ' } else { ',' }, escaped_property(value))?;
        }
        write!(formatter, "::{}", escaped(&self.data))
    }
}

/// As the runner takes back: everything that could end the line.
fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// In a property, also what separates properties.
fn escaped_property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Properties = Vec<(String, String)>;

    /// As the runner reads a line: name, properties, data (`ActionCommand.TryParseV2` of actions/runner).
    fn read(line: &str) -> Option<(String, Properties, String)> {
        let line = line.trim_start().strip_prefix("::")?;
        let (head, data) = line.split_once("::")?;
        let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
        let back = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n");
        let property = |text: &str| back(text).replace("%3A", ":").replace("%2C", ",").replace("%25", "%");
        let properties = properties.split(',').filter_map(|pair| pair.split_once('='));
        let properties = properties.map(|(name, value)| (name.to_owned(), property(value)));
        Some((name.to_owned(), properties.collect(), back(data).replace("%25", "%")))
    }

    #[test]
    fn a_command_is_one_line() {
        let command = RunnerCommand::new("error", "100%\nlost").property("file", "a,b:c").property("line", "3");
        assert_eq!(command.to_string(), "::error file=a%2Cb%3Ac,line=3::100%25%0Alost");
        assert_eq!(RunnerCommand::new("endgroup", "").to_string(), "::endgroup::");
    }

    proptest! {
        #[test]
        fn any_text_arrives_as_it_was_and_is_no_second_command(data in any::<String>(), value in any::<String>()) {
            let line = RunnerCommand::new("error", data.clone()).property("title", value.clone()).to_string();
            prop_assert!(!line.contains(['\n', '\r']));
            let (name, properties, read_data) = read(&line).unwrap();
            prop_assert_eq!(name, "error");
            prop_assert_eq!(read_data, data);
            prop_assert_eq!(properties, vec![("title".to_owned(), value)]);
        }
    }
}
