//! A fake AWS, for what no obtainable part can do: wrong digests, refusals, throttling, lost answers, words that
//! a later ECS may say.
//!
//! It speaks the real wire protocols (AWS JSON 1.1, the query protocol of STS, the paths of Amplify, OCI distribution), keeps state, and by
//! default is an account in which everything goes well. A test scripts what differs: [`Scripted::answer`] replaces an
//! answer, [`Scripted::change`] edits a good one. Every request is kept for the test to look at.
//!
//! A request that is not signed is refused. That a signature is right is not checked: the local cloud does that.
//!
//! Every request and every answer of AWS, the scripted ones too, is held against AWS's own models ([`model`]). What
//! differs fails the test when the account is dropped, unless the test has declared it: [`Scripted::expect_violation`].
//!
//! The unit tests use the same account without a connection: `src/rehearsal.rs`.

mod amplify;
mod held;
pub mod model;
mod registry;
mod sts;
mod trust;
mod world;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

pub use self::amplify::{App, Branch, Job};
use self::held::Held;
pub use self::registry::{Index, Registry, refusal};
pub use self::sts::REQUEST_TOKEN;
pub use self::trust::{Asker, lets_in};
pub use self::world::{ACCOUNT, CLUSTER, OLD_DIGEST, SERVICE, World, arn, time};
use crate::http_server::serve;
pub use crate::http_server::{Answer, Request};

/// One request, in the words of IAM: `ecs:UpdateService`; `registry:…` for the registry.
#[derive(Debug, Clone)]
pub struct Call {
    pub operation: String,
    /// Which one of this operation it is, from 1.
    pub nth: usize,
    /// The JSON body; for the registry the path.
    pub body: Value,
    pub signed: bool,
    /// Whose signature it has.
    pub access_key: Option<String>,
    /// The region that it is signed for.
    pub region: Option<String>,
}

type Script = Box<dyn FnMut(&Call, &mut World) -> Option<Answer> + Send>;
type Change = Box<dyn FnMut(&Call, &mut Value) + Send>;

/// The account. Dropped, it fails the test that broke a model of AWS without a word, so there is one of each.
pub struct Scripted {
    inner: Arc<Mutex<Inner>>,
}

/// What answers for an account, wherever that is.
#[derive(Clone)]
pub struct Endpoint {
    inner: Arc<Mutex<Inner>>,
}

impl Endpoint {
    /// Answers a request.
    pub fn request(&self, request: &Request) -> Answer {
        self.inner.lock().unwrap().answer(request)
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let wrong = self.wrong();
            assert!(
                wrong.is_empty(),
                "botocore {} says something else of\n  {}\ncorrect the client or tests/it/scripted/account; what a test \
                 means it declares with `expect_violation`",
                model::version(),
                wrong.join("\n  ")
            );
        }
    }
}

struct Inner {
    world: World,
    held: Held,
    scripts: Vec<(&'static str, Script)>,
    changes: Vec<(&'static str, Change)>,
    calls: Vec<Call>,
    counts: BTreeMap<String, usize>,
}

impl Scripted {
    /// An account in which everything goes well, without an address.
    pub fn new(user: &str, password: &str) -> Self {
        let world = World::new(user, password);
        let inner = Inner {
            world,
            held: Held::default(),
            scripts: Vec::new(),
            changes: Vec::new(),
            calls: Vec::new(),
            counts: BTreeMap::new(),
        };
        Self { inner: Arc::new(Mutex::new(inner)) }
    }

    /// The same, which answers at an address.
    pub fn start(user: &str, password: &str) -> Self {
        let account = Self::new(user, password);
        let endpoint = account.endpoint();
        let address = serve(move |request| endpoint.request(request)).address;
        account.world(|world| world.registry.port = address.port());
        account
    }

    /// What answers for this account. It may live longer.
    pub fn endpoint(&self) -> Endpoint {
        Endpoint { inner: Arc::clone(&self.inner) }
    }

    /// Declares what a request or an answer of an operation does wrong on purpose: a part of the violation's text, as
    /// narrow as possible. What is declared must occur.
    pub fn expect_violation(&self, operation: &str, part: &str) {
        self.lock().held.declare(operation, part);
    }

    /// The violations that are not declared, and what is declared and did not occur.
    pub fn wrong(&self) -> Vec<String> {
        self.lock().held.wrong()
    }

    /// `127.0.0.1:PORT`
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.world(|world| world.registry.port))
    }

    /// Changes the state, or looks at it.
    pub fn world<T>(&self, work: impl FnOnce(&mut World) -> T) -> T {
        work(&mut self.lock().world)
    }

    /// Answers an operation by a script, as long as that has an answer.
    pub fn answer(
        &self,
        operation: &'static str,
        script: impl FnMut(&Call, &mut World) -> Option<Answer> + Send + 'static,
    ) {
        self.lock().scripts.push((operation, Box::new(script)));
    }

