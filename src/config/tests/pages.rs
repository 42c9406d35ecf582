//! Each block of TOML in a page is a configuration, or a part of one that is right in a whole one.

use toml::{Table, Value};

use super::{ConfigurationFile, Purpose, ResolveRequest};
use crate::pages::{Block, blocks};

/// What parts of configurations are read into: components and environments by the names that pages use.
const BASE: &str = r#"
app = "shop"
[components.web]
kind = "ecs"
build = { context = "." }
container = "web"
repository = "${environment.prefix}-shop"
cluster = "${environment.prefix}"
service = "web"
[components.api]
kind = "ecs"
image-from = "web"
container = "api"
cluster = "${environment.prefix}"
service = "api"
[components.frontend]
kind = "static-site"
bucket = "${environment.prefix}-frontend"
artifacts = "${environment.prefix}-releases"
build = { run = "npm ci", output = "dist", env = { SITE_URL = "shop" } }
url = "${vars.SITE_URL}"
[components.site]
kind = "static-site"
bucket = "${environment.prefix}-site"
artifacts = "${environment.prefix}-site-releases"
build = { run = "npm ci", output = "dist" }
[environments.main]
region = "us-west-1"
[environments.staging]
region = "us-west-1"
promotes-from = "main"
gates.approval = "none"
[environments.stage]
region = "us-west-1"
[environments.production]
region = "us-west-1"
account = "123456789012"
promotes-from = "stage"
gates.approval = "none"
"#;

/// The keys of a table are added to another one, those of tables below too.
fn merge(into: &mut Table, part: Table) {
    for (key, value) in part {
        match (into.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(part)) => merge(below, part),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

/// Why a configuration is wrong in one of its environments.
fn wrong(configuration: &Table) -> Option<String> {
    let text = toml::to_string(configuration).unwrap();
    let document = match ConfigurationFile::parse("shipgate.toml".into(), &text) {
        Ok(document) => document,
        Err(errors) => return Some(errors.to_string()),
    };
    let environments = configuration["environments"].as_table().unwrap();
    environments.keys().find_map(|environment| {
        let vars = Some(r#"{"STAGE_URL": "https://a", "PRODUCTION_URL": "https://b", "SITE_URL": "https://c"}"#);
        let (purpose, env) = (Purpose::Change, |_: &str| None);
        let request = ResolveRequest { environment, components: &[], purpose, vars, env: &env, in_workflow: false };
        document.resolve(&request).err().map(|errors| format!("{environment}: {errors}"))
    })
}

/// Where the keys of a part can be in a configuration.
fn places(configuration: &Table) -> Vec<Vec<String>> {
    let path = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let mut places = vec![Vec::new()];
    for (table, below) in [("components", &[][..]), ("environments", &[]), ("environments", &["gates"])] {
        let names = configuration[table].as_table().unwrap().keys();
        places.extend(names.map(|name| path(&[&[table, name.as_str()], below].concat())));
    }
    places
}

/// A part in one of the places of a configuration.
fn with(configuration: &Table, place: &[String], part: &Table) -> Table {
    let nested = place.iter().rev().fold(part.clone(), |part, name| Table::from_iter([(name.clone(), part.into())]));
    let mut whole = configuration.clone();
    merge(&mut whole, nested);
    whole
}

/// The configuration that a block is or, where it is a part, one of these with its keys in some place.
fn whole(block: &Block, bases: &[Table]) -> Result<Table, String> {
    let text = block.text.replace("<40 digits>", &"0".repeat(40));
    let part: Table = toml::from_str(&text).map_err(|error| format!("{}: {error}\n{text}", block.page))?;
    if part.contains_key("app") {
        let reason = wrong(&part);
        return reason.map_or(Ok(part), |reason| Err(format!("{}: {reason}\n{text}", block.page)));
    }
    let mut first = None;
    for base in bases {
        for place in places(base) {
            let whole = with(base, &place, &part);
            match wrong(&whole) {
                None => return Ok(whole),
                Some(reason) => first = first.or(Some(reason)),
            }
        }
    }
    let first = first.unwrap_or_default();
    Err(format!("{} has no configuration that this is a part of:\n{text}\n{first}", block.page))
}

/// A part is read into the configuration that its page shows before, into the one with everything, or into the base.
#[test]
fn each_configuration_of_the_pages_is_right() {
    let blocks: Vec<Block> = blocks().into_iter().filter(|block| block.language == "toml").collect();
    let everything = blocks.iter().find(|block| block.page == "docs/configuration/README.md").unwrap();
    let others: Vec<Table> = [BASE, &everything.text].map(|text| toml::from_str(text).unwrap()).into();
    let (mut before, mut found): (Option<(&str, Table)>, Vec<String>) = (None, Vec::new());
    for block in &blocks {
        let own = before.take().filter(|(page, _)| *page == block.page).map(|(_, whole)| whole);
        let bases: Vec<Table> = own.clone().into_iter().chain(others.clone()).collect();
        let is_whole = block.text.contains("app =");
        match whole(block, &bases) {
            Ok(whole) => before = (own.is_some() || is_whole).then_some((&block.page, whole)),
            Err(reason) => found.push(reason),
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(blocks.len() > 20, "{}", blocks.len());
}

#[test]
fn a_part_that_is_wrong_everywhere_is_found() {
    let block = |text: &str| Block { page: "page".to_owned(), language: "toml".to_owned(), text: text.to_owned() };
    let base: Table = toml::from_str(BASE).unwrap();
    let passes = |text: &str| whole(&block(text), std::slice::from_ref(&base)).is_ok();
    assert!(passes("timeout = \"10m\""));
    assert!(passes("[environments.production.gates]\nsoak = \"30m\""));
    assert!(!passes("timeoutt = \"10m\""));
    assert!(!passes("timeout = \"soon\""));
    assert!(!passes("[components.web]\ncontext = \".\""));
    assert!(!passes("[environments.production.gates]\nsoak = 30"));
}
