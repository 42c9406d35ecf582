//! Contracts of values against services that really run.

use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::harness::Ran;

const VALUE: &str = "canary-contract-value";

fn set(definition: &mut Value, stream: &str) {
    definition["containerDefinitions"][0]["environment"] = json!([
        { "name": "QUEUE", "value": format!("{VALUE}-{stream}") },
        { "name": "API_URL", "value": format!("https://{VALUE}.shop.test") },
    ]);
}

/// No value is shown.
#[track_caller]
fn silent(ran: Ran) -> Ran {
    assert!(!ran.stdout.contains(VALUE) && !ran.stderr.contains(VALUE), "{}{}", ran.stdout, ran.stderr);
    ran
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_promotion_waits_for_values_of_its_own() {
    let cloud = Cloud::with_stage_and_production();
    let contract = "[contract.backend]\nQUEUE = { required = true, isolated = true }\n\
                    API_URL = { required = true, url = \"https\", inherited = true }\n";
    let config = format!("{}\n{contract}", cloud.promotion_config(""));
    let shop = cloud.shop(&config);
    let run = |arguments: &[&str]| silent(cloud.shipgate(&shop, arguments).run());

    let missing = run(&["contract", "stage", "--json"]).expect_code(2).json();
    let rules: Vec<&str> =
        missing["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap()).collect();
    assert_eq!(rules.iter().filter(|rule| **rule == "contract-required").count(), 2, "{missing:#}");
    run(&["deploy", "stage", "--json"]).outcome("refused", 3);

    cloud.change_by_hand("backend", |definition| set(definition, "stage"));
    run(&["deploy", "stage", "--json"]).outcome("deployed", 0);
    cloud.change_by_hand("live", |definition| set(definition, "stage"));
    let refused = run(&["promote", "production", "--json"]).outcome("refused", 3);
    assert!(refused["causes"].to_string().contains("contract-isolated"), "{refused:#}");
    cloud.change_by_hand("live", |definition| set(definition, "production"));
    run(&["contract", "production"]).expect_code(0);
    run(&["promote", "production", "--json"]).outcome("deployed", 0);
    let proposal = run(&["contract", "--propose"]).expect_code(0);
    assert!(proposal.stdout.contains("[contract.backend]") && proposal.stdout.contains("QUEUE"), "{}", proposal.stdout);
}
