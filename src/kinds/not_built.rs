//! What is said of an action that a kind of component does not have yet: never nothing, and never success.

use std::fmt::Display;
use std::future::ready;

use futures_util::future::LocalBoxFuture;

use crate::domain::failure::Failure;
use crate::domain::kind::NOT_BUILT;

/// An answer that takes a while.
pub type PendingAnswer<'a, T> = LocalBoxFuture<'a, Result<T, Failure>>;

/// The refusal of an action. `of`: the component or the kind that it is asked of.
pub fn not_built(action: &str, of: impl Display) -> Failure {
    Failure::invalid(format!("{action} {NOT_BUILT} for {of}"))
        .hint("name the components of other kinds with --component")
}

/// The refusal as the answer to a question.
pub fn refuse<'a, T: 'a>(action: &str, of: impl Display) -> PendingAnswer<'a, T> {
    Box::pin(ready(Err(not_built(action, of))))
}

/// A kind in words, as the configuration has it.
pub fn kind(word: &str) -> String {
    format!("`kind = \"{word}\"`")
}

/// A component in words.
pub fn component(name: impl Display) -> String {
    format!("component `{name}`")
}

/// A component in words, with its kind.
pub fn component_of(name: impl Display, word: &str) -> String {
    format!("component `{name}` of {}", kind(word))
}

/// The refusal of a promotion from a component that is of another kind.
pub fn other_kind(name: impl Display) -> Failure {
    Failure::failed(format!("component `{name}` is of another kind where it is promoted from"))
        .hint("give it the same `kind` in all environments")
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::domain::outcome::Outcome;

    #[test]
    fn an_action_is_refused_by_name_and_not_left_out() {
        let answer: PendingAnswer<'_, Vec<u8>> = refuse("`shipgate logs`", kind("static-site"));
        let failure = answer.now_or_never().unwrap().unwrap_err();
        assert_eq!(failure.outcome, Outcome::Invalid);
        assert_eq!(failure.reason, "`shipgate logs` is not built yet for `kind = \"static-site\"`");
        assert_eq!(
            not_built("a rollback", component("site")).reason,
            "a rollback is not built yet for component `site`"
        );
    }
}
