//! The digests of three plans, and what they are made from. Both are contracts: a promotion is approved by its digest
//! in one run and carried out in another, perhaps by another version.

use super::*;
use crate::domain::ecs::target::TaskDefinitionSource;
use crate::domain::template::Template;

/// A deploy with everything that a build and a service may have.
fn deploy() -> Plan {
    let service = EcsTarget {
        task_definition: TaskDefinitionSource::File("deploy/task \"blue\".json".into()),
        pre_deploy: Some(vec![Template::literal("migrate"), "--to=${release.sha}".parse().unwrap()]),
        ..target()
    };
    let mut plan = whole_plan_of(&service, &ImageState::Missing, 7, 1);
    let build = &mut plan.images[0].image.build;
    build.dockerfile = Some("backend/Dockerfile".into());
    build.platforms = vec!["linux/amd64".to_owned(), "linux/arm64".to_owned()];
    build.args.insert("VERSION".to_owned(), "${release.sha}-$${a}".parse().unwrap());
    build.args.insert("ARM".to_owned(), Template::literal("no"));
    build.tags = vec!["latest".parse().unwrap()];
    plan.policy.approval = Some(Approval::None);
    plan
}

fn rollback() -> Plan {
    let entry = |sha: &str| Some(LedgerEntry::new(sha.parse().unwrap(), &"arn".into()));
    let restored = revision(7, &format!("repo:{SHA}"), "debug", entry(SHA));
    let other = "a".repeat(40);
    let left = facts(revision(8, &format!("repo:{other}"), "debug", entry(&other)), vec![]);
    let image = KnownImage {
        reference: repository().pinned(&SHA.parse().unwrap(), &digest('a')),
        digest: digest('a'),
        platforms: Vec::new(),
    };
    let service = plan_rollback(&target(), &left, &restored, Some(&image), false);
    let components = vec![neutral(&component("backend"), &service, &SHA.parse().unwrap())];
    Plan { intent: Intent::Rollback, components, ..whole_plan(&present(&[Some(SHA)]), 8, 1) }
}

/// Back to what ran before the first release, which no digest pins.
fn rollback_to_baseline() -> Plan {
    let entry = Some(LedgerEntry::new(SHA.parse().unwrap(), &"arn".into()));
    let left = facts(revision(8, &format!("repo:{SHA}"), "debug", entry), vec![]);
    let before = revision(7, "repo:bootstrap", "debug", None);
    let service = plan_rollback(&target(), &left, &before, None, true);
    let components = vec![neutral(&component("backend"), &service, &ReleaseName::Baseline)];
    let plan = whole_plan(&present(&[Some(SHA)]), 8, 1);
    Plan { intent: Intent::Rollback, release: ReleaseName::Baseline, images: Vec::new(), components, ..plan }
}

fn cases() -> [(&'static str, Plan); 4] {
    [
        ("deploy", deploy()),
        ("promote", promotion(&live(7), TagState::Missing, "stage")),
        ("rollback", rollback()),
        ("rollback-baseline", rollback_to_baseline()),
    ]
}

#[test]
fn golden_plans_have_the_same_canonical_form() {
    let file = |name: &str| format!("plan/{name}.json");
    let different = cases().into_iter().filter_map(|(name, plan)| {
        let text = serde_json::to_string_pretty(&plan.canonical()).unwrap() + "\n";
        crate::golden::difference(&file(name), &text)
    });
    let different: Vec<String> = different.collect();
    assert!(different.is_empty(), "run `SHIPGATE_UPDATE_GOLDEN=1 cargo test golden`\n{}", different.join("\n"));
    crate::golden::assert_files("plan", &cases().iter().map(|(name, _)| file(name)).collect());
}

#[test]
fn golden_plans_have_the_same_digest() {
    let digests = cases().map(|(name, plan)| format!("{name} {}", plan.digest()));
    assert_eq!(
        digests,
        [
            "deploy sha256:4b63d01fa54ad17a33337b3aefaac87f828c92d932b277d1c6179f8bfde4c8bf",
            "promote sha256:6f628d8dfff8aa0d993c9e1ada2cb7463cca3df5ad7b8eb8d257b1a76304eed7",
            "rollback sha256:b67d7e7599f9e968887adb1e1679104db0243c9fbe9abba0b90a0a5c9422db16",
            "rollback-baseline sha256:213a8299c77a29a896740a0df1792598e79196b0585d4c381fff4b0e5863141e",
        ]
    );
}
