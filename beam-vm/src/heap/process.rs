// SPDX-License-Identifier: Apache-2.0
//! The heap of a process: one block with the young generation growing up and the stack growing down, a block for the old generation, and
//! fragments. `erts/emulator/internal_doc/GarbageCollection.md` describes the scheme; the collector is in `gc`.
//!
//! ```text
//!  start        high_water      top                stack            end
//!    | mature ... | young ........ | free ........... | frames ....... |
//! ```
#![expect(unsafe_code, reason = "divides a block that it owns")]

use core::ptr::{NonNull, null_mut};

use super::block::WordBlock;
use super::{BinaryBlock, Fragment, Heap, Magic, MagicObject};
use crate::term::{Boxed, Header, Kind, Term, layout};

/// Words that are kept free between heap and stack, so that a call can always store a return address (`S_RESERVED` of stock).
pub const RESERVED: usize = 4;

/// The off-heap objects of a heap: refc binaries and magic references, linked through the objects.
#[derive(Debug, Default)]
pub struct OffHeap {
    /// Address of the first object, or 0.
    pub(crate) first: u64,
    /// The bytes that they stand for, in words: the virtual binary heap.
    pub(crate) words: usize,
}

impl OffHeap {
    /// Puts an object in front.
    ///
    /// # Safety
    /// The object has to be a complete refc binary or magic reference whose reference now belongs to this list, and in no list.
    pub unsafe fn push(&mut self, object: Boxed, words: usize) {
        // SAFETY: both kinds have a word for the next object, at one place each.
        unsafe { object.address().add(next_word(object)).write(self.first) };
        self.first = object.address().as_ptr().expose_provenance() as u64;
        self.words = self.words.saturating_add(words);
    }

    /// The address of the first object, or 0; the list gives up the references of its objects.
    pub(crate) fn into_first(mut self) -> u64 {
        core::mem::take(&mut self.first)
    }

    /// Takes over all objects of another list.
    pub fn append(&mut self, other: &mut Self) {
        if other.first == 0 {
            return;
        }
        let mut last = object_at(other.first);
        loop {
            // SAFETY: a list is made of live off-heap objects.
            let next = unsafe { last.address().add(next_word(last)).read() };
            if next == 0 {
                break;
            }
            last = object_at(next);
        }
        // SAFETY: as above.
        unsafe { last.address().add(next_word(last)).write(self.first) };
        self.first = other.first;
        self.words = self.words.saturating_add(other.words);
        other.first = 0;
        other.words = 0;
    }

    /// The addresses of the objects.
    pub fn objects(&self) -> impl Iterator<Item = Boxed> {
        let mut at = self.first;
        core::iter::from_fn(move || {
            if at == 0 {
                return None;
            }
            let object = object_at(at);
            // SAFETY: a list is made of live off-heap objects.
            at = unsafe { object.address().add(next_word(object)).read() };
            Some(object)
        })
    }
}

impl Drop for OffHeap {
    fn drop(&mut self) {
        for object in self.objects() {
            // SAFETY: the list had the reference of each of its objects, and is gone.
            unsafe { release(object) };
        }
    }
}

fn object_at(address: u64) -> Boxed {
    let pointer = core::ptr::with_exposed_provenance_mut(address as usize);
    // SAFETY: lists are made of addresses of live objects, which are not null.
    unsafe { Boxed::new(NonNull::new_unchecked(pointer)) }
}

/// Where an off-heap object keeps the next one.
pub(crate) fn next_word(object: Boxed) -> usize {
    match object.header().kind() {
        Kind::Reference => layout::REF_MAGIC_NEXT,
        _ => layout::REFC_NEXT,
    }
}

/// Gives up the reference that an off-heap object has.
///
/// # Safety
/// Nobody may look at the object afterwards.
pub(crate) unsafe fn release(object: Boxed) {
    // SAFETY: the word of a complete object holds a reference that the caller lets go of.
    unsafe {
        match object.header().kind() {
            Kind::Reference => {
                let raw = object.address().add(layout::REF_MAGIC_BLOCK).read();
                drop(Magic::from_raw(core::ptr::with_exposed_provenance::<MagicObject>(raw as usize)));
            }
            _ => drop(BinaryBlock::from_raw(object.address().add(layout::REFC_BLOCK).read())),
        }
    }
}

