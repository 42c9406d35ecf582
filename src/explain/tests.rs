//! What every explanation has to satisfy.

use std::error::Error;

use super::{Explain, Phase, explain};
use crate::clients::ambient::AmbientError;
use crate::clients::aws::{AwsError, AwsErrorKind};
use crate::clients::ecs::EcsError;
use crate::clients::logs::LogsError;
use crate::domain::failure::{Cause, CauseKind, Failure};
use crate::domain::outcome::Outcome;

/// What an error means before anything was changed: how it ends, the kind of its causes, the code of the first one, and
/// a part of one of the hints; empty for no hint.
pub type ExpectedError<'e> = (Outcome, CauseKind, Option<&'e str>, &'e str);

/// Asserts what an error means in each phase.
pub fn assert_explained(error: &(impl Explain + Error), (outcome, kind, code, hint): ExpectedError<'_>) {
    let before = explain(error, Phase::Before);
    assert_eq!((before.outcome, before.kind), (outcome, kind), "{before:?}");
    assert!(matches!(outcome, Outcome::Failed | Outcome::Invalid | Outcome::Refused), "{before:?}");
    assert!(before.causes.iter().all(|cause| cause.kind == kind), "{before:?}");
    assert_eq!(before.causes.first().and_then(|cause| cause.code.as_deref()), code, "{before:?}");
    let is_hinted =
        if hint.is_empty() { before.hints.is_empty() } else { before.hints.iter().any(|h| h.contains(hint)) };
    assert!(is_hinted, "no {hint:?} in {:?}", before.hints);
    assert_during(error, &before);
    assert_after(error, &before);
}

/// A change that was refused is not made; of one that was not answered nothing is known.
fn assert_during(error: &impl Explain, before: &Failure) {
    let during = explain(error, Phase::During);
    if error.is_refused() {
        assert_eq!(parts(&during), parts(before));
    } else {
        assert_eq!((during.outcome, during.kind), (Outcome::Broken, before.kind));
        assert_eq!(texts(&during), [before.brief()]);
        assert_eq!(during.hints.len(), 1);
    }
}

/// Not to know is not "what served before still serves": all that is said before a change is a cause after it.
fn assert_after(error: &impl Explain, before: &Failure) {
    let after = explain(error, Phase::After);
    assert_eq!(after.outcome, Outcome::Broken);
    let causes = std::iter::once(before.reason.clone()).chain(texts(before));
    assert_eq!(texts(&after), causes.collect::<Vec<_>>());
    assert_eq!(after.causes[1..], before.causes);
    assert_eq!(after.hints, before.hints);
}

fn parts(failure: &Failure) -> (Outcome, &str, &[Cause], &[String]) {
    (failure.outcome, &failure.reason, &failure.causes, &failure.hints)
}

fn texts(failure: &Failure) -> Vec<String> {
    failure.causes.iter().map(ToString::to_string).collect()
}

/// What carries a call that may be answered at the next try says so too, however many errors are around it.
#[test]
fn what_may_be_over_at_the_next_try_says_so_wherever_it_is_wrapped() {
    for (kind, is_transient) in
        [(AwsErrorKind::Unreachable, true), (AwsErrorKind::Throttled, true), (AwsErrorKind::Denied, false)]
    {
        let call = || AwsError { kind, ..AwsError::unexpected("sts:GetCallerIdentity", "no") };
        for failure in [
            Failure::from(call()),
            Failure::from(EcsError::from(call())),
            Failure::from(LogsError::Call(call())),
            Failure::from(AmbientError::from(call())),
        ] {
            assert_eq!(failure.is_transient, is_transient, "{failure:?}");
        }
    }
}

/// Whether an error of a type is among the sources of another.
pub fn has_source<T: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(error.source(), |&error| error.source()).any(<dyn Error>::is::<T>)
}
