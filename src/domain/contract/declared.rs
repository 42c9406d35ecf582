//! What the configuration declares of the environment variables of a component: names and rules, never values.

use std::collections::BTreeMap;
use std::fmt;

use crate::domain::check::LinePlace;
use crate::domain::names::EnvironmentName;

/// How the name of a variable of the repository begins that a contract declares.
pub const REPOSITORY: &str = "vars.";

/// The contract of a component.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeclaredContract {
    /// The names that are declared, in the order of the file.
    pub declared: Vec<Declared>,
}

/// A variable that is declared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declared {
    /// Its name. `vars.NAME`: a variable of the repository, which the configuration uses as `${vars.NAME}`.
    pub name: String,
    /// Where it is declared, in the configuration file.
    pub place: Option<LinePlace>,
    /// What its value has to fit.
    pub rules: Rules,
}

/// What the value of a variable has to fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// Where it has to be set.
    pub required: Required,
    /// Whether no other environment may have the same value.
    pub isolated: bool,
    /// In which environments the value has to be that of which other one, on purpose.
    pub shared: BTreeMap<EnvironmentName, EnvironmentName>,
    /// Whether the value has to be that of the environment that is promoted from.
    pub inherited: bool,
    /// What is found in the value.
    pub matches: Option<ValuePattern>,
    /// All values that it may have. Empty: any.
    pub one_of: Vec<String>,
    /// Whether it is an address, and which.
    pub url: Option<UrlRule>,
    /// Whether it is an ARN, and of what.
    pub arn: Option<ArnRule>,
    /// Whether it is a secret.
    pub secret: bool,
}

/// Where a variable has to be set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Required {
    /// Nowhere.
    #[default]
    Nowhere,
    /// In every environment.
    Everywhere,
    /// In these environments.
    In(Vec<EnvironmentName>),
}

impl Required {
    /// Whether it has to be set in an environment.
    pub fn is_in(&self, environment: &EnvironmentName) -> bool {
        match self {
            Self::Nowhere => false,
            Self::Everywhere => true,
            Self::In(names) => names.contains(environment),
        }
    }
}

/// Which addresses are right.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UrlRule {
    /// The schemes, in lower case: `https`. At least one.
    pub schemes: Vec<String>,
    /// Whether it may lead to the machine itself or into a private network.
    pub local: bool,
}

/// Which ARNs are right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArnRule {
    /// Of any service.
    Any,
    /// Of this service, as ARNs write it: `secretsmanager`.
    Of(String),
}

/// Whether a contract can have such a name: ECS and Amplify take it, and a program can read it.
pub fn is_variable_name(text: &str) -> bool {
    text.len() <= 255
        && text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// A name as a key of TOML: with a dot in it in quotes.
pub fn key(name: &str) -> String {
    if name.contains('.') { format!("\"{name}\"") } else { name.to_owned() }
}

/// The longest pattern, in bytes.
const LONGEST_PATTERN: usize = 1000;
/// How large a pattern may become, in bytes: a bound for time and memory.
const LARGEST_PATTERN: usize = 128 << 10;

/// A regular expression that is found in a value
/// ([syntax](https://docs.rs/regex-lite/latest/regex_lite/#syntax)). `\w` and `\d` are those of ASCII.
#[derive(Clone)]
pub struct ValuePattern(regex_lite::Regex);

impl ValuePattern {
    /// A pattern as it is written.
    ///
    /// # Errors
    ///
    /// What is wrong with it, as a sentence about "it".
    pub fn new(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() || text.len() > LONGEST_PATTERN {
            return Err("it has from 1 to 1000 characters");
        }
        let built = regex_lite::RegexBuilder::new(text).size_limit(LARGEST_PATTERN).build();
        built.map(Self).map_err(|_| {
            "it is like `^us-west-1_\\w+$`; write `\\\\` for `\\` in double quotes, or use single quotes; a pattern that \
             repeats much is too large"
        })
    }

    /// The pattern as it is written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether it is found in a value.
    pub fn is_in(&self, value: &str) -> bool {
        self.0.is_match(value)
    }
}

impl PartialEq for ValuePattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for ValuePattern {}

impl fmt::Debug for ValuePattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", self.as_str())
    }
}

impl DeclaredContract {
    /// What is declared of a name.
    pub fn get(&self, name: &str) -> Option<&Declared> {
        self.declared.iter().find(|declared| declared.name == name)
    }

    /// Whether nothing is declared.
    pub fn is_empty(&self) -> bool {
        self.declared.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_found_anywhere_unless_it_is_anchored() {
        for (pattern, value, found) in [
            ("west", "us-west-1_Abc", true),
            ("^west", "us-west-1_Abc", false),
            (r"^us-west-1_\w+$", "us-west-1_Abc", true),
            (r"^us-west-1_\w+$", "us-west-1_Abc-PROD", false),
            // The end is the end, also of the last line.
            ("^a$", "a\n", false),
            (r"^\d+$", "١٢٣", false),
            ("^.+$", "größe", true),
        ] {
            assert_eq!(ValuePattern::new(pattern).unwrap().is_in(value), found, "{pattern} {value}");
        }
    }

    #[test]
    fn a_pattern_is_bounded() {
        for wrong in ["", "(", "[a", "*", &"a".repeat(1001), r"(\w{900}){900}", "(?=a)"] {
            assert!(ValuePattern::new(wrong).is_err(), "{wrong:.20}");
        }
        assert_eq!(format!("{:?}", ValuePattern::new("^a$").unwrap()), "\"^a$\"");
    }
}
