// SPDX-License-Identifier: Apache-2.0
//! The makers of terms: each takes words from a [`Heap`] and gives the term.
#![expect(unsafe_code, reason = "writes words that the heap has just given")]

use core::ptr::NonNull;

use super::{BinaryBlock, Heap, Magic};
use crate::number::integer::{Integer, Sign};
use crate::term::{Boxed, Cons, Export, FunEntry, Header, Kind, LocalPid, Term, layout};

/// Writes an object of a header and words.
#[inline]
fn object<H: Heap + ?Sized>(heap: &mut H, header: Header, words: &[u64]) -> Boxed {
    let at = heap.allocate(1 + words.len());
    // SAFETY: the heap has given this many words.
    unsafe {
        at.write(header.raw());
        at.add(1).copy_from_nonoverlapping(NonNull::from(words).cast(), words.len());
        Boxed::new(at)
    }
}

fn as_words(terms: &[Term]) -> &[u64] {
    // SAFETY: a term is a word.
    unsafe { core::slice::from_raw_parts(terms.as_ptr().cast(), terms.len()) }
}

/// A cons cell.
#[inline]
pub fn cons<H: Heap + ?Sized>(heap: &mut H, head: Term, tail: Term) -> Term {
    let at = heap.allocate(layout::CONS_SIZE).cast::<Term>();
    // SAFETY: the heap has given two words.
    unsafe {
        at.write(head);
        at.add(1).write(tail);
        Cons::new(at).term()
    }
}

/// A tuple.
pub fn tuple<H: Heap + ?Sized>(heap: &mut H, elements: &[Term]) -> Term {
    object(heap, Header::new(Kind::Tuple, elements.len()), as_words(elements)).term()
}

/// A tuple of the elements of several slices.
#[inline]
pub fn tuple_of<H: Heap + ?Sized>(heap: &mut H, parts: &[&[Term]]) -> Term {
    let len = parts.iter().map(|part| part.len()).sum();
    let at = heap.allocate(1 + len);
    // SAFETY: the heap has given the words of a header and its elements.
    unsafe {
        at.write(Header::new(Kind::Tuple, len).raw());
        write_parts(at.add(1).cast(), parts);
        Boxed::new(at).term()
    }
}

/// Slices with more terms are copied by a call.
const FEW: usize = 32;

/// Writes the terms of several slices one after the other.
///
/// # Safety
/// There has to be room for them.
#[inline]
unsafe fn write_parts(to: NonNull<Term>, parts: &[&[Term]]) {
    let mut to = to;
    for part in parts {
        // SAFETY: as the caller promises.
        unsafe {
            if part.len() > FEW {
                to.copy_from_nonoverlapping(NonNull::from(*part).cast(), part.len());
            } else {
                for (index, term) in part.iter().enumerate() {
                    // Volatile, so that this stays a loop.
                    to.add(index).write_volatile(*term);
                }
            }
            to = to.add(part.len());
        }
    }
}

/// A proper list.
pub fn list<H: Heap + ?Sized>(heap: &mut H, elements: &[Term]) -> Term {
    list_before(heap, elements, Term::NIL)
}

/// A list that ends in a given term.
pub fn list_before<H: Heap + ?Sized>(heap: &mut H, elements: &[Term], tail: Term) -> Term {
    if elements.is_empty() {
        return tail;
    }
    let at = heap.allocate(layout::CONS_SIZE * elements.len()).cast::<Term>();
    let last = elements.len() - 1;
    for (index, element) in elements.iter().enumerate() {
        // SAFETY: the heap has given two words for each element.
        unsafe {
            let cell = at.add(layout::CONS_SIZE * index);
            cell.write(*element);
            let next = if index == last { tail } else { Cons::new(cell.add(layout::CONS_SIZE)).term() };
            cell.add(1).write(next);
        }
    }
    // SAFETY: the first cell is there.
    unsafe { Cons::new(at).term() }
}

/// A list of bytes.
pub fn byte_list<H: Heap + ?Sized>(heap: &mut H, bytes: &[u8]) -> Term {
    bytes.iter().rev().fold(Term::NIL, |tail, byte| cons(heap, Term::small_cut(i64::from(*byte)), tail))
}

/// A list of the code points of a text.
pub fn string<H: Heap + ?Sized>(heap: &mut H, text: &str) -> Term {
    text.chars()
        .rev()
        .fold(Term::NIL, |tail, char| cons(heap, Term::small_cut(i64::from(u32::from(char))), tail))
}

