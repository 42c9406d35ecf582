//! The keys of a static site: what they mean, and what is said of wrong ones.

use super::*;
use crate::domain::image::Digest;
use crate::domain::static_site::Target as Site;
use crate::domain::static_site::runtime::{RuntimeForm, ScriptVariable};

const SITE: &str = r#"
app = "shop"

[components.site]
kind = "static-site"
bucket = "${environment.prefix}-site"
artifacts = "${environment.prefix}-releases"
distribution = "E2QWRUHAPOMQZL"
build = { run = "npm ci && npm run build", directory = "web", output = "web/dist", node = "22", env = { VERSION = "${release.sha}" } }
runtime-config = { path = "config.js", values = { API_URL = "https://api.${environment.name}.example.com" } }
exclude = ["**/*.map", "drafts/*"]
keep = 3
url = "https://${environment.name}.example.com"
calls = ["https://api.${environment.name}.example.com/${release.sha}"]
probes = [{ url = "https://${environment.name}.example.com/about" }]
timeout = "15m"

[environments.stage]
region = "us-east-1"

[environments.production]
region = "us-east-1"
promotes-from = "stage"
gates = { approval = "none" }
"#;

const SHA: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/// [`SITE`] with one thing changed.
fn with(old: &str, new: &str) -> String {
    assert!(SITE.contains(old), "{old}");
    SITE.replacen(old, new, 1)
}

/// The site of an environment.
fn site(text: &str, environment: &str, purpose: Purpose) -> Site {
    let request =
        ResolveRequest { environment, components: &[], purpose, vars: None, env: &|_| None, in_workflow: false };
    let target = parse(text).unwrap_or_else(|errors| panic!("{errors}")).resolve(&request).unwrap();
    assert!(target.images.is_empty(), "it ships no image");
    let [component] = target.components.as_slice() else { panic!("{target:?}") };
    let Kind::StaticSite(site) = &component.kind else { panic!("{component:?}") };
    site.clone()
}

/// What is said of each change of the good file.
fn said(changes: &[(&str, &str)]) -> String {
    let said = |(old, new): &(&str, &str)| {
        let errors = refused(&with(old, new));
        for error in &errors {
            assert!(!error.hint.is_empty() && !error.message.ends_with('.'), "{error:?}");
        }
        format!("{}\n{}", new.replace('\n', "⏎"), reported(&errors))
    };
    changes.iter().map(said).collect::<Vec<_>>().join("\n\n")
}

#[test]
fn all_keys_mean_something() {
    let site = site(SITE, "production", Purpose::Change);
    assert_eq!((site.bucket.as_str(), site.artifacts.as_str()), ("production-site", "production-releases"));
    assert_eq!(site.distribution.as_ref().unwrap().as_str(), "E2QWRUHAPOMQZL");
    let build = site.build.as_ref().unwrap();
    assert_eq!((build.run.to_string().as_str(), build.directory.as_str()), ("npm ci && npm run build", "web"));
    assert_eq!((build.output.as_str(), build.node.as_deref()), ("web/dist", Some("22")));
    assert_eq!((build.env["VERSION"].fill(SHA), build.is_per_environment), (SHA.to_owned(), false));
    let runtime = site.runtime_config.as_ref().unwrap();
    let expected =
        "globalThis.__CONFIG__ = Object.freeze({\n  \"API_URL\": \"https://api.production.example.com\"\n});\n";
    assert_eq!(runtime.render(&SHA.parse().unwrap()).file().digest, Digest::of(expected));
    assert_eq!(site.exclude.iter().map(glob::Pattern::as_str).collect::<Vec<_>>(), ["**/*.map", "drafts/*"]);
    assert_eq!((site.keep, site.url.as_deref()), (3, Some("https://production.example.com")));
    assert_eq!(site.calls[0].fill(SHA), format!("https://api.production.example.com/{SHA}"));
    assert_eq!((site.probes.len(), site.timeout.as_secs()), (1, 15 * 60));
}

