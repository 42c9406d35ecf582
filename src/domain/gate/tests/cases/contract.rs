//! `contract`

use super::super::*;
use super::GateCase;
use crate::domain::check::{CheckFinding, Findings, Rule, Severity};
use crate::domain::contract::environment::ContractReport;

fn case(situation: &'static str, policy: ContractPolicy, held: ContractReport) -> GateCase {
    GateCase::new(GateName::Contract, ChangeCommand::Promote, situation)
        .policy(|it| it.contract = Some(policy))
        .evidence(|evidence| evidence.contract = Fact::Is(held))
}

fn held(findings: &[(Rule, Severity, &str)]) -> ContractReport {
    let finding = |(rule, level, message): &(Rule, Severity, &str)| {
        CheckFinding::new(*rule, message, format!("hint of {rule}")).at_level(*level)
    };
    let mut all = Findings::default();
    findings.iter().map(finding).for_each(|finding| all.found(finding));
    ContractReport { findings: all, judged: vec!["backend".parse().unwrap()], unknown: Vec::new() }
}

fn not_compared(mut held: ContractReport, with: &[&str]) -> ContractReport {
    for environment in with {
        let why = format!("not compared with {environment}: permission `ecs:DescribeServices` is missing");
        held.findings.left_out("`URL` of backend in production", why, None);
    }
    held
}

fn unknown() -> ContractReport {
    let hint = Some("make it known".to_owned());
    ContractReport {
        unknown: vec![("backend".parse().unwrap(), "they cannot be read".to_owned(), hint)],
        ..ContractReport::default()
    }
}

pub(super) fn cases() -> Vec<GateCase> {
    use ContractPolicy::{Error, Warning};

    let missing = (Rule::ContractRequired, Severity::Error, "`API_KEY` of backend is not set in production");
    let same = (Rule::ContractIsolated, Severity::Error, "`URL` of backend is the same in stage");
    let undeclared = (Rule::ContractUndeclared, Severity::Warning, "`OLD` of backend is not declared");
    let fits = "the values of backend fit its contract";
    let worker = ContractReport {
        judged: vec!["backend".parse().unwrap(), "worker".parse().unwrap()],
        ..ContractReport::default()
    };
    let many: Vec<_> = ["A", "B", "C", "D", "E"].map(|name| (Rule::ContractRequired, Severity::Error, name)).into();
    let not_with = |name: &str| {
        let why = "permission `ecs:DescribeServices` is missing";
        format!("`URL` of backend in production not compared with {name}: {why}")
    };
    let required = |name: &str| format!("{name} (contract-required)");
    vec![
        case("every declared variable fits", Error, held(&[])).satisfied(fits),
        case("two components fit", Error, worker).satisfied("the values of backend, worker fit their contract"),
        case("a variable is set that is not declared", Error, held(&[undeclared])).satisfied(fits),
        case("another environment could not be read", Error, not_compared(held(&[]), &["qa"]))
            .satisfied(format!("{fits}; {}", not_with("qa"))),
        case("several could not be read", Error, not_compared(held(&[]), &["a", "b", "c", "d", "e"]))
            .satisfied(format!("{fits}; {}; {}; {}; and 2 more", not_with("a"), not_with("b"), not_with("c"))),
        case("a variable is missing", Error, held(&[missing]))
            .unsatisfied(required("`API_KEY` of backend is not set in production"), "hint of contract-required"),
        case("a value is also that of the source", Error, held(&[same, undeclared]))
            .unsatisfied("`URL` of backend is the same in stage (contract-isolated)", "hint of contract-isolated"),
        case("many are missing", Error, held(&many)).unsatisfied(
            format!("{}; {}; {}; and 2 more", required("A"), required("B"), required("C")),
            "hint of contract-required",
        ),
        case("the values cannot be read", Error, unknown())
            .unknown("the values of backend are not known: they cannot be read", "make it known"),
        case("a variable is missing, and that is only a warning", Warning, held(&[missing]))
            .satisfied("1 fault is a warning here: `contract = \"warning\"`"),
        case("more than that", Warning, held(&many)).satisfied("5 faults are warnings here: `contract = \"warning\"`"),
        case("the values cannot be read, and that is only a warning", Warning, unknown())
            .satisfied("1 fault is a warning here: `contract = \"warning\"`"),
    ]
}
