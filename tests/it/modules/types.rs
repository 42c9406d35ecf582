//! Names of types that stand for more than one type.

use std::collections::BTreeMap;

use syn::Item;

use super::source::Crate;

/// The names under which more than one type, trait or alias is defined, each with the modules that do.
pub fn repeated(source: &Crate) -> BTreeMap<String, Vec<String>> {
    let mut defined: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for module in &source.modules {
        for name in module.items.iter().filter_map(type_name) {
            defined.entry(name).or_default().push(module.path.join("::"));
        }
    }
    defined.retain(|_, modules| modules.len() > 1);
    defined
}

fn type_name(item: &Item) -> Option<String> {
    let name = match item {
        Item::Enum(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}
