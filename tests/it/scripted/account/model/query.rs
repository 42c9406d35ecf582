//! The query protocol, as the JSON that the same shapes would be: fields of a form (`Tags.member.1.Key`) and elements of
//! XML. What has another form than its shape stays as it is, for the shape to refuse.
//!
//! <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>

use serde_json::{Map, Value};

use super::shape::{Kind, Shapes};
use super::xml::Element;

/// The fields of a form, without `Action` and `Version`.
pub fn of_form(shapes: &Shapes<'_>, shape: Option<&str>, fields: &Map<String, Value>) -> Value {
    let mut tree = Value::Object(Map::new());
    for (name, value) in fields {
        let mut place = &mut tree;
        for part in name.split('.') {
            if !place.is_object() {
                *place = Value::Object(Map::new());
            }
            place = &mut place[part];
        }
        *place = value.clone();
    }
    shape.map_or(tree.clone(), |shape| typed(shapes, shape, &tree))
}

fn typed(shapes: &Shapes<'_>, name: &str, tree: &Value) -> Value {
    let shape = shapes.get(name);
    match (shape.kind, tree) {
        (Kind::Structure, Value::Object(fields)) => {
            let member = |(name, field): (&String, &Value)| {
                let value = shape.members.get(name).map(|member| typed(shapes, &member.shape, field));
                (name.clone(), value.unwrap_or_else(|| field.clone()))
            };
            Value::Object(fields.iter().map(member).collect())
        }
        (Kind::List, Value::String(text)) if text.is_empty() => Value::Array(Vec::new()),
        (Kind::List, Value::Object(fields)) => {
            let numbered = fields.get("member").filter(|_| fields.len() == 1).and_then(Value::as_object);
            let (Some(numbered), Some(member)) = (numbered, &shape.member) else { return tree.clone() };
            let values: Option<Vec<&Value>> =
                (1..=numbered.len()).map(|number| numbered.get(&number.to_string())).collect();
            values.map_or(tree.clone(), |values| {
                Value::Array(values.into_iter().map(|value| typed(shapes, &member.shape, value)).collect())
            })
        }
        (kind, Value::String(text)) => scalar(kind, text),
        _ => tree.clone(),
    }
}

/// An element of an answer.
pub fn of_element(shapes: &Shapes<'_>, shape: Option<&str>, element: &Element) -> Value {
    let Some(shape) = shape.map(|name| shapes.get(name)) else { return Value::Object(element.texts()) };
    match shape.kind {
        Kind::Structure => {
            let member = |child: &Element| {
                let member = shape.members.get(&child.name).map(|member| member.shape.as_str());
                let value = match member {
                    None => Value::from(child.text.as_str()),
                    Some(_) => of_element(shapes, member, child),
                };
                (child.name.clone(), value)
            };
            Value::Object(element.children.iter().map(member).collect())
        }
        Kind::List if element.children.iter().all(|child| child.name == "member") => {
            let member = shape.member.as_ref().map(|member| member.shape.as_str());
            Value::Array(element.children.iter().map(|child| of_element(shapes, member, child)).collect())
        }
        _ if !element.children.is_empty() => Value::Object(element.texts()),
        Kind::List
        | Kind::Map
        | Kind::String
        | Kind::Integer
        | Kind::Long
        | Kind::Boolean
        | Kind::Double
        | Kind::Timestamp
        | Kind::Blob => scalar(shape.kind, &element.text),
    }
}

fn scalar(kind: Kind, text: &str) -> Value {
    let number = match kind {
        Kind::Integer | Kind::Long => text.parse::<i64>().ok().map(Value::from),
        Kind::Double => text.parse::<f64>().ok().map(Value::from),
        Kind::Boolean => text.parse::<bool>().ok().map(Value::from),
        Kind::Structure | Kind::List | Kind::Map | Kind::String | Kind::Timestamp | Kind::Blob => None,
    };
    number.unwrap_or_else(|| Value::from(text))
}
