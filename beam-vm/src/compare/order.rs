// SPDX-License-Identifier: Apache-2.0
//! The order of all terms.

use alloc::vec::Vec;
use core::cmp::Ordering;

use super::numbers;
use crate::atom::{Atom, AtomTable, predefined};
use crate::map;
use crate::term::{Bits, Cons, External, Fun, Map, REF_NUMBERS_MAX, Reference, Term, Tuple, View};

/// How numbers are ordered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Numbers {
    /// By value.
    Value,
    /// Integers before floats, as keys of maps.
    Keys,
}

/// Compares two terms as `<` and `>` do.
#[must_use]
pub fn compare(atoms: &AtomTable, a: Term, b: Term) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    if a.are_small(b) {
        return a.small_value().cmp(&b.small_value());
    }
    run(atoms, a, b, Numbers::Value)
}

/// Compares two terms as keys of a map: equal are only those that are the same.
#[must_use]
pub fn compare_keys(atoms: &AtomTable, a: Term, b: Term) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    if a.are_small(b) {
        return a.small_value().cmp(&b.small_value());
    }
    run(atoms, a, b, Numbers::Keys)
}

/// What is still to be compared once all before was equal.
enum Rest {
    Pair(Term, Term, Numbers),
    Tails(Cons, Cons, Numbers),
    /// Tuples of the same size from a place on.
    Tuples(Tuple, Tuple, usize, Numbers),
    Slices {
        a: Vec<Term>,
        b: Vec<Term>,
        at: usize,
        numbers: Numbers,
    },
}

/// What a look at two terms has come to.
enum Step {
    /// They are in this order, as far as it is known; if they are equal, what was put aside decides.
    Decided(Ordering),
    /// These decide first.
    Pair(Term, Term, Numbers),
}

struct Walk<'a> {
    atoms: &'a AtomTable,
    stack: Vec<Rest>,
}

/// The place of a term's type in the order.
fn rank(view: &View) -> u8 {
    match view {
        View::Small(_) | View::Big(_) | View::Float(_) => 0,
        View::Atom(_) => 1,
        View::Reference(_) | View::ExternalReference(_) => 2,
        View::Fun(_) | View::Export(_) => 3,
        View::Port(_) | View::ExternalPort(_) => 4,
        View::Pid(_) | View::ExternalPid(_) => 5,
        View::Tuple(_) => 6,
        View::Map(_) => 7,
        View::Nil => 8,
        View::Cons(_) => 9,
        View::Bits(_) => 10,
        View::MapNode(_) | View::MatchState(_) | View::None => 11,
    }
}

/// The order of two words that decide it, or of two atoms.
#[inline]
fn quick(atoms: &AtomTable, a: Term, b: Term) -> Option<Ordering> {
    if a == b {
        return Some(Ordering::Equal);
    }
    if a.are_small(b) {
        return Some(a.small_value().cmp(&b.small_value()));
    }
    Some(atoms.compare(a.as_atom()?, b.as_atom()?))
}

/// The order of two tuples whose sizes or elements decide it at a glance, as those of most keys do.
#[inline]
fn quick_tuples(atoms: &AtomTable, a: Term, b: Term) -> Option<Ordering> {
    let (a, b) = (a.as_tuple()?, b.as_tuple()?);
    match a.len().cmp(&b.len()) {
        Ordering::Equal => {}
        order => return Some(order),
    }
    for (x, y) in a.elements().iter().zip(b.elements()) {
        match quick(atoms, *x, *y)? {
            Ordering::Equal => {}
            order => return Some(order),
        }
    }
    Some(Ordering::Equal)
}

fn run(atoms: &AtomTable, a: Term, b: Term, numbers: Numbers) -> Ordering {
    if let Some(order) = quick_tuples(atoms, a, b) {
        return order;
    }
    let mut walk = Walk { atoms, stack: Vec::new() };
    let mut step = Step::Pair(a, b, numbers);
    loop {
        step = match step {
            Step::Pair(a, b, numbers) => walk.pair(a, b, numbers),
            Step::Decided(Ordering::Equal) => match walk.stack.pop() {
                Some(rest) => walk.resume(rest),
                None => return Ordering::Equal,
            },
            Step::Decided(order) => return order,
        };
    }
}

