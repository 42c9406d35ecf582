//! Circles: modules of which each knows each other, directly or through others.

use std::collections::{BTreeMap, BTreeSet};

use super::mentions::{Mention, Named};
use super::source::{Crate, ModuleId};

/// A circle in words: its modules, and each place where one of them names another.
pub fn circles(source: &Crate, mentions: &[Mention]) -> Vec<String> {
    let mut graph: Graph = BTreeMap::new();
    for mention in mentions {
        if let Named::Item(to) = mention.named {
            graph.entry(mention.from).or_default().insert(to);
        }
    }
    let described = |circle: &BTreeSet<ModuleId>| {
        let members: Vec<_> = circle.iter().map(|&module| source.name(module)).collect();
        let is_inside = |mention: &&Mention| {
            circle.contains(&mention.from) && matches!(&mention.named, Named::Item(to) if circle.contains(to))
        };
        let edges: Vec<_> = mentions.iter().filter(is_inside).map(|mention| source.describe(mention)).collect();
        format!("a circle of {}\n  {}", members.join(", "), edges.join("\n  "))
    };
    components(&graph).iter().map(described).collect()
}

/// Whom each module knows.
type Graph = BTreeMap<ModuleId, BTreeSet<ModuleId>>;

/// Each set of more than one of which each leads to each other.
fn components(graph: &Graph) -> Vec<BTreeSet<ModuleId>> {
    let reached: BTreeMap<_, _> = graph.keys().map(|&start| (start, reached_from(graph, start))).collect();
    let mut found: Vec<BTreeSet<ModuleId>> = Vec::new();
    for (&module, others) in &reached {
        let leads_back = |other: &&ModuleId| reached.get(other).is_some_and(|reached| reached.contains(&module));
        let circle: BTreeSet<_> = others.iter().filter(leads_back).copied().collect();
        if circle.len() > 1 && !found.contains(&circle) {
            found.push(circle);
        }
    }
    found
}

fn reached_from(graph: &Graph, start: ModuleId) -> BTreeSet<ModuleId> {
    let mut reached = BTreeSet::new();
    let mut open = vec![start];
    while let Some(module) = open.pop() {
        open.extend(graph.get(&module).into_iter().flatten().copied().filter(|&next| reached.insert(next)));
    }
    reached
}
