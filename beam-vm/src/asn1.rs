// SPDX-License-Identifier: Apache-2.0
//! ASN.1's basic and packed encoding rules (X.690, X.691), as far as OTP's `asn1` has natives for them (`asn1_erl_nif.c`): the structure of tags,
//! lengths and values, and the joining of fields of bits. What they mean is up to the code that `asn1ct` makes.
//!
//! All of it can stop and go on later; terms may nest as deeply as stock allows, or as they like, without recursion.

mod ber_reader;
mod ber_writer;
mod per_writer;

#[cfg(test)]
mod tests;

pub use ber_reader::{BerError, BerReader, Fault};
pub use ber_writer::{BerWriter, NotTagged};
pub use per_writer::{NotFields, PerWriter};
