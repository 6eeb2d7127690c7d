// SPDX-License-Identifier: Apache-2.0
//! Large maps: a tree by four bits of the key's hash at each level. A leaf is a cons cell of key and value. A node with one child has a
//! node there: one leaf alone is its own subtree, so that equal maps have one shape.
//!
//! When all bits of the hash are used up, a node has all leaves that are left, in the order of their keys: a collision node, as in OTP 26
//! (OTP 25 goes on with other hashes, and its order of such keys is not the same). Anybody can make keys whose hashes are equal.
//! Programs see the associations in stock's order: at each level the highest bits come first, but for iterators the lowest.
//!
//! A change looks first which nodes it concerns, then copies them from the root down, one after the other: where a child's copy will be is
//! known before it is written.
#![expect(unsafe_code, reason = "copies nodes to words that the heap has just given")]

use alloc::vec::Vec;
use core::cmp::Ordering;
use core::ptr::NonNull;

use super::leaves::Leaves;
use crate::atom::AtomTable;
use crate::compare;
use crate::hash;
use crate::heap::{Heap, build};
use crate::term::{Boxed, Cons, Header, Kind, Map, Term, layout};

/// Bits of the hash that a level takes.
pub(super) const BITS: u32 = 4;
/// Levels that a hash has bits for: the next has collision nodes.
pub(super) const LEVELS: u32 = 32 / BITS;
/// Children that a node above collision nodes can have.
pub(super) const WIDTH: usize = 1 << BITS;

/// Where on each level a key is.
#[derive(Clone, Copy)]
struct Path<'a> {
    atoms: &'a AtomTable,
    key: Term,
    hash: u32,
    level: u32,
}

impl<'a> Path<'a> {
    #[inline]
    fn new(atoms: &'a AtomTable, key: Term) -> Self {
        Self { atoms, key, hash: hash::internal(key), level: 0 }
    }

    /// The path from a level on, for a key that is met there.
    fn at(atoms: &'a AtomTable, key: Term, level: u32) -> Self {
        Self { atoms, key, hash: hash::internal(key).unbounded_shr(BITS * level), level }
    }

    /// The bit of this level.
    #[inline]
    fn bit(&self) -> u16 {
        1 << (self.hash & 0xF)
    }

    /// Whether all bits are used up: the node of this level is a collision node.
    #[inline]
    fn is_used_up(&self) -> bool {
        self.level == LEVELS
    }

    #[inline]
    fn descend(&mut self) {
        self.level += 1;
        self.hash >>= BITS;
    }
}

/// The place of a bit's child.
#[inline]
fn place(bitmap: u16, bit: u16) -> usize {
    (bitmap & (bit - 1)).count_ones() as usize
}

/// The root or an inner node.
#[derive(Clone, Copy)]
pub(super) struct Node {
    at: NonNull<u64>,
    /// The word of its first child.
    first: usize,
    header: Header,
}

impl Node {
    #[inline]
    pub(super) fn root(map: Map) -> Self {
        let boxed = map.boxed();
        Self { at: boxed.address(), first: layout::MAP_COUNT + 1, header: boxed.header() }
    }

    /// The inner node that is a child, unless it is a leaf.
    #[inline]
    pub(super) fn inner(child: Term) -> Option<Self> {
        let boxed = child.as_boxed()?;
        Some(Self { at: boxed.address(), first: 1, header: boxed.header() })
    }

    /// How many children it has.
    #[inline]
    pub(super) fn len(self) -> usize {
        self.header.arity() + 1 - self.first
    }

    #[inline]
    fn bitmap(self) -> u16 {
        self.header.extra() as u16
    }

    #[inline]
    pub(super) fn child(self, index: usize) -> Term {
        debug_assert!(index < self.len());
        // SAFETY: the node is live and has as many children.
        unsafe { self.at.add(self.first + index).cast::<Term>().read() }
    }

    /// The place of the child where a path goes on, or where one would belong.
    #[inline]
    fn place(self, path: &Path<'_>) -> Result<usize, usize> {
        if path.is_used_up() {
            return self.place_of_key(path);
        }
        let place = place(self.bitmap(), path.bit());
        if self.bitmap() & path.bit() == 0 { Err(place) } else { Ok(place) }
    }

