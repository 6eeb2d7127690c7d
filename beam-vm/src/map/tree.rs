// SPDX-License-Identifier: Apache-2.0
//! Large maps: a tree by four bits of the key's hash at each level. A leaf is a cons cell of key and value.
//!
//! When all bits of the hash are used up, a node has all leaves that are left, in the order of their keys: a collision node, as in OTP 26
//! (OTP 25 goes on with other hashes, and its order of such keys is not the same). Anybody can make keys whose hashes are equal.
//! Programs see the associations in stock's order: at each level the highest bits come first.

use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::atom::AtomTable;
use crate::compare;
use crate::hash;
use crate::heap::{Heap, build};
use crate::term::{Map, Term, View, layout};

/// Bits of the hash that a level takes.
const BITS: u32 = 4;
/// Levels that a hash has bits for.
const LEVELS: u32 = 32 / BITS;

/// Where on each level a key is.
struct Path<'a> {
    atoms: &'a AtomTable,
    key: Term,
    hash: u32,
    level: u32,
}

impl<'a> Path<'a> {
    fn new(atoms: &'a AtomTable, key: Term) -> Self {
        Self { atoms, key, hash: hash::internal(key), level: 0 }
    }

    /// The path from a level on, for a key that is met there.
    fn at(atoms: &'a AtomTable, key: Term, level: u32) -> Self {
        Self { atoms, key, hash: hash::internal(key).unbounded_shr(BITS * level), level }
    }

    /// The bit of this level.
    fn bit(&self) -> u16 {
        1 << (self.hash & 0xF)
    }

    /// Whether all bits are used up: the node of this level is a collision node.
    fn is_used_up(&self) -> bool {
        self.level == LEVELS
    }

    fn descend(&mut self) {
        self.level += 1;
        self.hash >>= BITS;
    }
}

/// The place of a key among leaves that nothing but their keys tells apart, or where it belongs.
fn place_of_key(atoms: &AtomTable, leaves: &[Term], key: Term) -> Result<usize, usize> {
    leaves.binary_search_by(|leaf| match leaf.as_cons() {
        Some(leaf) => compare::compare_keys(atoms, leaf.head(), key),
        None => Ordering::Less,
    })
}

/// The place of a bit's child.
fn place(bitmap: u16, bit: u16) -> usize {
    (bitmap & (bit - 1)).count_ones() as usize
}

pub(super) fn get(atoms: &AtomTable, map: Map, key: Term) -> Option<Term> {
    let mut path = Path::new(atoms, key);
    let (mut bitmap, mut child) = (map.root_bitmap(), None::<Term>);
    loop {
        if let (true, Some(View::MapNode(node))) = (path.is_used_up(), child.map(Term::view)) {
            let place = place_of_key(atoms, node.children(), key).ok()?;
            return node.children()[place].as_cons().map(|leaf| leaf.tail());
        }
        let bit = path.bit();
        if bitmap & bit == 0 {
            return None;
        }
        let index = place(bitmap, bit);
        let next = match child.map(Term::view) {
            None => map.root_children()[index],
            Some(View::MapNode(node)) => node.children()[index],
            Some(_) => return None,
        };
        match next.view() {
            View::Cons(leaf) => return compare::same(leaf.head(), key).then(|| leaf.tail()),
            View::MapNode(node) => bitmap = node.bitmap(),
            _ => return None,
        }
        child = Some(next);
        path.descend();
    }
}

/// What became of a subtree.
enum Changed {
    /// Nothing: it is as it was.
    Same,
    /// A value was replaced.
    Replaced(Term),
    /// There is one association more.
    Grown(Term),
}

