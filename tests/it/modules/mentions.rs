//! Every place where a module names something: of another module, of another crate, or a part of the language.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::take;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

use super::resolve::{Reached, Target};
use super::source::{Binding, Crate, Import, MACRO, ModuleId, attributes, imports, is_for_tests, is_path, paths_in};

/// What a module names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Named {
    /// What a module of this crate defines.
    Item(ModuleId),
    /// A module of this crate, on the way to something or itself.
    Module(ModuleId),
    /// Something of another crate.
    Foreign(Vec<String>),
    /// A method, of whatever type.
    Method(String),
    /// `async` or `.await`.
    Async,
}

/// One place where a module names something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mention {
    /// Who names it.
    pub from: ModuleId,
    /// What is named.
    pub named: Named,
    /// Where, in the file of the module.
    pub line: usize,
}

impl Crate {
    /// All that the modules name, in order, without what they name of themselves.
    pub fn mentions(&self) -> Vec<Mention> {
        let mut found = BTreeSet::new();
        for module in 0..self.modules.len() {
            let mut reader =
                Reader { source: self, module, scopes: Vec::new(), locals: BTreeSet::new(), found: take(&mut found) };
            for item in &self.modules[module].items {
                reader.visit_item(item);
            }
            found = reader.found;
        }
        found.into_iter().collect()
    }
}

struct Reader<'a> {
    source: &'a Crate,
    module: ModuleId,
    /// What the blocks around bring.
    scopes: Vec<BTreeMap<String, Import>>,
    /// The variables of the function around: a variable comes before an import of the same name.
    locals: BTreeSet<String>,
    found: BTreeSet<Mention>,
}

impl Reader<'_> {
    fn note(&mut self, named: Named, line: usize) {
        self.found.insert(Mention { from: self.module, named, line });
    }

    fn note_reached(&mut self, reached: Reached, line: usize) {
        for module in reached.through {
            if module != self.module {
                self.note(Named::Module(module), line);
            }
        }
        for target in reached.targets {
            match target {
                Target::Item(module) if module != self.module => self.note(Named::Item(module), line),
                Target::Module(module) if module != self.module => self.note(Named::Module(module), line),
                Target::Item(_) | Target::Module(_) => {}
                Target::Foreign(path) => self.note(Named::Foreign(path), line),
            }
        }
    }

    fn path(&mut self, path: &[String], line: usize) {
        // A `use` of one's own is seen where it stands.
        if let [name, rest @ ..] = path
            && matches!(rest, [] | [_])
            && rest.iter().all(|rest| rest == MACRO)
            && !self.is_own_facade(name)
            && self.source.modules[self.module].names.contains_key(name)
        {
            return;
        }
        let reached = self.source.resolve(self.module, &self.scopes, path);
        self.note_reached(reached, line);
    }

    fn is_own_facade(&self, name: &str) -> bool {
        let bindings = self.source.modules[self.module].names.get(name);
        let is_facade = |binding: &Binding| matches!(binding, Binding::Import(import) if import.is_facade);
        bindings.is_some_and(|bindings| bindings.iter().any(is_facade))
    }

    fn import(&mut self, import: &Import) {
        let mut reached = self.source.resolve(self.module, &self.scopes, &import.path);
        let targets = reached.targets.into_iter().map(|target| match target {
            // A facade passes a name on and needs nothing of it.
            Target::Item(module) if import.is_facade => Target::Module(module),
            Target::Module(module) if import.name == "*" && !import.is_facade => Target::Item(module),
            Target::Module(_) | Target::Item(_) | Target::Foreign(_) => target,
        });
        reached.targets = targets.collect();
        self.note_reached(reached, import.line);
    }

    fn tokens(&mut self, tokens: TokenStream) {
        for (path, line) in paths_in(tokens) {
            if !matches!(&path[..], [name] if self.locals.contains(name)) {
                self.path(&path, line);
            }
        }
    }

    fn texts(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.texts(group.stream()),
                TokenTree::Literal(literal) => {
                    let text = literal.to_string();
                    let text = text.trim_matches('"');
                    if is_path(text) {
                        let path: Vec<String> = text.split("::").map(str::to_owned).collect();
                        self.path(&path, literal.span().start().line);
                    }
                }
                _ => {}
            }
        }
    }
}