impl Walk<'_> {
    fn resume(&mut self, rest: Rest) -> Step {
        match rest {
            Rest::Pair(a, b, numbers) => Step::Pair(a, b, numbers),
            Rest::Tails(a, b, numbers) => self.lists(a, b, numbers),
            Rest::Tuples(a, b, from, numbers) => self.tuples(a, b, from, numbers),
            Rest::Slices { a, b, at, numbers } => match (a.get(at), b.get(at)) {
                (Some(left), Some(right)) => {
                    let (left, right) = (*left, *right);
                    self.stack.push(Rest::Slices { a, b, at: at + 1, numbers });
                    Step::Pair(left, right, numbers)
                }
                _ => Step::Decided(Ordering::Equal),
            },
        }
    }

    /// Two lists: as far as heads decide by themselves, without the stack.
    fn lists(&mut self, mut a: Cons, mut b: Cons, numbers: Numbers) -> Step {
        loop {
            let (left, right) = (a.head(), b.head());
            let (next_a, next_b) = (a.tail(), b.tail());
            match quick(self.atoms, left, right) {
                Some(Ordering::Equal) => {}
                Some(order) => return Step::Decided(order),
                None => {
                    self.stack.push(match (next_a.as_cons(), next_b.as_cons()) {
                        (Some(a), Some(b)) => Rest::Tails(a, b, numbers),
                        _ => Rest::Pair(next_a, next_b, numbers),
                    });
                    return Step::Pair(left, right, numbers);
                }
            }
            match (next_a.as_cons(), next_b.as_cons()) {
                _ if next_a == next_b => return Step::Decided(Ordering::Equal),
                (Some(next_a), Some(next_b)) => (a, b) = (next_a, next_b),
                _ => return Step::Pair(next_a, next_b, numbers),
            }
        }
    }

    /// Two tuples of the same size: as far as elements decide by themselves, without the stack.
    fn tuples(&mut self, a: Tuple, b: Tuple, from: usize, numbers: Numbers) -> Step {
        let (left, right) = (a.elements(), b.elements());
        for (at, (x, y)) in left.iter().zip(right).enumerate().skip(from) {
            match quick(self.atoms, *x, *y) {
                Some(Ordering::Equal) => {}
                Some(order) => return Step::Decided(order),
                None => {
                    if at + 1 < left.len() {
                        self.stack.push(Rest::Tuples(a, b, at + 1, numbers));
                    }
                    return Step::Pair(*x, *y, numbers);
                }
            }
        }
        Step::Decided(Ordering::Equal)
    }

    /// Two terms that are not the same words, as far as they are not made of terms.
    fn pair(&mut self, a: Term, b: Term, numbers: Numbers) -> Step {
        if let Some(order) = quick(self.atoms, a, b) {
            return Step::Decided(order);
        }
        if let (Some(a), Some(b)) = (a.as_cons(), b.as_cons()) {
            return self.lists(a, b, numbers);
        }
        if let (Some(a), Some(b)) = (a.as_tuple(), b.as_tuple()) {
            return match a.len().cmp(&b.len()) {
                Ordering::Equal => self.tuples(a, b, 0, numbers),
                order => Step::Decided(order),
            };
        }
        Step::Decided(self.others(a, b, numbers))
    }

    fn slices(&mut self, a: &[Term], b: &[Term], numbers: Numbers) {
        self.stack.push(Rest::Slices { a: a.to_vec(), b: b.to_vec(), at: 0, numbers });
    }

    /// Two terms that are neither two lists nor two tuples; what they are made of is put aside.
    fn others(&mut self, a: Term, b: Term, numbers: Numbers) -> Ordering {
        let (left, right) = (a.view(), b.view());
        match rank(&left).cmp(&rank(&right)) {
            Ordering::Equal => {}
            order => return order,
        }
        match (left, right) {
            (View::Atom(a), View::Atom(b)) => self.atoms.compare(a, b),
            (View::Map(a), View::Map(b)) => self.maps(a, b, numbers),
            (View::Bits(a), View::Bits(b)) => bits(&a, &b),
            (View::Small(_) | View::Big(_) | View::Float(_), _) => {
                if numbers == Numbers::Keys {
                    let types = numbers::is_float(a).cmp(&numbers::is_float(b));
                    if types.is_ne() {
                        return types;
                    }
                }
                numbers::by_value(a, b).unwrap_or(Ordering::Equal)
            }
            (View::Fun(a), View::Fun(b)) => self.funs(a, b, numbers),
            (View::Export(a), View::Export(b)) => {
                let (a, b) = (a.entry(), b.entry());
                let names = self.atoms.compare(a.module, b.module);
                let names = names.then_with(|| self.atoms.compare(a.function, b.function));
                names.then_with(|| a.arity.cmp(&b.arity))
            }
            (View::Fun(_), View::Export(_)) => Ordering::Less,
            (View::Export(_), View::Fun(_)) => Ordering::Greater,
            (View::Pid(a), View::Pid(b)) => (a.0 >> 15, a.0 & 0x7FFF).cmp(&(b.0 >> 15, b.0 & 0x7FFF)),
            (View::Port(a), View::Port(b)) => a.cmp(&b),
            (View::Reference(a), View::Reference(b)) => references(a, b),
            (View::ExternalPid(a), View::ExternalPid(b)) => {
                let data = |pid: External| ((pid.data() >> 32) as u32, pid.data() as u32);
                data(a).cmp(&data(b)).then_with(|| self.nodes(a, b))
            }
            (View::ExternalPort(a), View::ExternalPort(b)) => {
                self.nodes(a, b).then_with(|| a.data().cmp(&b.data()))
            }
            (View::ExternalReference(a), View::ExternalReference(b)) => {
                self.nodes(a, b).then_with(|| external_references(a, b))
            }
            (View::Pid(pid), View::ExternalPid(other)) => {
                local_pid(pid.0, other).then_with(|| self.with_local(other).reverse())
            }
            (View::ExternalPid(other), View::Pid(pid)) => {
                local_pid(pid.0, other).reverse().then_with(|| self.with_local(other))
            }
            (
                View::Port(_) | View::Reference(_),
                View::ExternalPort(other) | View::ExternalReference(other),
            ) => self.with_local(other).reverse(),
            (View::ExternalPort(other) | View::ExternalReference(other), _) => self.with_local(other),
            _ => Ordering::Equal,
        }
    }

    fn nodes(&self, a: External, b: External) -> Ordering {
        self.atoms.compare(a.node(), b.node()).then_with(|| a.creation().cmp(&b.creation()))
    }

    /// How the node of a remote identifier compares with this one, which is known here by its name before it has another.
    fn with_local(&self, other: External) -> Ordering {
        let here = self.atoms.find("nonode@nohost").unwrap_or(Atom::from_index(predefined::NO_TEXT.index()));
        self.atoms.compare(other.node(), here).then(Ordering::Greater)
    }

    fn maps(&mut self, a: Map, b: Map, numbers: Numbers) -> Ordering {
        let order = a.len().cmp(&b.len());
        if order.is_ne() {
            return order;
        }
        let (left, right) = (map::sorted_pairs(self.atoms, a), map::sorted_pairs(self.atoms, b));
        let split = |pairs: Vec<(Term, Term)>| pairs.into_iter().unzip::<Term, Term, Vec<Term>, Vec<Term>>();
        let ((keys_a, values_a), (keys_b, values_b)) = (split(left), split(right));
        self.stack.push(Rest::Slices { a: values_a, b: values_b, at: 0, numbers });
        self.stack.push(Rest::Slices { a: keys_a, b: keys_b, at: 0, numbers: Numbers::Keys });
        Ordering::Equal
    }

    fn funs(&mut self, a: Fun, b: Fun, numbers: Numbers) -> Ordering {
        let (left, right) = (a.entry(), b.entry());
        let order = self.atoms.compare(left.module, right.module);
        let order = order.then_with(|| left.old_index.cmp(&right.old_index));
        let order = order.then_with(|| left.old_uniq.cmp(&right.old_uniq));
        let order = order.then_with(|| a.env().len().cmp(&b.env().len()));
        if order.is_eq() {
            self.slices(a.env(), b.env(), numbers);
        }
        order
    }
}

