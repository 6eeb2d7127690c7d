// SPDX-License-Identifier: Apache-2.0
//! A virtual machine for stock `.beam` files, without platform code: `no_std` and `alloc`.
//!
//! Lower modules never use upper ones. So far the lowest ones are here: [`atom`] and [`number`] need nothing, [`timer`] keeps time for
//! whoever is above, and [`beam_file`] reads what the compiler has written.
#![no_std]
#![deny(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod atom;
pub mod beam_file;
pub mod bif;
pub mod code;
pub mod compare;
pub mod emu;
pub mod gc;
pub mod heap;
pub mod number;
pub mod process;
pub mod term;
pub mod timer;
pub mod vm;
