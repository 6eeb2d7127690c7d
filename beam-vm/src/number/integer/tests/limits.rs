// SPDX-License-Identifier: Apache-2.0
//! The largest integers, with answers of OTP 25: `1 bsl 33554367` exists, `1 bsl 33554368` is `system_limit`.

use std::vec;

use super::super::*;
use super::{Owned, run};

const BITS: u64 = MAX_LIMBS as u64 * 64;

fn largest() -> Owned {
    Owned(Sign::Positive, vec![u64::MAX; MAX_LIMBS])
}

#[test]
fn shifts_end_at_the_limit() {
    let one = Integer::new(Sign::Positive, &[1]);
    assert_eq!(BITS, 33_554_368);
    assert_eq!(shift_limbs(one, Shift::Left(BITS - 1)), Ok(MAX_LIMBS));
    assert_eq!(shift_limbs(one, Shift::Left(BITS)), Err(SystemLimit));
    let huge = Integer::new(Sign::Negative, &[0, 1]);
    assert_eq!(shift_limbs(one, Shift::bsr(huge)), Err(SystemLimit));
    assert_eq!(shift_limbs(Integer::ZERO, Shift::bsr(huge)), Ok(0));
    let mut out = [0];
    assert_eq!(shift(one, Shift::bsl(huge), &mut out).unwrap().len, 0);
    assert_eq!(shift(one.negated(), Shift::bsl(huge), &mut out).unwrap().view(&out).to_i64(), Some(-1));
}

#[test]
fn sums_and_complements_end_at_the_limit() {
    let largest = largest();
    let (largest, one) = (largest.view(), Integer::new(Sign::Positive, &[1]));
    let limbs = MAX_LIMBS + 1;
    assert_eq!(run(limbs, |out| add(largest, one, out)).unwrap_err(), SystemLimit);
    assert_eq!(run(limbs, |out| subtract(largest.negated(), one, out)).unwrap_err(), SystemLimit);
    assert_eq!(run(limbs, |out| not(largest, out)).unwrap_err(), SystemLimit);
    let minus_one = run(limbs, |out| or(largest, one.negated(), out)).unwrap();
    assert_eq!(minus_one.view().to_i64(), Some(-1));
    let halved = run(limbs, |out| shift(largest.negated(), Shift::Right(1), out)).unwrap();
    assert_eq!(halved.view().bit_length(), BITS);
}

#[test]
fn products_end_at_the_limit() {
    let power = |bits: usize| {
        let mut limbs = vec![0; bits / 64 + 1];
        limbs[bits / 64] = 1 << (bits % 64);
        Owned(Sign::Positive, limbs)
    };
    let (a, b, c) = (power(20_000_000), power(13_554_367), power(13_554_368));
    let limbs = product_limbs(a.view(), b.view()).unwrap();
    let product = run(limbs, |out| multiply(a.view(), b.view(), out)).unwrap();
    assert_eq!(product.view().bit_length(), BITS);
    assert_eq!(product_limbs(a.view(), c.view()), Err(SystemLimit));
    let (largest, two) = (largest(), Integer::new(Sign::Positive, &[2]));
    let limbs = product_limbs(largest.view(), two).unwrap();
    assert_eq!(run(limbs, |out| multiply(largest.view(), two, out)).unwrap_err(), SystemLimit);
}

#[test]
fn estimates_grow_with_the_lengths() {
    let lengths = [0, 1, 2, 31, 32, 63, 64, 65, 127, 128, 200, 256, 1000, 4096, 65_536, MAX_LIMBS];
    for pair in lengths.windows(2) {
        let [short, long] = [pair[0], pair[1]];
        assert!(cost::linear(short) <= cost::linear(long));
        assert!(cost::text(short) <= cost::text(long), "{pair:?}");
        assert!(cost::multiply(short, short) <= cost::multiply(long, long), "{pair:?}");
        assert!(cost::multiply(short, 4096) <= cost::multiply(long, 4096), "{pair:?}");
        assert!(cost::divide(2 * short, short) <= cost::divide(2 * long, long), "{pair:?}");
        assert_eq!(cost::multiply(short, long), cost::multiply(long, short));
    }
    // Half a megabyte by half a megabyte is many slices of 4000 reductions, yet far from what the school method would need.
    assert!(cost::multiply(65_536, 65_536) > 400_000);
    assert!(cost::multiply(65_536, 65_536) < 65_536 * 65_536 / 128 / 5);
}
