// SPDX-License-Identifier: Apache-2.0
//! Tests with the compiler's files and with files made by hand.

pub(crate) mod builder;
mod code;
mod container;
mod damage;
mod operands;
mod properties;
mod samples;
mod tables;
