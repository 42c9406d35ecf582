//! What is wrong with several environments.

use crate::domain::failure::Failure;

/// What is wrong, each once: what is the same for several environments begins with their names.
pub fn of_environments<'f>(each: impl Iterator<Item = (&'f str, &'f Failure)>) -> Vec<Failure> {
    let mut found: Vec<(&Failure, Vec<&str>)> = Vec::new();
    for (environment, failure) in each {
        match found.iter_mut().find(|(other, _)| is_same(other, failure)) {
            Some((_, environments)) if environments.contains(&environment) => {}
            Some((_, environments)) => environments.push(environment),
            None => found.push((failure, vec![environment])),
        }
    }
    let named = |(failure, environments): (&Failure, Vec<&str>)| match environments.as_slice() {
        [_] => failure.clone(),
        _ => Failure { reason: format!("{}: {}", environments.join(", "), failure.reason), ..failure.clone() },
    };
    found.into_iter().map(named).collect()
}

/// Whether two say the same, but for the ids that AWS gives each request.
fn is_same(one: &Failure, other: &Failure) -> bool {
    let causes = |failure: &Failure| -> Vec<String> {
        let without_id = |text: &str| text.split(" (request ").next().unwrap_or_default().to_owned();
        failure.causes.iter().map(|cause| without_id(&cause.text)).collect()
    };
    let rest = |failure: &Failure| (failure.outcome, failure.reason.clone(), failure.hints.clone());
    rest(one) == rest(other) && causes(one) == causes(other) && one.diagnostics == other.diagnostics
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_for_several_environments_is_said_once() {
        let unreachable = |request: &str| {
            let failure = Failure::failed("`ecs:DescribeServices` cannot be asked").hint("check the network");
            failure.cause(format!("ecs:DescribeServices: no (request {request})"))
        };
        let (first, second, other) = (unreachable("1"), unreachable("2"), Failure::failed("it does not exist"));
        let each = [("stage", &first), ("stage", &first), ("stage", &other), ("production", &second)];
        let found = of_environments(each.into_iter());
        let reasons: Vec<&str> = found.iter().map(|failure| failure.reason.as_str()).collect();
        assert_eq!(reasons, ["stage, production: `ecs:DescribeServices` cannot be asked", "it does not exist"]);
        assert_eq!(found[0].hints, ["check the network"]);
    }
}
