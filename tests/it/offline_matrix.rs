//! The page of the verdict matrix is its rows. To write it anew: `SHIPGATE_UPDATE_GOLDEN=1 cargo test golden`.

use std::fmt::Write as _;

use crate::golden::assert_page;
use crate::matrix::Row;
use crate::{cloud_matrix, scripted_matrix};

fn table() -> String {
    let mut text = "| situation | outcome | said of it | what to do | shown on |\n|---|---|---|---|---|\n".to_owned();
    let parts = [(cloud_matrix::ROWS, "containers"), (scripted_matrix::ROWS, "scripted")];
    for (rows, place) in parts {
        for Row { situation, outcome, cause, hint } in rows {
            let cell = |text: &str| if text.is_empty() { "–".to_owned() } else { format!("… {text} …") };
            writeln!(text, "| {situation} | `{outcome}` | {} | {} | {place} |", cell(cause), cell(hint)).unwrap();
        }
    }
    text
}

#[test]
fn golden_page_of_verdicts_has_the_rows_of_the_tests() {
    assert_page("docs/verdicts/README.md", &[("rows", table())]);
}

/// A failure without a cause or without a hint is half a verdict.
#[test]
fn every_row_that_fails_says_why_and_what_to_do() {
    let rows: Vec<&Row> = cloud_matrix::ROWS.iter().chain(scripted_matrix::ROWS).collect();
    assert!(rows.len() >= 40, "{} rows", rows.len());
    for row in &rows {
        let is_good = ["deployed", "unchanged"].contains(&row.outcome);
        assert_eq!((row.cause.is_empty(), row.hint.is_empty()), (is_good, is_good), "{row:?}");
        assert_eq!(rows.iter().filter(|other| other.situation == row.situation).count(), 1, "{row:?}");
    }
}
