// SPDX-License-Identifier: Apache-2.0
//! What each kind of object has to be like.
#![expect(unsafe_code, reason = "reads memory that may be damaged")]

use alloc::collections::{BTreeMap, BTreeSet};
use core::cmp::Ordering;

use super::areas::{Areas, Owner, Place, Shape};
use super::{Damage, is_off_heap};
use crate::atom::AtomTable;
use crate::compare;
use crate::heap::{BinaryBlock, OffHeap};
use crate::map;
use crate::term::{Boxed, Header, Kind, Term, layout};

/// Maps with more associations are looked at now and then.
const LOOKED_AT_ALWAYS: usize = 200;
/// How often.
const LOOKED_AT_ONCE_IN: usize = 64;

/// An object under examination.
#[derive(Clone, Copy)]
struct Object {
    address: *const u64,
    owner: Owner,
    header: Header,
}

impl Object {
    fn word(self, index: usize) -> u64 {
        // SAFETY: the first walk has seen that all words of the object are in the area.
        unsafe { self.address.add(index).read() }
    }

    fn term(self, index: usize) -> Term {
        // SAFETY: a word is looked at before anybody follows it.
        unsafe { Term::from_raw(self.word(index)) }
    }

    fn fail(self, what: &'static str) -> Damage {
        Damage { at: self.address.addr() as u64, owner: self.owner.name(), what }
    }

    fn require(self, truth: bool, what: &'static str) -> Result<(), Damage> {
        if truth { Ok(()) } else { Err(self.fail(what)) }
    }
}

/// The objects of all areas.
pub(super) struct Objects<'a> {
    areas: &'a Areas,
    /// The off-heap objects that were met: address and owner.
    off_heap: BTreeMap<u64, Owner>,
    maps: BTreeSet<(*const u64, &'static str)>,
}

impl<'a> Objects<'a> {
    /// Looks at all objects and the terms in them.
    pub(super) fn check(areas: &'a Areas) -> Result<Self, Damage> {
        let mut objects = Self { areas, off_heap: BTreeMap::new(), maps: BTreeSet::new() };
        for area in &areas.areas {
            for (address, shape, _) in area.objects() {
                match shape {
                    Shape::Cons => objects.cell(address, area.owner)?,
                    Shape::Boxed => objects.boxed(address, area.owner)?,
                }
            }
        }
        Ok(objects)
    }

    /// A term that an owner has, of the kinds that are values of the language, or a node of a map, which `erts_debug:size/1` works with.
    fn term(&self, at: *const u64, owner: Owner, term: Term) -> Result<(), Damage> {
        match self.leads_to(at, owner, term)? {
            Some(Kind::MatchState) => Err(Damage {
                at: at.addr() as u64,
                owner: owner.name(),
                what: "it refers to what is no value",
            }),
            _ => Ok(()),
        }
    }

    /// The kind of the boxed object that a term leads to. An immediate leads to none.
    fn leads_to(&self, at: *const u64, owner: Owner, term: Term) -> Result<Option<Kind>, Damage> {
        let fail = |what| Err(Damage { at: at.addr() as u64, owner: owner.name(), what });
        if term.is_immediate() {
            return if term.as_catch().is_some() { fail("a handler outside of the stack") } else { Ok(None) };
        }
        let (address, shape) = if let Some(cell) = term.as_cons() {
            (cell.address().addr().get(), Shape::Cons)
        } else if let Some(boxed) = term.as_boxed() {
            (boxed.address().addr().get(), Shape::Boxed)
        } else {
            return fail("a word is no term");
        };
        match self.areas.place(address, shape) {
            Place::Literal => {}
            Place::Object(other) if self.areas.may_refer(owner, other) => {}
            Place::Object(_) => return fail("it refers to memory that it may not refer to"),
            Place::Within => return fail("it refers into the middle of an object"),
            Place::Nowhere => return fail("it refers to memory of nobody"),
        }
        Ok(term.as_boxed().map(|boxed| boxed.header().kind()))
    }

    fn cell(&self, at: *const u64, owner: Owner) -> Result<(), Damage> {
        for index in 0..layout::CONS_SIZE {
            // SAFETY: the first walk has seen that both words are in the area.
            let (place, term) = unsafe { (at.add(index), Term::from_raw(at.add(index).read())) };
            self.term(place, owner, term)?;
        }
        Ok(())
    }

