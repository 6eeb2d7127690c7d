// SPDX-License-Identifier: Apache-2.0
//! Short slices of bytes, such as keys are. A call that works on many bytes takes longer than these do, and so does a loop over them: they
//! are read by words, which may overlap.

/// Up to eight bytes as a number, the first the lowest. What comes after them is left out.
#[inline]
pub fn number(bytes: &[u8]) -> u64 {
    if let Some(eight) = bytes.first_chunk() {
        return u64::from_le_bytes(*eight);
    }
    let len = bytes.len();
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let last = u64::from(u32::from_le_bytes(*last));
        return u64::from(u32::from_le_bytes(*first)) | last << (8 * (len - 4));
    }
    match *bytes {
        [] => 0,
        [first, .., last] => {
            let middle = len / 2;
            u64::from(first) | u64::from(bytes[middle]) << (8 * middle) | u64::from(last) << (8 * (len - 1))
        }
        [only] => u64::from(only),
    }
}

/// Whether two slices are the same.
#[inline]
pub fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() || a.len() > 16 {
        return a == b;
    }
    match (a.first_chunk::<8>(), b.first_chunk::<8>(), a.last_chunk::<8>(), b.last_chunk::<8>()) {
        (Some(first_a), Some(first_b), Some(last_a), Some(last_b)) => first_a == first_b && last_a == last_b,
        _ => number(a) == number(b),
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::{number, same};

    proptest! {
        #[test]
        fn words_are_what_bytes_are(bytes in prop::collection::vec(any::<u8>(), 0..20), changed in any::<prop::sample::Index>()) {
            let mut eight = [0; 8];
            let few = &bytes[..bytes.len().min(8)];
            eight[..few.len()].copy_from_slice(few);
            prop_assert_eq!(number(&bytes), u64::from_le_bytes(eight));

            prop_assert!(same(&bytes, &bytes.clone()));
            if !bytes.is_empty() {
                let mut other: Vec<u8> = bytes.clone();
                other[changed.index(bytes.len())] ^= 0x40;
                prop_assert!(!same(&bytes, &other));
                prop_assert!(!same(&bytes, &bytes[1..]));
            }
        }
    }
}
