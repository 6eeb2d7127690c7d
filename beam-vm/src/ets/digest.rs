// SPDX-License-Identifier: Apache-2.0
//! Digests: a number for each key, so that of two keys the lower one never has the higher number. Nodes of a tree keep them side by side; most
//! searches are decided by them without a look at any object.
//!
//! The highest four bits are the place of the key's type in the order of terms, the others say what fits of its value. Keys with one digest
//! may still differ, keys that are equal never have two digests: `1` and `1.0` have one. Numbers alone have odd and even digests: an even one is
//! that of an integer of up to 60 bits and says all, an odd one is that of what lies between two of them, or beyond them.

use core::cmp::Ordering;

use crate::atom::AtomTable;
use crate::compare::compare;
use crate::term::{Bits, Cons, LocalPid, Term, Tuple, View};

/// Bits below the type's.
const BITS: u32 = 60;
/// All of them.
const VALUE: u64 = (1 << BITS) - 1;
/// What makes small integers positive.
const BIAS: i64 = 1 << (BITS - 1);

/// Numbers below all small integers.
const BELOW: u64 = 1;
/// Numbers above all small integers.
const ABOVE: u64 = of_small(Term::SMALL_MAX) + 1;
const ATOM: u64 = 3 << BITS;
const REFERENCE: u64 = 4 << BITS;
const FUN: u64 = 5 << BITS;
const PORT: u64 = 6 << BITS;
const PID: u64 = 7 << BITS;
const TUPLE: u64 = 8 << BITS;
const MAP: u64 = 9 << BITS;
const EMPTY_LIST: u64 = 10 << BITS;
const LIST: u64 = 11 << BITS;
const BITSTRING: u64 = 12 << BITS;
const OTHER: u64 = 13 << BITS;

/// Below the digests of all keys.
pub(super) const BEFORE: u64 = 0;
/// Above the digests of all keys.
pub(super) const AFTER: u64 = u64::MAX - 1;
/// Above all others.
pub(super) const END: u64 = u64::MAX;

const _: () = assert!(BEFORE < BELOW && ABOVE < ATOM && OTHER | VALUE < AFTER);

/// Tuples of this size and larger ones have one digest.
const LARGE_TUPLE: usize = 0xFFFF;

/// The digest of a key.
#[inline]
pub(super) fn digest(atoms: &AtomTable, key: Term) -> u64 {
    if key.is_small() {
        return of_small(key.small_value());
    }
    match key.as_atom() {
        Some(atom) => ATOM | u64::from(atoms.prefix(atom)) << 28,
        None => of_others(atoms, key),
    }
}

/// Whether keys with this digest are equal.
#[inline]
fn says_all(digest: u64) -> bool {
    digest < ATOM && digest.is_multiple_of(2)
}

#[inline]
const fn of_small(value: i64) -> u64 {
    2 * (value + BIAS) as u64 + 2
}

fn of_float(value: f64) -> u64 {
    // Both limits are floats, and those of their size have nothing behind the point.
    if value < Term::SMALL_MIN as f64 {
        return BELOW;
    }
    if value >= -(Term::SMALL_MIN as f64) {
        return ABOVE;
    }
    let whole = value as i64;
    match value - whole as f64 {
        0.0 => of_small(whole),
        rest if rest < 0.0 => of_small(whole) - 1,
        _ => of_small(whole) + 1,
    }
}

#[inline(never)]
fn of_others(atoms: &AtomTable, key: Term) -> u64 {
    match key.view() {
        View::Tuple(tuple) => of_tuple(atoms, tuple),
        View::Cons(cell) => LIST | of_list(cell),
        view => of_simple(atoms, key, &view),
    }
}

/// The digest of an element: of what is made of terms it has the type alone.
fn of_element(atoms: &AtomTable, term: Term) -> u64 {
    match term.view() {
        View::Tuple(_) => TUPLE,
        View::Cons(_) => LIST,
        view => of_simple(atoms, term, &view),
    }
}

/// What is neither a tuple nor a list that has elements.
fn of_simple(atoms: &AtomTable, term: Term, view: &View) -> u64 {
    match *view {
        View::Small(_) | View::Atom(_) => digest(atoms, term),
        View::Float(value) => of_float(value),
        View::Big(big) => {
            if big.is_negative() {
                BELOW
            } else {
                ABOVE
            }
        }
        View::Reference(_) | View::ExternalReference(_) => REFERENCE,
        View::Fun(_) | View::Export(_) => FUN,
        View::Port(_) | View::ExternalPort(_) => PORT,
        View::Pid(LocalPid(pid)) => PID | u64::from(pid >> 15) << 32 | u64::from(pid & 0x7FFF),
        // The serial is above the number; those of other nodes may be larger than those of this one.
        View::ExternalPid(pid) => PID | pid.data().min(VALUE),
        View::Map(map) => MAP | (map.len() as u64).min(VALUE),
        View::Nil => EMPTY_LIST,
        View::Bits(bits) => BITSTRING | of_bits(&bits),
        View::Tuple(_) | View::Cons(_) | View::MapNode(_) | View::MatchState(_) | View::None => OTHER,
    }
}

