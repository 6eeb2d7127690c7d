// SPDX-License-Identifier: Apache-2.0
//! What a library keeps compressed: tables and records. Here speed counts for more than size, since a start expands what it needs; so bytes are copied and
//! no codes are read, as in LZ4. Expanding a byte takes a fraction of what DEFLATE (RFC 1951) takes, for a quarter more bytes.
//!
//! A stream is sequences, each some bytes and a copy of what came out before:
//!
//! ```text
//! head       16 * how many bytes, at most 15, + length of the copy - 3, at most 15: u8
//! number     how many more bytes, where there are 15
//! bytes
//! number     how far back the copy begins; not in the last sequence, whose bytes are the end
//! number     how much longer the copy is, where it has 18
//! ```

use alloc::vec;
use alloc::vec::Vec;

use crate::numbers::{Numbers, put};

/// The shortest copy.
const LEAST: usize = 3;
/// The most of each count that stands in the head.
const IN_HEAD: usize = 15;
/// What is copied at once where there is room for it, whether it is needed or not.
const CHUNK: usize = 16;
/// No byte of a stream becomes more than this: the most is a copy whose length is a long number.
const MOST_EXPANSION: usize = 1 << 20;

/// Compressed bytes, and how many they are without that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packed<'a> {
    bytes: &'a [u8],
    len: usize,
}

impl<'a> Packed<'a> {
    /// Reads what [`pack`] has written.
    pub fn read(numbers: &mut Numbers<'a>) -> Option<Self> {
        let len = numbers.size()?;
        let bytes = numbers.bytes()?;
        (len <= bytes.len().checked_mul(MOST_EXPANSION)?).then_some(Self { bytes, len })
    }

    /// How many bytes it has when it is expanded.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether these are the same bytes at the same place.
    pub fn is(&self, other: Self) -> bool {
        core::ptr::eq(self.bytes, other.bytes)
    }

    /// The bytes; none if they are not what was written.
    pub fn expand(&self) -> Option<Vec<u8>> {
        let mut out = filled(self.len, 0);
        let mut numbers = Numbers::new(self.bytes);
        let mut at = 0;
        while at < self.len {
            let head = usize::from(*numbers.take(1)?.first()?);
            let count = counted(head >> 4, &mut numbers)?;
            at = copy_in(&mut out, at, &mut numbers, count)?;
            if at == self.len {
                break;
            }
            let distance = numbers.size()?;
            let length = counted(head & IN_HEAD, &mut numbers)?.checked_add(LEAST)?;
            at = copy_within(&mut out, at, distance, length)?;
        }
        Some(out)
    }
}

/// A count of which the head has the first part.
#[inline]
fn counted(in_head: usize, numbers: &mut Numbers<'_>) -> Option<usize> {
    if in_head < IN_HEAD { Some(in_head) } else { numbers.size()?.checked_add(IN_HEAD) }
}

/// Copies bytes of the stream, and says where the next ones go.
#[inline]
fn copy_in(out: &mut [u8], at: usize, numbers: &mut Numbers<'_>, count: usize) -> Option<usize> {
    let room = out.get_mut(at..)?;
    if count <= CHUNK
        && let (Some(from), Some(to)) = (numbers.peek::<CHUNK>(), room.first_chunk_mut())
    {
        *to = *from;
        numbers.take(count)?;
    } else {
        room.get_mut(..count)?.copy_from_slice(numbers.take(count)?);
    }
    Some(at + count)
}

/// Copies what came out before, and says where the next bytes go.
#[inline]
fn copy_within(out: &mut [u8], at: usize, distance: usize, length: usize) -> Option<usize> {
    let (before, room) = out.split_at_mut_checked(at)?;
    let start = at.checked_sub(distance)?;
    if length > room.len() || distance == 0 {
        return None;
    }
    if length <= CHUNK
        && let (Some(from), Some(to)) = (before.get(start..)?.first_chunk::<CHUNK>(), room.first_chunk_mut())
    {
        *to = *from;
    } else if length <= distance {
        out.copy_within(start..start + length, at);
    } else {
        // It goes on with what it has copied itself.
        for place in at..at + length {
            out[place] = out[place - distance];
        }
    }
    Some(at + length)
}

/// Elements that are all written soon. Zeros of the platform's allocator may be pages that get their memory when they are touched, a fault for each.
pub(super) fn filled<T: Copy>(len: usize, with: T) -> Vec<T> {
    let mut all = Vec::with_capacity(len);
    all.resize(len, with);
    all
}

