//! A line of a file, as people name it.

use std::fmt;

use camino::Utf8PathBuf;

/// A line of a file: `shipgate.toml:18`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileLine {
    /// The file, as reports name it.
    pub file: Utf8PathBuf,
    /// The line, from 1.
    pub line: usize,
}

impl fmt::Display for FileLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.file, self.line)
    }
}

/// The line in brackets, to follow the name of what is written there. Nothing where it is not known.
pub fn in_brackets(line: Option<&FileLine>) -> String {
    line.map_or_else(String::new, |line| format!(" ({line})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_named_with_its_file() {
        let line = FileLine { file: "shop/shipgate.toml".into(), line: 18 };
        assert_eq!(in_brackets(Some(&line)), " (shop/shipgate.toml:18)");
        assert_eq!(in_brackets(None), "");
    }
}
