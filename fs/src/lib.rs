// SPDX-License-Identifier: Apache-2.0
//! File systems in one name space: a table of what is mounted where, the way from a path to a file across mounts and symbolic links, a
//! file system in memory and one of files that nobody changes. What it means is POSIX's (IEEE Std 1003.1, chapter 4.13 for paths).
//!
//! A [`FileSystem`] gets whole paths within itself, so that one which can resolve a path by itself, the host's or one at the other end of a
//! wire, does so in one step. Where a path leaves it, it says so ([`Stop::Elsewhere`]), and the [`Namespace`] goes on from there.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod archive;
pub mod block;
pub mod data;
mod errno;
pub mod memory;
mod namespace;
pub mod ninep;
mod opened;
mod path;
#[cfg(test)]
mod steps;
mod system;
mod types;
mod walk;

pub use errno::Errno;
pub use namespace::{Handle, Namespace};
pub use system::{FileSystem, Locate, Lookup, Node, Stop, WaitsFor};
pub use types::{Access, Advice, At, Change, Follow, From, Info, Kind, Make, Modes, Remove, Sync};