    /// Answers an operation always with an error of AWS.
    pub fn refuse(&self, operation: &'static str, status: u16, code: &'static str, message: &'static str) {
        self.answer(operation, move |call, _| Some(call.error(status, code, message)));
    }

    /// Edits the good answers of an operation.
    pub fn change(&self, operation: &'static str, change: impl FnMut(&Call, &mut Value) + Send + 'static) {
        self.lock().changes.push((operation, Box::new(change)));
    }

    /// Edits the service as it is shown from its update on.
    pub fn after_update(&self, change: impl Fn(&mut Value) + Send + Clone + 'static) {
        let again = change.clone();
        self.change("ecs:UpdateService", move |_, answer| again(&mut answer["service"]));
        self.change("ecs:DescribeServices", move |_, answer| {
            let service = &mut answer["services"][0];
            if service["deployments"][0]["id"] != "ecs-svc/1" {
                change(service);
            }
        });
    }

    /// Edits the tasks of the revision that the test deploys.
    pub fn new_tasks(&self, mut change: impl FnMut(&Call, &mut Value) + Send + 'static) {
        self.change("ecs:DescribeTasks", move |call, answer| {
            let tasks = answer["tasks"].as_array_mut().unwrap().iter_mut();
            tasks
                .filter(|task| task["taskDefinitionArn"] == arn("task-definition", "backend:8"))
                .for_each(|task| change(call, task));
        });
    }

    /// Changes what the service rolls out, at a poll after its update, counted from 1.
    pub fn at_look(&self, look: usize, change: impl Fn(&mut World) + Send + 'static) {
        let mut looks = 0;
        self.answer("ecs:DescribeServices", move |_, world| {
            if world.services.first().is_some_and(|service| service.deployments[0].id != "ecs-svc/1") {
                looks += 1;
                if looks == look {
                    change(world);
                }
            }
            None
        });
    }

    /// Shows the service as it was before its update, in a number of polls after that.
    pub fn late_looks(&self, count: usize) {
        let (mut before, mut late) = (None, 0);
        self.change("ecs:DescribeServices", move |_, answer| {
            let service = &mut answer["services"][0];
            if service["deployments"][0]["id"] == "ecs-svc/1" {
                before = Some(service.clone());
            } else if late < count {
                late += 1;
                *service = before.clone().unwrap();
            }
        });
    }

    /// Forgets the calls so far.
    pub fn forget(&self) {
        self.lock().calls.clear();
    }

    pub fn calls(&self) -> Vec<Call> {
        self.lock().calls.clone()
    }

    /// The operations, in order.
    pub fn operations(&self) -> Vec<String> {
        self.calls().into_iter().map(|call| call.operation).collect()
    }

    /// The operations that change something, in order.
    pub fn mutations(&self) -> Vec<String> {
        const READS: [&str; 8] = ["Describe", "List", "Get", "Filter", "Batch", "Version", "Ask", "Assume"];
        let reads = |operation: &str| {
            let (_, name) = operation.split_once(':').unwrap();
            READS.iter().any(|read| name.starts_with(read))
        };
        self.operations().into_iter().filter(|operation| !reads(operation)).collect()
    }

    /// The only call of an operation.
    #[track_caller]
    pub fn call(&self, operation: &str) -> Call {
        let mut calls: Vec<Call> = self.calls().into_iter().filter(|call| call.operation == operation).collect();
        assert_eq!(calls.len(), 1, "{operation}: {calls:#?}");
        calls.remove(0)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }
}

impl Inner {
    fn answer(&mut self, request: &Request) -> Answer {
        let call = self.record(request);
        self.held.request(&call.operation, &call.body);
        let answer = self.chosen(&call, request);
        self.held.answer(&call.operation, &answer);
        answer
    }

    /// By a script, or else the good one.
    fn chosen(&mut self, call: &Call, request: &Request) -> Answer {
        let Self { world, scripts, .. } = self;
        let scripted = scripts
            .iter_mut()
            .filter(|(operation, _)| *operation == call.operation)
            .find_map(|(_, script)| script(call, world));
        if let Some(answer) = scripted {
            return answer;
        }
        if call.operation == "probe:Ask" {
            return Answer::new(200, json!({"status": "ok"}).to_string());
        }
        if call.operation.starts_with("registry:") {
            return self.world.registry.answer(request);
        }
        if call.operation == "token:Get" {
            return self.world.sts.token(request);
        }
        if call.operation == "sts:AssumeRoleWithWebIdentity" {
            return self.world.sts.answer(call);
        }
        if !call.signed {
            return call.error(400, "MissingAuthenticationTokenException", "Request is missing Authentication Token");
        }
        if call.operation.starts_with("sts:") || call.operation.starts_with("iam:") {
            return self.world.sts.answer(call);
        }
        match self.good(call) {
            Ok(mut answer) => {
                let changes = self.changes.iter_mut().filter(|(operation, _)| *operation == call.operation);
                changes.for_each(|(_, change)| change(call, &mut answer));
                call.json(&answer)
            }
            Err((code, message)) => call.error(if model::is_rest(&call.operation) { 404 } else { 400 }, code, message),
        }
    }

