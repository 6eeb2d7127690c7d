// SPDX-License-Identifier: Apache-2.0
//! From a module's instructions to its machine code, and the words that lead there.
#![expect(unsafe_code, reason = "writes machine code")]

use alloc::vec::Vec;

use super::decode::Instruction;
use super::emitter::Emitter;
use super::space::{Block, Space};
use super::templates::{self, Emitted};
use crate::emu::assemble::Shape;
use crate::platform::{CodeAccess, Platform};

/// The machine code of a module.
#[derive(Debug)]
pub struct Native {
    /// Where it is.
    block: Block,
    /// The words that lead to it, in order, and what they had in their low halves before.
    patched: Vec<(u32, u32)>,
    /// Whether the words lead to it now. If not, `patched` has what leads to it.
    is_used: bool,
}

impl Native {
    /// The addresses of the code.
    #[must_use]
    pub fn addresses(&self) -> core::ops::Range<usize> {
        self.block.addresses()
    }

    /// Whether the words lead to it now.
    #[must_use]
    pub fn is_used(&self) -> bool {
        self.is_used
    }

    /// Makes the words lead to handlers instead of here, or back.
    pub fn exchange(&mut self, words: &mut [u64]) {
        for (word, code) in &mut self.patched {
            let place = &mut words[*word as usize];
            let before = *place as u32;
            lead(place, *code);
            *code = before;
        }
        self.is_used = !self.is_used;
    }

    /// Puts back what the words of a module had before.
    pub fn restore(&self, words: &mut [u64]) {
        if !self.is_used {
            return;
        }
        for (word, code) in &self.patched {
            lead(&mut words[*word as usize], *code);
        }
    }
}

/// Makes an instruction's word lead to its handler or to machine code.
fn lead(word: &mut u64, code: u32) {
    *word = *word >> 32 << 32 | u64::from(code);
}

/// Makes machine code of words that are where they will stay. They are done by their handlers as before if there is no room, or none that
/// may be executed.
pub fn translate(
    words: &mut [u64],
    shape: &Shape,
    space: &Space,
    platform: &mut dyn Platform,
) -> Option<Native> {
    let (code, entries) = emit(words, shape, space)?;
    let block = code.block;
    let start = space.start(&block);
    let pages = block.addresses();
    if !platform.protect_code(pages.clone(), CodeAccess::Write) {
        return None;
    }
    // SAFETY: the pages are taken, so nobody else has them, they are as many as the bytes need, and they can be written to.
    unsafe { start.as_ptr().copy_from_nonoverlapping(code.bytes.as_ptr(), code.bytes.len()) };
    if !platform.protect_code(pages.clone(), CodeAccess::Execute) {
        return None;
    }
    let base = pages.start as u32;
    let mut patched = Vec::with_capacity(entries.len());
    for (word, offset) in entries {
        let place = &mut words[word as usize];
        patched.push((word, *place as u32));
        lead(place, base + offset);
    }
    Some(Native { block, patched, is_used: true })
}

/// Code with a place.
struct Placed {
    block: Block,
    bytes: Vec<u8>,
}

/// The code, and at which instructions it can be entered where.
fn emit(words: &[u64], shape: &Shape, space: &Space) -> Option<(Placed, Vec<(u32, u32)>)> {
    let mut instructions: Vec<Instruction> = Vec::with_capacity(shape.len());
    let mut is_label = alloc::vec![false; shape.code_words() as usize + 1];
    for line in shape.lines() {
        instructions.push(Instruction::at(words, line.word, line.number));
        is_label[line.word as usize] = line.has_label;
    }
    let mut emitter = Emitter::new(words, shape.code_words());
    let mut has_code = Vec::with_capacity(instructions.len());
    for instruction in &instructions {
        if is_label[instruction.word as usize] {
            emitter.forget();
        }
        emitter.begin(instruction);
        let emitted = templates::emit(&mut emitter, instruction);
        if emitted == Emitted::Nothing {
            emitter.leave();
        }
        has_code.push(emitted);
    }
    emit_again(&mut emitter, &instructions, &is_label);
    emitter.finish_exits();
    let mut entries = Vec::with_capacity(instructions.len());
    for (instruction, _) in instructions.iter().zip(has_code).filter(|(_, code)| *code == Emitted::Code) {
        if let Some(label) = emitter.entry(instruction.word) {
            entries.push((instruction.word, emitter.asm.offset(label)?));
        }
    }
    let block = space.take(emitter.asm.len())?;
    let start = u32::try_from(block.addresses().start).ok()?;
    let bytes = emitter.asm.finish(start)?;
    Some((Placed { block, bytes }, entries))
}

/// The instructions once more that can come after one that a handler has done, up to where nothing is known on the straight way.
fn emit_again(emitter: &mut Emitter<'_>, instructions: &[Instruction], is_label: &[bool]) {
    // Whether the instruction before was written here, and whether one since the last label may be done by a handler.
    let (mut goes_on, mut is_left) = (false, false);
    for instruction in instructions {
        let word = instruction.word;
        is_left &= !is_label[word as usize];
        if let Some(label) = emitter.entry(word) {
            if goes_on {
                emitter.asm.jmp(label);
            }
            goes_on = false;
        } else if is_left {
            emitter.begin_again(instruction);
            if templates::emit(emitter, instruction) == Emitted::Nothing {
                emitter.leave();
            }
            goes_on = emitter.flows_on();
        }
        is_left |= emitter.is_left(word);
    }
}
