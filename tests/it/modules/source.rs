//! The modules of a crate: which there are, and what each of their names stands for.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::{Attribute, Item, ItemMod, ItemUse, Meta, UseTree, Visibility};

/// A module, as a position in [`Crate::modules`].
pub type ModuleId = usize;

/// What a name of a module stands for. One name can stand for a module and for a function.
#[derive(Debug, Clone)]
pub enum Binding {
    /// A module in it.
    Module(ModuleId),
    /// What it defines itself.
    Item {
        /// Whether it is a function, a constant or a variable, in which no other name can be looked up.
        is_value: bool,
    },
    /// Something from elsewhere.
    Import(Import),
}

/// One name that a `use` brings.
#[derive(Debug, Clone)]
pub struct Import {
    /// What it names, segment by segment.
    pub path: Vec<String>,
    /// Under which name. `*`: all that there is.
    pub name: String,
    /// Whether others can take the name from here.
    pub is_facade: bool,
    /// Where it stands.
    pub line: usize,
}

/// One module: a file, or a block of one.
pub struct Module {
    /// From the root of the crate, like `domain::plan`. The root has none.
    pub path: Vec<String>,
    /// The module around it.
    pub parent: Option<ModuleId>,
    /// The file that it is in.
    pub file: String,
    /// What its names stand for.
    pub names: BTreeMap<String, Vec<Binding>>,
    /// What it takes all names of.
    pub globs: Vec<Import>,
    /// Its items, without those that are for tests alone and without its modules.
    pub items: Vec<Item>,
}

/// A crate, read from its files.
pub struct Crate {
    /// All modules, each after the one around it.
    pub modules: Vec<Module>,
    /// Lone words that macros hand to other macros, which put a path together with them (`super::$module::Target`).
    pub macro_words: BTreeSet<String>,
}

/// Reads a file by its path from the root of the repository.
pub type ReadFile<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Crate {
    /// Reads all files that `mod` declarations lead to from `src/lib.rs`, without what is for tests alone.
    pub fn read(read_file: ReadFile) -> Self {
        let mut read = Self { modules: Vec::new(), macro_words: BTreeSet::new() };
        let root = parse("src/lib.rs", read_file);
        read.add(Vec::new(), None, "src/lib.rs".to_owned(), "src", root, read_file);
        read
    }

    /// Adds a module whose children are in `directory`.
    fn add(
        &mut self,
        path: Vec<String>,
        parent: Option<ModuleId>,
        file: String,
        directory: &str,
        items: Vec<Item>,
        read_file: ReadFile,
    ) -> ModuleId {
        let id = self.modules.len();
        self.modules.push(Module { path, parent, file, names: BTreeMap::new(), globs: Vec::new(), items: Vec::new() });
        for item in items {
            if is_for_tests(attributes(&item)) {
                continue;
            }
            if let Item::Mod(child) = item {
                self.add_child(id, child, directory, read_file);
            } else {
                self.bind(id, &item);
                self.modules[id].items.push(item);
            }
        }
        id
    }

    fn add_child(&mut self, parent: ModuleId, child: ItemMod, directory: &str, read_file: ReadFile) {
        let name = child.ident.to_string();
        let moved = child.attrs.iter().any(|attribute| attribute.path().is_ident("path"));
        assert!(!moved, "{}: a module with `#[path]` is not followed", self.modules[parent].file);
        let path = [&self.modules[parent].path[..], std::slice::from_ref(&name)].concat();
        let below = format!("{directory}/{name}");
        let (file, items) = if let Some((_, items)) = child.content {
            (self.modules[parent].file.clone(), items)
        } else {
            let candidates = [format!("{below}.rs"), format!("{below}/mod.rs")];
            let file = candidates.into_iter().find(|file| read_file(file).is_some());
            let file = file.unwrap_or_else(|| panic!("no file for module {}", path.join("::")));
            let items = parse(&file, read_file);
            (file, items)
        };
        let id = self.add(path, Some(parent), file, &below, items, read_file);
        self.modules[parent].names.entry(name).or_default().push(Binding::Module(id));
    }

    /// Notes what an item brings into its module.
    fn bind(&mut self, module: ModuleId, item: &Item) {
        let (name, is_value) = match item {
            Item::Const(item) => (&item.ident, true),
            Item::Fn(item) => (&item.sig.ident, true),
            Item::Static(item) => (&item.ident, true),
            Item::Enum(item) => (&item.ident, false),
            Item::Struct(item) => (&item.ident, false),
            Item::Trait(item) => (&item.ident, false),
            Item::Type(item) => (&item.ident, false),
            Item::Union(item) => (&item.ident, false),
            Item::Macro(item) => {
                self.collect_macro_words(item.mac.tokens.clone(), item.ident.is_none());
                let Some(name) = &item.ident else { return };
                (name, true)
            }
            Item::Use(item) => {
                for import in imports(item) {
                    let module = &mut self.modules[module];
                    if import.name == "*" {
                        module.globs.push(import);
                    } else {
                        module.names.entry(import.name.clone()).or_default().push(Binding::Import(import));
                    }
                }
                return;
            }
            _ => return,
        };
        self.modules[module].names.entry(name.to_string()).or_default().push(Binding::Item { is_value });
    }

    /// Lone words between commas, in what a macro hands to another.
    fn collect_macro_words(&mut self, tokens: TokenStream, handed_on: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (index, token) in tokens.iter().enumerate() {
            let is_comma = |index: usize| tokens.get(index).is_none_or(|token| is_punct(token, ','));
            match token {
                TokenTree::Group(group) => {
                    let is_call = index > 0 && is_punct(&tokens[index - 1], '!');
                    self.collect_macro_words(group.stream(), handed_on || is_call);
                }
                TokenTree::Ident(word) if handed_on && is_comma(index + 1) && is_comma(index.wrapping_sub(1)) => {
                    self.macro_words.insert(word.to_string());
                }
                _ => {}
            }
        }
    }
}

