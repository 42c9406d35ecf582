use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::domain::ecs::plan::tests::{facts, known_image, revision, target};
use crate::domain::ecs::plan::{EcsFacts, plan};
use crate::domain::ecs::settings::Strategy;
use crate::domain::probe::Probe;

const OLD: &str = "repo:4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/// A service about which nothing is said: two tasks behind a load balancer.
fn sound() -> EcsFacts {
    let mut facts = facts(revision(7, OLD, "x", None), Vec::new());
    facts.service.desired = 2;
    facts.service.settings = Box::new(RolloutSettings {
        breaker: Breaker::RollsBack,
        minimum_healthy_percent: Some(100),
        maximum_percent: Some(200),
        is_balanced: true,
        ..RolloutSettings::default()
    });
    facts
}

fn asked() -> EcsTarget {
    EcsTarget { probes_left_out: true, ..target() }
}

fn found(target: &EcsTarget, facts: &EcsFacts) -> Vec<Caution> {
    cautions(target, (&facts.service, &facts.live), &facts.live.definition)
}

/// What is found once a service differs from the sound one.
fn of(change: impl FnOnce(&mut EcsFacts)) -> Vec<Caution> {
    let mut facts = sound();
    change(&mut facts);
    found(&asked(), &facts)
}

fn container(facts: &mut EcsFacts, fields: &Value) {
    let mut document = facts.live.definition.to_json();
    for (key, value) in fields.as_object().unwrap() {
        document["containerDefinitions"][0][key] = value.clone();
    }
    facts.live.definition = TaskDefinition::from_json(document).unwrap();
}

#[test]
fn a_sound_service_is_not_warned_of() {
    assert_eq!(of(|_| {}), []);
}

#[test]
fn a_circuit_breaker_has_to_be_on_and_to_roll_back_where_there_can_be_one() {
    let with = |breaker| move |facts: &mut EcsFacts| facts.service.settings.breaker = breaker;
    assert_eq!(of(with(Breaker::Off)), [Caution::BreakerOff]);
    assert_eq!(of(with(Breaker::Stops)), [Caution::BreakerStops]);
    let shifts = |facts: &mut EcsFacts| {
        with(Breaker::Off)(facts);
        facts.service.settings.strategy = Strategy::Shifting("BLUE_GREEN".to_owned());
    };
    assert_eq!(of(shifts), [], "it is for tasks that are replaced step by step");
    let classic = |facts: &mut EcsFacts| {
        with(Breaker::Off)(facts);
        facts.service.deployments[0].rollout_state = None;
    };
    assert_eq!(of(classic), [], "no deployment has a state behind a classic load balancer");
    let daemon = |facts: &mut EcsFacts| {
        with(Breaker::Off)(facts);
        (facts.service.settings.is_daemon, facts.service.desired) = (true, 0);
    };
    assert_eq!(of(daemon), [Caution::BreakerOff]);
}

/// ECS rounds the minimum up and the maximum down.
#[test]
fn tasks_can_be_replaced_and_some_always_run() {
    let stuck = |desired, most, fewest| vec![Caution::Stuck { desired, most, fewest }];
    for (desired, minimum, maximum, expected) in [
        (2, Some(100), Some(200), vec![]),
        (2, Some(50), Some(100), vec![]),
        (2, Some(100), Some(100), stuck(2, 2, 2)),
        (2, Some(51), Some(149), stuck(2, 2, 2)),
        (2, Some(51), Some(150), vec![]),
        (1, Some(50), Some(100), stuck(1, 1, 1)),
        (1, Some(1), Some(199), stuck(1, 1, 1)),
        (1, Some(100), Some(200), vec![]),
        (10, Some(90), Some(100), vec![]),
        (10, Some(91), Some(109), stuck(10, 10, 10)),
        (1, Some(0), Some(100), vec![Caution::Downtime]),
        (4, Some(0), Some(200), vec![Caution::Downtime]),
        (2_000_000_000, Some(100), Some(100), stuck(2_000_000_000, 2_000_000_000, 2_000_000_000)),
        (2, None, Some(100), vec![]),
        (2, Some(100), None, vec![]),
        // Nothing is replaced.
        (0, Some(100), Some(100), vec![]),
    ] {
        let service = |facts: &mut EcsFacts| {
            facts.service.desired = desired;
            facts.service.settings.minimum_healthy_percent = minimum;
            facts.service.settings.maximum_percent = maximum;
        };
        assert_eq!(of(service), expected, "{desired} {minimum:?} {maximum:?}");
        let as_daemon = |facts: &mut EcsFacts| {
            service(facts);
            facts.service.settings.is_daemon = true;
        };
        assert_eq!(of(as_daemon), [], "each instance stops its task before the next one starts");
    }
}

