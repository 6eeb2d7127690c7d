// SPDX-License-Identifier: Apache-2.0
//! Equality and order of terms: `=:=`, `==`, `<`, and the order of keys in maps (the reference manual, "Term Comparisons";
//! `erts_cmp` of `erts/emulator/beam/utils.c`).
//!
//! Numbers are compared by their exact values, floats with integers of any size too. Terms may be as deep as memory allows, so none of
//! this recurses.

mod equality;
mod numbers;
mod order;

pub use equality::{equal, same};
pub use order::{compare, compare_keys};
