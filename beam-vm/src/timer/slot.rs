// SPDX-License-Identifier: Apache-2.0
//! The arithmetic of the wheel: which slot a deadline belongs to, and when that slot begins.

/// Bits of a deadline that one level resolves.
///
/// Eight: a timer of up to 65 seconds moves at most once before it expires, one of up to four hours twice.
const BITS: u32 = 8;

/// Slots of one level.
const SLOTS_PER_LEVEL: u32 = 1 << BITS;

/// Levels that cover every bit of a deadline.
const LEVELS: u32 = u64::BITS.div_ceil(BITS);

/// Slots of all levels.
pub(super) const SLOTS: u32 = LEVELS * SLOTS_PER_LEVEL;

/// One slot of the wheel: its level and its digit there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Slot(u32);

impl Slot {
    /// Where `deadline` waits while the wheel stands at `position`: on the level of the highest digit in which the two differ.
    ///
    /// So while the position moves towards a deadline, the slot for that deadline changes at one moment only: when the position enters
    /// the slot. The order of equal deadlines rests on this.
    pub(super) fn of(position: u64, deadline: u64) -> Self {
        let highest_difference = (position ^ deadline).checked_ilog2().unwrap_or(0);
        let level = highest_difference / BITS;
        let digit = deadline >> (level * BITS) & u64::from(SLOTS_PER_LEVEL - 1);
        Self(level * SLOTS_PER_LEVEL + digit as u32)
    }

    /// The first millisecond of the slot, seen from a `position` that shares the digits above the slot's level.
    pub(super) fn start(self, position: u64) -> u64 {
        let digit = u64::from(self.0 % SLOTS_PER_LEVEL);
        let above =
            position.unbounded_shr((self.level() + 1) * BITS).unbounded_shl((self.level() + 1) * BITS);
        above | digit << (self.level() * BITS)
    }

    /// Whether the slot is one millisecond wide, so that nothing in it can wait any longer.
    pub(super) fn is_finest(self) -> bool {
        self.level() == 0
    }

    /// The slot of this number, which is below [`SLOTS`].
    pub(super) fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// The slot's number among all.
    pub(super) fn number(self) -> u32 {
        self.0
    }

    /// The slot's bit in its word of [`Occupied`].
    fn mask(self) -> u64 {
        1 << (self.0 % u64::BITS)
    }

    fn level(self) -> u32 {
        self.0 / SLOTS_PER_LEVEL
    }
}

/// Words that hold a bit for each slot of one level.
const WORDS: usize = (SLOTS_PER_LEVEL / u64::BITS) as usize;

/// Which slots have entries.
#[derive(Default)]
pub(super) struct Occupied {
    /// One bit for each level that has an occupied slot.
    levels: u32,
    /// One bit for each occupied slot of a level.
    slots: [[u64; WORDS]; LEVELS as usize],
}

impl Occupied {
    /// Notes that `slot` has an entry.
    pub(super) fn set(&mut self, slot: Slot) {
        self.levels |= 1 << slot.level();
        *self.word(slot) |= slot.mask();
    }

    /// Notes that `slot` is empty.
    pub(super) fn clear(&mut self, slot: Slot) {
        *self.word(slot) &= !slot.mask();
        if self.slots[slot.level() as usize] == [0; WORDS] {
            self.levels &= !(1 << slot.level());
        }
    }

    /// The earliest occupied slot: everything on a lower level is before everything on a higher one.
    pub(super) fn first(&self) -> Option<Slot> {
        let level = self.levels.trailing_zeros();
        let (word, digits) = self
            .slots
            .get(level as usize)?
            .iter()
            .zip(0..)
            .find_map(|(digits, word)| (*digits != 0).then_some((word, digits.trailing_zeros())))?;
        Some(Slot(level * SLOTS_PER_LEVEL + word * u64::BITS + digits))
    }

    fn word(&mut self, slot: Slot) -> &mut u64 {
        &mut self.slots[slot.level() as usize][(slot.0 % SLOTS_PER_LEVEL / u64::BITS) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_waits_on_the_level_of_the_highest_difference() {
        for (position, deadline, level, digit) in [
            (0, 0, 0, 0),
            (0, 255, 0, 255),
            (0, 256, 1, 1),
            (255, 256, 1, 1),
            (256, 257, 0, 1),
            (100, 65_535, 1, 255),
            (100, 65_536, 2, 1),
            (0, 1 << 49, 6, 2),
            (0, u64::MAX, 7, 255),
        ] {
            let slot = Slot::of(position, deadline);
            assert_eq!(
                (slot.level(), slot.number() % SLOTS_PER_LEVEL),
                (level, digit),
                "{position} {deadline}"
            );
            assert!(slot.start(position) <= deadline);
            assert_eq!(slot.is_finest(), level == 0);
        }
    }

    #[test]
    fn a_slot_starts_at_its_first_millisecond() {
        assert_eq!(Slot::of(100, 127).start(100), 127);
        assert_eq!(Slot::of(100, 300).start(100), 256);
        assert_eq!(Slot::of(5000, 70_000).start(5000), 65_536);
        assert_eq!(Slot::of(70_000, 66_000).start(70_000), 65_792);
        assert_eq!(Slot::of(0, u64::MAX).start(0), 255 << 56);
    }

    #[test]
    fn the_first_occupied_slot_is_the_earliest() {
        let mut occupied = Occupied::default();
        assert_eq!(occupied.first(), None);
        let slots = [3, 60, 64, 255, 256, 70_000, 1 << 40, u64::MAX].map(|deadline| Slot::of(0, deadline));
        for slot in slots.into_iter().rev() {
            occupied.set(slot);
            assert_eq!(occupied.first(), Some(slot));
        }
        for slot in slots {
            assert_eq!(occupied.first(), Some(slot));
            occupied.clear(slot);
        }
        assert_eq!(occupied.first(), None);
    }
}
