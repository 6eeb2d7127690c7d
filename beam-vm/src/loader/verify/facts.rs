// SPDX-License-Identifier: Apache-2.0
//! What is known of the registers and the heap at a point of the code.

use alloc::vec::Vec;

/// What is known of a register, in one word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slot(u32);

impl Slot {
    /// Nothing was put there, or it is gone: what it has is no term.
    pub const UNSET: Self = Self(0);
    /// A term.
    pub const ANY: Self = Self(1);
    /// A cons cell.
    pub const CONS: Self = Self(2);
    /// A float.
    pub const FLOAT: Self = Self(3);
    /// A match state.
    pub const STATE: Self = Self(4);

    const TUPLE: u32 = 1 << 30;
    const CATCH: u32 = 1 << 31;

    /// A tuple with at least so many elements.
    pub const fn tuple(elements: u32) -> Self {
        Self(Self::TUPLE | if elements < Self::TUPLE { elements } else { Self::TUPLE - 1 })
    }

    /// What `catch` and `try` put into a Y register: whoever raises goes on at this label.
    pub const fn catch(label: u32) -> Self {
        Self(Self::CATCH | label)
    }

    /// The label of a `catch` or `try`.
    pub const fn handler(self) -> Option<u32> {
        if self.0 & Self::CATCH == 0 { None } else { Some(self.0 & !Self::CATCH) }
    }

    /// Whether it is a tuple that has an element, counted from 0.
    pub const fn has_element(self, index: u32) -> bool {
        self.0 & Self::TUPLE != 0 && self.handler().is_none() && index < self.0 & !Self::TUPLE
    }

    /// Whether it is a term.
    pub const fn is_term(self) -> bool {
        self.0 != 0 && self.handler().is_none()
    }

    /// Whether a collection may look at it.
    pub const fn is_set(self) -> bool {
        self.0 != 0
    }

    /// What is known when a test has told more.
    pub const fn and(self, then: Self) -> Self {
        // A tuple may be known to have more elements already.
        if self.0 & then.0 & Self::TUPLE != 0 && self.0 > then.0 { self } else { then }
    }

    /// What is known where two ways of the program meet.
    pub fn meet(self, other: Self) -> Self {
        if self == other {
            return self;
        }
        if !self.is_term() || !other.is_term() {
            return Self::UNSET;
        }
        if self.0 & other.0 & Self::TUPLE != 0 {
            return Self(self.0.min(other.0));
        }
        Self::ANY
    }
}

/// What is known at a point of the code.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Facts {
    /// X registers; those behind are unset.
    pub x: Vec<Slot>,
    /// Y registers, if there is a frame; those that all frames have, if they differ.
    pub y: Option<Vec<Slot>>,
    /// Whether there may be one frame or another, or none: compilers let all ways share what raises in the end.
    pub frame_differs: bool,
    /// Words of the heap that are reserved and not used.
    pub heap: u32,
    /// Whether an exception may have come here: then x0 is no term, and class, reason and stack trace follow it.
    pub is_caught: bool,
    /// Whether a binary is being built, segment by segment.
    pub builds: bool,
}

impl Facts {
    /// At the first instruction of a function.
    pub fn at_entry(arity: usize) -> Self {
        Self { x: alloc::vec![Slot::ANY; arity], ..Self::default() }
    }

    /// An X register.
    pub fn x(&self, index: u16) -> Slot {
        self.x.get(usize::from(index)).copied().unwrap_or(Slot::UNSET)
    }

    /// Sets an X register.
    pub fn set_x(&mut self, index: u16, slot: Slot) {
        let index = usize::from(index);
        if self.x.len() <= index {
            self.x.resize(index + 1, Slot::UNSET);
        }
        self.x[index] = slot;
    }

    /// Whether the first X registers are terms.
    pub fn has_arguments(&self, count: usize) -> bool {
        self.x.len() >= count && self.x[..count].iter().all(|slot| slot.is_term())
    }

    /// Whether all Y registers may be looked at. Where frames differ it was looked at before.
    pub fn has_whole_frame(&self) -> bool {
        self.frame_differs || self.y.iter().flatten().all(|slot| slot.is_set())
    }

    /// Where an exception that is raised here goes on, if not in a caller: the handler in the newest register counts.
    pub fn handler(&self) -> Option<u32> {
        self.y.iter().flatten().find_map(|slot| slot.handler())
    }

    /// What is known where an exception that is raised here goes on.
    pub fn at_handler(&self) -> Self {
        let x = alloc::vec![Slot::UNSET, Slot::ANY, Slot::ANY, Slot::ANY];
        Self { x, y: self.y.clone(), is_caught: true, ..Self::default() }
    }

    /// Whether `catch_end` can look at what has come: a value, or an exception.
    pub fn has_outcome(&self) -> bool {
        self.is_caught || self.x(0).is_term()
    }

    /// Whether the frames here and at another point are alike.
    pub fn has_frame_of(&self, other: &Self) -> bool {
        let size = |facts: &Self| facts.y.as_ref().map(Vec::len);
        !self.frame_differs && !other.frame_differs && size(self) == size(other)
    }

    /// Keeps what holds here and at another point, for a label that both lead to. Tells whether that is less than before.
    pub fn meet(&mut self, other: &Self) -> bool {
        let is_caught = self.is_caught && other.is_caught
            || (self.is_caught || other.is_caught) && self.has_outcome() && other.has_outcome();
        let has_one_frame = self.has_frame_of(other);
        let size = |facts: &Self| facts.y.as_ref().map_or(0, Vec::len);
        let mut changed = !has_one_frame && (!self.frame_differs || size(other) < size(self));
        let mut set = |mine: &mut Slot, other: Slot| {
            let both = mine.meet(other);
            changed |= both != *mine;
            *mine = both;
        };
        for (index, mine) in self.x.iter_mut().enumerate() {
            set(mine, other.x.get(index).copied().unwrap_or(Slot::UNSET));
        }
        match (&mut self.y, &other.y) {
            (Some(mine), Some(other)) if has_one_frame => {
                mine.iter_mut().zip(other).for_each(|(mine, other)| set(mine, *other));
            }
            _ if has_one_frame => {}
            (mine, other) => {
                self.frame_differs = true;
                // Registers are counted from the newest on, so that those which both frames have are at the same places.
                *mine = match (mine.take(), other) {
                    (Some(mut slots), Some(other)) => {
                        slots.truncate(other.len());
                        slots.iter_mut().zip(other).for_each(|(mine, other)| set(mine, *other));
                        Some(slots)
                    }
                    _ => None,
                };
            }
        }
        let heap = self.heap.min(other.heap);
        let builds = self.builds && other.builds;
        changed |= heap != self.heap || is_caught != self.is_caught || builds != self.builds;
        (self.heap, self.is_caught, self.builds) = (heap, is_caught, builds);
        changed
    }
}
