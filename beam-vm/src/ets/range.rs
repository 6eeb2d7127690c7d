// SPDX-License-Identifier: Apache-2.0
//! What part of an ordered table a pattern of keys can match: the keys from one on, to another.
//!
//! A key that is bound as far as its first variable matches keys that lie side by side.

use core::cmp::Ordering;

use crate::atom::{AtomTable, predefined};
use crate::compare::compare;
use crate::matchspec::{has_map, is_bound, variable};
use crate::stack::InlineStack;
use crate::term::{Term, View};

/// The first and the last pattern of keys, where there are limits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Range {
    /// What the first key matches.
    pub from: Option<Term>,
    /// What the last key matches.
    pub to: Option<Term>,
    /// Whether no other key than one can match.
    pub is_one: bool,
}

/// The order of a key and a pattern: equal if it is one of those that the pattern may match.
#[must_use]
pub fn compare_with_pattern(atoms: &AtomTable, key: Term, pattern: Term) -> Ordering {
    let mut stack = InlineStack::new();
    stack.push((key, pattern));
    while let Some((key, pattern)) = stack.pop() {
        match (key.view(), pattern.view()) {
            (_, View::Atom(predefined::UNDERSCORE)) => return Ordering::Equal,
            (_, View::Atom(_)) if variable(atoms, pattern).is_some() => return Ordering::Equal,
            (View::Cons(key), View::Cons(pattern)) => {
                stack.push((key.tail(), pattern.tail()));
                stack.push((key.head(), pattern.head()));
            }
            (View::Tuple(key), View::Tuple(pattern)) if key.len() == pattern.len() => {
                for pair in key.elements().iter().zip(pattern.elements()).rev() {
                    stack.push((*pair.0, *pair.1));
                }
            }
            _ => match compare(atoms, key, pattern) {
                Ordering::Equal => {}
                unequal => return unequal,
            },
        }
    }
    Ordering::Equal
}

/// The order of two patterns by the first keys, or the last ones, that they may match: what may be anything is less than all else, or greater.
fn compare_patterns(atoms: &AtomTable, a: Term, b: Term, anything: Ordering) -> Ordering {
    let is_open = |term: Term| match term.view() {
        View::Atom(predefined::UNDERSCORE) => true,
        View::Atom(_) => variable(atoms, term).is_some(),
        _ => false,
    };
    let mut stack = InlineStack::new();
    stack.push((a, b));
    while let Some((a, b)) = stack.pop() {
        match (is_open(a), is_open(b)) {
            (true, true) => return Ordering::Equal,
            (true, false) => return anything,
            (false, true) => return anything.reverse(),
            (false, false) => {}
        }
        match (a.view(), b.view()) {
            (View::Cons(a), View::Cons(b)) => {
                stack.push((a.tail(), b.tail()));
                stack.push((a.head(), b.head()));
            }
            (View::Tuple(a), View::Tuple(b)) if a.len() == b.len() => {
                a.elements().iter().zip(b.elements()).rev().for_each(|pair| stack.push((*pair.0, *pair.1)));
            }
            _ => match compare(atoms, a, b) {
                Ordering::Equal => {}
                unequal => return unequal,
            },
        }
    }
    Ordering::Equal
}

/// Whether a pattern limits keys at all.
fn limits(atoms: &AtomTable, pattern: Term) -> bool {
    match pattern.view() {
        View::Atom(predefined::UNDERSCORE) => false,
        View::Atom(_) => variable(atoms, pattern).is_none(),
        // What begins with a variable is still a tuple of a size, or a cons cell. A map in it that may be a part of others has no order.
        _ => is_bound(atoms, pattern) || !has_map(pattern),
    }
}

impl Range {
    /// What the patterns of keys of several clauses leave.
    #[must_use]
    pub fn of(atoms: &AtomTable, patterns: &[Term]) -> Self {
        match patterns {
            [pattern] if limits(atoms, *pattern) => {
                Self { from: Some(*pattern), to: Some(*pattern), is_one: is_bound(atoms, *pattern) }
            }
            [_] | [] => Self::default(),
            several if several.iter().all(|pattern| limits(atoms, *pattern)) => {
                let first = |a: &&Term, b: &&Term| compare_patterns(atoms, **a, **b, Ordering::Less);
                let last = |a: &&Term, b: &&Term| compare_patterns(atoms, **a, **b, Ordering::Greater);
                Self {
                    from: several.iter().min_by(first).copied(),
                    to: several.iter().max_by(last).copied(),
                    is_one: false,
                }
            }
            _ => Self::default(),
        }
    }

    /// Whether a key is before the range.
    #[must_use]
    pub fn is_before(&self, atoms: &AtomTable, key: Term) -> bool {
        self.from.is_some_and(|from| compare_with_pattern(atoms, key, from).is_lt())
    }

    /// Whether a key is beyond the range.
    #[must_use]
    pub fn is_beyond(&self, atoms: &AtomTable, key: Term) -> bool {
        self.to.is_some_and(|to| compare_with_pattern(atoms, key, to).is_gt())
    }
}
