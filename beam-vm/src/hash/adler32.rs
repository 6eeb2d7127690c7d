// SPDX-License-Identifier: Apache-2.0
//! The checksum of the zlib format (RFC 1950 section 8.2).

/// The largest prime below 2^16.
const BASE: u32 = 65_521;

/// How many bytes can be added up before the second sum could overflow.
const MOST: usize = 5552;

/// The sum of what has the sum `before`, followed by bytes.
#[must_use]
pub fn adler32(before: u32, bytes: &[u8]) -> u32 {
    let (mut low, mut high) = (before & 0xFFFF, before >> 16);
    for chunk in bytes.chunks(MOST) {
        for byte in chunk {
            low += u32::from(*byte);
            high += low;
        }
        low %= BASE;
        high %= BASE;
    }
    high << 16 | low
}

/// The sum of what has the sum `first`, followed by `len` bytes that have the sum `second`.
#[must_use]
pub fn adler32_combine(first: u32, second: u32, len: u32) -> u32 {
    if len == 0 {
        return first;
    }
    let (base, len) = (u64::from(BASE), u64::from(len));
    let (low_1, high_1) = (u64::from(first & 0xFFFF), u64::from(first >> 16));
    let (low_2, high_2) = (u64::from(second & 0xFFFF), u64::from(second >> 16));
    // Each sum begins with 1, which is counted once too often.
    let low = (low_1 + low_2 + base - 1) % base;
    let high = ((len % base) * low_1 + high_1 + high_2 + base - len % base) % base;
    (high << 16 | low) as u32
}
