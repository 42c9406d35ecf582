mod golden;

use super::*;
use crate::domain::contract::DeclaredContract;
use crate::domain::ecs::component::{neutral, plan_release, planned_holds};
use crate::domain::ecs::ledger::LedgerEntry;
use crate::domain::ecs::plan::tests::{carried_out, facts, revision, target};
use crate::domain::ecs::plan::{EcsFacts, EcsPlan, plan, plan_rollback};
use crate::domain::ecs::service::RolloutState;
use crate::domain::ecs::target::{EcsTarget, MissingVariables};
use crate::domain::gate::Approval;
use crate::domain::image::{Digest, ImageRepository};
use crate::domain::provenance::{OverriddenGate, Provenance};
use crate::domain::step::{StepId, StepVerb};
use crate::domain::target::{Component, Image, ImageBuild, Reuse};
use indexmap::IndexMap;
use jiff::Timestamp;
use proptest::prelude::*;

const SHA: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

fn image() -> Image {
    Image {
        component: "backend".parse().unwrap(),
        repository: "stage-cloudshop-backend".parse().unwrap(),
        create_repository: false,
        reuse: Reuse::Any,
        build: ImageBuild {
            line: None,
            context: "backend".into(),
            dockerfile: None,
            platforms: Vec::new(),
            args: IndexMap::new(),
            tags: Vec::new(),
        },
    }
}

fn repository() -> ImageRepository {
    ImageRepository { host: "localhost:4566".to_owned(), name: "stage-cloudshop-backend".parse().unwrap() }
}

fn present(revisions: &[Option<&str>]) -> ImageState {
    ImageState::Present(PresentImage {
        digest: format!("sha256:{}", "a".repeat(64)).parse().unwrap(),
        platforms: Vec::new(),
        revisions: revisions.iter().map(|revision| revision.map(str::to_owned)).collect(),
    })
}

fn planned(state: &ImageState) -> Result<ImagePlan, ImageError> {
    plan_image(&image(), repository(), state, &SHA.parse().unwrap())
}

fn component(name: &str) -> Component {
    Component {
        name: name.parse().unwrap(),
        depends_on: Vec::new(),
        follows: Vec::new(),
        contract: DeclaredContract::default(),
        kind: target().into(),
    }
}

/// The plan of a service for the image of a plan.
fn planned_service(target: &EcsTarget, facts: &EcsFacts, images: &[ImagePlan]) -> EcsPlan {
    plan(target, facts, &images[0].planned(), &SHA.parse().unwrap()).unwrap()
}

fn whole_plan(state: &ImageState, live: u64, desired: i32) -> Plan {
    whole_plan_of(&target(), state, live, desired)
}

fn whole_plan_of(target: &EcsTarget, state: &ImageState, live: u64, desired: i32) -> Plan {
    let mut facts = facts(revision(live, "repo:old", "debug", None), vec![]);
    facts.service.desired = desired;
    let images = vec![planned(state).unwrap()];
    let release: ReleaseName = SHA.parse().unwrap();
    let service = planned_service(target, &facts, &images);
    let environment = EnvironmentTarget {
        app: "cloudshop".to_owned(),
        environment: "stage".parse().unwrap(),
        region: "us-east-1".parse().unwrap(),
        account: None,
        account_line: None,
        url: None,
        roles: crate::domain::role::Roles::default(),
        promotes_from: None,
        on_failure: OnFailure::default(),
        is_part: false,
        policy: GatePolicy::default(),
        workflows: Vec::new(),
        images: vec![image()],
        components: Vec::new(),
    };
    Plan {
        components: vec![neutral(&component("backend"), &service, &release)],
        images,
        ..Plan::new(Intent::Deploy, "123456789012".parse().unwrap(), &environment, release)
    }
}

#[test]
fn an_image_is_reused_only_when_every_label_agrees() {
    assert!(matches!(planned(&present(&[Some(SHA)])).unwrap().step, ImageStep::Reuse { .. }));
    for labels in [vec![None], vec![Some("other")], vec![Some(SHA), None]] {
        let error = planned(&present(&labels)).unwrap_err();
        assert!(matches!(error, ImageError::TagTaken { .. }), "{labels:?}");
    }
}

