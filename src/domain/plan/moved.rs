//! What differs between two plans, by name: from what their digests are made of.

use indexmap::IndexMap;
use serde_json::Value;

use crate::domain::limits::LISTED;
use crate::domain::neutral;

/// Maximum length of a value that is shown, in characters.
const LONGEST_VALUE: usize = 120;
/// Maximum length of one difference that is shown, in characters.
const LONGEST: usize = 400;
/// Their values may come from variables of the user, and are not shown.
const UNSHOWN: [&str; 2] = ["pre_deploy", "args"];

/// What differs from the plan that was shown to this one, in words, each in a line: `component backend: what it runs was
/// …/backend:7, is …/backend:8`. No more than one message can show; the last one counts the rest. Empty: nothing does, or
/// what was shown cannot be read.
pub(super) fn moved(shown: &str, now: &Value) -> Vec<String> {
    let Ok(shown) = serde_json::from_str::<Value>(shown) else { return Vec::new() };
    let mut differences = Vec::new();
    compare(&PlanPlace::default(), &shown, now, &mut differences);
    let rest = differences.len().saturating_sub(LISTED.count());
    differences.truncate(LISTED.count());
    if rest > 0 {
        differences.push(format!("and {rest} more"));
    }
    differences
}

/// Where in a plan, by names.
#[derive(Debug, Clone, Default)]
struct PlanPlace {
    /// `component backend`, `gates`
    subject: String,
    /// The keys below it.
    path: Vec<String>,
    /// What an entry is called, where this is a list of things that have names.
    entry: Option<&'static str>,
}

impl PlanPlace {
    fn at(&self, key: &str) -> Self {
        let name = neutral::phrase(key, LONGEST_VALUE);
        match (self.entry, key) {
            (Some(entry), _) => Self { subject: format!("{entry} {name}"), ..Self::default() },
            (None, "images") if self.is_root() => Self { entry: Some("image"), ..Self::of(name) },
            (None, "components") if self.is_root() => Self { entry: Some("component"), ..Self::of(name) },
            (None, "tags") if self.is_root() => Self { entry: Some("tags of image"), ..Self::of(name) },
            (None, "overrides") if self.is_root() => Self { entry: Some("override"), ..Self::of(name) },
            (None, "gates") if self.is_root() => Self::of(name),
            (None, "inputs") => self.clone(),
            _ => {
                let mut path = self.path.clone();
                path.push(label(&name));
                Self { path, ..self.clone() }
            }
        }
    }

    fn of(subject: String) -> Self {
        Self { subject, ..Self::default() }
    }

    fn is_root(&self) -> bool {
        self.subject.is_empty() && self.path.is_empty()
    }

    /// With what is to be said of it.
    fn says(&self, what: &str) -> String {
        let path = self.path.join(" ");
        let place = match (self.subject.as_str(), path.as_str()) {
            ("", "") => "the plan".to_owned(),
            (subject, "") => subject.to_owned(),
            ("", path) => path.to_owned(),
            (subject, path) => format!("{subject}: {path}"),
        };
        neutral::phrase(&format!("{place} {what}"), LONGEST)
    }
}

/// A key of the canonical form in words.
fn label(key: &str) -> String {
    match key {
        "version" => "version of the plan's form".to_owned(),
        "runs" => "what it runs".to_owned(),
        "restores" => "what it restores".to_owned(),
        "pre_deploy" => "pre-deploy command".to_owned(),
        _ => key.replace('_', " "),
    }
}