/// The subtree with a value for a key.
fn insert<H: Heap + ?Sized>(heap: &mut H, node: Term, path: &mut Path<'_>, value: Term) -> Changed {
    match node.view() {
        View::Cons(leaf) if compare::same(leaf.head(), path.key) => {
            if leaf.tail() == value {
                return Changed::Same;
            }
            Changed::Replaced(build::cons(heap, path.key, value))
        }
        View::Cons(leaf) => {
            let new = build::cons(heap, path.key, value);
            let other = Path::at(path.atoms, leaf.head(), path.level);
            Changed::Grown(split(heap, node, other, new, path))
        }
        View::MapNode(inner) if path.is_used_up() => {
            let mut leaves = inner.children().to_vec();
            let leaf = build::cons(heap, path.key, value);
            match place_of_key(path.atoms, &leaves, path.key) {
                Ok(place) if leaves[place].as_cons().is_some_and(|leaf| leaf.tail() == value) => {
                    Changed::Same
                }
                Ok(place) => {
                    leaves[place] = leaf;
                    Changed::Replaced(build::map_collision(heap, &leaves))
                }
                Err(place) => {
                    leaves.insert(place, leaf);
                    Changed::Grown(build::map_collision(heap, &leaves))
                }
            }
        }
        View::MapNode(inner) => {
            let changed = insert_child(heap, inner.bitmap(), inner.children(), path, value);
            match changed {
                (Changed::Same, ..) => Changed::Same,
                (Changed::Replaced(_), bitmap, children) => {
                    Changed::Replaced(build::map_node(heap, bitmap, &children))
                }
                (Changed::Grown(_), bitmap, children) => {
                    Changed::Grown(build::map_node(heap, bitmap, &children))
                }
            }
        }
        _ => Changed::Same,
    }
}

/// Children with a value for a key.
fn insert_child<H: Heap + ?Sized>(
    heap: &mut H,
    bitmap: u16,
    children: &[Term],
    path: &mut Path<'_>,
    value: Term,
) -> (Changed, u16, Vec<Term>) {
    let bit = path.bit();
    let index = place(bitmap, bit);
    let mut new = children.to_vec();
    if bitmap & bit == 0 {
        let leaf = build::cons(heap, path.key, value);
        new.insert(index, leaf);
        return (Changed::Grown(leaf), bitmap | bit, new);
    }
    path.descend();
    let changed = insert(heap, children[index], path, value);
    if let Changed::Replaced(child) | Changed::Grown(child) = changed {
        new[index] = child;
    }
    (changed, bitmap, new)
}

/// The smallest subtree with two leaves whose paths are the same so far.
fn split<H: Heap + ?Sized>(
    heap: &mut H,
    a: Term,
    mut path_a: Path<'_>,
    b: Term,
    path_b: &mut Path<'_>,
) -> Term {
    let mut shared = Vec::new();
    while !path_a.is_used_up() && path_a.bit() == path_b.bit() {
        shared.push(path_a.bit());
        path_a.descend();
        path_b.descend();
    }
    let node = if path_a.is_used_up() {
        let order = compare::compare_keys(path_a.atoms, path_a.key, path_b.key);
        build::map_collision(heap, &if order.is_lt() { [a, b] } else { [b, a] })
    } else {
        let (bit_a, bit_b) = (path_a.bit(), path_b.bit());
        build::map_node(heap, bit_a | bit_b, &if bit_a < bit_b { [a, b] } else { [b, a] })
    };
    shared.into_iter().rev().fold(node, |node, bit| build::map_node(heap, bit, &[node]))
}

pub(super) fn put<H: Heap + ?Sized>(
    heap: &mut H,
    atoms: &AtomTable,
    map: Map,
    key: Term,
    value: Term,
) -> Term {
    let mut path = Path::new(atoms, key);
    match insert_child(heap, map.root_bitmap(), map.root_children(), &mut path, value) {
        (Changed::Same, ..) => map.term(),
        (Changed::Replaced(_), bitmap, children) => build::map_root(heap, map.len(), bitmap, &children),
        (Changed::Grown(_), bitmap, children) => build::map_root(heap, map.len() + 1, bitmap, &children),
    }
}

pub(super) fn from_pairs<H: Heap + ?Sized>(heap: &mut H, atoms: &AtomTable, pairs: &[(Term, Term)]) -> Term {
    let mut leaves: Vec<Leaf> = Vec::with_capacity(pairs.len());
    for (key, value) in pairs {
        let hash = hash::internal(*key);
        leaves.push(Leaf {
            order: hash.reverse_bits_by_nibbles(),
            key: *key,
            cell: build::cons(heap, *key, *value),
        });
    }
    leaves.sort_unstable_by_key(|leaf| leaf.order);
    let (bitmap, children) = group(heap, atoms, &leaves, 0);
    build::map_root(heap, pairs.len(), bitmap, &children)
}

struct Leaf {
    /// The hash with its nibbles in the order of the levels, the first highest.
    order: u32,
    key: Term,
    cell: Term,
}