#[test]
fn a_missing_repository_is_created_only_when_asked() {
    assert_eq!(planned(&ImageState::RepositoryMissing), Err(ImageError::RepositoryMissing(repository())));
    let creating = Image { create_repository: true, ..image() };
    let plan = plan_image(&creating, repository(), &ImageState::RepositoryMissing, &SHA.parse().unwrap()).unwrap();
    assert_eq!(plan.step, ImageStep::Build { create_repository: true });
}

#[test]
fn the_digest_leaves_out_what_is_already_done_and_how_many_run() {
    let digest = whole_plan(&ImageState::Missing, 7, 1).digest();
    assert_eq!(digest, whole_plan(&present(&[Some(SHA)]), 7, 1).digest());
    assert_eq!(digest, whole_plan(&ImageState::Missing, 7, 5).digest());
    assert_ne!(digest, whole_plan(&ImageState::Missing, 8, 1).digest());
}

#[test]
fn steps_come_in_order() {
    let names: Vec<String> =
        whole_plan(&ImageState::Missing, 7, 1).steps().into_iter().map(|step| step.id.to_string()).collect();
    assert_eq!(names, ["build backend", "register backend", "update backend", "wait for backend", "settle backend"]);
}

#[test]
fn what_one_component_leaves_is_held_on_all_before_the_first_is_changed() {
    let entry = |sha: &str| {
        let succeeded = Some("deployed".to_owned());
        Some(LedgerEntry { outcome: succeeded, ..LedgerEntry::new(sha.parse().unwrap(), &"arn".into()) })
    };
    let other = "a".repeat(40);
    let restored = revision(7, &format!("repo:{SHA}"), "debug", entry(SHA));
    let newer = revision(8, &format!("repo:{other}"), "debug", entry(&other));
    let image = KnownImage {
        reference: repository().pinned(&SHA.parse().unwrap(), &digest('a')),
        digest: digest('a'),
        platforms: Vec::new(),
    };
    let release: ReleaseName = SHA.parse().unwrap();
    let names = ["worker", "backend", "mailer"];
    let seen = [&restored, &newer, &newer].map(|live| facts(live.clone(), vec![]));
    let plans = names.iter().zip(&seen).map(|(name, facts)| {
        let service = plan_rollback(&target(), facts, &restored, Some(&image), false);
        neutral(&component(name), &service, &release)
    });
    let components: Vec<ComponentPlan> = plans.collect();
    let before = Plan { intent: Intent::Rollback, components, ..whole_plan(&ImageState::Missing, 7, 1) };

    let left = left_releases(before.components());
    assert_eq!(left.len(), 1, "both leave the same");
    let held = names.iter().zip(&seen);
    let holds = held.flat_map(|(name, facts)| planned_holds(&name.parse().unwrap(), &target(), facts, &left));
    let whole = Plan { holds: holds.collect(), ..before.clone() };

    assert!(whole.components[0].is_empty(), "it is held, and stays as it is");
    assert_eq!(whole.digest(), before.digest());
    let steps: Vec<String> = whole.steps().into_iter().map(|step| step.id.to_string()).collect();
    assert_eq!(steps[..2], ["build backend", "verify worker"].map(str::to_owned));
    let backend = ["register backend", "hold worker", "hold backend", "hold mailer", "update backend"];
    assert_eq!(steps[2..7], backend.map(str::to_owned), "after the image of the whole plan");
}

fn tags(leads: &[(&str, Option<char>)], digest_now: Option<char>, is_immutable: bool) -> PlannedTags {
    let leads = leads.iter().map(|(tag, led)| (tag.parse().unwrap(), led.map(digest)));
    let name = "backend".parse().unwrap();
    PlannedTags::new(name, repository(), digest_now.map(digest), leads.collect(), is_immutable)
}

