//! What AWS itself says of its operations: the models of botocore, of which `scripts/lib/aws_models.py` cuts out what is
//! called here into `tests/aws/`. Every request that the account gets and every answer that it gives is held against
//! them, the scripted and changed answers too.
//!
//! A model is closed here: what it does not name is a violation, though AWS may say it tomorrow. A test that means it
//! declares it ([`super::Scripted::expect_violation`]).

mod codes;
mod query;
mod shape;
mod xml;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use self::shape::{Shape, Shapes};
use crate::http_server::{Answer, Course};

/// The models, by the prefix of IAM's actions.
static MODELS: LazyLock<BTreeMap<&str, Model>> = LazyLock::new(|| {
    [
        ("amplify", include_str!("../../../../aws/amplify.json")),
        ("cloudwatch", include_str!("../../../../aws/cloudwatch.json")),
        ("ecr", include_str!("../../../../aws/ecr.json")),
        ("ecs", include_str!("../../../../aws/ecs.json")),
        ("iam", include_str!("../../../../aws/iam.json")),
        ("logs", include_str!("../../../../aws/logs.json")),
        ("sts", include_str!("../../../../aws/sts.json")),
    ]
    .map(|(service, text)| (service, serde_json::from_str(text).unwrap_or_else(|error| panic!("{service}: {error}"))))
    .into()
});

/// What is no service of AWS: the registry, the endpoint of tokens, what probes ask.
const OTHERS: [&str; 3] = ["registry", "token", "probe"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Model {
    /// Which version of botocore says this.
    botocore: String,
    metadata: Metadata,
    operations: BTreeMap<String, Operation>,
    shapes: BTreeMap<String, Shape>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Metadata {
    api_version: String,
    protocol: String,
    /// Of `X-Amz-Target`.
    target_prefix: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Operation {
    input: Option<String>,
    output: Option<String>,
    /// The shapes of its errors.
    errors: Vec<String>,
    /// The element around a good answer of the query protocol.
    result_wrapper: Option<String>,
}

/// What a request or an answer has that the model does not, or the other way round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// In the words of IAM.
    pub operation: String,
    /// `answer: services[0].status: is missing`
    pub text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.operation, self.text)
    }
}

/// The prefix of `X-Amz-Target` → the service.
pub fn service_of(target_prefix: &str) -> Option<&'static str> {
    let is_meant = |model: &Model| model.metadata.target_prefix.as_deref() == Some(target_prefix);
    MODELS.iter().find(|(_, model)| is_meant(model)).map(|(service, _)| *service)
}

/// The header of an error of a service whose protocol has paths.
pub const ERROR_TYPE: &str = "x-amzn-ErrorType";

/// Whether a service has its operations in methods and paths.
pub fn is_rest(operation: &str) -> bool {
    Modelled::find(operation).is_some_and(|found| found.is_rest())
}

/// Whether a service speaks forms and XML instead of JSON.
pub fn is_query(operation: &str) -> bool {
    Modelled::find(operation).is_some_and(|found| found.is_query())
}

/// What is wrong with a request: its JSON document, or its form as a flat object.
pub fn of_request(operation: &str, body: &Value) -> Vec<Violation> {
    let texts = match Modelled::find(operation) {
        None => unknown(operation),
        Some(found) if found.is_query() => found.form(body),
        Some(found) => found.shapes().check(found.operation.input.as_deref(), body),
    };
    violations(operation, "request", texts)
}

/// What is wrong with an answer. What breaks off or never comes is none.
pub fn of_answer(operation: &str, answer: &Answer) -> Vec<Violation> {
    if !matches!(answer.course, Course::Whole | Course::Unsized | Course::Drip) {
        return Vec::new();
    }
    let is_good = (200..300).contains(&answer.status);
    let texts = match (Modelled::find(operation), std::str::from_utf8(&answer.body)) {
        (None, _) => unknown(operation),
        (Some(_), Err(_)) => vec!["is not UTF-8".to_owned()],
        (Some(found), Ok(text)) if found.is_query() => found.xml(text, is_good),
        (Some(found), Ok(text)) => found.json(text, is_good, error_type(answer)),
    };
    violations(operation, "answer", texts)
}

/// The version of botocore whose models these are.
pub fn version() -> &'static str {
    MODELS.values().next().map_or("", |model| model.botocore.as_str())
}

/// How many shapes have a pattern. Each is read.
pub fn patterns() -> usize {
    MODELS.values().flat_map(|model| model.shapes.values()).filter_map(Shape::expression).count()
}

/// The code of an error, where the protocol has it in a header
/// ([restJson1](https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html#operation-error-serialization)).
fn error_type(answer: &Answer) -> Option<&str> {
    let is_meant = |name: &str| name.eq_ignore_ascii_case(ERROR_TYPE);
    answer.headers.iter().find(|(name, _)| is_meant(name)).map(|(_, value)| value.as_str())
}