#[test]
fn health_is_asked_by_a_load_balancer_or_an_essential_container() {
    let alone = |fields: Value| {
        move |facts: &mut EcsFacts| {
            facts.service.settings.is_balanced = false;
            container(facts, &fields);
        }
    };
    let none = |port| vec![Caution::NoHealthCheck { port }];
    let check = json!({"command": ["CMD-SHELL", "true"]});
    for (fields, expected) in [
        (json!({}), none(None)),
        (json!({"portMappings": [{"containerPort": 8000}]}), none(Some(8000))),
        (json!({"healthCheck": null}), none(None)),
        (json!({"healthCheck": check}), vec![]),
        (json!({"healthCheck": check, "essential": false}), none(None)),
    ] {
        assert_eq!(of(alone(fields.clone())), expected, "{fields}");
    }
}

/// A worker has no address.
#[test]
fn what_listens_is_asked_by_a_probe_unless_that_is_left_out_in_writing() {
    let mut worker = sound();
    container(&mut worker, &json!({"healthCheck": {"command": ["CMD-SHELL", "true"]}}));
    worker.service.settings.is_balanced = false;
    let mut listening = worker.clone();
    container(&mut listening, &json!({"portMappings": [{"containerPort": 8000}]}));
    let probe = Probe {
        line: None,
        url: "http://stage.example/health".parse().unwrap(),
        is_browser: false,
        method: "GET".to_owned(),
        headers: IndexMap::new(),
        status: 200,
        text: None,
        json: IndexMap::new(),
        response_headers: IndexMap::new(),
        timeout: Duration::from_secs(5),
        interval: Duration::from_secs(1),
        retries: 10,
        successes: 1,
    };
    let asked_once = EcsTarget { probes: vec![probe], ..target() };
    for facts in [sound(), listening] {
        assert_eq!(found(&target(), &facts), [Caution::NoProbe]);
        assert_eq!(found(&asked_once, &facts), []);
        assert_eq!(found(&asked(), &facts), []);
    }
    assert_eq!(found(&target(), &worker), []);
}

