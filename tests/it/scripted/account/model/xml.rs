//! As much XML as AWS answers: elements and text, no mixture of the two.

use serde_json::{Map, Value};

#[derive(Debug, Default)]
pub struct Element {
    pub name: String,
    /// Without what is around it.
    pub text: String,
    pub children: Vec<Self>,
}

impl Element {
    pub fn find(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The texts of the children.
    pub fn texts(&self) -> Map<String, Value> {
        self.children.iter().map(|child| (child.name.clone(), Value::from(child.text.as_str()))).collect()
    }
}

/// The root of a document.
pub fn read(document: &str) -> Result<Element, String> {
    let mut rest = document.trim();
    if let Some((_, after)) = rest.strip_prefix("<?xml").and_then(|prolog| prolog.split_once("?>")) {
        rest = after.trim_start();
    }
    let root = element(&mut rest)?;
    if rest.is_empty() { Ok(root) } else { Err(format!("more after </{}>", root.name)) }
}

fn element(rest: &mut &str) -> Result<Element, String> {
    let (tag, after) = rest.strip_prefix('<').and_then(|tag| tag.split_once('>')).ok_or("a tag is expected")?;
    *rest = after;
    let is_empty = tag.ends_with('/');
    let name = tag.trim_end_matches('/').split_whitespace().next().unwrap_or_default();
    let is_name = |name: &str| name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-.:".contains(letter));
    if name.is_empty() || !is_name(name) {
        return Err(format!("<{tag}> is no tag"));
    }
    let mut found = Element { name: name.to_owned(), ..Element::default() };
    if is_empty {
        return Ok(found);
    }
    let mut content = String::new();
    loop {
        let (text, _) = rest.split_once('<').ok_or_else(|| format!("<{name}> has no end"))?;
        *rest = &rest[text.len()..];
        content.push_str(&text_of(text)?);
        if let Some(end) = rest.strip_prefix("</") {
            *rest = end
                .strip_prefix(name)
                .and_then(|end| end.trim_start().strip_prefix('>'))
                .ok_or_else(|| format!("<{name}> ends otherwise"))?;
            break;
        }
        found.children.push(element(rest)?);
    }
    let text = content.trim();
    if !text.is_empty() && !found.children.is_empty() {
        return Err(format!("<{name}> has text between elements"));
    }
    Ok(Element { text: text.to_owned(), ..found })
}

fn text_of(text: &str) -> Result<String, String> {
    let mut parts = text.split('&');
    let mut found = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (entity, after) = part.split_once(';').ok_or("an & without a ;")?;
        found.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            other => return Err(format!("&{other}; is not known")),
        });
        found.push_str(after);
    }
    Ok(found)
}
