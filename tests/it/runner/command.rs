//! What a step reports to the runner in what it prints, read as the runner reads it: from each line of both streams.

use std::collections::BTreeMap;

/// A workflow command that was obeyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowCommand {
    /// `error`, `group`, `add-mask`, …
    pub name: String,
    /// `title`, `file`, `line`, …
    pub properties: BTreeMap<String, String>,
    /// What is behind it, without escapes.
    pub data: String,
}

const KNOWN: [&str; 15] = [
    "add-mask",
    "add-matcher",
    "add-path",
    "debug",
    "echo",
    "endgroup",
    "error",
    "group",
    "internal-set-repo-path",
    "notice",
    "remove-matcher",
    "save-state",
    "set-env",
    "set-output",
    "warning",
];

/// Reads lines in the order in which they come.
#[derive(Debug, Default)]
pub struct Reader {
    stopped: Option<String>,
    /// The commands so far.
    pub commands: Vec<WorkflowCommand>,
}

impl Reader {
    /// Reads one line.
    pub fn line(&mut self, line: &str) {
        let Some(command) = new_form(line, self.stopped.as_deref()).or_else(|| old_form(line, self.stopped.as_deref()))
        else {
            return;
        };
        match &self.stopped {
            Some(token) if *token == command.name => self.stopped = None,
            Some(_) => {}
            None if command.name == "stop-commands" => self.stopped = Some(command.data),
            None => self.commands.push(command),
        }
    }
}

/// The commands in a text that shipgate itself does not give: others spoke through it.
pub fn foreign(text: &str) -> Vec<WorkflowCommand> {
    let mut reader = Reader::default();
    text.split(['\n', '\r']).for_each(|line| reader.line(line));
    let is_ours = |command: &WorkflowCommand| match command.name.as_str() {
        "error" | "warning" | "notice" => {
            command.properties.get("title").is_some_and(|title| title.starts_with("shipgate: "))
        }
        "group" => command.data.starts_with("output of "),
        "endgroup" => true,
        _ => false,
    };
    reader.commands.into_iter().filter(|command| !is_ours(command)).collect()
}

fn is_known(name: &str, token: Option<&str>) -> bool {
    KNOWN.contains(&name) || name == "stop-commands" || token == Some(name)
}

/// `::name key=value,key=value::data`, behind white space at most.
fn new_form(line: &str, token: Option<&str>) -> Option<WorkflowCommand> {
    let (head, data) = line.trim_start().strip_prefix("::")?.split_once("::")?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    is_known(name, token).then(|| WorkflowCommand {
        name: name.to_owned(),
        properties: pairs(properties, ',', &[("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")]),
        data: unescape(data, &[("%0D", "\r"), ("%0A", "\n"), ("%25", "%")]),
    })
}

/// `##[name key=value;key=value]data`, anywhere in the line.
fn old_form(line: &str, token: Option<&str>) -> Option<WorkflowCommand> {
    const ESCAPES: [(&str, &str); 5] = [("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"), ("%25", "%")];
    let (head, data) = line.split_once("##[")?.1.split_once(']')?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    is_known(name, token).then(|| WorkflowCommand {
        name: name.to_owned(),
        properties: pairs(properties, ';', &ESCAPES),
        data: unescape(data, &ESCAPES),
    })
}

fn pairs(text: &str, separator: char, escapes: &[(&str, &str)]) -> BTreeMap<String, String> {
    let pairs = text.trim().split(separator).filter_map(|pair| pair.split_once('='));
    pairs.map(|(key, value)| (key.to_owned(), unescape(value, escapes))).collect()
}

fn unescape(text: &str, escapes: &[(&str, &str)]) -> String {
    escapes.iter().fold(text.to_owned(), |text, (escape, letter)| text.replace(escape, letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        let mut reader = Reader::default();
        text.lines().for_each(|line| reader.line(line));
        reader.commands.into_iter().map(|command| (command.name, command.data)).collect()
    }

    #[test]
    fn commands_are_found_where_the_runner_finds_them() {
        let read = read(
            "  ::error file=a%2Cb,line=1::x%0Ay%2525\nx ::error::no\n::unknown::no\nx ##[warning]here\n::error no",
        );
        assert_eq!(read, [("error".into(), "x\ny%25".into()), ("warning".into(), "here".into())]);
    }

    #[test]
    fn no_command_is_obeyed_between_stop_commands_and_its_token() {
        let read = read("::stop-commands::k1\n::error::no\n::k2::\n##[error]no\n::k1::\n::notice::yes");
        assert_eq!(read, [("notice".into(), "yes".into())]);
    }
}
