// SPDX-License-Identifier: Apache-2.0
//! The text of floats, byte for byte as in OTP 25: `float_to_list/1,2`, `list_to_float/1` and their kin.

mod decimals;
mod format;
mod parse;
mod short;

#[cfg(test)]
mod tests;

pub use format::{Compact, Form, FormatError, TEXT_LIMIT, Text, format};
pub use parse::{ParseError, parse, scan};