/// What each component waits for: `site` depends on `worker`, and that on `backend`; `mailer` on nothing.
#[test]
fn a_site_goes_back_before_what_it_depends_on() {
    let first = whole_plan(&present(&[Some(SHA)]), 7, 1);
    let component = |name: &str, verb: StepVerb, follows: &[&str]| ComponentPlan {
        name: name.parse().unwrap(),
        follows: follows.iter().map(|name| name.parse().unwrap()).collect(),
        steps: vec![PlanStep::new(verb, &name.parse().unwrap(), "")],
        ..first.components[0].clone()
    };
    let service = |name: &str, follows: &[&str]| component(name, StepVerb::Update, follows);
    let (backend, mailer) = (service("backend", &[]), service("mailer", &[]));
    let worker = service("worker", &["backend"]);
    let site = component("site", StepVerb::Publish, &["worker", "backend"]);
    let taken = |intent: &Intent, components: &[&ComponentPlan]| {
        let components = components.iter().map(|&component| component.clone()).collect();
        let plan = Plan { intent: intent.clone(), components, images: Vec::new(), ..first.clone() };
        let waits = |step: &PlanStep| {
            let needs: Vec<&str> = step.needs.iter().map(|needed| needed.component().unwrap().as_str()).collect();
            format!("{}({})", step.id.component().unwrap(), needs.join(" "))
        };
        plan.steps().iter().map(waits).collect::<Vec<_>>().join(", ")
    };
    let forward = "backend(), mailer(), worker(backend), site(backend worker)";
    let back = "mailer(), site(), backend(site), worker(backend site)";
    let all = [&backend, &mailer, &worker, &site];
    for (intent, expected) in [
        (Intent::Deploy, forward),
        (Intent::Promote { source: "stage".parse().unwrap() }, forward),
        (Intent::Rollback, back),
    ] {
        assert_eq!(taken(&intent, &all), expected, "{intent:?}");
    }
    // What is left out with `--component` stands between nothing.
    assert_eq!(taken(&Intent::Rollback, &[&backend, &site]), "site(), backend(site)");
    assert_eq!(taken(&Intent::Deploy, &[&backend, &site]), "backend(), site(backend)");
}

/// What the image is not known by yet leads nowhere.
#[test]
fn tags_move_that_lead_elsewhere_or_nowhere_and_may() {
    let leads = [("latest", Some('b')), ("v1", Some('a')), ("new", None)];
    for (now, is_immutable, moves, fixed) in [
        (Some('a'), false, "latest, new", ""),
        (Some('a'), true, "new", "latest"),
        (Some('b'), true, "new", "v1"),
        (None, false, "latest, v1, new", ""),
        (None, true, "new", "latest, v1"),
    ] {
        let tags = tags(&leads, now, is_immutable);
        let names = [&tags.moves, &tags.fixed, &tags.wanted].map(|tags| PlannedTags::names(tags));
        assert_eq!(names, [moves, fixed, "latest, v1, new"], "{now:?} {is_immutable}");
    }
}

#[test]
fn tags_are_moved_after_all_that_run_the_image() {
    let mut plan = whole_plan(&present(&[Some(SHA)]), 7, 1);
    let worker = ComponentPlan { name: "worker".parse().unwrap(), ..plan.components[0].clone() };
    plan.components.push(worker);
    for component in &mut plan.components {
        for step in &mut component.steps {
            step.id = StepId::new(step.id.verb, &component.name);
        }
    }
    let before = plan.digest();
    plan.tags = vec![tags(&[("latest", Some('b'))], Some('a'), false)];
    let steps = plan.steps();
    let last = steps.last().unwrap();
    assert_eq!(last.id.to_string(), "move tags backend");
    let needs: Vec<String> = last.needs.iter().map(ToString::to_string).collect();
    assert_eq!(needs, ["settle backend", "settle worker"]);
    assert_eq!(plan.digest(), before, "they are among the inputs of the build");
    plan.tags = vec![tags(&[("latest", Some('a'))], Some('a'), false)];
    assert!(!plan.steps().iter().any(|step| step.id.verb == StepVerb::MoveTags));
    plan.components.clear();
    plan.tags = vec![tags(&[("latest", Some('b'))], Some('a'), false)];
    assert!(!plan.steps().iter().any(|step| step.id.verb == StepVerb::MoveTags), "nothing of the plan runs it");
}

