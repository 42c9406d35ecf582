//! Contracts where there are no credentials: what the configuration and the files of the repository set themselves.

use serde_json::{Value, json};

use crate::harness::Repository;

const CANARY: &str = "canary7f3a";

/// A site and a service with a task-definition file, in two environments.
fn shop(production: &str, file: &Value) -> Repository {
    let config = format!(
        r#"app = "shop"
[components.site]
kind = "static-site"
build = {{ run = "npm run build", output = "dist" }}
bucket = "${{environment.name}}-site"
artifacts = "${{environment.name}}-releases"
[components.backend]
kind = "ecs"
build = {{ context = "." }}
container = "web"
task-definition = "task.json"
repository = "backend"
cluster = "${{environment.name}}"
service = "backend"
probes = []
[contract.site]
API_URL = {{ required = true, isolated = true, url = "https" }}
[contract.backend]
DATABASE_URL = {{ required = true, secret = true }}
QUEUE = {{ required = ["production"] }}
[environments.stage]
region = "us-east-1"
[environments.stage.components.site]
runtime-config = {{ path = "config.js", values = {{ API_URL = "https://{CANARY}.shop.io" }} }}
[environments.production]
region = "us-east-1"
promotes-from = "stage"
gates = {{ approval = "none" }}
[environments.production.components.site]
{production}
"#
    );
    Repository::with_files(&[
        ("shipgate.toml", &config),
        ("task.json", &file.to_string()),
        ("Dockerfile", "FROM scratch\n"),
    ])
}

fn definition(container: &Value) -> Value {
    json!({"family": "backend", "containerDefinitions": [container]})
}

/// The rules of contracts that are broken, each with the name of the variable and the environment.
fn broken(repository: &Repository) -> Vec<String> {
    let ran = repository.shipgate(&["check", "--json"]).env("AWS_EC2_METADATA_DISABLED", "true").run();
    for text in [&ran.stdout, &ran.stderr] {
        assert!(!text.contains(CANARY), "{text}");
    }
    let document = ran.json();
    let findings = document["findings"].as_array().unwrap().iter();
    let of_contract = findings.filter(|it| it["rule"].as_str().unwrap().starts_with("contract-"));
    let shown = |finding: &Value| {
        assert_eq!(finding["file"], "shipgate.toml", "{finding:#}");
        let message = finding["message"].as_str().unwrap();
        let name = message.split('`').nth(1).unwrap();
        let environment = message.split(" in ").nth(1).unwrap().split(' ').next().unwrap();
        format!("{} {name} {environment}", finding["rule"].as_str().unwrap())
    };
    of_contract.map(shown).collect()
}

#[test]
fn what_is_written_is_judged_without_credentials() {
    let own = "runtime-config = { path = \"config.js\", values = { API_URL = \"https://canary7f3a-prod.shop.io\" } }";
    let good = json!({
        "name": "web", "image": "i", "environment": [{"name": "QUEUE", "value": CANARY}],
        "secrets": [{"name": "DATABASE_URL", "valueFrom": "arn:aws:ssm:us-east-1:123456789012:parameter/db"}],
    });
    assert_eq!(broken(&shop(own, &definition(&good))), [""; 0]);

    let bare = definition(&json!({"name": "web", "image": "i"}));
    let baked =
        format!("runtime-config = {{ path = \"config.js\", values = {{ API_URL = \"https://{CANARY}.shop.io\" }} }}");
    assert_eq!(
        broken(&shop(&baked, &bare)),
        [
            "contract-isolated API_URL production",
            "contract-isolated API_URL stage",
            "contract-required DATABASE_URL production",
            "contract-required DATABASE_URL stage",
            "contract-required QUEUE production",
        ]
    );
    assert_eq!(broken(&shop("", &definition(&good))), ["contract-required API_URL production"]);
}
