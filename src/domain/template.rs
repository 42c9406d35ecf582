//! Text in which the release may still stand open, and the syntax of `${…}` that all of the configuration shares.
//!
//! The syntax: `${NAME}` is a variable. `$${` is the literal text `${`; more exactly, in a run of dollars right before
//! a `{`, two stand for one, so that a dollar before a variable can be written too (`$$${NAME}`). A dollar anywhere
//! else is only a dollar.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use super::release::ReleaseName;

/// The one variable that stays open until the release is known.
pub const RELEASE_SHA: &str = "release.sha";

/// The longest name of a release, in bytes: a commit, and a mark and a time for what was not committed.
const LONGEST_RELEASE: usize = "0000000000000000000000000000000000000000-dirty-20000101T000000Z".len();

/// Text with `${release.sha}` in any number of places, also none.
///
/// It compares by meaning, and [`Display`](fmt::Display) shows it as it is written in a configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Template {
    parts: Vec<TemplatePart>,
}

/// Never two texts in a row, and never an empty one, so that equal templates have equal parts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum TemplatePart {
    Text(String),
    ReleaseSha,
}

impl Template {
    /// A template that is only text: nothing in it is looked at.
    pub fn literal(text: &str) -> Self {
        let mut template = Self::default();
        template.push_text(text);
        template
    }

    /// Appends text in which nothing is looked at, so that a resolved variable cannot bring in another.
    pub fn push_text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if let Some(TemplatePart::Text(last)) = self.parts.last_mut() {
            last.push_str(text);
        } else {
            self.parts.push(TemplatePart::Text(text.to_owned()));
        }
    }

    /// Appends the place where the release's name will stand.
    pub fn push_release_sha(&mut self) {
        self.parts.push(TemplatePart::ReleaseSha);
    }

    /// Appends another template.
    pub fn append(&mut self, other: Self) {
        for part in other.parts {
            match part {
                TemplatePart::Text(text) => self.push_text(&text),
                TemplatePart::ReleaseSha => self.push_release_sha(),
            }
        }
    }

    /// The text for one release.
    pub fn render(&self, release: &ReleaseName) -> String {
        self.fill(&release.to_string())
    }

    /// The text with anything in the release's place, to check what it will look like before there is a release.
    pub fn fill(&self, release: &str) -> String {
        self.parts
            .iter()
            .map(|part| match part {
                TemplatePart::Text(text) => text,
                TemplatePart::ReleaseSha => release,
            })
            .collect()
    }

    /// How long the text is at most, in bytes, with any release.
    pub fn longest(&self) -> usize {
        let length = |part: &TemplatePart| match part {
            TemplatePart::Text(text) => text.len(),
            TemplatePart::ReleaseSha => LONGEST_RELEASE,
        };
        self.parts.iter().map(length).sum()
    }

    /// Whether the release is in it.
    pub fn has_release(&self) -> bool {
        self.parts.contains(&TemplatePart::ReleaseSha)
    }

    /// The text, when the release is not in it.
    pub fn as_literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [TemplatePart::Text(text)] => Some(text),
            _ => None,
        }
    }
}

impl FromStr for Template {
    type Err = InvalidTemplate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut template = Self::default();
        for piece in scan(text)? {
            match piece {
                TextWithVariables::Text(text) => template.push_text(&text),
                TextWithVariables::Variable { name: RELEASE_SHA, .. } => template.push_release_sha(),
                TextWithVariables::Variable { name, range } => {
                    return Err(InvalidTemplate { range, fault: TemplateFault::Unknown(name.to_owned()) });
                }
            }
        }
        Ok(template)
    }
}

impl fmt::Display for Template {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.parts.iter().enumerate() {
            match part {
                TemplatePart::Text(text) => {
                    let before_variable = self.parts.get(index + 1).is_some();
                    formatter.write_str(&escape(text, before_variable))?;
                }
                TemplatePart::ReleaseSha => write!(formatter, "${{{RELEASE_SHA}}}")?,
            }
        }
        Ok(())
    }
}

/// Says why a text is not a template, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fault}")]
pub struct InvalidTemplate {
    /// The bytes of the text that are wrong.
    pub range: Range<usize>,
    /// What is wrong with them.
    pub fault: TemplateFault,
}

/// What can be wrong in a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateFault {
    /// A `${` that no `}` closes.
    #[error("`${{` is not closed by a `}}`")]
    Unclosed,
    /// A variable that is not [`RELEASE_SHA`].
    #[error("`${{{0}}}` is not a variable here")]
    Unknown(String),
}

/// A piece of a text with variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextWithVariables<'text> {
    /// What stands for itself, unescaped. Never empty.
    Text(String),
    /// `${name}`.
    Variable {
        /// What stands between the braces.
        name: &'text str,
        /// The bytes it takes up in the text, from the dollar to the closing brace.
        range: Range<usize>,
    },
}

