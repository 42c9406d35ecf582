//! The keys of `[environments.NAME.gates]`, and the policy that they come to.
//!
//! None of them takes a variable: otherwise a person who may edit variables would decide what a gate asks.

use std::str::FromStr;

use super::approval::{FORMS, RawApproval};
use super::error::Problems;
use super::interpret::{all, whole};
use super::literal::{LONGEST_SHOWN, distinct, parsed};
use super::read::{FromToml, Key, Located, OneOrMore, TomlNode, word};
use super::values::{self, ValueFault};
use super::wording::{cut, nearest, one_of};
use crate::domain::gate::calendar::{ChangeWindow, Freeze, Zone};
use crate::domain::gate::{ContractPolicy, GateName, GatePolicy, StatusPolicy};
use crate::domain::names::InvalidName;

/// Gates that have nothing to set.
const WITHOUT_SETTING: [&str; 4] = ["identity", "hold", "proven", "forward"];
/// Gates that another key turns on.
const WITH_APPROVAL: [&str; 2] = ["protected", "approved"];

/// The gate policy of an environment.
#[derive(Debug, Clone, Default)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "Gates", rename_all = "kebab-case", deny_unknown_fields)
)]
pub(super) struct RawGates {
    /// Whether people must approve a promotion: `required`, `none` or a table. Default: none, it must be written beside
    /// `promotes-from`.
    approval: Option<RawApproval>,
    /// Whether the person who started a run may approve it as a reviewer of GitHub's environment. Only beside
    /// `approval = "required"`. Default: `false`.
    self_approval: Option<Located<bool>>,
    /// How long a release has to have run without a break where it is promoted from: `2d`, at most `30d`. Only beside
    /// `promotes-from`. Default: it does not matter.
    soak: Option<Located<String>>,
    /// The branches of which one has the commit: names, or patterns with `*` and `?`. Default: the default branch.
    branch: Option<OneOrMore>,
    /// Commit statuses and check runs of the commit that have to be green. Default: none.
    statuses: Option<RawStatuses>,
    /// Times in which nothing is changed. Default: none.
    freeze: Option<Vec<RawFreeze>>,
    /// Times of the week; outside of all of them nothing is changed. Default: any time.
    windows: Option<Vec<RawWindow>>,
    /// What is done where variables do not fit their contract: `error` refuses, `warning` says so in the plan. Only
    /// beside a `[contract]`. Default: `error`.
    contract: Option<Located<RawContractPolicy>>,
    /// The gates that `--override GATE=REASON` may override. Default: none.
    overridable: Option<Vec<Located<String>>>,
    /// What the person who decides has to have checked, one short sentence each. It is shown and recorded. Default: nothing.
    checklist: Option<Vec<Located<String>>>,
}

impl FromToml for RawGates {
    fn read(node: &TomlNode<'_>, problems: &mut Problems) -> Self {
        let Some(mut table) = node.table(problems) else {
            return Self { approval: Some(RawApproval::Unreadable), ..Self::default() };
        };
        table.refuse(&WITHOUT_SETTING, "is a gate without a setting", "remove it: wherever it applies, it is on");
        table.refuse(&WITH_APPROVAL, "is a gate without a setting", "remove it: `approval` turns it on");
        table.refuse(&["reuse"], "is a key of components", "write it in the table of the component");
        let gates = Self {
            approval: table.optional("approval"),
            self_approval: table.optional("self-approval"),
            soak: table.optional("soak"),
            branch: table.optional_with("branch", |node, problems| {
                node.refuse_empty("name a branch, or remove it: then it is the default branch", problems);
                OneOrMore::read(node, problems)
            }),
            statuses: table.optional("statuses"),
            freeze: table.optional("freeze"),
            windows: table.optional_with("windows", |node, problems| {
                node.refuse_empty("add a window, or remove it to allow any time", problems);
                Vec::read(node, problems)
            }),
            contract: table.optional("contract"),
            overridable: table.optional("overridable"),
            checklist: table.optional("checklist"),
        };
        table.refuse_unknown();
        gates
    }
}

