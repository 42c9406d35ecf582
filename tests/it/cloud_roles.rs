//! The roles of a test's configuration, made as its owner would: from the documents that the program prints.

use std::cell::RefCell;
use std::collections::HashSet;

use aws_sdk_iam::error::ProvideErrorMetadata as _;
use serde_json::json;

use crate::cloud::Cloud;
use crate::harness::{Repository, Shipgate};

/// The repository of GitHub whose jobs the roles let in, where a test has none of its own.
pub const REPOSITORY: &str = "shop/cloudshop";
pub const ACCOUNT: &str = "000000000000";

/// The configurations whose roles are there.
pub type Authorized = RefCell<HashSet<String>>;

/// A job of GitHub Actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// It runs for the branch.
    Main,
    /// It runs for a pull request.
    PullRequest,
    /// GitHub's environment let it through.
    Environment(&'static str),
    /// Any other, by its `sub`.
    Other(&'static str),
}

impl Job {
    /// The `sub` of its tokens, which is also what opens the token endpoint of the local cloud.
    pub fn subject(self) -> String {
        self.subject_in(REPOSITORY)
    }

    /// The same in another repository.
    pub fn subject_in(self, repository: &str) -> String {
        match self {
            Self::Main => format!("repo:{repository}:ref:refs/heads/main"),
            Self::PullRequest => format!("repo:{repository}:pull_request"),
            Self::Environment(name) => format!("repo:{repository}:environment:{name}"),
            Self::Other(subject) => subject.to_owned(),
        }
    }

    /// The job that a command belongs to: what changes production, GitHub's environment has let through.
    pub fn of(arguments: &[&str]) -> Self {
        let changes = ["promote", "rollback", "hold", "unhold"].contains(&arguments[0]);
        if changes && arguments.contains(&"production") { Self::Environment("production") } else { Self::Main }
    }
}

/// The lines of an environment's table that name its roles.
pub fn lines(cloud: &Cloud, environment: &str) -> String {
    let role = |name: &str, read| format!("{name} = \"{}\"\n", arn(cloud, environment, read));
    format!("{}{}", role("role", false), role("read-role", true))
}

/// The same configuration without roles: the ambient credentials are used.
pub fn without(config: &str) -> String {
    let is_role = |line: &&str| line.starts_with("role = ") || line.starts_with("read-role = ");
    config.lines().filter(|line| !is_role(line)).collect::<Vec<_>>().join("\n")
}

/// The name of one of a test's roles.
pub fn name(cloud: &Cloud, environment: &str, read: bool) -> String {
    format!("{}-{environment}{}", cloud.prefix, if read { "-read" } else { "" })
}

fn arn(cloud: &Cloud, environment: &str, read: bool) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{}", name(cloud, environment, read))
}

/// Makes the roles of a configuration, unless they are there. What is wrong with it the test will see.
pub fn ensure(cloud: &Cloud, repository: &Repository, arguments: &[&str]) {
    let file = arguments.windows(2).find(|pair| pair[0] == "--config").map_or("shipgate.toml", |pair| pair[1]);
    let Ok(config) = std::fs::read_to_string(repository.path().join(file)) else { return };
    if !cloud.authorized.borrow_mut().insert(config.clone()) {
        return;
    }
    let tables = config.lines().filter_map(|line| line.strip_prefix("[environments.")?.strip_suffix(']'));
    for environment in tables.filter(|name| config.contains(&arn(cloud, name, false))) {
        for read in [false, true] {
            let more: &[&str] = if read { &["--read-role"] } else { &[] };
            let print = |command: &[&str]| {
                let line = [&["--config", file, "iam"], command, more].concat();
                let ran = root(cloud, repository.shipgate(&line)).run();
                (ran.code == 0).then_some(ran.stdout)
            };
            // The emulator knows `sub` and `aud` alone, and denies whatever asks for more.
            let trust = print(&["trust", environment, "--keys", "sub", "--repository", cloud.repository_on_github()]);
            let policy = print(&["policy", environment]);
            // A test of what the program refuses gets a role that may do nothing beyond what all may.
            let nothing = json!({"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"});
            let nothing = json!({"Version": "2012-10-17", "Statement": [nothing]}).to_string();
            let policy = policy.unwrap_or(nothing);
            if let Some(trust) = trust {
                put(cloud, &name(cloud, environment, read), &trust, &policy);
            }
        }
    }
}

/// With the keys of the account's root, who is not asked for permissions.
pub fn root(cloud: &Cloud, shipgate: Shipgate) -> Shipgate {
    let shipgate = shipgate.env("AWS_ENDPOINT_URL", cloud.endpoint());
    shipgate.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test")
}

/// Gives a role another policy.
pub fn change(cloud: &Cloud, name: &str, policy: &str) {
    let request = cloud.iam.put_role_policy().role_name(name).policy_name("shipgate").policy_document(policy);
    cloud.wait(async { request.send().await.unwrap() });
}

/// Lets another job have an environment's role, beside those that the program prints.
pub fn let_in(cloud: &Cloud, environment: &'static str, job: Job) {
    let name = name(cloud, environment, false);
    let subject = |job: Job| job.subject_in(cloud.repository_on_github());
    let (known, other) = (subject(Job::Environment(environment)), subject(job));
    cloud.wait(async {
        let role = cloud.iam.get_role().role_name(&name).send().await.unwrap().role.unwrap();
        let trust = role.assume_role_policy_document.unwrap();
        let trust = percent_encoding::percent_decode_str(&trust).decode_utf8().unwrap();
        let known = json!(known).to_string();
        assert_eq!(trust.matches(&known).count(), 1, "{trust}");
        let trust = trust.replace(&known, &format!("{known},{}", json!(other)));
        cloud.iam.update_assume_role_policy().role_name(&name).policy_document(trust).send().await.unwrap();
    });
}

/// Makes a role, or changes it.
fn put(cloud: &Cloud, name: &str, trust: &str, policy: &str) {
    let iam = &cloud.iam;
    cloud.wait(async {
        let created = iam.create_role().role_name(name).assume_role_policy_document(trust).send().await;
        if let Err(error) = created {
            assert_eq!(error.code(), Some("EntityAlreadyExists"), "{error:?}");
            iam.update_assume_role_policy().role_name(name).policy_document(trust).send().await.unwrap();
        }
        let put = |policy_name: &str, document: String| {
            iam.put_role_policy().role_name(name).policy_name(policy_name).policy_document(document).send()
        };
        put("shipgate", policy.to_owned()).await.unwrap();
        // The emulator asks for these on `*`, whatever is tagged or looked at. A role for looking tags nothing.
        let tags = ["ecs:TagResource", "ecs:UntagResource"];
        let tags = tags.into_iter().filter(|_| !name.ends_with("-read"));
        let actions: Vec<&str> = tags.chain(["cloudfront:GetCachePolicy"]).collect();
        let statement = json!({"Effect": "Allow", "Action": actions, "Resource": "*"});
        let document = json!({"Version": "2012-10-17", "Statement": [statement]});
        put("emulator", document.to_string()).await.unwrap();
    });
}
