//! Tests only: a plan is made and carried out in this process, against the account that the scripted end-to-end tests use,
//! without a connection and in virtual time. What waits for minutes is over at once, and the pauses are exact.

#[expect(dead_code, unused_imports, reason = "the end-to-end tests use all of it")]
#[path = "../tests/it/scripted/account/mod.rs"]
mod account;

use std::num::NonZeroUsize;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::{Response, StatusCode};
use aws_smithy_types::body::SdkBody;
use camino::Utf8Path;
use jiff::Timestamp;
use tokio::time::Instant;

use self::account::{ACCOUNT, Endpoint, Request as Asked};
pub use self::account::{Answer, CLUSTER, Call, SERVICE, Scripted, World, arn};
use crate::apply;
use crate::clients::ecr::RegistryLogin;
use crate::clients::http::Http;
use crate::clients::process::Processes;
use crate::clients::registry::Registry;
use crate::config::{ConfigurationFile, Purpose, ResolveRequest};
use crate::context::Context;
use crate::domain::event::RunEvent;
use crate::domain::failure::Failure;
use crate::domain::gate::{GateEvidence, authorize};
use crate::domain::image::Digest;
use crate::domain::interruption::OpenWork;
use crate::domain::outcome::Outcome;
use crate::domain::plan::{ImageState, Intent, PresentImage, plan_image};
use crate::domain::provenance::Provenance;
use crate::domain::release::ReleaseName;
use crate::domain::role::Caller;
use crate::domain::target::EnvironmentTarget;
use crate::events::{EventRecorder, Events};
use crate::http_server::Course;
use crate::kinds::{self, ApplyRun, AskedProbes, ObservedComponent, Turns, WholePlan};
use crate::observe::{Cloud, DefinitionFiles, RegistryAccess, Writable};
use crate::together::try_each;

/// The release that is deployed.
pub const RELEASE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/// An environment and the account that it is in.
pub struct Rehearsal {
    /// The account, to be scripted.
    pub aws: Scripted,
    /// The environment.
    pub target: EnvironmentTarget,
    /// The clients.
    pub cloud: Writable,
    access: RegistryAccess,
    release: ReleaseName,
    context: Context,
    recorder: Rc<EventRecorder>,
    /// How many changes are made at once.
    pub parallel: NonZeroUsize,
    /// The wire to the account.
    pub wire: Wire,
}

/// How a deploy ended.
#[derive(Debug)]
pub struct Rehearsed {
    /// The total, with the failure in one line.
    pub result: Result<Outcome, Failure>,
    /// What happened.
    pub events: Vec<RunEvent>,
    /// How long it took, in virtual time.
    pub took: Duration,
}

impl Rehearsed {
    /// The outcome.
    pub fn outcome(&self) -> Outcome {
        self.result.as_ref().map_or_else(|failure| failure.outcome, |outcome| *outcome)
    }

    /// How components ended.
    pub fn ends(&self) -> Vec<String> {
        let end = |event: &RunEvent| {
            let RunEvent::ComponentEnded { component, outcome, .. } = event else { return None };
            Some(format!("{component}: {outcome}"))
        };
        self.events.iter().filter_map(end).collect()
    }

    /// The steps that were planned, by name.
    pub fn planned(&self) -> Vec<String> {
        let planned = self.events.iter().find_map(|event| {
            let RunEvent::Planned(plan) = event else { return None };
            Some(plan.steps.iter().map(|step| step.id.to_string()).collect())
        });
        planned.unwrap_or_default()
    }

    /// The steps with their results, in the order in which they ended.
    pub fn steps(&self) -> Vec<String> {
        let step = |event: &RunEvent| {
            let RunEvent::StepEnded { step, result, .. } = event else { return None };
            Some(format!("{step}: {}", result.as_str()))
        };
        self.events.iter().filter_map(step).collect()
    }
}

impl Rehearsal {
    /// One component `backend` on environment `stage`, with more in its configuration.
    pub fn new(more: &str) -> Self {
        Self::with_components(&format!(
            "[components.backend]\nkind = \"ecs\"\n{}\nbuild = {{ context = \".\" }}\ncontainer = \"web\"\n\
             repository = \"stage-shop\"\ncluster = \"{CLUSTER}\"\nservice = \"{SERVICE}\"\n{more}\n",
            if more.contains("settle") { "" } else { "settle = \"0s\"" },
        ))
    }

