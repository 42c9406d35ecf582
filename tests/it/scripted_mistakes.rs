//! The mistakes of a newcomer, each with all that shipgate says of it: it names the thing, where it is written, and what to do.
//!
//! The numbers are those of the review that listed them. Of some there are tests that hold more than words: 12 and 24
//! (`scripted_whoami`), 30 and 34 (`offline_usage`); 25 (`scripted_role`); 26 (`offline_check`); 21 (`cloud_causes`); 31
//! (`cloud_images::two_builds_of_one_commit_at_once_are_both_deployed`).

use serde_json::{Value, json};

use crate::harness::{Ran, Repository};
use crate::scripted::{ACCOUNT, Answer, CLUSTER, SERVICE, Shop, all_at_once, config};

/// A mistake, and what is said of it.
struct Row {
    number: u8,
    mistake: &'static str,
    run: fn() -> Ran,
    said: &'static [&'static str],
}

const DEPLOY: [&str; 4] = ["deploy", "stage", "--output", "json"];
const PLAN: [&str; 5] = ["plan", "deploy", "stage", "--output", "json"];

/// A plan with one thing changed in the configuration.
fn planned_with(old: &str, new: &str) -> Ran {
    let config = config("");
    assert!(config.contains(old), "{old}");
    Shop::with_config(&config.replacen(old, new, 1)).shipgate(&PLAN).run()
}

/// A shop whose release has a probe and no image yet that knows it.
fn probed(url: &str, more: &str) -> Shop {
    let build = "build = { context = \".\", args = { RELEASE = \"${release.sha}\" } }";
    let probe = format!("probes = [{{ url = \"{url}\", retries = 0, {more} }}]");
    Shop::with_config(&config(&probe).replace("build = { context = \".\" }", build))
}

/// A shop whose commit has no image.
fn unbuilt(files: &[(&str, &str)]) -> Shop {
    let shop = Shop::new();
    for (name, text) in files {
        shop.repository.write(name, text);
    }
    shop.repository.commit("Something new");
    shop
}

fn with_production() -> Shop {
    let production = format!(
        "[environments.production]\nregion = \"us-east-1\"\naccount = \"{ACCOUNT}\"\npromotes-from = \"stage\"\n\
         [environments.production.gates]\napproval = \"none\"\n"
    );
    Shop::with_config(&format!("{}{production}", config("")))
}

