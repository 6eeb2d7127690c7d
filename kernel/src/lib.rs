// SPDX-License-Identifier: Apache-2.0
//! The kernel of Voxoz: what stands between Xen and the VM.
//!
//! It runs on one vCPU in one address space, with event upcalls masked: nothing interrupts it, so nothing in it is locked. The `boot`
//! crate enters through [`start`], which brings up memory ([`memory`]), exceptions (`traps`), the clock ([`time`]), the console
//! ([`console`]), entropy ([`entropy`]), grants and xenstore, and returns the [`Machine`] that the program works with. What cannot go on
//! ends in [`crash`].
#![no_std]
#![deny(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod application;
pub mod arguments;
pub mod console;
mod cpuid;
pub mod crash;
pub mod entropy;
pub mod events;
mod fiber;
mod global;
mod grants;
pub mod machine;
pub mod memory;
pub mod network;
pub mod phases;
pub mod platform;
pub mod power;
pub mod program;
mod runstate;
mod shared_info;
mod shares;
mod start_info;
pub mod storage;
pub mod time;
mod traps;
mod version;
mod xenstore;

pub use drivers;
pub use machine::{Machine, Wake, start};
pub use program::Program;
