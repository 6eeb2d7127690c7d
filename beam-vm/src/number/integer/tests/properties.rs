// SPDX-License-Identifier: Apache-2.0
//! Properties against num-bigint, with sizes on both sides of every threshold and limbs that provoke carries and corrections.

use core::cmp::Ordering;
use std::vec;
use std::vec::Vec;

use num_bigint::{BigInt, Sign as BigSign};
use proptest::prelude::*;

use super::super::*;
use super::{Owned, run};

/// Limbs on which estimates and carries go wrong if they can.
fn limb() -> impl Strategy<Value = u64> {
    prop_oneof![
        any::<u64>(),
        Just(0),
        Just(u64::MAX),
        Just(1 << 63),
        Just((1 << 63) - 1),
        Just(1),
        (0..64u32).prop_map(|bit| 1 << bit),
        (0..64u32).prop_map(|bit| u64::MAX << bit),
    ]
}

fn magnitude() -> impl Strategy<Value = Vec<u64>> {
    let runs = prop::collection::vec((limb(), 1..100usize), 0..5);
    prop_oneof![
        6 => prop::collection::vec(limb(), 0..8),
        3 => prop::collection::vec(limb(), 0..150),
        2 => runs.prop_map(|runs| runs.into_iter().flat_map(|(limb, count)| vec![limb; count]).collect()),
    ]
}

fn integer() -> impl Strategy<Value = Owned> {
    (magnitude(), any::<bool>())
        .prop_map(|(limbs, negative)| Owned(if negative { Sign::Negative } else { Sign::Positive }, limbs))
}

fn big(a: Integer<'_>) -> BigInt {
    let bytes: Vec<u8> = a.limbs().iter().flat_map(|limb| limb.to_le_bytes()).collect();
    BigInt::from_bytes_le(if a.sign() == Sign::Negative { BigSign::Minus } else { BigSign::Plus }, &bytes)
}

/// The result as a num-bigint.
fn outcome<E: fmt::Debug>(limbs: usize, operation: impl FnOnce(&mut [u64]) -> Result<Extent, E>) -> BigInt {
    big(run(limbs, operation).unwrap().view())
}

/// The lowest bits of a two's complement as an unsigned number.
fn modulo_power(value: &BigInt, bits: usize) -> BigInt {
    let mask = (BigInt::from(1) << bits) - 1;
    value & mask
}

