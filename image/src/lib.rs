// SPDX-License-Identifier: Apache-2.0
//! The image: what is packed into a kernel ELF so that one file boots.
//!
//! An image is a small container of sections (symbols, arguments, build identity, files) that the kernel reads in place,
//! from its own read-only memory, without copying or allocating. The reader is `no_std`.
//! The feature `std` (on by default, off in the kernel) adds the writer and the packer, which puts an image into a
//! linked kernel without a linker.

#![no_std]
#![forbid(unsafe_code)]

#[cfg(any(feature = "std", test))]
extern crate std;

pub mod arguments;
mod error;
pub mod files;
pub mod format;
pub mod identity;
mod little_endian;
pub mod start;
pub mod symbols;

#[cfg(feature = "std")]
mod builder;
#[cfg(feature = "std")]
pub mod elf;
#[cfg(feature = "std")]
pub mod pack;

pub use error::ImageError;
pub use format::{Image, Section, SectionKind};

#[cfg(feature = "std")]
pub use builder::ImageBuilder;
