//! Asks the probes of a component, whatever its kind.

use crate::clients::http::Http;
use crate::domain::failure::{CauseKind, Failure};
use crate::domain::names::EnvironmentName;
use crate::domain::outcome::Outcome;
use crate::domain::poll::Step;
use crate::domain::probe::Probe;
use crate::domain::probe::{self, Decision, Tally};
use crate::domain::release::ReleaseName;
use crate::domain::step::StepId;
use crate::events::Events;
use crate::poll::{Waiting, poll};

/// Asks on behalf of a release.
#[derive(Debug, Clone, Copy)]
pub struct Prober<'a> {
    /// HTTP.
    pub http: &'a Http,
    /// Where progress is emitted.
    pub events: &'a Events,
    /// The environment, for a hint.
    pub environment: &'a EnvironmentName,
    /// The release that should answer.
    pub release: &'a ReleaseName,
}

impl Prober<'_> {
    /// Asks every probe until it is decided, in order, as a step of its own. Without probes there is no step.
    ///
    /// # Errors
    ///
    /// `broken` at the first probe that fails: the release is on, and does not answer as it should.
    pub async fn ask_all(&self, probes: &[Probe], step: &StepId) -> Result<(), Failure> {
        if probes.is_empty() {
            return Ok(());
        }
        self.events.step(step, self.ask_each(probes, step)).await
    }

    /// The same within a step that has begun.
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn ask_each(&self, probes: &[Probe], step: &StepId) -> Result<(), Failure> {
        for probe in probes {
            self.ask(probe, step).await?;
        }
        Ok(())
    }

    async fn ask(&self, probe: &Probe, step: &StepId) -> Result<(), Failure> {
        let shown = probe::shown_url(&probe.url.render(self.release));
        let mut tally = Tally::new(probe);
        let ask = async |()| {
            let answer = self.http.ask(probe, self.release).await;
            answer.map_err(|error| error.to_string()).and_then(|answer| probe::check(probe, self.release, &answer))
        };
        poll(Waiting::In(self.events, step), (), ask, |_, checked| match (tally.count(checked.is_ok()), checked) {
            (Decision::Passed, _) => {
                self.events.progress(step, &format!("{} {shown} answers as it should", probe.method));
                Step::Done(Ok(()))
            }
            (Decision::Failed, checked) => Step::Done(Err(self.failed(probe, &shown, checked.err()))),
            (Decision::AskAgain, checked) => {
                if let Err(difference) = checked {
                    self.events.progress(step, &format!("{} {shown}: {difference}", probe.method));
                }
                Step::again(probe.interval)
            }
        })
        .await
    }

    fn failed(&self, probe: &Probe, shown: &str, difference: Option<String>) -> Failure {
        let environment = self.environment;
        Failure::new(Outcome::Broken, format!("probe {} {shown} fails", probe.method))
            .of(CauseKind::Application)
            .cause(difference.unwrap_or_default())
            .hint("the release is on and does not answer as it should: ship a commit that does")
            .hint(format!("or go back to what succeeded before, if anything did: `shipgate rollback {environment}`"))
    }
}
