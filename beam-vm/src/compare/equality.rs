// SPDX-License-Identifier: Apache-2.0
//! `=:=` and `==`.

use alloc::vec::Vec;

use super::numbers;
use crate::number::integer;
use crate::short;
use crate::term::{Bits, External, Fun, Map, MapNode, REF_NUMBERS_MAX, Reference, Term, View};

/// Which numbers are equal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Exactness {
    /// Those of the same type and value.
    Exact,
    /// Those of the same value.
    Value,
}

/// Whether two terms are the same: `=:=`.
#[inline]
#[must_use]
pub fn same(a: Term, b: Term) -> bool {
    a == b || !(a.is_immediate() || b.is_immediate()) && walk(a, b, Exactness::Exact)
}

/// Whether two terms are equal: `==`.
#[inline]
#[must_use]
pub fn equal(a: Term, b: Term) -> bool {
    a == b || !(a.is_immediate() && b.is_immediate()) && walk(a, b, Exactness::Value)
}

/// Whether two different words cannot be equal terms.
fn differ(a: Term, b: Term, exactness: Exactness) -> bool {
    match exactness {
        Exactness::Exact => a.is_immediate() || b.is_immediate(),
        Exactness::Value => a.is_immediate() && b.is_immediate(),
    }
}

struct Walk {
    stack: Vec<(Term, Term, Exactness)>,
}

/// What most keys are needs no stack: two bitstrings, or two tuples of immediates. None if they have to be looked into.
#[inline]
fn at_once(a: Term, b: Term, exactness: Exactness) -> Option<bool> {
    if let (Some(left), Some(right)) = (a.as_tuple(), b.as_tuple()) {
        if left.len() != right.len() {
            return Some(false);
        }
        let mut are_same = Some(true);
        for (a, b) in left.elements().iter().zip(right.elements()) {
            if a != b {
                if differ(*a, *b, exactness) {
                    return Some(false);
                }
                are_same = None;
            }
        }
        return are_same;
    }
    if let (Some(left), Some(right)) = (a.as_short_bytes(), b.as_short_bytes()) {
        return Some(left == right);
    }
    Some(bits(&a.as_bits()?, &b.as_bits()?))
}

fn walk(a: Term, b: Term, exactness: Exactness) -> bool {
    at_once(a, b, exactness).unwrap_or_else(|| deep(a, b, exactness))
}

fn deep(a: Term, b: Term, exactness: Exactness) -> bool {
    let mut walk = Walk { stack: Vec::new() };
    let mut next = Some((a, b, exactness));
    while let Some((a, b, exactness)) = next {
        next = None;
        if a != b {
            if let (Some(left), Some(right)) = (a.as_cons(), b.as_cons()) {
                let (head_a, head_b) = (left.head(), right.head());
                if head_a == head_b {
                    next = Some((left.tail(), right.tail(), exactness));
                } else if differ(head_a, head_b, exactness) {
                    return false;
                } else {
                    walk.stack.push((left.tail(), right.tail(), exactness));
                    next = Some((head_a, head_b, exactness));
                }
                continue;
            }
            if !walk.objects(a, b, exactness) {
                return false;
            }
        }
        if next.is_none() {
            next = walk.stack.pop();
        }
    }
    true
}