    /// The components of a configuration on environment `stage`.
    pub fn with_components(components: &str) -> Self {
        let text = format!(
            "app = \"shop\"\n{components}[environments.stage]\nregion = \"us-east-1\"\naccount = \"{ACCOUNT}\"\n"
        );
        let document = ConfigurationFile::parse(Utf8Path::new("shipgate.toml"), &text).unwrap();
        let env = |_: &str| None;
        let request = ResolveRequest {
            environment: "stage",
            components: &[],
            purpose: Purpose::Change,
            vars: None,
            env: &env,
            in_workflow: false,
        };
        let target = document.resolve(&request).unwrap();
        let aws = Scripted::new("AWS", "password");
        let wire = Wire { aws: aws.endpoint(), latency: Arc::default(), changes: Arc::default() };
        let caller = Caller { account: ACCOUNT.parse().unwrap(), arn: format!("arn:aws:iam::{ACCOUNT}:user/test") };
        let cloud = Cloud::new(caller, None, config(&wire), "/nowhere".into()).into();
        let host = format!("{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com");
        let login = RegistryLogin { host, user: "AWS".to_owned(), password: "password".into() };
        let access = RegistryAccess { registry: Registry::new(&login, None), login };
        let context = Context::new(Vec::new(), "/nowhere".into(), false, false);
        let release = RELEASE.parse().unwrap();
        let parallel = NonZeroUsize::new(8).unwrap();
        Self { aws, target, cloud, access, release, context, recorder: Rc::default(), parallel, wire }
    }

    /// Observes, plans and deploys a release whose image is there.
    pub async fn deploy(&self) -> Rehearsed {
        let began = Instant::now();
        let result = self.execute().await;
        self.rehearsed(result, began)
    }

    /// The same, interrupted after so long. Returns also what the interruption means: steps, what continues, components.
    pub async fn interrupted_after(&self, time: Duration) -> (Rehearsed, Vec<String>) {
        let began = Instant::now();
        let cut = tokio::time::timeout(time, self.execute()).await;
        assert!(cut.is_err(), "it ended before: {cut:?}");
        let mut open = OpenWork::default();
        self.recorder.0.borrow().iter().for_each(|event| open.see(event));
        let found = open.interrupted();
        let steps = found.steps.iter().map(ToString::to_string);
        let meaning = steps.chain(found.continues).chain(found.components.iter().map(ToString::to_string)).collect();
        (self.rehearsed(Err(Failure::new(Outcome::Interrupted, "interrupted")), began), meaning)
    }

    fn rehearsed(&self, result: Result<Outcome, Failure>, began: Instant) -> Rehearsed {
        Rehearsed { result, events: self.recorder.0.take(), took: began.elapsed() }
    }

    async fn execute(&self) -> Result<Outcome, Failure> {
        let events = Events::new(Rc::clone(&self.recorder) as _);
        let plan = self.plan(self.observe().await?);
        self.apply(plan, &events).await
    }

    async fn observe(&self) -> Result<Vec<Box<dyn ObservedComponent>>, Failure> {
        try_each(&self.target.components, |component| {
            kinds::observe(&self.cloud, component, &DefinitionFiles::Unused, None)
        })
        .await
    }

    fn plan(&self, observed: Vec<Box<dyn ObservedComponent>>) -> WholePlan {
        let present = ImageState::Present(PresentImage {
            digest: Digest::of(RELEASE),
            platforms: Vec::new(),
            revisions: vec![Some(RELEASE.to_owned())],
        });
        let host = format!("{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com");
        let image = |image| {
            let repository =
                crate::domain::image::ImageRepository { host: host.clone(), name: "stage-shop".parse().unwrap() };
            plan_image(image, repository, &present, &self.release).unwrap()
        };
        let account = ACCOUNT.parse().unwrap();
        let mut plan = WholePlan::new(Intent::Deploy, account, &self.target, self.release.clone());
        plan.images = self.target.images.iter().map(image).collect();
        let planned = observed.into_iter().map(|component| component.plan(&plan.images, &self.release).unwrap());
        plan.components = planned.collect();
        plan
    }

