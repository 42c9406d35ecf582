//! Each rule with something that it finds, and something that it leaves alone.

use super::check;
use crate::domain::check::outline::{Outline, OutlinedText, WrittenComponent};
use crate::domain::check::{Findings, LinePlace, RepositoryFiles};

const GOOD: [(&str, &str); 3] = [
    ("web/package.json", "{\"engines\": {\"node\": \">=22\"}}"),
    ("web/package-lock.json", "{}"),
    ("shipgate.toml", ""),
];

/// A site in two environments, with further keys.
fn outline(more: &[(&'static str, &str)]) -> Outline {
    let written = |text: &str| OutlinedText { text: Some(text.to_owned()), place: LinePlace::at(9, 1) };
    let site = |environment: &str| {
        let bucket = format!("{environment}-site");
        let texts = [("bucket", bucket.as_str()), ("artifacts", "releases"), ("output", "web/dist")];
        let texts = [("directory", "web"), ("run", "npm ci && npm run build")].into_iter().chain(texts);
        WrittenComponent {
            name: "site".to_owned(),
            kind: "static-site",
            place: LinePlace::at(3, 1),
            environment: environment.to_owned(),
            texts: texts.chain(more.iter().copied()).map(|(key, text)| (key, written(text))).collect(),
        }
    };
    let components = vec![site("stage"), site("production")];
    Outline { file: "shipgate.toml".to_owned(), components, ..Outline::default() }
}

fn judged(files: &[(&str, &str)], outline: Option<&Outline>) -> Findings {
    let read = |name: &str| {
        let found = files.iter().find(|(it, _)| *it == name);
        found.map(|(_, text)| (*text).to_owned()).ok_or_else(|| "absent".to_owned())
    };
    check(&RepositoryFiles::new(files.iter().map(|(name, _)| (*name).to_owned()), &read), outline).sorted()
}

/// The rules that find something, each as often as it does.
fn found(files: &[(&str, &str)], more: &[(&'static str, &str)]) -> Vec<&'static str> {
    let findings = judged(files, Some(&outline(more)));
    assert!(findings.all.iter().all(|finding| !finding.hint.is_empty() && finding.place.is_some()), "{findings:?}");
    findings.all.iter().map(|finding| finding.rule.as_str()).collect()
}

#[test]
fn a_site_with_all_that_its_build_needs_is_right() {
    assert_eq!(found(&GOOD, &[]), [""; 0]);
    assert_eq!(judged(&GOOD, None), Findings::default());
    assert_eq!(found(&[], &[]), [""; 0], "nothing is known of the files");
}

#[test]
fn a_build_needs_its_directory_and_a_package() {
    let yarn = ("run", "yarn build");
    let nothing = ("shipgate.toml", "");
    let page = ("web/index.html", "");
    for (files, more, rules) in [
        (&[nothing] as &[_], vec![], vec!["site-directory"]),
        (&[nothing, (".gitmodules", "")], vec![], vec![]),
        (&[nothing, page], vec![], vec!["site-package"]),
        (&[nothing, page], vec![yarn], vec!["site-package"]),
        (&[nothing, page], vec![("run", "make site")], vec![]),
        (&[nothing, page], vec![("run", "cd app && npm run build")], vec![]),
        (&[nothing, page], vec![("run", "npm --prefix=app run build")], vec![]),
        (&[page, ("package.json", "{\"engines\": {\"node\": \"22\"}}")], vec![yarn], vec![]),
        (&[page, ("other/package.json", "{}")], vec![yarn], vec!["site-package"]),
        (&[page, ("package.json", "{")], vec![yarn], vec![]),
    ] {
        assert_eq!(found(files, &more), rules, "{files:?} {more:?}");
    }
}

#[test]
fn what_is_locked_is_installed() {
    let package = GOOD[0];
    for (files, run, rules) in [
        (&[package] as &[_], "npm ci && npm run build", vec!["site-lock-file"]),
        (&[package], "CI=1 npm ci", vec!["site-lock-file"]),
        (&[package], "npm install && npm run ci", vec![]),
        (&[package], "echo npm ci", vec![]),
        (&[package, ("web/npm-shrinkwrap.json", "")], "npm ci", vec![]),
        (&[package, ("package-lock.json", "")], "npm ci", vec![]),
        (&[package, ("web/yarn.lock", "")], "npm ci", vec!["site-lock-file"]),
    ] {
        assert_eq!(found(files, &[("run", run)]), rules, "{files:?} {run}");
    }
}

#[test]
fn somebody_says_which_node_builds_it() {
    let (package, lock) = (("web/package.json", "{}"), GOOD[1]);
    for (files, more, rules) in [
        (&[package, lock] as &[_], vec![], vec!["site-node"]),
        (&[package, lock], vec![("node", "22")], vec![]),
        (&[package, lock], vec![("run", "make")], vec![]),
        (&[package, lock, ("web/.nvmrc", "22")], vec![], vec![]),
        (&[package, lock, (".nvmrc", "22")], vec![], vec![]),
        (&[package, lock, ("api/.nvmrc", "22")], vec![], vec!["site-node"]),
        (&[("web/package.json", "{\"volta\": {\"node\": \"22.1.0\"}}"), lock], vec![], vec![]),
    ] {
        assert_eq!(found(files, &more), rules, "{files:?} {more:?}");
    }
}

#[test]
fn what_a_build_makes_is_not_committed() {
    for (file, rules) in [
        ("web/dist/index.html", vec!["site-output-committed"]),
        ("web/dist/.gitkeep", vec![]),
        ("web/dist.html", vec![]),
        ("dist/index.html", vec![]),
    ] {
        assert_eq!(found(&[GOOD.as_slice(), &[(file, "")]].concat(), &[]), rules, "{file}");
    }
}

#[test]
fn a_bucket_has_one_deployer() {
    for (command, is_found) in [
        ("aws s3 sync build/ s3://stage-site --delete", true),
        ("aws s3 sync build/ s3://production-site/", true),
        ("npm run build && aws --profile x s3 cp --recursive dist \"s3://stage-site/app\"", true),
        ("aws s3 rm s3://stage-site/index.html", true),
        ("aws s3 sync old s3://releases", true),
        ("aws s3 sync s3://stage-site ./backup", false),
        ("aws s3 sync s3://stage-site s3://backup", false),
        ("aws s3 sync build/ s3://stage-site-2", false),
        ("aws s3 sync build/ s3://$BUCKET", false),
        ("aws s3 sync build/ s3://stage-site --dryrun", false),
        ("aws s3 ls s3://stage-site", false),
        ("echo aws s3 sync build/ s3://stage-site", false),
    ] {
        let text = format!("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: |\n          {command}\n");
        let files = [GOOD.as_slice(), &[(".github/workflows/site.yml", text.as_str())]].concat();
        let expected: &[&str] = if is_found { &["site-two-deployers"] } else { &[] };
        assert_eq!(found(&files, &[]), expected, "{command}");
    }
}