/// What is done where variables do not fit their contract: `error` refuses, `warning` says so in the plan. Only beside a
/// `[contract]`. Default: `error`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ContractPolicy", rename_all = "kebab-case"))]
enum RawContractPolicy {
    /// The change is refused.
    Error,
    /// The plan says so, and goes on.
    Warning,
}

impl FromToml for Located<RawContractPolicy> {
    fn read(node: &TomlNode<'_>, problems: &mut Problems) -> Self {
        let words = [("error", RawContractPolicy::Error), ("warning", RawContractPolicy::Warning)];
        Self { span: node.span.clone(), value: word(node, problems, &words) }
    }
}

/// Commit statuses and check runs that have to be green.
#[derive(Debug, Clone, Default)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "Statuses", rename_all = "kebab-case", deny_unknown_fields)
)]
struct RawStatuses {
    /// Their names: the context of a status, or the name of a check run, which for GitHub Actions is that of the job.
    #[cfg_attr(test, schemars(required))]
    names: Option<Vec<Located<String>>>,
    /// How long those are waited for that have not ended: at most `6h`; `0s` does not wait. Default: `20m`.
    wait: Option<Located<String>>,
}

impl FromToml for RawStatuses {
    fn read(node: &TomlNode<'_>, problems: &mut Problems) -> Self {
        let Some(mut table) = node.table(problems) else { return Self::default() };
        let statuses = Self {
            names: table.required_with("names", "names = [\"ci\"]", |node, problems| {
                node.refuse_empty("name a status or check run, or remove `statuses`", problems);
                Vec::read(node, problems)
            }),
            wait: table.optional("wait"),
        };
        table.refuse_unknown();
        statuses
    }
}

/// A time in which nothing is changed.
#[derive(Debug, Clone, Default)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "Freeze", rename_all = "kebab-case", deny_unknown_fields)
)]
struct RawFreeze {
    /// When it begins, in the time of `zone`: `2026-12-20 18:00`. A date alone is the beginning of that day.
    #[cfg_attr(test, schemars(required))]
    from: Option<Located<String>>,
    /// When it ends, in the time of `zone`: `2027-01-02 08:00`. A date alone is the end of that day.
    #[cfg_attr(test, schemars(required))]
    to: Option<Located<String>>,
    /// The time zone, by its name in the IANA database: `Europe/Berlin`, or `UTC`.
    #[cfg_attr(test, schemars(required))]
    zone: Option<Located<String>>,
    /// Why, in a few words: the refusal shows it. Default: no reason.
    reason: Option<Located<String>>,
}

impl FromToml for RawFreeze {
    fn read(node: &TomlNode<'_>, problems: &mut Problems) -> Self {
        let Some(mut table) = node.table(problems) else { return Self::default() };
        let freeze = Self {
            from: table.required("from", "from = \"2026-12-20 18:00\""),
            to: table.required("to", "to = \"2027-01-02 08:00\""),
            zone: table.required("zone", "zone = \"Europe/Berlin\""),
            reason: table.optional("reason"),
        };
        table.refuse_unknown();
        freeze
    }
}

/// A time of the week in which something may be changed.
#[derive(Debug, Clone, Default)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "Window", rename_all = "kebab-case", deny_unknown_fields)
)]
struct RawWindow {
    /// The days that it begins on: `mon`, `mon-fri`, `mon,wed`; `sat-mon` goes past the end of the week.
    #[cfg_attr(test, schemars(required))]
    days: Option<Located<String>>,
    /// When it begins, in the time of `zone`: `08:00`.
    #[cfg_attr(test, schemars(required))]
    from: Option<Located<String>>,
    /// When it ends: `16:00`, at most `24:00`. When that is before `from`, it ends on the day after.
    #[cfg_attr(test, schemars(required))]
    to: Option<Located<String>>,
    /// The time zone, by its name in the IANA database: `Europe/Berlin`, or `UTC`.
    #[cfg_attr(test, schemars(required))]
    zone: Option<Located<String>>,
}

