// SPDX-License-Identifier: Apache-2.0
//! Nanoseconds for each operation, beside num-bigint: the thresholds between the methods come from here. Prints, and asserts nothing:
//! `cargo test --release -p beam-vm number::integer::tests::bench -- --ignored --nocapture`

use core::hint::black_box;
use std::println;
use std::string::ToString;
use std::time::Instant;
use std::vec;

use num_bigint::BigUint;

use super::super::*;
use super::Owned;

/// The best of five rounds of at least two milliseconds each.
fn nanoseconds(mut operation: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let mut count = 1u32;
        loop {
            let start = Instant::now();
            (0..count).for_each(|_| operation());
            let elapsed = start.elapsed().as_nanos() as f64;
            if elapsed > 2e6 {
                best = best.min(elapsed / f64::from(count));
                break;
            }
            count *= 2;
        }
    }
    best
}

fn sample(limbs: usize, seed: u64) -> (Owned, BigUint) {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state ^ state >> 29 | 1
    };
    let owned = Owned(Sign::Positive, (0..limbs).map(|_| next()).collect());
    let number =
        BigUint::from_bytes_le(&owned.1.iter().flat_map(|limb| limb.to_le_bytes()).collect::<vec::Vec<_>>());
    (owned, number)
}

#[test]
#[ignore = "prints times"]
fn nanoseconds_beside_num_bigint() {
    println!("limbs operation ours num-bigint (ns)");
    for limbs in [2, 16, 24, 32, 40, 48, 64, 96, 128, 256, 4096] {
        let ((a, big_a), (b, big_b), (c, big_c)) = (sample(limbs, 1), sample(limbs, 2), sample(2 * limbs, 3));
        let (x, y, z) = (a.view(), b.view(), c.view());
        let mut out = vec![0; 2 * limbs + 2];
        let mut text = vec![0; format_bytes(x, 10)];
        let digits = big_a.to_string();
        let print =
            |name: &str, ours: f64, theirs: f64| println!("{limbs:5} {name:8} {ours:12.1} {theirs:12.1}");
        let ours = nanoseconds(|| _ = black_box(add(black_box(x), y, &mut out)));
        print("add", ours, nanoseconds(|| _ = black_box(black_box(&big_a) + &big_b)));
        let ours = nanoseconds(|| _ = black_box(multiply(black_box(x), y, &mut out)));
        print("multiply", ours, nanoseconds(|| _ = black_box(black_box(&big_a) * &big_b)));
        let ours = nanoseconds(|| _ = black_box(square(black_box(x), &mut out)));
        print("square", ours, nanoseconds(|| _ = black_box(black_box(&big_a) * &big_a)));
        let ours = nanoseconds(|| _ = black_box(divide(black_box(z), y, &mut out)));
        print("divide", ours, nanoseconds(|| _ = black_box(black_box(&big_c) / &big_b)));
        let ours = nanoseconds(|| _ = black_box(format(black_box(x), 10, &mut text)));
        print("write", ours, nanoseconds(|| _ = black_box(black_box(&big_a).to_string())));
        let ours = nanoseconds(|| _ = black_box(parse(black_box(digits.as_bytes()), 10, &mut out)));
        print("read", ours, nanoseconds(|| _ = black_box(black_box(&digits).parse::<BigUint>())));
    }
}
