// SPDX-License-Identifier: Apache-2.0
//! CRC-32C (Castagnoli), the checksum of headers and sections: RFC 3720, section 12.1.
//!
//! It finds damage, not forgery. The table is made at compile time; a byte costs one look-up, which is fast enough
//! for the header and the table, the only parts that are checked at every start.

/// The Castagnoli polynomial 0x1EDC6F41, bits reversed.
const POLYNOMIAL: u32 = 0x82F6_3B78;

static TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut value = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { (value >> 1) ^ POLYNOMIAL } else { value >> 1 };
            bit += 1;
        }
        table[byte] = value;
        byte += 1;
    }
    table
}

/// The CRC-32C of `bytes`.
#[must_use]
pub fn crc32c(bytes: &[u8]) -> u32 {
    crc32c_of_parts(&[bytes])
}

/// The CRC-32C of `parts` as if they stood one after the other.
#[must_use]
pub fn crc32c_of_parts(parts: &[&[u8]]) -> u32 {
    let mut value = !0u32;
    for &byte in parts.iter().copied().flatten() {
        value = (value >> 8) ^ TABLE[usize::from(value as u8 ^ byte)];
    }
    !value
}

#[cfg(test)]
mod tests {
    use super::{crc32c, crc32c_of_parts};

    /// The examples of RFC 3720, appendix B.4, and the usual check value.
    #[test]
    fn agrees_with_the_published_values() {
        let ascending: [u8; 32] = core::array::from_fn(|index| index as u8);
        let descending: [u8; 32] = core::array::from_fn(|index| 31 - index as u8);
        assert_eq!(crc32c(b""), 0);
        assert_eq!(crc32c(b"123456789"), 0xE306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8A91_36AA);
        assert_eq!(crc32c(&[0xFF; 32]), 0x62A8_AB43);
        assert_eq!(crc32c(&ascending), 0x46DD_794E);
        assert_eq!(crc32c(&descending), 0x113F_DB5C);
    }

    #[test]
    fn parts_count_as_one_string() {
        assert_eq!(crc32c_of_parts(&[b"1234", b"", b"56789"]), crc32c(b"123456789"));
    }
}
