// SPDX-License-Identifier: Apache-2.0
//! The order of numbers.

use core::cmp::Ordering;

use crate::number::integer::{self, Integer};
use crate::term::{Term, View};

/// A number.
enum Number {
    Small(i64),
    Big(crate::term::Big),
    Float(f64),
}

fn number(term: Term) -> Option<Number> {
    match term.view() {
        View::Small(value) => Some(Number::Small(value)),
        View::Big(big) => Some(Number::Big(big)),
        View::Float(value) => Some(Number::Float(value)),
        _ => None,
    }
}

/// Compares two numbers by value; none if one is no number.
pub fn by_value(a: Term, b: Term) -> Option<Ordering> {
    Some(match (number(a)?, number(b)?) {
        (Number::Small(a), Number::Small(b)) => a.cmp(&b),
        (Number::Float(a), Number::Float(b)) => floats(a, b),
        (Number::Big(a), Number::Big(b)) => integer::compare(a.integer(), b.integer()),
        (Number::Small(_), Number::Big(b)) => {
            if b.is_negative() {
                Ordering::Greater
            } else {
                Ordering::Less
            }
        }
        (Number::Big(a), Number::Small(_)) => {
            if a.is_negative() {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        }
        (Number::Small(a), Number::Float(b)) => small_and_float(a, b),
        (Number::Float(a), Number::Small(b)) => small_and_float(b, a).reverse(),
        (Number::Big(a), Number::Float(b)) => integer::compare_float(a.integer(), b),
        (Number::Float(a), Number::Big(b)) => integer::compare_float(b.integer(), a).reverse(),
    })
}

/// Floats are finite, so they are always in some order.
pub fn floats(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or(Ordering::Equal)
}

fn small_and_float(a: i64, b: f64) -> Ordering {
    integer::compare_float(Integer::from_i64(a, &mut [0]), b)
}

/// Whether a term is a float, which stands after all integers in the order of keys.
pub fn is_float(term: Term) -> bool {
    term.as_float().is_some()
}
