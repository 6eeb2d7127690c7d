// SPDX-License-Identifier: Apache-2.0
//! The automaton for several patterns (A. V. Aho, M. J. Corasick: "Efficient string matching", Communications of the ACM 18, 1975).
//!
//! Nodes are the beginnings of patterns. A node has its children in order of their bytes, and the node of the longest proper suffix that is a
//! beginning too. The root's children are found by place, since most texts are mostly there.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;

use super::{Found, Search, Step};

const ROOT: u32 = 0;

/// The nodes of some patterns.
#[derive(Debug)]
pub struct Automaton {
    nodes: Vec<Node>,
    first: Box<[u32; 256]>,
}

#[derive(Debug, Default)]
struct Node {
    children: Vec<(u8, u32)>,
    suffix: u32,
    /// Bytes from the root.
    depth: u32,
    /// The length of the longest pattern that ends here; 0 is none.
    longest: u32,
}

impl Automaton {
    /// The automaton of patterns.
    pub fn new(patterns: &[Box<[u8]>]) -> Self {
        let mut automaton = Self { nodes: vec![Node::default()], first: Box::new([ROOT; 256]) };
        for pattern in patterns {
            automaton.insert(pattern);
        }
        automaton.link();
        automaton
    }

    fn child(&self, node: u32, byte: u8) -> Option<u32> {
        let children = &self.nodes[node as usize].children;
        let place = children.binary_search_by_key(&byte, |(byte, _)| *byte).ok()?;
        Some(children[place].1)
    }

    fn insert(&mut self, pattern: &[u8]) {
        let mut node = ROOT;
        for (index, byte) in pattern.iter().enumerate() {
            node = self.child(node, *byte).unwrap_or_else(|| {
                let new = self.nodes.len() as u32;
                self.nodes.push(Node { depth: index as u32 + 1, ..Node::default() });
                let children = &mut self.nodes[node as usize].children;
                let place = children.partition_point(|(other, _)| other < byte);
                children.insert(place, (*byte, new));
                new
            });
        }
        self.nodes[node as usize].longest = pattern.len() as u32;
    }

    /// Links each node to that of its longest suffix, those nearer to the root first.
    fn link(&mut self) {
        let mut queue: VecDeque<u32> = VecDeque::new();
        for (byte, child) in self.nodes[ROOT as usize].children.clone() {
            self.first[usize::from(byte)] = child;
            queue.push_back(child);
        }
        while let Some(node) = queue.pop_front() {
            let suffix = self.nodes[node as usize].suffix;
            for (byte, child) in self.nodes[node as usize].children.clone() {
                let to = self.next(suffix, byte);
                let longest = self.nodes[to as usize].longest;
                let linked = &mut self.nodes[child as usize];
                linked.suffix = to;
                linked.longest = linked.longest.max(longest);
                queue.push_back(child);
            }
        }
    }

    /// Where a byte leads.
    fn next(&self, node: u32, byte: u8) -> u32 {
        let mut node = node;
        loop {
            if node == ROOT {
                return self.first[usize::from(byte)];
            }
            match self.child(node, byte) {
                Some(child) => return child,
                None => node = self.nodes[node as usize].suffix,
            }
        }
    }

    /// Goes on with a search. Its state is a node.
    pub fn step(&self, text: &[u8], search: &mut Search, budget: &mut usize) -> Step {
        let mut node = search.state as u32;
        let rest = text.get(search.at..).unwrap_or_default();
        let end = rest.len().min(*budget);
        for (index, byte) in rest[..end].iter().enumerate() {
            node = self.next(node, *byte);
            let at = &self.nodes[node as usize];
            let behind = search.at + index + 1;
            // Whatever can still come begins where this node's bytes do, or later.
            if let Some(best) = search.best
                && behind - at.depth as usize > best.start
            {
                *budget -= index + 1;
                return Step::Found(best);
            }
            if at.longest > 0 {
                let found = Found { start: behind - at.longest as usize, len: at.longest as usize };
                if search.best.is_none_or(|best| found.start <= best.start) {
                    search.best = Some(found);
                }
            }
        }
        *budget -= end;
        search.at += end;
        search.state = node as usize;
        if end < rest.len() {
            return Step::Paused;
        }
        search.best.map_or(Step::Over, Step::Found)
    }
}