/// The size, and what fits of the first element.
fn of_tuple(atoms: &AtomTable, tuple: Tuple) -> u64 {
    let size = tuple.len().min(LARGE_TUPLE);
    let first = tuple.elements().first().filter(|_| size < LARGE_TUPLE);
    TUPLE | (size as u64) << 44 | first.map_or(0, |first| of_element(atoms, *first) >> 20)
}

/// Five elements of 12 bits: numbers up to [`LARGE_ELEMENT`] have even digits, what is between them odd ones, after which nothing is told of the rest.
fn of_list(mut cell: Cons) -> u64 {
    let mut value = 0;
    for shift in [48, 36, 24, 12, 0] {
        let digit = of_list_element(cell.head());
        value |= digit << shift;
        if digit % 2 == 1 || shift == 0 {
            break;
        }
        match cell.tail().as_cons() {
            Some(next) => cell = next,
            None => {
                // Only a bitstring is a tail above another list.
                if cell.tail().is_bitstring() {
                    value |= BEYOND << (shift - 12);
                }
                break;
            }
        }
    }
    value
}

/// Elements from here on, and those that are no numbers, have one digit.
const LARGE_ELEMENT: i64 = 2046;
/// That digit.
const BEYOND: u64 = 2 * LARGE_ELEMENT as u64 + 3;

fn of_list_element(element: Term) -> u64 {
    let whole = |value: i64| match value {
        ..0 => 1,
        0..LARGE_ELEMENT => 2 * value as u64 + 2,
        _ => BEYOND,
    };
    match element.view() {
        View::Small(value) => whole(value),
        View::Float(value) if value < 0.0 => 1,
        View::Float(value) => {
            let digit = whole(value as i64);
            if digit < BEYOND && (value as i64) as f64 != value { digit + 1 } else { digit }
        }
        View::Big(big) if big.is_negative() => 1,
        _ => BEYOND,
    }
}

fn of_bits(bits: &Bits) -> u64 {
    match bits.as_bytes() {
        Some(bytes) => of_bytes(bytes.iter().copied()),
        None => of_bytes(bits.bytes()),
    }
}

/// The first seven bytes.
fn of_bytes(bytes: impl Iterator<Item = u8>) -> u64 {
    let mut first = [0; 8];
    first.iter_mut().zip(bytes.take(7)).for_each(|(to, from)| *to = from);
    u64::from_be_bytes(first) >> 4
}

/// Elements that the keys of a node may have in common and that are left out of their digests.
const COMMON: usize = 2;
/// Bytes that they may have in common.
const COMMON_BYTES: usize = 16;

/// What all keys of a node have in common.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Shape {
    /// Nothing that counts: digests are those of keys.
    #[default]
    Whole,
    /// They are tuples of a size, not of none, whose first elements are these; digests are those of the element after them.
    Tuples { size: usize, skip: usize, common: [Term; COMMON] },
    /// They are bitstrings that begin with these bytes; digests are those of what follows.
    Texts { skip: usize, common: [u8; COMMON_BYTES] },
}

impl Shape {
    /// What the keys have in common that are between two, or one of them.
    pub(super) fn between(first: Term, last: Term) -> Self {
        if first.is_bitstring() && last.is_bitstring() {
            return Self::of_texts(first, last);
        }
        let (Some(first), Some(last)) = (first.as_tuple(), last.as_tuple()) else { return Self::Whole };
        let size = first.len();
        if size == 0 || last.len() != size {
            return Self::Whole;
        }
        let mut common = [Term::NIL; COMMON];
        let pairs = first.elements().iter().zip(last.elements());
        let same = pairs.take(COMMON.min(size - 1)).take_while(|(a, b)| a == b && a.is_immediate());
        let mut skip = 0;
        for (element, _) in same {
            common[skip] = *element;
            skip += 1;
        }
        Self::Tuples { size, skip, common }
    }

