// SPDX-License-Identifier: Apache-2.0
//! Copies of terms from one heap to another: messages, arguments of new processes, persistent terms (`erts/emulator/beam/copy.c`).
//!
//! Sharing inside a term is lost, as in stock without `--enable-sharing-preserving`. Literals stay where they are. Refc binaries are shared;
//! a part of a heap binary becomes a heap binary of its own, a part of a refc binary a part of the same.
#![expect(unsafe_code, reason = "writes words of objects that it has just allocated")]

use core::ops::Range;
use core::ptr::NonNull;

use crate::heap::{BinaryBlock, Heap, Magic, MagicObject, build};
use crate::stack::InlineStack;
use crate::term::{Boxed, Cons, Kind, Term, layout};

/// The words that a copy of a term takes. What is in `literals` takes none.
#[must_use]
pub fn size_of(term: Term, literals: &Range<usize>) -> usize {
    if term.is_immediate() {
        return 0;
    }
    let mut words = 0;
    let mut stack = InlineStack::new();
    let mut next = Some(term);
    while let Some(term) = next {
        next = None;
        if let Some(cell) = term.as_cons() {
            if !literals.contains(&cell.address().addr().get()) {
                words += layout::CONS_SIZE;
                push(&mut stack, cell.head());
                next = Some(cell.tail());
            }
        } else if let Some(boxed) = term.as_boxed()
            && !literals.contains(&boxed.address().addr().get())
        {
            let header = boxed.header();
            match header.kind() {
                Kind::SubBinary => words += part_words(term),
                Kind::MatchState => {}
                kind => {
                    words += 1 + header.arity();
                    for index in kind.terms(header.arity()) {
                        push(&mut stack, word_term(boxed, index));
                    }
                }
            }
        }
        if next.is_none() {
            next = stack.pop();
        }
    }
    words
}

fn push(stack: &mut InlineStack<Term>, term: Term) {
    if !term.is_immediate() {
        stack.push(term);
    }
}

fn word_term(boxed: Boxed, index: usize) -> Term {
    // SAFETY: the kind says that this word of the live object is a term.
    unsafe { Term::from_raw(boxed.address().add(index).read()) }
}

/// The words that the copy of a part of a binary takes.
fn part_words(term: Term) -> usize {
    let Some(bits) = term.as_bits() else { return 0 };
    match origin(term).map(|origin| origin.header().kind()) {
        Some(Kind::RefcBinary) => layout::SUB_SIZE + layout::REFC_SIZE,
        _ => {
            let bytes = (bits.offset() + bits.len()).div_ceil(8);
            layout::HEAP_DATA + bytes.div_ceil(8) + layout::SUB_SIZE
        }
    }
}

fn origin(part: Term) -> Option<Boxed> {
    word_term(part.as_boxed()?, layout::SUB_ORIGIN).as_boxed()
}

/// Copies a term to a heap.
pub fn copy<H: Heap + ?Sized>(term: Term, heap: &mut H, literals: &Range<usize>) -> Term {
    if term.is_immediate() {
        return term;
    }
    let mut result = term;
    // Places that hold a term of the source, to be replaced by its copy.
    let mut places: InlineStack<NonNull<Term>> = InlineStack::new();
    places.push(NonNull::from(&mut result));
    while let Some(mut place) = places.pop() {
        loop {
            // SAFETY: every place is in an object that this copy has allocated, or is the result.
            let source = unsafe { place.read() };
            if let Some(cell) = source.as_cons() {
                if literals.contains(&cell.address().addr().get()) {
                    break;
                }
                let at = heap.allocate(layout::CONS_SIZE).cast::<Term>();
                // SAFETY: the heap has given two words.
                unsafe {
                    at.write(cell.head());
                    at.add(1).write(cell.tail());
                    place.write(Cons::new(at).term());
                    if !cell.head().is_immediate() {
                        places.push(at);
                    }
                    // The tail is next, so that a list takes no room in the stack.
                    place = at.add(1);
                }
                continue;
            }
            if let Some(boxed) = source.as_boxed()
                && !literals.contains(&boxed.address().addr().get())
            {
                let copied = object(source, boxed, heap, &mut places);
                // SAFETY: as above.
                unsafe { place.write(copied) };
            }
            break;
        }
    }
    result
}

/// Copies one object; the places of its terms are left to be done.
fn object<H: Heap + ?Sized>(
    source: Term,
    boxed: Boxed,
    heap: &mut H,
    places: &mut InlineStack<NonNull<Term>>,
) -> Term {
    let header = boxed.header();
    match header.kind() {
        Kind::SubBinary => return part(source, heap),
        Kind::MatchState => return Term::NIL,
        _ => {}
    }
    let words = 1 + header.arity();
    let at = heap.allocate(words);
    // SAFETY: the heap has given as many words as the object has. An off-heap object's reference is counted before the copy is linked.
    unsafe {
        at.copy_from_nonoverlapping(boxed.address(), words);
        let copied = Boxed::new(at);
        match header.kind() {
            Kind::RefcBinary => {
                let raw = at.add(layout::REFC_BLOCK).read();
                count_block(raw);
                // Only the process that appends may go on appending.
                at.add(layout::REFC_FLAGS).write(0);
                let bytes = at.add(layout::REFC_BYTES).read() as usize;
                heap.off_heap().push(copied, bytes / 8);
            }
            Kind::Reference if words == layout::REF_MAGIC_SIZE => {
                let raw = at.add(layout::REF_MAGIC_BLOCK).read() as usize;
                Magic::increment_strong_count(core::ptr::with_exposed_provenance::<MagicObject>(raw));
                heap.off_heap().push(copied, 0);
            }
            kind => {
                for index in kind.terms(header.arity()) {
                    let place = at.add(index).cast::<Term>();
                    if !place.read().is_immediate() {
                        places.push(place);
                    }
                }
            }
        }
        copied.term()
    }
}

/// Counts one more reference to a block.
///
/// # Safety
/// The number has to be one that a live object holds.
unsafe fn count_block(raw: u64) {
    // SAFETY: the object's own reference is not given up.
    let block = unsafe { BinaryBlock::from_raw(raw) };
    core::mem::forget(block.clone());
    core::mem::forget(block);
}

/// Copies a part of a binary.
fn part<H: Heap + ?Sized>(source: Term, heap: &mut H) -> Term {
    let (Some(bits), Some(origin)) = (source.as_bits(), origin(source)) else { return Term::NIL };
    match origin.header().kind() {
        Kind::RefcBinary => {
            let mut none = InlineStack::new();
            let whole = object(origin.term(), origin, heap, &mut none);
            let start = origin.term().as_bits().map_or(bits.base(), |whole| whole.base());
            let from = 8 * (bits.base().addr() - start.addr()) + bits.offset();
            build::sub_binary(heap, whole, from, bits.len())
        }
        _ => {
            let whole = build::binary(heap, bits.touched());
            if bits.offset() == 0 && bits.is_binary() {
                whole
            } else {
                build::sub_binary(heap, whole, bits.offset(), bits.len())
            }
        }
    }
}
