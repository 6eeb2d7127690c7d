// SPDX-License-Identifier: Apache-2.0
//! Loaded instructions as text, for those who look at what the loader has made of a module.

use alloc::format;
use alloc::string::String;
use core::fmt::Write;

use super::assemble::layout;
use super::operand::Kind;
use super::table::find;
use crate::atom::AtomTable;
use crate::code::Instance;

/// One instruction: its text, and how many words it has. None where no instruction begins.
#[must_use]
pub fn instruction(words: &[u64], at: usize) -> Option<(String, usize)> {
    let specific = find(*words.get(at)? as u32)?;
    let (offsets, size) = layout(specific.kinds);
    let instruction = words.get(at..at + size)?;
    let mut text = String::from(specific.name);
    for (kind, offset) in specific.kinds.iter().zip(offsets) {
        let _ = write!(text, " {}", operand(*kind, field(instruction, offset, kind.size()), at));
    }
    Some((text, size))
}

/// All functions of a module.
#[must_use]
pub fn module(instance: &Instance, atoms: &AtomTable) -> String {
    let mut text = String::new();
    let words = instance.instructions();
    for (index, function) in instance.functions.iter().enumerate() {
        let _ = writeln!(text, "{}/{}:", atoms.text(function.name), function.arity);
        let end = instance.functions.get(index + 1).map_or(usize::MAX, |next| next.start as usize);
        let mut at = function.start as usize;
        while at < end {
            let Some((line, words)) = instruction(&words, at) else { break };
            let _ = writeln!(text, "{at:6}  {line}");
            at += words;
        }
    }
    text
}

fn field(words: &[u64], offset: usize, size: usize) -> u64 {
    let value = words[offset / 8] >> (8 * (offset % 8));
    if size == 8 { value } else { value & ((1 << (8 * size)) - 1) }
}

fn operand(kind: Kind, value: u64, at: usize) -> String {
    match kind {
        Kind::X => format!("x{}", value / 8),
        Kind::Y => format!("y{}", value / 8 - 1),
        Kind::D if value & 1 == 0 => format!("x{}", value / 8),
        Kind::D => format!("y{}", value / 8 - 1),
        Kind::S if value & 3 != 0 => format!("{value:#x}"),
        Kind::S if value & 4 == 0 => format!("x{}", value >> 6),
        Kind::S => format!("y{}", (value >> 6) - 1),
        Kind::R => format!("f{value}"),
        Kind::I => format!("{:#x}", i64::from(value as u32 as i32)),
        Kind::L | Kind::Fail | Kind::Words | Kind::ListOf => {
            format!("->{}", at as i64 + i64::from(value as u32 as i32))
        }
        Kind::N16 | Kind::N32 | Kind::N64 | Kind::B => format!("{value}"),
        Kind::C | Kind::E | Kind::Lam => format!("{value:#x}"),
    }
}
