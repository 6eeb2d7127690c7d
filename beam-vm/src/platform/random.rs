// SPDX-License-Identifier: Apache-2.0
//! Numbers that follow from a seed: `SplitMix64` (G. L. Steele et al., "Fast splittable pseudorandom number generators", 2014). For
//! simulations, never for secrets.

/// A sequence of numbers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Random(u64);

impl Random {
    /// The sequence of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut value = self.0;
        value = (value ^ value >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        value = (value ^ value >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        value ^ value >> 31
    }

    /// A number below a limit, which is not 0.
    pub const fn below(&mut self, limit: u64) -> u64 {
        ((self.next() as u128 * limit as u128) >> 64) as u64
    }

    /// A number below a limit, small ones far more often: each power of two is as likely.
    pub const fn small(&mut self, limit: u64) -> u64 {
        let bits = self.below(limit.ilog2() as u64 + 1);
        let value = self.below(2 << bits);
        if value < limit { value } else { limit - 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn the_sequence_is_the_published_one() {
        let mut random = Random::new(1_234_567);
        assert_eq!([random.next(), random.next()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn limits_hold() {
        let mut random = Random::new(0);
        assert!((0..1000).all(|_| random.below(7) < 7 && random.small(4000) < 4000));
        assert!((0..1000).any(|_| random.small(4000) > 2000));
    }
}
