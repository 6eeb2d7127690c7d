// SPDX-License-Identifier: Apache-2.0
//! Instructions as they lie in memory, read back: for templates an operand is a place, a constant or a target, whatever its kind.

use crate::emu::operand::{Bank, Kind};
use crate::emu::table::{SPECIFICS, Specific};

/// A register of the virtual machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// Which registers.
    pub bank: Bank,
    /// Bytes from their beginning.
    pub offset: u16,
}

/// An operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operand {
    /// A register.
    Place(Place),
    /// A term that is known.
    Const(u64),
    /// A floating-point register: its number.
    Float(u16),
    /// An instruction: its word in the code.
    Target(u32),
    /// No instruction: what fails raises.
    NoTarget,
    /// A number, or an address that never changes.
    Number(u64),
    /// Words behind the code: where their count is.
    Table(u32),
}

/// The most operands that an instruction has.
const MOST: usize = 6;

/// An instruction.
#[derive(Clone, Copy, Debug)]
pub struct Instruction {
    /// Its line in the table.
    pub specific: &'static Specific,
    /// Its first word.
    pub word: u32,
    /// The word after it.
    pub end: u32,
    operands: [Operand; MOST],
}

impl Instruction {
    /// The instruction at a word, which is the one with this number.
    #[must_use]
    pub fn at(words: &[u64], word: u32, number: u16) -> Self {
        let specific = &SPECIFICS[usize::from(number)];
        let start = word as usize;
        let mut operands = [Operand::NoTarget; MOST];
        let mut end = 4_usize;
        for (operand, kind) in operands.iter_mut().zip(specific.kinds) {
            let size = kind.size();
            end = end.next_multiple_of(size);
            let value = words[start + end / 8] >> (8 * (end % 8));
            let value = if size == 8 { value } else { value & ((1 << (8 * size)) - 1) };
            *operand = read(*kind, value, word);
            end += size;
        }
        Self { specific, word, end: word + end.div_ceil(8) as u32, operands }
    }

    /// Its operands.
    #[must_use]
    pub fn operands(&self) -> &[Operand] {
        &self.operands[..self.specific.kinds.len()]
    }
}

/// A word of a list of sources.
#[must_use]
pub fn source(word: u64) -> Operand {
    if word & 3 != 0 {
        return Operand::Const(word);
    }
    let bank = if word & 4 == 0 { Bank::X } else { Bank::Y };
    Operand::Place(Place { bank, offset: (word >> 3) as u16 })
}

fn read(kind: Kind, value: u64, word: u32) -> Operand {
    let place = |bank| Operand::Place(Place { bank, offset: value as u16 & !1 });
    let there = word.wrapping_add_signed(value as u32 as i32);
    match kind {
        Kind::X => place(Bank::X),
        Kind::Y => place(Bank::Y),
        Kind::D => place(if value & 1 == 0 { Bank::X } else { Bank::Y }),
        Kind::S => source(value),
        Kind::I => Operand::Const(i64::from(value as u32 as i32) as u64),
        Kind::C => Operand::Const(value),
        Kind::R => Operand::Float(value as u16),
        Kind::Fail if value == 0 => Operand::NoTarget,
        Kind::L | Kind::Fail => Operand::Target(there),
        Kind::N16 | Kind::N32 | Kind::N64 | Kind::E | Kind::B | Kind::Lam => Operand::Number(value),
        Kind::Words | Kind::ListOf => Operand::Table(there),
    }
}
