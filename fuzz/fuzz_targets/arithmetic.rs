// SPDX-License-Identifier: Apache-2.0
//! Arithmetic of integers of any size, beside num-bigint.
#![no_main]

use beam_vm::number::integer::{
    Extent, Integer, Shift, Sign, add, and, bitwise_limbs, compare, divide, format, format_bytes, multiply,
    or, parse, parse_limbs, product_limbs, quotient_limbs, remainder, remainder_limbs, shift, shift_limbs,
    subtract, sum_limbs, xor,
};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use num_bigint::{BigInt, Sign as BigSign};

#[derive(Arbitrary, Debug)]
struct Number {
    negative: bool,
    limbs: Vec<Limb>,
}

/// Limbs on which estimates and carries go wrong if they can.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Limb {
    Any(u64),
    Ones,
    Zero,
    Top,
    /// So many times the same.
    Run(u8, u64),
}

#[derive(Arbitrary, Debug)]
struct Input {
    a: Number,
    b: Number,
    count: i16,
    radix: u8,
    text: Vec<u8>,
}

impl Number {
    fn limbs(&self) -> Vec<u64> {
        let mut limbs = Vec::new();
        for limb in self.limbs.iter().take(64) {
            match *limb {
                Limb::Any(limb) => limbs.push(limb),
                Limb::Ones => limbs.push(u64::MAX),
                Limb::Zero => limbs.push(0),
                Limb::Top => limbs.push(1 << 63),
                Limb::Run(count, limb) => limbs.extend(std::iter::repeat_n(limb, usize::from(count % 70))),
            }
        }
        limbs
    }

    fn sign(&self) -> Sign {
        if self.negative { Sign::Negative } else { Sign::Positive }
    }
}

fn big(a: Integer<'_>) -> BigInt {
    let bytes: Vec<u8> = a.limbs().iter().flat_map(|limb| limb.to_le_bytes()).collect();
    BigInt::from_bytes_le(if a.sign() == Sign::Negative { BigSign::Minus } else { BigSign::Plus }, &bytes)
}

fn outcome<E: std::fmt::Debug>(
    limbs: usize,
    operation: impl FnOnce(&mut [u64]) -> Result<Extent, E>,
) -> BigInt {
    // What is not written has to be no part of the result.
    let mut out = vec![0xAAAA_AAAA_AAAA_AAAA; limbs];
    let extent = operation(&mut out).expect("the operands are far from the limit");
    big(extent.view(&out))
}

fuzz_target!(|input: Input| {
    let (limbs, other_limbs) = (input.a.limbs(), input.b.limbs());
    let (a, b) = (Integer::new(input.a.sign(), &limbs), Integer::new(input.b.sign(), &other_limbs));
    let (x, y) = (&big(a), &big(b));
    assert_eq!(compare(a, b), x.cmp(y));
    assert_eq!(outcome(sum_limbs(a, b), |out| add(a, b, out)), x + y);
    assert_eq!(outcome(sum_limbs(a, b), |out| subtract(a, b, out)), x - y);
    let product = product_limbs(a, b).expect("the operands are far from the limit");
    assert_eq!(outcome(product, |out| multiply(a, b, out)), x * y);
    assert_eq!(outcome(bitwise_limbs(a, b), |out| and(a, b, out)), x & y);
    assert_eq!(outcome(bitwise_limbs(a, b), |out| or(a, b, out)), x | y);
    assert_eq!(outcome(bitwise_limbs(a, b), |out| xor(a, b, out)), x ^ y);
    if !b.is_zero() {
        assert_eq!(outcome(quotient_limbs(a, b), |out| divide(a, b, out)), x / y);
        assert_eq!(outcome(remainder_limbs(a, b), |out| remainder(a, b, out)), x % y);
    }
    let count = u64::from(input.count.unsigned_abs());
    let (by, shifted) =
        if input.count >= 0 { (Shift::Left(count), x << count) } else { (Shift::Right(count), x >> count) };
    let room = shift_limbs(a, by).expect("the operand is far from the limit");
    assert_eq!(outcome(room, |out| shift(a, by, out)), shifted);
    text(a, x, 2 + u32::from(input.radix % 35), &input.text);
});

fn text(a: Integer<'_>, x: &BigInt, radix: u32, any: &[u8]) {
    let mut out = vec![0; format_bytes(a, radix)];
    let written = format(a, radix, &mut out);
    assert_eq!(written, x.to_str_radix(radix).to_ascii_uppercase().as_bytes());
    assert_eq!(outcome(parse_limbs(written.len(), radix), |out| parse(written, radix, out)), *x);
    let mut out = vec![0; parse_limbs(any.len(), radix)];
    let parsed = parse(any, radix, &mut out).ok().map(|extent| big(extent.view(&out)));
    let expected = if any.contains(&b'_') { None } else { BigInt::parse_bytes(any, radix) };
    assert_eq!(parsed, expected);
}
