//! The expressions of workflows, as far as ours need them. What is not known here panics, and is never a guess.
//!
//! Rules: <https://docs.github.com/en/actions/reference/workflows-and-actions/expressions>.

use serde_json::{Map, Value};

use super::tokens::{Token, tokens};
use super::values::{equal, format, lower, member, text_of, truthy};

/// How the job stands, for `success()` and its like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// No step has failed.
    Success,
    /// A step has failed.
    Failure,
    /// The run was cancelled.
    Cancelled,
}

impl Status {
    /// As contexts have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What an expression can see: `github`, `inputs`, `env`, …
#[derive(Debug, Clone)]
pub struct Scope {
    /// The contexts by name.
    pub contexts: Map<String, Value>,
    /// How the job, or the composite action, stands.
    pub status: Status,
}

impl Scope {
    /// A text with `${{ … }}` in it, after evaluation.
    pub fn text(&self, template: &str) -> String {
        let mut result = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("${{") {
            let end = end_of_expression(after).unwrap_or_else(|| panic!("no end of `${{{{` in {template:?}"));
            result.push_str(before);
            result.push_str(&text_of(&self.evaluate(&after[..end])));
            rest = &after[end + 2..];
        }
        result + rest
    }

    /// The text of a scalar of YAML: an expression where it is a string, as it is written otherwise.
    pub fn scalar(&self, value: &Value) -> String {
        match value {
            Value::String(template) => self.text(template),
            Value::Array(_) | Value::Object(_) => panic!("{value} is no scalar"),
            Value::Null | Value::Bool(_) | Value::Number(_) => text_of(value),
        }
    }

    /// Whether an `if:` lets its step or job run.
    pub fn allows(&self, condition: Option<&Value>) -> bool {
        let Some(condition) = condition else { return self.status == Status::Success };
        let text = condition.as_str().map_or_else(|| condition.to_string(), str::to_owned);
        let text = text.trim();
        let expression = text.strip_prefix("${{").and_then(|text| text.strip_suffix("}}")).unwrap_or(text);
        assert!(!expression.contains("${{"), "`if: {text}` is a text, which is always true");
        let asks = ["always(", "success(", "failure(", "cancelled("].iter().any(|name| expression.contains(name));
        (asks || self.status == Status::Success) && truthy(&self.evaluate(expression))
    }

    /// The value of one expression, without its `${{ }}`.
    pub fn evaluate(&self, expression: &str) -> Value {
        let mut parser = Parser { scope: self, tokens: tokens(expression), next: 0, expression };
        let value = parser.either();
        assert!(parser.next == parser.tokens.len(), "something is left over in `{expression}`");
        value
    }
}

/// Where `}}` is, outside of quotation marks.
fn end_of_expression(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(index, letter)| {
        quoted ^= letter == '\'';
        (!quoted && text[index..].starts_with("}}")).then_some(index)
    })
}

struct Parser<'a> {
    scope: &'a Scope,
    tokens: Vec<Token>,
    next: usize,
    expression: &'a str,
}