/// A float, which has to be finite.
#[inline]
pub fn float<H: Heap + ?Sized>(heap: &mut H, value: f64) -> Term {
    debug_assert!(value.is_finite());
    object(heap, Header::new(Kind::Float, 1), &[value.to_bits()]).term()
}

/// An integer, small or not.
pub fn integer<H: Heap + ?Sized>(heap: &mut H, value: i64) -> Term {
    Term::small(value).unwrap_or_else(|| big(heap, sign(value < 0), &[value.unsigned_abs()]))
}

/// An integer without a sign.
pub fn unsigned<H: Heap + ?Sized>(heap: &mut H, value: u64) -> Term {
    match i64::try_from(value) {
        Ok(value) => integer(heap, value),
        Err(_) => big(heap, Sign::Positive, &[value]),
    }
}

/// An integer of 128 bits.
pub fn wide<H: Heap + ?Sized>(heap: &mut H, value: i128) -> Term {
    let magnitude = value.unsigned_abs();
    number(heap, Integer::new(sign(value < 0), &[magnitude as u64, (magnitude >> 64) as u64]))
}

/// An integer of any size: small if it fits.
pub fn number<H: Heap + ?Sized>(heap: &mut H, value: Integer<'_>) -> Term {
    match value.to_i64().and_then(Term::small) {
        Some(small) => small,
        None => big(heap, value.sign(), value.limbs()),
    }
}

/// A bignum, which is neither small nor ends in a limb of 0.
fn big<H: Heap + ?Sized>(heap: &mut H, sign: Sign, limbs: &[u64]) -> Term {
    let kind = match sign {
        Sign::Positive => Kind::BigPositive,
        Sign::Negative => Kind::BigNegative,
    };
    object(heap, Header::new(kind, limbs.len()), limbs).term()
}

const fn sign(negative: bool) -> Sign {
    if negative { Sign::Negative } else { Sign::Positive }
}

/// A binary with these bytes: on the heap if it is short, else outside.
pub fn binary<H: Heap + ?Sized>(heap: &mut H, bytes: &[u8]) -> Term {
    if bytes.len() <= layout::HEAP_BINARY_LIMIT {
        let (term, place) = heap_binary(heap, bytes.len());
        // SAFETY: the place has just been made, for this many bytes.
        unsafe { place.copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len()) };
        return term;
    }
    refc_binary(heap, BinaryBlock::from_bytes(bytes), bytes.len(), 0)
}

/// A binary of `len` bytes on the heap, all 0, and where they are. It is the caller who keeps to [`layout::HEAP_BINARY_LIMIT`].
pub fn heap_binary<H: Heap + ?Sized>(heap: &mut H, len: usize) -> (Term, NonNull<u8>) {
    let arity = layout::HEAP_DATA - 1 + len.div_ceil(8);
    let at = heap.allocate(1 + arity);
    // SAFETY: the heap has given a header's word, one for the length and those of the bytes.
    unsafe {
        at.write(Header::new(Kind::HeapBinary, arity).raw());
        at.add(layout::HEAP_BYTES).write(len as u64);
        at.add(layout::HEAP_DATA).write_bytes(0, len.div_ceil(8));
        (Boxed::new(at).term(), at.add(layout::HEAP_DATA).cast())
    }
}

/// A binary of the first `len` bytes of a block; the heap takes the reference.
pub fn refc_binary<H: Heap + ?Sized>(heap: &mut H, block: BinaryBlock, len: usize, flags: u64) -> Term {
    debug_assert!(len <= block.capacity());
    let data = block.data().as_ptr().expose_provenance() as u64;
    let words = [len as u64, 0, block.into_raw(), data, flags];
    let object = object(heap, Header::new(Kind::RefcBinary, words.len()), &words);
    // SAFETY: the object is complete, new, and has the reference.
    unsafe { heap.off_heap().push(object, len / 8) };
    object.term()
}

/// A part of a binary or bitstring: `size` bits from bit `from` on, which the caller has checked. As on stock, a short part of whole bytes is
/// copied, so that it does not keep the original alive.
///
/// # Panics
/// When `origin` is no bitstring or the part is not in it.
pub fn sub_bits<H: Heap + ?Sized>(heap: &mut H, origin: Term, from: usize, size: usize) -> Term {
    if !size.is_multiple_of(8) || size > 8 * layout::HEAP_BINARY_LIMIT {
        return sub_binary(heap, origin, from, size);
    }
    let part = origin.as_bits().expect("part of a bitstring").slice(from, size);
    let (term, place) = heap_binary(heap, size / 8);
    match part.as_bytes() {
        // SAFETY: the place has just been made, for this many bytes.
        Some(bytes) => unsafe { place.copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len()) },
        None => {
            for (index, byte) in part.bytes().enumerate() {
                // SAFETY: as above.
                unsafe { place.add(index).write(byte) };
            }
        }
    }
    term
}

