// SPDX-License-Identifier: Apache-2.0
//! The handlers of all instructions, by what they are about. `table` says with which kinds of operands each is there.

pub mod arithmetic;
pub mod bif;
pub mod binaries;
pub mod calls;
pub mod compare;
pub mod data;
pub mod exceptions;
pub mod floats;
pub mod frames;
pub mod funs;
pub mod maps;
pub mod receive;
pub mod select;
pub mod trace;
pub mod types;
