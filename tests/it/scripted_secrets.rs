//! Secrets that pass through are in no output, however much is logged.

use crate::harness::Ran;
use crate::scripted::{CANARIES, Shop, all_at_once, config};

/// Insists that no canary is in the output, plain or in base64.
#[track_caller]
fn kept(ran: &Ran) {
    use base64::Engine as _;
    let shown = format!("{}{}", ran.stdout, ran.stderr);
    let login = base64::engine::general_purpose::STANDARD.encode(format!("AWS:{}", CANARIES[2]));
    let leaked: Vec<(&str, &str)> = CANARIES
        .into_iter()
        .chain([login.as_str()])
        .filter_map(|canary| Some((canary, shown.lines().find(|line| line.contains(canary))?)))
        .collect();
    assert!(leaked.is_empty(), "{leaked:#?}");
}

/// A shop that hands a secret to a build and to a probe.
fn shop() -> Shop {
    let text = config("")
        .replace("build = { context = \".\" }", "build = { context = \".\", args = { TOKEN = \"${env.TOKEN}\" } }");
    let probe = "[[environments.stage.components.backend.probes]]\nurl = \"${env.PROBE}?key=${env.TOKEN}\"\n\
                 headers = { Authorization = \"Bearer ${env.TOKEN}\" }\nretries = 1\ninterval = \"100ms\"\ntext = \"ok\"\n";
    Shop::with_config(&(text + probe))
}

fn run(shop: &Shop, arguments: &[&str]) -> Ran {
    let shipgate = shop.shipgate(arguments).env("TOKEN", CANARIES[5]);
    shipgate.env("PROBE", format!("http://{}/probe", shop.aws.host())).env("DOCKER_HOST", "tcp://127.0.0.1:1").run()
}

/// Each kind of run, with more arguments for each.
fn every_run_keeps_them(more: &[&str]) {
    let shop = shop();
    let ran = run(&shop, &[&["deploy", "stage"], more].concat()).expect_code(0);
    assert!(shop.aws.operations().contains(&"probe:Ask".to_owned()));
    kept(&ran);
    kept(&run(&shop, &[&["deploy", "stage"], more].concat()).expect_code(0));
    kept(&run(&shop, &[&["status"], more].concat()).expect_code(0));
    kept(&run(&shop, &[&["plan", "deploy", "stage"], more].concat()).expect_code(0));
    let operations =
        ["ecs:DescribeServices", "ecs:UpdateService", "registry:GetManifest", "registry:GetSigned", "probe:Ask"];
    all_at_once(operations, |operation| {
        let shop = self::shop();
        shop.aws.refuse(operation, 400, "InvalidParameterException", "no");
        let ran = run(&shop, &[&["deploy", "stage"], more].concat());
        assert_ne!(ran.code, 0);
        kept(&ran);
    });
    // A build that cannot begin: there is no engine.
    let shop = self::shop();
    shop.aws.world(|world| world.registry.manifests.clear());
    kept(&run(&shop, &[&["deploy", "stage"], more].concat()).expect_code(1));
}

#[test]
fn every_run_keeps_them_at_each_usual_level() {
    all_at_once([&[][..], &["-v"], &["--output", "json"], &["-q"]], every_run_keeps_them);
}

#[test]
fn every_run_keeps_its_secrets_at_the_levels_for_experts() {
    all_at_once([&["-vv"][..], &["-vvv"], &["--output", "json", "-vvv"]], every_run_keeps_them);
}

/// What somebody changed by hand is named, its value is not.
#[test]
fn drift_is_told_without_values() {
    let shop = shop();
    run(&shop, &["deploy", "stage"]).expect_code(0);
    shop.aws.world(|world| {
        let by_hand = world.register_by_hand(|document| {
            document["containerDefinitions"][0]["environment"][1]["value"] = CANARIES[5].into();
            document["containerDefinitions"][0]["secrets"][0]["valueFrom"] = CANARIES[4].into();
            document["containerDefinitions"][0]["command"] = vec![CANARIES[5]].into();
        });
        world.roll_out(&[("3", by_hand.rsplit('/').next().unwrap(), "COMPLETED")]);
    });
    let ran =
        run(&shop, &["plan", "deploy", "stage", "--output", "json"]).expect_code(0).expect_stderr("changed by hand");
    assert!(ran.stderr.contains("[EMPTY]"), "the variable is named\n{}", ran.stderr);
    kept(&ran);
}

#[test]
fn a_value_where_a_name_should_be_is_not_shown() {
    let shop = Shop::with_config(&config("").replace("\"123456789012\"", "\"${env.TOKEN}\""));
    let ran = run(&shop, &["deploy", "stage", "--output", "json"]);
    ran.outcome("invalid", 2);
    kept(&ran);
}
