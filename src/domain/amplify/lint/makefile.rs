//! Makefiles, as far as a target runs commands.

use std::rc::Rc;

use super::locate::{File, ShellScript, Within};

/// The names that make looks for, in this order.
pub const NAMES: [&str; 3] = ["GNUmakefile", "makefile", "Makefile"];

/// A makefile.
#[derive(Debug)]
pub struct Makefile {
    file: Rc<File>,
    rules: Vec<MakeRule>,
}

#[derive(Debug)]
struct MakeRule {
    targets: Vec<String>,
    needs: Vec<String>,
    /// The bytes of each line of its recipe, without the tab.
    recipe: Vec<std::ops::Range<usize>>,
}

impl Makefile {
    /// Reads one.
    pub fn read(name: &str, text: &str) -> Self {
        let mut rules: Vec<MakeRule> = Vec::new();
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let content = line.trim_end();
            if line.starts_with('\t') {
                if let Some(rule) = rules.last_mut() {
                    rule.recipe.push(at + 1..at + content.len().max(1));
                }
            } else if let Some((targets, needs)) = rule(content) {
                rules.push(MakeRule { targets: words(targets), needs: words(needs), recipe: Vec::new() });
            }
            at += line.len();
        }
        Self { file: Rc::new(File::plain(name, text)), rules }
    }

    /// What runs for a target, or for the first one: the targets that it needs, and then its own commands, each as a
    /// script, with whether its failure is ignored.
    pub fn target(&self, name: Option<&str>) -> (Vec<String>, Vec<(ShellScript, bool)>) {
        let first = || self.rules.iter().flat_map(|rule| &rule.targets).find(|target| !target.starts_with('.'));
        let Some(name) = name.or_else(|| first().map(String::as_str)) else { return (Vec::new(), Vec::new()) };
        let of_target = || self.rules.iter().filter(|rule| rule.targets.iter().any(|target| target == name));
        let needs = of_target().flat_map(|rule| rule.needs.iter().cloned()).collect();
        (needs, of_target().flat_map(|rule| &rule.recipe).filter_map(|range| self.script(range)).collect())
    }

    fn script(&self, range: &std::ops::Range<usize>) -> Option<(ShellScript, bool)> {
        let line = self.file.text().get(range.clone())?;
        let command = line.trim_start_matches(['@', '-', '+', ' ']);
        let is_ignored = line[..line.len() - command.len()].contains('-');
        let command = command.replace("$(MAKE)", "make").replace("${MAKE}", "make").replace("$$", "$");
        let script = ShellScript::new(&self.file, Within::Bytes(range.clone()), &command);
        Some((script, is_ignored))
    }
}

/// The targets and what they need. A line that sets a variable is no rule.
fn rule(line: &str) -> Option<(&str, &str)> {
    if line.starts_with(['#', ' ']) {
        return None;
    }
    let (targets, rest) = line.split_once(':')?;
    let is_variable = targets.contains('=') || rest.starts_with('=') || rest.starts_with(":=");
    (!is_variable).then(|| (targets, rest.trim_start_matches(':').split('#').next().unwrap_or_default()))
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().filter(|word| *word != "|").map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_has_what_it_needs_and_its_commands() {
        let text = "X := 1\n.PHONY: all\nall: build deploy # both\n\nbuild:\n\t@npm ci\n\t-$(MAKE) other\n\ndeploy: ; \n\tnpx ampx\n";
        let makefile = Makefile::read("Makefile", text);
        let (needs, commands) = makefile.target(None);
        assert_eq!((needs, commands.len()), (vec!["build".to_owned(), "deploy".to_owned()], 0));
        let (_, commands) = makefile.target(Some("build"));
        let shown: Vec<(&str, bool)> = commands.iter().map(|(script, ignored)| (&*script.text, *ignored)).collect();
        assert_eq!(shown, [("npm ci", false), ("make other", true)]);
        assert!(makefile.target(Some("none")).1.is_empty());
    }
}
