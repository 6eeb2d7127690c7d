// SPDX-License-Identifier: Apache-2.0
//! One pass of copying: what is alive in the young block and in fragments goes to a new block, or to the old generation, or all of
//! both generations goes to a new block.
#![expect(unsafe_code, reason = "moves what terms point to")]

use alloc::boxed::Box;
use core::ops::Range;

use super::cheney::{Area, Space, Tracer};
use super::sweep;
use crate::heap::{Fragment, WordBlock};
use crate::process::Process;
use crate::term::Term;

/// What moves where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Pass {
    /// The young generation moves to a new block.
    Young,
    /// The same, of what a collection has just left, to a block of another size.
    Move,
    /// What is below the high-water mark moves to the old generation, the other young objects to a new block.
    Promote,
    /// Both generations move to a new block.
    All,
}

/// The blocks that were left, young and old, and the fragments. Nothing in them is used any more.
#[derive(Debug, Default)]
pub(super) struct Left {
    blocks: [Option<WordBlock>; 2],
    fragments: Option<Box<Fragment>>,
}

/// Moves all that is alive; the new young block has `words` words.
///
/// # Safety
/// As for [`Collector::collect`](super::Collector::collect); the new block and the old generation have room for all that may be alive.
pub(super) unsafe fn evacuate(
    process: &mut Process,
    roots: &mut [Term],
    words: usize,
    literals: &Range<usize>,
    pass: Pass,
) -> Left {
    let heap = &mut process.heap;
    let stack_words = heap.stack_words();
    let block = WordBlock::new(words);
    let start = block.start().as_ptr();
    // SAFETY: the end of the block.
    let end = unsafe { start.add(block.words()) };
    let mut tracer = Tracer {
        pass,
        young: Area::new(heap.start, heap.top),
        mature: if pass == Pass::Promote { Area::new(heap.start, heap.high_water) } else { Area::NONE },
        literals: Area::from(literals.clone()),
        kept: if pass == Pass::All { Area::NONE } else { Area::new(heap.old_start, heap.old_end) },
        to_young: Space::new(start, end),
        to_old: Space::new(heap.old_top, heap.old_end),
    };
    // SAFETY: the new block has room for the stack besides all that may be copied; the words of the old stack are terms, handlers and
    // return addresses, and none of the last two looks like a pointer.
    unsafe {
        let stack = end.sub(stack_words);
        tracer.copy_stack(heap.stack, stack, stack_words);
        for root in roots.iter_mut() {
            tracer.forward(root);
        }
        process.roots(&mut |root| tracer.forward(root));
        tracer.scan();
        sweep::sweep(&mut process.heap, &tracer.to_young, pass);

        let heap = &mut process.heap;
        heap.old_top = tracer.to_old.top;
        let fragments = heap.fragments.take();
        heap.fragment_words = 0;
        let young = heap.replace_young(block, tracer.to_young.top, stack);
        let old = if pass == Pass::All { heap.take_old() } else { None };
        Left { blocks: [young, old], fragments }
    }
}

impl Left {
    /// Fills all words, so that whoever has kept a pointer to them finds no term.
    pub(super) fn poison(&mut self, word: u64) {
        self.blocks.iter_mut().flatten().for_each(|block| block.fill(word));
        for (start, words) in self.fragments.iter().flat_map(|fragment| fragment.used()) {
            for index in 0..words {
                // SAFETY: the words are the fragment's, which nobody uses.
                unsafe { start.add(index).write(word) };
            }
        }
    }
}