impl FromToml for RawWindow {
    fn read(node: &TomlNode<'_>, problems: &mut Problems) -> Self {
        let Some(mut table) = node.table(problems) else { return Self::default() };
        let window = Self {
            days: table.required("days", "days = \"mon-fri\""),
            from: table.required("from", "from = \"08:00\""),
            to: table.required("to", "to = \"16:00\""),
            zone: table.required("zone", "zone = \"Europe/Berlin\""),
        };
        table.refuse_unknown();
        window
    }
}

/// Notes what does not fit the rest of an environment. `promotes`: its releases come from another one; `declares`: some
/// component has a contract.
pub(super) fn check(key: &Key, gates: Option<&RawGates>, (promotes, declares): (bool, bool), problems: &mut Problems) {
    let contract = gates.and_then(|gates| gates.contract.as_ref()).filter(|_| !declares);
    if let Some(Located { span, .. }) = contract {
        let message = format!("`contract` is written for `{}`, and no component has a contract", key.text);
        problems.at(span, message, "remove it, or declare the variables of a component in `[contract.NAME]`");
    }
    let approval = gates.and_then(|gates| gates.approval.as_ref());
    // Whether somebody must approve a promotion is nothing to guess.
    if promotes && approval.is_none() {
        let message = format!("`approval` is missing for `{}`, which promotes from another environment", key.text);
        let table = format!("[environments.{}.gates]", key.text);
        problems.at(&key.span, message, format!("{FORMS} in `{table}`"));
    }
    if let (None, Some(Located { span, .. })) = (approval, gates.and_then(|gates| gates.self_approval.as_ref())) {
        let message = "`self-approval` has a meaning only beside `approval = \"required\"`";
        problems.at(span, message, "remove it, or write `approval = \"required\"`");
    }
    // A merge deploys: no approval is asked for before.
    if !promotes && approval.is_some_and(RawApproval::asks) {
        let message =
            format!("`approval` is written for `{}`, which is deployed to directly and asks no person", key.text);
        problems.at(&key.span, message, "remove it, or add `promotes-from`: people approve what is promoted");
    }
    let soak = gates.and_then(|gates| gates.soak.as_ref()).filter(|_| !promotes);
    if let Some(Located { span, .. }) = soak {
        let message = format!("`soak` is written for `{}`, which promotes from no other environment", key.text);
        problems.at(span, message, "remove it, or add `promotes-from`: it is the time that a release runs there");
    }
}

impl RawGates {
    /// Where it says that a second person approves.
    pub(super) fn second_person(&self) -> Option<&Located<String>> {
        self.approval.as_ref()?.by()
    }

    /// What it asks for. `None`: something in it is wrong, which is noted.
    pub(super) fn policy(&self, problems: &mut Problems) -> Option<GatePolicy> {
        let approval = self.approval.as_ref();
        let approval = approval.map(|approval| approval.interpret(self.self_approval.as_ref(), problems));
        let soak = self.soak.as_ref().map(|soak| parsed("soak", soak, values::soak, problems));
        let branch = self.branch.as_ref().map(|branch| {
            distinct("branch", branch.each(), problems);
            all(branch.each().iter().map(|name| parsed("branch", name, values::branch, problems)).collect())
        });
        let statuses = self.statuses.as_ref().map(|statuses| statuses.policy(problems));
        let freeze = self.freeze.iter().flatten().map(|freeze| freeze.interpret(problems)).collect();
        let windows = self.windows.iter().flatten().map(|window| window.interpret(problems)).collect();
        let overridable = self.overridable.as_deref().unwrap_or_default();
        distinct("overridable", overridable, problems);
        let overridable = overridable.iter().map(|name| overridable_gate(name, problems)).collect();
        let checklist = self.checklist.as_deref().unwrap_or_default();
        distinct("checklist", checklist, problems);
        let checklist = checklist.iter().map(|text| parsed("checklist", text, values::sentence, problems)).collect();
        Some(GatePolicy {
            approval: whole(approval)?,
            soak: whole(soak)?,
            branch: whole(branch)?,
            statuses: whole(statuses)?,
            freeze: all(freeze)?,
            windows: all(windows)?,
            contract: match whole(self.contract.as_ref().map(|written| written.value))? {
                Some(RawContractPolicy::Warning) => Some(ContractPolicy::Warning),
                Some(RawContractPolicy::Error) => Some(ContractPolicy::Error),
                None => None,
            },
            overridable: all(overridable)?,
            checklist: all(checklist)?,
            ..GatePolicy::default()
        })
    }
}