    fn of_texts(first: Term, last: Term) -> Self {
        let (View::Bits(first), View::Bits(last)) = (first.view(), last.view()) else { return Self::Whole };
        let (Some(first), Some(last)) = (first.as_bytes(), last.as_bytes()) else { return Self::Whole };
        let mut common = [0; COMMON_BYTES];
        let same = first.iter().zip(last).take_while(|(a, b)| a == b).take(COMMON_BYTES);
        let skip = common.iter_mut().zip(same).map(|(to, (byte, _))| *to = *byte).count();
        if skip == 0 { Self::Whole } else { Self::Texts { skip, common } }
    }

    /// Whether keys of this shape with one digest are equal.
    #[inline]
    pub(super) fn says_all(&self, digest: u64) -> bool {
        match self {
            Self::Whole => says_all(digest),
            Self::Tuples { size, skip, .. } => skip + 1 == *size && says_all(digest),
            Self::Texts { .. } => false,
        }
    }

    /// The digest of a key of this shape; [`BEFORE`] or [`AFTER`] if it is of another shape, all keys of which are on that side.
    #[inline]
    pub(super) fn digest(&self, atoms: &AtomTable, key: Term) -> u64 {
        match self {
            Self::Whole if key.is_small() => of_small(key.small_value()),
            _ => self.of_others(atoms, key),
        }
    }

    #[inline(never)]
    fn of_others(&self, atoms: &AtomTable, key: Term) -> u64 {
        match self {
            Self::Whole => digest(atoms, key),
            Self::Tuples { size, skip, common } => of_part(atoms, key, *size, &common[..COMMON.min(*skip)]),
            Self::Texts { skip, common } => of_rest(key, &common[..COMMON_BYTES.min(*skip)]),
        }
    }
}

/// The digest of the element of a tuple after some, if these are as they have to be.
fn of_part(atoms: &AtomTable, key: Term, size: usize, common: &[Term]) -> u64 {
    let beside = |order| if order == Ordering::Less { BEFORE } else { AFTER };
    let Some(tuple) = key.as_tuple().filter(|tuple| tuple.len() == size) else {
        return beside(beside_tuples(key, size));
    };
    let elements = tuple.elements();
    for (element, other) in elements.iter().zip(common) {
        if element != other {
            match compare(atoms, *element, *other) {
                Ordering::Equal => {}
                order => return beside(order),
            }
        }
    }
    elements.get(common.len()).map_or(AFTER, |element| digest(atoms, *element))
}

/// The digest of what follows the first bytes of a bitstring, if these are as they have to be.
fn of_rest(key: Term, common: &[u8]) -> u64 {
    // Bitstrings are above all others.
    let View::Bits(bits) = key.view() else { return BEFORE };
    let (order, rest) = match bits.as_bytes() {
        Some(bytes) => {
            let (head, rest) = bytes.split_at(common.len().min(bytes.len()));
            (head.cmp(common), of_bytes(rest.iter().copied()))
        }
        // A last byte that is not whole has zeros at its end. With these it may be as it has to be; then nothing follows, and it is the lowest.
        None => {
            let mut bytes = bits.bytes();
            (bytes.by_ref().take(common.len()).cmp(common.iter().copied()), of_bytes(bytes))
        }
    };
    match order {
        Ordering::Less => BEFORE,
        Ordering::Equal => BITSTRING | rest,
        Ordering::Greater => AFTER,
    }
}

