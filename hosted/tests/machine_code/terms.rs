// SPDX-License-Identifier: Apache-2.0
//! Terms that programs get, above all those at the edges of what machine code does itself.

use beam_vm::atom::predefined;
use beam_vm::heap::{ProcessHeap, build};
use beam_vm::term::{LocalPid, Term};
use proptest::prelude::*;

/// How many X registers programs use.
pub const REGISTERS: usize = 4;

/// A term to be made.
#[derive(Clone, Debug)]
pub enum Recipe {
    Integer(i128),
    Float(f64),
    Atom(u8),
    Nil,
    Pid(u32),
    Binary(Vec<u8>),
    List(Vec<Recipe>),
    Tuple(Vec<Recipe>),
}

impl Recipe {
    /// Makes it.
    pub fn make(&self, heap: &mut ProcessHeap) -> Term {
        let parts = |heap: &mut ProcessHeap, parts: &[Self]| -> Vec<Term> {
            parts.iter().map(|part| part.make(heap)).collect()
        };
        match self {
            Self::Integer(value) => build::wide(heap, *value),
            Self::Float(value) => build::float(heap, *value),
            Self::Atom(number) => atom(*number),
            Self::Nil => Term::NIL,
            Self::Pid(number) => Term::pid(LocalPid(*number)),
            Self::Binary(bytes) => build::binary(heap, bytes),
            Self::List(elements) => {
                let elements = parts(heap, elements);
                build::list(heap, &elements)
            }
            Self::Tuple(elements) => {
                let elements = parts(heap, elements);
                build::tuple(heap, &elements)
            }
        }
    }
}

/// One of a few atoms.
pub fn atom(number: u8) -> Term {
    Term::atom(match number % 4 {
        0 => predefined::TRUE,
        1 => predefined::FALSE,
        2 => predefined::ERROR,
        _ => predefined::UNDEFINED,
    })
}

/// Small integers, often near a power of two.
pub fn small() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => -4..70_i64,
        2 => (0..60_u32, -2..=2_i64).prop_map(|(bits, near)| (1 << bits) + near),
        2 => (0..60_u32, -2..=2_i64).prop_map(|(bits, near)| near - (1 << bits)),
        1 => Term::SMALL_MIN..=Term::SMALL_MAX,
    ]
    .prop_map(|value| value.clamp(Term::SMALL_MIN, Term::SMALL_MAX))
}

fn float() -> impl Strategy<Value = f64> {
    prop_oneof![
        prop::sample::select(vec![0.0, -0.0, 1.0, 2.5, -1.0e300, 1.0e300, f64::MAX, f64::MIN_POSITIVE]),
        -100.0..100.0,
    ]
}

/// Any term.
pub fn term() -> impl Strategy<Value = Recipe> {
    let leaf = prop_oneof![
        6 => small().prop_map(|value| Recipe::Integer(value.into())),
        1 => (-1_i128 << 66..1 << 66).prop_map(Recipe::Integer),
        3 => float().prop_map(Recipe::Float),
        2 => (0..4_u8).prop_map(Recipe::Atom),
        1 => Just(Recipe::Nil),
        1 => (0..9_u32).prop_map(Recipe::Pid),
        1 => prop::collection::vec(any::<u8>(), 0..70).prop_map(Recipe::Binary),
    ];
    leaf.prop_recursive(2, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Recipe::List),
            prop::collection::vec(inner, 0..5).prop_map(Recipe::Tuple),
        ]
    })
}