/// A part of a binary or bitstring that refers to the original, or to that of a part.
///
/// # Panics
/// When `origin` is no bitstring or the part is not in it.
pub fn sub_binary<H: Heap + ?Sized>(heap: &mut H, origin: Term, from: usize, size: usize) -> Term {
    let boxed = origin.as_boxed().expect("part of a bitstring");
    let words = boxed.words();
    let (whole, start) = match boxed.header().kind() {
        Kind::SubBinary => {
            let skipped = 8 * words[layout::SUB_OFFSET - 1] as usize
                + (words[layout::SUB_BITS - 1] >> 8 & 0xFF) as usize;
            // SAFETY: this word of a sub-binary is the term of its original.
            (unsafe { Term::from_raw(words[layout::SUB_ORIGIN - 1]) }, skipped)
        }
        _ => (origin, 0),
    };
    let limit = origin.as_bits().expect("part of a bitstring").len();
    assert!(from.checked_add(size).is_some_and(|end| end <= limit), "a part is within its original");
    let first = start + from;
    let packed = (size % 8) as u64 | ((first % 8) as u64) << 8;
    let words = [(size / 8) as u64, (first / 8) as u64, packed, whole.raw()];
    object(heap, Header::new(Kind::SubBinary, words.len()), &words).term()
}

/// A bitstring of the first `size` bits of bytes; the bytes are copied.
pub fn bitstring<H: Heap + ?Sized>(heap: &mut H, bytes: &[u8], size: usize) -> Term {
    let whole = binary(heap, &bytes[..size.div_ceil(8)]);
    if size.is_multiple_of(8) { whole } else { sub_bits(heap, whole, 0, size) }
}

/// A local fun. The entry is one of the code room's, which never frees them.
pub fn fun<H: Heap + ?Sized>(heap: &mut H, entry: &'static FunEntry, creator: Term, env: &[Term]) -> Term {
    let at = heap.allocate(layout::FUN_ENV + env.len());
    let header = Header::new(Kind::Fun, layout::FUN_ENV - 1 + env.len());
    // SAFETY: the heap has given the words of a fun and its environment.
    unsafe {
        at.write(header.raw());
        at.add(layout::FUN_ENTRY).write((entry as *const FunEntry).expose_provenance() as u64);
        at.add(layout::FUN_ENTRY + 1).write(0);
        at.add(layout::FUN_ARITY).write(u64::from(entry.arity));
        at.add(layout::FUN_FREE).write(env.len() as u64);
        at.add(layout::FUN_CREATOR).write(creator.raw());
        at.add(layout::FUN_ENV).copy_from_nonoverlapping(NonNull::from(env).cast(), env.len());
        Boxed::new(at).term()
    }
}

/// An external fun.
pub fn export<H: Heap + ?Sized>(heap: &mut H, entry: &'static Export) -> Term {
    let address = (entry as *const Export).expose_provenance() as u64;
    object(heap, Header::new(Kind::Export, 1), &[address]).term()
}

/// A small map of a tuple of keys in order and as many values. The caller has sorted the keys.
pub fn flat_map<H: Heap + ?Sized>(heap: &mut H, keys: Term, values: &[Term]) -> Term {
    debug_assert!(values.len() <= layout::MAP_SMALL_LIMIT);
    let at = heap.allocate(layout::MAP_VALUES + values.len());
    let header = Header::new(Kind::Map, layout::MAP_VALUES - 1 + values.len());
    // SAFETY: the heap has given the words of a map and its values.
    unsafe {
        at.write(header.raw());
        at.add(layout::MAP_COUNT).write(Term::count(values.len()).raw());
        at.add(layout::MAP_KEYS).write(keys.raw());
        at.add(layout::MAP_VALUES).copy_from_nonoverlapping(NonNull::from(values).cast(), values.len());
        Boxed::new(at).term()
    }
}

/// A small map of a tuple of keys in order and the values of several slices.
#[inline]
pub fn flat_map_of<H: Heap + ?Sized>(heap: &mut H, keys: Term, parts: &[&[Term]]) -> Term {
    let len = parts.iter().map(|part| part.len()).sum();
    debug_assert!(len <= layout::MAP_SMALL_LIMIT);
    let at = heap.allocate(layout::MAP_VALUES + len);
    // SAFETY: the heap has given the words of a map and its values.
    unsafe {
        at.write(Header::new(Kind::Map, layout::MAP_VALUES - 1 + len).raw());
        at.add(layout::MAP_COUNT).write(Term::count(len).raw());
        at.add(layout::MAP_KEYS).write(keys.raw());
        write_parts(at.add(layout::MAP_VALUES).cast(), parts);
        Boxed::new(at).term()
    }
}

