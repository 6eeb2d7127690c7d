// SPDX-License-Identifier: Apache-2.0
//! The file systems of a guest against Linux, and against a server of files.

mod archive;
mod memory;
mod ninep;
mod world;
