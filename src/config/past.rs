//! The commands before traffic as the configuration of another commit has them. Whatever else it says is not looked at:
//! it is not to be judged by the rules of today.

use std::collections::BTreeMap;

use super::error::Problems;
use super::interpret::Interpreter;
use super::read::{TomlNode, parse_toml};
use super::resolve::ResolveScope;
use super::text::read_command;
use crate::domain::names::ComponentName;
use crate::domain::template::Template;

/// The command of each component that is asked for, where the text has one.
pub(super) fn pre_deploy(
    asked: ResolveScope<'_>,
    source: &str,
    problems: &mut Problems,
) -> Option<BTreeMap<ComponentName, Option<Vec<Template>>>> {
    let ResolveScope { scope, environment, components } = asked;
    let table = parse_toml(source, problems)?;
    let root = TomlNode::root(source, &table);
    let mut interpreter = Interpreter { scope, problems, source: None };
    let mut command = |name: &ComponentName| {
        let words = read_command(&written(&root, environment, name)?, interpreter.problems);
        interpreter.command(&words)
    };
    Some(components.into_iter().map(|name| (name.clone(), command(&name))).collect())
}

/// The command of a component: that for the environment, or else that for all.
fn written<'d>(root: &TomlNode<'d>, environment: &str, component: &ComponentName) -> Option<TomlNode<'d>> {
    let find = |path: &[&str]| path.iter().try_fold(root.clone(), |node, key| node.inside(key));
    let name = component.as_str();
    find(&["environments", environment, "components", name, "pre-deploy"])
        .or_else(|| find(&["components", name, "pre-deploy"]))
}
