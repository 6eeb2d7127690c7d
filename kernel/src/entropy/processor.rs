// SPDX-License-Identifier: Apache-2.0
//! RDSEED and RDRAND: AMD64 Architecture Programmer's Manual, volume 3; Intel SDM, volume 1, section 7.3.17.
//!
//! A word counts only when the processor says that it is valid. A generator that repeats a word is broken (some processors have
//! returned all ones after a suspend) and is not used.
#![expect(unsafe_code, reason = "executes instructions that not every processor has")]

use core::arch::asm;

use crate::cpuid;

/// Tries for one word, as Intel recommends for RDRAND.
const TRIES: usize = 10;
/// Tries for RDSEED, which may be exhausted for a while.
const SEED_TRIES: usize = 100;

/// Which generators the processor has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ProcessorSources {
    /// CPUID leaf 7, EBX bit 18.
    pub rdseed: bool,
    /// CPUID leaf 1, ECX bit 30.
    pub rdrand: bool,
}

impl ProcessorSources {
    /// Asks CPUID, and tries each generator.
    pub fn detect() -> Self {
        let highest = cpuid::query(0, 0).eax;
        let rdrand = highest >= 1 && cpuid::query(1, 0).ecx & 1 << 30 != 0;
        let rdseed = highest >= 7 && cpuid::query(7, 0).ebx & 1 << 18 != 0;
        Self { rdseed: rdseed && is_sound(read_rdseed), rdrand: rdrand && is_sound(read_rdrand) }
    }

    /// Passes up to `count` words from each generator to `take`, and says how many there were.
    pub fn collect(self, count: usize, mut take: impl FnMut(u64)) -> usize {
        let mut words = 0;
        let generators = [(self.rdseed, read_rdseed as fn() -> Option<u64>), (self.rdrand, read_rdrand)];
        for (_, read) in generators.into_iter().filter(|(present, _)| *present) {
            for word in (0..count).map_while(|_| read()) {
                take(word);
                words += 1;
            }
        }
        words
    }
}

/// Whether a generator yields words that differ.
fn is_sound(read: fn() -> Option<u64>) -> bool {
    match (read(), read(), read()) {
        (Some(one), Some(two), Some(three)) => one != two && two != three,
        _ => false,
    }
}

macro_rules! instruction {
    ($name:ident, $mnemonic:literal, $tries:expr) => {
        fn $name() -> Option<u64> {
            for _ in 0..$tries {
                let (word, valid): (u64, u8);
                // SAFETY: called only where CPUID has the instruction, which writes two registers and the flags.
                unsafe {
                    asm!(
                        concat!($mnemonic, " {word}"),
                        "setc {valid}",
                        word = out(reg) word,
                        valid = out(reg_byte) valid,
                        options(nomem, nostack),
                    );
                }
                if valid != 0 {
                    return Some(word);
                }
            }
            None
        }
    };
}

instruction!(read_rdrand, "rdrand", TRIES);
instruction!(read_rdseed, "rdseed", SEED_TRIES);
