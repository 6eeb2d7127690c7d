// SPDX-License-Identifier: Apache-2.0
//! The checksum of zlib and Ethernet (RFC 1952 section 8).

/// The polynomial, lowest power first.
const POLYNOMIAL: u32 = 0xEDB8_8320;

/// What a byte does to the sum when 0 to 7 more bytes follow.
static TABLES: [[u32; 256]; 8] = tables();

const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut sum = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            sum = times_x(sum);
            bit += 1;
        }
        tables[0][byte] = sum;
        byte += 1;
    }
    let mut index = 1;
    while index < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[index - 1][byte];
            tables[index][byte] = before >> 8 ^ tables[0][(before & 0xFF) as usize];
            byte += 1;
        }
        index += 1;
    }
    tables
}

/// A polynomial times `x`, modulo the polynomial.
const fn times_x(value: u32) -> u32 {
    value >> 1 ^ if value & 1 == 1 { POLYNOMIAL } else { 0 }
}

/// The sum of what has the sum `before`, followed by bytes.
#[must_use]
pub fn crc32(before: u32, bytes: &[u8]) -> u32 {
    let mut sum = !before;
    let (chunks, rest) = bytes.as_chunks::<8>();
    for chunk in chunks {
        let word = u64::from_le_bytes(*chunk) ^ u64::from(sum);
        sum = 0;
        for (index, table) in TABLES.iter().rev().enumerate() {
            sum ^= table[(word >> (8 * index) & 0xFF) as usize];
        }
    }
    for byte in rest {
        sum = sum >> 8 ^ TABLES[0][((sum ^ u32::from(*byte)) & 0xFF) as usize];
    }
    !sum
}

/// The sum of what has the sum `first`, followed by `len` bytes that have the sum `second`.
#[must_use]
pub fn crc32_combine(first: u32, second: u32, len: u32) -> u32 {
    // The first sum is multiplied by x^(8 len); the power is put together of those of x^8, x^16, x^32 ...
    let mut sum = first;
    let mut power = 1 << (31 - 8);
    let mut left = len;
    while left > 0 {
        if left & 1 == 1 {
            sum = product(power, sum);
        }
        power = product(power, power);
        left >>= 1;
    }
    sum ^ second
}

/// The product of two polynomials, modulo the polynomial. The highest bit is the power 0.
fn product(a: u32, mut b: u32) -> u32 {
    let mut sum = 0;
    for power in 0..32 {
        if a << power & 1 << 31 != 0 {
            sum ^= b;
        }
        b = times_x(b);
    }
    sum
}