const ROWS: &[Row] = &[
    Row {
        number: 1,
        mistake: "wrong account",
        run: || planned_with(ACCOUNT, "210987654321"),
        said: &[
            "error: the AWS credentials are of account 123456789012, but environment `stage` is in account 210987654321 (shipgate.toml:14)",
            "  the credentials are those of arn:aws:iam::123456789012:user/tester",
            "hint: use credentials of account 210987654321, or correct `account` (shipgate.toml:14)",
        ],
    },
    Row {
        number: 2,
        mistake: "contianer",
        run: || planned_with("container =", "contianer ="),
        said: &[
            "shipgate.toml:6: unknown key `contianer` in `components.backend`",
            "hint: write `container`, or remove it",
        ],
    },
    Row {
        number: 3,
        mistake: "promotes_from",
        run: || planned_with("account =", "promotes_from = \"stage\"\naccount ="),
        said: &[
            "shipgate.toml:14: unknown key `promotes_from` in `environments.stage`",
            "hint: write `promotes-from`, or remove it",
        ],
    },
    Row {
        number: 4,
        mistake: "account without quotes",
        run: || planned_with(&format!("\"{ACCOUNT}\""), ACCOUNT),
        said: &[
            "shipgate.toml:14: `account` must be a string, not an integer",
            "hint: write it in quotes: `account = \"123456789012\"`",
        ],
    },
    Row {
        number: 5,
        mistake: "cluster without quotes",
        run: || planned_with(&format!("\"{CLUSTER}\""), CLUSTER),
        said: &[
            "shipgate.toml:8: invalid TOML: `stage-cluster`, the text of `cluster`, is not in quotes",
            "hint: write `cluster = \"stage-cluster\"`",
        ],
    },
    Row {
        number: 6,
        mistake: "us-east1",
        run: || planned_with("us-east-1", "us-east1"),
        said: &[
            "shipgate.toml:13: `region`: \"us-east1\" is not a region",
            "hint: correct it: it has lowercase letters, digits and hyphens, like us-east-1",
        ],
    },
    Row {
        number: 7,
        mistake: "wrong cluster or region",
        run: || {
            let shop = Shop::new();
            shop.aws.refuse("ecs:DescribeServices", 400, "ClusterNotFoundException", "Cluster not found.");
            shop.shipgate(&PLAN).run()
        },
        said: &[
            "error: cluster `stage-cluster` does not exist in us-east-1 of 123456789012",
            "  ecs:DescribeServices: ClusterNotFoundException: Cluster not found. (request scripted-ecs-DescribeServices-1)",
            "hint: create it (shipgate never does), or correct `cluster` (shipgate.toml:8), `prefix`, `region` or the account",
        ],
    },
    Row {
        number: 8,
        mistake: "wrong service",
        run: || planned_with(SERVICE, "order-stage"),
        said: &[
            "error: service `order-stage` of cluster `stage-cluster` does not exist in us-east-1 of 123456789012",
            "hint: create it (shipgate never does), or correct `service` (shipgate.toml:9), `prefix`, `region` or the account",
        ],
    },
    Row {
        number: 9,
        mistake: "wrong container",
        run: || planned_with("container = \"web\"", "container = \"app\""),
        said: &[
            "error: container `app` is not in task definition `backend`, which has `web`, `proxy`",
            "hint: correct `container` in the component's configuration",
        ],
    },
    Row {
        number: 10,
        mistake: "wrong repository",
        run: || {
            let shop = unbuilt(&[]);
            shop.aws.refuse("ecr:BatchGetImage", 400, "RepositoryNotFoundException", "no such repository");
            shop.shipgate(&PLAN).run()
        },
        said: &[
            "error: repository `HOST/stage-shop` does not exist",
            "hint: create it, or write `create-repository = true` in the component's configuration",
        ],
    },
    Row {
        number: 11,
        mistake: "no SHIPGATE_VARS",
        run: || planned_with("region = \"us-east-1\"", "region = \"${vars.REGION}\""),
        said: &[
            "shipgate.toml:13: `${vars.REGION}` is not set",
            "hint: set it: `export SHIPGATE_VARS='{\"REGION\":\"…\"}'`",
        ],
    },
    Row {
        number: 13,
        mistake: "deploy to production",
        run: || with_production().shipgate(&["deploy", "production", "--output", "json"]).run(),
        said: &[
            "error: environment `production` promotes from `stage` and cannot be deployed to directly",
            "hint: deploy to `stage`, then `shipgate promote production`",
        ],
    },
    Row {
        number: 14,
        mistake: "changed files",
        run: || {
            let shop = Shop::new();
            shop.repository.write("Dockerfile", "FROM scratch\n# more\n");
            shop.shipgate(&PLAN).run()
        },
        said: &[
            "error: the working tree has changes that are not in commit ID",
            "  M Dockerfile",
            "hint: commit them, or use --allow-dirty for a release that can never be promoted",
        ],
    },
    Row {
        number: 15,
        mistake: "no commit",
        run: || {
            let shop = Shop::new();
            let repository = Repository::bare();
            repository.git(&["init", "--quiet"]);
            repository.write("shipgate.toml", config(""));
            repository.shipgate(&PLAN).envs(&shop.variables()).run()
        },
        said: &[
            "error: the git repository of DIRECTORY shöp has no commit",
            "hint: a release is a commit: `git add` and `git commit` first",
        ],
    },
    Row {
        number: 15,
        mistake: "no git",
        run: || Shop::new().shipgate(&PLAN).only_programs(&[]).run(),
        said: &["error: `git` is not installed", "hint: install git and put it on PATH: a release is a commit"],
    },
    Row {
        number: 16,
        mistake: "no docker",
        run: || unbuilt(&[]).shipgate(&DEPLOY).only_programs(&["git"]).run(),
        said: &[
            "error: `docker` is not installed",
            "hint: install docker and put it on PATH: the image has to be built",
        ],
    },
    Row {
        number: 16,
        mistake: "no docker engine",
        run: || {
            let docker = "echo 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock.' >&2; exit 1";
            unbuilt(&[]).shipgate(&DEPLOY).with_script("docker", docker).run()
        },
        said: &[
            "error: the docker engine does not answer",
            "  Cannot connect to the Docker daemon at unix:///var/run/docker.sock.",
            "hint: start the engine, or point DOCKER_HOST at one: the image has to be built",
        ],
    },
    Row {
        number: 17,
        mistake: "no Dockerfile",
        run: || {
            let shop = Shop::new();
            shop.repository.git(&["rm", "--quiet", "Dockerfile"]);
            shop.repository.commit("Without a Dockerfile");
            shop.shipgate(&PLAN).run()
        },
        said: &[
            "error: the Dockerfile `Dockerfile` cannot be read: it is not there",
            "hint: add it, or write `dockerfile = \"…\"` (shipgate.toml:5): its path begins at the configuration file",
        ],
    },
    Row {
        number: 17,
        mistake: "wrong context",
        run: || {
            let shop = Shop::with_config(&config("").replace("context = \".\"", "context = \"bakcend\""));
            shop.repository.commit("Something new");
            shop.shipgate(&PLAN).run()
        },
        said: &[
            "error: the directory `bakcend` that the image is built from is not there",
            "  it has to be a directory of the repository",
            "hint: correct `context` (shipgate.toml:5), or add the directory: its path begins at the configuration file",
        ],
    },
    Row {
        number: 18,
        mistake: "a build that fails",
        run: || {
            let docker = "case $1 in buildx) exit 1;; version) exit 0;; esac\nexec >&2\n\
                          echo 'Step 1/2 : FROM scratch'; echo ' ---> '; echo 'Step 2/2 : COPY none /'\n\
                          echo 'COPY failed: file not found in build context: stat none'; exit 1";
            unbuilt(&[]).shipgate(&DEPLOY).with_script("docker", docker).run()
        },
        said: &[
            "error: `docker build` failed",
            "  Step 1/2 : FROM scratch",
            "  Step 2/2 : COPY none /",
            "  COPY failed: file not found in build context: stat none",
            "hint: run the build by hand, in the directory of the configuration file: `docker build .`",
        ],
    },
    Row {
        number: 19,
        mistake: "a shallow clone",
        run: || {
            let shop = Shop::new();
            shop.deploy().outcome("deployed", 0);
            shop.repository.commit("Something new");
            let clone = shop.repository.shallow_clone();
            let head = clone.head();
            shop.aws.world(|world| world.registry.put_image(&head, Some(&head)));
            clone.shipgate(&DEPLOY).envs(&shop.variables()).run()
        },
        said: &[
            "error: refused by gate forward",
            "  forward: whether ID contains ID, which backend runs, is not known: this clone has no commit ID",
            "hint: fetch the whole history: `fetch-depth: 0` of actions/checkout, or `git fetch --unshallow`",
        ],
    },
    Row {
        number: 20,
        mistake: "a short id of no commit",
        run: || {
            let arguments = ["promote", "production", "--release", "679c554", "--output", "json"];
            with_production().shipgate(&arguments).run()
        },
        said: &[
            "error: --release names nothing that this clone has",
            "  this clone has no tag `ID`, and no commit that begins so",
            "hint: fetch it: `git fetch --tags origin`",
            "hint: write the commit with all 40 digits: `git rev-parse COMMIT` prints them",
        ],
    },
    Row {
        number: 22,
        mistake: "a probe with the wrong port, in a plan",
        run: || probed("http://127.0.0.1:9/health", "").shipgate(&PLAN).run(),
        said: &[
            "warning: backend: probe GET http://127.0.0.1:9/health (shipgate.toml:10) reaches nothing: no answer: Connection refused",
        ],
    },
    Row {
        number: 22,
        mistake: "a probe with the wrong port, in a deploy",
        run: || probed("http://127.0.0.1:9/health", "").shipgate(&DEPLOY).run(),
        said: &[
            "error: probe GET http://127.0.0.1:9/health (shipgate.toml:10) fails",
            "  no answer: Connection refused",
            "  before this deploy it was not answered either (no answer: Connection refused), so the probe is more likely wrong than the release",
            "hint: correct the probe (shipgate.toml:10), or what is between it and the service, and run this again",
        ],
    },
    Row {
        number: 22,
        mistake: "a probe with the wrong path",
        run: || {
            let shop = probed("${env.PROBE}", "");
            shop.aws.answer("probe:Ask", |_, _| Some(Answer::new(404, "no")));
            shop.shipgate(&DEPLOY).env("PROBE", format!("http://{}/probe", shop.aws.host())).run()
        },
        said: &[
            "error: probe GET http://HOST/probe (shipgate.toml:10) fails",
            "  status 404, not 200",
            "  before this deploy it was not answered either (status 404, not 200), so the probe is more likely wrong than the release",
            "hint: correct the probe (shipgate.toml:10), or what is between it and the service, and run this again",
        ],
    },
    Row {
        number: 23,
        mistake: "ARG RELEASE forgotten",
        run: || {
            let shop = probed("${env.PROBE}", "json = { \"/release\" = \"${release.sha}\" }");
            shop.aws.answer("probe:Ask", |_, _| Some(Answer::new(200, r#"{"release":"unknown"}"#)));
            shop.shipgate(&DEPLOY).env("PROBE", format!("http://{}/probe", shop.aws.host())).run()
        },
        said: &[
            "error: probe GET http://HOST/probe (shipgate.toml:10) fails; backend:7 serves again",
            "  /release is \"unknown\", not \"ID\"",
            "  `Dockerfile` does not declare `ARG RELEASE`, so the image may not know its release",
            "  it was answered before this deploy, so the release is more likely wrong than the probe",
            "hint: add `ARG RELEASE` and `ENV RELEASE=$RELEASE` to `Dockerfile`, and push that commit",
            "hint: fix the release and deploy the fixed commit",
        ],
    },
    Row {
        number: 27,
        mistake: "a missing permission",
        run: || {
            let shop = Shop::new();
            let message = "User: x is not authorized to perform: ecs:UpdateService on resource: y because no \
                           identity-based policy allows the ecs:UpdateService action";
            shop.aws.refuse("ecs:UpdateService", 400, "AccessDeniedException", message);
            shop.deploy()
        },
        said: &[
            "error: permission `ecs:UpdateService` is missing",
            "  ecs:UpdateService: AccessDeniedException: User: x is not authorized to perform: ecs:UpdateService on resource: y because no identity-based policy allows the ecs:UpdateService action (request scripted-ecs-UpdateService-1)",
            "hint: allow `ecs:UpdateService` in the policy of the role or user that runs shipgate: statement UpdateServices of `shipgate iam policy`",
        ],
    },
    Row {
        number: 32,
        mistake: "no probe at all",
        run: || Shop::with_config(&config("").replace("probes = []\n", "")).shipgate(&PLAN).run(),
        said: &["warning: backend has no probe: that the release answers is not proven"],
    },
    Row {
        number: 35,
        mistake: "a change by hand",
        run: || {
            let shop = Shop::new();
            shop.deploy().outcome("deployed", 0);
            shop.aws.world(|world| {
                let by_hand = world.register_by_hand(|document| {
                    document["containerDefinitions"][0]["environment"] = json!([{"name": "HOTFIX", "value": "1"}]);
                });
                world.run_only(0, &by_hand);
            });
            shop.shipgate(&PLAN).run()
        },
        said: &[
            "warning: backend runs backend:9, not backend:8, which shipgate deployed last: it was changed by hand; beside the image, that is kept",
            "warning: ~ containerDefinitions[web].image: HOST/stage-shop:ID@sha256:ID → registry.example/shop:old@sha256:ID",
            "warning: - containerDefinitions[web].dockerLabels[shipgate.sha]: ID",
            "warning: - containerDefinitions[web].environment[DATABASE_URL]: (not shown)",
            "warning: - containerDefinitions[web].environment[EMPTY]: (not shown)",
            "warning: + containerDefinitions[web].environment[HOTFIX]: (not shown)",
        ],
    },
];

/// What people read of a failure, or of a plan's warnings, a line each.
fn said(ran: &Ran) -> Vec<String> {
    let report = ran.json();
    let texts = |key: &str| report[key].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut lines = Vec::new();
    for problem in report["problems"].as_array().into_iter().flatten() {
        lines.push(format!("{}:{}: {}", text(&problem["file"]), problem["line"], text(&problem["message"])));
        lines.push(format!("hint: {}", text(&problem["hint"])));
    }
    if lines.is_empty() {
        lines.extend(report["reason"].as_str().map(|reason| format!("error: {reason}")));
        lines.extend(texts("causes").map(|cause| format!("  {cause}")));
        lines.extend(texts("hints").map(|hint| format!("hint: {hint}")));
    }
    if lines.is_empty() {
        lines.extend(
            texts("warnings")
                .flat_map(|text| text.lines().map(|it| format!("warning: {}", it.trim())).collect::<Vec<_>>()),
        );
    }
    // The images of these tests are put into the registry by hand.
    lines.retain(|line| !line.contains("was there already, pushed by another program"));
    lines.iter().map(|line| neutral(line)).collect()
}

/// Without what differs from run to run: commits, digests, ports and directories.
fn neutral(line: &str) -> String {
    let is_id = |word: &str| [7, 40, 64].contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut neutral = String::new();
    for piece in line.split_inclusive(|character: char| !character.is_ascii_alphanumeric()) {
        let word = piece.trim_end_matches(|character: char| !character.is_ascii_alphanumeric());
        neutral.push_str(&if is_id(word) { piece.replacen(word, "ID", 1) } else { piece.to_owned() });
    }
    let words = neutral.split_inclusive(' ').map(|word| match word.find("/tmp/") {
        Some(start) => format!("{}DIRECTORY ", &word[..start]),
        None => word.to_owned(),
    });
    without_port(words.collect::<String>().trim_end())
}

/// With the address of the endpoint of a test as `HOST`: its port has five digits.
fn without_port(line: &str) -> String {
    const ADDRESS: &str = "127.0.0.1:";
    let Some((before, after)) = line.split_once(ADDRESS) else { return line.to_owned() };
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    let address = if digits == 5 { "HOST".to_owned() } else { format!("{ADDRESS}{}", &after[..digits]) };
    format!("{before}{address}{}", without_port(&after[digits..]))
}

#[test]
fn each_mistake_of_a_newcomer_is_named_with_what_to_do() {
    let wrong = std::sync::Mutex::new(Vec::new());
    all_at_once(ROWS, |row| {
        let found = said(&(row.run)());
        if found != row.said {
            let Row { number, mistake, said, .. } = row;
            wrong.lock().unwrap().push((*number, format!("{number} {mistake}:\n{found:#?}\nnot {said:#?}")));
        }
    });
    let mut wrong = wrong.into_inner().unwrap();
    wrong.sort();
    let wrong: Vec<String> = wrong.into_iter().map(|(_, text)| text).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// 33: the same failure of AWS for each environment.
#[test]
fn what_is_the_same_for_each_environment_is_said_once() {
    let shop = with_production();
    let ran =
        shop.shipgate(&["status"]).env("AWS_ENDPOINT_URL", "http://127.0.0.1:9").env("AWS_MAX_ATTEMPTS", "1").run();
    let errors: Vec<&str> = ran.stderr.lines().filter(|line| line.starts_with("error:")).collect();
    assert_eq!(errors, ["error: stage, production: `sts:GetCallerIdentity` cannot be asked"], "{}", ran.stderr);
}
