//! The runtime configuration: the one file of a site that differs between environments.
//!
//! A page loads it before its own scripts, so the same bytes of everything else can be promoted.

use indexmap::IndexMap;

use super::bundle::{Cache, SiteFile, SitePath};
use crate::domain::image::Digest;
use crate::domain::names::name;
use crate::domain::release::ReleaseName;
use crate::domain::template::Template;

name!(
    /// The variable of a script that gets the values: a property of the global object.
    ScriptVariable,
    "a variable of a script",
    "it is one name after `globalThis.`, `window.` or `self.`, and none that browsers use themselves: `window.env`",
    |text| is_variable(text)
);

/// Properties of the global object of a page that no script can give an object to, or that do something else with it
/// ([Window](https://html.spec.whatwg.org/multipage/nav-history-apis.html#the-window-object)).
const OF_BROWSERS: [&str; 9] =
    ["__proto__", "document", "globalThis", "location", "name", "self", "status", "top", "window"];

/// A file that a site reads when it starts.
#[derive(Debug, Clone, PartialEq)]
pub struct RuntimeConfig {
    /// Where it is.
    pub path: SitePath,
    /// How it is written.
    pub form: RuntimeForm,
    /// What is in it, by name, in the order in which it is written.
    pub values: IndexMap<String, Template>,
}

/// How a runtime configuration is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuntimeForm {
    /// One JSON object.
    Json,
    /// A script that gives a frozen object to a variable.
    Script(ScriptVariable),
}

/// The bytes of a runtime configuration, and what they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuntimeFile {
    /// Its bytes, which are UTF-8.
    pub bytes: Vec<u8>,
    /// The header `Content-Type`.
    pub content_type: &'static str,
}

impl RuntimeForm {
    fn content_type(&self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::Script(_) => "text/javascript; charset=utf-8",
        }
    }
}

impl ScriptVariable {
    /// The variable where none is written.
    pub const DEFAULT: &str = "globalThis.__CONFIG__";
}

impl Default for ScriptVariable {
    fn default() -> Self {
        Self(Self::DEFAULT.to_owned())
    }
}

impl RuntimeConfig {
    /// The file for a release: the same bytes for the same values.
    pub fn render(&self, release: &ReleaseName) -> RuntimeFile {
        let object = object(self.values.iter().map(|(name, value)| (name.as_str(), value.render(release))));
        let text = match &self.form {
            RuntimeForm::Json => format!("{object}\n"),
            RuntimeForm::Script(variable) => format!("{variable} = Object.freeze({});\n", in_script(&object)),
        };
        RuntimeFile { bytes: text.into_bytes(), content_type: self.form.content_type() }
    }
}

impl RuntimeFile {
    /// The file as one of a site: no cache may keep it without asking, since its name says nothing of what is in it.
    pub fn file(&self) -> SiteFile {
        SiteFile {
            digest: Digest::of(&self.bytes),
            size: self.bytes.len() as u64,
            content_type: self.content_type.to_owned(),
            cache: Cache::Revalidate,
            encoding: None,
        }
    }
}

/// One JSON object of texts, a line each.
fn object<'a>(values: impl Iterator<Item = (&'a str, String)>) -> String {
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let lines: Vec<String> = values.map(|(name, value)| format!("  {}: {}", text(name), text(&value))).collect();
    if lines.is_empty() { "{}".to_owned() } else { format!("{{\n{}\n}}", lines.join(",\n")) }
}

/// JSON where a script stands, also one inside a page. Outside of texts JSON has none of these characters, and inside of
/// them an escape means the same: no `</script>` and no `<!--` ends or begins anything, and no old browser takes U+2028
/// for the end of a line ([restrictions](https://html.spec.whatwg.org/multipage/scripting.html#restrictions-for-contents-of-script-elements)).
fn in_script(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '<' => escaped.push_str("\\u003c"),
            '>' => escaped.push_str("\\u003e"),
            '&' => escaped.push_str("\\u0026"),
            '\u{2028}' => escaped.push_str("\\u2028"),
            '\u{2029}' => escaped.push_str("\\u2029"),
            _ => escaped.push(character),
        }
    }
    escaped
}

fn is_variable(text: &str) -> bool {
    let name = ["globalThis.", "window.", "self."].iter().find_map(|object| text.strip_prefix(object));
    let is_mark = |character: char| matches!(character, '_' | '$');
    name.is_some_and(|name| {
        name.starts_with(|character: char| character.is_ascii_alphabetic() || is_mark(character))
            && name.chars().all(|character| character.is_ascii_alphanumeric() || is_mark(character))
            && !OF_BROWSERS.contains(&name)
    })
}