    /// The place of a key among leaves that nothing but their keys tells apart, or where it belongs.
    #[cold]
    fn place_of_key(self, path: &Path<'_>) -> Result<usize, usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            let leaf = self.child(middle).as_cons().map_or(Term::NIL, |leaf| leaf.head());
            match compare::compare_keys(path.atoms, leaf, path.key) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => return Ok(middle),
                Ordering::Greater => high = middle,
            }
        }
        Err(low)
    }

    /// All words of it.
    #[inline]
    fn words(self) -> usize {
        self.first + self.len()
    }

    /// Writes its copy to an address, with another child, a child more or one less at a place; the bitmap is that of the copy.
    ///
    /// # Safety
    /// There has to be room for it. A child that is new has to be written.
    #[inline]
    unsafe fn copy_to(self, to: NonNull<u64>, place: usize, change: Change, bitmap: u16) {
        // SAFETY: as the caller promises; the node is live.
        unsafe {
            for word in 1..self.first {
                to.add(word).write(self.at.add(word).read());
            }
            let (from, into) = (self.at.add(self.first), to.add(self.first));
            let (skipped, room) = match change {
                Change::Child => (0, 0),
                Change::More => (0, 1),
                Change::Less => (1, 0),
            };
            for child in 0..place {
                // Volatile, so that few words are not copied by a call.
                into.add(child).write_volatile(from.add(child).read());
            }
            for child in place + skipped..self.len() {
                into.add(child + room - skipped).write_volatile(from.add(child).read());
            }
            let arity = self.header.arity() + room - skipped;
            to.write(Header::new(self.header.kind(), arity).with_extra(u32::from(bitmap)).raw());
        }
    }
}

/// What a copy of a node has instead.
#[derive(Clone, Copy)]
enum Change {
    /// Another child.
    Child,
    /// A child more.
    More,
    /// A child less.
    Less,
}

/// Where copies are written.
struct Writer {
    at: NonNull<u64>,
}

impl Writer {
    /// Where the next `words` words go.
    ///
    /// # Safety
    /// They have to be part of what the heap has given.
    #[inline]
    unsafe fn take(&mut self, words: usize) -> NonNull<u64> {
        let at = self.at;
        // SAFETY: as the caller promises.
        self.at = unsafe { at.add(words) };
        at
    }

    /// Writes a leaf.
    ///
    /// # Safety
    /// As for [`take`](Self::take).
    #[inline]
    unsafe fn leaf(&mut self, key: Term, value: Term) -> Term {
        // SAFETY: as the caller promises.
        unsafe {
            let cell = self.take(layout::CONS_SIZE).cast::<Term>();
            cell.write(key);
            cell.add(1).write(value);
            Cons::new(cell).term()
        }
    }
}

#[inline]
pub(super) fn get(atoms: &AtomTable, map: Map, key: Term) -> Option<Term> {
    let mut path = Path::new(atoms, key);
    let mut node = Node::root(map);
    loop {
        let child = node.child(node.place(&path).ok()?);
        if let Some(leaf) = child.as_cons() {
            return compare::same(leaf.head(), key).then(|| leaf.tail());
        }
        node = Node::inner(child)?;
        path.descend();
    }
}

/// How the way of a key that is put ends.
enum End {
    /// At a leaf with the key.
    Replace,
    /// At a node without a child there.
    Grow,
    /// At a leaf with another key, which has the same path for some levels more, then comes a node of both. Whether the new leaf is the
    /// first there.
    Split { bitmap: u16, first: bool, shared: usize },
}