/// The root of a large map.
pub fn map_root<H: Heap + ?Sized>(heap: &mut H, count: usize, bitmap: u16, children: &[Term]) -> Term {
    debug_assert!(count > layout::MAP_SMALL_LIMIT && bitmap.count_ones() as usize == children.len());
    let at = heap.allocate(2 + children.len());
    let header = Header::new(Kind::Map, 1 + children.len()).with_extra(u32::from(bitmap));
    // SAFETY: the heap has given the words of a root and its children.
    unsafe {
        at.write(header.raw());
        at.add(layout::MAP_COUNT).write(Term::count(count).raw());
        at.add(layout::MAP_COUNT + 1)
            .copy_from_nonoverlapping(NonNull::from(children).cast(), children.len());
        Boxed::new(at).term()
    }
}

/// An inner node of a large map.
pub fn map_node<H: Heap + ?Sized>(heap: &mut H, bitmap: u16, children: &[Term]) -> Term {
    debug_assert!(bitmap.count_ones() as usize == children.len());
    let header = Header::new(Kind::MapNode, children.len()).with_extra(u32::from(bitmap));
    object(heap, header, as_words(children)).term()
}

/// An inner node of a large map whose leaves only their keys tell apart: it has no bitmap.
pub fn map_collision<H: Heap + ?Sized>(heap: &mut H, leaves: &[Term]) -> Term {
    object(heap, Header::new(Kind::MapNode, leaves.len()), as_words(leaves)).term()
}

/// A reference of this node: its three numbers, and the process that it is an alias of.
pub fn reference<H: Heap + ?Sized>(heap: &mut H, numbers: [u32; 3], alias: Option<LocalPid>) -> Term {
    let [first, second, third] = numbers.map(u64::from);
    let words = [
        first << 32 | if alias.is_some() { 5 } else { 3 },
        third << 32 | second,
        alias.map_or(0, |pid| u64::from(pid.0)),
    ];
    let arity = if alias.is_some() { layout::REF_PID_SIZE } else { layout::REF_SIZE } - 1;
    object(heap, Header::new(Kind::Reference, arity), &words[..arity]).term()
}

/// A reference that stands for an object of the machine.
pub fn magic<H: Heap + ?Sized>(heap: &mut H, numbers: [u32; 3], magic: Magic) -> Term {
    let [first, second, third] = numbers.map(u64::from);
    let address = Magic::into_raw(magic).expose_provenance() as u64;
    let words = [first << 32 | 3, third << 32 | second, 0, address];
    let object = object(heap, Header::new(Kind::Reference, words.len()), &words);
    // SAFETY: the object is complete, new, and has the reference.
    unsafe { heap.off_heap().push(object, 0) };
    object.term()
}

/// A node's name and creation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Node {
    /// The name.
    pub name: crate::atom::Atom,
    /// Which incarnation of the name.
    pub creation: u32,
}

impl Node {
    fn word(self) -> u64 {
        u64::from(self.name.index()) | u64::from(self.creation) << 32
    }
}

/// A pid of another node.
pub fn external_pid<H: Heap + ?Sized>(heap: &mut H, node: Node, number: u32, serial: u32) -> Term {
    let words = [node.word(), 0, u64::from(number) | u64::from(serial) << 32];
    object(heap, Header::new(Kind::ExternalPid, words.len()), &words).term()
}

/// A port of another node.
pub fn external_port<H: Heap + ?Sized>(heap: &mut H, node: Node, number: u64) -> Term {
    object(heap, Header::new(Kind::ExternalPort, 3), &[node.word(), 0, number]).term()
}

/// A reference of another node, with one to five numbers.
pub fn external_reference<H: Heap + ?Sized>(heap: &mut H, node: Node, numbers: &[u32]) -> Term {
    let mut words = [node.word(), 0, numbers.len() as u64, 0, 0];
    for (place, number) in numbers.iter().enumerate() {
        let half = place + 1;
        words[2 + half / 2] |= u64::from(*number) << (32 * (half % 2));
    }
    let arity = 2 + (1 + numbers.len()).div_ceil(2);
    object(heap, Header::new(Kind::ExternalReference, arity), &words[..arity]).term()
}
