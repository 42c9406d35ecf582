//! A release that failed, and whether what served before it is back: in words.

use super::ids::RevisionArn;
use crate::domain::failure::Failure;
use crate::domain::outcome::Outcome;

/// Whether what served before is back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Back {
    /// It serves again.
    Serves(RevisionArn),
    /// It was not brought back: `on-failure = "leave"`.
    Left,
    /// Nothing is known that served before.
    Nowhere,
    /// It was to be brought back, and is not seen to serve: why.
    NotSeen(RevisionArn, Box<Failure>),
    /// Another deployment took the place of the release meanwhile.
    Superseded(Box<Failure>),
}

/// The failure of a release, with what became of the way back. `is_rollback`: the release was itself gone back to.
pub fn combined(failed: Failure, back: Back, is_rollback: bool) -> Failure {
    match back {
        Back::Serves(to) => {
            let reason = format!("{}; {} serves again", failed.reason, to.short());
            // What was to be done about what is on is done; what a cause asks for is not.
            let hints = failed.causes.iter().filter_map(|cause| cause.hint.clone()).collect();
            let serves = Failure { outcome: Outcome::RolledBack, reason, hints, ..failed };
            serves.hint(if is_rollback {
                "what was to be rolled back serves again: name another release with `shipgate rollback --release`"
            } else {
                "fix the release and deploy the fixed commit"
            })
        }
        Back::Left => {
            let reason = format!("{}, and nothing was rolled back", failed.reason);
            Failure { reason, ..failed }
                .hint("`on-failure` of the environment is `leave`: remove it to have what served before brought back")
        }
        Back::Nowhere => {
            let reason = format!("{}, and no revision is known that served before", failed.reason);
            Failure { reason, ..failed }
        }
        Back::NotSeen(to, why) => {
            let Failure { causes, hints, .. } = *why;
            let reason = format!("{}, and {} is not seen to serve again: {}", failed.reason, to.short(), why.reason);
            let mut combined = Failure { outcome: Outcome::Broken, reason, hints, ..failed };
            combined.causes.extend(causes);
            combined
        }
        Back::Superseded(why) => {
            let mut superseded = *why;
            superseded.causes.splice(0..0, failed.causes);
            superseded.cause(failed.reason)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed() -> Failure {
        Failure::new(Outcome::Broken, "tasks end").cause("exit 1").hint("roll back by hand")
    }

    fn because(outcome: Outcome, reason: &str) -> Failure {
        Failure::new(outcome, reason).cause("why").hint("do it")
    }

    #[test]
    fn only_what_serves_again_is_rolled_back() {
        let to = || RevisionArn::from("arn:aws:ecs:us-east-1:123456789012:task-definition/backend:7");
        for (back, outcome, reason, causes, hints) in [
            (
                Back::Serves(to()),
                Outcome::RolledBack,
                "tasks end; backend:7 serves again",
                &["exit 1"][..],
                &["fix the release and deploy the fixed commit"][..],
            ),
            (
                Back::Left,
                Outcome::Broken,
                "tasks end, and nothing was rolled back",
                &["exit 1"],
                &[
                    "roll back by hand",
                    "`on-failure` of the environment is `leave`: remove it to have what served before brought back",
                ],
            ),
            (
                Back::Nowhere,
                Outcome::Broken,
                "tasks end, and no revision is known that served before",
                &["exit 1"],
                &["roll back by hand"],
            ),
            (
                Back::NotSeen(to(), Box::new(because(Outcome::TimedOut, "it takes too long"))),
                Outcome::Broken,
                "tasks end, and backend:7 is not seen to serve again: it takes too long",
                &["exit 1", "why"],
                &["do it"],
            ),
            (
                Back::Superseded(Box::new(because(Outcome::Superseded, "somebody came"))),
                Outcome::Superseded,
                "somebody came",
                &["exit 1", "why", "tasks end"],
                &["do it"],
            ),
        ] {
            let combined = combined(failed(), back, false);
            let texts: Vec<&str> = combined.causes.iter().map(|cause| cause.text.as_str()).collect();
            assert_eq!((combined.outcome, combined.reason.as_str(), &texts[..]), (outcome, reason, causes));
            assert_eq!(combined.hints, hints);
        }
    }
}
