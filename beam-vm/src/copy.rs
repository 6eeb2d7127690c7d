// SPDX-License-Identifier: Apache-2.0
//! Copies of terms from one heap to another: messages, arguments of new processes, persistent terms (`erts/emulator/beam/copy.c`).
//!
//! Sharing inside a term is lost, as in stock without `--enable-sharing-preserving`. Literals stay where they are. Refc binaries are shared;
//! a part of a heap binary becomes a heap binary of its own, a part of a refc binary a part of the same.
#![expect(unsafe_code, reason = "writes words of objects that it has just allocated")]

use alloc::vec::Vec;
use core::ops::Range;
use core::ptr::NonNull;

use hashbrown::{HashMap, HashSet};

use crate::heap::{BinaryBlock, Heap, Magic, MagicObject, OffHeap, build, copy_new_words, copy_words};
use crate::stack::InlineStack;
use crate::term::{Boxed, Cons, Header, Kind, Term, layout};

/// The words that a copy of a term takes. What is in `literals` takes none.
#[must_use]
pub fn size_of(term: Term, literals: &Range<usize>) -> usize {
    let mut words = 0;
    let mut next = count(term, literals, &mut words).then_some(term);
    let mut stack = InlineStack::new();
    while let Some(term) = next {
        next = None;
        if let Some(cell) = term.as_cons() {
            next = count_list(cell, literals, &mut words, &mut stack);
        } else if let Some(boxed) = term.as_boxed() {
            count_object(boxed, literals, &mut words, |term| stack.push(term));
        }
        if next.is_none() {
            next = stack.pop();
        }
    }
    words
}

/// Counts an object that has terms in it, and gives those that are to be looked into.
#[inline]
fn count_object(boxed: Boxed, literals: &Range<usize>, words: &mut usize, mut inside: impl FnMut(Term)) {
    let header = boxed.header();
    *words += 1 + header.arity();
    for index in header.kind().terms(header.arity()) {
        let term = word_term(boxed, index);
        if count(term, literals, words) {
            inside(term);
        }
    }
}

/// Counts the cells of a list with their heads, as long as nothing in these is to be looked into. What is left is given or put on the stack, the tail
/// below what is in the heads, so that long lists need no room there.
fn count_list(
    mut cell: Cons,
    literals: &Range<usize>,
    words: &mut usize,
    stack: &mut InlineStack<Term>,
) -> Option<Term> {
    while !literals.contains(&cell.address().addr().get()) {
        *words += layout::CONS_SIZE;
        let (head, tail) = (cell.head(), cell.tail());
        let mut rest = count(tail, literals, words).then_some(tail);
        if count(head, literals, words) {
            let mut next = None;
            let mut found = |term| {
                if let Some(before) = next.replace(term).or_else(|| rest.take()) {
                    stack.push(before);
                }
            };
            match head.as_boxed() {
                Some(boxed) => count_object(boxed, literals, words, found),
                None => found(head),
            }
            if next.is_some() {
                return next;
            }
        }
        match rest.and_then(Term::as_cons) {
            Some(next) => cell = next,
            None => return rest,
        }
    }
    None
}

/// Counts what has no terms in it. Anything else is to be looked into.
#[inline]
fn count(term: Term, literals: &Range<usize>, words: &mut usize) -> bool {
    if term.is_immediate() {
        return false;
    }
    let Some(boxed) = term.as_boxed() else { return true };
    if literals.contains(&boxed.address().addr().get()) {
        return false;
    }
    let header = boxed.header();
    match header.kind() {
        Kind::Tuple | Kind::Fun | Kind::Map | Kind::MapNode => return true,
        Kind::SubBinary => *words += part_words(term),
        Kind::MatchState => {}
        _ => *words += 1 + header.arity(),
    }
    false
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
            let whole = layout::HEAP_DATA + bytes.div_ceil(8);
            if bits.offset() == 0 && bits.is_binary() { whole } else { whole + layout::SUB_SIZE }
        }
    }
}

fn origin(part: Term) -> Option<Boxed> {
    word_term(part.as_boxed()?, layout::SUB_ORIGIN).as_boxed()
}

/// Copies a term to a heap.
#[inline]
pub fn copy<H: Heap + ?Sized>(term: Term, heap: &mut H, literals: &Range<usize>) -> Term {
    if term.is_immediate() { term } else { copy_object(term, heap, literals) }
}

fn copy_object<H: Heap + ?Sized>(term: Term, heap: &mut H, literals: &Range<usize>) -> Term {
    match flat_tuple(term) {
        Some(boxed) if !literals.contains(&boxed.address().addr().get()) => object(term, boxed, heap),
        _ => copy_of(term, size_of(term, literals), heap, literals),
    }
}

