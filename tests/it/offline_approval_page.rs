//! The page about approvals: the caller that it shows is that of the examples, what it quotes is said,
//! and its calls of GitHub's API are those that GitHub describes.

use std::path::Path;

use boon::{Compiler, Draft, Schemas};
use serde_json::{Map, Value, json};

use crate::workflows::{EXAMPLES, Workflow, own};

const PAGE: &str = include_str!("../../docs/approval/README.md");

/// Where messages about approvals are made, or shown.
const SAID: [&str; 7] = [
    include_str!("../../docs/gates/README.md"),
    include_str!("../../src/commands/approve.rs"),
    include_str!("../../src/evidence/approval.rs"),
    include_str!("../../src/config/check.rs"),
    include_str!("../../.github/workflows/promote.yml"),
    include_str!("../../.github/workflows/rollback.yml"),
    // In the place of the action of GitHub.
    include_str!("../github/artifacts/download/action.yml"),
];

#[test]
fn the_caller_is_that_of_the_examples() {
    for example in EXAMPLES {
        let caller = Workflow::read(&format!("{example}/.github/workflows/approve.yml"));
        let lines: Vec<&str> = ["```yaml"].into_iter().chain(caller.text.lines()).chain(["```"]).collect();
        assert!(PAGE.contains(&format!("\n   {}\n", lines.join("\n   "))), "{}", caller.path);
    }
}

/// The first column of the table: what stands there in backticks is said somewhere, but for what `…` stands for.
#[test]
fn what_it_says_is_said() {
    let (_, section) = PAGE.split_once("| it says | do |\n|---|---|\n").unwrap();
    let rows: Vec<&str> = section.lines().take_while(|line| line.starts_with('|')).collect();
    assert!(rows.len() > 15, "{rows:?}");
    for row in rows {
        let cell = row.split(" | ").next().unwrap().trim_start_matches("| ").trim_end_matches(" …");
        let quote = if cell.starts_with("``") { "`` " } else { "`" };
        let text = cell
            .strip_prefix(quote)
            .and_then(|text| text.strip_suffix(quote.chars().rev().collect::<String>().as_str()));
        for part in text.unwrap_or_else(|| panic!("{row}")).split('…') {
            assert!(SAID.iter().any(|said| said.contains(part.trim())), "{part:?} is said nowhere");
        }
    }
}

/// A call of GitHub's API, as `gh api` makes it.
#[derive(Debug, PartialEq)]
struct Call {
    method: String,
    path: String,
    body: Option<Value>,
}

impl Call {
    /// The words of a command, and what it reads.
    fn read(words: &[String], input: Option<&str>) -> Self {
        let (mut method, mut path, mut body) = (None, None, None);
        let mut fields = Map::new();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().unwrap_or_else(|| panic!("{word} has no value"));
            match word.as_str() {
                "--method" => method = Some(value().clone()),
                "--jq" => drop(value()),
                "--input" => {
                    assert_eq!(value(), "-");
                    body = Some(serde_json::from_str(input.unwrap()).unwrap());
                }
                "-f" => {
                    let (name, text) = value().split_once('=').unwrap();
                    fields.insert(name.to_owned(), json!(text));
                }
                option if option.starts_with('-') => panic!("gh api has no option {option} here"),
                _ => assert!(path.replace(word.clone()).is_none(), "{word} is too much"),
            }
        }
        assert!(body.is_none() || fields.is_empty(), "gh would send the fields as a query");
        assert_eq!(body.is_some(), input.is_some(), "what is written below is read");
        let body = body.or_else(|| (!fields.is_empty()).then_some(Value::Object(fields)));
        let default = if body.is_some() { "POST" } else { "GET" };
        Self { method: method.unwrap_or_else(|| default.to_owned()), path: path.unwrap(), body }
    }
}

/// The calls in the consoles of a page.
fn calls(page: &str) -> Vec<Call> {
    let mut calls = Vec::new();
    let mut lines = page.lines().map(str::trim);
    while let Some(line) = lines.next() {
        let Some(command) = line.strip_prefix("$ gh api ") else { continue };
        let (command, input) = match command.split_once(" <<'JSON'") {
            None => (command, None),
            Some((command, rest)) => {
                assert_eq!(rest, "", "{line}");
                let input = lines.by_ref().take_while(|line| *line != "JSON").collect::<Vec<_>>().join("\n");
                (command, Some(input))
            }
        };
        // A comment of the shell.
        let command = command.split(" #").next().unwrap();
        let words = shlex::split(command).unwrap_or_else(|| panic!("{line}"));
        calls.push(Call::read(&words, input.as_deref()));
    }
    calls
}

#[test]
fn calls_are_read_as_gh_reads_them() {
    let page = "```console\n$ gh api repos/a/b --jq '.x # y'\n$ gh api p/q -f name=main  # z\n   $ gh api --method PUT x --input - \
                <<'JSON'\n   { \"a\":\n   [1] }\n   JSON\n```\n";
    let call = |method: &str, path: &str, body| Call { method: method.to_owned(), path: path.to_owned(), body };
    let expected = [
        call("GET", "repos/a/b", None),
        call("POST", "p/q", Some(json!({ "name": "main" }))),
        call("PUT", "x", Some(json!({ "a": [1] }))),
    ];
    assert_eq!(calls(&page.replace(".x # y", ".x")), expected);
    let methods: Vec<_> = calls(PAGE).into_iter().map(|call| call.method).collect();
    assert_eq!(methods, ["POST", "GET", "GET", "GET", "PUT", "POST", "GET"]);
}

