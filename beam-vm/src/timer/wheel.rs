// SPDX-License-Identifier: Apache-2.0
//! The wheel itself: insertion, cancellation, and the passing of time.

use core::num::NonZeroU64;

use super::rings::Rings;
use super::slab::Slab;
use super::slot::Slot;

/// A handle to one timer. It is never given out twice, so a stale one is harmless.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TimerId {
    /// The number of the insertion.
    stamp: NonZeroU64,
    /// Where in the slab it was put.
    pub(super) node: u32,
}

/// A timer whose deadline has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Expired<T> {
    /// The handle that it had.
    pub id: TimerId,
    /// What was inserted.
    pub value: T,
    /// The deadline under which it was kept.
    pub deadline: u64,
}

/// The timers of one scheduler, see [the module](super).
///
/// Times are milliseconds since a moment that the user chooses and keeps. A `T` is plain data: an index, a packed reference.
pub struct TimerWheel<T> {
    slab: Slab<T>,
    rings: Rings,
    /// The latest time that the wheel was told.
    now: u64,
    /// Where the wheel stands, at most at `now`: everything before has expired.
    position: u64,
    /// The slot that begins at `position` and whose entries are on their way to lower levels.
    entering: Option<Slot>,
    /// The number of the next insertion.
    next_stamp: NonZeroU64,
}

impl<T: Copy> TimerWheel<T> {
    /// An empty wheel at the time `now`.
    #[must_use]
    pub fn new(now: u64) -> Self {
        Self {
            slab: Slab::new(),
            rings: Rings::new(),
            now,
            position: now,
            entering: None,
            next_stamp: NonZeroU64::MIN,
        }
    }

    /// How many timers there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slab.len()
    }

    /// Whether there is no timer.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes that the wheel holds.
    #[must_use]
    pub fn memory(&self) -> usize {
        size_of::<Self>() + self.slab.memory() + self.rings.memory()
    }

    /// The latest time that the wheel was told.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Tells the wheel the time without letting anything expire. An earlier time than the latest one changes nothing.
    ///
    /// To be called before an insertion when time has passed since the last [`advance`](Self::advance): a deadline that is already past
    /// is kept as the present, so it expires after the timers that are overdue by then.
    pub fn set_now(&mut self, now: u64) {
        self.now = self.now.max(now);
    }

    /// Keeps `value` until `deadline`, or until the next [`advance`](Self::advance) if that is past.
    ///
    /// # Panics
    /// With four thousand million timers, which take more than 100 GB.
    pub fn insert(&mut self, deadline: u64, value: T) -> TimerId {
        let stamp = self.next_stamp;
        self.next_stamp = stamp.checked_add(1).expect("584 years at one timer each nanosecond");
        let deadline = deadline.max(self.now);
        let slot = Slot::of(self.insert_position(), deadline);
        let node = self.slab.insert(value, deadline, stamp.get());
        self.rings.push(&mut self.slab, slot, node);
        TimerId { stamp, node }
    }

    /// Takes a timer out before it expires: what was inserted, and its deadline (the time of the insertion if the given one was past).
    pub fn cancel(&mut self, id: TimerId) -> Option<(T, u64)> {
        let entry = self.slab.find(id.node, id.stamp.get())?;
        let (value, deadline) = (entry.value, entry.deadline);
        self.take_out(id.node);
        Some((value, deadline))
    }

    /// The milliseconds until a timer's deadline, none if it is past.
    #[must_use]
    pub fn read(&self, id: TimerId) -> Option<u64> {
        let entry = self.slab.find(id.node, id.stamp.get())?;
        Some(entry.deadline.saturating_sub(self.now))
    }

    /// When to call [`advance`](Self::advance) next: never later than the earliest deadline.
    ///
    /// It is that deadline itself, unless the timer that had the earliest one in a coarse slot was cancelled, or some are overdue.
    #[must_use]
    pub fn next_deadline(&self) -> Option<u64> {
        match self.entering {
            Some(slot) if self.rings.oldest(slot).is_some() => Some(self.position),
            _ => self.rings.first_slot().map(|slot| self.rings.earliest(slot)),
        }
    }

    /// Moves to the time `now` and takes out the next timer that has expired by then.
    ///
    /// `None` with some `budget` left means that there is no more. Each timer that expires or moves to a lower level takes one from the
    /// budget, and with none left the call returns `None` too; the next call goes on from there.
    /// Timers may be inserted and cancelled between the calls. A unit takes some ten nanoseconds, and a hundred where a million timers lie
    /// in memory without order: four thousand units are well within a millisecond.
    pub fn advance(&mut self, now: u64, budget: &mut u32) -> Option<Expired<T>> {
        self.set_now(now);
        loop {
            if let Some(slot) = self.entering {
                if !self.move_down(slot, budget) {
                    return None;
                }
                self.entering = None;
            }
            let Some(slot) = self.rings.first_slot() else { break };
            let start = slot.start(self.position);
            if start > self.now {
                break;
            }
            if slot.is_finest() {
                *budget = budget.checked_sub(1)?;
                self.position = start;
                return self.expire(slot);
            }
            self.position = start;
            self.entering = Some(slot);
        }
        self.position = self.now;
        None
    }

    /// Spreads the entries of a slot over the lower levels; says whether the budget was enough.
    fn move_down(&mut self, slot: Slot, budget: &mut u32) -> bool {
        while let Some(node) = self.rings.oldest(slot) {
            let Some(rest) = budget.checked_sub(1) else { return false };
            *budget = rest;
            let deadline = self.slab.get(node).deadline;
            self.rings.unlink(&mut self.slab, node);
            self.rings.push(&mut self.slab, Slot::of(self.position, deadline), node);
        }
        true
    }

    /// Takes out the oldest entry of a slot.
    fn expire(&mut self, slot: Slot) -> Option<Expired<T>> {
        let node = self.rings.oldest(slot)?;
        let entry = self.slab.get(node);
        let id = TimerId { stamp: NonZeroU64::new(entry.stamp)?, node };
        let expired = Expired { id, value: entry.value, deadline: entry.deadline };
        self.take_out(node);
        Some(expired)
    }

    fn take_out(&mut self, node: u32) {
        self.rings.unlink(&mut self.slab, node);
        self.slab.remove(node);
    }

    /// From where an insertion sees its slot.
    ///
    /// While the entries of a slot are moving down, that is the moment before: a deadline within the slot then joins those that still
    /// have to move, behind them, instead of overtaking one with the same deadline.
    fn insert_position(&self) -> u64 {
        self.position - u64::from(self.entering.is_some())
    }
}