    async fn apply(&self, plan: WholePlan, events: &Events) -> Result<Outcome, Failure> {
        events.emit(RunEvent::Planned(Box::new(shown(&plan))));
        let turns = Turns::new(&plan.steps(), self.parallel);
        let authorized = authorize(plan, &evidence()).unwrap();
        let (processes, http) = (Processes::new(Vec::new()), Http::new().unwrap());
        let run = ApplyRun {
            context: &self.context,
            cloud: &self.cloud,
            writer: self.cloud.open(authorized.permit()),
            access: &self.access,
            source: &self.access,
            processes: &processes,
            http: &http,
            browser: &self.context.browser(),
            events: events.clone(),
            turns: &turns,
            environment: &self.target.environment,
            on_failure: self.target.on_failure,
            release: self.release.clone(),
            provenance: Provenance { run: Some("local".to_owned()), ..Provenance::default() },
            clock: || Timestamp::UNIX_EPOCH,
            asked: &AskedProbes::default(),
            built: &[],
        };
        apply::apply(&run, &authorized).await
    }
}

/// Everything that gates look at is as it should be.
fn evidence() -> GateEvidence {
    GateEvidence::sound(Timestamp::UNIX_EPOCH)
}

fn shown(plan: &WholePlan) -> crate::domain::view::plan::ShownPlan {
    crate::commands::change::shown(
        plan,
        Vec::new(),
        None,
        &AskedProbes::default(),
        crate::commands::change::StopPoint::Applied,
    )
}

/// Clients whose requests the account answers in this process.
fn config(wire: &Wire) -> SdkConfig {
    let connector = SharedHttpConnector::new(wire.clone());
    let client = http_client_fn(move |_: &HttpConnectorSettings, _: &RuntimeComponents| connector.clone());
    let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .sleep_impl(TokioSleep::new())
        .retry_config(aws_config::retry::RetryConfig::standard().with_max_attempts(5))
        .http_client(client)
        .build()
}

/// The wire between the clients and the account.
#[derive(Clone)]
pub struct Wire {
    aws: Endpoint,
    /// How long an answer takes, in milliseconds.
    pub latency: Arc<AtomicU64>,
    /// How many calls that change something are on the wire, and how many were at most.
    changes: Arc<(AtomicUsize, AtomicUsize)>,
}

impl Wire {
    /// How many calls that change something were on the wire at once, at most.
    pub fn most_changes(&self) -> usize {
        self.changes.1.load(Ordering::Relaxed)
    }
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Wire").finish()
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let headers = request.headers().iter().map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
        let body = request.body().bytes().unwrap_or_default().to_vec();
        let asked = Asked::new(request.method(), request.uri(), headers.collect(), body);
        let is_change = request.headers().get("x-amz-target").is_some_and(|target| {
            ["RegisterTaskDefinition", "UpdateService", "RunTask"].iter().any(|change| target.ends_with(change))
        });
        let wire = self.clone();
        HttpConnectorFuture::new(async move {
            let (now, most) = &*wire.changes;
            if is_change {
                most.fetch_max(now.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            }
            let latency = Duration::from_millis(wire.latency.load(Ordering::Relaxed));
            tokio::time::timeout(latency, std::future::pending::<()>()).await.unwrap_err();
            if is_change {
                now.fetch_sub(1, Ordering::Relaxed);
            }
            answer(wire.aws.request(&asked))
        })
    }
}

fn answer(answer: Answer) -> Result<Response<SdkBody>, ConnectorError> {
    let Answer { status, headers, body, course: Course::Whole } = answer else {
        return Err(ConnectorError::io("the connection was closed".into()));
    };
    let mut response = Response::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body));
    for (name, value) in headers {
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}

