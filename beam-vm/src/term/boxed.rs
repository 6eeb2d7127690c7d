// SPDX-License-Identifier: Apache-2.0
//! Handles of what terms point to: typed addresses with safe accessors. See the room's header for why these are safe.
#![expect(unsafe_code, reason = "reads what live terms point to")]

use core::ptr::NonNull;
use core::slice;

use super::immediate::{TAG_BOXED, TAG_LIST};
use super::{Export, FunEntry, Header, Kind, Term, layout};
use crate::atom::Atom;
use crate::number::integer::{Integer, Sign};

/// A boxed object of any kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Boxed(NonNull<u64>);

impl Boxed {
    /// The object at an address.
    ///
    /// # Safety
    /// There has to be a live boxed object, complete or about to be completed before it is looked at.
    #[must_use]
    #[inline]
    pub const unsafe fn new(address: NonNull<u64>) -> Self {
        Self(address)
    }

    /// Its address.
    #[must_use]
    #[inline]
    pub const fn address(self) -> NonNull<u64> {
        self.0
    }

    /// The term that points to it.
    #[must_use]
    #[inline]
    pub fn term(self) -> Term {
        Term(self.0.addr().get() as u64 | TAG_BOXED)
    }

    /// Its header.
    #[must_use]
    #[inline]
    pub fn header(self) -> Header {
        let raw = self.word(0);
        debug_assert!(Header::from_raw(raw).is_some(), "a live object begins with a header");
        Header::from_raw(raw).unwrap_or(Header::new(Kind::Tuple, 0))
    }

    /// All words of it but the header.
    #[must_use]
    #[inline]
    pub fn words(&self) -> &[u64] {
        let arity = self.header().arity();
        // SAFETY: the object is live, and its header says how many words it has.
        unsafe { slice::from_raw_parts(self.0.add(1).as_ptr(), arity) }
    }

    /// The words of it that are terms; where they are depends on the kind.
    #[must_use]
    pub fn terms(&self) -> &[Term] {
        let header = self.header();
        let range = header.kind().terms(header.arity());
        // SAFETY: the kind says that these words of a live object are terms, and a term is a word.
        unsafe { slice::from_raw_parts(self.0.add(range.start).cast().as_ptr(), range.len()) }
    }

    /// One word; the header is at 0.
    #[inline]
    pub(super) const fn word(self, index: usize) -> u64 {
        // SAFETY: the object is live, and its kind, which the handle's maker has looked at, has this word.
        unsafe { *self.0.as_ptr().add(index) }
    }

    /// One word that is a term.
    #[inline]
    pub(super) const fn term_at(self, index: usize) -> Term {
        Term(self.word(index))
    }

    #[inline]
    fn terms_from(&self, index: usize) -> &[Term] {
        let len = self.header().arity() + 1 - index;
        // SAFETY: the words from here on are terms of a live object, and a term is a word.
        unsafe { slice::from_raw_parts(self.0.add(index).cast().as_ptr(), len) }
    }
}

/// A cons cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cons(NonNull<Term>);

impl Cons {
    /// The cell at an address.
    ///
    /// # Safety
    /// There has to be a live cell, complete or about to be completed before it is looked at.
    #[must_use]
    #[inline]
    pub const unsafe fn new(address: NonNull<Term>) -> Self {
        Self(address)
    }

    /// Its address.
    #[must_use]
    #[inline]
    pub const fn address(self) -> NonNull<Term> {
        self.0
    }

    /// The term that points to it.
    #[must_use]
    #[inline]
    pub fn term(self) -> Term {
        Term(self.0.addr().get() as u64 | TAG_LIST)
    }

    /// The head.
    #[must_use]
    #[inline]
    pub const fn head(self) -> Term {
        // SAFETY: the cell is live.
        unsafe { *self.0.as_ptr() }
    }

    /// The tail.
    #[must_use]
    #[inline]
    pub const fn tail(self) -> Term {
        // SAFETY: the cell is live and has two words.
        unsafe { *self.0.as_ptr().add(1) }
    }
}

impl Term {
    /// The cons cell.
    #[must_use]
    #[inline]
    pub fn as_cons(self) -> Option<Cons> {
        if !self.is_cons() {
            return None;
        }
        NonNull::new(core::ptr::with_exposed_provenance_mut((self.0 - TAG_LIST) as usize)).map(Cons)
    }

    /// The boxed object.
    #[must_use]
    #[inline]
    pub fn as_boxed(self) -> Option<Boxed> {
        if !self.is_boxed() {
            return None;
        }
        NonNull::new(core::ptr::with_exposed_provenance_mut((self.0 - TAG_BOXED) as usize)).map(Boxed)
    }

    #[inline]
    fn boxed_of(self, kind: Kind) -> Option<Boxed> {
        self.as_boxed().filter(|boxed| boxed.header().kind() == kind)
    }