/// What a process may ask of its heap: `min_heap_size`, `min_bin_vheap_size`, `max_heap_size`, `fullsweep_after`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeapLimits {
    /// Words that the heap has at least, once it was collected.
    pub min_words: u32,
    /// Words of binaries that it may refer to before that alone causes a collection.
    pub min_binary_words: u32,
    /// Words that it may have at most; 0 is no limit.
    pub max_words: usize,
    /// Whether a process that goes beyond is killed.
    pub max_kills: bool,
    /// Whether the log tells of it.
    pub max_logs: bool,
    /// Whether shared binaries count.
    pub max_counts_binaries: bool,
    /// How many minor collections there are between two full ones.
    pub fullsweep_after: u16,
}

impl Default for HeapLimits {
    fn default() -> Self {
        Self {
            min_words: 233,
            min_binary_words: 46422,
            max_words: 0,
            max_kills: true,
            max_logs: true,
            max_counts_binaries: false,
            fullsweep_after: u16::MAX,
        }
    }
}

/// What the collector keeps of its work.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Generations {
    /// Minor collections since the last full one: `minor_gcs`.
    pub minor: u16,
    /// Whether the next collection has to be a full one.
    pub full_is_due: bool,
    /// Whether the next full collection takes a larger block even if the old size would do.
    pub grows: bool,
}

/// How a young block came to its size.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BlockSize {
    /// It is the first one, which is smaller than the smallest heap size.
    First,
    /// A collection has chosen it.
    Chosen,
    /// The process has hibernated: it is as small as it can be.
    Hibernated,
}

/// The largest block, in words, that is kept for another process.
const KEPT_BLOCK: usize = 400;

/// The heap and the stack of a process.
///
/// While the process runs, `top` and `stack` are in the machine's registers, and stored here before anybody else looks.
#[derive(Debug)]
pub struct ProcessHeap {
    pub(crate) start: *mut u64,
    pub(crate) top: *mut u64,
    pub(crate) stack: *mut u64,
    pub(crate) end: *mut u64,
    /// Words of the block that begins at `start`; `end` may be before its end, so that the stack is close to the heap.
    pub(crate) capacity: usize,
    /// Where what has survived a collection ends.
    pub(crate) high_water: *mut u64,
    pub(crate) old_start: *mut u64,
    pub(crate) old_top: *mut u64,
    pub(crate) old_end: *mut u64,
    /// Fragments since the last collection; boxed, since most processes have none when they are parked.
    pub(crate) fragments: Option<alloc::boxed::Box<Fragment>>,
    pub(crate) fragment_words: usize,
    /// The off-heap objects of the young generation and the fragments.
    pub(crate) off_heap: OffHeap,
    /// The off-heap objects of the old generation.
    pub(crate) old_off_heap: OffHeap,
    /// Words of binaries of the young generation at which the next collection is due.
    pub(crate) binary_limit: usize,
    /// Words of binaries of the old generation at which the next collection is a full one.
    pub(crate) old_binary_limit: usize,
    pub(crate) limits: HeapLimits,
    pub(crate) generations: Generations,
    pub(crate) size: BlockSize,
}

impl core::fmt::Debug for Fragment {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Fragment").field("words", &self.words()).finish_non_exhaustive()
    }
}

impl ProcessHeap {
    /// A heap with a block of `words` words and an empty stack.
    #[must_use]
    pub fn new(words: usize, limits: HeapLimits) -> Self {
        let (start, words) = WordBlock::new(words).into_raw();
        // SAFETY: the end of the block.
        let end = unsafe { start.add(words) };
        Self {
            start,
            top: start,
            stack: end,
            end,
            capacity: words,
            high_water: start,
            old_start: null_mut(),
            old_top: null_mut(),
            old_end: null_mut(),
            fragments: None,
            fragment_words: 0,
            off_heap: OffHeap::default(),
            old_off_heap: OffHeap::default(),
            binary_limit: limits.min_binary_words as usize,
            old_binary_limit: limits.min_binary_words as usize,
            limits,
            generations: Generations::default(),
            size: if words < limits.min_words as usize { BlockSize::First } else { BlockSize::Chosen },
        }
    }

