//! The examples of `docs/output/README.md`: what cases show, and what `tests/golden/reading` keeps. To write them anew:
//! `SHIPGATE_UPDATE_GOLDEN=1 cargo test golden`.

use super::GROUPS;
use crate::golden::{Form, assert_page};

const TERMINAL: Form = Form::Terminal { columns: 80, color: false };

/// What a case shows, from the line on that begins so.
fn shown(form: Form, case: &str, first: &str) -> String {
    let (_, run) = GROUPS.into_iter().flatten().find(|(name, _)| *name == case).unwrap();
    let text = run(form);
    let from = text.find(first).unwrap_or_else(|| panic!("no {first:?} in\n{text}"));
    let (output, _code) = text[from..].rsplit_once("--- exit code").unwrap();
    quoted(output)
}

fn quoted(text: &str) -> String {
    format!("```text\n{}\n```", text.trim_end())
}

#[test]
fn golden_page_of_output_quotes_what_is_shown() {
    let parts = [
        ("plan", shown(TERMINAL, "promote-planned-commits-and-missing-variables", "$ ")),
        ("question", shown(TERMINAL, "promote-deployed", "Promote ")),
        ("steps", shown(TERMINAL, "deploy-two-components-deployed", "  ✓ backend")),
        ("failed", shown(TERMINAL, "deploy-rolled-back", "  ✓ register")),
        ("rollback", shown(Form::Human, "rollback-deployed", "  ✓ register")),
        ("status", quoted(include_str!("../../golden/reading/status-80.txt"))),
        ("history", quoted(include_str!("../../golden/reading/history-80.txt"))),
        ("pipe", quoted(include_str!("../../golden/reading/status-pipe.txt"))),
    ];
    assert_page("docs/output/README.md", &parts);
}
