// SPDX-License-Identifier: Apache-2.0
//! The memory that a process has, and where objects begin in it.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::{Damage, header_at};

/// Whose memory an area is, which says what may be referred to from there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Owner {
    /// The young generation, or a fragment.
    Young,
    /// The old generation.
    Old,
    /// A message that was not received: the fragment with this number.
    Message(usize),
}

impl Owner {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Young => "young generation",
            Self::Old => "old generation",
            Self::Message(_) => "message",
        }
    }

    /// Whether what it has may refer to what another has.
    fn may_refer_to(self, other: Self) -> bool {
        match self {
            Self::Young => matches!(other, Self::Young | Self::Old),
            Self::Old | Self::Message(_) => self == other,
        }
    }
}

/// What begins at a word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    /// A cons cell.
    Cons,
    /// A boxed object.
    Boxed,
}

/// Words one after the other.
#[derive(Debug)]
pub(super) struct Area {
    pub(super) owner: Owner,
    pub(super) start: *const u64,
    pub(super) words: usize,
    /// Two bits for each word: whether a cell or an object begins there.
    begins: Vec<u64>,
}

impl Area {
    fn addresses(&self) -> Range<usize> {
        let start = self.start.addr();
        start..start + 8 * self.words
    }

    fn mark(&mut self, word: usize, shape: Shape) {
        self.begins[word / 32] |= (1 + shape as u64) << (2 * (word % 32));
    }

    fn begins(&self, word: usize) -> u64 {
        self.begins[word / 32] >> (2 * (word % 32)) & 0b11
    }

    /// The objects: where they begin, and how many words they have.
    pub(super) fn objects(&self) -> impl Iterator<Item = (*const u64, Shape, usize)> + '_ {
        let mut at = 0;
        core::iter::from_fn(move || {
            if at >= self.words {
                return None;
            }
            let address = self.start.wrapping_add(at);
            let (shape, words) = match header_at(address) {
                Some(header) => (Shape::Boxed, 1 + header.arity()),
                None => (Shape::Cons, 2),
            };
            at += words;
            Some((address, shape, words))
        })
    }

    /// Notes where objects begin.
    fn walk(&mut self) -> Result<(), Damage> {
        let mut marks = Vec::new();
        for (address, shape, words) in self.objects() {
            let word = (address.addr() - self.start.addr()) / 8;
            if words > self.words - word {
                let what = "an object is longer than the area";
                return Err(Damage { at: address.addr() as u64, owner: self.owner.name(), what });
            }
            marks.push((word, shape));
        }
        for (word, shape) in marks {
            self.mark(word, shape);
        }
        Ok(())
    }
}

/// Where an address leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// To a literal.
    Literal,
    /// To an object of the right shape.
    Object(Owner),
    /// Into the middle of something.
    Within,
    /// Out of everything.
    Nowhere,
}

/// All areas.
#[derive(Debug)]
pub(super) struct Areas {
    pub(super) areas: Vec<Area>,
    /// Whether the old generation may refer to the young one, because the next collection is a full one.
    pub(super) full_is_due: bool,
    /// Whether there may be objects that nothing refers to.
    pub(super) has_garbage: bool,
    literals: Range<usize>,
}

impl Areas {
    pub(super) const fn new(literals: Range<usize>) -> Self {
        Self { areas: Vec::new(), full_is_due: false, has_garbage: false, literals }
    }

    pub(super) fn add(&mut self, owner: Owner, start: *const u64, words: usize) {
        if words > 0 {
            self.areas.push(Area { owner, start, words, begins: vec![0; words.div_ceil(32)] });
        }
    }

    /// Puts the areas in order, and notes where objects begin in them.
    pub(super) fn finish(&mut self) -> Result<(), Damage> {
        self.areas.sort_by_key(|area| area.start.addr());
        let overlap = self.areas.windows(2).find(|pair| pair[0].addresses().end > pair[1].start.addr());
        if let Some(pair) = overlap {
            let what = "it overlaps the area before";
            return Err(Damage { at: pair[1].start.addr() as u64, owner: pair[1].owner.name(), what });
        }
        self.areas.iter_mut().try_for_each(Area::walk)
    }

    /// Whether what has an owner may refer to what another has.
    pub(super) fn may_refer(&self, owner: Owner, other: Owner) -> bool {
        let is_backward = owner == Owner::Old && other == Owner::Young;
        // What was made of a message before a receive refused it is dead, and lies there until the next collection.
        let is_refused = owner == Owner::Young && matches!(other, Owner::Message(_));
        owner.may_refer_to(other) || is_backward && self.full_is_due || is_refused && self.has_garbage
    }

    /// Where an address leads at which something of a shape should begin.
    pub(super) fn place(&self, address: usize, shape: Shape) -> Place {
        if self.literals.contains(&address) {
            return Place::Literal;
        }
        let after = self.areas.partition_point(|area| area.start.addr() <= address);
        let Some(area) = after.checked_sub(1).map(|index| &self.areas[index]) else { return Place::Nowhere };
        if !area.addresses().contains(&address) {
            return Place::Nowhere;
        }
        let offset = address - area.start.addr();
        let is_right = offset.is_multiple_of(8) && area.begins(offset / 8) == 1 + shape as u64;
        if is_right { Place::Object(area.owner) } else { Place::Within }
    }
}