    /// Lets go of all that is on the heap. What is left is good for [`renew`](Self::renew) and nothing else.
    pub fn retire(&mut self) {
        // The binaries first: their objects are in the blocks.
        drop(core::mem::take(&mut self.off_heap));
        drop(core::mem::take(&mut self.old_off_heap));
        self.fragments = None;
        self.fragment_words = 0;
        drop(self.take_old());
        self.top = self.start;
        self.high_water = self.start;
        self.stack = self.end;
    }

    /// Makes the heap of a process that has ended as [`new`](Self::new) makes one; the block is used again if it is large enough.
    pub fn renew(&mut self, words: usize, limits: HeapLimits) {
        if self.capacity < words || self.capacity > KEPT_BLOCK {
            *self = Self::new(words, limits);
            return;
        }
        self.retire();
        self.set_end(words);
        self.stack = self.end;
        self.binary_limit = limits.min_binary_words as usize;
        self.old_binary_limit = limits.min_binary_words as usize;
        self.limits = limits;
        self.generations = Generations::default();
        self.size = if words < limits.min_words as usize { BlockSize::First } else { BlockSize::Chosen };
    }

    /// Puts the address on the empty stack of a new process to which its first function returns.
    pub fn push_return_address(&mut self, address: *const u64) {
        debug_assert!(self.free_words() > 0);
        // SAFETY: the block has room for a word.
        unsafe {
            self.stack = self.stack.sub(1);
            self.stack.write(address.expose_provenance() as u64);
        }
    }

    /// Leaves all frames.
    pub fn empty_stack(&mut self) {
        self.stack = self.end;
    }

    /// Words of the block.
    #[must_use]
    pub fn block_words(&self) -> usize {
        distance(self.start, self.end)
    }

    /// Words in use in the young generation.
    #[must_use]
    pub fn used_words(&self) -> usize {
        distance(self.start, self.top)
    }

    /// Words between heap and stack.
    #[inline]
    #[must_use]
    pub fn free_words(&self) -> usize {
        distance(self.top, self.stack)
    }

    /// Words on the stack.
    #[must_use]
    pub fn stack_words(&self) -> usize {
        distance(self.stack, self.end)
    }

    /// Words that have survived a collection.
    #[must_use]
    pub fn mature_words(&self) -> usize {
        distance(self.start, self.high_water)
    }

    /// Words of the old generation's block.
    #[must_use]
    pub fn old_block_words(&self) -> usize {
        distance(self.old_start, self.old_end)
    }

    /// Words in use in the old generation.
    #[must_use]
    pub fn old_used_words(&self) -> usize {
        distance(self.old_start, self.old_top)
    }

    /// The limits.
    #[must_use]
    pub fn limits(&self) -> &HeapLimits {
        &self.limits
    }

    /// The limits, to be changed; they count from the next collection on.
    pub fn limits_mut(&mut self) -> &mut HeapLimits {
        &mut self.limits
    }

    /// The counters.
    #[must_use]
    pub fn generations(&self) -> &Generations {
        &self.generations
    }

    /// Whether a collection is due although nobody has asked for words (`ERTS_IS_GC_DESIRED`): fragments would not fit between heap and
    /// stack, or binaries are more than they may be.
    #[must_use]
    #[inline]
    pub fn is_collection_due(&self) -> bool {
        self.fragment_words > self.free_words() || self.off_heap.words > self.binary_limit
    }

    /// Words of the binaries that the heap refers to.
    #[must_use]
    pub const fn binary_words(&self) -> usize {
        self.off_heap.words + self.old_off_heap.words
    }

    /// Makes the next collection a full one.
    pub fn make_full_due(&mut self) {
        self.generations.full_is_due = true;
    }

    /// Counts more words of binaries that the heap refers to.
    pub fn count_binary_words(&mut self, more: usize) {
        self.off_heap.words = self.off_heap.words.saturating_add(more);
    }

    /// Words of a fragment.
    #[cold]
    #[inline(never)]
    fn allocate_beside(&mut self, words: usize) -> NonNull<u64> {
        let fragment = self.fragments.get_or_insert_default();
        self.fragment_words += words;
        fragment.allocate(words)
    }

