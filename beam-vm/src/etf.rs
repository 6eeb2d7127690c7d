// SPDX-License-Identifier: Apache-2.0
//! The external term format: terms as bytes (`erts/doc/src/erl_ext_dist.xml`).

mod decode;
mod error;
mod tag;

pub use decode::{Decoded, Names, decode, decode_prefix};
pub use error::DecodeError;
