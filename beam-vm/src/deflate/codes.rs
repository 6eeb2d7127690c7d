// SPDX-License-Identifier: Apache-2.0
//! The codes of RFC 1951: which symbol a length or distance has, its extra bits, and the fixed codes.

/// The symbol that ends a block.
pub(super) const END_OF_BLOCK: usize = 256;
/// The symbol of the shortest length.
pub(super) const FIRST_LENGTH: usize = 257;
/// Symbols of literals and lengths.
pub(super) const LITERALS: usize = 286;
/// Symbols of distances.
pub(super) const DISTANCES: usize = 30;
/// Symbols for the lengths of codes.
pub(super) const CODE_LENGTHS: usize = 19;

/// The shortest match.
pub(super) const MIN_MATCH: usize = 3;
/// The longest match.
pub(super) const MAX_MATCH: usize = 258;

/// Extra bits of lengths.
pub(super) static LENGTH_EXTRA: [u8; 29] =
    [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];

/// Extra bits of distances.
pub(super) static DISTANCE_EXTRA: [u8; DISTANCES] =
    [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];

/// Extra bits of the symbols for lengths of codes.
pub(super) static CODE_LENGTH_EXTRA: [u8; CODE_LENGTHS] =
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 7];

/// The order in which lengths of codes for lengths of codes are written.
pub(super) static CODE_LENGTH_ORDER: [usize; CODE_LENGTHS] =
    [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// The shortest length of each symbol, less [`MIN_MATCH`].
pub(super) static LENGTH_BASE: [u8; 29] = {
    let mut bases = [0; 29];
    let (mut index, mut base) = (0, 0);
    while index < 28 {
        bases[index] = base as u8;
        base += 1 << LENGTH_EXTRA[index];
        index += 1;
    }
    // The longest match has a symbol of its own, although the one before could say it.
    bases[28] = (MAX_MATCH - MIN_MATCH) as u8;
    bases
};

/// The symbol of each length less [`MIN_MATCH`], counted from [`FIRST_LENGTH`].
pub(super) static LENGTH_SYMBOL: [u8; 256] = {
    let mut symbols = [0; 256];
    let (mut length, mut symbol) = (0, 0);
    while length < 256 {
        while symbol < 28 && LENGTH_BASE[symbol + 1] as usize <= length {
            symbol += 1;
        }
        symbols[length] = symbol as u8;
        length += 1;
    }
    symbols
};

/// The symbol of a distance less 1.
#[inline]
pub(super) fn distance_symbol(distance: u16) -> usize {
    if distance < 4 {
        return usize::from(distance);
    }
    let high = 15 - distance.leading_zeros() as usize;
    2 * high + usize::from(distance >> (high - 1) & 1)
}

/// The lengths of the fixed codes of literals and lengths; the last two are never used.
pub(super) static FIXED_LENGTHS: [u8; LITERALS + 2] = {
    let mut lengths = [8; LITERALS + 2];
    let mut symbol = 144;
    while symbol < 280 {
        lengths[symbol] = if symbol < 256 { 9 } else { 7 };
        symbol += 1;
    }
    lengths
};

/// The lengths of the fixed codes of distances.
pub(super) static FIXED_DISTANCES: [u8; DISTANCES] = [5; DISTANCES];

/// The fixed codes of literals and lengths.
pub(super) static FIXED_LITERAL_CODES: [u16; LITERALS + 2] = canonical(&FIXED_LENGTHS);

/// The fixed codes of distances.
pub(super) static FIXED_DISTANCE_CODES: [u16; DISTANCES] = canonical(&FIXED_DISTANCES);

/// The codes that belong to lengths (RFC 1951 section 3.2.2), the first bit of each in the lowest place.
pub(super) const fn canonical<const N: usize>(lengths: &[u8; N]) -> [u16; N] {
    let mut counts = [0; 16];
    let mut symbol = 0;
    while symbol < N {
        counts[lengths[symbol] as usize] += 1;
        symbol += 1;
    }
    counts[0] = 0;
    let mut next = [0u16; 16];
    let mut bits = 1;
    while bits < 16 {
        next[bits] = (next[bits - 1] + counts[bits - 1]) << 1;
        bits += 1;
    }
    let mut codes = [0; N];
    symbol = 0;
    while symbol < N {
        let bits = lengths[symbol] as usize;
        if bits > 0 {
            codes[symbol] = next[bits].reverse_bits() >> (16 - bits);
            next[bits] += 1;
        }
        symbol += 1;
    }
    codes
}