    fn boxed(&mut self, address: *const u64, owner: Owner) -> Result<(), Damage> {
        let Some(header) = super::header_at(address) else { return Ok(()) };
        let object = Object { address, owner, header };
        let arity = header.arity();
        let sized = |words: usize| object.require(arity + 1 == words, "its size is not its kind's");
        for index in header.kind().terms(arity) {
            let place = address.wrapping_add(index);
            match header.kind() {
                Kind::MapNode | Kind::Map => _ = self.leads_to(place, owner, object.term(index))?,
                _ => self.term(place, owner, object.term(index))?,
            }
        }
        match header.kind() {
            Kind::Tuple => {}
            Kind::BigPositive | Kind::BigNegative => big(object)?,
            Kind::Float => {
                sized(layout::FLOAT_SIZE)?;
                object.require(f64::from_bits(object.word(1)).is_finite(), "a float is not finite")?;
            }
            Kind::Reference => {
                let sizes = [layout::REF_SIZE, layout::REF_PID_SIZE, layout::REF_MAGIC_SIZE];
                object.require(sizes.contains(&(arity + 1)), "its size is not its kind's")?;
            }
            Kind::Fun => {
                object.require(arity + 1 >= layout::FUN_ENV, "its size is not its kind's")?;
                let free = object.word(layout::FUN_FREE) as usize;
                object
                    .require(layout::FUN_ENV + free == arity + 1, "a fun has another number of variables")?;
                object.require(is_address(object.word(layout::FUN_ENTRY)), "a fun has no entry")?;
            }
            Kind::Export => {
                sized(layout::EXPORT_SIZE)?;
                object.require(is_address(object.word(layout::EXPORT_ENTRY)), "a fun has no entry")?;
            }
            Kind::RefcBinary => {
                sized(layout::REFC_SIZE)?;
                refc(object)?;
            }
            Kind::HeapBinary => {
                object.require(arity >= 1, "its size is not its kind's")?;
                let bytes = object.word(layout::HEAP_BYTES) as usize;
                sized(layout::HEAP_DATA + bytes.div_ceil(8))?;
            }
            Kind::SubBinary => {
                sized(layout::SUB_SIZE)?;
                let (packed, bytes) = (object.word(layout::SUB_BITS), object.word(layout::SUB_BYTES));
                let (tail, head) = (packed & 0xFF, packed >> 8 & 0xFF);
                object.require(tail < 8 && head < 8, "a part has more than 7 odd bits")?;
                let end = 8 * (object.word(layout::SUB_OFFSET) + bytes) + head + tail;
                let limit = self.bytes_of(object, object.term(layout::SUB_ORIGIN))?.1;
                object.require(end <= 8 * limit, "a part is longer than its original")?;
            }
            Kind::MatchState => {
                sized(layout::MATCH_SIZE)?;
                let (base, bytes) = self.bytes_of(object, object.term(layout::MATCH_ORIGIN))?;
                object.require(object.word(layout::MATCH_BASE) == base, "a match is at another binary")?;
                let (offset, end) = (object.word(layout::MATCH_OFFSET), object.word(layout::MATCH_END));
                object.require(offset <= end && end <= 8 * bytes, "a match is beyond its binary")?;
            }
            Kind::ExternalPid | Kind::ExternalPort => sized(layout::EXTERNAL_SIZE)?,
            Kind::ExternalReference => {
                object.require(arity + 1 >= layout::EXTERNAL_SIZE, "its size is not its kind's")?;
            }
            Kind::MapNode => {
                let children = (header.extra() as u16).count_ones() as usize;
                // Without a bitmap it is a collision node, which has leaves only.
                let is_right = if children == 0 { arity > 1 } else { children == arity };
                object.require(is_right, "a node has another number of children")?;
                self.children(object, 1)?;
                let has_leaves_only = (1..=arity).all(|index| object.term(index).is_cons());
                object.require(children > 0 || has_leaves_only, "a collision node has a node below")?;
            }
            Kind::Map => self.map(object)?,
        }
        if is_off_heap(header) {
            self.off_heap.insert(address.addr() as u64, owner);
        }
        Ok(())
    }

    /// Address and number of the bytes of a binary that is no part.
    fn bytes_of(&self, object: Object, origin: Term) -> Result<(u64, u64), Damage> {
        let boxed = origin.as_boxed().ok_or(object.fail("the original is no binary"))?;
        match boxed.header().kind() {
            Kind::HeapBinary | Kind::RefcBinary => {}
            _ => return Err(object.fail("the original is no whole binary")),
        }
        let bits = origin.as_bits().ok_or(object.fail("the original is no binary"))?;
        Ok((bits.base().addr() as u64, (bits.len() / 8) as u64))
    }

    fn children(&self, object: Object, first: usize) -> Result<(), Damage> {
        for index in first..=object.header.arity() {
            let child = object.term(index);
            let is_node = child.as_boxed().is_some_and(|boxed| boxed.header().kind() == Kind::MapNode);
            object.require(child.is_cons() || is_node, "a map has a child that is neither leaf nor node")?;
        }
        Ok(())
    }

    fn map(&mut self, object: Object) -> Result<(), Damage> {
        let arity = object.header.arity();
        object.require(arity >= 2, "its size is not its kind's")?;
        let count = object.term(layout::MAP_COUNT).as_small().and_then(|count| usize::try_from(count).ok());
        let count = count.ok_or(object.fail("a map has no size"))?;
        if count > layout::MAP_SMALL_LIMIT {
            let children = (object.header.extra() as u16).count_ones() as usize;
            object.require(children + 1 == arity, "a map has another number of children")?;
            self.children(object, layout::MAP_COUNT + 1)?;
        } else {
            object.require(layout::MAP_VALUES + count == arity + 1, "a map has another number of values")?;
            let keys = object.term(layout::MAP_KEYS).as_tuple();
            object
                .require(keys.is_some_and(|keys| keys.len() == count), "a map has another number of keys")?;
            for index in layout::MAP_VALUES..=arity {
                let place = object.address.wrapping_add(index);
                self.term(place, object.owner, object.term(index))?;
            }
        }
        self.maps.insert((object.address, object.owner.name()));
        Ok(())
    }

