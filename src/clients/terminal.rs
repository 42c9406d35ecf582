//! The person at the terminal: a question, and the answer.

use std::io::BufRead as _;

use crate::sink;

/// Whether a question is answered with yes. Whatever else is typed, and the end of the input, is no.
pub async fn is_confirmed(question: &str) -> bool {
    sink::question(&format!("{question} [y/N] "));
    let mut line = OpenLine { is_open: true };
    // On a thread of its own: a signal ends the program while it waits for input.
    let typed = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    let Ok(Ok(typed)) = typed.await else { return false };
    line.is_open = !typed.ends_with('\n');
    is_yes(&typed)
}

/// The line of a question, which ends also when there is no answer before a signal.
struct OpenLine {
    is_open: bool,
}

impl Drop for OpenLine {
    fn drop(&mut self) {
        if self.is_open {
            sink::question("\n");
        }
    }
}

fn is_yes(line: &str) -> bool {
    matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        for (line, expected) in [
            ("y\n", true),
            ("Yes\r\n", true),
            ("YES", true),
            ("\n", false),
            ("", false),
            ("no\n", false),
            ("yy", false),
        ] {
            assert_eq!(is_yes(line), expected, "{line:?}");
        }
    }
}