    fn record(&mut self, request: &Request) -> Call {
        let signature = request.header("authorization").and_then(|value| value.strip_prefix("AWS4-HMAC-SHA256 "));
        // `Credential=KEY/DATE/REGION/SERVICE/aws4_request`
        let scope = |part| signature.and_then(|text| text.split("Credential=").nth(1)?.split('/').nth(part));
        let (access_key, region) = (scope(0).map(str::to_owned), scope(2).map(str::to_owned));
        let (operation, body) = match (Registry::operation(request), request.header("x-amz-target")) {
            _ if request.target.starts_with("/token") => ("token:Get".to_owned(), Value::from(request.target.clone())),
            _ if request.target.starts_with("/probe") => ("probe:Ask".to_owned(), Value::from(request.target.clone())),
            (Some(operation), _) => (operation, Value::from(request.target.clone())),
            (None, None) if request.target.starts_with("/apps/") => amplify::operation(request).unwrap(),
            (None, Some(target)) => {
                let (service, operation) = target.split_once('.').unwrap();
                let service = model::service_of(service).unwrap_or(service);
                (format!("{service}:{operation}"), serde_json::from_slice(&request.body).unwrap())
            }
            (None, None) => {
                let body = sts::form(&String::from_utf8_lossy(&request.body));
                let action = body["Action"].as_str().unwrap_or_else(|| panic!("{request:?}"));
                let service = if body["Version"] == "2010-05-08" { "iam" } else { "sts" };
                (format!("{service}:{action}"), body)
            }
        };
        let nth = self.counts.entry(operation.clone()).or_default();
        *nth += 1;
        let call = Call { operation, nth: *nth, body, signed: access_key.is_some(), access_key, region };
        self.calls.push(call.clone());
        call
    }