/// The order of changes, what each failure comes to, and what is left to say of an interrupted run.
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_deploy_registers_updates_waits_and_writes_the_ledger() {
        let rehearsal = Rehearsal::new("");
        let deployed = rehearsal.deploy().await;
        assert_eq!(deployed.outcome(), Outcome::Deployed, "{deployed:?}");
        assert_eq!(deployed.steps(), ["register backend: done", "update backend: done", "wait for backend: done"]);
        let changes = rehearsal.aws.mutations();
        assert_eq!(changes[..2], ["ecs:RegisterTaskDefinition", "ecs:UpdateService"]);
        assert!(changes[2..].iter().all(|change| change == "ecs:TagResource"), "{changes:?}");
        rehearsal.aws.forget();
        let again = rehearsal.deploy().await;
        assert_eq!((again.outcome(), rehearsal.aws.mutations()), (Outcome::Unchanged, Vec::new()));
        assert_eq!(again.steps(), ["verify backend: done"]);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_changed_when_the_pre_deploy_command_fails() {
        let rehearsal = Rehearsal::new("pre-deploy = [\"migrate\"]");
        rehearsal.aws.world(|world| world.one_off_exit = Some(3));
        let failed = rehearsal.deploy().await;
        assert_eq!(failed.outcome(), Outcome::Failed);
        assert_eq!(failed.steps(), ["register backend: done", "pre-deploy backend: failed"]);
        let changes = rehearsal.aws.mutations();
        assert!(!changes.iter().any(|change| change == "ecs:UpdateService"), "{changes:?}");
    }

    /// Somebody deploys while the pre-deploy command runs.
    #[tokio::test(start_paused = true)]
    async fn a_service_that_moved_before_the_update_is_stale() {
        let rehearsal = Rehearsal::new("pre-deploy = [\"migrate\"]");
        rehearsal.aws.answer("ecs:RunTask", |_, world| {
            let theirs = world.register_by_hand(|_| {});
            world.update(SERVICE, &theirs);
            None
        });
        let stale = rehearsal.deploy().await;
        assert_eq!(stale.outcome(), Outcome::Stale, "{stale:?}");
        assert!(!rehearsal.aws.mutations().iter().any(|change| change == "ecs:UpdateService"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_update_changes_nothing_and_one_without_an_answer_may_have() {
        let refused = Rehearsal::new("");
        refused.aws.refuse("ecs:UpdateService", 400, "InvalidParameterException", "no");
        let refused = refused.deploy().await;
        assert_eq!(refused.outcome(), Outcome::Failed);
        assert!(refused.events.iter().any(|event| matches!(event, RunEvent::ChangeRefused { .. })));
        let silent = Rehearsal::new("");
        silent.aws.answer("ecs:UpdateService", |_, _| Some(Answer::hang_up()));
        let silent = silent.deploy().await;
        assert_eq!(silent.outcome(), Outcome::Broken, "{silent:?}");
        assert!(!silent.events.iter().any(|event| matches!(event, RunEvent::ChangeRefused { .. })));
        assert!(silent.took >= Duration::from_secs(10), "stale reads are waited for: {:?}", silent.took);
    }

    #[tokio::test(start_paused = true)]
    async fn a_rollout_that_never_ends_is_given_up_after_the_timeout() {
        let rehearsal = Rehearsal::new("timeout = \"20m\"");
        rehearsal.aws.world(|world| world.looks = usize::MAX);
        let timed_out = rehearsal.deploy().await;
        assert_eq!(timed_out.outcome(), Outcome::TimedOut, "{timed_out:?}");
        let minutes = timed_out.took.as_secs() / 60;
        assert_eq!(minutes, 20, "{:?}", timed_out.took);
        let alive = timed_out.events.iter().filter(|event| matches!(event, RunEvent::Heartbeat { .. })).count();
        assert!((38..=40).contains(&alive), "a sign of life every half a minute: {alive}");
        let looks = rehearsal.aws.operations().iter().filter(|name| *name == "ecs:DescribeServices").count();
        assert!((120..=150).contains(&looks), "one poll every ten seconds: {looks}");
    }

    /// The circuit breaker brings the old revision back after ten minutes.
    #[tokio::test(start_paused = true)]
    async fn a_rollback_by_ecs_is_seen_and_verified() {
        let rehearsal = Rehearsal::new("timeout = \"30m\"");
        rehearsal.aws.world(|world| world.looks = usize::MAX);
        rehearsal.aws.at_look(60, |world| world.roll_out(&[("3", "backend:7", "COMPLETED")]));
        let rolled_back = rehearsal.deploy().await;
        assert_eq!(rolled_back.outcome(), Outcome::RolledBack, "{rolled_back:?}");
        let serves = rolled_back.events.iter().any(|event| matches!(event, RunEvent::Serves { .. }));
        assert!(serves && rolled_back.took < Duration::from_mins(11), "{:?}", rolled_back.took);
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttled_look_is_a_warning_and_a_denied_one_the_end() {
        let throttled = Rehearsal::new("");
        throttled.aws.answer("ecs:DescribeServices", |call, _| {
            (5..=12).contains(&call.nth).then(|| call.error(400, "ThrottlingException", "slow down"))
        });
        let throttled = throttled.deploy().await;
        assert_eq!(throttled.outcome(), Outcome::Deployed, "{throttled:?}");
        assert!(throttled.events.iter().any(|event| matches!(event, RunEvent::Warning { .. })));
        let denied = Rehearsal::new("");
        denied.aws.answer("ecs:ListTasks", |call, _| Some(call.error(400, "AccessDeniedException", "no")));
        assert_eq!(denied.deploy().await.outcome(), Outcome::Broken);
    }

    #[tokio::test(start_paused = true)]
    async fn a_component_after_a_failed_one_is_not_touched() {
        let component = |name: &str, service: &str, more: &str| {
            format!(
                "[components.{name}]\nkind = \"ecs\"\nsettle = \"0s\"\n{more}\ncontainer = \"web\"\ncluster = \"{CLUSTER}\"\n\
                 service = \"{service}\"\n"
            )
        };
        let build = "build = { context = \".\" }\nrepository = \"stage-shop\"";
        let worker = "image-from = \"backend\"\ndepends-on = [\"backend\"]";
        let both = component("backend", SERVICE, build) + &component("worker", "worker", worker);
        let rehearsal = Rehearsal::with_components(&both);
        rehearsal.aws.world(|world| world.add_service("worker"));
        rehearsal.aws.answer("ecs:UpdateService", |call, _| {
            (call.body["service"] == SERVICE).then(|| call.error(400, "InvalidParameterException", "no"))
        });
        let failed = rehearsal.deploy().await;
        assert_eq!(failed.result.as_ref().unwrap_err().brief().split(':').next(), Some("backend"), "{failed:?}");
        let updates = rehearsal.aws.calls().into_iter().filter(|call| call.operation == "ecs:UpdateService");
        assert!(updates.map(|call| call.body["service"].clone()).all(|service| service == json!(SERVICE)));
    }

    #[tokio::test(start_paused = true)]
    async fn an_interruption_means_what_was_open() {
        let waiting = Rehearsal::new("");
        waiting.aws.world(|world| world.looks = usize::MAX);
        let (run, meaning) = waiting.interrupted_after(Duration::from_secs(90)).await;
        let continues = "ECS goes on with backend: `shipgate status` shows how it ends";
        assert_eq!(meaning, ["wait for backend", continues, "backend"]);
        assert_eq!(run.steps().last().unwrap(), "wait for backend: interrupted");
        let migrating = Rehearsal::new("pre-deploy = [\"migrate\"]");
        migrating.aws.world(|world| world.one_off_looks = usize::MAX);
        let (_, meaning) = migrating.interrupted_after(Duration::from_secs(90)).await;
        assert!(meaning[1].ends_with("goes on: run this again to wait for it"), "{meaning:?}");
        assert_eq!((meaning[0].as_str(), meaning[2].as_str()), ("pre-deploy backend", "backend"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pre_deploy_command_that_hangs_is_stopped() {
        let rehearsal = Rehearsal::new("pre-deploy = [\"migrate\"]\ntimeout = \"15m\"");
        rehearsal.aws.world(|world| world.one_off_looks = usize::MAX);
        let failed = rehearsal.deploy().await;
        assert_eq!(failed.outcome(), Outcome::Failed);
        assert_eq!((failed.took.as_secs() / 60, rehearsal.aws.call("ecs:StopTask").nth), (15, 1));
    }
}