impl Parser<'_> {
    fn take(&mut self, sign: &str) -> bool {
        let is = matches!(self.tokens.get(self.next), Some(Token::Sign(found)) if *found == sign);
        self.next += usize::from(is);
        is
    }

    fn insist(&mut self, sign: &str) {
        assert!(self.take(sign), "no `{sign}` where one belongs in `{}`", self.expression);
    }

    fn either(&mut self) -> Value {
        let mut value = self.both();
        while self.take("||") {
            let other = self.both();
            value = if truthy(&value) { value } else { other };
        }
        value
    }

    fn both(&mut self) -> Value {
        let mut value = self.comparison();
        while self.take("&&") {
            let other = self.comparison();
            value = if truthy(&value) { other } else { value };
        }
        value
    }

    fn comparison(&mut self) -> Value {
        let mut value = self.not();
        loop {
            let wanted = if self.take("==") {
                true
            } else if self.take("!=") {
                false
            } else {
                return value;
            };
            value = Value::Bool(equal(&value, &self.not()) == wanted);
        }
    }

    fn not(&mut self) -> Value {
        if self.take("!") { Value::Bool(!truthy(&self.not())) } else { self.operand() }
    }

    fn operand(&mut self) -> Value {
        if self.take("(") {
            let value = self.either();
            self.insist(")");
            return value;
        }
        let token = self.tokens.get(self.next).cloned();
        self.next += 1;
        match token {
            Some(Token::Literal(value)) => value,
            Some(Token::Name(name)) if self.take("(") => self.call(&name),
            Some(Token::Name(name)) => self.context(&name),
            Some(Token::Sign(_)) | None => panic!("nothing where a value belongs in `{}`", self.expression),
        }
    }

    fn context(&mut self, name: &str) -> Value {
        let found = self.scope.contexts.get(name);
        let mut value = found.unwrap_or_else(|| panic!("there is no `{name}` here, for `{}`", self.expression)).clone();
        loop {
            let key = if self.take(".") {
                let Some(Token::Name(key)) = self.tokens.get(self.next).cloned() else {
                    panic!("no name behind a dot in `{}`", self.expression)
                };
                self.next += 1;
                key
            } else if self.take("[") {
                let key = text_of(&self.either());
                self.insist("]");
                key
            } else {
                return value;
            };
            value = member(&value, &key);
        }
    }

    fn call(&mut self, name: &str) -> Value {
        let mut arguments = Vec::new();
        if !self.take(")") {
            arguments.push(self.either());
            while self.take(",") {
                arguments.push(self.either());
            }
            self.insist(")");
        }
        let status = self.scope.status;
        match (name.to_lowercase().as_str(), arguments.as_slice()) {
            ("always", []) => Value::Bool(true),
            ("success", []) => Value::Bool(status == Status::Success),
            ("failure", []) => Value::Bool(status == Status::Failure),
            ("cancelled", []) => Value::Bool(status == Status::Cancelled),
            ("tojson", [value]) => Value::String(serde_json::to_string_pretty(value).unwrap()),
            ("fromjson", [text]) => serde_json::from_str(&text_of(text)).unwrap(),
            ("format", [Value::String(template), values @ ..]) => Value::String(format(template, values)),
            ("contains", [Value::Array(list), item]) => Value::Bool(list.iter().any(|each| equal(each, item))),
            ("contains", [text, part]) => Value::Bool(lower(text).contains(&lower(part))),
            ("startswith", [text, part]) => Value::Bool(lower(text).starts_with(&lower(part))),
            _ => panic!("`{name}` with {} arguments is not known to this runner", arguments.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn scope() -> Scope {
        let contexts = json!({
            "inputs": { "release": "", "name": "it's" },
            "vars": { "REGION": "us-east-1" },
            "needs": { "plan": { "outputs": { "plan-digest": "sha256:1" }, "result": "success" } },
        });
        let Value::Object(contexts) = contexts else { unreachable!() };
        Scope { contexts, status: Status::Failure }
    }

    #[test]
    fn expressions_have_the_values_that_github_gives_them() {
        let cases = [
            ("needs.plan.outputs.plan-digest", json!("sha256:1")),
            ("inputs.release || 'what stage runs'", json!("what stage runs")),
            ("inputs.absent.deeper", json!(null)),
            ("'it''s' == inputs.NAME && 'a' == 'A'", json!(true)),
            ("!(inputs.release == '') || needs.plan.result != 'success'", json!(false)),
            ("null == 0 && '1' == true", json!(true)),
            ("always() && failure() && !success() && !cancelled()", json!(true)),
            ("format('{0}/{{x}}/{1}', 'a', 2)", json!("a/{x}/2")),
            ("contains('refs/heads/Main', 'heads/main')", json!(true)),
            ("toJSON(vars)", json!("{\n  \"REGION\": \"us-east-1\"\n}")),
            ("vars['region']", json!("us-east-1")),
            ("true && 'yes' || 'no'", json!("yes")),
        ];
        for (expression, value) in cases {
            assert_eq!(scope().evaluate(expression), value, "{expression}");
        }
    }

    #[test]
    fn a_text_has_its_expressions_replaced_and_nothing_else() {
        assert_eq!(scope().text("a ${{ vars.REGION }}/${{ '}}' }} $x"), "a us-east-1/}} $x");
    }

    #[test]
    fn a_condition_without_a_status_function_asks_for_success() {
        assert!(!scope().allows(None));
        assert!(!scope().allows(Some(&json!("vars.REGION == 'us-east-1'"))));
        assert!(scope().allows(Some(&json!("${{ failure() && vars.REGION == 'us-east-1' }}"))));
        assert!(scope().allows(Some(&json!("always()"))));
    }

    #[test]
    fn what_is_not_known_panics() {
        for expression in ["hashFiles('x')", "secrets.X", "1 < 2", "vars.*", "inputs.a inputs.b", "format('{0}')"] {
            let result = std::panic::catch_unwind(|| scope().evaluate(expression));
            assert!(result.is_err(), "{expression}");
        }
    }
}
