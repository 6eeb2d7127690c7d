// SPDX-License-Identifier: Apache-2.0
//! Whether a clause can only give objects with the key of the one that it matches, which `ets:select_replace/2` asks of every clause.

use alloc::vec::Vec;

use crate::atom::{AtomTable, predefined};
use crate::compare;
use crate::matchspec::{has_map, is_bound, variable};
use crate::term::{Term, View};

fn key_of(tuple: Term, key_position: usize) -> Option<Term> {
    tuple.as_tuple()?.elements().get(key_position - 1).copied()
}

/// What is the only element of a tuple.
fn only(term: Term) -> Option<Term> {
    match term.as_tuple()?.elements() {
        [only] => Some(*only),
        _ => None,
    }
}

/// Whether the head and the body of a clause have the same key.
fn clause_keeps_key(atoms: &AtomTable, key_position: usize, head: Term, body: Term) -> bool {
    let Some(cell) = body.as_cons().filter(|cell| cell.tail().is_nil()) else { return false };
    let value = cell.head();
    if value == Term::atom(predefined::DOLLAR_UNDERSCORE) {
        return true;
    }
    let Some(key) = key_of(head, key_position) else { return false };
    if let Some([name, constant]) = value.as_tuple().as_ref().map(|tuple| tuple.elements())
        && *name == Term::atom(predefined::CONST)
    {
        return key_of(*constant, key_position).is_some_and(|made| is_same(atoms, key, made));
    }
    let made = only(value).and_then(|tuple| key_of(tuple, key_position));
    made.is_some_and(|made| makes(atoms, key, made) || is_key_of_object(made, key_position))
}

/// Whether an expression is `{element, KeyPosition, '$_'}`.
fn is_key_of_object(expression: Term, key_position: usize) -> bool {
    let wanted = [
        Term::atom(predefined::ELEMENT),
        Term::count(key_position),
        Term::atom(predefined::DOLLAR_UNDERSCORE),
    ];
    expression.as_tuple().is_some_and(|tuple| *tuple.elements() == wanted)
}

/// Whether a pattern matches one term only, which is this one. One with a map matches others, too.
fn is_same(atoms: &AtomTable, pattern: Term, constant: Term) -> bool {
    is_bound(atoms, pattern) && !has_map(pattern) && compare::same(pattern, constant)
}

/// Whether an expression makes what a pattern has matched.
fn makes(atoms: &AtomTable, pattern: Term, expression: Term) -> bool {
    let mut pairs: Vec<(Term, Term)> = [(pattern, expression)].into();
    while let Some((pattern, expression)) = pairs.pop() {
        match (pattern.view(), expression.view()) {
            (View::Atom(predefined::UNDERSCORE), _) => return false,
            (View::Atom(_), _) if variable(atoms, pattern).is_some() => {
                if expression != pattern {
                    return false;
                }
            }
            (View::Cons(pattern), View::Cons(expression)) => {
                pairs.push((pattern.tail(), expression.tail()));
                pairs.push((pattern.head(), expression.head()));
            }
            (_, View::Tuple(tuple)) => match tuple.elements() {
                [name, constant] if *name == Term::atom(predefined::CONST) => {
                    if !is_same(atoms, pattern, *constant) {
                        return false;
                    }
                }
                [inner] => {
                    let (Some(pattern), Some(inner)) = (pattern.as_tuple(), inner.as_tuple()) else {
                        return false;
                    };
                    if pattern.len() != inner.len() {
                        return false;
                    }
                    pairs.extend(pattern.elements().iter().copied().zip(inner.elements().iter().copied()));
                }
                _ => return false,
            },
            (_, View::Atom(predefined::DOLLAR_UNDERSCORE | predefined::DOLLAR_DOLLAR)) => return false,
            _ => {
                if !is_same(atoms, pattern, expression) {
                    return false;
                }
            }
        }
    }
    true
}

/// Whether all clauses of a specification, which may be any term, keep keys.
pub(super) fn keeps_key(atoms: &AtomTable, key_position: usize, specification: Term) -> bool {
    let mut rest = specification;
    while let Some(cell) = rest.as_cons() {
        let keeps = match cell.head().as_tuple().as_ref().map(|tuple| tuple.elements()) {
            Some([head, _, body]) => clause_keeps_key(atoms, key_position, *head, *body),
            _ => false,
        };
        if !keeps {
            return false;
        }
        rest = cell.tail();
    }
    true
}
