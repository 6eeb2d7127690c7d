// SPDX-License-Identifier: Apache-2.0
//! Two hashes of an atom's text: the one that Erlang sees, and the one that the table uses.

/// OTP's hash of an atom, of 28 bits: `erlang:phash/2` and, without its highest bit, `erlang:phash2/1` show it.
///
/// It is the function known as PJW over the bytes of the text, except that a character of Latin-1 counts as one byte: the value is older
/// than UTF-8 atoms and files depend on it.
pub(super) fn visible(text: &str) -> u32 {
    let mut hash = 0_u32;
    let mut add = |byte: u32| {
        hash = (hash << 4).wrapping_add(byte);
        let high = hash & 0xf000_0000;
        hash ^= high >> 24 | high;
    };
    for character in text.chars() {
        if u32::from(character) <= 0xff {
            add(u32::from(character));
        } else {
            character.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| add(u32::from(byte)));
        }
    }
    hash
}

/// The hash by which the table finds a text: eight bytes at a time are folded in by multiplication.
///
/// It has no seed, so that a frozen table stays valid. Who can choose texts can make collisions, but can also fill the table.
pub(super) fn internal(text: &str) -> u32 {
    /// Odd numbers without a pattern: the fractions of the golden ratio, of pi and of e.
    const START: u64 = 0x9e37_79b9_7f4a_7c15;
    const FACTOR: u64 = 0x243f_6a88_85a3_08d3;
    const LAST_FACTOR: u64 = 0xb7e1_5162_8aed_2a6b;
    let mut hash = START ^ text.len() as u64;
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    for word in words {
        hash = fold(hash ^ u64::from_le_bytes(*word), FACTOR);
    }
    let mut word = [0; 8];
    word[..rest.len()].copy_from_slice(rest);
    hash = fold(hash ^ u64::from_le_bytes(word), LAST_FACTOR);
    (hash ^ hash >> 32) as u32
}

/// Both halves of the product, so that every bit of it counts.
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}