#[cfg(test)]
impl RuntimeConfig {
    /// One at a path, whose end says how it is written.
    pub fn sample(path: &str, values: &[(&str, &str)]) -> Self {
        let is_script = camino::Utf8PathBuf::from(path).extension() == Some("js");
        let form = if is_script { RuntimeForm::Script(ScriptVariable::default()) } else { RuntimeForm::Json };
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), value.parse().unwrap())).collect();
        Self { path: path.parse().unwrap(), form, values }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value};

    use super::*;

    const SHA: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    const BEFORE: &str = "globalThis.__CONFIG__ = Object.freeze(";

    fn rendered(path: &str, values: &[(&str, &str)]) -> String {
        let file = RuntimeConfig::sample(path, values).render(&SHA.parse().unwrap());
        String::from_utf8(file.bytes).unwrap()
    }

    #[test]
    fn json_is_an_object_in_the_order_of_the_configuration() {
        let values = [("STAGE", "a \"quoted\" \\ </b>"), ("API_URL", "https://api.example.com/${release.sha}")];
        let expected = format!(
            "{{\n  \"STAGE\": \"a \\\"quoted\\\" \\\\ </b>\",\n  \"API_URL\": \"https://api.example.com/{SHA}\"\n}}\n"
        );
        assert_eq!(rendered("config.json", &values), expected);
        assert_eq!(rendered("config.json", &[]), "{}\n");
    }

    #[test]
    fn a_script_says_nothing_to_the_page_around_it() {
        for (value, written) in [
            ("plain", "plain"),
            ("</script><script>", r"\u003c/script\u003e\u003cscript\u003e"),
            ("<!--", r"\u003c!--"),
            ("a&amp;b", r"a\u0026amp;b"),
            ("a\u{2028}b\u{2029}", r"a\u2028b\u2029"),
            ("a\"b\\c", r#"a\"b\\c"#),
            ("a\nb\u{1}", r"a\nb\u0001"),
            ("`${x}`", "`${x}`"),
        ] {
            let literal = value.replace("${", "$${");
            let expected = format!("{BEFORE}{{\n  \"A\": \"{written}\"\n}});\n");
            assert_eq!(rendered("config.js", &[("A", &literal)]), expected);
        }
        assert_eq!(rendered("config.js", &[]), format!("{BEFORE}{{}});\n"));
    }

    #[test]
    fn the_variable_is_the_one_that_is_written() {
        let mut config = RuntimeConfig::sample("js/env.js", &[("A", "b")]);
        config.form = RuntimeForm::Script("window.env".parse().unwrap());
        let bytes = config.render(&SHA.parse().unwrap()).bytes;
        assert!(bytes.starts_with(b"window.env = Object.freeze({"), "{bytes:?}");
    }

    #[test]
    fn a_file_of_it_is_asked_for_again_each_time() {
        for (path, content_type) in
            [("a.json", "application/json; charset=utf-8"), ("a.js", "text/javascript; charset=utf-8")]
        {
            let rendered = RuntimeConfig::sample(path, &[("A", "b")]).render(&SHA.parse().unwrap());
            let file = rendered.file();
            assert_eq!((file.content_type.as_str(), file.cache), (content_type, Cache::Revalidate));
            assert_eq!((file.digest, file.size), (Digest::of(&rendered.bytes), rendered.bytes.len() as u64));
        }
    }

    #[test]
    fn a_variable_is_a_property_that_a_page_can_have() {
        for (text, is_good) in [
            (ScriptVariable::DEFAULT, true),
            ("window.env", true),
            ("self._$1", true),
            ("env", false),
            ("window", false),
            ("window.", false),
            ("window.1", false),
            ("window.a.b", false),
            ("window.a-b", false),
            ("window.a=1;b", false),
            ("window.location", false),
            ("globalThis.__proto__", false),
            ("document.title", false),
        ] {
            assert_eq!(text.parse::<ScriptVariable>().is_ok(), is_good, "{text}");
        }
    }

    /// Texts in which what ends a script or a text is common.
    fn hostile() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            Just("</script>".to_owned()),
            Just("<!--".to_owned()),
            Just("]]>".to_owned()),
            Just("\u{2028}\u{2029}\u{feff}".to_owned()),
            "[\"'`\\\\&<>\r\n]{1,3}",
            any::<String>(),
        ];
        proptest::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn what_is_rendered_reads_as_it_was_written(
            values in proptest::collection::hash_map("[A-Za-z_][A-Za-z0-9_]{0,8}", hostile(), 0..5),
        ) {
            let templates = values.iter().map(|(name, value)| (name.clone(), Template::literal(value)));
            let templates: IndexMap<_, _> = templates.collect();
            let meant: Map<String, Value> = values.iter().map(|(name, it)| (name.clone(), it.as_str().into())).collect();
            for path in ["config.json", "config.js"] {
                let config = RuntimeConfig { values: templates.clone(), ..RuntimeConfig::sample(path, &[]) };
                let text = String::from_utf8(config.render(&SHA.parse().unwrap()).bytes).unwrap();
                let inside = text.strip_prefix(BEFORE).and_then(|text| text.strip_suffix(");\n"));
                let json = if path == "config.js" { inside.unwrap() } else { &text };
                let read: Map<String, Value> = serde_json::from_str(json).unwrap();
                prop_assert_eq!(&read, &meant);
                if path == "config.js" {
                    prop_assert!(!text.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{}", text);
                }
            }
        }
    }
}
