//! What each of many things comes to, with all that it leads to: a digest that is the same whenever all of that is. Things may
//! lead to each other in circles: all of one circle have the digest of the circle.

use crate::domain::image::Digest;

/// A thing that leads to others, by their numbers.
#[derive(Debug, Clone)]
pub(super) struct GraphNode {
    /// What it is itself.
    pub(super) own: String,
    /// What it leads to.
    pub(super) leads_to: Vec<usize>,
}

/// The digests of all nodes, in their order. Circles are found as
/// [Tarjan](https://doi.org/10.1137/0201010) does: a circle is complete when nothing in it leads to an earlier node.
pub(super) fn digests(nodes: &[GraphNode]) -> Vec<Digest> {
    let mut search =
        Search { nodes, seen: vec![None; nodes.len()], stack: Vec::new(), digests: vec![None; nodes.len()], count: 0 };
    for start in 0..nodes.len() {
        search.from(start);
    }
    search.digests.into_iter().map(|digest| digest.unwrap_or_else(|| Digest::of(""))).collect()
}

struct Search<'a> {
    nodes: &'a [GraphNode],
    /// When a node was come to, and the earliest node that it leads back to.
    seen: Vec<Option<(usize, usize)>>,
    /// The nodes whose circles are not complete.
    stack: Vec<usize>,
    digests: Vec<Option<Digest>>,
    count: usize,
}

impl Search<'_> {
    /// Goes through all that a node leads to, without recursion: chains of imports may be long.
    fn from(&mut self, start: usize) {
        let mut path: Vec<(usize, usize)> = Vec::new();
        self.enter(start, &mut path);
        while let Some((node, next)) = path.pop() {
            let target = self.nodes.get(node).and_then(|it| it.leads_to.get(next)).copied();
            let Some(target) = target else {
                self.leave(node);
                if let Some((parent, _)) = path.last() {
                    self.lower(*parent, self.earliest(node));
                }
                continue;
            };
            path.push((node, next.saturating_add(1)));
            if self.seen.get(target).copied().flatten().is_none() {
                self.enter(target, &mut path);
            } else if self.digests.get(target).is_some_and(Option::is_none) {
                let when = self.seen.get(target).copied().flatten().map(|(when, _)| when);
                self.lower(node, when);
            }
        }
    }

    fn enter(&mut self, node: usize, path: &mut Vec<(usize, usize)>) {
        let Some(seen) = self.seen.get_mut(node).filter(|seen| seen.is_none()) else { return };
        *seen = Some((self.count, self.count));
        self.count = self.count.saturating_add(1);
        self.stack.push(node);
        path.push((node, 0));
    }

    fn earliest(&self, node: usize) -> Option<usize> {
        self.seen.get(node).copied().flatten().map(|(_, earliest)| earliest)
    }

    fn lower(&mut self, node: usize, to: Option<usize>) {
        if let (Some(Some((_, earliest))), Some(to)) = (self.seen.get_mut(node), to) {
            *earliest = (*earliest).min(to);
        }
    }

    /// Completes the circle that begins with a node, if one does.
    fn leave(&mut self, node: usize) {
        let begins = self.seen.get(node).copied().flatten().is_some_and(|(when, earliest)| when == earliest);
        let start = self.stack.iter().rposition(|one| *one == node).filter(|_| begins);
        let Some(start) = start else { return };
        let circle = self.stack.split_off(start);
        let digest = self.digest(&circle);
        for one in circle {
            if let Some(place) = self.digests.get_mut(one) {
                *place = Some(digest.clone());
            }
        }
    }

    /// The digest of a circle: of what is in it, and of what that leads to outside of it, whose digests are known.
    fn digest(&self, circle: &[usize]) -> Digest {
        let members = circle.iter().filter_map(|one| self.nodes.get(*one));
        let mut own: Vec<&str> = members.clone().map(|node| node.own.as_str()).collect();
        let outside = members.flat_map(|node| &node.leads_to).filter_map(|target| self.digests.get(*target)?.as_ref());
        let mut outside: Vec<&str> = outside.map(Digest::hex).collect();
        own.sort_unstable();
        outside.sort_unstable();
        outside.dedup();
        Digest::of(serde_json::to_string(&(own, outside)).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn nodes(edges: &[&[usize]]) -> Vec<GraphNode> {
        let node =
            |(index, leads_to): (usize, &&[usize])| GraphNode { own: index.to_string(), leads_to: leads_to.to_vec() };
        edges.iter().enumerate().map(node).collect()
    }

    #[test]
    fn those_of_a_circle_are_one() {
        let found = digests(&nodes(&[&[1], &[2], &[0, 3], &[], &[0]]));
        assert!(found[0] == found[1] && found[1] == found[2]);
        assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), 3);
        assert_eq!(digests(&[]), []);
    }

    #[test]
    fn a_long_chain_is_no_trouble() {
        let chain = (0..100_000).map(|index| GraphNode { own: index.to_string(), leads_to: vec![index + 1] });
        assert_eq!(digests(&chain.collect::<Vec<_>>()).len(), 100_000);
    }

    /// All that a node leads to, itself too, by going there.
    fn reached(nodes: &[GraphNode], from: usize) -> BTreeSet<usize> {
        let (mut reached, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(node) = open.pop() {
            if reached.insert(node) {
                open.extend(&nodes[node].leads_to);
            }
        }
        reached
    }

    proptest! {
        /// A change is seen by all that lead to it, and by nothing else.
        #[test]
        fn a_digest_changes_with_all_that_is_reached(
            edges in proptest::collection::vec(proptest::collection::vec(0_usize..12, 0..4), 12),
            changed in 0_usize..12,
        ) {
            let before: Vec<GraphNode> = edges.into_iter().enumerate()
                .map(|(index, leads_to)| GraphNode { own: index.to_string(), leads_to }).collect();
            let mut after = before.clone();
            after[changed].own = "another".to_owned();
            let (old, new) = (digests(&before), digests(&after));
            for node in 0..before.len() {
                let reaches = reached(&before, node).contains(&changed);
                prop_assert_eq!(old[node] != new[node], reaches, "{} {}", node, changed);
            }
        }
    }
}
