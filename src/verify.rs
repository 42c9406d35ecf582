//! Asks the probes of a component, whatever its kind.

use crate::clients::browser::{Browser, BrowserError, Opened, PageRequest};
use crate::clients::http::{Http, HttpError};
use crate::domain::asked_probe::AskedProbe;
use crate::domain::browser::picture;
use crate::domain::event::RunEvent;
use crate::domain::failure::{CauseKind, Failure};
use crate::domain::file_line::in_brackets;
use crate::domain::neutral;
use crate::domain::outcome::Outcome;
use crate::domain::poll::PollStep;
use crate::domain::probe::Probe;
use crate::domain::probe::{self, Decision, HttpAnswer, Tally};
use crate::domain::proof::ProbeAnswer;
use crate::domain::release::ReleaseName;
use crate::domain::step::StepId;
use crate::events::Events;
use crate::poll::{Waiting, poll};

/// Asks on behalf of a release.
#[derive(Debug, Clone, Copy)]
pub struct Prober<'a> {
    /// HTTP.
    pub http: &'a Http,
    /// The browser that opens pages.
    pub browser: &'a Browser,
    /// Where progress is emitted.
    pub events: &'a Events,
    /// The release that should answer.
    pub release: &'a ReleaseName,
}

/// A probe that failed.
#[derive(Debug)]
pub struct Unanswered {
    /// Which one, as they are written.
    pub index: usize,
    /// What is reported.
    pub failure: Failure,
}

impl From<Unanswered> for Failure {
    fn from(unanswered: Unanswered) -> Self {
        unanswered.failure
    }
}

/// What a probe is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ProbePurpose {
    /// That the release answers, as the probe says.
    Release,
    /// That anything answers with the right status.
    Answer,
}