/// Takes a text with variables apart.
pub fn scan(text: &str) -> Result<Vec<TextWithVariables<'_>>, InvalidTemplate> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut at = 0;
    while let Some(brace) = text[at..].find("${").map(|found| at + found + 1) {
        let dollars = text[at..brace].bytes().rev().take_while(|byte| *byte == b'$').count();
        literal.push_str(&text[at..brace - dollars]);
        literal.push_str(&"$".repeat(dollars / 2));
        if dollars % 2 == 0 {
            literal.push('{');
            at = brace + 1;
            continue;
        }
        let inside = &text[brace + 1..];
        let Some(name) = inside.find(['}', '{']).filter(|end| inside[*end..].starts_with('}')) else {
            return Err(InvalidTemplate { range: brace - 1..brace + 1, fault: TemplateFault::Unclosed });
        };
        if !literal.is_empty() {
            pieces.push(TextWithVariables::Text(std::mem::take(&mut literal)));
        }
        at = brace + 1 + name + 1;
        pieces.push(TextWithVariables::Variable { name: &inside[..name], range: brace - 1..at });
    }
    literal.push_str(&text[at..]);
    if !literal.is_empty() {
        pieces.push(TextWithVariables::Text(literal));
    }
    Ok(pieces)
}

/// Doubles the dollars that stand before a brace or, at the end, before a variable.
fn escape(text: &str, before_variable: bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut dollars = 0;
    for character in text.chars() {
        if character == '{' {
            escaped.push_str(&"$".repeat(dollars));
        }
        dollars = if character == '$' { dollars + 1 } else { 0 };
        escaped.push(character);
    }
    if before_variable {
        escaped.push_str(&"$".repeat(dollars));
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SHA: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    fn rendered(text: &str) -> String {
        text.parse::<Template>().unwrap().render(&SHA.parse().unwrap())
    }

    #[test]
    fn the_release_is_filled_in_wherever_it_stands() {
        assert_eq!(rendered("${release.sha}"), SHA);
        assert_eq!(rendered("v-${release.sha}/${release.sha}."), format!("v-{SHA}/{SHA}."));
        assert_eq!(rendered(""), "");
    }

    #[test]
    fn dollars_are_only_special_before_a_brace() {
        for (written, meant) in [
            ("$", "$"),
            ("$$", "$$"),
            ("{}", "{}"),
            ("a$b}", "a$b}"),
            ("$${", "${"),
            ("$${release.sha}", "${release.sha}"),
            ("$$$${x}", "$${x}"),
        ] {
            assert_eq!(rendered(written), meant, "{written}");
        }
        assert_eq!(rendered("$$${release.sha}"), format!("${SHA}"));
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_place() {
        for (wrong, range, message) in [
            ("é${", 2..4, "`${` is not closed by a `}`"),
            ("${release.sha", 0..2, "`${` is not closed by a `}`"),
            ("${a${release.sha}}", 0..2, "`${` is not closed by a `}`"),
            ("x ${vars.A}", 2..11, "`${vars.A}` is not a variable here"),
            ("${}", 0..3, "`${}` is not a variable here"),
            ("${ release.sha }", 0..16, "`${ release.sha }` is not a variable here"),
        ] {
            let error = wrong.parse::<Template>().unwrap_err();
            assert_eq!((error.range.clone(), error.to_string().as_str()), (range, message), "{wrong}");
        }
    }

    #[test]
    fn only_text_is_a_literal() {
        assert_eq!("a $${b}".parse::<Template>().unwrap().as_literal(), Some("a ${b}"));
        assert_eq!(Template::default().as_literal(), Some(""));
        assert_eq!("${release.sha}".parse::<Template>().unwrap().as_literal(), None);
    }

    /// Text in which dollars, braces and variables are common.
    fn tricky() -> impl Strategy<Value = String> {
        proptest::collection::vec(
            prop_oneof!["[$]{1,4}", "[{}]", "[a-zé.]{0,3}", Just("${release.sha}".to_owned())],
            0..8,
        )
        .prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn what_parses_is_shown_as_it_was_written(text in tricky()) {
            if let Ok(template) = text.parse::<Template>() {
                prop_assert_eq!(template.to_string(), text);
            }
        }

        #[test]
        fn what_is_shown_parses_to_the_same(texts in proptest::collection::vec(tricky(), 0..4)) {
            let mut template = Template::default();
            for text in &texts {
                template.push_text(text);
                template.push_release_sha();
            }
            prop_assert_eq!(template.to_string().parse::<Template>(), Ok(template));
        }

        #[test]
        fn literals_mean_themselves(text in tricky()) {
            let template = Template::literal(&text);
            prop_assert_eq!(template.fill("never used"), text.clone());
            prop_assert_eq!(template.to_string().parse::<Template>(), Ok(template));
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            drop(text.parse::<Template>());
        }

        #[test]
        fn ranges_are_where_the_variables_stand(text in tricky()) {
            for piece in scan(&text).unwrap_or_default() {
                if let TextWithVariables::Variable { name, range } = piece {
                    prop_assert_eq!(&text[range], format!("${{{name}}}"));
                }
            }
        }
    }
}
