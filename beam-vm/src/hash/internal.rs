// SPDX-License-Identifier: Apache-2.0
//! The hash by which large maps are ordered. It is the machine's own: programs must not depend on the order of large maps, and stock's
//! differs between releases too.

use alloc::vec::Vec;

use crate::atom::AtomTable;
use crate::term::{REF_NUMBERS_MAX, Term, View};

const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;

struct Hasher(u64);

impl Hasher {
    fn word(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(MULTIPLIER);
        self.0 ^= self.0 >> 29;
    }

    fn bytes(&mut self, bytes: impl Iterator<Item = u8>) {
        let (mut word, mut count) = (0, 0);
        for byte in bytes {
            word = word << 8 | u64::from(byte);
            count += 1;
            if count % 8 == 0 {
                self.word(word);
                word = 0;
            }
        }
        self.word(word);
        self.word(count);
    }
}

/// The hash of a key, at a depth of the tree: keys that are equal at one depth differ at another. Terms that are `=:=` have equal hashes.
#[must_use]
pub fn internal(atoms: &AtomTable, term: Term, salt: u32) -> u32 {
    let mut hasher = Hasher(u64::from(salt).wrapping_mul(MULTIPLIER));
    let mut stack = Vec::new();
    let mut next = Some(term);
    while let Some(term) = next {
        match term.view() {
            View::Cons(cell) => {
                hasher.word(1);
                stack.push(cell.tail());
                next = Some(cell.head());
                continue;
            }
            View::Tuple(tuple) => {
                hasher.word(2 + tuple.len() as u64);
                stack.extend_from_slice(tuple.elements());
            }
            View::Atom(atom) => hasher.word(u64::from(atoms.hash(atom)) << 8 | 3),
            View::Float(value) => hasher.word(if value == 0.0 { 4 } else { value.to_bits() }),
            View::Big(big) => {
                hasher.word(5 + u64::from(big.is_negative()));
                big.integer().limbs().iter().for_each(|limb| hasher.word(*limb));
            }
            View::Bits(bits) => {
                hasher.word(bits.len() as u64);
                hasher.bytes(bits.bytes());
            }
            View::Map(map) => {
                // The order of the associations is that of keys, which is the same for equal maps.
                let pairs = crate::map::sorted_pairs(atoms, map);
                hasher.word(7 + pairs.len() as u64);
                for (key, value) in pairs {
                    stack.push(key);
                    stack.push(value);
                }
            }
            View::Fun(fun) => {
                let entry = fun.entry();
                hasher.word(u64::from(entry.module.index()) << 32 | u64::from(entry.index));
                hasher.word(u64::from(entry.old_uniq));
                stack.extend_from_slice(fun.env());
            }
            View::Export(export) => {
                let entry = export.entry();
                hasher.word(u64::from(entry.module.index()) << 32 | u64::from(entry.function.index()));
                hasher.word(u64::from(entry.arity));
            }
            View::Reference(reference) => {
                for number in reference.numbers(&mut [0; REF_NUMBERS_MAX]) {
                    hasher.word(u64::from(*number));
                }
            }
            View::ExternalPid(other) | View::ExternalPort(other) => {
                hasher.word(other.data());
                hasher.word(u64::from(other.node().index()));
            }
            View::ExternalReference(other) => {
                for number in other.numbers(&mut [0; REF_NUMBERS_MAX]) {
                    hasher.word(u64::from(*number));
                }
            }
            _ => hasher.word(term.raw()),
        }
        next = stack.pop();
    }
    (hasher.0 >> 32) as u32 ^ hasher.0 as u32
}
