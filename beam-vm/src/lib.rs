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

pub mod accounting;
pub mod asn1;
pub mod atom;
pub mod beam_file;
pub mod bif;
pub mod bits;
pub mod boot;
pub mod buffer;
pub mod chardata;
pub mod code;
pub mod command_line;
pub mod compare;
pub mod copy;
mod crash_dump;
pub mod deflate;
pub mod emu;
pub mod etf;
pub mod ets;
pub mod files;
pub mod gc;
pub mod halt;
pub mod hash;
pub mod heap;
pub mod inet;
pub mod inflate;
pub mod iodata;
pub mod last_words;
pub mod loader;
pub mod logger;
pub mod map;
pub mod matchspec;
pub mod memory;
pub mod metrics;
pub mod native;
pub mod number;
mod numbers;
pub mod on_demand;
pub mod packet;
pub mod persistent;
pub mod platform;
pub mod port;
pub mod print;
pub mod process;
pub mod re;
mod retire;
pub mod sched;
pub mod script;
pub mod search;
mod short;
pub mod signal;
mod stack;
pub mod term;
pub mod timer;
pub mod timers;
pub mod trace;
pub mod vm;
pub mod zstream;
