// SPDX-License-Identifier: Apache-2.0
//! Random bytes: ChaCha20 (`rand_chacha`), seeded by SHA-256 over everything unpredictable that the guest can find.
//!
//! Sources are the processor's generators where CPUID has them, and always the jitter of its timing, of which much more is
//! gathered where it is the only source. After every request the generator gets a new key from its own output, so that a later look at
//! memory does not reveal earlier bytes; after a mebibyte fresh samples are mixed in. There is no fixed seed and no way to set one.

mod jitter;
mod processor;

use core::fmt;

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

use self::processor::ProcessorSources;

/// Bytes after which fresh samples are mixed in.
const RESEED_INTERVAL: usize = 1 << 20;
/// Timing samples beside a generator of the processor.
const JITTER_BESIDE_HARDWARE: usize = 32;
/// Timing samples where there is nothing else: at an estimated tenth of a bit each, more than the 256 bits of the key.
const JITTER_ALONE: usize = 4096;
/// Words that are taken from each generator of the processor.
const PROCESSOR_WORDS: usize = 16;

/// The generator of random bytes.
pub struct Entropy {
    generator: ChaCha20Rng,
    sources: ProcessorSources,
    since_reseed: usize,
}

/// Where the randomness comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EntropyReport {
    sources: ProcessorSources,
}

impl Entropy {
    /// Gathers a seed. `personal` is whatever else tells this guest from others; it need not be secret.
    #[must_use]
    pub fn gather(personal: &[u8]) -> Self {
        let sources = ProcessorSources::detect();
        let mut pool = Sha256::new();
        pool.update(personal);
        let generator = ChaCha20Rng::from_seed(sample(pool, sources));
        Self { generator, sources, since_reseed: 0 }
    }

    /// Fills `bytes`.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(RESEED_INTERVAL) {
            if self.since_reseed >= RESEED_INTERVAL {
                self.reseed();
            }
            self.generator.fill_bytes(chunk);
            self.since_reseed += chunk.len();
        }
        let mut key = [0; 32];
        self.generator.fill_bytes(&mut key);
        self.generator = ChaCha20Rng::from_seed(key);
    }

    /// Another generator, which cannot be foreseen by who sees what this one gives, nor the other way.
    #[must_use]
    pub fn fork(&mut self) -> Self {
        let mut key = [0; 32];
        self.fill(&mut key);
        Self { generator: ChaCha20Rng::from_seed(key), sources: self.sources, since_reseed: 0 }
    }

    /// Where the randomness comes from.
    #[must_use]
    pub const fn report(&self) -> EntropyReport {
        EntropyReport { sources: self.sources }
    }

    fn reseed(&mut self) {
        let mut pool = Sha256::new();
        let mut old = [0; 32];
        self.generator.fill_bytes(&mut old);
        pool.update(old);
        self.generator = ChaCha20Rng::from_seed(sample(pool, self.sources));
        self.since_reseed = 0;
    }
}

impl EntropyReport {
    /// Whether the processor has a generator of its own.
    #[must_use]
    pub const fn has_hardware(&self) -> bool {
        self.sources.rdseed || self.sources.rdrand
    }
}

impl fmt::Display for EntropyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.sources.rdseed, self.sources.rdrand) {
            (true, true) => "RDSEED, RDRAND and timing jitter",
            (true, false) => "RDSEED and timing jitter",
            (false, true) => "RDRAND and timing jitter",
            (false, false) => "timing jitter only: the processor has neither RDSEED nor RDRAND",
        })
    }
}

/// Adds fresh samples of all sources to the pool, and condenses it to a key.
fn sample(mut pool: Sha256, sources: ProcessorSources) -> [u8; 32] {
    let words = sources.collect(PROCESSOR_WORDS, |word| pool.update(word.to_le_bytes()));
    let jitter = if words > 0 { JITTER_BESIDE_HARDWARE } else { JITTER_ALONE };
    jitter::collect(jitter, |delta| pool.update(delta.to_le_bytes()));
    pool.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_generators_and_two_requests_differ() {
        let mut blocks = [[0; 64]; 4];
        let (mut one, mut other) = (Entropy::gather(b"same"), Entropy::gather(b"same"));
        one.fill(&mut blocks[0]);
        one.fill(&mut blocks[1]);
        other.fill(&mut blocks[2]);
        other.fill(&mut blocks[3]);
        for (index, block) in blocks.iter().enumerate() {
            assert!(!blocks[..index].contains(block));
            assert_ne!(*block, [0; 64]);
        }
    }

    #[test]
    fn long_requests_are_filled_to_the_end() {
        let mut bytes = std::vec![0; 3 * RESEED_INTERVAL + 5];
        Entropy::gather(b"").fill(&mut bytes);
        assert!(bytes.chunks(64).all(|chunk| chunk.len() < 8 || chunk.iter().any(|byte| *byte != 0)));
    }

    #[test]
    fn a_guest_without_a_generator_says_so() {
        let report = EntropyReport { sources: ProcessorSources { rdseed: false, rdrand: false } };
        assert!(!report.has_hardware());
        assert_eq!(
            std::string::ToString::to_string(&report),
            "timing jitter only: the processor has neither RDSEED nor RDRAND"
        );
    }
}
