// SPDX-License-Identifier: Apache-2.0
//! The file systems of a guest against Linux.

mod archive;
mod memory;
mod world;
