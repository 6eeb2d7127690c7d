// SPDX-License-Identifier: Apache-2.0
//! Search for one byte, eight at a time.

use super::{Found, Search, Step};

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Goes on with a search for a byte.
pub fn step(byte: u8, text: &[u8], search: &mut Search, budget: &mut usize) -> Step {
    let rest = text.get(search.at..).unwrap_or_default();
    let end = rest.len().min(*budget);
    match position(byte, &rest[..end]) {
        Some(place) => {
            *budget -= place;
            Step::Found(Found { start: search.at + place, len: 1 })
        }
        None => {
            *budget -= end;
            search.at += end;
            if end == rest.len() { Step::Over } else { Step::Paused }
        }
    }
}

/// The first place of a byte.
pub fn position(byte: u8, bytes: &[u8]) -> Option<usize> {
    let wanted = LOW * u64::from(byte);
    let mut chunks = bytes.chunks_exact(8);
    let mut at = 0;
    for chunk in &mut chunks {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        // A byte that is the same becomes 0; the lowest such byte sets its highest bit, and lower ones do not.
        let same = u64::from_le_bytes(word) ^ wanted;
        let zeros = same.wrapping_sub(LOW) & !same & HIGH;
        if zeros != 0 {
            return Some(at + zeros.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    chunks.remainder().iter().position(|other| *other == byte).map(|place| at + place)
}