impl RawStatuses {
    fn policy(&self, problems: &mut Problems) -> Option<StatusPolicy> {
        let written = self.names.as_deref().unwrap_or_default();
        distinct("names", written, problems);
        let names = written.iter().map(|name| parsed("names", name, values::status_name, problems)).collect();
        let wait = self.wait.as_ref().map(|wait| parsed("wait", wait, values::status_wait, problems));
        Some(StatusPolicy { names: all(names)?, wait: whole(wait)?.unwrap_or(values::STATUS_WAIT) })
    }
}

impl RawFreeze {
    fn interpret(&self, problems: &mut Problems) -> Option<Freeze> {
        let from = self.from.as_ref().and_then(|from| parsed("from", from, named, problems));
        let to = self.to.as_ref().and_then(|to| parsed("to", to, named, problems));
        let zone = self.zone.as_ref().and_then(|zone| time_zone(zone, problems));
        let reason = self.reason.as_ref().map(|reason| parsed("reason", reason, values::sentence, problems));
        let freeze = Freeze::new(from?, to?, zone?, whole(reason)?);
        if let (None, Some(Located { span, .. })) = (&freeze, &self.to) {
            let hint = "write a `to` after `from`, both in the time of `zone`; a date alone is the whole day";
            problems.at(span, "the freeze ends before it begins", hint);
        }
        freeze
    }
}

impl RawWindow {
    fn interpret(&self, problems: &mut Problems) -> Option<ChangeWindow> {
        let days = self.days.as_ref().and_then(|days| parsed("days", days, named, problems));
        let from = self.from.as_ref().and_then(|from| parsed("from", from, named, problems));
        let to = self.to.as_ref().and_then(|to| parsed("to", to, named, problems));
        let zone = self.zone.as_ref().and_then(|zone| time_zone(zone, problems));
        let window = ChangeWindow::new(days?, from?, to?, zone?);
        if let (None, Some(Located { span, .. })) = (&window, &self.to) {
            let hint = "write a `to` other than `from`; the whole day is `from = \"00:00\", to = \"24:00\"`";
            problems.at(span, "the window is empty", hint);
        }
        window
    }
}

fn named<T: FromStr<Err = InvalidName>>(text: &str) -> Result<T, ValueFault> {
    text.parse().map_err(ValueFault::from)
}

fn time_zone(text: &Located<String>, problems: &mut Problems) -> Option<Zone> {
    let written = text.value.as_deref()?;
    let zone = Zone::find(written);
    if zone.is_none() {
        let hint = match nearest(written, Zone::names().iter().map(String::as_str)) {
            Some(meant) => format!("write `{meant}`"),
            None => "write a name of the IANA time zone database, like `Europe/Berlin`, or `UTC`".to_owned(),
        };
        problems.at(&text.span, format!("`zone`: {:?} is not a time zone", cut(written, LONGEST_SHOWN)), hint);
    }
    zone
}

fn overridable_gate(text: &Located<String>, problems: &mut Problems) -> Option<GateName> {
    let written = text.value.as_deref()?;
    let gate = written.parse::<GateName>().ok();
    if gate.is_some_and(|gate| !gate.may_be_overridden()) {
        problems.at(&text.span, format!("the gate `{written}` can never be overridden"), "remove it");
        return None;
    }
    if gate.is_none() {
        let gates = GateName::ALL.into_iter().filter(|gate| gate.may_be_overridden()).map(GateName::as_str);
        let gates = gates.collect::<Vec<_>>();
        let message = format!("there is no gate `{}`", cut(written, LONGEST_SHOWN));
        problems.at(&text.span, message, one_of(written, gates.iter().copied()));
    }
    gate
}
