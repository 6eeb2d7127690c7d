// SPDX-License-Identifier: Apache-2.0
//! The external term format: terms as bytes (`erts/doc/src/erl_ext_dist.xml`).
//!
//! Both ways do a given amount of work at a time and go on later; neither is recursive.

mod compress;
mod decode;
mod encode;
mod error;
mod output;
mod places;
pub(crate) mod tag;

#[cfg(test)]
mod tests;

pub use compress::{Deflater, Inflater, Level};
pub use decode::{Decoder, Names, decode};
pub use encode::{EncodeOptions, Encoder, MapOrder, MinorVersion, Origin};
pub use error::DecodeError;
pub use output::{Keep, Part};
