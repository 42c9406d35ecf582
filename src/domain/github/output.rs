//! Entries of the files that a step hands to the runner: `GITHUB_OUTPUT`
//! ([passing information](https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#multiline-strings)).

/// An entry of an output file. The delimiter must not be guessable. `None`: the value has it nevertheless.
pub fn entry(name: &str, value: &str, delimiter: &str) -> Option<String> {
    let is_delimiter = |line: &str| line.trim_end_matches('\r') == delimiter;
    if value.split('\n').any(is_delimiter) || delimiter.is_empty() {
        return None;
    }
    Some(format!("{name}<<{delimiter}\n{value}\n{delimiter}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As the runner reads such a file (`FileCommandManager` of actions/runner).
    fn read(text: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut lines = text.split('\n');
        while let Some(line) = lines.next().filter(|line| !line.is_empty()) {
            let (name, delimiter) = line.split_once("<<").expect("the heredoc form");
            let value: Vec<&str> = lines.by_ref().take_while(|line| *line != delimiter).collect();
            found.push((name.to_owned(), value.join("\n")));
        }
        found
    }

    #[test]
    fn a_value_with_the_delimiter_is_refused() {
        assert_eq!(entry("outcome", "deployed", "x").unwrap(), "outcome<<x\ndeployed\nx\n");
        for value in ["x", "a\nx\nb", "a\nx", "x\r\nb"] {
            assert_eq!(entry("outcome", value, "x"), None, "{value:?}");
        }
    }

    proptest! {
        #[test]
        fn no_value_makes_a_second_output(value in "(a|x|=|<<|\n|::|outcome=|sha<<EOF\n){0,20}") {
            let text = entry("sha", &value, "shipgate-1b4e").unwrap() + &entry("outcome", "failed", "shipgate-1b4e").unwrap();
            let expected = vec![("sha".to_owned(), value), ("outcome".to_owned(), "failed".to_owned())];
            prop_assert_eq!(read(&text), expected);
        }
    }
}