/// The order of what is no tuple of a size and those that are.
fn beside_tuples(key: Term, size: usize) -> Ordering {
    match key.view() {
        View::Tuple(tuple) => tuple.len().cmp(&size),
        View::Map(_) | View::Nil | View::Cons(_) | View::Bits(_) => Ordering::Greater,
        _ => Ordering::Less,
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::{AFTER, BEFORE, Ordering, Shape, Term, compare, digest, says_all};
    use crate::atom::{AtomLimit, AtomTable};
    use crate::heap::{Fragment, build};
    use crate::term::LocalPid;

    /// A term to be made.
    #[derive(Clone, Debug)]
    enum Sketch {
        Small(i64),
        Big(u64),
        Float(f64),
        Atom(&'static str),
        Pid(u32),
        Tuple(Vec<Sketch>),
        List(Vec<Sketch>, Option<std::boxed::Box<Sketch>>),
        Bytes(Vec<u8>),
        Bits(Vec<u8>, usize),
    }

    fn sketches() -> impl Strategy<Value = Sketch> {
        let small = prop_oneof![
            -3_i64..5,
            2043_i64..2050,
            Just(Term::SMALL_MAX),
            Just(Term::SMALL_MIN),
            any::<i64>().prop_map(|value| value >> 4),
        ];
        let far = [5e17, -6e17, 1e300, 9007199254740993.0, 576460752303423488.0, -576460752303423488.0];
        let float = prop_oneof![
            3 => (-6_i8..12).prop_map(|half| f64::from(half) / 2.0),
            1 => prop::sample::select(&[2045.5, 2046.0, -0.0, -0.25][..]),
            1 => prop::sample::select(Vec::from(far)),
            1 => Just(-576460752303423552.0),
        ];
        let bytes = || prop::collection::vec(prop::sample::select(&[0, 0, 1, 128][..]), 0..20);
        let leaf = prop_oneof![
            4 => small.prop_map(Sketch::Small),
            1 => (1_u64 << 60..).prop_map(Sketch::Big),
            2 => float.prop_map(Sketch::Float),
            2 => prop::sample::select(std::vec!["", "a", "aaaa", "aaaab", "user", "userb", "z"]).prop_map(Sketch::Atom),
            1 => (0_u32..1 << 28).prop_map(Sketch::Pid),
            1 => bytes().prop_map(Sketch::Bytes),
            1 => (bytes(), 0_usize..8).prop_map(|(bytes, bits)| Sketch::Bits(bytes, bits)),
        ];
        leaf.prop_recursive(2, 12, 4, |inner| {
            let elements = || prop::collection::vec(inner.clone(), 0..4);
            let tail = prop::option::weighted(0.2, inner.clone());
            prop_oneof![
                elements().prop_map(Sketch::Tuple),
                (elements(), tail).prop_map(|(elements, tail)| Sketch::List(elements, tail.map(Into::into))),
            ]
        })
    }

    fn make(sketch: &Sketch, atoms: &mut AtomTable, heap: &mut Fragment) -> Term {
        match sketch {
            Sketch::Small(value) => Term::small_cut(*value),
            Sketch::Big(value) => build::unsigned(heap, *value),
            Sketch::Float(value) => build::float(heap, *value),
            Sketch::Atom(text) => Term::atom(atoms.insert(text).expect("there is room")),
            Sketch::Pid(pid) => Term::pid(LocalPid(*pid)),
            Sketch::Tuple(elements) => {
                let elements: Vec<Term> = elements.iter().map(|element| make(element, atoms, heap)).collect();
                build::tuple(heap, &elements)
            }
            Sketch::List(elements, tail) => {
                let elements: Vec<Term> = elements.iter().map(|element| make(element, atoms, heap)).collect();
                let tail = tail.as_ref().map_or(Term::NIL, |tail| make(tail, atoms, heap));
                build::list_before(heap, &elements, tail)
            }
            Sketch::Bytes(bytes) => build::binary(heap, bytes),
            Sketch::Bits(bytes, bits) => {
                let whole = build::binary(heap, bytes);
                build::sub_binary(heap, whole, 0, (8 * bytes.len()).saturating_sub(*bits))
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn digests_never_go_against_the_order(sketches in prop::collection::vec(sketches(), 3)) {
            let (mut atoms, mut heap) = (AtomTable::new(AtomLimit::DEFAULT), Fragment::default());
            let mut keys: Vec<Term> = sketches.iter().map(|sketch| make(sketch, &mut atoms, &mut heap)).collect();
            keys.sort_by(|a, b| compare(&atoms, *a, *b));
            let [first, middle, last] = *keys else { return Ok(()) };
            for (a, b) in [(first, middle), (middle, last)] {
                match compare(&atoms, a, b) {
                    Ordering::Equal => prop_assert_eq!(digest(&atoms, a), digest(&atoms, b)),
                    _ => {
                        prop_assert!(digest(&atoms, a) <= digest(&atoms, b));
                        prop_assert!(digest(&atoms, a) != digest(&atoms, b) || !says_all(digest(&atoms, a)));
                    }
                }
                prop_assert!((BEFORE + 1..AFTER).contains(&digest(&atoms, b)));
            }
            // What is between two keys has what they have in common.
            let shape = Shape::between(first, last);
            let digests = [first, middle, last].map(|key| shape.digest(&atoms, key));
            prop_assert!(digests.iter().all(|digest| (BEFORE + 1..AFTER).contains(digest)));
            prop_assert!(digests.is_sorted());
            if digests[0] == digests[1] && shape.says_all(digests[0]) {
                prop_assert_eq!(compare(&atoms, first, middle), Ordering::Equal);
            }
            // What has not is on one side of all that have.
            let beyond = Shape::between(first, middle).digest(&atoms, last);
            prop_assert!(beyond >= Shape::between(first, middle).digest(&atoms, middle));
            let before = Shape::between(middle, last).digest(&atoms, first);
            prop_assert!(before <= Shape::between(middle, last).digest(&atoms, middle));
        }
    }
}
