//! The verdict matrix: what shipgate says of a rollout, situation by situation. `docs/verdicts/README.md` has the same rows.
//!
//! Each row runs the compiled program: in `cloud_matrix` on the local cloud with real containers, in `scripted_matrix`
//! against the scripted account, whose requests and answers are held to the models of AWS.

use crate::harness::Ran;

/// A situation, and what is said of it.
#[derive(Debug)]
pub struct Row {
    /// The situation, for people.
    pub situation: &'static str,
    /// The outcome.
    pub outcome: &'static str,
    /// What a cause, or the reason, contains. Empty: nothing failed.
    pub cause: &'static str,
    /// What a hint contains. Empty: there is nothing to do.
    pub hint: &'static str,
}

/// The exit codes of the outcomes, as the contract has them.
const OUTCOMES: [(&str, i32); 11] = [
    ("deployed", 0),
    ("unchanged", 0),
    ("failed", 1),
    ("invalid", 2),
    ("refused", 3),
    ("stale", 4),
    ("rolled-back", 5),
    ("broken", 6),
    ("superseded", 7),
    ("timed-out", 8),
    ("unproven", 9),
];

impl Row {
    /// Holds a run to the row.
    #[track_caller]
    pub fn holds(&self, ran: &Ran) {
        let (_, code) =
            OUTCOMES.iter().find(|(outcome, _)| *outcome == self.outcome).expect("an outcome of the contract");
        let report = ran.outcome(self.outcome, *code);
        let texts = |list: &str| {
            let texts = report[list].as_array().cloned().unwrap_or_default();
            texts.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect::<Vec<_>>().join("\n")
        };
        let why = format!("{}\n{}", report["reason"].as_str().unwrap_or_default(), texts("causes"));
        assert!(why.contains(self.cause), "{}: no {:?} in\n{why}", self.situation, self.cause);
        let hints = texts("hints");
        assert!(hints.contains(self.hint), "{}: no {:?} in\n{hints}", self.situation, self.hint);
    }
}

/// Rows, each with a test of its name: `name: situation, outcome, cause, hint => run`.
macro_rules! rows {
    ($($name:ident: $situation:literal, $outcome:literal, $cause:literal, $hint:literal => $run:expr;)+) => {
        $crate::matrix::rows! { #[cfg(all())] $($name: $situation, $outcome, $cause, $hint => $run;)+ }
    };
    (#[$attribute:meta] $($name:ident: $situation:literal, $outcome:literal, $cause:literal, $hint:literal => $run:expr;)+) => {
        /// The rows of this file, in the order of the page.
        pub const ROWS: &[$crate::matrix::Row] = &[
            $($crate::matrix::Row { situation: $situation, outcome: $outcome, cause: $cause, hint: $hint },)+
        ];

        $(
            #[test]
            #[$attribute]
            fn $name() {
                let row = ROWS.iter().find(|row| row.situation == $situation).unwrap();
                let run: fn() -> $crate::harness::Ran = $run;
                row.holds(&run());
            }
        )+
    };
}
pub(crate) use rows;
