//! A repository whose image is in the scripted registry already, so that no docker is needed.

use serde_json::Value;

use super::{ACCOUNT, CLUSTER, Index, SERVICE, Scripted};
use crate::harness::{Ran, Repository, Shipgate, unsettled};

/// Values that no output may ever show.
pub const CANARIES: [&str; 6] = [
    "canary-aws-secret-key",
    "canary-aws-session-token",
    "canary-registry-password",
    "canary-live-variable",
    "canary-live-secret",
    "canary-environment-value",
];

/// A repository, and the scripted AWS it is deployed to.
pub struct Shop {
    pub aws: Scripted,
    pub repository: Repository,
    /// The image of HEAD.
    pub digest: String,
}

/// The configuration of one component `backend` on environment `stage`; `more` goes into the component.
pub fn config(more: &str) -> String {
    // Probes are what a test asks for: it is not warned that there are none.
    let no_probes = if more.contains("probes = ") { "" } else { "probes = []\n" };
    format!(
        "app = \"shop\"\n\
         [components.backend]\n\
         kind = \"ecs\"\n\
         {}\n\
         build = {{ context = \".\" }}\n\
         container = \"web\"\n\
         repository = \"stage-shop\"\n\
         cluster = \"{CLUSTER}\"\n\
         service = \"{SERVICE}\"\n\
         {no_probes}{more}\n\
         [environments.stage]\n\
         region = \"us-east-1\"\n\
         account = \"{ACCOUNT}\"\n",
        unsettled(more)
    )
}

impl Shop {
    pub fn new() -> Self {
        Self::with("")
    }

    /// A shop with more in its component.
    pub fn with(more: &str) -> Self {
        Self::with_config(&config(more))
    }

    pub fn with_config(config: &str) -> Self {
        let aws = Scripted::start("AWS", CANARIES[2]);
        let repository = Repository::with_files(&[("shipgate.toml", config), ("Dockerfile", "FROM scratch\n")]);
        let head = repository.head();
        let digest = aws.world(|world| world.registry.put_image(&head, Some(&head)));
        Self { aws, repository, digest }
    }

    /// Replaces the image of HEAD by an index.
    pub fn index(&mut self) -> Index {
        let head = self.repository.head();
        let index = self.aws.world(|world| world.registry.put_index(&head, &head));
        self.digest.clone_from(&index.digest);
        index
    }

    /// What the program needs to reach the scripted AWS.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let host = self.aws.host();
        vec![
            ("AWS_ENDPOINT_URL", format!("http://{host}")),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", CANARIES[0].to_owned()),
            ("AWS_SESSION_TOKEN", CANARIES[1].to_owned()),
            ("SHIPGATE_REGISTRY_HOSTS", format!("{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com=http://{host}")),
        ]
    }

    pub fn shipgate(&self, arguments: &[&str]) -> Shipgate {
        self.repository.shipgate(arguments).envs(&self.variables())
    }

    /// `shipgate deploy stage --output json`
    pub fn deploy(&self) -> Ran {
        self.shipgate(&["deploy", "stage", "--output", "json"]).run()
    }
}

/// The texts of a list in a report, one a line.
#[track_caller]
pub fn text(report: &Value, list: &str) -> String {
    let list = report[list].as_array().unwrap_or_else(|| panic!("no {list} in {report:#}"));
    list.iter().map(|text| text.as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

/// Runs one scenario for each case at the same time: most of them only wait.
pub fn all_at_once<T: Send>(cases: impl IntoIterator<Item = T>, scenario: impl Fn(T) + Sync) {
    let scenario = &scenario;
    std::thread::scope(|scope| {
        for case in cases {
            scope.spawn(move || scenario(case));
        }
    });
}

/// How long something really takes.
#[expect(clippy::disallowed_methods, reason = "a test measures real time")]
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, std::time::Duration) {
    let began = std::time::Instant::now();
    (work(), began.elapsed())
}
