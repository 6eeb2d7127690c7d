// SPDX-License-Identifier: Apache-2.0
//! A map that is made of many associations, a piece of work at a time: a program that makes one of a million of them is to be preempted like any other.
//!
//! Associations are first distributed over the subtrees of one level of the tree, in lists that are chained by numbers; then each
//! subtree is made by itself, from left to right, and a node above is made when the last of its subtrees is. Nothing is sorted but what is in one subtree.

use alloc::vec;
use alloc::vec::Vec;

use super::tree::{BITS, LEVELS, Leaf, Node, WIDTH, group};
use crate::atom::AtomTable;
use crate::compare;
use crate::heap::{Heap, build};
use crate::term::{Term, layout};

/// Associations of one subtree, about, at most.
const SUBTREE: usize = 256;

/// A map that is being made. First all associations are added, then it is built.
pub struct Draft {
    associations: Vec<Association>,
    /// For each subtree the association that was added last, plus one; 0 if there is none.
    newest: Vec<u32>,
    /// Levels above the subtrees.
    levels: u32,
    /// The next subtree to make.
    subtree: usize,
    /// The node of each level above that is being made.
    open: [Children; LEVELS as usize],
    count: usize,
    /// What an association costs to build.
    cost: usize,
}

struct Association {
    leaf: Leaf,
    /// The one of the same subtree that was added before, plus one.
    before: u32,
}

/// The children of a node that is not made yet.
struct Children {
    terms: [Term; WIDTH],
    len: usize,
    bitmap: u16,
}

impl Children {
    const NONE: Self = Self { terms: [Term::NIL; WIDTH], len: 0, bitmap: 0 };

    fn add(&mut self, child: Term, place: usize) {
        self.terms[self.len] = child;
        self.len += 1;
        self.bitmap |= 1 << (place & (WIDTH - 1));
    }

    /// The node of the children: none if there are none, and a leaf alone is its own subtree.
    fn close<H: Heap + ?Sized>(&mut self, heap: &mut H) -> Option<Term> {
        let children = core::mem::replace(self, Self::NONE);
        match children.terms[..children.len] {
            [] => None,
            [leaf] if leaf.is_cons() => Some(leaf),
            ref terms => Some(build::map_node(heap, children.bitmap, terms)),
        }
    }
}

impl Draft {
    /// The most associations that there can be.
    pub const MOST: usize = u32::MAX as usize - 1;

    /// A map of about so many associations, which are [`MOST`](Self::MOST) at most.
    #[must_use]
    pub fn new(expected: usize) -> Self {
        let mut levels = 1;
        while levels < LEVELS - 1 && expected >> (BITS * levels) > SUBTREE {
            levels += 1;
        }
        Self {
            associations: Vec::with_capacity(expected),
            newest: vec![0; 1 << (BITS * levels)],
            levels,
            subtree: 0,
            open: [const { Children::NONE }; LEVELS as usize],
            count: 0,
            cost: 1,
        }
    }

    /// The same, when building counts so many steps for each association.
    #[must_use]
    pub fn with_cost(self, cost: usize) -> Self {
        Self { cost, ..self }
    }

    /// Adds an association; of those with the same key the last counts.
    pub fn add(&mut self, key: Term, value: Term) {
        let leaf = Leaf::new(key, value);
        let subtree = (leaf.order >> (u32::BITS - BITS * self.levels)) as usize;
        let before = self.newest[subtree];
        self.associations.push(Association { leaf, before });
        self.newest[subtree] = self.associations.len() as u32;
    }

    /// Builds as long as there is some of the budget left, which it counts down. The map, once it is done.
    pub fn build<H: Heap + ?Sized>(
        &mut self,
        heap: &mut H,
        atoms: &AtomTable,
        budget: &mut usize,
    ) -> Option<Term> {
        let mut leaves = Vec::new();
        while self.subtree < self.newest.len() {
            if *budget == 0 {
                return None;
            }
            self.take(&mut leaves, atoms);
            *budget = budget.saturating_sub(1 + leaves.len() * self.cost);
            let child = match leaves.as_slice() {
                [] => None,
                [leaf] => Some(leaf.cell(heap)),
                leaves => {
                    let mut children = [Term::NIL; WIDTH];
                    let (bitmap, len) = group(heap, leaves, self.levels, &mut children);
                    Some(build::map_node(heap, bitmap, &children[..len]))
                }
            };
            self.put(heap, child);
        }
        Some(self.finish(heap, atoms))
    }

    /// Takes the leaves of the next subtree, in their order in the tree.
    fn take(&mut self, leaves: &mut Vec<Leaf>, atoms: &AtomTable) {
        leaves.clear();
        let mut number = self.newest[self.subtree] as usize;
        while let Some(association) = number.checked_sub(1).and_then(|index| self.associations.get(index)) {
            let Leaf { order, key, value } = association.leaf;
            leaves.push(Leaf { order, key, value });
            number = association.before as usize;
        }
        // The newest come first, and a stable sort leaves them there.
        leaves.sort_by(|a, b| a.compare(b, atoms));
        leaves.dedup_by(|older, newer| older.has_same_key(newer));
        self.count += leaves.len();
    }

    /// Puts a subtree in its place, and makes the nodes of which it was the last.
    fn put<H: Heap + ?Sized>(&mut self, heap: &mut H, child: Option<Term>) {
        let (mut child, mut place) = (child, self.subtree);
        self.subtree += 1;
        for level in (0..self.levels as usize).rev() {
            if let Some(child) = child {
                self.open[level].add(child, place);
            }
            if level == 0 || place % WIDTH != WIDTH - 1 {
                return;
            }
            child = self.open[level].close(heap);
            place /= WIDTH;
        }
    }

    fn finish<H: Heap + ?Sized>(&mut self, heap: &mut H, atoms: &AtomTable) -> Term {
        let root = core::mem::replace(&mut self.open[0], Children::NONE);
        let children = &root.terms[..root.len];
        if self.count > layout::MAP_SMALL_LIMIT {
            return build::map_root(heap, self.count, root.bitmap, children);
        }
        let mut pairs = Vec::new();
        children.iter().for_each(|child| collect(*child, &mut pairs));
        pairs.sort_by(|a, b| compare::compare_keys(atoms, a.0, b.0));
        super::from_sorted(heap, atoms, &pairs)
    }

    /// Shows all places that hold terms.
    pub fn roots(&mut self, visit: &mut dyn FnMut(&mut Term)) {
        for association in &mut self.associations {
            visit(&mut association.leaf.key);
            visit(&mut association.leaf.value);
        }
        for children in &mut self.open {
            children.terms[..children.len].iter_mut().for_each(&mut *visit);
        }
    }
}

/// Collects the associations of a subtree.
fn collect(child: Term, pairs: &mut Vec<(Term, Term)>) {
    if let Some(leaf) = child.as_cons() {
        pairs.push((leaf.head(), leaf.tail()));
    } else if let Some(node) = Node::inner(child) {
        (0..node.len()).for_each(|index| collect(node.child(index), pairs));
    }
}
