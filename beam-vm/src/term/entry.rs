// SPDX-License-Identifier: Apache-2.0
//! What funs point to: the entry of an exported function, and of a lambda. The code room fills them; they are here because order,
//! hash and external form of a fun are made of what they say.
//!
//! Entries never move and are never freed, so that a fun made before a module is loaded calls it afterwards.

use core::cell::Cell;

use crate::atom::Atom;

/// An exported function, or one that is not there yet.
#[repr(C)]
#[derive(Debug)]
pub struct Export {
    /// Where to go on: an instruction. Never null: before loading it is the call of the error handler.
    pub address: Cell<*const u64>,
    /// The module.
    pub module: Atom,
    /// The function.
    pub function: Atom,
    /// If it is a BIF: its number plus one.
    pub bif: Cell<u32>,
    /// The number of arguments. Right before the stub, as it stands right before every function's first instruction.
    pub arity: u32,
    /// Two instruction words of its own: what `address` is when no module has the function.
    pub stub: Cell<[u64; 2]>,
}

/// A lambda of a module.
#[repr(C)]
#[derive(Debug)]
pub struct FunEntry {
    /// Where to go on. Never null: when the module is gone it is the call of the error handler.
    pub address: Cell<*const u64>,
    /// The module's MD5.
    pub uniq: [u8; 16],
    /// The module.
    pub module: Atom,
    /// Its place among the module's lambdas.
    pub index: u32,
    /// `old_index` of the external form.
    pub old_index: u32,
    /// `old_uniq` of the external form: 27 bits of the module's MD5.
    pub old_uniq: u32,
    /// The number of free variables.
    pub free: u32,
    /// The arity without the free variables. Right before the stub, as it stands right before every function's first instruction.
    pub arity: u32,
    /// Two instruction words of its own for when the code is not there.
    pub stub: Cell<[u64; 2]>,
}
