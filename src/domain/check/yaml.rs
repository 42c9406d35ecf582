//! Where the parts of a YAML text stand, all found in one pass: to look for each from the top takes time by the square of
//! their number.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use tree_sitter::{Node, Parser};
use yamlpath::Component;

use super::place::{LinePlace, LineStarts};

/// The keys and indexes that lead to a part of a file.
pub type Path<'a> = Vec<Component<'a>>;

/// The places of all parts of a text.
pub struct YamlPlaces {
    text: String,
    starts: LineStarts,
    /// The first is the document.
    parts: Vec<YamlPart>,
}

/// Without the text in what is shown, nor what stands where in it.
impl fmt::Debug for YamlPlaces {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Places").field("parts", &self.parts.len()).finish_non_exhaustive()
    }
}

/// A value, with the key that it has in a mapping.
#[derive(Default)]
struct YamlPart {
    /// Where the key stands, or the value that has none.
    range: Range<usize>,
    /// Where the value stands, without its anchor. `None`: there is none, or an alias in its place.
    value: Option<Range<usize>>,
    keys: HashMap<String, usize>,
    items: Vec<usize>,
    /// The part that an alias stands for.
    alias: Option<usize>,
}

impl YamlPlaces {
    /// Reads a text. Where that is no YAML, every part stands at its beginning.
    pub fn new(text: &str) -> Self {
        let mut reader = YamlReader { text, parts: vec![YamlPart::default()], anchors: HashMap::new() };
        let mut parser = Parser::new();
        let tree = parser.set_language(&tree_sitter_yaml::LANGUAGE.into()).ok().and_then(|()| parser.parse(text, None));
        if let Some(tree) = tree.filter(|tree| !tree.root_node().has_error()) {
            let mut cursor = tree.walk();
            let document = tree.root_node().named_children(&mut cursor).find(|node| node.kind() == "document");
            if let Some(document) = document {
                reader.value(document, 0);
            }
        }
        Self { parts: reader.parts, starts: LineStarts::new(text), text: text.to_owned() }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The place of a key, or of the nearest part around it that is there.
    pub fn place(&self, path: &[Component<'_>]) -> LinePlace {
        let (part, _) = self.nearest(path, true);
        match self.parts.get(part).filter(|_| part > 0) {
            Some(part) => self.starts.place(&self.text, &part.range),
            None => LinePlace::at(1, 1),
        }
    }

    /// The bytes of a value. `None`: there is no such value, or an alias stands before it.
    pub fn value(&self, path: &[Component<'_>]) -> Option<Range<usize>> {
        let (part, length) = self.nearest(path, false);
        self.parts.get(part).filter(|_| length == path.len())?.value.clone()
    }

    /// The part that a path leads to, or the nearest around it, and how far the path leads.
    fn nearest(&self, path: &[Component<'_>], through_aliases: bool) -> (usize, usize) {
        let mut part = 0;
        for (length, component) in path.iter().enumerate() {
            let Some(known) = self.parts.get(part) else { return (part, length) };
            let alias = known.alias.filter(|_| through_aliases).and_then(|alias| self.parts.get(alias));
            let around = alias.unwrap_or(known);
            let next = match component {
                Component::Key(key) => around.keys.get(key.as_ref()),
                Component::Index(index) => around.items.get(*index),
            };
            let Some(next) = next else { return (part, length) };
            part = *next;
        }
        (part, path.len())
    }
}

struct YamlReader<'t> {
    text: &'t str,
    parts: Vec<YamlPart>,
    anchors: HashMap<&'t str, usize>,
}

impl<'t> YamlReader<'t> {
    fn of(&self, node: Node<'_>) -> &'t str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    fn part(&mut self, node: Node<'_>) -> usize {
        self.parts.push(YamlPart { range: node.byte_range(), ..YamlPart::default() });
        self.parts.len() - 1
    }

    /// Reads what is in a value. How deep they are is limited before.
    fn value(&mut self, node: Node<'_>, part: usize) {
        let mut cursor = node.walk();
        let named = node.named_children(&mut cursor).filter(|child| !["anchor", "comment"].contains(&child.kind()));
        let first = named.into_iter().next().filter(|child| child.kind() != "alias");
        self.parts[part].value = first.map(|child| child.byte_range());
        for child in node.named_children(&mut cursor) {
            match child.kind() {
                "anchor" => {
                    self.anchors.insert(self.of(child).trim_start_matches('&'), part);
                }
                "alias" => {
                    let alias = self.anchors.get(self.of(child).trim_start_matches('*')).copied();
                    self.parts[part].alias = alias.filter(|alias| *alias != part);
                }
                "block_mapping" | "flow_mapping" => self.mapping(child, part),
                "block_sequence" | "flow_sequence" => self.sequence(child, part),
                "block_node" | "flow_node" => self.value(child, part),
                _ => {}
            }
        }
    }

    fn mapping(&mut self, node: Node<'_>, part: usize) {
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            let key = match child.kind() {
                "block_mapping_pair" | "flow_pair" => child.child_by_field_name("key"),
                "flow_node" => Some(child),
                _ => None,
            };
            let Some(key) = key else { continue };
            let own = self.part(key);
            let name = self.key(key);
            // The first of two counts, as for yamlpath.
            self.parts[part].keys.entry(name).or_insert(own);
            if let Some(value) = child.child_by_field_name("value") {
                self.value(value, own);
            }
        }
    }

    /// The text of a key without its quotes and its anchor.
    fn key(&self, key: Node<'_>) -> String {
        let mut cursor = key.walk();
        let scalar = key.named_children(&mut cursor).find(|node| node.kind() != "anchor");
        let text = self.of(scalar.unwrap_or(key));
        let is_quoted = scalar.is_some_and(|scalar| scalar.kind().ends_with("_quote_scalar"));
        let plain = is_quoted.then(|| text.get(1..text.len().saturating_sub(1))).flatten();
        plain.unwrap_or(text).to_owned()
    }

    fn sequence(&mut self, node: Node<'_>, part: usize) {
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            let mut inner = child.walk();
            let item = match child.kind() {
                "block_sequence_item" => {
                    child.named_children(&mut inner).find(|node| ["block_node", "flow_node"].contains(&node.kind()))
                }
                "flow_node" => Some(child),
                "flow_pair" => child.child_by_field_name("value").or(Some(child)),
                _ => continue,
            };
            let own = self.part(item.unwrap_or(child));
            self.parts[part].items.push(own);
            if let Some(item) = item {
                self.value(item, own);
            }
        }
    }
}

/// What a parser says, without the place, which stands beside it.
pub fn without_place(error: &yaml_serde::Error) -> String {
    let text = error.to_string();
    match text.find(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, path: &[Component<'_>]) -> (usize, usize, usize) {
        let place = YamlPlaces::new(text).place(path);
        (place.line, place.column, place.end_column)
    }

    #[test]
    fn parts_are_found_by_their_keys_and_numbers() {
        let text = "# c\na: &x\n  'b': [1, {c: 2}, d: 3]\n  \"e\":\n    - f: 4\n      g:\n    # c\n    - *x\nh: *x\n";
        let (key, index) = (|key: &'static str| Component::from(key), |index: usize| Component::from(index));
        for (path, expected) in [
            (vec![key("a")], (2, 1, 2)),
            (vec![key("a"), key("b")], (3, 3, 6)),
            (vec![key("a"), key("b"), index(0)], (3, 9, 10)),
            (vec![key("a"), key("b"), index(1), key("c")], (3, 13, 14)),
            (vec![key("a"), key("e"), index(0), key("g")], (6, 7, 8)),
            (vec![key("a"), key("e"), index(0), key("none"), key("f")], (5, 7, 11)),
            (vec![key("a"), key("e"), index(9)], (4, 3, 6)),
            (vec![key("h"), key("e")], (4, 3, 6)),
            (vec![key("h"), key("none")], (9, 1, 2)),
            (vec![key("none")], (1, 1, 1)),
            (vec![], (1, 1, 1)),
        ] {
            assert_eq!(at(text, &path), expected, "{path:?}");
        }
        assert_eq!(at("a: [", &[key("a")]), (1, 1, 1), "no YAML");
        assert_eq!(at("---\na: b\n---\nc: d\n", &[key("a")]), (2, 1, 2));
    }
}
