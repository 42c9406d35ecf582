//! GitHub as the local cloud has it, with a repository for each test alone. Every request is held against GitHub's own
//! description there.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// One test's repository on GitHub.
pub struct GitHub {
    runtime: Runtime,
    api: String,
    pub repository: String,
}

/// A status: state, context, description, and where it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub state: String,
    pub context: String,
    pub description: String,
    pub target: String,
}

#[expect(clippy::disallowed_methods, reason = "scripts/test says where the local cloud is")]
pub fn api() -> String {
    std::env::var("GITHUB_API_URL").expect("GITHUB_API_URL is not set: run scripts/test, which starts the local cloud")
}

#[expect(clippy::disallowed_methods, reason = "a test names its own things")]
fn seconds() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// The token of a job with these permissions.
pub fn token(permissions: &str) -> String {
    format!("permissions:{permissions}")
}

impl GitHub {
    /// A repository with a name of this test's own.
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let repository = format!("shop/t{:x}-{}-{number}", seconds(), std::process::id());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { runtime, api: api(), repository }
    }

    /// What a job of it has in its environment, but for its token.
    pub fn without_token(&self) -> Vec<(&'static str, String)> {
        vec![
            ("GITHUB_ACTIONS", "true".to_owned()),
            ("GITHUB_API_URL", self.api.clone()),
            ("GITHUB_SERVER_URL", "https://github.com".to_owned()),
            ("GITHUB_REPOSITORY", self.repository.clone()),
            ("GITHUB_RUN_ID", "4711".to_owned()),
            ("GITHUB_RUN_ATTEMPT", "2".to_owned()),
        ]
    }

    /// What a job of it has in its environment. The token may do what the documents ask for.
    pub fn job(&self) -> Vec<(&'static str, String)> {
        let mut variables = self.without_token();
        variables.push(("GITHUB_TOKEN", token("contents=read,statuses=write")));
        variables
    }

    /// The page of the job's run.
    pub fn run_url(&self) -> String {
        format!("https://github.com/{}/actions/runs/4711/attempts/2", self.repository)
    }

    /// Adds to what the fake GitHub knows of the repository: what it has, and what goes wrong with it.
    pub fn put(&self, document: &Value) {
        self.control("", Some(document));
    }

    /// Lets requests fail as a test says.
    pub fn fault(&self, fault: &Value) {
        self.put(&json!({"faults": [fault]}));
    }

    /// All that is known of the repository.
    pub fn reported(&self) -> Value {
        self.control("", None)
    }

    /// Forgets all of it, violations too.
    pub fn forget(&self) {
        let delete = reqwest::Client::new().delete(format!("{}/_stand-in/repositories/{}", self.api, self.repository));
        self.runtime.block_on(delete.send()).unwrap().error_for_status().unwrap();
    }

    fn control(&self, more: &str, document: Option<&Value>) -> Value {
        let url = format!("{}/_stand-in/repositories/{}{more}", self.api, self.repository);
        let client = reqwest::Client::new();
        let request = match document {
            Some(document) => client.post(url).body(document.to_string()),
            None => client.get(url),
        };
        self.runtime.block_on(async {
            let answer = request.send().await.unwrap().error_for_status().unwrap();
            serde_json::from_str(&answer.text().await.unwrap()).unwrap()
        })
    }

    /// The statuses of a commit, the oldest first.
    pub fn statuses(&self, sha: &str) -> Vec<Status> {
        let reported = self.reported();
        let text = |status: &Value, key: &str| status[key].as_str().unwrap_or_default().to_owned();
        let statuses = reported["statuses"][sha].as_array().cloned().unwrap_or_default();
        let read = |status: &Value| Status {
            state: text(status, "state"),
            context: text(status, "context"),
            description: text(status, "description"),
            target: text(status, "target_url"),
        };
        statuses.iter().rev().map(read).collect()
    }

    /// Context and state of the statuses of a commit, the oldest first: `shipgate/stage pending`.
    pub fn states(&self, sha: &str) -> Vec<String> {
        self.statuses(sha).iter().map(|status| format!("{} {}", status.context, status.state)).collect()
    }

    /// How many requests came that change something.
    pub fn changes(&self) -> usize {
        self.reported()["calls"].as_array().unwrap().iter().filter(|call| call["method"] != "GET").count()
    }

    /// The paths of the requests that only read, in order, without the repository.
    pub fn reads(&self) -> Vec<String> {
        let reported = self.reported();
        let reads = reported["calls"].as_array().unwrap().iter().filter(|call| call["method"] == "GET");
        let start = format!("/repos/{}", self.repository);
        reads.map(|call| call["path"].as_str().unwrap().trim_start_matches(&start).to_owned()).collect()
    }

    /// A request of the API that is none of the program's: status and text of the answer.
    pub fn ask(&self, request: reqwest::RequestBuilder) -> (u16, String) {
        self.runtime.block_on(async {
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        })
    }

    /// The address of a path of the repository.
    pub fn url(&self, path: &str) -> String {
        format!("{}/repos/{}/{path}", self.api, self.repository)
    }
}

impl Drop for GitHub {
    /// Whatever else a test is about, its requests are those that GitHub describes, and no secret is in them.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let reported = self.reported();
            assert_eq!(reported["violations"], json!([]), "requests that GitHub does not describe");
            for kept in [&reported["comments"], &reported["statuses"]] {
                assert!(!kept.to_string().contains("canary"), "{kept:#}");
            }
        }
    }
}
