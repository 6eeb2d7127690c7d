// SPDX-License-Identifier: Apache-2.0
//! From a module's instructions to its machine code, and the words that lead there.
#![expect(unsafe_code, reason = "writes machine code")]

use alloc::vec::Vec;

use super::decode::Instruction;
use super::emitter::Emitter;
use super::space::{Block, Space};
use super::templates;
use crate::emu::assemble::Assembled;
use crate::platform::{CodeAccess, Platform};

/// The machine code of a module.
#[derive(Debug)]
pub struct Native {
    /// Where it is.
    block: Block,
    /// The words that lead to it, in order, and what they had in their low halves before.
    patched: Vec<(u32, u32)>,
}

impl Native {
    /// The addresses of the code.
    #[must_use]
    pub fn addresses(&self) -> core::ops::Range<usize> {
        self.block.addresses()
    }

    /// Puts back what the words of a module had before.
    pub fn restore(&self, words: &mut [u64]) {
        for (word, code) in &self.patched {
            lead(&mut words[*word as usize], *code);
        }
    }
}

/// Makes an instruction's word lead to its handler or to machine code.
fn lead(word: &mut u64, code: u32) {
    *word = *word >> 32 << 32 | u64::from(code);
}

/// Makes machine code of assembled instructions, whose words are where they will stay. They are done by their handlers as before if there is no
/// room, or none that may be executed.
pub fn translate(assembled: &mut Assembled, space: &Space, platform: &mut dyn Platform) -> Option<Native> {
    let (code, entries) = emit(assembled, space)?;
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
        let place = &mut assembled.words[word as usize];
        patched.push((word, *place as u32));
        lead(place, base + offset);
    }
    Some(Native { block, patched })
}

/// Code with a place.
struct Placed {
    block: Block,
    bytes: Vec<u8>,
}

/// The code, and at which instructions it can be entered where.
fn emit(assembled: &Assembled, space: &Space) -> Option<(Placed, Vec<(u32, u32)>)> {
    let mut emitter = Emitter::new(&assembled.words, assembled.code_words);
    let mut is_label = alloc::vec![false; assembled.code_words as usize + 1];
    for word in assembled.labels.iter().filter(|word| **word <= assembled.code_words) {
        is_label[*word as usize] = true;
    }
    let mut entries = Vec::new();
    for (word, number) in &assembled.instructions {
        let instruction = Instruction::at(&assembled.words, *word, *number);
        if is_label[*word as usize] {
            emitter.forget();
        }
        let is_entry = emitter.is_entry();
        emitter.begin(&instruction);
        if templates::emit(&mut emitter, &instruction) == templates::Emitted::Nothing {
            emitter.leave();
        } else if is_entry {
            entries.push(*word);
        }
    }
    emitter.finish_exits();
    let entries = entries.iter().map(|word| Some((*word, emitter.offset(*word)?))).collect::<Option<_>>()?;
    let block = space.take(emitter.asm.len())?;
    let start = u32::try_from(block.addresses().start).ok()?;
    let bytes = emitter.asm.finish(start)?;
    Some((Placed { block, bytes }, entries))
}
