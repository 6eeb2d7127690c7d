// SPDX-License-Identifier: Apache-2.0
//! Objects of the machine that a program holds by a reference: what stock calls magic binaries. Counted like binaries.
//!
//! The object is one of a closed set, so that frozen memory needs no address of code.

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::Cell;

/// What a magic reference stands for.
pub enum MagicObject {
    /// An array of 64-bit numbers: `atomics`, `counters`. Signed says how they are read.
    Atomics {
        /// The numbers.
        values: Vec<Cell<u64>>,
        /// Whether they are signed.
        signed: Cell<bool>,
    },
}

/// A counted object of the machine.
pub type Magic = Rc<MagicObject>;
