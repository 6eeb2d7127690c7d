// SPDX-License-Identifier: Apache-2.0
//! Sums against known ones, and in parts against in one piece.
use std::vec::Vec;

use proptest::prelude::*;

use super::{Md5State, adler32, adler32_combine, crc32, crc32_combine};

fn md5(bytes: &[u8]) -> [u8; 16] {
    let mut state = Md5State::default();
    state.update(bytes);
    state.finish()
}

#[test]
fn sums_are_those_of_their_specifications() {
    assert_eq!(crc32(0, b"123456789"), 0xCBF4_3926);
    assert_eq!(adler32(1, b"Wikipedia"), 0x11E6_0398);
    assert_eq!(md5(b"").map(u32::from)[..4], [0xD4, 0x1D, 0x8C, 0xD9]);
    assert_eq!(md5(b"message digest").map(u32::from)[..4], [0xF9, 0x6B, 0x69, 0x7D]);
}

#[test]
fn a_context_has_its_length() {
    assert!(Md5State::from_context(&[0; 87]).is_err());
    assert!(Md5State::from_context(&[0; 88]).is_ok());
}

proptest! {
    #[test]
    fn parts_sum_up_to_the_whole(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..6)) {
        let whole: Vec<u8> = parts.concat();
        let mut sums = (0, 1);
        let mut combined = (0, 1);
        let mut context = Md5State::default().to_context();
        for part in &parts {
            sums = (crc32(sums.0, part), adler32(sums.1, part));
            let len = part.len() as u32;
            combined.0 = crc32_combine(combined.0, crc32(0, part), len);
            combined.1 = adler32_combine(combined.1, adler32(1, part), len);
            let mut state = Md5State::from_context(&context).expect("a context");
            state.update(part);
            context = state.to_context();
        }
        prop_assert_eq!(sums, (crc32(0, &whole), adler32(1, &whole)));
        prop_assert_eq!(combined, sums);
        prop_assert_eq!(Md5State::from_context(&context).expect("a context").finish(), md5(&whole));
    }
}