/// Appends bytes compressed: their length, the length of the stream, the stream.
pub(super) fn pack(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut stream = Vec::new();
    let (mut start, mut at) = (0, 0);
    let copies = copies(bytes);
    while at < bytes.len() {
        match copies[at] {
            Some(copy) => {
                sequence(&mut stream, &bytes[start..at], Some(copy));
                at += copy.length;
                start = at;
            }
            None => at += 1,
        }
    }
    if start < at {
        sequence(&mut stream, &bytes[start..at], None);
    }
    put(out, bytes.len() as u64);
    put(out, stream.len() as u64);
    out.extend_from_slice(&stream);
}

/// A copy of what came before.
#[derive(Clone, Copy)]
struct Copied {
    distance: usize,
    length: usize,
}

impl Copied {
    /// How many bytes it takes.
    fn cost(self) -> usize {
        let number = |number: usize| (usize::BITS - (number | 1).leading_zeros()).div_ceil(7) as usize;
        let more = (self.length - LEAST).checked_sub(IN_HEAD).map_or(0, number);
        1 + number(self.distance) + more
    }
}

fn sequence(out: &mut Vec<u8>, bytes: &[u8], copy: Option<Copied>) {
    let longer = copy.map_or(0, |copy| copy.length - LEAST);
    out.push((bytes.len().min(IN_HEAD) << 4 | longer.min(IN_HEAD)) as u8);
    if let Some(more) = bytes.len().checked_sub(IN_HEAD) {
        put(out, more as u64);
    }
    out.extend_from_slice(bytes);
    if let Some(copy) = copy {
        put(out, copy.distance as u64);
        if let Some(more) = longer.checked_sub(IN_HEAD) {
            put(out, more as u64);
        }
    }
}

/// For each place the copy that the cheapest way to the end begins with there, if it does not begin with the byte.
fn copies(bytes: &[u8]) -> Vec<Option<Copied>> {
    /// How many earlier places are tried.
    const TRIES: usize = 128;
    /// What is as long as this is long enough.
    const ENOUGH: usize = 512;

    let earlier = earlier(bytes);
    let mut chosen = vec![None; bytes.len()];
    let mut costs = vec![0_usize; bytes.len() + 1];
    for at in (0..bytes.len()).rev() {
        let mut cost = costs[at + 1] + 1;
        let mut longest = LEAST - 1;
        let mut place = at;
        for _ in 0..TRIES {
            let Some(before) = earlier[place] else { break };
            place = before;
            let pairs = bytes[place..].iter().zip(&bytes[at..]);
            let length = pairs.take(ENOUGH).take_while(|(a, b)| a == b).count();
            // The nearest place of a length is the cheapest one.
            for length in longest + 1..=length {
                let copy = Copied { distance: at - place, length };
                let whole = copy.cost() + costs[at + length];
                if whole < cost {
                    (cost, chosen[at]) = (whole, Some(copy));
                }
            }
            longest = longest.max(length);
            if longest >= ENOUGH {
                break;
            }
        }
        costs[at] = cost;
    }
    chosen
}

/// For each place the one before with the same three bytes, or others of the same sum.
fn earlier(bytes: &[u8]) -> Vec<Option<usize>> {
    let mut last: Vec<Option<usize>> = vec![None; 1 << 15];
    let mut earlier = vec![None; bytes.len()];
    for (at, [a, b, c]) in bytes.array_windows().enumerate() {
        let key = u32::from_le_bytes([*a, *b, *c, 0]).wrapping_mul(0x9E37_79B1) >> 17;
        earlier[at] = last[key as usize].replace(at);
    }
    earlier
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        pack(&mut out, bytes);
        out
    }

    fn expanded(bytes: &[u8]) -> Option<Vec<u8>> {
        Packed::read(&mut Numbers::new(bytes))?.expand()
    }

    proptest! {
        #[test]
        fn what_is_packed_is_expanded(parts in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..40), 0_usize..40), 0..12)) {
            let bytes: Vec<u8> = parts.iter().flat_map(|(part, times)| part.repeat(*times)).collect();
            prop_assert_eq!(expanded(&packed(&bytes)), Some(bytes));
        }

        #[test]
        fn few_different_bytes_are_expanded(bytes in prop::collection::vec(0_u8..3, 0..2000)) {
            prop_assert_eq!(expanded(&packed(&bytes)), Some(bytes));
        }

        #[test]
        fn anything_is_expanded_or_refused(len in 0_u64..100_000, bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut stream = Vec::new();
            put(&mut stream, len);
            put(&mut stream, bytes.len() as u64);
            stream.extend_from_slice(&bytes);
            prop_assert!(expanded(&stream).is_none_or(|expanded| expanded.len() as u64 == len));
        }
    }

    #[test]
    fn what_is_cut_off_is_refused() {
        let whole = packed(&b"one two three ".repeat(300));
        assert!(whole.len() < 64, "{} bytes", whole.len());
        for len in 0..whole.len() {
            assert!(expanded(&whole[..len]).is_none(), "{len}");
        }
    }
}
