//! What ECS says of targets, and of tasks that it cannot place: in the events of the service and in stopped reasons
//! ([service event messages](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html)).

use super::finding::{DiagnosedCause, What};
use super::hints;

/// A target that a load balancer finds unhealthy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnhealthyTarget {
    /// The target group, or the classic load balancer, by name.
    pub group: String,
    /// The port.
    pub port: Option<u64>,
    /// Why, in the words of the load balancer.
    pub reason: Option<String>,
}

/// The target that a text is about: `(service X) (port 8000) is unhealthy in (target-group ARN) due to (reason R)`, or
/// `Task failed ELB health checks in (target-group ARN)`.
pub fn target(text: &str) -> Option<UnhealthyTarget> {
    let is_about = text.contains(" is unhealthy in (") || text.contains("failed ELB health checks in (");
    let group = parameter(text, "(target-group ").or_else(|| parameter(text, "(elb "))?;
    let group = group.split(":targetgroup/").nth(1).unwrap_or(group);
    let group = group.split('/').next().unwrap_or(group);
    is_about.then(|| UnhealthyTarget {
        group: group.to_owned(),
        port: parameter(text, "(port ").and_then(|port| port.parse().ok()),
        reason: text.split_once("(reason ").map(|(_, reason)| reason.trim_end_matches(['.', ' ', ')']).to_owned()),
    })
}

fn parameter<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(name)?;
    Some(rest.split(')').next().unwrap_or(rest).trim())
}

/// The codes of HTTP that a target answered with: `[502]`, `[301, 404]`.
pub fn http_code(reason: &str) -> Option<&str> {
    let (_, codes) = reason.split_once("with these codes: [")?;
    let code = codes.split([']', ',']).next()?.trim();
    (code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit())).then_some(code)
}

/// What the events say that is a reason: of targets, and what the table of hints knows. The newest come first.
pub fn findings(events: &[String]) -> Vec<DiagnosedCause> {
    let mut findings = Vec::new();
    for event in events {
        let said = Some(event.clone());
        let finding = match target(event) {
            Some(target) => DiagnosedCause {
                reason: target.reason,
                target_group: Some(target.group),
                port: target.port,
                ..DiagnosedCause::new(What::Target)
            },
            None if hints::of_ecs(event).is_some() => DiagnosedCause { said, ..DiagnosedCause::new(What::Event) },
            None => continue,
        };
        finding.count(&mut findings);
    }
    findings
}

/// Joins what stopped for a target with what the events say of it.
pub fn join(stops: &mut [DiagnosedCause], mut events: Vec<DiagnosedCause>) -> Vec<DiagnosedCause> {
    for stop in stops.iter_mut().filter(|stop| stop.what == What::Target && stop.reason.is_none()) {
        let place =
            events.iter().position(|event| event.what == What::Target && event.target_group == stop.target_group);
        if let Some(event) = place.map(|place| events.remove(place)) {
            stop.reason = event.reason;
            stop.port = event.port;
        }
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: &str =
        "(target-group arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/stage-web/50dc6c495c0c9188)";

    #[test]
    fn targets_are_read_from_what_ecs_says() {
        let target = |group: &str, port, reason: Option<&str>| {
            Some(UnhealthyTarget { group: group.to_owned(), port, reason: reason.map(str::to_owned) })
        };
        let codes = "Health checks failed with these codes: [502]";
        for (text, expected) in [
            (
                format!("(service web) (port 8000) is unhealthy in {GROUP} due to (reason {codes})"),
                target("stage-web", Some(8000), Some(codes)),
            ),
            (
                format!(
                    "(service web, taskSet ecs-svc/1) (port 80) is unhealthy in {GROUP} due to (reason Request timed out)."
                ),
                target("stage-web", Some(80), Some("Request timed out")),
            ),
            (format!("Task failed ELB health checks in {GROUP}"), target("stage-web", None, None)),
            ("Task failed ELB health checks in (elb classic)".to_owned(), target("classic", None, None)),
            (format!("(service web) registered 1 targets in {GROUP}"), None),
            ("(service web) has reached a steady state.".to_owned(), None),
        ] {
            assert_eq!(super::target(&text), expected, "{text}");
        }
    }

    #[test]
    fn codes_are_read() {
        for (reason, code) in [
            ("Health checks failed with these codes: [502]", Some("502")),
            ("Health checks failed with these codes: [301, 404]", Some("301")),
            ("Health checks failed", None),
            ("Health checks failed with these codes: [many]", None),
        ] {
            assert_eq!(http_code(reason), code, "{reason}");
        }
    }
}