impl ProbePurpose {
    fn check(self, probe: &Probe, release: &ReleaseName, answer: &HttpAnswer) -> Result<(), String> {
        match self {
            Self::Release => probe::check(probe, release, answer),
            Self::Answer => probe::check_status(probe, answer),
        }
    }
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
        self.events.step(step, async { Ok(self.ask_each(probes, step).await?) }).await
    }

    /// The same within a step that has begun.
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn ask_each(&self, probes: &[Probe], step: &StepId) -> Result<(), Unanswered> {
        for (index, probe) in probes.iter().enumerate() {
            self.ask(probe, ProbePurpose::Release, step).await.map_err(|failure| Unanswered { index, failure })?;
        }
        Ok(())
    }

    /// Asks until a probe gets an answer with the right status, whichever release gives it.
    ///
    /// # Errors
    ///
    /// `broken`: it gets none.
    pub async fn ask_for_answer(&self, probe: &Probe, step: &StepId) -> Result<(), Failure> {
        self.ask(probe, ProbePurpose::Answer, step).await
    }

    /// What each probe gets now, whichever release gives it, asked all at the same time. `asked`: what they got a moment ago;
    /// one that was answered then is not asked again. Where one is not answered it is asked twice: a single slip is no proof
    /// of anything.
    pub async fn before(&self, probes: &[Probe], asked: &[AskedProbe]) -> Vec<AskedProbe> {
        let each = probes.iter().enumerate().map(async |(index, probe)| {
            let first = match asked.get(index) {
                Some(asked) => asked.clone(),
                None => ask_once(self.http, probe, self.release).await,
            };
            if first.is_answered() { first } else { ask_once(self.http, probe, self.release).await }
        });
        futures_util::future::join_all(each).await
    }

    async fn ask(&self, probe: &Probe, wanted: ProbePurpose, step: &StepId) -> Result<(), Failure> {
        let shown = probe::shown_url(&probe.url.render(self.release));
        let mut tally = Tally::new(probe);
        let ask = async |()| match wanted {
            ProbePurpose::Release if probe.is_browser => self.open(probe, step).await,
            ProbePurpose::Release | ProbePurpose::Answer => Ok(self.answer(probe, wanted).await),
        };
        let subject = &step.subject;
        poll(Waiting::In(self.events, step), (), ask, |_, answer| {
            let answer = match answer {
                Ok(answer) => answer,
                Err(error) => {
                    self.not_opened(probe, &shown, &error);
                    return PollStep::Done(Ok(()));
                }
            };
            match tally.count(answer.passed()) {
                Decision::AskAgain => {
                    if !answer.passed() {
                        self.events.progress(step, &format!("{} {shown}: {}", answer.method, answer.answered()));
                    }
                    PollStep::again(probe.interval)
                }
                decision @ (Decision::Passed | Decision::Failed) => {
                    let difference = answer.difference.clone();
                    self.events.emit(RunEvent::ProbeAnswered { subject: subject.clone(), answer });
                    let passed = decision == Decision::Passed;
                    PollStep::Done(if passed { Ok(()) } else { Err(failed(probe, &shown, difference)) })
                }
            }
        })
        .await
    }

    async fn answer(&self, probe: &Probe, wanted: ProbePurpose) -> ProbeAnswer {
        let (status, checked) = match self.http.ask(probe, self.release).await {
            Ok(answer) => (Some(answer.status), wanted.check(probe, self.release, &answer)),
            Err(error) => (None, Err(error.to_string())),
        };
        let release = (wanted == ProbePurpose::Release && probe.names_release()).then(|| self.release.short());
        let url = probe::shown_url(&probe.url.render(self.release));
        ProbeAnswer { method: probe.method.clone(), url, status, release, difference: checked.err() }
    }

    /// Opens the page of a probe. An error: nothing is known of it.
    async fn open(&self, probe: &Probe, step: &StepId) -> Result<ProbeAnswer, BrowserError> {
        let url = probe.url.render(self.release);
        let page = PageRequest {
            text: probe.text.as_ref().map(|text| text.render(self.release)),
            status: probe.status,
            timeout: probe.timeout,
            picture: picture(step, self.release, &url),
            url: url.clone(),
        };
        let Opened { status, difference } = self.browser.open(&page).await?;
        let release = probe.names_release().then(|| self.release.short());
        let method = probe.asks_with().to_owned();
        Ok(ProbeAnswer { method, url: probe::shown_url(&url), status, release, difference })
    }

    /// What was not read is not known to be right, nor to be wrong.
    fn not_opened(&self, probe: &Probe, shown: &str, error: &BrowserError) {
        let line = in_brackets(probe.line.as_ref());
        let text = format!("probe {} {shown}{line} is not asked: {error}", probe.asks_with());
        let hint = match error {
            BrowserError::None => {
                "install Google Chrome or Chromium, or name it in CHROME_BIN: what browsers show is not known"
            }
            BrowserError::NotStarted { .. } | BrowserError::Fails(_) => {
                "start it by hand with `--headless --dump-dom about:blank`: what browsers show is not known"
            }
        };
        self.events.warning(text, Some(hint.to_owned()));
    }
}

/// A probe that is decided, and not by the answer that it asks for.
fn failed(probe: &Probe, shown: &str, difference: Option<String>) -> Failure {
    let line = in_brackets(probe.line.as_ref());
    Failure::new(Outcome::Broken, format!("probe {} {shown}{line} fails", probe.asks_with()))
        .of(CauseKind::Application)
        .cause(difference.unwrap_or_default())
}

/// Asks a probe once, for as long as one answer of it may take.
pub async fn ask_once(http: &Http, probe: &Probe, release: &ReleaseName) -> AskedProbe {
    let answer = http.ask(probe, release).await;
    let fault = match &answer {
        Ok(answer) => probe::check_status(probe, answer).err(),
        Err(error) => Some(neutral::phrase(&error.to_string(), 200)),
    };
    AskedProbe {
        method: probe.method.clone(),
        url: probe::shown_url(&probe.url.render(release)),
        line: probe.line.clone(),
        status: answer.as_ref().ok().map(|answer| answer.status),
        release: answer.as_ref().ok().and_then(|answer| probe::named_release(probe, answer)),
        fault,
        is_unreachable: answer.as_ref().is_err_and(HttpError::is_unreachable),
    }
}