    /// Takes in a fragment, such as one that a message has come in.
    pub fn absorb(&mut self, mut fragment: Fragment) {
        self.off_heap.append(&mut fragment.off_heap);
        self.fragment_words += fragment.words();
        self.fragments.get_or_insert_default().absorb(fragment);
    }

    /// The words of the stack, the newest frame first: terms, return addresses, handlers.
    #[must_use]
    pub fn stack(&self) -> &[Term] {
        // SAFETY: all words from the stack's top to the block's end are set, and a return address or handler is a word like a term.
        unsafe { core::slice::from_raw_parts(self.stack.cast(), self.stack_words()) }
    }
}

impl ProcessHeap {
    /// Puts a new young block in place of the one that was left.
    pub(crate) fn replace_young(
        &mut self,
        block: WordBlock,
        top: *mut u64,
        stack: *mut u64,
    ) -> Option<WordBlock> {
        // SAFETY: the block is this heap's.
        let left = unsafe { WordBlock::from_raw(self.start, self.capacity) };
        (self.start, self.capacity) = block.into_raw();
        // SAFETY: the end of the block.
        self.end = unsafe { self.start.add(self.capacity) };
        self.top = top;
        self.high_water = top;
        self.stack = stack;
        left
    }

    /// Moves the stack so that the heap ends after `words` words of its block.
    ///
    /// # Panics
    /// When the block has no room for heap and stack in as many.
    pub(crate) fn set_end(&mut self, words: usize) {
        let stack_words = self.stack_words();
        assert!(words <= self.capacity && self.used_words() + stack_words <= words, "heap and stack fit in");
        // SAFETY: the new end is in the block, and what is between heap and stack is free.
        unsafe {
            self.end = self.start.add(words);
            let stack = self.end.sub(stack_words);
            stack.copy_from(self.stack, stack_words);
            self.stack = stack;
        }
    }

    /// Begins an old generation.
    pub(crate) fn make_old(&mut self, words: usize) {
        debug_assert!(self.old_start.is_null());
        let (start, words) = WordBlock::new(words).into_raw();
        self.old_start = start;
        self.old_top = start;
        // SAFETY: the end of the block.
        self.old_end = unsafe { start.add(words) };
    }

    /// Takes the block of the old generation away.
    pub(crate) fn take_old(&mut self) -> Option<WordBlock> {
        // SAFETY: the block is this heap's, and is taken once.
        let left = unsafe { WordBlock::from_raw(self.old_start, self.old_block_words()) };
        self.old_start = null_mut();
        self.old_top = null_mut();
        self.old_end = null_mut();
        left
    }
}

impl Heap for ProcessHeap {
    #[inline]
    fn allocate(&mut self, words: usize) -> NonNull<u64> {
        if self.free_words() >= words + RESERVED {
            let at = self.top;
            // SAFETY: the words are free, so within the block.
            self.top = unsafe { at.add(words) };
            // SAFETY: the block is not at address 0.
            return unsafe { NonNull::new_unchecked(at) };
        }
        self.allocate_beside(words)
    }

    fn off_heap(&mut self) -> &mut OffHeap {
        &mut self.off_heap
    }

    fn give_back(&mut self, at: NonNull<u64>, words: usize) {
        // SAFETY: what is given back was allocated, so it is within the block or a fragment.
        if unsafe { at.add(words) }.as_ptr() == self.top {
            self.top = at.as_ptr();
        } else if words > 0 {
            // Words that stay look like a tuple of numbers, for whoever walks the heap.
            // SAFETY: the words were allocated and are not used.
            unsafe {
                at.write(Header::new(Kind::Tuple, words - 1).raw());
                for index in 1..words {
                    at.add(index).write(Term::NIL.raw());
                }
            }
        }
    }
}

impl Drop for ProcessHeap {
    fn drop(&mut self) {
        self.retire();
        // SAFETY: the block is this heap's, and the process that had terms in it is gone.
        drop(unsafe { WordBlock::from_raw(self.start, self.capacity) });
    }
}

#[inline]
fn distance(from: *mut u64, to: *mut u64) -> usize {
    (to.addr() - from.addr()) / 8
}
