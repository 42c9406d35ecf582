//! Texts of findings without the values that were found, whichever rule wrote them: parsers quote what they stumble over.

use std::collections::{BTreeMap, HashMap};

use secrecy::{ExposeSecret, SecretString};

use super::form::hits;
use crate::domain::check::{CheckFinding, Findings};
use crate::domain::secrets::{LEAST, REPLACEMENT, Secrets};

/// The secrets of each file.
#[derive(Debug, Default)]
pub struct Withheld {
    of: BTreeMap<String, Vec<SecretString>>,
}

impl Withheld {
    /// Withholds a value of a file, each of its lines for itself too.
    pub fn add(&mut self, file: &str, value: &str) {
        let lines = value.lines().map(str::trim).filter(|line| line.chars().count() >= LEAST);
        let lines = lines.map(SecretString::from);
        self.of.entry(file.to_owned()).or_default().extend(lines);
    }

    /// Takes the values out of the texts of all findings about their files; and what has the form of a secret out of all
    /// texts, since a rule may quote a file that is not searched.
    pub fn take_out(&self, findings: &mut Findings) {
        let each = self.of.iter().map(|(file, values)| (file.as_str(), by_beginning(values)));
        let known: BTreeMap<&str, Beginnings<'_>> = each.collect();
        for finding in &mut findings.all {
            if let Some(values) = finding.file.as_deref().and_then(|file| known.get(file)) {
                take_out(values, finding);
            }
            cover(&mut finding.message);
            cover(&mut finding.hint);
        }
        for left in &mut findings.left_out {
            [&mut left.what, &mut left.why].into_iter().chain(&mut left.hint).for_each(cover);
        }
    }
}

/// Puts [`REPLACEMENT`] in the place of each secret that a text has.
fn cover(text: &mut String) {
    for hit in hits(text).into_iter().rev() {
        text.replace_range(hit.range, REPLACEMENT);
    }
}

/// Values by their first characters, so that a text is not searched for each of thousands.
type Beginnings<'v> = HashMap<&'v str, Vec<&'v str>>;

fn by_beginning(values: &[SecretString]) -> Beginnings<'_> {
    let mut known = Beginnings::new();
    for value in values.iter().map(ExposeSecret::expose_secret) {
        known.entry(beginning(value)).or_default().push(value);
    }
    known
}

fn beginning(text: &str) -> &str {
    &text[..text.char_indices().nth(LEAST).map_or(text.len(), |(at, _)| at)]
}

fn take_out(values: &Beginnings<'_>, finding: &mut CheckFinding) {
    let mut secrets = Secrets::default();
    for text in [&finding.message, &finding.hint] {
        let beginnings = text.char_indices().map(|(at, _)| beginning(&text[at..]));
        for value in beginnings.filter_map(|beginning| values.get(beginning)).flatten() {
            secrets.add(value);
        }
    }
    for text in [&mut finding.message, &mut finding.hint] {
        let clean = secrets.without(text).into_owned();
        *text = clean;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::check::Rule;

    #[test]
    fn a_value_is_in_no_text_about_its_file() {
        let mut withheld = Withheld::default();
        withheld.add("a.yml", "canary-of-a-finding\nits second line");
        let mut findings = Findings::default();
        for file in ["a.yml", "b.yml"] {
            let finding =
                CheckFinding::new(Rule::WorkflowSyntax, "found canary-of-a-finding here", "not its second line");
            findings.found(finding.in_file(file, None));
        }
        withheld.take_out(&mut findings);
        let texts: Vec<_> = findings.all.iter().map(|one| (one.message.as_str(), one.hint.as_str())).collect();
        assert_eq!(texts, [("found *** here", "not ***"), ("found canary-of-a-finding here", "not its second line")]);
    }

    #[test]
    fn what_has_the_form_of_a_secret_is_in_no_text_about_any_file() {
        let key = ["sk_", "live_", "9f3kQzT7mWx2LpVb8RdY4NcJ"].concat();
        let mut findings = Findings::default();
        let finding = CheckFinding::new(Rule::WorkflowSyntax, format!("`{key}` and ä{key}"), format!("not `{key}`"));
        findings.found(finding.in_file("package.json", None));
        findings.left_out(format!("`{key}`"), format!("a {key}"), Some(key.clone()));
        Withheld::default().take_out(&mut findings);
        assert!(!format!("{findings:?}").contains(&key), "{findings:?}");
        assert_eq!(findings.all[0].message, "`***` and ä***");
    }
}