#[test]
fn what_is_not_written_is_as_documented() {
    let kept = SITE.lines().filter(|line| {
        let key = line.split(" =").next().unwrap();
        !["distribution", "runtime-config", "exclude", "keep", "url", "calls", "probes", "timeout"].contains(&key)
    });
    let text = kept
        .collect::<Vec<_>>()
        .join("\n")
        .replace("directory = \"web\", output = \"web/dist\", node = \"22\", ", "output = \"dist\", ");
    let site = site(&text, "stage", Purpose::Change);
    let sample = Site { distribution: None, build: site.build.clone(), ..Site::sample() };
    let sample = Site { name: site.name.clone(), environment: site.environment.clone(), ..sample };
    assert_eq!(site, Site { bucket: site.bucket.clone(), artifacts: site.artifacts.clone(), ..sample });
    let build = site.build.unwrap();
    assert_eq!((build.directory.as_str(), build.node), (".", None));
}

#[test]
fn a_page_that_a_browser_opens_is_a_probe() {
    let url = "{ url = \"https://${environment.name}.example.com/about\" }";
    let page = "{ browser = \"https://${environment.name}.example.com/\", text = \"Laptop\" }";
    let stage = site(&with(url, page), "stage", Purpose::Change);
    let [probe] = stage.probes.as_slice() else { panic!("{:?}", stage.probes) };
    assert!(probe.is_browser);
    assert_eq!(probe.url.to_string(), "https://stage.example.com/");
    assert_eq!(probe.text.as_ref().map(ToString::to_string).as_deref(), Some("Laptop"));
    assert_eq!((probe.status, probe.timeout.as_secs(), probe.retries), (200, 20, 2));
    let other = site(SITE, "stage", Purpose::Change);
    assert_eq!(
        (other.probes[0].is_browser, other.probes[0].timeout.as_secs(), other.probes[0].retries),
        (false, 5, 10)
    );
    let both = "{ browser = \"https://x.example\", url = \"https://x.example\", method = \"POST\" }";
    let said = said(&[(url, both), (url, "{ browser = \"x.example\" }")]);
    for part in
        ["`url`", "`method`", "a browser sends what it sends", "`browser`: \"x.example\" is not an address to ask"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn a_site_is_a_website_or_behind_a_distribution() {
    let distribution = "distribution = \"E2QWRUHAPOMQZL\"";
    assert!(!site(SITE, "stage", Purpose::Change).is_website);
    let website = site(&with(distribution, "website = true"), "stage", Purpose::Change);
    assert!(website.is_website && website.distribution.is_none());
    let both = format!("{distribution}\nwebsite = true");
    let said = said(&[(distribution, &both)]);
    assert!(said.contains("`website` is written beside `distribution`") && said.contains("website = false"), "{said}");
    // Production has a distribution, and stage has none.
    let mixed = with(distribution, "website = true")
        + "[environments.production.components.site]\nwebsite = false\ndistribution = \"E2QWRUHAPOMQZL\"\n";
    let of = |environment| site(&mixed, environment, Purpose::Change);
    assert_eq!([of("stage").is_website, of("production").is_website], [true, false]);
}

#[test]
fn a_runtime_configuration_is_a_script_with_a_variable_or_json() {
    for (written, expected) in [
        ("path = \"config.json\"", Some(RuntimeForm::Json)),
        ("path = \"js/env.js\", variable = \"window.env\"", Some(RuntimeForm::Script("window.env".parse().unwrap()))),
        ("path = \"config.js\"", Some(RuntimeForm::Script(ScriptVariable::default()))),
    ] {
        let site = site(&with("path = \"config.js\"", written), "stage", Purpose::Values);
        assert_eq!(site.runtime_config.map(|config| config.form.clone()), expected, "{written}");
    }
}

/// In an emergency, `hold` of a site needs none of these variables.
#[test]
fn only_what_a_purpose_needs_is_resolved() {
    let text = SITE
        .replace("npm ci", "${env.X}")
        .replace("https://api.${environment.name}", "https://${env.X}")
        .replace("name}.example.com/about", "name}.${env.X}")
        .replace("15m", "${vars.X}")
        .replace("VERSION = \"${release.sha}\"", "");
    let text = text.replacen("kind = \"static-site\"", "kind = \"static-site\"\nrebuild-per-environment = true", 1);
    let site = site(&text, "stage", Purpose::Services);
    assert_eq!((site.build, site.runtime_config, site.calls.len(), site.probes.len()), (None, None, 0, 0));
    assert_eq!((site.url.as_deref(), site.keep), (Some("https://stage.example.com"), 3), "a rollback is proven there");
}

#[test]
fn a_build_is_the_same_for_all_environments_unless_it_says_otherwise() {
    for differing in ["${environment.name}", "${environment.prefix}", "${env.API_KEY}"] {
        let text = with("npm run build", &format!("npm run build:{differing}"));
        let refused = refused(&text).render(false);
        assert!(refused.contains(&format!("`{differing}` cannot be used in `build`")), "{refused}");
        let text = text.replacen("kind =", "rebuild-per-environment = true\nkind =", 1);
        parse(&text).unwrap();
    }
    let text = with("npm run build", "npm run build -- ${vars.FLAGS} ${app}");
    parse(&text).unwrap();
}

#[test]
fn wrong_builds() {
    let changes = [
        ("run = \"npm ci && npm run build\", ", ""),
        ("output = \"web/dist\", ", ""),
        ("output = \"web/dist\"", "output = \"web\""),
        ("output = \"web/dist\"", "output = \"./web/../web/\""),
        ("output = \"web/dist\"", "output = \".\""),
        ("output = \"web/dist\"", "output = \"../dist\""),
        ("directory = \"web\"", "directory = \"/web\""),
        ("node = \"22\"", "node = \"latest\""),
        ("node = \"22\"", "node = 22"),
        ("VERSION = ", "AWS_PROFILE = "),
        ("VERSION = \"${release.sha}\"", "STAGE = \"${environment.name}\", KEY = \"${env.KEY}\""),
        ("node = \"22\"", "shell = \"bash\""),
        ("[environments.stage]", "[environments.stage]\ncomponents.site.build = { run = \"x\", output = \"dist\" }"),
        ("[environments.stage]", "[environments.stage]\nrebuild-per-environment = true"),
    ];
    insta::assert_snapshot!(said(&changes), @r#"

    9:1 build | `run` is missing in `components.site.build` | add `run = "npm ci && npm run build"`


    9:1 build | `output` is missing in `components.site.build` | add `output = "dist"`

    output = "web"
    9:72 "web" | `output` `web` has the sources in it: the build runs in `web` | write the directory that the build alone writes, like `dist`

    output = "./web/../web/"
    9:72 "./web/../web/" | `output` `./web/../web/` has the sources in it: the build runs in `web` | write the directory that the build alone writes, like `dist`

    output = "."
    9:72 "." | `output` `.` has the sources in it: the build runs in `web` | write the directory that the build alone writes, like `dist`

    output = "../dist"
    9:72 "../dist" | `output`: "../dist" is not a path inside the repository | correct it: it is relative to the configuration file, and stays inside that directory

    directory = "/web"
    9:56 "/web" | `directory`: "/web" is not a path inside the repository | correct it: it is relative to the configuration file, and stays inside that directory

    node = "latest"
    9:91 "latest" | `node`: "latest" is not a version of Node.js | correct it: it is like `22` or `22.11`

    node = 22
    9:91 22 | `node` must be a string, not an integer | write it in quotes: `node = "22"`

    AWS_PROFILE = 
    9:105 AWS_PROFILE | "AWS_PROFILE" is not the name of a variable of a build | correct it: it has letters, digits and `_`, and begins with none of `AWS_`, `ACTIONS_`, `GITHUB_` and `SHIPGATE_`

    STAGE = "${environment.name}", KEY = "${env.KEY}"
    9:114 ${environment.name} | `${environment.name}` cannot be used in `build`: all environments get the same files | write what differs in `runtime-config`, or `rebuild-per-environment = true` in the component
    9:143 ${env.KEY} | `${env.KEY}` cannot be used in `build`: all environments get the same files | write what differs in `runtime-config`, or `rebuild-per-environment = true` in the component

    shell = "bash"
    9:84 shell | unknown key `shell` in `components.site.build` | remove it; known here are `run`, `directory`, `output`, `node`, `env`

    [environments.stage]⏎components.site.build = { run = "x", output = "dist" }
    19:17 build | `build` cannot differ between environments | write it in `[components.site]`

    [environments.stage]⏎rebuild-per-environment = true
    19:1 rebuild-per-environment | `rebuild-per-environment` is a key of a component | write it in `[components.NAME]`
    "#);
}

#[test]
fn wrong_runtime_configurations() {
    let changes = [
        ("path = \"config.js\", ", ""),
        (", values = { API_URL = \"https://api.${environment.name}.example.com\" }", ""),
        ("path = \"config.js\"", "path = \"config.txt\""),
        ("path = \"config.js\"", "path = \"/config.js\""),
        ("path = \"config.js\"", "path = \"../config.js\""),
        ("path = \"config.js\"", "path = \"${release.sha}.js\""),
        ("path = \"config.js\"", "path = \"drafts/config.js\""),
        ("path = \"config.js\"", "path = \"config.json\", variable = \"window.env\""),
        ("path = \"config.js\"", "path = \"config.js\", variable = \"env\""),
        ("path = \"config.js\"", "path = \"config.js\", variable = \"window.location\""),
        ("API_URL = ", "api-url = "),
        ("API_URL = ", "__proto__ = "),
        ("path = \"config.js\"", "path = \"config.js\", format = \"js\""),
    ];
    insta::assert_snapshot!(said(&changes), @r#"

    10:1 runtime-config | `path` is missing in `components.site.runtime-config` | add `path = "config.js"`


    10:1 runtime-config | `values` is missing in `components.site.runtime-config` | add `values = { API_URL = "https://api.example.com" }`

    path = "config.txt"
    10:27 "config.txt" | `path`: "config.txt" is not a file of runtime configuration | correct it: it is a path from the root of the site, without `/` at its beginning, that ends with `.json` or `.js`

    path = "/config.js"
    10:27 "/config.js" | `path`: "/config.js" is not a file of runtime configuration | correct it: it is a path from the root of the site, without `/` at its beginning, that ends with `.json` or `.js`

    path = "../config.js"
    10:27 "../config.js" | `path`: "../config.js" is not a file of runtime configuration | correct it: it is a path from the root of the site, without `/` at its beginning, that ends with `.json` or `.js`

    path = "${release.sha}.js"
    10:28 ${release.sha} | `${release.sha}` cannot be used in `path` | write it only in `args`, `tags`, `run` and `env` of a build, in `pre-deploy`, `runtime-config` and `calls`, and in probes

    path = "drafts/config.js"
    10:27 "drafts/config.js" | `path` of `runtime-config` is a file that `exclude` removes, with `drafts/*` | write a pattern that matches fewer files: pages read this file

    path = "config.json", variable = "window.env"
    10:53 "window.env" | `variable` is written, but `config.json` is no script | remove it, or write a `path` that ends with `.js`

    path = "config.js", variable = "env"
    10:51 "env" | `variable`: "env" is not a variable of a script | correct it: it is one name after `globalThis.`, `window.` or `self.`, and none that browsers use themselves: `window.env`

    path = "config.js", variable = "window.location"
    10:51 "window.location" | `variable`: "window.location" is not a variable of a script | correct it: it is one name after `globalThis.`, `window.` or `self.`, and none that browsers use themselves: `window.env`

    api-url = 
    10:51 api-url | "api-url" is not the name of a value | correct it: it has letters, digits and `_`, begins with no digit, and is not `__proto__`

    __proto__ = 
    10:51 __proto__ | "__proto__" is not the name of a value | correct it: it has letters, digits and `_`, begins with no digit, and is not `__proto__`

    path = "config.js", format = "js"
    10:40 format | unknown key `format` in `components.site.runtime-config` | remove it; known here are `path`, `variable`, `values`
    "#);
}

#[test]
fn wrong_settings() {
    let changes = [
        ("bucket = \"${environment.prefix}-site\"", ""),
        ("artifacts = \"${environment.prefix}-releases\"", ""),
        ("bucket = \"${environment.prefix}-site\"", "bucket = \"${environment.prefix}_Site\""),
        ("E2QWRUHAPOMQZL", "https://shop.example"),
        ("drafts/*", "/drafts/*"),
        ("drafts/*", "drafts/***"),
        ("drafts/*", "*.html"),
        ("keep = 3", "keep = 0"),
        ("keep = 3", "keep = 101"),
        ("keep = 3", "keep = \"3\""),
        ("url = \"https://${environment.name}.example.com\"\n", "url = \"shop.example.com\"\n"),
        ("https://api.${environment.name}.example.com/${release.sha}", "/api"),
        ("timeout = \"15m\"", "timeout = \"7h\""),
        ("timeout = \"15m\"", "cluster = \"c\""),
        ("timeout = \"15m\"", "timout = \"15m\""),
    ];
    insta::assert_snapshot!(said(&changes), @r#"

    4:13 site | `bucket` is missing in `components.site` | add `bucket = "…"`


    4:13 site | `artifacts` is missing in `components.site` | add `artifacts = "…"`

    bucket = "${environment.prefix}_Site"
    6:10 "${environment.prefix}_Site" | `bucket`: "production_Site", from `${environment.prefix}_Site`, is not a bucket name | correct it or its variables: it has 3 to 63 lower-case letters, digits, `-` and `.`, and begins and ends with a letter or digit
    6:10 "${environment.prefix}_Site" | `bucket`: "stage_Site", from `${environment.prefix}_Site`, is not a bucket name | correct it or its variables: it has 3 to 63 lower-case letters, digits, `-` and `.`, and begins and ends with a letter or digit

    https://shop.example
    8:16 "https://shop.example" | `distribution`: "https://shop.example" is not a distribution id | correct it: it is `E` with capital letters and digits

    /drafts/*
    11:24 "/drafts/*" | `exclude`: "/drafts/*" is not a pattern of files | correct it: it is like `**/*.map`, from the root of the site and without `/` at its beginning

    drafts/***
    11:24 "drafts/***" | `exclude`: "drafts/***" is not a pattern of files | correct it: it is like `**/*.map`, from the root of the site and without `/` at its beginning

    *.html
    11:24 "*.html" | `exclude` removes `index.html`, the entry page of the site, with `*.html` | write a pattern that matches fewer files: the site starts there

    keep = 0
    12:8 0 | `keep` is out of bounds | write a number from 1 to 100

    keep = 101
    12:8 101 | `keep` is out of bounds | write a number from 1 to 100

    keep = "3"
    12:8 "3" | `keep` must be an integer, not a string | write a whole number without quotes

    url = "shop.example.com"⏎
    13:7 "shop.example.com" | `shop.example.com` is `url` of `site` in `stage` and `url` of `site` in `production` | write the address of this environment: the proof of a release asks it
    13:7 "shop.example.com" | `url`: "shop.example.com" is not an address to ask | correct it: it starts with `http://` or `https://` and names a host

    /api
    14:10 "/api" | `calls`: "/api" is not an address to ask | correct it: it starts with `http://` or `https://` and names a host

    timeout = "7h"
    16:11 "7h" | `timeout`: "7h" is not a time to wait | correct it: it is like `90s` or `1h 30m`, more than nothing, at most `6h`

    cluster = "c"
    16:1 cluster | unknown key `cluster` in `components.site` | remove it; only `kind = "ecs"` has that key

    timout = "15m"
    16:1 timout | unknown key `timout` in `components.site` | write `timeout`, or remove it
    "#);
}

/// A site without a build can never be released.
#[test]
fn releases_start_with_a_build() {
    let build = SITE.lines().find(|line| line.starts_with("build")).unwrap();
    insta::assert_snapshot!(said(&[(build, "")]), @r#"

    4:13 site | `build` is missing in `components.site`, whose releases start in `stage` | add `build = { run = "npm ci && npm run build", output = "dist" }`: nothing else makes files
    "#);
}

/// What one environment may write, no other may believe.
#[test]
fn buckets_belong_to_one_environment_and_one_purpose() {
    let docs = "[components.docs]\nkind = \"static-site\"\nbuild = { run = \"x\", output = \"dist\" }\n\
                bucket = \"${environment.prefix}-docs\"\nartifacts = \"${environment.prefix}-releases\"\n\n[environments.stage]";
    parse(&with("[environments.stage]", docs)).unwrap();
    let other = |old: &str, new: &str| docs.replacen(old, new, 1);
    let changes = [
        ("bucket = \"${environment.prefix}-site\"", "bucket = \"shop-site\""),
        ("artifacts = \"${environment.prefix}-releases\"", "artifacts = \"shop-releases\""),
        ("artifacts = \"${environment.prefix}-releases\"", "artifacts = \"${environment.prefix}-site\""),
        ("[environments.stage]", &other("${environment.prefix}-docs", "${environment.prefix}-site")),
        ("[environments.stage]", &other("${environment.prefix}-docs", "${environment.prefix}-releases")),
        ("[environments.production]", "[environments.production]\nprefix = \"stage\""),
        ("[environments.production]", "[environments.production]\ncomponents.site.bucket = \"stage-releases\""),
    ];
    insta::assert_snapshot!(said(&changes), @r#"
    bucket = "shop-site"
    6:10 "shop-site" | `shop-site` is `bucket` of `site` in `stage` and `bucket` of `site` in `production` | give each environment a bucket of its own, as `${environment.prefix}-site` does: a release on it would replace that of the other

    artifacts = "shop-releases"
    7:13 "shop-releases" | `shop-releases` is `artifacts` of `site` in `stage` and `artifacts` of `site` in `production` | give each environment a bucket of its own, as `${environment.prefix}-releases` does: a job that deploys to one could write what the other takes for its releases

    artifacts = "${environment.prefix}-site"
    7:13 "${environment.prefix}-site" | `production-site` is `bucket` of `site` in `production` and `artifacts` of `site` in `production` | name two buckets: what is kept is never served
    7:13 "${environment.prefix}-site" | `stage-site` is `bucket` of `site` in `stage` and `artifacts` of `site` in `stage` | name two buckets: what is kept is never served

    [components.docs]⏎kind = "static-site"⏎build = { run = "x", output = "dist" }⏎bucket = "${environment.prefix}-site"⏎artifacts = "${environment.prefix}-releases"⏎⏎[environments.stage]
    18:13 docs | `site` and `docs` are both `bucket production-site` in `production` | remove one of them: each change of it replaces the one before
    18:13 docs | `site` and `docs` are both `bucket stage-site` in `stage` | remove one of them: each change of it replaces the one before

    [components.docs]⏎kind = "static-site"⏎build = { run = "x", output = "dist" }⏎bucket = "${environment.prefix}-releases"⏎artifacts = "${environment.prefix}-releases"⏎⏎[environments.stage]
    21:10 "${environment.prefix}-releases" | `production-releases` is `artifacts` of `site` in `production` and `bucket` of `docs` in `production` | name two buckets: what is kept is never served
    21:10 "${environment.prefix}-releases" | `stage-releases` is `artifacts` of `site` in `stage` and `bucket` of `docs` in `stage` | name two buckets: what is kept is never served
    22:13 "${environment.prefix}-releases" | `production-releases` is `bucket` of `docs` in `production` and `artifacts` of `docs` in `production` | name two buckets: what is kept is never served
    22:13 "${environment.prefix}-releases" | `stage-releases` is `bucket` of `docs` in `stage` and `artifacts` of `docs` in `stage` | name two buckets: what is kept is never served

    [environments.production]⏎prefix = "stage"
    6:10 "${environment.prefix}-site" | `stage-site` is `bucket` of `site` in `stage` and `bucket` of `site` in `production` | give each environment a bucket of its own, as `${environment.prefix}-site` does: a release on it would replace that of the other
    7:13 "${environment.prefix}-releases" | `stage-releases` is `artifacts` of `site` in `stage` and `artifacts` of `site` in `production` | give each environment a bucket of its own, as `${environment.prefix}-releases` does: a job that deploys to one could write what the other takes for its releases

    [environments.production]⏎components.site.bucket = "stage-releases"
    22:26 "stage-releases" | `stage-releases` is `artifacts` of `site` in `stage` and `bucket` of `site` in `production` | name two buckets: what is kept is never served
    "#);
    let unknown = SITE.replace("\"${environment.prefix}-site\"", "\"${vars.BUCKET}\"");
    parse(&unknown).unwrap_or_else(|errors| panic!("variables may differ between environments: {errors}"));
}

#[test]
fn placeholders_have_values_of_their_environment_and_one_build() {
    let keys =
        "placeholders = { API_URL = \"https://api.${environment.name}.example.com\", CDN_URL = \"/cdn\" }\nkeep = 3";
    let text = with("keep = 3", keys);
    for environment in ["stage", "production"] {
        let site = site(&text, environment, Purpose::Change);
        let values: Vec<_> = site.placeholders.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(values, [format!("API_URL=https://api.{environment}.example.com"), "CDN_URL=/cdn".to_owned()]);
        let names: Vec<_> = site.build.as_ref().unwrap().placeholders.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["API_URL", "CDN_URL"]);
        assert_eq!(site.values().0.len(), 2, "the placeholder is after the value of the same name");
    }
    let own = "[environments.production]\n\
               components.site.placeholders = { API_URL = \"https://api.example.com\", CDN_URL = \"https://cdn.example.com\" }";
    let site = site(&text.replace("[environments.production]", own), "production", Purpose::Values);
    let values: Vec<_> = site.placeholders.0.values().map(ToString::to_string).collect();
    assert_eq!(values, ["https://api.example.com", "https://cdn.example.com"]);
    let builds = BuildSelection { environment: None, components: &[], vars: None, env: &|_| None, in_workflow: false };
    let builds = parse(&text).unwrap().builds(&builds).unwrap();
    assert_eq!(builds[0].1.placeholders.len(), 2);
}

#[test]
fn each_environment_may_have_the_placeholders_by_itself() {
    let of = |name: &str| format!("components.site.placeholders = {{ API_URL = \"https://{name}.example.com\" }}\n");
    let with = |text: &str, name: &str| {
        let header = format!("[environments.{name}]\n");
        text.replace(&header, &format!("{header}{}", of(name)))
    };
    let text = with(&with(SITE, "stage"), "production");
    for environment in ["stage", "production"] {
        let site = site(&text, environment, Purpose::Change);
        assert_eq!(
            site.placeholders.0.values().map(ToString::to_string).collect::<Vec<_>>(),
            [format!("https://{environment}.example.com")]
        );
        assert_eq!(site.build.as_ref().unwrap().placeholders.len(), 1);
    }
}

#[test]
fn wrong_placeholders() {
    let changes = [
        ("keep = 3", "placeholders = { api_url = \"https://api.example.com\" }"),
        ("keep = 3", "placeholders = { SHIPGATE_X = \"https://api.example.com\" }"),
        ("keep = 3", "placeholders = { API_URL = \"https://api.example.com/\" }"),
        ("keep = 3", "placeholders = { API_URL = \"it's\" }"),
        ("keep = 3", "placeholders = { API_URL = \"\" }"),
        ("keep = 3", "placeholders = { API_URL = \"https://${release.sha}.example.com\" }"),
        ("keep = 3", "placeholders = { VERSION = \"https://api.example.com\" }"),
        ("keep = 3", "placeholders = { API_URL = \"/api\" }\nrebuild-per-environment = true"),
        (
            "[environments.production]",
            "[environments.production]\ncomponents.site.placeholders = { API_URL = \"/api\" }",
        ),
        ("[environments.stage]", "[environments.stage]\ncomponents.site.placeholders = { API_URL = \"/api\" }"),
    ];
    insta::assert_snapshot!(said(&changes), @r#"
    placeholders = { api_url = "https://api.example.com" }
    12:18 api_url | "api_url" is not the name of a placeholder | correct it: it has capital letters and digits, with single `_` between them, begins with a letter, has at most 40 characters, and begins with none of `AWS_`, `ACTIONS_`, `GITHUB_` and `SHIPGATE_`

    placeholders = { SHIPGATE_X = "https://api.example.com" }
    12:18 SHIPGATE_X | "SHIPGATE_X" is not the name of a placeholder | correct it: it has capital letters and digits, with single `_` between them, begins with a letter, has at most 40 characters, and begins with none of `AWS_`, `ACTIONS_`, `GITHUB_` and `SHIPGATE_`

    placeholders = { API_URL = "https://api.example.com/" }
    12:28 "https://api.example.com/" | `API_URL`: "https://api.example.com/" is not a value of a placeholder | correct it: it has letters, digits and `-._~:/?#@%+=` alone, and two hexadecimal digits behind each `%`; it does not end with `/`, since pages write a path behind it

    placeholders = { API_URL = "it's" }
    12:28 "it's" | `API_URL`: "it's" is not a value of a placeholder | correct it: it has letters, digits and `-._~:/?#@%+=` alone, and two hexadecimal digits behind each `%`; it does not end with `/`, since pages write a path behind it

    placeholders = { API_URL = "" }
    12:28 "" | `API_URL`: "" is not a value of a placeholder | correct it: it has letters, digits and `-._~:/?#@%+=` alone, and two hexadecimal digits behind each `%`; it does not end with `/`, since pages write a path behind it

    placeholders = { API_URL = "https://${release.sha}.example.com" }
    12:37 ${release.sha} | `${release.sha}` cannot be used in `API_URL` | write it only in `args`, `tags`, `run` and `env` of a build, in `pre-deploy`, `runtime-config` and `calls`, and in probes

    placeholders = { VERSION = "https://api.example.com" }
    12:18 VERSION | `VERSION` is in `env` of `build` and in `placeholders` | remove one: the build gets a marker for each placeholder

    placeholders = { API_URL = "/api" }⏎rebuild-per-environment = true
    12:18 API_URL | `API_URL` is a placeholder, and each environment has a build of its own | remove one: the build gets a marker for each placeholder

    [environments.production]⏎components.site.placeholders = { API_URL = "/api" }
    22:34 API_URL | `API_URL` is a placeholder of `stage` or of the others, and not of all | write the same names for all environments: they get the files of one build

    [environments.stage]⏎components.site.placeholders = { API_URL = "/api" }
    19:34 API_URL | `API_URL` is a placeholder of `production` or of the others, and not of all | write the same names for all environments: they get the files of one build
    "#);
}
