// SPDX-License-Identifier: Apache-2.0
//! How many funs there are of a lambda: stock counts references, here memory is walked when somebody asks, so that making and collecting
//! funs has nothing to count.
#![expect(unsafe_code, reason = "walks objects word after word")]

use alloc::vec::Vec;

use crate::heap::{Fragment, LiteralArea};
use crate::process::Process;
use crate::term::{FunEntry, Header, Kind, Term, layout};

/// The funs of a lambda that were found, and the words that were looked at.
#[derive(Debug)]
pub struct FunCount<'e> {
    entry: &'e FunEntry,
    /// Funs, whether or not they are garbage by now.
    pub funs: usize,
    /// Words.
    pub words: usize,
}

impl<'e> FunCount<'e> {
    /// None found yet.
    #[must_use]
    pub const fn new(entry: &'e FunEntry) -> Self {
        Self { entry, funs: 0, words: 0 }
    }

    /// Looks at the heap and the mailbox of a process.
    pub fn look_at(&mut self, process: &Process) {
        let heap = &process.heap;
        // SAFETY: these are the words of the heap that are in use, objects one after the other.
        unsafe {
            self.walk(heap.start, heap.used_words());
            self.walk(heap.old_start, heap.old_used_words());
        }
        for fragment in heap.fragments.iter().map(AsRef::as_ref).chain(process.mailbox.fragments()) {
            self.look_at_fragment(fragment);
        }
    }

    fn look_at_fragment(&mut self, fragment: &Fragment) {
        for (start, words) in fragment.used() {
            // SAFETY: what a fragment has is objects one after the other.
            unsafe { self.walk(start.as_ptr(), words) };
        }
    }

    /// Looks at literals.
    pub fn look_at_literals(&mut self, area: &LiteralArea) {
        let start = core::ptr::with_exposed_provenance(area.addresses().start);
        // SAFETY: the words of an area that are in use are objects one after the other.
        unsafe { self.walk(start, area.used()) };
    }

    /// Looks at a term in which nothing is there twice.
    pub fn look_into(&mut self, term: Term) {
        let mut stack = Vec::from([term]);
        while let Some(term) = stack.pop() {
            if let Some(cell) = term.as_cons() {
                self.words += layout::CONS_SIZE;
                stack.extend([cell.head(), cell.tail()]);
            } else if let Some(boxed) = term.as_boxed() {
                let header = boxed.header();
                self.words += 1 + header.arity();
                let at = boxed.address();
                for index in header.kind().terms(header.arity()) {
                    // SAFETY: the kind says that this word of the live object is a term.
                    stack.push(unsafe { Term::from_raw(at.add(index).read()) });
                }
                self.funs +=
                    usize::from(term.as_fun().is_some_and(|fun| core::ptr::eq(fun.entry(), self.entry)));
            }
        }
    }

    /// # Safety
    /// There have to be `words` words of complete objects.
    unsafe fn walk(&mut self, start: *const u64, words: usize) {
        self.words += words;
        let entry = core::ptr::from_ref(self.entry).addr() as u64;
        let mut at = 0;
        while at < words {
            // SAFETY: the word begins an object, or is a word of a cons cell.
            let (place, header) = unsafe { (start.add(at), Header::from_raw(start.add(at).read())) };
            let Some(header) = header else {
                at += 1;
                continue;
            };
            // SAFETY: a fun has the words of its layout.
            let is_one =
                header.kind() == Kind::Fun && unsafe { place.add(layout::FUN_ENTRY).read() } == entry;
            self.funs += usize::from(is_one);
            at += 1 + header.arity();
        }
    }
}