fn parse(file: &str, read_file: ReadFile) -> Vec<Item> {
    let text = read_file(file).unwrap_or_else(|| panic!("{file} cannot be read"));
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{file}:{}: {error}", error.span().start().line)).items
}

/// Whether this is the punctuation mark.
pub fn is_punct(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}

/// Whether there is only for tests what has these attributes.
pub fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let Meta::List(list) = &attribute.meta else { return false };
        list.path.is_ident("cfg") && list.tokens.to_string() == "test"
    })
}

/// The attributes of an item.
pub fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// The names that a `use` brings.
pub fn imports(item: &ItemUse) -> Vec<Import> {
    let start = if item.leading_colon.is_some() { vec!["::".to_owned()] } else { Vec::new() };
    let is_facade = !matches!(item.vis, Visibility::Inherited);
    let mut found = Vec::new();
    collect_imports(&item.tree, &start, is_facade, &mut found);
    found
}

fn collect_imports(tree: &UseTree, before: &[String], is_facade: bool, found: &mut Vec<Import>) {
    let path_to = |name: &syn::Ident| {
        let is_what_stands_before = name == "self" && !before.is_empty();
        let name = (!is_what_stands_before).then(|| name.to_string());
        before.iter().cloned().chain(name).collect::<Vec<_>>()
    };
    match tree {
        UseTree::Path(rest) => collect_imports(&rest.tree, &path_to(&rest.ident), is_facade, found),
        UseTree::Name(name) => {
            let path = path_to(&name.ident);
            let line = name.ident.span().start().line;
            found.push(Import { name: path.last().cloned().unwrap_or_default(), path, is_facade, line });
        }
        UseTree::Rename(renamed) => {
            let line = renamed.ident.span().start().line;
            found.push(Import { path: path_to(&renamed.ident), name: renamed.rename.to_string(), is_facade, line });
        }
        UseTree::Glob(glob) => {
            let line = glob.star_token.span.start().line;
            found.push(Import { path: before.to_vec(), name: "*".to_owned(), is_facade, line });
        }
        UseTree::Group(group) => {
            for tree in &group.items {
                collect_imports(tree, before, is_facade, found);
            }
        }
    }
}

/// The last segment of a path of one name that a macro has.
pub const MACRO: &str = "!";

/// The paths of a macro's tokens: `crate::a::b`, also `$crate::a::{b, c}`. A metavariable is a segment `$`.
pub fn paths_in(tokens: TokenStream) -> Vec<(Vec<String>, usize)> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        at = path_at(&tokens, at, &mut found);
    }
    found
}

/// Reads what begins here, and returns where to go on.
fn path_at(tokens: &[TokenTree], start: usize, found: &mut Vec<(Vec<String>, usize)>) -> usize {
    match &tokens[start] {
        TokenTree::Group(group) => {
            found.extend(paths_in(group.stream()));
            return start + 1;
        }
        TokenTree::Ident(_) => {}
        TokenTree::Punct(punct) if punct.as_char() == '$' => {}
        _ => return start + 1,
    }
    let line = tokens[start].span().start().line;
    let is_member = start > 0 && is_punct(&tokens[start - 1], '.');
    let mut path = Vec::new();
    let mut at = start;
    loop {
        match tokens.get(at) {
            Some(TokenTree::Ident(name)) => path.push(name.to_string()),
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace && !path.is_empty() => {
                for (rest, line) in paths_in(group.stream()) {
                    found.push(([&path[..], &rest[..]].concat(), line));
                }
                return at + 1;
            }
            Some(token) if is_punct(token, '$') => {
                at += 1;
                match tokens.get(at) {
                    Some(TokenTree::Ident(name)) if name == "crate" => path.push("crate".to_owned()),
                    Some(TokenTree::Ident(_)) => path.push("$".to_owned()),
                    // A repetition, `$( … )*`.
                    _ => return at.max(start + 1),
                }
            }
            _ => break,
        }
        at += 1;
        let goes_on = [at, at + 1].iter().all(|&at| tokens.get(at).is_some_and(|token| is_punct(token, ':')));
        if !goes_on {
            break;
        }
        at += 2;
    }
    if !path.is_empty() && !is_member {
        let is_macro = path.len() == 1 && tokens.get(at).is_some_and(|token| is_punct(token, '!'));
        path.extend(is_macro.then(|| MACRO.to_owned()));
        found.push((path, line));
    }
    at.max(start + 1)
}

/// Whether a text of an attribute is a path: `with = "crate::a::b"`.
pub fn is_path(text: &str) -> bool {
    let is_name = |name: &str| {
        name.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_')
            && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
    };
    text.contains("::") && text.split("::").all(is_name)
}
