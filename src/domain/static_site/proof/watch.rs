//! When questions to the public side of a site are decided: over time, without a clock.

use std::time::Duration;

use super::asked::{AnswerVerdict, ProofQuestion};
use super::look::AddressResult;
use super::verdict::{AddressFault, SiteUnproven};
use crate::domain::poll::PollStep;

/// Edges differ, so one wrong answer is no proof: this number in a row is.
const WRONG_IN_A_ROW: usize = 3;
/// And they have to come for so long.
const WRONG_FOR: Duration = Duration::from_secs(5);
/// The pauses between questions begin with this one, and double.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Questions that are asked until each has the answer that is wanted.
#[derive(Debug)]
pub struct ProofWatch {
    asked: Vec<ProofQuestion>,
    states: Vec<QuestionProgress>,
    timeout: Duration,
    errors_stay: Duration,
    pause: Duration,
}

/// How far one question is.
#[derive(Debug, Clone)]
struct QuestionProgress {
    judged: AnswerVerdict,
    /// Since when wrong answers come, and how many.
    wrong: Option<(Duration, usize)>,
}

/// What follows from answers.
#[derive(Debug, PartialEq, Eq)]
pub struct ProofStep {
    /// How far it is, for people.
    pub progress: String,
    /// Which questions to ask next, or how it ended.
    pub step: PollStep<Result<(), SiteUnproven>, Vec<usize>>,
}

impl ProofWatch {
    /// Begins. `errors_stay`: for so long edges may keep an error that is over.
    pub fn new(asked: Vec<ProofQuestion>, timeout: Duration, errors_stay: Duration) -> Self {
        let state = QuestionProgress { judged: AnswerVerdict::Unanswered("it was not asked".to_owned()), wrong: None };
        let states = vec![state; asked.len()];
        Self { asked, states, timeout, errors_stay, pause: FIRST_PAUSE }
    }

    /// The questions.
    #[cfg(test)]
    pub fn asked(&self) -> &[ProofQuestion] {
        &self.asked
    }

    /// Those to ask first: all of them.
    pub fn first(&self) -> Vec<usize> {
        (0..self.asked.len()).collect()
    }

    /// Takes answers in, by the number of the question. `elapsed`: since the first question.
    pub fn see(&mut self, elapsed: Duration, looks: &[(usize, AddressResult)]) -> ProofStep {
        for (index, look) in looks {
            if let (Some(asked), Some(state)) = (self.asked.get(*index), self.states.get_mut(*index)) {
                state.see(elapsed, asked.judge(look));
            }
        }
        let step = self.step(elapsed);
        ProofStep { progress: self.progress(), step }
    }

    fn step(&mut self, elapsed: Duration) -> PollStep<Result<(), SiteUnproven>, Vec<usize>> {
        let open: Vec<usize> = self.indices(|state| state.judged != AnswerVerdict::Right);
        if open.is_empty() {
            return PollStep::Done(Ok(()));
        }
        let wrong = self.indices(|state| state.is_decided(elapsed, self.errors_stay));
        if !wrong.is_empty() {
            return PollStep::Done(Err(SiteUnproven::Wrong(self.faults(&wrong))));
        }
        if elapsed >= self.timeout {
            return PollStep::Done(Err(self.out_of_time(&open, elapsed)));
        }
        let after = self.pause.min(self.timeout.saturating_sub(elapsed));
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        PollStep::Ask { after, question: open }
    }

    fn out_of_time(&self, open: &[usize], after: Duration) -> SiteUnproven {
        let unanswered = self.indices(|state| matches!(state.judged, AnswerVerdict::Unanswered(_)));
        if unanswered.is_empty() {
            return SiteUnproven::Old { faults: self.faults(open), after };
        }
        SiteUnproven::Unanswered { faults: self.faults(&unanswered), after }
    }

    fn indices(&self, is_meant: impl Fn(&QuestionProgress) -> bool) -> Vec<usize> {
        let states = self.states.iter().enumerate();
        states.filter(|(_, state)| is_meant(state)).map(|(index, _)| index).collect()
    }

    fn faults(&self, indices: &[usize]) -> Vec<AddressFault> {
        let both = indices.iter().filter_map(|index| self.asked.get(*index).zip(self.states.get(*index)));
        both.map(|(asked, state)| AddressFault { asked: asked.shown(), why: state.why().to_owned() }).collect()
    }

    /// How many have the answer that is wanted, and what the first of the others has.
    fn progress(&self) -> String {
        let right = self.states.iter().filter(|state| state.judged == AnswerVerdict::Right).count();
        let count = format!("{right} of {} answer as they should", self.asked.len());
        let open = self.asked.iter().zip(&self.states).find(|(_, state)| state.judged != AnswerVerdict::Right);
        open.map_or(count.clone(), |(asked, state)| format!("{count}; {}: {}", asked.shown(), state.what()))
    }
}

impl QuestionProgress {
    fn see(&mut self, elapsed: Duration, judged: AnswerVerdict) {
        self.wrong = match (&judged, self.wrong) {
            (AnswerVerdict::Wrong { .. }, Some((since, times))) => Some((since, times + 1)),
            (AnswerVerdict::Wrong { .. }, None) => Some((elapsed, 1)),
            (AnswerVerdict::Right | AnswerVerdict::NotYet(_) | AnswerVerdict::Unanswered(_), _) => None,
        };
        self.judged = judged;
    }

    /// Whether the answer is wrong for good.
    fn is_decided(&self, elapsed: Duration, errors_stay: Duration) -> bool {
        let (AnswerVerdict::Wrong { may_be_kept, .. }, Some((since, times))) = (&self.judged, self.wrong) else {
            return false;
        };
        let borne = if *may_be_kept { errors_stay + WRONG_FOR } else { WRONG_FOR };
        times >= WRONG_IN_A_ROW && elapsed.saturating_sub(since) >= borne
    }

    fn why(&self) -> &str {
        match &self.judged {
            AnswerVerdict::Right => "",
            AnswerVerdict::NotYet(why) | AnswerVerdict::Wrong { why, .. } | AnswerVerdict::Unanswered(why) => why,
        }
    }

    /// The same without what changes with each answer: a line is shown once for each change.
    fn what(&self) -> &str {
        let why = self.why();
        why.split(" (").next().unwrap_or(why)
    }
}