fn violations(operation: &str, side: &str, texts: Vec<String>) -> Vec<Violation> {
    let violation = |text| Violation { operation: operation.to_owned(), text: format!("{side}: {text}") };
    texts.into_iter().map(violation).collect()
}

fn unknown(operation: &str) -> Vec<String> {
    let is_other = OTHERS.iter().any(|other| operation.split(':').next() == Some(other));
    if is_other { Vec::new() } else { vec!["is not in tests/aws: add it to scripts/lib/aws_models.py".to_owned()] }
}

/// An operation with its model.
struct Modelled {
    name: &'static str,
    operation: &'static Operation,
    model: &'static Model,
}

impl Modelled {
    fn find(operation: &str) -> Option<Self> {
        let (service, name) = operation.split_once(':')?;
        let model = MODELS.get(service)?;
        let (name, operation) = model.operations.get_key_value(name)?;
        Some(Self { name, operation, model })
    }

    fn is_query(&self) -> bool {
        self.model.metadata.protocol == "query"
    }

    fn is_rest(&self) -> bool {
        self.model.metadata.protocol == "rest-json"
    }

    fn shapes(&self) -> Shapes<'static> {
        Shapes { shapes: &self.model.shapes, is_query: self.is_query() }
    }

    fn form(&self, form: &Value) -> Vec<String> {
        let mut fields = form.as_object().cloned().unwrap_or_default();
        let version = fields.remove("Version");
        fields.remove("Action");
        let wanted = &self.model.metadata.api_version;
        let wrong =
            (version.as_ref().and_then(Value::as_str) != Some(wanted)).then(|| format!("Version: is not {wanted}"));
        let input = self.operation.input.as_deref();
        let typed = query::of_form(&self.shapes(), input, &fields);
        wrong.into_iter().chain(self.shapes().check(input, &typed)).collect()
    }

    /// `header`: the code of an error that a header has.
    fn json(&self, text: &str, is_good: bool, header: Option<&str>) -> Vec<String> {
        match serde_json::from_str(text) {
            Err(_) => vec!["is not JSON".to_owned()],
            Ok(answer) if is_good => self.shapes().check(self.operation.output.as_deref(), &answer),
            Ok(Value::Object(mut error)) => {
                if self.is_rest() {
                    return self.error(header.unwrap_or_default(), error);
                }
                let code = error.remove("__type");
                let code = code.as_ref().and_then(Value::as_str).unwrap_or_default();
                self.error(code, error)
            }
            Ok(_) => vec!["is not an object".to_owned()],
        }
    }

    fn xml(&self, text: &str, is_good: bool) -> Vec<String> {
        let root = match xml::read(text) {
            Ok(root) => root,
            Err(error) => return vec![format!("is not XML: {error}")],
        };
        if !is_good {
            let error = root.find("Error").filter(|_| root.name == "ErrorResponse");
            let Some(error) = error else { return vec!["has no ErrorResponse with an Error".to_owned()] };
            let mut fields = error.texts();
            fields.remove("Type");
            let code = fields.remove("Code");
            return self.error(code.as_ref().and_then(Value::as_str).unwrap_or_default(), fields);
        }
        let wanted = format!("{}Response", self.name);
        if root.name != wanted {
            return vec![format!("{}: is not {wanted}", root.name)];
        }
        let wrapper = self.operation.result_wrapper.as_deref().unwrap_or_default();
        let other = |name: &str| name != wrapper && name != "ResponseMetadata";
        let others = root.children.iter().filter(|child| other(&child.name));
        let others = others.map(|child| format!("{}: is not known", child.name));
        let output = self.operation.output.as_deref();
        let Some(result) = root.find(wrapper) else {
            return others.chain([format!("{wrapper}: is missing")]).collect();
        };
        let typed = query::of_element(&self.shapes(), output, result);
        others.chain(self.shapes().check(output, &typed)).collect()
    }

    /// An error of a code with these members beside it.
    fn error(&self, code: &str, mut members: serde_json::Map<String, Value>) -> Vec<String> {
        // `com.amazonaws.ecs#ClientException`, `ClientException:http://…`
        let name = code.rsplit('#').next().and_then(|name| name.split(':').next()).unwrap_or_default();
        // Every error of AWS has one, though few models say so.
        let message = members.remove("message").or(members.remove("Message"));
        let mut wrong = Vec::new();
        if message.is_some_and(|message| !message.is_string()) {
            wrong.push("message: is not a string".to_owned());
        }
        let is_meant = |shape: &&String| {
            let code = self.model.shapes.get(*shape).and_then(|shape| shape.error.as_deref());
            code.unwrap_or(shape) == name
        };
        match self.operation.errors.iter().find(is_meant) {
            Some(shape) => wrong.extend(self.shapes().check(Some(shape), &Value::Object(members))),
            None if codes::is_common(name, self.is_query()) => {
                wrong.extend(members.keys().map(|member| format!("{member}: is not known")));
            }
            None => wrong.push(format!("{name:?} is no error of this operation")),
        }
        wrong
    }
}