trait Nibbles {
    fn reverse_bits_by_nibbles(self) -> u32;
}

impl Nibbles for u32 {
    fn reverse_bits_by_nibbles(self) -> u32 {
        let bytes = self.swap_bytes();
        (bytes & 0x0F0F_0F0F) << 4 | (bytes & 0xF0F0_F0F0) >> 4
    }
}

/// The children of leaves that share all levels before, in order of their hashes.
fn group<H: Heap + ?Sized>(heap: &mut H, atoms: &AtomTable, leaves: &[Leaf], level: u32) -> (u16, Vec<Term>) {
    let mut bitmap = 0;
    let mut children = Vec::new();
    let shift = 32 - BITS * (level + 1);
    for same in leaves.chunk_by(|a, b| a.order >> shift & 0xF == b.order >> shift & 0xF) {
        bitmap |= 1 << (same[0].order >> shift & 0xF);
        children.push(match same {
            [one] => one.cell,
            _ if level + 1 < LEVELS => {
                let (bitmap, children) = group(heap, atoms, same, level + 1);
                build::map_node(heap, bitmap, &children)
            }
            // All bits of the hash are used up: the rest goes in one by one.
            [first, rest @ ..] => {
                let mut node = first.cell;
                for leaf in rest {
                    let mut path = Path::at(atoms, leaf.key, level + 1);
                    let value = leaf.cell.as_cons().map_or(Term::NIL, |cell| cell.tail());
                    if let Changed::Grown(grown) | Changed::Replaced(grown) =
                        insert(heap, node, &mut path, value)
                    {
                        node = grown;
                    }
                }
                node
            }
            [] => continue,
        });
    }
    (bitmap, children)
}

/// What is left of a subtree without a key: nothing, or another subtree.
fn delete<H: Heap + ?Sized>(heap: &mut H, node: Term, path: &mut Path<'_>) -> Option<Term> {
    let View::MapNode(inner) = node.view() else { return None };
    if path.is_used_up() {
        let mut leaves = inner.children().to_vec();
        if let Ok(place) = place_of_key(path.atoms, &leaves, path.key) {
            leaves.remove(place);
        }
        return match leaves.as_slice() {
            [] => None,
            [one] => Some(*one),
            _ => Some(build::map_collision(heap, &leaves)),
        };
    }
    let (bitmap, children) = delete_child(heap, inner.bitmap(), inner.children(), path);
    match children.as_slice() {
        [] => None,
        // A node with one leaf is that leaf, so that equal maps have one shape.
        [one] if one.is_cons() => Some(*one),
        _ => Some(build::map_node(heap, bitmap, &children)),
    }
}

fn delete_child<H: Heap + ?Sized>(
    heap: &mut H,
    bitmap: u16,
    children: &[Term],
    path: &mut Path<'_>,
) -> (u16, Vec<Term>) {
    let bit = path.bit();
    let index = place(bitmap, bit);
    let mut new = children.to_vec();
    path.descend();
    match delete(heap, children[index], path) {
        Some(child) => {
            new[index] = child;
            (bitmap, new)
        }
        None => {
            new.remove(index);
            (bitmap & !bit, new)
        }
    }
}

/// The map without a key that it has.
pub(super) fn remove<H: Heap + ?Sized>(heap: &mut H, atoms: &AtomTable, map: Map, key: Term) -> Term {
    if map.len() == layout::MAP_SMALL_LIMIT + 1 {
        let mut rest = super::sorted_pairs(atoms, map);
        rest.retain(|(other, _)| !compare::same(*other, key));
        return super::from_sorted(heap, atoms, &rest);
    }
    let mut path = Path::new(atoms, key);
    let (bitmap, children) = delete_child(heap, map.root_bitmap(), map.root_children(), &mut path);
    build::map_root(heap, map.len() - 1, bitmap, &children)
}

/// The associations in the order in which programs see them.
pub(super) fn pairs(map: Map) -> Vec<(Term, Term)> {
    let mut pairs = Vec::with_capacity(map.len());
    let mut stack: Vec<Term> = map.root_children().to_vec();
    while let Some(term) = stack.pop() {
        match term.view() {
            View::Cons(leaf) => pairs.push((leaf.head(), leaf.tail())),
            View::MapNode(node) => stack.extend(node.children()),
            _ => {}
        }
    }
    pairs
}