    /// The tuple.
    #[must_use]
    #[inline]
    pub fn as_tuple(self) -> Option<Tuple> {
        self.boxed_of(Kind::Tuple).map(Tuple)
    }

    /// The reference of this node.
    #[must_use]
    #[inline]
    pub fn as_reference(self) -> Option<Reference> {
        self.boxed_of(Kind::Reference).map(Reference)
    }

    /// The float.
    #[must_use]
    #[inline]
    pub fn as_float(self) -> Option<f64> {
        self.boxed_of(Kind::Float).map(|boxed| f64::from_bits(boxed.word(1)))
    }

    /// The bignum.
    #[must_use]
    #[inline]
    pub fn as_big(self) -> Option<Big> {
        let boxed = self.as_boxed()?;
        matches!(boxed.header().kind(), Kind::BigPositive | Kind::BigNegative).then_some(Big(boxed))
    }

    /// The local fun.
    #[must_use]
    #[inline]
    pub fn as_fun(self) -> Option<Fun> {
        self.boxed_of(Kind::Fun).map(Fun)
    }

    /// The external fun.
    #[must_use]
    #[inline]
    pub fn as_export(self) -> Option<ExportFun> {
        self.boxed_of(Kind::Export).map(ExportFun)
    }

    /// The map, small or large.
    #[must_use]
    #[inline]
    pub fn as_map(self) -> Option<Map> {
        self.boxed_of(Kind::Map).map(Map)
    }
}

