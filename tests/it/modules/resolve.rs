//! What a path of the source names: a module of the crate, what a module defines, or something of another crate.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Binding, Crate, Import, ModuleId};

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A module itself, without any of what it defines.
    Module(ModuleId),
    /// What a module defines, wherever its name was taken from.
    Item(ModuleId),
    /// Something of another crate.
    Foreign(Vec<String>),
}

/// What a path leads to, and whose names were looked up on the way.
#[derive(Debug, Default)]
pub struct Reached {
    /// More than one where a name stands for a module and for a function.
    pub targets: BTreeSet<Target>,
    /// The modules that are named on the way.
    pub through: BTreeSet<ModuleId>,
    /// Imports that are being followed: none leads to itself (`pub use run::run` begins with the module).
    followed: Vec<(ModuleId, Vec<String>)>,
}

/// Names that blocks bring, the innermost last.
pub type Scopes = [BTreeMap<String, Import>];

impl Crate {
    /// Follows a path that is in a module.
    pub fn resolve(&self, module: ModuleId, scopes: &Scopes, path: &[String]) -> Reached {
        let mut reached = Reached::default();
        self.follow(module, scopes, path, &mut reached);
        reached
    }

    fn follow(&self, module: ModuleId, scopes: &Scopes, path: &[String], reached: &mut Reached) {
        let Some((first, rest)) = path.split_first() else { return };
        match first.as_str() {
            "::" => {
                reached.targets.insert(Target::Foreign(rest.to_vec()));
            }
            "crate" => self.descend(0, rest, reached),
            "self" => self.descend(module, rest, reached),
            "super" => self.above(module, rest, reached),
            "Self" | "$" => {}
            name => {
                if let Some((depth, import)) =
                    scopes.iter().enumerate().rev().find_map(|(depth, scope)| Some((depth, scope.get(name)?)))
                {
                    let path = [&import.path[..], rest].concat();
                    self.follow(module, &scopes[..depth], &path, reached);
                } else if self.defines(module, name, &mut BTreeSet::new()) && !self.is_followed(module, name, reached) {
                    self.descend(module, path, reached);
                } else if let Some(outer) = self.macro_around(module, name) {
                    reached.targets.insert(Target::Item(outer));
                } else if !rest.is_empty() {
                    reached.targets.insert(Target::Foreign(path.to_vec()));
                }
            }
        }
    }

    /// Whether a name is nothing but the import that is being followed: then it is another crate's.
    fn is_followed(&self, module: ModuleId, name: &str, reached: &Reached) -> bool {
        self.modules[module].names.get(name).is_some_and(|bindings| {
            bindings.iter().all(|binding| match binding {
                Binding::Import(import) => reached.followed.contains(&(module, import.path.clone())),
                Binding::Module(_) | Binding::Item { .. } => false,
            })
        })
    }

    fn above(&self, module: ModuleId, rest: &[String], reached: &mut Reached) {
        let Some(parent) = self.modules[module].parent else { return };
        match rest.split_first() {
            Some((next, rest)) if next == "super" => self.above(parent, rest, reached),
            _ => self.descend(parent, rest, reached),
        }
    }

    /// Looks names up in a module, one after the other.
    fn descend(&self, module: ModuleId, path: &[String], reached: &mut Reached) {
        reached.through.insert(module);
        let Some((name, rest)) = path.split_first() else {
            reached.targets.insert(Target::Module(module));
            return;
        };
        if name == "$" {
            for word in &self.macro_words {
                if let Some(child) = self.child(module, word) {
                    self.descend(child, rest, reached);
                }
            }
            return;
        }
        let bindings = self.modules[module].names.get(name).map_or(&[][..], Vec::as_slice);
        for binding in bindings {
            match binding {
                Binding::Module(child) => self.descend(*child, rest, reached),
                Binding::Item { is_value } => {
                    if rest.is_empty() || !is_value || bindings.len() == 1 {
                        reached.targets.insert(Target::Item(module));
                    }
                }
                Binding::Import(import) => {
                    let this = (module, import.path.clone());
                    if !reached.followed.contains(&this) {
                        reached.followed.push(this);
                        self.follow(module, &[], &[&import.path[..], rest].concat(), reached);
                        reached.followed.pop();
                    }
                }
            }
        }
        if !bindings.is_empty() {
            return;
        }
        let mut is_found = false;
        for other in self.globbed(module) {
            if self.defines(other, name, &mut BTreeSet::from([module])) {
                is_found = true;
                self.descend(other, path, reached);
            }
        }
        if !is_found {
            // What a macro defines.
            reached.targets.insert(Target::Item(module));
        }
    }

    /// The modules of this crate that a module takes all names of.
    fn globbed(&self, module: ModuleId) -> Vec<ModuleId> {
        let mut found = Vec::new();
        for import in &self.modules[module].globs {
            // Another crate's names are not known. To look for the first name in this very list would not end.
            let is_own = match import.path.first().map(String::as_str) {
                Some("crate" | "self" | "super") => true,
                Some(name) => self.modules[module].names.contains_key(name),
                None => false,
            };
            if !is_own {
                continue;
            }
            // The names of an enum begin in its module, and are of no interest.
            let targets = self.resolve(module, &[], &import.path).targets;
            found.extend(targets.into_iter().filter_map(|target| match target {
                Target::Module(other) => Some(other),
                Target::Item(_) | Target::Foreign(_) => None,
            }));
        }
        found
    }

    fn defines(&self, module: ModuleId, name: &str, asked: &mut BTreeSet<ModuleId>) -> bool {
        asked.insert(module)
            && (self.modules[module].names.contains_key(name)
                || self.globbed(module).into_iter().any(|other| self.defines(other, name, asked)))
    }

    fn child(&self, module: ModuleId, name: &str) -> Option<ModuleId> {
        self.modules[module].names.get(name)?.iter().find_map(|binding| match binding {
            Binding::Module(child) => Some(*child),
            Binding::Item { .. } | Binding::Import(_) => None,
        })
    }

    /// The module around this one that has such a macro: those need no `use`.
    fn macro_around(&self, module: ModuleId, name: &str) -> Option<ModuleId> {
        let around = self.modules[module].parent?;
        let is_macro = self.modules[around].items.iter().any(|item| match item {
            syn::Item::Macro(item) => item.ident.as_ref().is_some_and(|ident| ident == name),
            _ => false,
        });
        if is_macro { Some(around) } else { self.macro_around(around, name) }
    }
}
