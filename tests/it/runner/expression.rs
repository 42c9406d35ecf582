//! The expressions of workflows: the crate parses and evaluates them, and what only a run knows is put in here. What is
//! not known panics, and is never a guess.
//!
//! Rules: <https://docs.github.com/en/actions/reference/workflows-and-actions/expressions>.

use github_actions_expressions::call::{Call, Function};
use github_actions_expressions::op::BinExpr;
use github_actions_expressions::{Evaluation, Expr, SpannedExpr};
use serde_json::{Map, Value};

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
            result.push_str(&self.evaluate(&after[..end]).0.sema().to_string());
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
        let (value, asks_for_status) = self.evaluate(expression);
        (asks_for_status || self.status == Status::Success) && value.as_boolean()
    }

    /// The value of one expression, without its `${{ }}`, and whether it asks how the job stands.
    fn evaluate(&self, expression: &str) -> (Evaluation, bool) {
        let parsed = Expr::parse(expression).unwrap_or_else(|error| panic!("{error}, in `{expression}`"));
        let mut known = Known { scope: self, asks_for_status: false };
        (known.evaluate(parsed), known.asks_for_status)
    }
}

/// As it becomes part of a text.
pub fn text_of(value: &Value) -> String {
    Evaluation::try_from(value.clone()).unwrap().sema().to_string()
}

/// Where `}}` is, outside of quotation marks.
fn end_of_expression(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(index, letter)| {
        quoted ^= letter == '\'';
        (!quoted && text[index..].starts_with("}}")).then_some(index)
    })
}

/// What the crate does not know: version 1.32 evaluates constants only.
struct Known<'s> {
    scope: &'s Scope,
    asks_for_status: bool,
}

impl Known<'_> {
    fn evaluate(&mut self, expression: SpannedExpr<'_>) -> Evaluation {
        let raw = expression.origin.raw;
        self.constant(expression).consteval().unwrap_or_else(|| panic!("`{raw}` is not known to this runner"))
    }

    /// The same expression with constants for what a run knows.
    fn constant<'e>(&mut self, expression: SpannedExpr<'e>) -> SpannedExpr<'e> {
        let SpannedExpr { origin, inner } = expression;
        let inner = match inner {
            Expr::Literal(_) => inner,
            Expr::Context(context) => {
                let text = SpannedExpr { origin, inner: Expr::from(self.look_up(context.parts).to_string()) };
                // No literal is a list or an object.
                Expr::Call(Call { func: Function::FromJSON, args: vec![text] })
            }
            Expr::Call(call) => self.call(call),
            Expr::BinExpr(BinExpr { lhs, op, rhs }) => {
                let (lhs, rhs) = (Box::new(self.constant(*lhs)), Box::new(self.constant(*rhs)));
                Expr::BinExpr(BinExpr { lhs, op, rhs })
            }
            Expr::UnExpr { op, expr } => Expr::UnExpr { op, expr: Box::new(self.constant(*expr)) },
            Expr::Star | Expr::Identifier(_) | Expr::Index(_) => panic!("`{}` is no value", origin.raw),
        };
        SpannedExpr { origin, inner }
    }

    fn call<'e>(&mut self, Call { func, mut args }: Call<'e>) -> Expr<'e> {
        if let Some(holds) = self.holds(func) {
            self.asks_for_status = true;
            return Expr::from(holds);
        }
        match (func, args.pop()) {
            // The crate mixes up the order of an object's members.
            (Function::ToJSON, Some(SpannedExpr { inner: Expr::Context(context), .. })) => {
                Expr::from(format!("{:#}", self.look_up(context.parts)))
            }
            (func, last) => {
                let args: Vec<_> = args.into_iter().chain(last).map(|arg| self.constant(arg)).collect();
                // The crate takes positions in bytes for positions in characters.
                let template = args.first().filter(|_| func == Function::Format).and_then(|first| first.consteval());
                assert!(template.is_none_or(|text| text.sema().to_string().is_ascii()), "`format` takes ASCII here");
                Expr::Call(Call { func, args })
            }
        }
    }

    /// The answer of a function that asks how the job stands.
    fn holds(&self, function: Function) -> Option<bool> {
        const STATUSES: [(Function, Status); 3] = [
            (Function::Success, Status::Success),
            (Function::Failure, Status::Failure),
            (Function::Cancelled, Status::Cancelled),
        ];
        let asked = STATUSES.into_iter().find(|(name, _)| *name == function);
        asked.map(|(_, status)| status == self.scope.status).or((function == Function::Always).then_some(true))
    }

    /// A member that is not there is null; a context that is not there is a mistake.
    fn look_up(&mut self, parts: Vec<SpannedExpr<'_>>) -> Value {
        let mut parts = parts.into_iter();
        let head = parts.next().unwrap();
        let mut value = if let Expr::Identifier(name) = &head.inner {
            member(&self.scope.contexts, name.as_str())
                .unwrap_or_else(|| panic!("there is no `{}` here", name.as_str()))
        } else {
            self.evaluate(head).try_into().unwrap()
        };
        for part in parts {
            let key = if let Expr::Identifier(name) = part.inner {
                name.as_str().to_owned()
            } else if let Expr::Index(index) = part.inner {
                self.evaluate(*index).sema().to_string()
            } else {
                panic!("`{}` is not known to this runner", part.origin.raw)
            };
            value = match value {
                Value::Object(members) => member(&members, &key).unwrap_or_default(),
                Value::Array(_) => panic!("`{}` of a list is not known to this runner", part.origin.raw),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Value::Null,
            };
        }
        value
    }
}

/// A member by its name, whatever the capital letters.
fn member(members: &Map<String, Value>, key: &str) -> Option<Value> {
    let mut all = members.iter();
    all.find(|(name, _)| name.to_lowercase() == key.to_lowercase()).map(|(_, value)| value.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn scope() -> Scope {
        let contexts = json!({
            "inputs": { "release": "", "name": "it's" },
            "vars": { "REGION": "us-east-1", "A": 1 },
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
            ("toJSON(vars)", json!("{\n  \"REGION\": \"us-east-1\",\n  \"A\": 1\n}")),
            ("vars['region']", json!("us-east-1")),
            ("fromJSON(format('{{\"{0}\": {1}}}', 'a', 2)).a < 3", json!(true)),
            ("true && 'yes' || 'no'", json!("yes")),
        ];
        for (expression, value) in cases {
            let found: Value = scope().evaluate(expression).0.try_into().unwrap();
            assert_eq!(found, value, "{expression}");
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
        assert!(scope().allows(Some(&json!("Always ()"))));
        assert!(!scope().allows(Some(&json!("'always()'"))));
    }

    #[test]
    fn what_is_not_known_panics() {
        for expression in [
            "hashFiles('x')",
            "secrets.X",
            "vars.*",
            "inputs.a inputs.b",
            "format('{0}')",
            "format('ü{0}', 'a')",
            "fromJSON('[1]')[0]",
        ] {
            let result = std::panic::catch_unwind(|| scope().evaluate(expression));
            assert!(result.is_err(), "{expression}");
        }
    }
}
