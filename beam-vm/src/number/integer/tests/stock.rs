// SPDX-License-Identifier: Apache-2.0
//! The table of answers of OTP 25.

use core::cmp::Ordering;
use core::convert::Infallible;
use std::string::String;
use std::vec;
use std::vec::Vec;

use super::super::*;
use super::{Owned, run, section, to_hex};

const TABLE: &str = include_str!("stock.txt");

fn rows(name: &str) -> impl Iterator<Item = Vec<&'static str>> {
    section(TABLE, name).map(|line| line.split(' ').collect())
}

fn text<E>(result: Result<Owned, E>) -> Result<String, E> {
    result.map(|owned| to_hex(owned.view()))
}

#[test]
fn operations() {
    for row in rows("operations") {
        let (x, y) = (Owned::from_hex(row[0]), Owned::from_hex(row[1]));
        let (x, y) = (x.view(), y.view());
        let sum = sum_limbs(x, y);
        assert_eq!(text(run(sum, |out| subtract(x, y, out))).unwrap(), row[2], "{row:?}");
        assert_eq!(text(run(sum, |out| add(x, y.negated(), out))).unwrap(), row[2], "{row:?}");
        let limbs = product_limbs(x, y).unwrap();
        assert_eq!(text(run(limbs, |out| multiply(x, y, out))).unwrap(), row[3], "{row:?}");
        let quotient = text(run(quotient_limbs(x, y), |out| divide(x, y, out)));
        assert_eq!(quotient.unwrap_or("badarith".into()), row[4], "{row:?}");
        let rest = text(run(remainder_limbs(x, y), |out| remainder(x, y, out)));
        assert_eq!(rest.unwrap_or("badarith".into()), row[5], "{row:?}");
        let limbs = bitwise_limbs(x, y);
        assert_eq!(text(run(limbs, |out| and(x, y, out))).unwrap(), row[6], "{row:?}");
        assert_eq!(text(run(limbs, |out| or(x, y, out))).unwrap(), row[7], "{row:?}");
        assert_eq!(text(run(limbs, |out| xor(x, y, out))).unwrap(), row[8], "{row:?}");
    }
}

#[test]
fn shifts() {
    for row in rows("shifts") {
        let x = Owned::from_hex(row[0]);
        let mut place = [0];
        let count = Integer::from_i64(row[1].parse().unwrap(), &mut place);
        for (shift_by, expected) in [(Shift::bsl(count), row[2]), (Shift::bsr(count), row[3])] {
            let limbs = shift_limbs(x.view(), shift_by).unwrap();
            assert_eq!(text(run(limbs, |out| shift(x.view(), shift_by, out))).unwrap(), expected, "{row:?}");
        }
    }
}

#[test]
fn floats() {
    for row in rows("float") {
        let expected = u64::from_str_radix(row[1], 16).ok();
        assert_eq!(to_float(Owned::from_hex(row[0]).view()).map(f64::to_bits), expected, "{row:?}");
    }
    for row in rows("rounding") {
        let value = float(row[0]);
        let roundings = [Rounding::Truncate, Rounding::Nearest, Rounding::Floor, Rounding::Ceiling];
        for (rounding, expected) in roundings.into_iter().zip(&row[1..]) {
            let mut place = [u64::MAX; FLOAT_LIMBS];
            let extent = from_float(value, rounding, &mut place).unwrap();
            assert_eq!(to_hex(extent.view(&place)), *expected, "{rounding:?} {row:?}");
        }
    }
    for row in rows("compare") {
        let expected = match row[2] {
            "<" => Ordering::Less,
            "=" => Ordering::Equal,
            _ => Ordering::Greater,
        };
        assert_eq!(compare_float(Owned::from_hex(row[0]).view(), float(row[1])), expected, "{row:?}");
    }
}

fn float(bits: &str) -> f64 {
    f64::from_bits(u64::from_str_radix(bits, 16).unwrap())
}

#[test]
fn texts() {
    for row in rows("text") {
        let (x, radix) = (Owned::from_hex(row[0]), row[1].parse().unwrap());
        let mut out = vec![0; format_bytes(x.view(), radix)];
        assert_eq!(format(x.view(), radix, &mut out), row[2].as_bytes(), "{row:?}");
        let lower = row[2].to_ascii_lowercase();
        let read = run(parse_limbs(lower.len(), radix), |out| parse(lower.as_bytes(), radix, out));
        assert_eq!(text(read).unwrap(), row[0], "{row:?}");
    }
}

#[test]
fn fields() {
    for row in rows("fields") {
        let x = Owned::from_hex(row[0]);
        let bits = Bits { start: row[1].parse().unwrap(), len: row[2].parse().unwrap() };
        for (endian, signedness, bytes, value) in [
            (Endian::Big, Signedness::Unsigned, row[3], row[5]),
            (Endian::Little, Signedness::Signed, row[4], row[6]),
        ] {
            let bytes: Vec<u8> = (0..bytes.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&bytes[at..at + 2], 16).unwrap())
                .collect();
            let mut written = vec![0; bytes.len()];
            to_bits(x.view(), &mut written, bits, endian);
            assert_eq!(written, bytes, "{row:?}");
            let read = run(bits_limbs(bits), |out| from_bits(&bytes, bits, endian, signedness, out));
            assert_eq!(text(read).unwrap(), value, "{row:?}");
        }
    }
}

#[test]
fn small_integers() {
    for value in [0, 1, -1, i64::MAX, i64::MIN] {
        let mut place = [7];
        let x = Integer::from_i64(value, &mut place);
        assert_eq!((x.to_i64(), x.to_i128()), (Some(value), Some(i128::from(value))));
        assert_eq!(x.to_u64(), u64::try_from(value).ok());
        let negative = run::<Infallible>(2, |out| Ok(not(x, out).unwrap())).unwrap();
        assert_eq!(negative.view().to_i64(), Some(!value));
    }
    for value in [i128::MAX, i128::MIN, 1 << 64, -(1 << 63) - 1] {
        let mut place = [7; 2];
        let x = Integer::from_i128(value, &mut place);
        assert_eq!((x.to_i64(), x.to_i128()), (None, Some(value)));
    }
    assert_eq!(Integer::from_u64(u64::MAX, &mut [0]).to_u64(), Some(u64::MAX));
    assert_eq!(Integer::new(Sign::Negative, &[0, 0, 1 << 63]).to_i128(), None);
}