#[test]
fn who_shares_an_image_is_told_of_the_command_that_runs_beside_it() {
    let with_command = EcsTarget { pre_deploy: Some(vec!["migrate".parse().unwrap()]), ..target() };
    let mut plan = whole_plan_of(&with_command, &present(&[Some(SHA)]), 7, 1);
    let worker = whole_plan(&present(&[Some(SHA)]), 7, 1).components.remove(0);
    plan.components.push(ComponentPlan { name: "worker".parse().unwrap(), ..worker });
    let texts = |plan: &Plan| {
        let texts = plan.warnings().into_iter().map(|warning| warning.text);
        texts.filter(|text| text.contains("pre-deploy")).collect::<Vec<_>>()
    };
    let reported = ["worker is changed beside backend, whose pre-deploy command may still run then"];
    assert_eq!(texts(&plan), reported);
    plan.components[1].follows = vec!["backend".parse().unwrap()];
    assert_eq!(texts(&plan), [""; 0]);
}

fn digest(character: char) -> Digest {
    format!("sha256:{}", character.to_string().repeat(64)).parse().unwrap()
}

/// What the registries say of a promotion to another repository.
fn promoted(state: TagState) -> PromotedImage {
    PromotedImage {
        digest: digest('a'),
        from: repository(),
        found: Some(PresentImage { digest: digest('a'), platforms: Vec::new(), revisions: vec![Some(SHA.to_owned())] }),
        target: state,
    }
}

fn production() -> ImageRepository {
    ImageRepository { name: "prod-cloudshop-backend".parse().unwrap(), ..repository() }
}

fn promotion(facts: &EcsFacts, state: TagState, source: &str) -> Plan {
    let release: ReleaseName = SHA.parse().unwrap();
    let images = vec![plan_promoted_image(&image(), production(), &promoted(state), &release).unwrap()];
    let service = planned_service(&target(), facts, &images);
    Plan {
        intent: Intent::Promote { source: source.parse().unwrap() },
        environment: "production".parse().unwrap(),
        components: vec![neutral(&component("backend"), &service, &release)],
        images,
        ..whole_plan(&ImageState::Missing, 7, 1)
    }
}

fn live(number: u64) -> EcsFacts {
    facts(revision(number, "repo:old", "debug", None), vec![])
}

/// The facts once a promotion has got so far: its revision is the live one, and its ledger says what was before.
fn promoted_facts(before: &EcsFacts, outcome: Option<&str>, at: Timestamp) -> EcsFacts {
    let images = promotion(before, TagState::Missing, "stage").images;
    let mut after = carried_out(before, &planned_service(&target(), before, &images));
    after.live.ledger = Some(LedgerEntry {
        previous: Some(before.live.arn.clone()),
        outcome: outcome.map(str::to_owned),
        at: Some(at),
        provenance: Provenance {
            plan_runs: vec![7],
            by: Some("ana".to_owned()),
            trigger: Some("push".to_owned()),
            run: Some(format!("acme/shop/{}/1", at.as_second())),
            began: Some(at),
            committed: Some(at),
            approvers: vec![format!("eva-{}", at.as_second())],
            overrides: vec![OverriddenGate { gate: "soak".to_owned(), reason: at.to_string() }],
            plan: Some(Digest::of(at.to_string())),
        },
        ..LedgerEntry::new(SHA.parse().unwrap(), &"arn".into())
    });
    after
}

#[test]
fn a_promoted_image_is_copied_only_where_it_is_not() {
    let release = SHA.parse().unwrap();
    let step = |to: ImageRepository, state| plan_promoted_image(&image(), to, &promoted(state), &release).unwrap().step;
    assert!(matches!(step(production(), TagState::Missing), ImageStep::Copy { create_repository: false, .. }));
    let there = step(production(), TagState::LeadsTo(digest('a')));
    assert!(matches!(there, ImageStep::Reuse { is_tagged: true, .. }));
    let untagged = step(repository(), TagState::Missing);
    assert!(matches!(untagged, ImageStep::Reuse { is_tagged: false, .. }), "in one repository nothing moves");
    let creating = Image { create_repository: true, ..image() };
    let plan = plan_promoted_image(&creating, production(), &promoted(TagState::RepositoryMissing), &release).unwrap();
    assert!(matches!(plan.step, ImageStep::Copy { create_repository: true, .. }));
}

