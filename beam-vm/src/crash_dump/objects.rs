// SPDX-License-Identifier: Apache-2.0
//! Objects of heaps: a line for each, which begins with its address.
#![expect(unsafe_code, reason = "walks the words of heaps")]

use core::fmt::{self, Write};
use core::ptr::NonNull;

use super::Scene;
use super::external::{self, Base64};
use super::sink::Sink;
use super::term::address;
use crate::heap::Fragment;
use crate::number::float::{Form, format};
use crate::number::integer::Sign;
use crate::term::{Bits, Boxed, Cons, External, Header, Kind, REF_NUMBERS_MAX, Term, View, layout};

/// Words with objects in them, one after the other.
#[derive(Clone, Copy)]
pub(super) struct Words {
    start: *const u64,
    count: usize,
}

/// What stands at a place.
enum Object {
    Cons(Cons),
    Boxed(Boxed),
}

impl Words {
    /// The words from an address on.
    ///
    /// # Safety
    /// They have to be there and to be in use as long as the value is, and all of them have to be parts of complete objects.
    pub(super) const unsafe fn new(start: *const u64, count: usize) -> Self {
        Self { start, count }
    }

    fn objects(self) -> impl Iterator<Item = Object> {
        let mut at = 0;
        core::iter::from_fn(move || {
            if at >= self.count {
                return None;
            }
            // SAFETY: the word is one of those that there are.
            let (place, first) = unsafe { (self.start.add(at), self.start.add(at).read()) };
            let size = Header::from_raw(first).map_or(layout::CONS_SIZE, |header| 1 + header.arity());
            // A machine that could not go on may have left something half made.
            if size > self.count - at {
                return None;
            }
            at += size;
            let place = NonNull::new(place.cast_mut())?;
            // SAFETY: a complete object begins here.
            Some(unsafe {
                match Header::from_raw(first) {
                    Some(_) => Object::Boxed(Boxed::new(place)),
                    None => Object::Cons(Cons::new(place.cast())),
                }
            })
        })
    }
}

/// The words of a fragment.
pub(super) fn of_fragment(fragment: &Fragment) -> impl Iterator<Item = Words> + '_ {
    // SAFETY: the used words of a fragment are complete objects.
    fragment.used().map(|(start, count)| unsafe { Words::new(start.as_ptr(), count) })
}

impl Scene<'_> {
    /// All objects in some words.
    pub(super) fn objects(self, out: &mut Sink, words: Words) -> fmt::Result {
        for object in words.objects() {
            match object {
                Object::Cons(cell) => {
                    write!(out, "{:X}:l", cell.address().addr())?;
                    self.element(out, cell.head())?;
                    out.write_char('|')?;
                    self.line(out, cell.tail())?;
                }
                Object::Boxed(boxed) => {
                    write!(out, "{:X}:", boxed.address().addr())?;
                    self.boxed(out, boxed)?;
                    out.write_char('\n')?;
                }
            }
        }
        Ok(())
    }

    fn boxed(self, out: &mut Sink, boxed: Boxed) -> fmt::Result {
        match boxed.term().view() {
            View::Tuple(tuple) => {
                write!(out, "t{:X}:", tuple.len())?;
                self.sequence(out, tuple.elements())
            }
            View::Float(value) => {
                let text = format(value, Form::DEFAULT).map_err(|_| fmt::Error)?;
                write!(out, "F{:X}:", text.as_bytes().len())?;
                out.put(text.as_bytes())
            }
            View::Big(big) => {
                let integer = big.integer();
                out.put(if integer.sign() == Sign::Negative { b"B-16#" } else { b"B16#" })?;
                for (place, limb) in integer.limbs().iter().rev().enumerate() {
                    if place == 0 { write!(out, "{limb:X}")? } else { write!(out, "{limb:016X}")? }
                }
                Ok(())
            }
            View::Map(map) if map.is_flat() => {
                write!(out, "Mf{:X}:", map.len())?;
                self.element(out, map.flat_keys().term())?;
                out.write_char(':')?;
                self.sequence(out, map.flat_values())
            }
            View::Map(map) => {
                write!(out, "Mh{:X}:{:X}:", map.len(), map.root_children().len())?;
                self.sequence(out, map.root_children())
            }
            View::MapNode(node) => {
                write!(out, "Mn{:X}:", node.children().len())?;
                self.sequence(out, node.children())
            }
            View::Bits(bits) => self.bits(out, boxed, bits),
            View::Fun(fun) => external::write(out, |to| self.external_fun(to, fun)),
            View::Export(export) => external::write(out, |to| self.external_export(to, export)),
            View::Reference(reference) => {
                let mut place = [0; REF_NUMBERS_MAX];
                let numbers = reference.numbers(&mut place);
                let node = self.vm.node;
                // A node that is not alive has creation 0. So has the viewer's, which would take the reference of an alias for one of its own
                // that it has never made.
                let creation = node.creation.max(1);
                external::write(out, |to| self.external_reference(to, node.name, creation, numbers))
            }
            View::ExternalReference(other) => {
                let mut place = [0; REF_NUMBERS_MAX];
                let numbers = other.numbers(&mut place);
                external::write(out, |to| {
                    self.external_reference(to, other.node(), other.creation(), numbers)
                })
            }
            View::ExternalPid(other) => {
                let pid = other.data();
                write!(out, "P<{}.{}.{}>", node_number(other), pid as u32, pid >> 32)
            }
            View::ExternalPort(other) => write!(out, "p<{}.{}>", node_number(other), other.data()),
            View::MatchState(_) => {
                let words = boxed.words();
                let word = |place: usize| words[place - 1] as usize;
                let (from, to) = (word(layout::MATCH_OFFSET) / 8, word(layout::MATCH_END) / 8);
                let origin = boxed.terms().first().copied().unwrap_or(Term::NIL);
                self.part(out, origin, from, to.saturating_sub(from))
            }
            _ => out.put(b"t0:"),
        }
    }

    /// A bitstring. Bits after its last whole byte are not told, as in stock.
    fn bits(self, out: &mut Sink, boxed: Boxed, bits: Bits) -> fmt::Result {
        let bytes = bits.len() / 8;
        let words = boxed.words();
        match boxed.header().kind() {
            Kind::HeapBinary => {
                write!(out, "Yh{bytes:X}:")?;
                Base64::of(out, bits.bytes())
            }
            Kind::RefcBinary => write!(out, "Yc{:X}:0:{bytes:X}", words[layout::REFC_BLOCK - 1]),
            _ => {
                let origin = boxed.terms().first().copied().unwrap_or(Term::NIL);
                self.part(out, origin, words[layout::SUB_OFFSET - 1] as usize, bytes)
            }
        }
    }

    /// Part of a binary: where the bytes are, the first, how many.
    fn part(self, out: &mut Sink, origin: Term, from: usize, bytes: usize) -> fmt::Result {
        let refc = origin.as_boxed().filter(|boxed| boxed.header().kind() == Kind::RefcBinary);
        let place = match refc {
            Some(boxed) => boxed.words()[layout::REFC_BLOCK - 1] as usize,
            None => address(origin).unwrap_or(0),
        };
        write!(out, "Ys{place:X}:{from:X}:{bytes:X}")
    }
}

/// The number that stands for another node: that of its name.
fn node_number(other: External) -> u32 {
    other.node().index()
}