fn segments(path: &syn::Path) -> Vec<String> {
    let start = path.leading_colon.as_ref().map(|_| "::".to_owned());
    start.into_iter().chain(path.segments.iter().map(|segment| segment.ident.to_string())).collect()
}

/// All variables that patterns of a function bring.
struct Variables(BTreeSet<String>);

impl<'ast> Visit<'ast> for Variables {
    fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
        self.0.insert(pattern.ident.to_string());
        visit::visit_pat_ident(self, pattern);
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !is_for_tests(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        let mut variables = Variables(BTreeSet::new());
        variables.visit_item_fn(item);
        let around = std::mem::replace(&mut self.locals, variables.0);
        visit::visit_item_fn(self, item);
        self.locals = around;
    }

    fn visit_impl_item(&mut self, item: &'ast syn::ImplItem) {
        let attributes = match item {
            syn::ImplItem::Const(item) => &item.attrs,
            syn::ImplItem::Fn(item) => &item.attrs,
            syn::ImplItem::Macro(item) => &item.attrs,
            syn::ImplItem::Type(item) => &item.attrs,
            _ => return,
        };
        if is_for_tests(attributes) {
            return;
        }
        let mut variables = Variables(BTreeSet::new());
        variables.visit_impl_item(item);
        let around = std::mem::replace(&mut self.locals, variables.0);
        visit::visit_impl_item(self, item);
        self.locals = around;
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        if !is_for_tests(&field.attrs) {
            visit::visit_field(self, field);
        }
    }

    fn visit_variant(&mut self, variant: &'ast syn::Variant) {
        if !is_for_tests(&variant.attrs) {
            visit::visit_variant(self, variant);
        }
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        if !is_for_tests(&arm.attrs) {
            visit::visit_arm(self, arm);
        }
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        if !is_for_tests(&local.attrs) {
            visit::visit_local(self, local);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        for import in imports(item) {
            self.import(&import);
        }
    }

    fn visit_block(&mut self, block: &'ast syn::Block) {
        let uses = block.stmts.iter().filter_map(|statement| match statement {
            syn::Stmt::Item(syn::Item::Use(item)) => Some(item),
            _ => None,
        });
        self.scopes.push(uses.flat_map(imports).map(|import| (import.name.clone(), import)).collect());
        visit::visit_block(self, block);
        self.scopes.pop();
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if let Some(first) = path.segments.first() {
            self.path(&segments(path), first.ident.span().start().line);
        }
        visit::visit_path(self, path);
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        if path.path.get_ident().is_none_or(|name| !self.locals.contains(&name.to_string())) {
            visit::visit_expr_path(self, path);
        }
    }

    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {}

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        const WITHOUT_PATHS: [&str; 6] = ["allow", "cfg", "deny", "doc", "expect", "warn"];
        let is_conditional = attribute.path().is_ident("cfg_attr");
        let tokens = match &attribute.meta {
            syn::Meta::List(list) => list.tokens.clone(),
            _ => return,
        };
        let first = tokens.clone().into_iter().next().map(|token| token.to_string());
        let is_plain = WITHOUT_PATHS.iter().any(|name| attribute.path().is_ident(name));
        if is_plain || is_conditional && first.as_deref() == Some("test") {
            return;
        }
        self.tokens(tokens.clone());
        self.texts(tokens);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let mut path = segments(&call.path);
        path.extend((path.len() == 1).then(|| MACRO.to_owned()));
        if let Some(first) = call.path.segments.first() {
            self.path(&path, first.ident.span().start().line);
        }
        self.tokens(call.tokens.clone());
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        if let Some(keyword) = &signature.asyncness {
            self.note(Named::Async, keyword.span.start().line);
        }
        visit::visit_signature(self, signature);
    }

    fn visit_expr_async(&mut self, block: &'ast syn::ExprAsync) {
        self.note(Named::Async, block.async_token.span.start().line);
        visit::visit_expr_async(self, block);
    }

    fn visit_expr_await(&mut self, wait: &'ast syn::ExprAwait) {
        self.note(Named::Async, wait.await_token.span.start().line);
        visit::visit_expr_await(self, wait);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.note(Named::Method(call.method.to_string()), call.method.span().start().line);
        visit::visit_expr_method_call(self, call);
    }
}
