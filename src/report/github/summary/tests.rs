//! The pages of records, and that no foreign text makes a part of one.

use std::time::Duration;

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::*;
use crate::domain::event::StepResult;
use crate::domain::failure::{Cause, CauseKind};
use crate::domain::gate::{Approval, Gate, GateName, GatePolicy, GateVerdict};
use crate::domain::image::Digest;
use crate::domain::names::ComponentName;
use crate::domain::plan::{LeftRelease, PlanChange};
use crate::domain::proof::{ProbeAnswer, ProvenTasks, Whereabouts};
use crate::domain::release::{CommitLine, Commits};
use crate::domain::step::{StepId, StepSubject, StepVerb};
use crate::domain::view::CommandRequest;
use crate::domain::view::plan::{CommitRange, Running};
use crate::report::record::{ComponentProof, ComponentRecord, RecordedWarning, StepRecord};

const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

fn links() -> Links {
    let repository = "https://github.com/shop/cloudshop".to_owned();
    let run = Some(format!("{repository}/actions/runs/7/attempts/1"));
    Links { run, run_number: Some("7".to_owned()), repository: Some(repository) }
}

/// A record in which a text stands wherever foreign text can.
fn record(text: &str) -> Record {
    let running = |sha: &str| Running { sha: Some(sha.to_owned()), ..Running::default() };
    let backend: ComponentName = "backend".parse().unwrap();
    let commit = CommitLine {
        sha: SHA.parse().unwrap(),
        subject: text.to_owned(),
        author: text.to_owned(),
        pull_request: Some(12),
        committed: None,
    };
    let change = PlanChange { path: "image".to_owned(), from: Some(text.to_owned()), to: Some("b".to_owned()) };
    let request = CommandRequest {
        command: "deploy".to_owned(),
        environment: Some(text.to_owned()),
        ..CommandRequest::default()
    };
    let mut record = Record::new(&request);
    record.release = Some(SHA.parse().unwrap());
    let gate = |hint| Gate { reason: text.to_owned(), hint, ..Gate::sample(GateName::Hold, GateVerdict::Unsatisfied) };
    record.gates = vec![gate(Some(text.to_owned()))];
    record.commits =
        Some(CommitRange { taken_back: false, commits: Commits { count: 3, newest: vec![commit] }, compare: None });
    record.components = vec![ComponentRecord {
        name: backend.clone(),
        kind: "ecs",
        outcome: Some(Outcome::Failed),
        changed: false,
        deployment: None,
        console: Some("https://us-east-1.console.aws.amazon.com/ecs".to_owned()),
        whereabouts: Whereabouts::default(),
        node: None,
        revision: None,
        planned: Some(running(SHA)),
        previous: Some(running("bootstrap")),
        current: Some(running(text)),
        causes: vec![Cause::new(CauseKind::Application, text)],
        changes: vec![change.clone()],
        drift: None,
        missing_variables: Vec::new(),
    }];
    record.steps = vec![StepRecord {
        needs: Vec::new(),
        step: StepId::new(StepVerb::Build, &backend),
        began: Duration::from_millis(500),
        took: Duration::from_secs(61),
        result: Some(StepResult::Failed),
    }];
    let answer = |url: &str, difference| ProbeAnswer {
        method: "GET".to_owned(),
        url: url.to_owned(),
        status: Some(200),
        release: Some("0123456".to_owned()),
        difference,
    };
    let proof = ComponentProof {
        tasks: Some(ProvenTasks { running: 1, desired: Some(2), digest: None }),
        probes: vec![answer("http://a/health", None), answer(text, Some(text.to_owned()))],
    };
    record.proofs.insert(StepSubject::Source("stage".parse().unwrap(), backend), proof);
    record.barred = vec![LeftRelease { left: SHA.parse().unwrap(), returned: None }];
    let warning = RecordedWarning { text: text.to_owned(), changes: vec![change], hint: Some(text.to_owned()) };
    record.warnings = vec![warning; 6];
    record.url = Some("https://shop.example".to_owned());
    record
}

fn summary(text: &str) -> String {
    let failure =
        Failure::failed(format!("the build failed: {text}")).cause(text).hint(format!("read the log: {text}"));
    of(&record(text), Outcome::Failed, Some(&failure), &links())
}