fn compare(place: &PlanPlace, shown: &Value, now: &Value, differences: &mut Vec<String>) {
    if shown == now {
        return;
    }
    let (Some(shown_entries), Some(entries)) = (entries(shown), entries(now)) else {
        differences.push(place.says(&of_values(shown, now)));
        return;
    };
    let before = differences.len();
    let is_list = place.entry.is_some();
    for key in shown_entries.keys().chain(entries.keys().filter(|key| !shown_entries.contains_key(*key))) {
        let place = place.at(key);
        match (shown_entries.get(key), entries.get(key)) {
            (Some(_), None) if is_list => differences.push(place.says("is gone")),
            (None, Some(_)) if is_list => differences.push(place.says("is new")),
            (shown, now) if shown != now && UNSHOWN.contains(key) => differences.push(place.says("is another")),
            (shown, now) => {
                // A list that is not there has no entries.
                let absent = if place.entry.is_some() { Value::Array(Vec::new()) } else { Value::Null };
                compare(&place, shown.unwrap_or(&&absent), now.unwrap_or(&&absent), differences);
            }
        }
    }
    if differences.len() == before {
        let is_order = shown_entries.len() == entries.len();
        differences.push(place.says(if is_order { "has another order" } else { "is another" }));
    }
}

/// What is in an object, or in a list whose entries have names. Absent: it is a value, and compared as a whole.
fn entries(value: &Value) -> Option<IndexMap<&str, &Value>> {
    let list = match value {
        Value::Object(object) => return Some(object.iter().map(|(key, value)| (key.as_str(), value)).collect()),
        Value::Array(list) => list,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
    };
    let named: Option<IndexMap<&str, &Value>> = list.iter().map(named).collect();
    // Two of one name would hide each other.
    named.filter(|named| named.len() == list.len())
}

