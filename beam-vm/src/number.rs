// SPDX-License-Identifier: Apache-2.0
//! Arithmetic of big integers, and the text of integers and floats, on plain slices.
//!
//! Nothing here knows terms, heaps or processes. A number comes in as a sign and little-endian limbs, a result goes to a place that the
//! caller has made large enough: each operation has a companion that tells beforehand how many limbs (or bytes) it can need. So the
//! term layer can compute straight into a process heap, where a bignum is a header word followed by the same limbs.
//!
//! The oracle is the emulator of OTP 25 itself; where it is at odds with what one would expect (`float/1` of a big integer, the
//! rounding of `{decimals, D}`), it is followed, and the place says so.

pub mod float;
pub mod integer;