proptest! {
    #[test]
    fn arithmetic(a in integer(), b in integer()) {
        let (a, b) = (a.view(), b.view());
        let (x, y) = (&big(a), &big(b));
        prop_assert_eq!(compare(a, b), x.cmp(y));
        prop_assert_eq!(outcome(sum_limbs(a, b), |out| add(a, b, out)), x + y);
        prop_assert_eq!(outcome(sum_limbs(a, b), |out| subtract(a, b, out)), x - y);
        prop_assert_eq!(outcome(product_limbs(a, b).unwrap(), |out| multiply(a, b, out)), x * y);
        prop_assert_eq!(outcome(product_limbs(a, a).unwrap(), |out| multiply(a, a, out)), x * x);
        prop_assert_eq!(outcome(bitwise_limbs(a, b), |out| and(a, b, out)), x & y);
        prop_assert_eq!(outcome(bitwise_limbs(a, b), |out| or(a, b, out)), x | y);
        prop_assert_eq!(outcome(bitwise_limbs(a, b), |out| xor(a, b, out)), x ^ y);
        prop_assert_eq!(outcome(bitwise_limbs(a, a), |out| not(a, out)), !x);
    }

    #[test]
    fn division(a in integer(), b in integer(), c in integer()) {
        let (b, c) = (b.view(), c.view());
        // A multiple of the divisor and little more or less is where a digit's estimate is too large.
        let product = run(product_limbs(a.view(), b).unwrap(), |out| multiply(a.view(), b, out)).unwrap();
        let near = run(sum_limbs(product.view(), c), |out| add(product.view(), c, out)).unwrap();
        for dividend in [a.view(), near.view(), product.view(), c] {
            let mut quotient = vec![9; quotient_limbs(dividend, b)];
            let mut rest = vec![9; remainder_limbs(dividend, b)];
            if b.is_zero() {
                prop_assert_eq!(divide(dividend, b, &mut quotient), Err(DivideByZero));
                prop_assert_eq!(remainder(dividend, b, &mut rest), Err(DivideByZero));
                continue;
            }
            let (x, y) = (&big(dividend), &big(b));
            prop_assert_eq!(outcome(quotient.len(), |out| divide(dividend, b, out)), x / y);
            prop_assert_eq!(outcome(rest.len(), |out| remainder(dividend, b, out)), x % y);
        }
    }

    #[test]
    fn shifts(a in integer(), count in 0..700u64) {
        let a = a.view();
        let left = shift_limbs(a, Shift::Left(count)).unwrap();
        prop_assert_eq!(outcome(left, |out| shift(a, Shift::Left(count), out)), big(a) << count);
        let right = shift_limbs(a, Shift::Right(count)).unwrap();
        prop_assert_eq!(outcome(right, |out| shift(a, Shift::Right(count), out)), big(a) >> count);
    }

    #[test]
    fn text(a in integer(), radix in 2..=36u32) {
        let a = a.view();
        let expected = big(a).to_str_radix(radix).to_ascii_uppercase();
        let mut out = vec![0; format_bytes(a, radix)];
        let written = format(a, radix, &mut out);
        prop_assert_eq!(core::str::from_utf8(written).unwrap(), expected);
        let limbs = parse_limbs(written.len(), radix);
        prop_assert_eq!(outcome(limbs, |out| parse(written, radix, out)), big(a));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[-+]?[0-9a-zA-Z_ ]{0,70}", radix in 2..=36u32) {
        let mut out = vec![9; parse_limbs(text.len(), radix)];
        let parsed = parse(text.as_bytes(), radix, &mut out).map(|extent| big(extent.view(&out)));
        let expected = match text.contains('_') {
            true => None,
            false => BigInt::parse_bytes(text.as_bytes(), radix),
        };
        prop_assert_eq!(parsed.ok(), expected);
        let digits = scan(text.as_bytes(), radix).unwrap_or(0);
        let mut out = vec![9; parse_limbs(digits, radix)];
        prop_assert_eq!(parse(&text.as_bytes()[..digits], radix, &mut out).is_ok(), digits > 0);
    }

    #[test]
    fn fields(a in integer(), start in 0..9usize, len in 0..300usize, little: bool, fill: u8) {
        let a = a.view();
        let (bits, endian) = (Bits { start, len }, if little { Endian::Little } else { Endian::Big });
        let mut bytes = vec![fill; (start + len).div_ceil(8) + 1];
        to_bits(a, &mut bytes, bits, endian);
        let unsigned = modulo_power(&big(a), len);
        let read = |signedness| outcome(bits_limbs(bits), |out| from_bits(&bytes, bits, endian, signedness, out));
        prop_assert_eq!(read(Signedness::Unsigned), unsigned.clone());
        let negative = len > 0 && unsigned.bit(len as u64 - 1);
        let signed = if negative { unsigned - (BigInt::from(1) << len) } else { unsigned };
        prop_assert_eq!(read(Signedness::Signed), signed);
        for bit in (0..start).chain(start + len..bytes.len() * 8) {
            prop_assert_eq!((bytes[bit / 8] ^ fill) >> (7 - bit % 8) & 1, 0, "bit {} is not ours", bit);
        }
    }

    #[test]
    fn floats(value in any::<f64>(), offset in -3..4i64) {
        let mut place = [9; FLOAT_LIMBS];
        let Some(extent) = from_float(value, Rounding::Truncate, &mut place) else {
            prop_assert!(!value.is_finite());
            return Ok(());
        };
        let whole = extent.view(&place);
        prop_assert_eq!(to_float(whole).unwrap(), value.trunc());
        let mut limb = [0];
        let offset = Integer::from_i64(offset, &mut limb);
        let moved = run(sum_limbs(whole, offset), |out| add(whole, offset, out)).unwrap();
        let expected = match compare(moved.view(), whole) {
            Ordering::Equal => value.trunc().partial_cmp(&value).unwrap(),
            // One step away passes the fraction.
            other => other,
        };
        prop_assert_eq!(compare_float(moved.view(), value), expected);
        for (rounding, nearest) in
            [(Rounding::Nearest, value.round()), (Rounding::Floor, value.floor()), (Rounding::Ceiling, value.ceil())]
        {
            let extent = from_float(value, rounding, &mut place).unwrap();
            prop_assert_eq!(to_float(extent.view(&place)).unwrap(), nearest);
        }
    }
}
