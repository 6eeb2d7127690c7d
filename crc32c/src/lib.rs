// SPDX-License-Identifier: Apache-2.0
//! CRC-32C (Castagnoli), the checksum of images and of volumes: RFC 3720, section 12.1. It finds damage, not forgery.
//!
//! Processors with SSE 4.2 have an instruction for it, which takes eight bytes in about the time that a table takes for one. The crates that use it ask
//! the standard library whether it is there, which a kernel has not; hence this one.

#![no_std]
#![deny(unsafe_code)]

mod table;

#[cfg(target_arch = "x86_64")]
mod instruction;

/// The CRC-32C of bytes.
#[must_use]
pub fn crc32c(bytes: &[u8]) -> u32 {
    crc32c_of_parts(&[bytes])
}

/// The CRC-32C of parts as if they stood one after the other.
#[must_use]
pub fn crc32c_of_parts(parts: &[&[u8]]) -> u32 {
    !parts.iter().fold(u32::MAX, |state, part| advance(state, part))
}

/// Takes bytes into a state, which is the complement of the checksum of those before.
fn advance(state: u32, bytes: &[u8]) -> u32 {
    #[cfg(target_arch = "x86_64")]
    if let Some(state) = instruction::advance(state, bytes) {
        return state;
    }
    table::advance(state, bytes)
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use proptest::prelude::*;

    use super::{crc32c, crc32c_of_parts, table};

    /// The examples of RFC 3720, appendix B.4, and the usual check value.
    #[test]
    fn agrees_with_the_published_values() {
        let ascending: [u8; 32] = core::array::from_fn(|index| index as u8);
        let descending: [u8; 32] = core::array::from_fn(|index| 31 - index as u8);
        let cases: [(&[u8], u32); 6] = [
            (b"", 0),
            (b"123456789", 0xE306_9283),
            (&[0; 32], 0x8A91_36AA),
            (&[0xFF; 32], 0x62A8_AB43),
            (&ascending, 0x46DD_794E),
            (&descending, 0x113F_DB5C),
        ];
        for (bytes, checksum) in cases {
            assert_eq!(crc32c(bytes), checksum);
            assert_eq!(!table::advance(u32::MAX, bytes), checksum);
        }
    }

    proptest! {
        #[test]
        fn table_and_instruction_agree_on_all_parts(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..6)) {
            let slices: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            prop_assert_eq!(crc32c_of_parts(&slices), !table::advance(u32::MAX, &parts.concat()));
        }
    }
}