    /// Looks at a list of off-heap objects: it has to have all of its owner's, each once.
    pub(super) fn check_off_heap(&mut self, owner: Owner, list: &OffHeap) -> Result<(), Damage> {
        let mut left = self.off_heap.values().filter(|other| **other == owner).count();
        let mut at = list.first;
        while at != 0 {
            let fail = |what| Err(Damage { at, owner: "off-heap list", what });
            if self.off_heap.get(&at) != Some(&owner) {
                return fail("it leads to another's memory, or to no off-heap object");
            }
            if left == 0 {
                return fail("it has an object twice");
            }
            left -= 1;
            let pointer = core::ptr::with_exposed_provenance_mut(at as usize);
            // SAFETY: the object was met on the walk.
            at = unsafe {
                let object = Boxed::new(core::ptr::NonNull::new_unchecked(pointer));
                pointer.add(crate::heap::next_word(object)).read()
            };
        }
        if left > 0 {
            return Err(Damage { at: left as u64, owner: "off-heap list", what: "it lacks objects" });
        }
        Ok(())
    }

    /// A term of a register, a stack or another root.
    pub(super) fn check_root(&self, owner: &'static str, term: Term) -> Result<(), Damage> {
        // A handler, a return address, or no term at all.
        if term.as_catch().is_some() || Header::from_raw(term.raw()).is_some() {
            return Ok(());
        }
        let place = &raw const term;
        self.leads_to(place.cast(), Owner::Young, term).map(|_| ()).map_err(|damage| Damage {
            at: term.raw(),
            owner,
            ..damage
        })
    }

    /// The term of a message that has a fragment.
    pub(super) fn check_message(&self, number: usize, term: Term) -> Result<(), Damage> {
        self.term((&raw const term).cast(), Owner::Message(number), term)
            .map_err(|damage| Damage { at: term.raw(), ..damage })
    }

    /// The order of small maps, and that a large map has its keys where they are looked for.
    pub(super) fn check_maps(&self, atoms: &AtomTable) -> Result<(), Damage> {
        for (address, owner) in &self.maps {
            let fail = |what| Err(Damage { at: address.addr() as u64, owner, what });
            // SAFETY: the object was met on the walk.
            let boxed = unsafe { Boxed::new(core::ptr::NonNull::new_unchecked(address.cast_mut())) };
            let Some(map) = boxed.term().as_map() else { continue };
            if map.is_flat() {
                let keys = map.flat_keys();
                let in_order =
                    |pair: &[Term]| compare::compare_keys(atoms, pair[0], pair[1]) == Ordering::Less;
                if !keys.elements().windows(2).all(in_order) {
                    return fail("the keys of a map are not in order");
                }
                continue;
            }
            // Whoever makes a large map step by step would wait for ever if each step were looked at.
            if map.len() > LOOKED_AT_ALWAYS && !(address.addr() / 8).is_multiple_of(LOOKED_AT_ONCE_IN) {
                continue;
            }
            let pairs = map::pairs(map);
            if pairs.len() != map.len() {
                return fail("a map has another number of associations");
            }
            if !pairs.iter().all(|(key, value)| map::get(atoms, map, *key) == Some(*value)) {
                return fail("a key of a map is not where it is looked for");
            }
        }
        Ok(())
    }
}

/// A bignum is as short as it can be, and no small integer.
fn big(object: Object) -> Result<(), Damage> {
    let limbs = object.header.arity();
    object.require(limbs > 0 && object.word(limbs) != 0, "a bignum has no limb or one of 0 too many")?;
    let least = match object.header.kind() {
        Kind::BigNegative => Term::SMALL_MIN.unsigned_abs() + 1,
        _ => Term::SMALL_MAX as u64 + 1,
    };
    object.require(limbs > 1 || object.word(1) >= least, "a bignum is a small integer")
}

/// A refc binary refers to a block that is there and has room for its bytes.
fn refc(object: Object) -> Result<(), Damage> {
    let raw = object.word(layout::REFC_BLOCK);
    object.require(is_address(raw), "a binary has no block")?;
    // SAFETY: an object that is not damaged in a way that looks like an address holds a reference, which stays its own.
    let block = core::mem::ManuallyDrop::new(unsafe { BinaryBlock::from_raw(raw) });
    let bytes = object.word(layout::REFC_BYTES) as usize;
    object.require(bytes <= block.capacity(), "a binary is longer than its block")?;
    let data = block.data().addr().get() as u64;
    object.require(object.word(layout::REFC_DATA) == data, "a binary has its bytes elsewhere")?;
    object.require((1..1 << 40).contains(&block.references()), "a binary's block was freed")
}

/// Whether a word could be the address of an object of the machine.
fn is_address(word: u64) -> bool {
    word != 0 && word.is_multiple_of(8) && word >> 47 == 0
}