/// The page that an approver sees.
fn plan(text: &str) -> String {
    let mut record = record(text);
    (record.command, record.is_plan) = ("plan promote".to_owned(), true);
    record.gates.clear();
    record.warnings.truncate(1);
    record.steps.iter_mut().for_each(|step| step.result = None);
    record.plan_digest = Some(Digest::of("plan"));
    record.components[0].previous = Some(Running { sha: Some(SHA.replace('0', "f")), ..Running::default() });
    let checklist = vec![text.to_owned()];
    record.policy = Some(GatePolicy { checklist, approval: Some(Approval::None), ..GatePolicy::default() });
    of(&record, Outcome::Planned, None, &links())
}

#[test]
fn the_outcome_comes_first_and_then_why() {
    insta::assert_snapshot!(summary("it"), @r#"
    ## ❌ Deploy of [`0123456`](https://github.com/shop/cloudshop/commit/0123456789abcdef0123456789abcdef01234567) to `it` failed

    > [!CAUTION]
    > `the build failed: it`

    ```text
    it
    ```

    **What to do**

    - `read the log: it`

    |  | ran | runs now | digest |
    | --- | --- | --- | --- |
    | [`backend`](https://us-east-1.console.aws.amazon.com/ecs) | `bootstrap` | `it` |  |

    | gate | verdict | why |
    | --- | --- | --- |
    | hold | unsatisfied | `it`<br>→ `it` |

    > [!WARNING]
    > `it`
    >
    > ```diff
    > ! image: it → b
    > ```
    >
    > → `it`

    > [!WARNING]
    > `it`
    >
    > ```diff
    > ! image: it → b
    > ```
    >
    > → `it`

    > [!WARNING]
    > `it`
    >
    > ```diff
    > ! image: it → b
    > ```
    >
    > → `it`

    > [!WARNING]
    > `it`
    >
    > ```diff
    > ! image: it → b
    > ```
    >
    > → `it`

    > [!WARNING]
    > `it`
    >
    > ```diff
    > ! image: it → b
    > ```
    >
    > → `it`

    > [!WARNING]
    > - `it` → `it`

    **Proven on `stage`** ✗ 1 of 2 tasks runs it · ✓ `GET http://a/health` → `200, release 0123456` · ✗ `GET it` → `it`

    **Bars** all commits of [`0123456`](https://github.com/shop/cloudshop/commit/0123456789abcdef0123456789abcdef01234567): no deploy or promotion brings them back. A newer commit passes; `shipgate unhold it --reason …` lifts the bar.

    <details><summary>Brings 3 commits</summary>

    - [`0123456`](https://github.com/shop/cloudshop/commit/0123456789abcdef0123456789abcdef01234567) `it` [#12](https://github.com/shop/cloudshop/pull/12) · `it`
    - and 2 more

    </details>

    <details><summary>What changes in detail, 1 gate, how long it took</summary>

    ```diff
    @@ backend @@
    ! image: it → b
    ```

    | gate | verdict | why |
    | --- | --- | --- |
    | hold | unsatisfied | `it`<br>→ `it` |

    **How long it took**

    ```mermaid
    gantt
        dateFormat x
        axisFormat %M:%S
        build backend (61.0 s) :crit, 500, 61500
    ```


    </details>

    <https://shop.example> · [this run](https://github.com/shop/cloudshop/actions/runs/7/attempts/1)
    "#);
}

#[test]
fn the_page_of_a_plan_is_what_decides_it() {
    insta::assert_snapshot!(plan("it"), @r#"
    ## ⏸ Promote [`0123456`](https://github.com/shop/cloudshop/commit/0123456789abcdef0123456789abcdef01234567) to `it`? 3 commits, 1 warning

    |  | runs | will run | what changes |
    | --- | --- | --- | --- |
    | [`backend`](https://us-east-1.console.aws.amazon.com/ecs) | [`f123456`](https://github.com/shop/cloudshop/commit/f123456789abcdeff123456789abcdeff1234567) | [`0123456`](https://github.com/shop/cloudshop/commit/0123456789abcdef0123456789abcdef01234567) | 1 setting |

    > [!WARNING]
    > `it`
    >
    > ```diff
    > ! image: it → b
    > ```
    >
    > → `it`

    **[3 commits](https://github.com/shop/cloudshop/compare/f123456789abcdeff123456789abcdeff1234567...0123456789abcdef0123456789abcdef01234567)**

    - [`0123456`](https://github.com/shop/cloudshop/commit/0123456789abcdef0123456789abcdef01234567) `it` [#12](https://github.com/shop/cloudshop/pull/12) · `it`
    - and 2 more

    **Proven on `stage`** ✗ 1 of 2 tasks runs it · ✓ `GET http://a/health` → `200, release 0123456` · ✗ `GET it` → `it`

    **Will bar** all commits of [`0123456`](https://github.com/shop/cloudshop/commit/0123456789abcdef0123456789abcdef01234567): no deploy or promotion brings them back. A newer commit passes; `shipgate unhold it --reason …` lifts the bar.

    - [ ] `it`

    No person is asked: `approval = "none"`.

    <details><summary>Plan <code>64879f7d6b96</code>: what changes in detail, 1 step</summary>

    Plan `sha256:64879f7d6b960a01909762d911a32d4582c20010c5641ee90278b644a9e3b525`

    ```diff
    @@ backend @@
    ! image: it → b
    ```

    **Steps**

    1. `build backend`


    </details>

    <https://shop.example> · [this run](https://github.com/shop/cloudshop/actions/runs/7/attempts/1)
    "#);
}

/// What is in a page beside code.
fn beside_code(text: &str) -> String {
    let mut found = String::new();
    let mut in_block = false;
    for event in Parser::new_ext(
        text,
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_GFM | Options::ENABLE_TASKLISTS,
    ) {
        #[expect(clippy::wildcard_enum_match_arm, reason = "the rest has no text of its own, or is code")]
        match event {
            Event::Start(Tag::CodeBlock(_)) => in_block = true,
            Event::End(TagEnd::CodeBlock) => in_block = false,
            Event::Text(text) if !in_block => found.push_str(&text),
            Event::Html(html) | Event::InlineHtml(html) => found.push_str(&html),
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => found.push_str(&dest_url),
            _ => {}
        }
    }
    found
}

proptest! {
    #[test]
    fn no_text_makes_a_part_of_the_page(
        text in "(`|```|~~~|\\n|\\||<b>|</details>|@ada|#1|\\[x\\]\\(y\\)|!| |## |-->|https://evil.example|EVIL|\\\\){0,12}"
    ) {
        // The same page with a harmless text in its place: what stands beside code is the same.
        prop_assume!(!neutral_is_empty(&text));
        for page in [summary, plan] {
            let (forged, plain) = (beside_code(&page(&text)), beside_code(&page("plain")));
            prop_assert_eq!(forged, plain, "{}", page(&text));
        }
    }
}

fn neutral_is_empty(text: &str) -> bool {
    code(text).is_empty()
}

/// A component that was changed is shown as such, whatever is said of the whole.
#[test]
fn what_was_changed_is_not_hidden_by_the_total() {
    let page = |ends: [(Outcome, bool); 2], total: Outcome| {
        let mut record = record("x");
        record.components.push(ComponentRecord { name: "worker".parse().unwrap(), ..record.components[0].clone() });
        for (component, (outcome, changed)) in record.components.iter_mut().zip(ends) {
            (component.outcome, component.changed, component.current) = (Some(outcome), changed, None);
        }
        let table = components::of(&record, total, &links()).unwrap();
        (table, heading::of(&record, total, &links()))
    };
    for total in [Outcome::Refused, Outcome::Stale] {
        let (table, _) = page([(Outcome::Deployed, true), (total, false)], total);
        assert!(table.contains("runs now") && table.contains("deployed"), "{table}");
        let (table, _) = page([(total, false), (total, false)], total);
        assert!(table.contains("would have run"), "{table}");
    }
    let back = Outcome::RolledBack;
    let (_, heading) = page([(Outcome::Deployed, true), (back, true)], back);
    assert!(heading.contains("what served before serves again in `worker`"), "{heading}");
    let (_, heading) = page([(back, true), (back, true)], back);
    assert!(heading.ends_with("what served before serves again\n"), "{heading}");
}