/// GitHub's description of its API.
struct Description(Value);

impl Description {
    fn read() -> Self {
        let path = own("target/github-description/api.github.com.json");
        let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self(serde_json::from_slice(&text).unwrap())
    }

    /// What is wrong with a call.
    fn judge(&self, call: &Call) -> Result<(), String> {
        let path = format!("/{}", call.path);
        let paths = self.0["paths"].as_object().unwrap();
        let fits = |template: &&String| {
            let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
            let is_part = |(part, given): (&&str, &&str)| part == given || part.starts_with('{') && !given.is_empty();
            template.len() == path.len() && template.iter().zip(&path).all(is_part)
        };
        // The one with the fewest parameters is meant.
        let template = paths.keys().filter(fits).min_by_key(|template| template.matches('{').count());
        let template = template.ok_or_else(|| format!("there is no {path}"))?;
        let operation = &paths[template][call.method.to_lowercase()];
        if operation.is_null() {
            return Err(format!("{template} has no {}", call.method));
        }
        let described = &self.followed(&operation["requestBody"])["content"]["application/json"]["schema"];
        match (&call.body, described.is_null()) {
            (None, true) => Ok(()),
            (None, false) => Err(format!("{template} needs a body")),
            (Some(_), true) => Err(format!("{template} takes no body")),
            (Some(body), false) => self.fits(body, described),
        }
    }

    fn followed<'v>(&'v self, value: &'v Value) -> &'v Value {
        match value["$ref"].as_str() {
            Some(pointer) => self.0.pointer(pointer.trim_start_matches('#')).unwrap_or_else(|| panic!("{pointer}")),
            None => value,
        }
    }

    fn fits(&self, body: &Value, described: &Value) -> Result<(), String> {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.set_default_draft(Draft::V4);
        compiler.add_resource("body.json", self.strict(described)).unwrap();
        let root = compiler.compile("body.json", &mut schemas).unwrap();
        schemas.validate(body, root).map_err(|error| format!("{error:#}"))
    }

    /// A schema of `OpenAPI` 3.0 as one of JSON Schema. GitHub ignores a misspelt member without a word, so only what is
    /// described is right.
    fn strict(&self, schema: &Value) -> Value {
        let schema = self.followed(schema);
        if let Value::Array(list) = schema {
            return list.iter().map(|item| self.strict(item)).collect();
        }
        let Value::Object(own) = schema else { return schema.clone() };
        let mut own = own.clone();
        for (key, value) in &mut own {
            // What is in these is no schema.
            if !["example", "examples", "default", "enum", "required"].contains(&key.as_str()) {
                *value = self.strict(value);
            }
        }
        if own.contains_key("properties") && !own.contains_key("additionalProperties") {
            own.insert("additionalProperties".to_owned(), json!(false));
        }
        let is_nullable = own.remove("nullable") == Some(json!(true));
        if is_nullable { json!({ "anyOf": [{ "type": "null" }, own] }) } else { Value::Object(own) }
    }
}

/// Each page that says how something is called.
fn pages() -> Vec<(String, String)> {
    let mut pages = vec!["README.md".to_owned()];
    for directory in std::fs::read_dir(own("docs")).unwrap() {
        pages.push(format!("docs/{}/README.md", directory.unwrap().file_name().into_string().unwrap()));
    }
    pages.retain(|page| Path::new(&own(page)).is_file());
    pages.into_iter().map(|page| (page.clone(), std::fs::read_to_string(own(&page)).unwrap())).collect()
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn cloud_calls_of_github_in_pages_are_those_that_it_describes() {
    let description = Description::read();
    let mut judged = 0;
    for (page, text) in pages() {
        for call in calls(&text) {
            description.judge(&call).unwrap_or_else(|why| panic!("{page}: {call:#?}: {why}"));
            judged += 1;
        }
    }
    assert!(judged >= 8, "{judged}");

    // What is wrong is found.
    let [ruleset, .., environment, branch, _] = &calls(PAGE)[..] else { panic!("{:?}", calls(PAGE)) };
    let wrong = |call: &Call, change: &dyn Fn(&mut Call)| {
        let mut call = Call { method: call.method.clone(), path: call.path.clone(), body: call.body.clone() };
        change(&mut call);
        assert!(description.judge(&call).is_err(), "{call:#?}");
    };
    let set = |pointer: &'static str, value: Value| {
        move |call: &mut Call| *call.body.as_mut().unwrap().pointer_mut(pointer).unwrap() = value.clone()
    };
    wrong(ruleset, &|call| "PATCH".clone_into(&mut call.method));
    wrong(ruleset, &|call| "repos/acme/shop/ruleset".clone_into(&mut call.path));
    wrong(ruleset, &set("/enforcement", json!("on")));
    wrong(ruleset, &set("/rules/0/type", json!("delete")));
    wrong(ruleset, &set("/rules/2/parameters/required_approving_review_count", json!("1")));
    wrong(environment, &set("/prevent_self_review", json!("yes")));
    wrong(environment, &set("/reviewers/0/id", json!("583231")));
    wrong(environment, &|call| call.body.as_mut().unwrap()["can_admins_bypass"] = json!(false));
    wrong(environment, &|call| call.body = None);
    wrong(branch, &set("/type", json!("branches")));
}