pub(super) fn put<H: Heap + ?Sized>(
    heap: &mut H,
    atoms: &AtomTable,
    map: Map,
    key: Term,
    value: Term,
) -> Term {
    let start = Path::new(atoms, key);
    let (mut node, mut path, mut words) = (Node::root(map), start, 0);
    let end = loop {
        words += node.words() + layout::CONS_SIZE;
        let Ok(place) = node.place(&path) else {
            words += 1;
            break End::Grow;
        };
        let child = node.child(place);
        if let Some(leaf) = child.as_cons() {
            if compare::same(leaf.head(), key) {
                if leaf.tail() == value {
                    return map.term();
                }
                break End::Replace;
            }
            path.descend();
            let (mut theirs, mut shared) = (Path::at(atoms, leaf.head(), path.level), 0);
            while !path.is_used_up() && theirs.bit() == path.bit() {
                theirs.descend();
                path.descend();
                shared += 1;
            }
            words += 2 * shared + 3;
            break if path.is_used_up() {
                let first = compare::compare_keys(atoms, key, leaf.head()).is_lt();
                End::Split { bitmap: 0, first, shared }
            } else {
                let (ours, theirs) = (path.bit(), theirs.bit());
                End::Split { bitmap: ours | theirs, first: ours < theirs, shared }
            };
        }
        let Some(inner) = Node::inner(child) else { return map.term() };
        node = inner;
        words -= layout::CONS_SIZE;
        path.descend();
    };
    let (mut node, mut path) = (Node::root(map), start);
    // SAFETY: the words are those of the copies and of what is new, added up above on the same way.
    unsafe {
        let mut writer = Writer { at: heap.allocate(words) };
        let root = writer.at;
        loop {
            let (index, bitmap) = match node.place(&path) {
                Ok(place) => (place, node.bitmap()),
                Err(place) => {
                    let bitmap = if path.is_used_up() { 0 } else { node.bitmap() | path.bit() };
                    let copy = writer.take(node.words() + 1);
                    node.copy_to(copy, place, Change::More, bitmap);
                    copy.add(node.first + place).cast::<Term>().write(writer.leaf(key, value));
                    break;
                }
            };
            let copy = writer.take(node.words());
            let slot = copy.add(node.first + index).cast::<Term>();
            node.copy_to(copy, index, Change::Child, bitmap);
            path.descend();
            let child = node.child(index);
            match (Node::inner(child), &end) {
                (Some(inner), _) => {
                    slot.write(Boxed::new(writer.at).term());
                    node = inner;
                }
                (None, End::Split { bitmap, first, shared }) => {
                    let mut slot = slot;
                    for _ in 0..*shared {
                        let node = writer.take(2);
                        node.write(Header::new(Kind::MapNode, 1).with_extra(u32::from(path.bit())).raw());
                        slot.write(Boxed::new(node).term());
                        slot = node.add(1).cast();
                        path.descend();
                    }
                    let node = writer.take(3);
                    node.write(Header::new(Kind::MapNode, 2).with_extra(u32::from(*bitmap)).raw());
                    slot.write(Boxed::new(node).term());
                    let leaf = writer.leaf(key, value);
                    let (ours, theirs) = if *first { (1, 2) } else { (2, 1) };
                    node.add(ours).cast::<Term>().write(leaf);
                    node.add(theirs).cast::<Term>().write(child);
                    break;
                }
                (None, _) => {
                    slot.write(writer.leaf(key, value));
                    break;
                }
            }
        }
        if !matches!(end, End::Replace) {
            root.add(layout::MAP_COUNT).write(Term::count(map.len() + 1).raw());
        }
        Boxed::new(root).term()
    }
}

/// The map without a key; with the value that it had.
pub(super) fn remove<H: Heap + ?Sized>(
    heap: &mut H,
    atoms: &AtomTable,
    map: Map,
    key: Term,
) -> Option<(Term, Term)> {
    if map.len() == layout::MAP_SMALL_LIMIT + 1 {
        let value = get(atoms, map, key)?;
        let mut rest = super::sorted_pairs(atoms, map);
        rest.retain(|(other, _)| !compare::same(*other, key));
        return Some((super::from_sorted(heap, atoms, &rest), value));
    }
    let start = Path::new(atoms, key);
    let (mut node, mut path, mut words) = (Node::root(map), start, 0);
    // The deepest node above the last that has other children, and the words down to it.
    let mut branch = (0, node.words());
    let (last, index, value) = loop {
        words += node.words();
        let index = node.place(&path).ok()?;
        let child = node.child(index);
        if let Some(leaf) = child.as_cons() {
            if !compare::same(leaf.head(), key) {
                return None;
            }
            break (node, index, leaf.tail());
        }
        if node.len() > 1 {
            branch = (path.level, words);
        }
        node = Node::inner(child)?;
        path.descend();
    };
    // A leaf that would be alone moves up to where it is not.
    let sibling = (path.level > 0 && last.len() == 2).then(|| last.child(1 - index));
    let lifted = sibling.filter(|sibling| sibling.is_cons());
    let (depth, words) = if lifted.is_some() { branch } else { (path.level, words - 1) };
    let (mut node, mut path) = (Node::root(map), start);
    // SAFETY: the words are those of the copies, added up above on the same way.
    let rest = unsafe {
        let mut writer = Writer { at: heap.allocate(words) };
        let root = writer.at;
        while let Ok(index) = node.place(&path) {
            if path.level == depth && lifted.is_none() {
                let bitmap = if path.is_used_up() { 0 } else { node.bitmap() & !path.bit() };
                let copy = writer.take(node.words() - 1);
                node.copy_to(copy, index, Change::Less, bitmap);
                break;
            }
            let copy = writer.take(node.words());
            let slot = copy.add(node.first + index).cast::<Term>();
            node.copy_to(copy, index, Change::Child, node.bitmap());
            let child = node.child(index);
            match (lifted.filter(|_| path.level == depth), Node::inner(child)) {
                (None, Some(inner)) => {
                    slot.write(Boxed::new(writer.at).term());
                    node = inner;
                    path.descend();
                }
                (leaf, _) => {
                    slot.write(leaf.unwrap_or(child));
                    break;
                }
            }
        }
        root.add(layout::MAP_COUNT).write(Term::count(map.len() - 1).raw());
        Boxed::new(root).term()
    };
    Some((rest, value))
}

