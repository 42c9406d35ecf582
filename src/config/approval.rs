//! The keys `approval` and `self-approval` of an environment's gates.

use super::error::Problems;
use super::interpret::{all, whole};
use super::literal::parsed;
use super::read::{FromToml, Located, TomlNode};
use super::values;
use crate::domain::gate::{Approval, GitHubLogin, SecondPerson};

/// What to write where no approval is needed, or one of GitHub or of other people is.
pub(super) const FORMS: &str =
    "write `approval = \"required\"`, `approval = { by = \"second-person\" }` or `approval = \"none\"`";

/// The most people that can be asked for.
const LARGEST_QUORUM: i64 = 10;

/// Whether people must approve a promotion.
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Approval", untagged))]
pub(super) enum RawApproval {
    /// `none`: no approval is asked for. `required`: the reviewers of GitHub's environment.
    Word(RawWord),
    /// People who start a workflow of their own.
    People(RawPeople),
    /// Its problem is noted.
    #[cfg_attr(test, schemars(skip))]
    Unreadable,
}

/// Who is asked, in one word.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ApprovalWord", rename_all = "kebab-case"))]
pub(super) enum RawWord {
    /// No approval is asked for.
    None,
    /// The reviewers of GitHub's environment.
    Required,
}

/// Who has to approve where GitHub does not ask.
#[derive(Debug, Clone, Default)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "SecondPerson", rename_all = "kebab-case", deny_unknown_fields)
)]
pub(super) struct RawPeople {
    /// Who: `second-person`, a person other than the one who planned.
    #[cfg_attr(test, schemars(required))]
    by: Option<Located<String>>,
    /// How many people have to approve, at most 10. Default: 1.
    quorum: Option<u8>,
    /// Who may, by their names on GitHub. Default: every person who may write to the repository.
    people: Option<Vec<Located<String>>>,
    /// How long after the plan an approval counts: at most `7d`. Default: `24h`.
    expires: Option<Located<String>>,
}

impl FromToml for RawApproval {
    fn read(node: &TomlNode<'_>, problems: &mut Problems) -> Self {
        if node.is_table() {
            return Self::People(RawPeople::read(node, problems));
        }
        if !node.is_text() {
            node.mistyped(problems, "`required`, `none` or a table", FORMS);
            return Self::Unreadable;
        }
        let Located { span, value } = Located::<String>::read(node, problems);
        match value.as_deref() {
            Some("none") => return Self::Word(RawWord::None),
            Some("required") => return Self::Word(RawWord::Required),
            Some("second-person") => {
                let message = "`approval = \"second-person\"` says who approves, but it is a table";
                problems.at(&span, message, "write `approval = { by = \"second-person\" }`");
            }
            Some(other) => {
                let message = format!("`approval` must be `required`, `none` or a table, not `{other}`");
                problems.at(&span, message, FORMS);
            }
            None => {}
        }
        Self::Unreadable
    }
}

impl FromToml for RawPeople {
    fn read(node: &TomlNode<'_>, problems: &mut Problems) -> Self {
        let Some(mut table) = node.table(problems) else { return Self::default() };
        let people = Self {
            by: table.required("by", "by = \"second-person\""),
            quorum: table.number("quorum", 1..=LARGEST_QUORUM),
            people: table.optional_with("people", |node, problems| {
                node.refuse_empty(
                    "name a person, or remove it: then every person who may write to the repository counts",
                    problems,
                );
                Vec::read(node, problems)
            }),
            expires: table.optional("expires"),
        };
        table.refuse_unknown();
        people
    }
}

impl RawApproval {
    /// Whether anybody is asked.
    pub(super) fn asks(&self) -> bool {
        matches!(self, Self::Word(RawWord::Required) | Self::People(_))
    }

    /// Who approves, where it is a table.
    pub(super) fn by(&self) -> Option<&Located<String>> {
        match self {
            Self::People(people) => people.by.as_ref(),
            Self::Word(_) | Self::Unreadable => None,
        }
    }

    /// What it asks for. `None`: something in it is wrong, which is noted.
    pub(super) fn interpret(&self, self_approval: Option<&Located<bool>>, problems: &mut Problems) -> Option<Approval> {
        let allows_itself = self_approval.and_then(|key| key.value).unwrap_or_default();
        if let (Some(key), Self::Word(RawWord::None) | Self::People(_)) = (self_approval, self) {
            let message = "`self-approval` has a meaning only beside `approval = \"required\"`";
            problems.at(&key.span, message, "remove it: only GitHub's reviewers may approve what they started");
        }
        match self {
            Self::Word(RawWord::None) => Some(Approval::None),
            Self::Word(RawWord::Required) => Some(Approval::Required { self_approval: allows_itself }),
            Self::People(people) => people.interpret(problems).map(Approval::SecondPerson),
            Self::Unreadable => None,
        }
    }
}

impl RawPeople {
    fn interpret(&self, problems: &mut Problems) -> Option<SecondPerson> {
        let by = self.by.as_ref()?;
        match by.value.as_deref()? {
            "second-person" => {}
            other => {
                let hint = match other {
                    "required" | "none" => format!("write `approval = \"{other}\"`, without a table"),
                    _ => "write `by = \"second-person\"`".to_owned(),
                };
                problems.at(&by.span, "`by` must be `second-person`", hint);
                return None;
            }
        }
        let written = self.people.as_deref().unwrap_or_default();
        let people = written.iter().map(|login| parsed("people", login, values::login, problems)).collect();
        let people: Vec<GitHubLogin> = all(people)?;
        let mut seen: Vec<&GitHubLogin> = Vec::new();
        for (login, Located { span, .. }) in people.iter().zip(written) {
            // Capital letters make no difference, so these are not those of the texts.
            if seen.contains(&login) {
                problems.at(span, format!("`{login}` is in `people` twice"), "remove one");
            }
            seen.push(login);
        }
        let expires = self.expires.as_ref().map(|expires| parsed("expires", expires, values::expires, problems));
        let quorum = usize::from(self.quorum.unwrap_or(1));
        if let Some(first) = written.first().filter(|_| people.len() < quorum) {
            let message =
                format!("`people` names {} and `quorum` asks for {quorum}, so no plan can be approved", people.len());
            problems.at(&first.span, message, "name more people, or lower `quorum`");
        }
        Some(SecondPerson { quorum, people, expires: whole(expires)?.unwrap_or(values::EXPIRES) })
    }
}