/// What the load balancer did in the last rollout is known from its events only; how long a start takes, not at all.
#[test]
fn a_grace_period_is_short_where_tasks_were_refused_in_a_rollout_that_took_longer() {
    const DONE: &str = "(service web) (deployment ecs-svc/1) deployment completed.";
    const BEFORE: &str = "(service web) (deployment ecs-svc/0) deployment completed.";
    const STEADY: &str = "(service web) has reached a steady state.";
    const REFUSED: &str =
        "(service web) (port 80) is unhealthy in (target-group arn) due to (reason Health checks failed)";
    let short = |grace, start| {
        let [grace, start] = [grace, start].map(Duration::from_secs);
        vec![Caution::ShortGrace { grace, start }]
    };
    for (grace, took, events, expected) in [
        (None, Some(90), &[STEADY, DONE, REFUSED, BEFORE][..], short(0, 90)),
        (Some(30), Some(90), &[DONE, STEADY, REFUSED, STEADY], short(30, 90)),
        (Some(90), Some(90), &[STEADY, DONE, REFUSED, BEFORE], vec![]),
        (Some(30), None, &[STEADY, DONE, REFUSED, BEFORE], vec![]),
        (Some(30), Some(90), &[STEADY, DONE, STEADY, BEFORE, REFUSED], vec![]),
        (Some(30), Some(90), &[REFUSED, STEADY, DONE, BEFORE], vec![]),
        (Some(30), Some(90), &[STEADY, REFUSED, BEFORE], vec![]),
        (Some(30), Some(90), &[], vec![]),
    ] {
        let service = |facts: &mut EcsFacts| {
            let began = Timestamp::from_second(1_700_000_000).unwrap();
            let primary = &mut facts.service.deployments[0];
            primary.created = Some(began);
            primary.updated = took.map(|took| began + Duration::from_secs(took));
            facts.service.settings.health_check_grace = grace.map(Duration::from_secs);
            let event = |text: &&str| ServiceEvent { id: String::new(), message: (*text).to_owned() };
            facts.service.events = events.iter().map(event).collect();
        };
        assert_eq!(of(service), expected, "{grace:?} {took:?} {events:?}");
        let alone = |facts: &mut EcsFacts| {
            service(facts);
            container(facts, &json!({"healthCheck": {"command": ["CMD-SHELL", "true"]}}));
            facts.service.settings.is_balanced = false;
        };
        assert_eq!(of(alone), []);
    }
}

#[test]
fn a_tag_moves_unless_it_names_a_build_by_custom() {
    let pinned = format!("repo:latest@sha256:{}", "a".repeat(64));
    for (image, moves) in [
        ("repo", true),
        ("repo:latest", true),
        ("repo:main", true),
        ("repo:1.27", true),
        ("repo:v2", true),
        ("repo:a.b.c", true),
        ("host:5000/repo", true),
        (pinned.as_str(), false),
        (&format!("repo@sha512:{}", "a".repeat(128)), false),
        (OLD, false),
        (&format!("{OLD}-dirty-20261120T234749Z"), false),
        ("repo:4b825dc", false),
        ("repo:main-4b825dc642cb", false),
        ("repo:20261120", false),
        ("repo:1.27.3", false),
        ("repo:v1.27.3-alpine", false),
    ] {
        let caution = Caution::MovingTags { images: vec![("web".to_owned(), image.to_owned())], others: false };
        let expected: &[Caution] = if moves { &[caution] } else { &[] };
        assert_eq!(of(|facts| container(facts, &json!({"image": image}))), expected, "{image}");
    }
}