macro_rules! handles {
    ($($(#[$about:meta])* $name:ident,)*) => {$(
        $(#[$about])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub struct $name(pub(super) Boxed);

        impl $name {
            /// The object, whatever its kind.
            #[must_use]
            pub const fn boxed(self) -> Boxed {
                self.0
            }

            /// The term that points to it.
            #[must_use]
            pub fn term(self) -> Term {
                self.0.term()
            }
        }
    )*};
}

handles! {
    /// A tuple.
    Tuple,
    /// A bignum.
    Big,
    /// A local fun.
    Fun,
    /// An external fun.
    ExportFun,
    /// A map: small, or the root of a large one.
    Map,
    /// An inner node of a large map.
    MapNode,
    /// A binary whose bytes follow.
    HeapBinary,
    /// A binary whose bytes are outside of the heap.
    RefcBinary,
    /// Part of another binary.
    SubBinary,
    /// The state of a binary match.
    MatchState,
    /// A reference of this node.
    Reference,
    /// A pid, port or reference of another node.
    External,
}

impl Tuple {
    /// Its elements.
    #[must_use]
    #[inline]
    pub fn elements(&self) -> &[Term] {
        self.0.terms_from(1)
    }

    /// How many elements it has.
    #[must_use]
    #[inline]
    pub fn len(self) -> usize {
        self.0.header().arity()
    }

    /// Whether it has none.
    #[must_use]
    #[inline]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl Big {
    /// Its value.
    #[must_use]
    #[inline]
    pub fn integer(&self) -> Integer<'_> {
        let sign = match self.0.header().kind() {
            Kind::BigNegative => Sign::Negative,
            _ => Sign::Positive,
        };
        Integer::new(sign, self.0.words())
    }

    /// Whether it is below zero.
    #[must_use]
    #[inline]
    pub fn is_negative(self) -> bool {
        self.0.header().kind() == Kind::BigNegative
    }
}

impl Fun {
    /// What lambda it is.
    #[must_use]
    #[inline]
    pub fn entry(&self) -> &FunEntry {
        let address = core::ptr::with_exposed_provenance::<FunEntry>(self.0.word(layout::FUN_ENTRY) as usize);
        // SAFETY: every fun was made with the address of an entry, and entries are never freed or moved.
        unsafe { &*address }
    }

    /// Its arity, without the free variables.
    #[must_use]
    #[inline]
    pub fn arity(self) -> u32 {
        self.0.word(layout::FUN_ARITY) as u32
    }

    /// The process that made it.
    #[must_use]
    #[inline]
    pub fn creator(self) -> Term {
        self.0.term_at(layout::FUN_CREATOR)
    }

    /// The free variables.
    #[must_use]
    #[inline]
    pub fn env(&self) -> &[Term] {
        self.0.terms_from(layout::FUN_ENV)
    }
}

impl ExportFun {
    /// What function it is.
    #[must_use]
    #[inline]
    pub fn entry(&self) -> &Export {
        let address =
            core::ptr::with_exposed_provenance::<Export>(self.0.word(layout::EXPORT_ENTRY) as usize);
        // SAFETY: every external fun was made with the address of an entry, and entries are never freed or moved.
        unsafe { &*address }
    }
}

impl Map {
    /// The number of associations.
    #[must_use]
    #[inline]
    pub fn len(self) -> usize {
        self.0.term_at(layout::MAP_COUNT).small_value() as usize
    }

    /// Whether it has none.
    #[must_use]
    #[inline]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Whether it is small: keys and values in order, side by side.
    #[must_use]
    #[inline]
    pub fn is_flat(self) -> bool {
        self.len() <= layout::MAP_SMALL_LIMIT
    }

    /// The tuple of a small map's keys.
    #[must_use]
    #[inline]
    pub fn flat_keys(self) -> Tuple {
        debug_assert!(self.is_flat());
        let keys = self.0.term_at(layout::MAP_KEYS);
        Tuple(keys.as_boxed().unwrap_or(self.0))
    }

    /// A small map's values.
    #[must_use]
    #[inline]
    pub fn flat_values(&self) -> &[Term] {
        debug_assert!(self.is_flat());
        self.0.terms_from(layout::MAP_VALUES)
    }

    /// The children of a large map's root.
    #[must_use]
    #[inline]
    pub fn root_children(&self) -> &[Term] {
        debug_assert!(!self.is_flat());
        self.0.terms_from(layout::MAP_COUNT + 1)
    }

    /// Which of its 16 possible children the root of a large map has.
    #[must_use]
    #[inline]
    pub fn root_bitmap(self) -> u16 {
        self.0.header().extra() as u16
    }
}

impl MapNode {
    /// Its children, in the order of their bits: inner nodes, or leaves, which are cons cells of key and value.
    #[must_use]
    #[inline]
    pub fn children(&self) -> &[Term] {
        self.0.terms_from(1)
    }

    /// Which of its 16 possible children it has.
    #[must_use]
    #[inline]
    pub fn bitmap(self) -> u16 {
        self.0.header().extra() as u16
    }
}

/// How many numbers a reference can have.
pub const REF_NUMBERS_MAX: usize = 5;

#[inline]
fn numbers_at(boxed: Boxed, index: usize, out: &mut [u32; REF_NUMBERS_MAX]) -> usize {
    let count = (boxed.word(index) as u32 as usize).min(REF_NUMBERS_MAX);
    for (place, number) in out.iter_mut().take(count).enumerate() {
        let half = place + 1;
        *number = (boxed.word(index + half / 2) >> (32 * (half % 2))) as u32;
    }
    count
}

impl Reference {
    /// Its numbers, as in the external form: the first is the lowest. The slice borrows `out`.
    #[must_use]
    #[inline]
    pub fn numbers(self, out: &mut [u32; REF_NUMBERS_MAX]) -> &[u32] {
        let count = numbers_at(self.0, layout::REF_NUMBERS, out);
        &out[..count]
    }

    /// Its numbers, if they are as many as references of this machine have.
    #[must_use]
    #[inline]
    pub fn three(self) -> Option<[u32; 3]> {
        let first = self.0.word(layout::REF_NUMBERS);
        if first as u32 != 3 {
            return None;
        }
        let others = self.0.word(layout::REF_NUMBERS + 1);
        Some([(first >> 32) as u32, others as u32, (others >> 32) as u32])
    }

    /// The words that tell it from all other references of this machine that have as many numbers as it makes: their count and the numbers.
    #[must_use]
    #[inline]
    pub fn words(self) -> [u64; 2] {
        [self.0.word(layout::REF_NUMBERS), self.0.word(layout::REF_NUMBERS + 1)]
    }

    /// Whether it stands for an object of the machine.
    #[must_use]
    #[inline]
    pub fn is_magic(self) -> bool {
        self.0.header().arity() + 1 == layout::REF_MAGIC_SIZE
    }

    /// The address of the object of the machine that it stands for.
    #[must_use]
    #[inline]
    pub fn magic_block(self) -> Option<usize> {
        self.is_magic().then(|| self.0.word(layout::REF_MAGIC_BLOCK) as usize)
    }
}

impl External {
    /// The name of its node.
    #[must_use]
    #[inline]
    pub fn node(self) -> Atom {
        Atom::from_index(self.0.word(layout::EXTERNAL_NODE) as u32)
    }

    /// The creation of its node.
    #[must_use]
    #[inline]
    pub fn creation(self) -> u32 {
        (self.0.word(layout::EXTERNAL_NODE) >> 32) as u32
    }

    /// What it is: [`Kind::ExternalPid`], [`Kind::ExternalPort`] or [`Kind::ExternalReference`].
    #[must_use]
    #[inline]
    pub fn kind(self) -> Kind {
        self.0.header().kind()
    }

    /// The number of a pid (low half) with its serial (high half), or that of a port.
    #[must_use]
    #[inline]
    pub fn data(self) -> u64 {
        self.0.word(layout::EXTERNAL_DATA)
    }

    /// The numbers of a reference.
    #[must_use]
    #[inline]
    pub fn numbers(self, out: &mut [u32; REF_NUMBERS_MAX]) -> &[u32] {
        let count = numbers_at(self.0, layout::EXTERNAL_DATA, out);
        &out[..count]
    }
}