fn local_pid(pid: u32, other: External) -> Ordering {
    (pid >> 15, pid & 0x7FFF).cmp(&((other.data() >> 32) as u32, other.data() as u32))
}

fn bits(a: &Bits, b: &Bits) -> Ordering {
    let shorter = a.len().min(b.len());
    let (left, right) = (a.slice(0, shorter), b.slice(0, shorter));
    let order = match (left.as_bytes(), right.as_bytes()) {
        (Some(a), Some(b)) => a.cmp(b),
        _ => left.bytes().cmp(right.bytes()),
    };
    order.then(a.len().cmp(&b.len()))
}

/// The highest number decides first.
fn references(a: Reference, b: Reference) -> Ordering {
    let (mut left, mut right) = ([0; REF_NUMBERS_MAX], [0; REF_NUMBERS_MAX]);
    numbers_of(a.numbers(&mut left), b.numbers(&mut right))
}

fn external_references(a: External, b: External) -> Ordering {
    let (mut left, mut right) = ([0; REF_NUMBERS_MAX], [0; REF_NUMBERS_MAX]);
    numbers_of(a.numbers(&mut left), b.numbers(&mut right))
}

/// Numbers that one does not have are 0.
fn numbers_of(a: &[u32], b: &[u32]) -> Ordering {
    let number = |numbers: &[u32], index: usize| numbers.get(index).copied().unwrap_or(0);
    let places = (0..a.len().max(b.len())).rev();
    places
        .map(|index| number(a, index).cmp(&number(b, index)))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}