/// An entry of a list: an object that has its name, or a pair.
fn named(entry: &Value) -> Option<(&str, &Value)> {
    match entry {
        Value::Object(object) => {
            let name = object.get("name").or_else(|| object.get("component"))?;
            Some((name.as_str()?, entry))
        }
        Value::Array(pair) => match pair.as_slice() {
            [name, value] => Some((name.as_str()?, value)),
            _ => None,
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn of_values(shown: &Value, now: &Value) -> String {
    let (shown, now) = (text(shown), text(now));
    if shown == now {
        // Where they differ is not shown.
        return "is another".to_owned();
    }
    let or_not_set = |text: Option<String>| text.unwrap_or_else(|| "not set".to_owned());
    format!("was {}, is {}", or_not_set(shown), or_not_set(now))
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(neutral::phrase(text, LONGEST_VALUE)),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Some(neutral::phrase(&value.to_string(), LONGEST_VALUE))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const ARN: &str = "arn:aws:ecs:us-east-1:123456789012:task-definition/backend";

    /// What moves, and what is said of it.
    type MovedCase<'a> = (fn(&mut Value), &'a [&'a str]);

    fn plan() -> Value {
        json!({
            "version": 2,
            "command": "promote",
            "account": "123456789012",
            "release": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
            "gates": { "approval": "none", "soak": 1800 },
            "images": [
                { "component": "backend", "repository": "host/shop", "inputs": { "digest": "sha256:a" } },
                { "component": "site", "repository": "host/site", "inputs": { "args": [["A", "1"], ["B", "2"]] } },
            ],
            "components": [
                {
                    "name": "backend",
                    "kind": "ecs",
                    "pre_deploy": ["migrate", "--to", "secret"],
                    "runs": format!("{ARN}:7"),
                    "task_definition": { "from": "live" },
                },
                { "name": "worker", "kind": "ecs", "pre_deploy": null, "runs": null },
            ],
            "overrides": [["freeze", "the shop is down"]],
        })
    }

    #[test]
    fn what_moved_is_named() {
        let live = format!("component backend: what it runs was {ARN}:7, is {ARN}:8");
        let cut = format!("command was promote, is {}…", "a".repeat(120));
        let cases: [MovedCase<'_>; 18] = [
            (|_| (), &[]),
            (|plan| plan["components"][0]["runs"] = json!(format!("{ARN}:8")), &[&live]),
            (
                |plan| plan["components"][1]["runs"] = json!("worker:1"),
                &["component worker: what it runs was not set, is worker:1"],
            ),
            (
                |plan| plan["components"][0]["task_definition"]["from"] = json!("file"),
                &["component backend: task definition from was live, is file"],
            ),
            // They may hold what somebody put into a variable.
            (
                |plan| plan["components"][0]["pre_deploy"] = json!(["migrate"]),
                &["component backend: pre-deploy command is another"],
            ),
            (|plan| plan["images"][1]["inputs"]["args"][0][1] = json!("3"), &["image site: args is another"]),
            (
                |plan| plan["images"][0]["inputs"]["digest"] = json!("sha256:b"),
                &["image backend: digest was sha256:a, is sha256:b"],
            ),
            (|plan| plan["gates"]["soak"] = json!(3600), &["gates: soak was 1800, is 3600"]),
            (|plan| plan["gates"] = json!({ "approval": "none" }), &["gates: soak was 1800, is not set"]),
            (|plan| plan["gates"]["freeze"] = json!(["a", "b"]), &["gates: freeze was not set, is [\"a\",\"b\"]"]),
            (|plan| plan["release"] = json!("b"), &["release was 4b825dc642cb6eb9a060e54bf8d69288fbee4904, is b"]),
            (|plan| plan["version"] = json!(3), &["version of the plan's form was 2, is 3"]),
            (|plan| plan["overrides"][0][1] = json!("no"), &["override freeze was the shop is down, is no"]),
            (|plan| plan["overrides"] = json!([]), &["override freeze is gone"]),
            (|plan| drop(plan.as_object_mut().unwrap().remove("overrides")), &["override freeze is gone"]),
            (
                |plan| plan["components"][1] = json!({ "name": "mailer", "kind": "ecs" }),
                &["component worker is gone", "component mailer is new"],
            ),
            (|plan| plan["components"].as_array_mut().unwrap().reverse(), &["components has another order"]),
            (
                |plan| (plan["account"], plan["command"]) = (json!("x\n::error::y"), json!("a".repeat(500))),
                &[&cut, "account was 123456789012, is x; : :error::y"],
            ),
        ];
        for (change, expected) in cases {
            let mut now = plan();
            change(&mut now);
            assert_eq!(moved(&plan().to_string(), &now), expected);
        }
        assert_eq!(moved("no plan", &plan()), [""; 0]);
    }

    #[test]
    fn values_that_differ_far_behind_are_not_shown_alike() {
        let long = |end: &str| json!({ "url": format!("{}{end}", "a".repeat(200)) });
        assert_eq!(moved(&long("b").to_string(), &long("c")), ["url is another"]);
    }

    #[test]
    fn no_more_is_said_than_a_message_can_show() {
        let plan = |value: &str| (0..20).map(|key| (key.to_string(), json!(value))).collect::<Value>();
        let moved = moved(&plan("a").to_string(), &plan("b"));
        assert_eq!((moved.len(), moved[10].as_str()), (11, "and 10 more"));
    }

    /// Any document, with the keys of plans in any place.
    fn any_document() -> impl Strategy<Value = Value> {
        let keys =
            prop::sample::select(vec!["name", "component", "components", "overrides", "inputs", "args", "::x", "a"]);
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i8>().prop_map(Value::from),
            "[a:#\\[\\n\u{1b}]{0,4}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((keys.clone(), inner), 0..4)
                    .prop_map(|entries| entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_differs_is_said_in_few_harmless_lines(shown in any_document(), now in any_document()) {
            let moved = moved(&shown.to_string(), &now);
            prop_assert_eq!(moved.is_empty(), shown == now);
            prop_assert!(moved.len() <= LISTED.count() + 1);
            for line in moved {
                prop_assert!(line.chars().count() <= LONGEST + 1 && !line.contains(['\n', '\u{1b}']), "{:?}", line);
                prop_assert!(!line.contains("##["), "{:?}", line);
            }
        }
    }
}