/// Copies what [`flat_tuple`] has given, unless it is a literal.
#[inline]
pub fn copy_flat<H: Heap + ?Sized>(tuple: Boxed, heap: &mut H, literals: &Range<usize>) -> Term {
    if literals.contains(&tuple.address().addr().get()) {
        return tuple.term();
    }
    let words = 1 + tuple.header().arity();
    let at = heap.allocate(words);
    // SAFETY: a live tuple has as many words, and the heap has given as many, which are those of a tuple then.
    unsafe {
        copy_new_words(tuple.address().as_ptr(), at.as_ptr(), words);
        Boxed::new(at).term()
    }
}

/// A tuple of nothing but immediates, as many keys and messages are: its words are its copy.
#[inline]
pub fn flat_tuple(term: Term) -> Option<Boxed> {
    let tuple = term.as_tuple()?;
    tuple.elements().iter().all(|element| element.is_immediate()).then(|| tuple.boxed())
}

/// Copies a term to a heap where [`size_of`] has given its words.
///
/// The words are taken at once. Objects are copied as they are, and those behind the last one that was looked into are looked into then,
/// so that it needs no stack; a list's cells come one after the other.
pub fn copy_of<H: Heap + ?Sized>(term: Term, words: usize, heap: &mut H, literals: &Range<usize>) -> Term {
    if words == 0 {
        let is_state = term.as_boxed().is_some_and(|boxed| boxed.header().kind() == Kind::MatchState);
        return if is_state { Term::NIL } else { term };
    }
    let start = heap.allocate(words);
    // SAFETY: the heap has given as many words.
    let end = unsafe { start.add(words) };
    let mut room = Room { start, top: start, end, heap, literals };
    let mut result = term;
    // SAFETY: the words from the start on, up to the top, are objects of this copy.
    unsafe {
        room.term(NonNull::from(&mut result));
        let mut at = start;
        while at < room.top {
            let word = at.read();
            match Header::from_raw(word) {
                Some(header) => at = at.add(before_terms(header)),
                None => {
                    room.term(at.cast());
                    at = at.add(1);
                }
            }
        }
        let left = end.offset_from(room.top) as usize;
        if left > 0 {
            let top = room.top;
            heap.give_back(top, left);
        }
    }
    result
}

/// The words of an object before those that are terms, which are the last ones if there are any.
#[inline]
fn before_terms(header: Header) -> usize {
    match header.kind() {
        Kind::Tuple | Kind::Map | Kind::MapNode => 1,
        Kind::Fun => layout::FUN_CREATOR,
        // The original of a part is copied with it.
        _ => 1 + header.arity(),
    }
}

/// The words of a copy in the making.
struct Room<'a, H: ?Sized> {
    start: NonNull<u64>,
    top: NonNull<u64>,
    end: NonNull<u64>,
    heap: &'a mut H,
    literals: &'a Range<usize>,
}

impl<H: Heap + ?Sized> Heap for Room<'_, H> {
    #[inline(always)]
    fn allocate(&mut self, words: usize) -> NonNull<u64> {
        // SAFETY: both are in the same block.
        if unsafe { self.end.offset_from(self.top) } as usize >= words {
            let at = self.top;
            // SAFETY: there are as many words.
            self.top = unsafe { at.add(words) };
            return at;
        }
        unreachable!("a copy takes the words that were counted")
    }

    fn off_heap(&mut self) -> &mut OffHeap {
        self.heap.off_heap()
    }

    fn give_back(&mut self, at: NonNull<u64>, words: usize) {
        // SAFETY: what is given back was allocated.
        if unsafe { at.add(words) } == self.top {
            self.top = at;
        }
    }
}

impl<H: Heap + ?Sized> Room<'_, H> {
    /// Puts the copy of what a place has there.
    ///
    /// # Safety
    /// The place has to have a term that is alive.
    #[inline(always)]
    unsafe fn term(&mut self, place: NonNull<Term>) {
        // SAFETY: as the caller promises.
        unsafe {
            let term = place.read();
            if let Some(cell) = term.as_cons() {
                let address = cell.address();
                if !(self.start..self.end).contains(&address.cast()) {
                    self.list(place, cell);
                }
            } else if let Some(boxed) = term.as_boxed()
                && !self.literals.contains(&boxed.address().addr().get())
            {
                let copied = object(term, boxed, self);
                place.write(copied);
            }
        }
    }

    /// Copies the cells of a list; its elements are looked into later.
    #[inline(always)]
    unsafe fn list(&mut self, mut place: NonNull<Term>, mut cell: Cons) {
        while !self.literals.contains(&cell.address().addr().get()) {
            let at = self.allocate(layout::CONS_SIZE).cast::<Term>();
            let tail = cell.tail();
            // SAFETY: the place is in an object of this copy, or the caller's, and there is room for two words.
            unsafe {
                at.write(cell.head());
                at.add(1).write(tail);
                place.write(Cons::new(at).term());
                place = at.add(1);
            }
            match tail.as_cons() {
                Some(next) => cell = next,
                None => return,
            }
        }
    }
}

