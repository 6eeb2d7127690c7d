// SPDX-License-Identifier: Apache-2.0
//! What processes hold: messages, dictionary, stack, heap; and what they share: literals, persistent terms, binaries outside of heaps.
#![expect(unsafe_code, reason = "walks the blocks of heaps")]

use core::fmt::{self, Write};
use core::mem::ManuallyDrop;

use hashbrown::HashSet;

use super::Scene;
use super::external::Base64;
use super::objects::{Words, of_fragment};
use super::sink::Sink;
use crate::heap::{BinaryBlock, LiteralArea, OffHeap, ProcessHeap};
use crate::process::Process;
use crate::term::{Kind, Term, layout};

/// The blocks of a heap.
fn blocks(heap: &ProcessHeap) -> impl Iterator<Item = Words> + '_ {
    // SAFETY: the words of a generation that are in use are complete objects.
    let generations = unsafe {
        [Words::new(heap.start, heap.used_words()), Words::new(heap.old_start, heap.old_used_words())]
    };
    generations.into_iter().chain(heap.fragments.iter().flat_map(|fragment| of_fragment(fragment)))
}

/// The address that stands for an association of a dictionary, which is no object here. None of the machine's is as low.
fn association(index: usize) -> usize {
    8 * (index + 1)
}

impl Scene<'_> {
    /// What each process holds. Some may not be looked into.
    pub(super) fn heaps(self, out: &mut Sink) -> fmt::Result {
        self.living().filter(|process| !is_closed(process)).try_for_each(|process| self.held(out, process))
    }

    fn held(self, out: &mut Sink, process: &Process) -> fmt::Result {
        let pid = self.pid(process.pid);
        if !process.mailbox.is_empty() {
            writeln!(out, "=proc_messages:{pid}")?;
            for term in process.mailbox.terms() {
                self.element(out, term)?;
                // No message has a trace token.
                out.put(b":N\n")?;
            }
        }
        let dictionary = process.extension().map(|extension| &extension.dictionary);
        let pairs = || dictionary.into_iter().flat_map(|dictionary| dictionary.pairs()).enumerate();
        if dictionary.is_some_and(|dictionary| !dictionary.is_empty()) {
            writeln!(out, "=proc_dictionary:{pid}")?;
            for (index, _) in pairs() {
                writeln!(out, "H{:X}", association(index))?;
            }
        }
        writeln!(out, "=proc_stack:{pid}")?;
        self.stack(out, process)?;
        writeln!(out, "=proc_heap:{pid}")?;
        for (index, (key, value)) in pairs() {
            write!(out, "{:X}:t2:", association(index))?;
            self.sequence(out, &[key, value])?;
            out.write_char('\n')?;
        }
        for words in blocks(&process.heap).chain(process.mailbox.fragments().flat_map(of_fragment)) {
            self.objects(out, words)?;
        }
        Ok(())
    }

    fn stack(self, out: &mut Sink, process: &Process) -> fmt::Result {
        // Slots are counted in each frame; what is above the first return address has none.
        let mut slot = None;
        for word in process.heap.stack() {
            let place = core::ptr::from_ref(word).addr();
            if let Some(address) = return_address(*word) {
                slot = Some(0);
                writeln!(out, "{place:#018x}:SReturn addr 0x{address:X} ({})", self.place(address))?;
                continue;
            }
            match &mut slot {
                Some(number) => {
                    write!(out, "y{number}:")?;
                    *number += 1;
                }
                None => write!(out, "{place:#018x}:")?,
            }
            match word.as_catch() {
                Some(handler) => {
                    writeln!(out, "SCatch 0x{handler:X} ({})", self.place(handler as usize))?;
                }
                None => self.line(out, *word)?,
            }
        }
        Ok(())
    }

    /// The frames of a process, and nothing of what is in them.
    pub(super) fn limited_stack(self, out: &mut Sink, process: &Process) -> fmt::Result {
        const FRAMES: usize = 256;
        let words = process.heap.stack().iter();
        for word in words.filter(|word| return_address(**word).is_some()).take(FRAMES) {
            let (place, address) =
                (core::ptr::from_ref(word).addr(), return_address(*word).unwrap_or_default());
            writeln!(out, "{place:#018x}:SReturn addr 0x{address:X} ({})", self.place(address))?;
        }
        Ok(())
    }

    pub(super) fn persistent_terms(self, out: &mut Sink) -> fmt::Result {
        writeln!(out, "=persistent_terms")?;
        for pair in self.vm.persistent.pairs().filter_map(Term::as_tuple) {
            if let [key, value] = *pair.elements() {
                self.element(out, key)?;
                out.write_char('|')?;
                self.line(out, value)?;
            }
        }
        Ok(())
    }

    /// The areas of which it is known what they are for.
    fn areas(&self) -> impl Iterator<Item = &LiteralArea> {
        let code = &self.vm.code;
        let modules = code.known().filter_map(|module| code.module(module));
        let instances = modules.flat_map(|versions| versions.current.iter().chain(&versions.old));
        instances.map(|instance| &instance.literals).chain(self.vm.persistent.areas())
    }

    pub(super) fn literals(self, out: &mut Sink) -> fmt::Result {
        writeln!(out, "=literals")?;
        // Areas are as large as what was copied to them, so all words are parts of objects. Some areas are nobody's.
        // SAFETY: as just said.
        let mut all =
            self.vm.literals.used().map(|(start, count)| unsafe { Words::new(start.as_ptr(), count) });
        all.try_for_each(|words| self.objects(out, words))
    }

    /// The binaries outside of heaps. Many may refer to one; it is written again only if there is no memory to remember that it was.
    pub(super) fn binaries(self, out: &mut Sink) -> fmt::Result {
        let mut written = HashSet::new();
        let open = || self.living().filter(|process| !is_closed(process));
        let lists = open().flat_map(|process| {
            let messages = process.mailbox.fragments().map(|fragment| fragment.linked());
            [&process.heap.off_heap, &process.heap.old_off_heap].into_iter().chain(messages)
        });
        for list in lists.chain(self.areas().map(LiteralArea::linked)) {
            self.linked(out, list, &mut written)?;
        }
        Ok(())
    }

    fn linked(self, out: &mut Sink, list: &OffHeap, written: &mut HashSet<u64>) -> fmt::Result {
        let binaries = list.objects().filter(|object| object.header().kind() == Kind::RefcBinary);
        for binary in binaries {
            let raw = binary.words()[layout::REFC_BLOCK - 1];
            if written.contains(&raw) {
                continue;
            }
            if written.try_reserve(1).is_ok() {
                written.insert(raw);
            }
            // SAFETY: a live binary holds a reference, which stays its own.
            let block = ManuallyDrop::new(unsafe { BinaryBlock::from_raw(raw) });
            write!(out, "=binary:{raw:X}\n{:X}:", block.capacity())?;
            Base64::of(out, block.bytes().iter().copied())?;
            out.write_char('\n')?;
        }
        Ok(())
    }
}

/// Whether others may not look inside: `sensitive`.
pub(super) fn is_closed(process: &Process) -> bool {
    process.is_sensitive()
}

/// The return address that a word of a stack is: nothing else there has the tag of a header.
fn return_address(word: Term) -> Option<usize> {
    let raw = word.raw() as usize;
    (raw & 3 == 0 && raw != 0).then_some(raw)
}