    /// The answer of an account in which everything goes well, or the code and message of an error.
    fn good(&mut self, call: &Call) -> Result<Value, (&'static str, &'static str)> {
        let world = &mut self.world;
        let body = &call.body;
        let text = |key: &str| text_of(&body[key]);
        let in_cluster = body.get("cluster").is_none_or(|cluster| cluster == CLUSTER);
        if call.operation.starts_with("amplify:") {
            return amplify::good(&world.apps, &call.operation, body, call.region.as_deref().unwrap_or_default());
        }
        if call.operation.starts_with("ecs:") && !in_cluster {
            return Err(("ClusterNotFoundException", "Cluster not found."));
        }
        Ok(match call.operation.as_str() {
            "ecs:DescribeServices" => {
                let names: Vec<String> = body["services"].as_array().unwrap().iter().map(text_of).collect();
                assert!((1..=10).contains(&names.len()), "AWS takes ten services at once: {names:?}");
                world.looked_at(&names, body["include"] == json!(["TAGS"]))
            }
            "ecs:DescribeTaskDefinition" => {
                let definition = world.definition(&text("taskDefinition"));
                let definition = definition.ok_or(("ClientException", "Unable to describe task definition."))?;
                let mut answer = json!({"taskDefinition": definition.document});
                if body["include"] == json!(["TAGS"]) {
                    answer["tags"] = Value::from(definition.tags.clone());
                }
                answer
            }
            "ecs:ListTaskDefinitions" => {
                assert_eq!(body["sort"], "DESC", "only this order is understood here");
                world.listed_definitions(&text("nextToken"), body["maxResults"].as_u64().unwrap_or(100))
            }
            "ecs:RegisterTaskDefinition" => json!({"taskDefinition": world.register(body.clone())}),
            "ecs:UpdateService" => {
                let definition = text("taskDefinition");
                if world.definition(&definition).is_none() {
                    return Err(("ClientException", "TaskDefinition not found."));
                }
                if world.service(&text("service")).is_none() {
                    return Err(("ServiceNotFoundException", "Service not found."));
                }
                world.update(&text("service"), &definition);
                json!({"service": world.shown(&text("service"))})
            }
            "ecs:TagResource" | "ecs:UntagResource" => {
                let tags = world.tags(&text("resourceArn"));
                let tags = tags.ok_or(("ResourceNotFoundException", "The resource was not found."))?;
                retag(tags, body);
                json!({})
            }
            "ecs:ListTasks" => {
                let arns = match (body.get("startedBy"), body["desiredStatus"].as_str()) {
                    (Some(name), _) => world.started_by(name.as_str().unwrap()),
                    (None, Some("STOPPED")) => {
                        world.stopped.iter().map(|task| task["taskArn"].as_str().unwrap().to_owned()).collect()
                    }
                    (None, _) => world.task_arns(&text("serviceName")),
                };
                // A hundred a page; the token is where the next one begins.
                let begin = body["nextToken"].as_str().map_or(0, |token| token.parse().unwrap());
                let page: Vec<&String> = arns.iter().skip(begin).take(100).collect();
                let more = (begin + page.len() < arns.len()).then(|| (begin + page.len()).to_string());
                json!({"taskArns": page, "nextToken": more})
            }
            "ecs:DescribeTasks" => {
                if body["tasks"].as_array().is_none_or(|arns| arns.is_empty() || arns.len() > 100) {
                    return Err(("InvalidParameterException", "Tasks must have between 1 and 100 members."));
                }
                let arns = body["tasks"].as_array().unwrap().iter().filter_map(Value::as_str);
                let tasks: Vec<Value> = arns.filter_map(|arn| world.task(arn)).collect();
                json!({"tasks": tasks, "failures": []})
            }
            "ecs:RunTask" => json!({"tasks": [world.run_task(body)], "failures": []}),
            "ecs:StopTask" => {
                json!({"task": {"taskArn": text("task"), "lastStatus": "RUNNING", "desiredStatus": "STOPPED"}})
            }
            "logs:GetLogEvents" => {
                let new = body["nextToken"] != "f/end";
                let line = |message: &String| json!({"timestamp": 1_700_000_000_000_i64, "message": message});
                let events: Vec<Value> = world.log.iter().filter(|_| new).map(line).collect();
                json!({"events": events, "nextForwardToken": "f/end", "nextBackwardToken": "b/0"})
            }
            "logs:FilterLogEvents" => {
                let line = |(index, message): (usize, &String)| {
                    json!({"eventId": index.to_string(), "logStreamName": "backend/web/1", "message": message,
                           "timestamp": 1_700_000_000_000_i64, "ingestionTime": 1_700_000_000_000_i64})
                };
                let events: Vec<Value> = world.log.iter().enumerate().map(line).collect();
                json!({"events": events})
            }
            // As where ECS has kept none.
            "ecs:ListServiceDeployments" => json!({"serviceDeployments": []}),
            "ecr:GetAuthorizationToken" => json!({"authorizationData": [world.registry.token()]}),
            "ecr:BatchGetImage" => json!({"images": [], "failures": [{"failureCode": "ImageNotFound"}]}),
            "ecr:DescribeRepositories" => {
                let names = body["repositoryNames"].as_array().unwrap().iter();
                let repositories = names.map(|name| json!({"repositoryName": name, "imageTagMutability": "MUTABLE"}));
                json!({"repositories": repositories.collect::<Vec<_>>()})
            }
            other => panic!("{other} is not scripted"),
        })
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Writes the `tags` of a request, or takes its `tagKeys` off.
fn retag(tags: &mut Vec<Value>, body: &Value) {
    let list = |key: &str| body[key].as_array().cloned().unwrap_or_default();
    let new = list("tags");
    let gone: Vec<Value> = new.iter().map(|tag| tag["key"].clone()).chain(list("tagKeys")).collect();
    tags.retain(|tag| !gone.contains(&tag["key"]));
    tags.extend(new);
}

impl Call {
    /// A good answer in the protocol of the call.
    pub fn json(&self, body: &Value) -> Answer {
        self.aws(200, body.to_string())
    }

    /// An error of AWS in the protocol of the call.
    pub fn error(&self, status: u16, code: &str, message: &str) -> Answer {
        if model::is_query(&self.operation) {
            return self.aws(
                status,
                format!(
                    "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
                 <Code>{code}</Code><Message>{message}</Message></Error><RequestId>r</RequestId></ErrorResponse>"
                ),
            );
        }
        if model::is_rest(&self.operation) {
            return self.aws(status, json!({"message": message}).to_string()).with(model::ERROR_TYPE, code);
        }
        self.aws(status, json!({"__type": code, "message": message}).to_string())
    }

    /// Any text as an answer of AWS.
    pub fn aws(&self, status: u16, body: impl Into<Vec<u8>>) -> Answer {
        Answer::new(status, body)
            .with(
                "Content-Type",
                match &self.operation {
                    query if model::is_query(query) => "text/xml",
                    rest if model::is_rest(rest) => "application/json",
                    _ => "application/x-amz-json-1.1",
                },
            )
            .with("x-amzn-RequestId", format!("scripted-{}-{}", self.operation.replace(':', "-"), self.nth))
    }
}