/// What is done about it is a command or a key, and the plan that rolls out has it.
#[test]
fn each_is_a_warning_with_what_to_do() {
    let mut facts = sound();
    container(&mut facts, &json!({"image": "repo:latest", "portMappings": [{"containerPort": 8000}]}));
    let mut document = facts.live.definition.to_json();
    let sidecar = json!({"name": "proxy", "image": "proxy:1", "essential": false});
    document["containerDefinitions"].as_array_mut().unwrap().push(sidecar);
    facts.live.definition = TaskDefinition::from_json(document).unwrap();
    *facts.service.settings = RolloutSettings {
        minimum_healthy_percent: Some(100),
        maximum_percent: Some(100),
        ..RolloutSettings::default()
    };
    let release = OLD.split_once(':').unwrap().1.parse().unwrap();
    let planned = plan(&target(), &facts, &known_image('a'), &release).unwrap();
    let others = [
        Caution::BreakerStops,
        Caution::Downtime,
        Caution::ShortGrace { grace: Duration::ZERO, start: Duration::from_millis(89_500) },
        Caution::MovingTags { images: vec![("web".to_owned(), "repo".to_owned())], others: false },
    ];
    let name = "backend".parse().unwrap();
    let shown: Vec<String> = planned
        .cautions
        .iter()
        .chain(&others)
        .map(|caution| caution.warning(&name, (&planned.target, &planned.live)))
        .map(|warning| format!("{}\n  {}", warning.text, warning.hint.unwrap()))
        .collect();
    let update = "`aws ecs update-service --cluster stage-cluster --service stage-backend-blue";
    let template = ", and the same in its template if it has one";
    let expected = [
        format!(
            "service stage-backend-blue cannot replace a task: of 2 it may run 2 at most, and 2 have to be healthy\n  \
             {update} --deployment-configuration \"minimumHealthyPercent=100,maximumPercent=200\"`{template}"
        ),
        format!(
            "the deployment circuit breaker of service stage-backend-blue is off: ECS never gives up on failing tasks\n  \
             {update} --deployment-configuration \"deploymentCircuitBreaker={{enable=true,rollback=true}}\"`{template}"
        ),
        "nothing checks the health of backend: it has no load balancer, and no container a health check\n  write in \
         container web of its task definition, for example: `\"healthCheck\": {\"command\": [\"CMD-SHELL\", \"curl -f \
         http://localhost:8000/ || exit 1\"]}`"
            .to_owned(),
        "backend has no probe: that the release answers is not proven\n  write `probes = [{ url = \
         \"https://…/health\" }]` in `[components.backend]`, or `probes = []` if nothing of it can be asked from here"
            .to_owned(),
        "backend:7 runs `repo:latest` in web, `proxy:1` in proxy: a tag that moves makes it another one to go back \
         to\n  write the digest behind the tag, as `NAME:TAG@sha256:…`: `aws ecs describe-tasks --cluster stage-cluster \
         --tasks $(aws ecs list-tasks --cluster stage-cluster --service-name stage-backend-blue --query taskArns \
         --output text) --query \"tasks[].containers[].[name,imageDigest]\"` shows it"
            .to_owned(),
        format!(
            "the deployment circuit breaker of service stage-backend-blue gives up, and does not roll back\n  {update} \
             --deployment-configuration \"deploymentCircuitBreaker={{enable=true,rollback=true}}\"`{template}"
        ),
        format!(
            "service stage-backend-blue may be down during the rollout: its minimum healthy percent is 0, so that ECS may \
             stop every task before a new one runs\n  {update} --deployment-configuration \
             \"minimumHealthyPercent=100,maximumPercent=200\"`{template}"
        ),
        format!(
            "the load balancer refused tasks of backend in its last rollout, in which they took 90 s at most to start; \
             the grace period is 0 s\n  {update} --health-check-grace-period-seconds 90`{template}"
        ),
        "backend:7 runs `repo` in web: a tag that moves makes it another one to go back to\n  do not move the tag \
         until the release serves: from then on the image is pinned by its digest"
            .to_owned(),
    ];
    assert_eq!(shown, expected);
}

/// Nothing is rolled out, and the way back is no time to read about settings.
#[test]
fn only_a_rollout_is_warned_of_and_on_the_way_back_only_what_ends_it() {
    let mut facts = sound();
    facts.service.settings.breaker = Breaker::Off;
    let release = OLD.split_once(':').unwrap().1.parse().unwrap();
    let first = plan(&asked(), &facts, &known_image('a'), &release).unwrap();
    assert_eq!(first.cautions, [Caution::BreakerOff]);
    let after = crate::domain::ecs::plan::tests::carried_out(&facts, &first);
    assert_eq!(plan(&asked(), &after, &known_image('a'), &release).unwrap().cautions, []);
    assert_eq!(cautions_back(&asked(), (&facts.service, &facts.live), &facts.live.definition), []);
    facts.service.settings.maximum_percent = Some(100);
    let stuck = Caution::Stuck { desired: 2, most: 2, fewest: 2 };
    assert_eq!(cautions_back(&asked(), (&facts.service, &facts.live), &facts.live.definition), [stuck]);
}