impl Walk {
    /// Compares two terms that are no two cons cells as far as they are not made of terms; what is left goes to the stack.
    fn objects(&mut self, a: Term, b: Term, exactness: Exactness) -> bool {
        if let (Some(a), Some(b)) = (a.as_tuple(), b.as_tuple()) {
            return a.len() == b.len() && self.all(a.elements(), b.elements(), exactness);
        }
        match (a.view(), b.view()) {
            (View::Float(a), View::Float(b)) => numbers::floats(a, b).is_eq(),
            (View::Big(a), View::Big(b)) => integer::compare(a.integer(), b.integer()).is_eq(),
            (View::Map(a), View::Map(b)) => self.maps(a, b, exactness),
            (View::MapNode(a), View::MapNode(b)) => self.nodes(a, b, exactness),
            (View::Bits(a), View::Bits(b)) => bits(&a, &b),
            (View::Fun(a), View::Fun(b)) => self.funs(a, b, exactness),
            (View::Export(a), View::Export(b)) => core::ptr::eq(a.entry(), b.entry()),
            (View::Reference(a), View::Reference(b)) => references(a, b),
            (View::ExternalPid(a), View::ExternalPid(b)) | (View::ExternalPort(a), View::ExternalPort(b)) => {
                a.node() == b.node() && a.creation() == b.creation() && a.data() == b.data()
            }
            (View::ExternalReference(a), View::ExternalReference(b)) => external_references(a, b),
            _ => {
                exactness == Exactness::Value
                    && numbers::by_value(a, b).is_some_and(core::cmp::Ordering::is_eq)
            }
        }
    }

    fn all(&mut self, a: &[Term], b: &[Term], exactness: Exactness) -> bool {
        for (a, b) in a.iter().zip(b).rev() {
            if a == b {
                continue;
            }
            if differ(*a, *b, exactness) {
                return false;
            }
            self.stack.push((*a, *b, exactness));
        }
        true
    }

    /// Keys are the same or not, whatever the operator.
    fn maps(&mut self, a: Map, b: Map, exactness: Exactness) -> bool {
        if a.len() != b.len() {
            return false;
        }
        if a.is_flat() {
            let (keys_a, keys_b) = (a.flat_keys(), b.flat_keys());
            let keys = keys_a == keys_b || self.all(keys_a.elements(), keys_b.elements(), Exactness::Exact);
            return keys && self.all(a.flat_values(), b.flat_values(), exactness);
        }
        a.root_bitmap() == b.root_bitmap() && self.children(a.root_children(), b.root_children(), exactness)
    }

    fn nodes(&mut self, a: MapNode, b: MapNode, exactness: Exactness) -> bool {
        a.bitmap() == b.bitmap() && self.children(a.children(), b.children(), exactness)
    }

    fn children(&mut self, a: &[Term], b: &[Term], exactness: Exactness) -> bool {
        a.iter().zip(b).all(|(a, b)| match (a.as_cons(), b.as_cons()) {
            _ if a == b => true,
            (Some(a), Some(b)) => {
                self.all(&[a.head()], &[b.head()], Exactness::Exact)
                    && self.all(&[a.tail()], &[b.tail()], exactness)
            }
            (None, None) => {
                self.stack.push((*a, *b, exactness));
                true
            }
            _ => false,
        })
    }

    fn funs(&mut self, a: Fun, b: Fun, exactness: Exactness) -> bool {
        core::ptr::eq(a.entry(), b.entry())
            && a.env().len() == b.env().len()
            && self.all(a.env(), b.env(), exactness)
    }
}

fn bits(a: &Bits, b: &Bits) -> bool {
    if a.len() != b.len() {
        return false;
    }
    match (a.as_bytes(), b.as_bytes()) {
        (Some(a), Some(b)) => short::same(a, b),
        _ => a.bytes().eq(b.bytes()),
    }
}

fn references(a: Reference, b: Reference) -> bool {
    let (mut left, mut right) = ([0; REF_NUMBERS_MAX], [0; REF_NUMBERS_MAX]);
    a.numbers(&mut left) == b.numbers(&mut right)
}

fn external_references(a: External, b: External) -> bool {
    let (mut left, mut right) = ([0; REF_NUMBERS_MAX], [0; REF_NUMBERS_MAX]);
    let is_of_same = a.node() == b.node() && a.creation() == b.creation();
    is_of_same && same_numbers(a.numbers(&mut left), b.numbers(&mut right))
}

/// Numbers that one does not have are 0.
fn same_numbers(a: &[u32], b: &[u32]) -> bool {
    let (shorter, longer) = if a.len() < b.len() { (a, b) } else { (b, a) };
    let (common, rest) = longer.split_at(shorter.len());
    common == shorter && rest.iter().all(|number| *number == 0)
}
