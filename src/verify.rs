//! Asks the probes of a component, whatever its kind.

use tokio::time::Instant;

use crate::apply::Run;
use crate::domain::names::ComponentName;
use crate::domain::outcome::Outcome;
use crate::domain::probe::{self, Decision, Tally};
use crate::domain::target::Probe;
use crate::error::Failure;

/// Asks every probe until it is decided, in order.
///
/// # Errors
///
/// `broken` at the first probe that fails: the release is on, and does not answer as it should.
pub async fn probe(run: &Run<'_>, probes: &[Probe], component: &ComponentName) -> Result<(), Failure> {
    let step = format!("probe {component}");
    for probe in probes {
        ask(run, probe, &step).await?;
    }
    Ok(())
}

async fn ask(run: &Run<'_>, probe: &Probe, step: &str) -> Result<(), Failure> {
    let began = Instant::now();
    let shown = probe::shown_url(&probe.url.render(&run.release));
    let mut tally = Tally::new(probe);
    loop {
        let answer = run.http.ask(probe, &run.release).await;
        let checked = answer.and_then(|answer| probe::check(probe, &run.release, &answer));
        match tally.count(checked.is_ok()) {
            Decision::Passed => {
                run.journal.progress(step, &format!("{} {shown} answers as it should", probe.method));
                return Ok(());
            }
            Decision::Failed => {
                let difference = checked.err().unwrap_or_default();
                return Err(Failure::new(Outcome::Broken, format!("probe {} {shown} fails", probe.method))
                    .cause(difference)
                    .hint("the release is on and does not answer as it should: deploy a commit that does"));
            }
            Decision::AskAgain => {
                if let Err(difference) = checked {
                    run.journal.progress(step, &format!("{} {shown}: {difference}", probe.method));
                }
                run.journal.pause(step, began.elapsed(), probe.interval).await;
            }
        }
    }
}