#[test]
fn an_image_that_is_not_the_release_is_not_promoted() {
    let release = SHA.parse().unwrap();
    let error = |seen: &PromotedImage| plan_promoted_image(&image(), production(), seen, &release).unwrap_err();
    assert!(matches!(error(&promoted(TagState::LeadsTo(digest('b')))), ImageError::TagLeadsElsewhere { .. }));
    assert_eq!(error(&promoted(TagState::RepositoryMissing)), ImageError::RepositoryMissing(production()));
    let expired = PromotedImage { found: None, ..promoted(TagState::Missing) };
    assert!(matches!(error(&expired), ImageError::Expired(_)));
    for label in [None, Some("other".to_owned())] {
        let mut seen = promoted(TagState::Missing);
        seen.found.as_mut().unwrap().revisions = vec![label];
        assert!(matches!(error(&seen), ImageError::OtherCommit { .. }));
    }
}

#[test]
fn what_is_missing_stops_a_promotion_only_where_that_is_asked() {
    let source = revision(3, "repo:x", "debug", None).definition;
    let mut live = live(7);
    let without = serde_json::json!({"family": "backend", "containerDefinitions": [{"name": "web", "image": "x"}]});
    live.live.definition = crate::domain::ecs::task_definition::TaskDefinition::from_json(without).unwrap();
    live.source = Some((source, "web".parse().unwrap()));
    let plan = promotion(&live, TagState::Missing, "stage");
    let names: Vec<String> = plan.components[0].missing_variables.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["variable LOG_LEVEL (container web)"]);
    let strict = EcsTarget { missing_variables: MissingVariables::Error, ..target() };
    let planned = plan_release(&"backend".parse().unwrap(), &strict, &live, &plan.images, &plan.release);
    assert!(matches!(planned, Err(PlanError::MissingVariables { .. })));
}

#[test]
fn another_target_source_or_release_is_another_plan() {
    let plan = promotion(&live(7), TagState::Missing, "stage");
    assert_ne!(plan.digest(), promotion(&live(8), TagState::Missing, "stage").digest(), "the target moved");
    assert_ne!(plan.digest(), promotion(&live(7), TagState::Missing, "test").digest());
    let mut other = plan.clone();
    other.release = "a".repeat(40).parse().unwrap();
    assert_ne!(plan.digest(), other.digest());
    let mut other = plan.clone();
    other.policy.approval = Some(Approval::None);
    assert_ne!(plan.digest(), other.digest());
    let mut other = plan.clone();
    let ImageStep::Copy { image, .. } = &mut other.images[0].step else { panic!() };
    image.digest = digest('b');
    assert_ne!(plan.digest(), other.digest());
}

proptest! {
    /// What may differ between two reads of the same intention: how far it has come, when, and how many run.
    #[test]
    fn a_promotion_keeps_its_digest_from_plan_to_end(
        number in 1u64..1000,
        desired in 0i32..20,
        running in 0i32..20,
        seconds in 0i64..4_000_000_000,
        has_tag in any::<bool>(),
        outcome in proptest::option::of(prop_oneof![Just("deployed"), Just("unproven"), Just("broken")]),
        rolling_out in any::<bool>(),
    ) {
        let before = live(number);
        let planned = promotion(&before, TagState::Missing, "stage").digest();
        let tag = if has_tag { TagState::LeadsTo(digest('a')) } else { TagState::Missing };
        let mut later = before.clone();
        (later.service.desired, later.service.running) = (desired, running);
        prop_assert_eq!(&planned, &promotion(&later, tag.clone(), "stage").digest());
        let mut done = promoted_facts(&before, outcome, Timestamp::from_second(seconds).unwrap());
        (done.service.desired, done.service.running) = (desired, running);
        if rolling_out {
            done.service.deployments[0].rollout_state = Some(RolloutState::InProgress);
        }
        prop_assert_eq!(&planned, &promotion(&done, tag, "stage").digest());
        done.live.ledger = None;
        prop_assert_ne!(planned, promotion(&done, TagState::Missing, "stage").digest(), "moved there by another program");
    }

    #[test]
    fn every_release_name_is_a_tag(sha in "[0-9a-f]{40}", time in proptest::option::of("[0-9]{8}T[0-9]{6}Z")) {
        let name = time.map_or(sha.clone(), |time| format!("{sha}-dirty-{time}"));
        prop_assert_eq!(release_tag(&name.parse().unwrap()).to_string(), name);
    }
}