/// An association on its way into a tree.
pub(super) struct Leaf {
    /// The hash with its nibbles in the order of the levels, the first highest.
    pub(super) order: u32,
    pub(super) key: Term,
    pub(super) value: Term,
}

impl Leaf {
    pub(super) fn new(key: Term, value: Term) -> Self {
        Self { order: by_levels(hash::internal(key)), key, value }
    }

    /// The order of leaves in a tree.
    pub(super) fn compare(&self, other: &Self, atoms: &AtomTable) -> Ordering {
        self.order.cmp(&other.order).then_with(|| compare::compare_keys(atoms, self.key, other.key))
    }

    pub(super) fn has_same_key(&self, other: &Self) -> bool {
        self.order == other.order && compare::same(self.key, other.key)
    }

    pub(super) fn cell<H: Heap + ?Sized>(&self, heap: &mut H) -> Term {
        build::cons(heap, self.key, self.value)
    }
}

/// The hash with its nibbles in the order of the levels.
fn by_levels(hash: u32) -> u32 {
    let bytes = hash.swap_bytes();
    (bytes & 0x0F0F_0F0F) << 4 | (bytes & 0xF0F0_F0F0) >> 4
}

/// A map of pairs, if there are enough keys for a large one; of pairs with the same key the last counts.
pub(super) fn from_pairs<H: Heap + ?Sized>(
    heap: &mut H,
    atoms: &AtomTable,
    pairs: &[(Term, Term)],
) -> Option<Term> {
    let leaves = leaves(atoms, pairs);
    if leaves.len() <= layout::MAP_SMALL_LIMIT {
        return None;
    }
    let mut children = [Term::NIL; WIDTH];
    let (bitmap, used) = group(heap, &leaves, 0, &mut children);
    Some(build::map_root(heap, leaves.len(), bitmap, &children[..used]))
}

/// The leaves of pairs, each key once, in their order in the tree. It takes no heap: it is not compiled for each kind of one.
fn leaves(atoms: &AtomTable, pairs: &[(Term, Term)]) -> Vec<Leaf> {
    let mut leaves: Vec<Leaf> = pairs.iter().map(|(key, value)| Leaf::new(*key, *value)).collect();
    // Stable, so that of equal keys the last stays last.
    leaves.sort_by(|a, b| a.compare(b, atoms));
    leaves.dedup_by(|later, earlier| {
        let is_same = later.has_same_key(earlier);
        if is_same {
            earlier.value = later.value;
        }
        is_same
    });
    leaves
}

/// Makes the children of leaves that share all levels before, in order of their hashes; gives their bits and number.
pub(super) fn group<H: Heap + ?Sized>(
    heap: &mut H,
    leaves: &[Leaf],
    level: u32,
    children: &mut [Term; WIDTH],
) -> (u16, usize) {
    let mut bitmap = 0;
    let mut used = 0;
    let shift = 32 - BITS * (level + 1);
    for same in leaves.chunk_by(|a, b| a.order >> shift & 0xF == b.order >> shift & 0xF) {
        bitmap |= 1 << (same[0].order >> shift & 0xF);
        children[used] = match same {
            [leaf] => leaf.cell(heap),
            _ if level + 1 < LEVELS => {
                let mut below = [Term::NIL; WIDTH];
                let (bitmap, used) = group(heap, same, level + 1, &mut below);
                build::map_node(heap, bitmap, &below[..used])
            }
            _ => {
                let cells: Vec<Term> = same.iter().map(|leaf| leaf.cell(heap)).collect();
                build::map_collision(heap, &cells)
            }
        };
        used += 1;
    }
    (bitmap, used)
}

/// The associations in the order in which programs see them.
pub(super) fn pairs(map: Map) -> Vec<(Term, Term)> {
    let mut pairs = Vec::with_capacity(map.len());
    let mut leaves = Leaves::new(map);
    while let Some(leaf) = leaves.next() {
        pairs.push((leaf.head(), leaf.tail()));
    }
    pairs.reverse();
    pairs
}