/// Copies one object; its terms are left to be done.
#[inline(always)]
fn object<H: Heap + ?Sized>(source: Term, boxed: Boxed, heap: &mut H) -> Term {
    let header = boxed.header();
    let kind = header.kind();
    match kind {
        Kind::SubBinary => return part(source, heap),
        Kind::MatchState => return Term::NIL,
        _ => {}
    }
    let words = 1 + header.arity();
    let at = heap.allocate(words);
    // SAFETY: the heap has given as many words as the object has. An off-heap object's reference is counted before the copy is linked.
    unsafe {
        at.write(header.raw());
        copy_words(boxed.address().add(1).as_ptr(), at.add(1).as_ptr(), header.arity());
        let copied = Boxed::new(at);
        if matches!(kind, Kind::RefcBinary | Kind::Reference) {
            count_reference(copied, words, heap);
        }
        copied.term()
    }
}

/// Counts what an object outside of the heap is now also referred to by, if it is one.
///
/// # Safety
/// The object has to be a new copy of one that is alive.
#[inline(never)]
unsafe fn count_reference<H: Heap + ?Sized>(copied: Boxed, words: usize, heap: &mut H) {
    let at = copied.address();
    // SAFETY: the words are those of the object's kind.
    unsafe {
        if copied.header().kind() == Kind::RefcBinary {
            let raw = at.add(layout::REFC_BLOCK).read();
            count_block(raw);
            // Only the process that appends may go on appending.
            at.add(layout::REFC_FLAGS).write(0);
            let bytes = at.add(layout::REFC_BYTES).read() as usize;
            heap.off_heap().push(copied, bytes / 8);
        } else if words == layout::REF_MAGIC_SIZE {
            let raw = at.add(layout::REF_MAGIC_BLOCK).read() as usize;
            Magic::increment_strong_count(core::ptr::with_exposed_provenance::<MagicObject>(raw));
            heap.off_heap().push(copied, 0);
        }
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
            let whole = object(origin.term(), origin, heap);
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

/// Copies a term to a heap; what is in it twice is in the copy once. Gives how many words it has copied, too.
pub fn copy_shared<H: Heap + ?Sized>(term: Term, heap: &mut H, literals: &Range<usize>) -> (Term, usize) {
    let mut result = term;
    let mut words = 0;
    let mut copies: HashMap<usize, Term> = HashMap::new();
    let mut places = Vec::from([NonNull::from(&mut result)]);
    while let Some(place) = places.pop() {
        // SAFETY: places are words of copies, and that of the result.
        let term = unsafe { place.read() };
        let address = match (term.as_cons(), term.as_boxed()) {
            (Some(cell), _) => cell.address().addr().get(),
            (None, Some(boxed)) => boxed.address().addr().get(),
            (None, None) => continue,
        };
        if literals.contains(&address) {
            continue;
        }
        let copied = match copies.get(&address) {
            Some(copied) => *copied,
            None => {
                let (copied, size) = one_shared(term, heap, &mut places);
                words += size;
                copies.insert(address, copied);
                copied
            }
        };
        // SAFETY: as for reading.
        unsafe { place.write(copied) };
    }
    (result, words)
}

/// The words that [`copy_shared`] takes if literals are copied, too.
#[must_use]
pub fn size_of_shared(term: Term) -> usize {
    let mut words = 0;
    let mut seen = HashSet::new();
    let mut stack = Vec::from([term]);
    while let Some(term) = stack.pop() {
        if let Some(cell) = term.as_cons() {
            if seen.insert(cell.address().addr().get()) {
                words += layout::CONS_SIZE;
                stack.extend([cell.head(), cell.tail()]);
            }
        } else if let Some(boxed) = term.as_boxed()
            && seen.insert(boxed.address().addr().get())
        {
            let header = boxed.header();
            match header.kind() {
                Kind::SubBinary => words += part_words(term),
                Kind::MatchState => {}
                kind => {
                    words += 1 + header.arity();
                    stack.extend(kind.terms(header.arity()).map(|index| word_term(boxed, index)));
                }
            }
        }
    }
    words
}

/// Copies an object or a cell, and says where it has terms.
fn one_shared<H: Heap + ?Sized>(term: Term, heap: &mut H, places: &mut Vec<NonNull<Term>>) -> (Term, usize) {
    if let Some(cell) = term.as_cons() {
        let at = heap.allocate(layout::CONS_SIZE).cast::<Term>();
        // SAFETY: the heap has given two words.
        unsafe {
            at.write(cell.head());
            at.add(1).write(cell.tail());
            places.extend([at, at.add(1)]);
            return (Cons::new(at).term(), layout::CONS_SIZE);
        }
    }
    let Some(boxed) = term.as_boxed() else { return (term, 0) };
    let copied = object(term, boxed, heap);
    let Some(object) = copied.as_boxed() else { return (copied, 0) };
    let header = object.header();
    // The original of a part was copied with it.
    if header.kind() != Kind::SubBinary {
        let terms = header.kind().terms(header.arity());
        // SAFETY: the kind says which words of the new object are terms.
        places.extend(terms.map(|index| unsafe { object.address().add(index).cast::<Term>() }));
    }
    (copied, 1 + header.arity())
}
