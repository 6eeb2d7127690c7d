// SPDX-License-Identifier: Apache-2.0
//! The table of processes: from a pid to its process in one step.
//!
//! As in stock, a pid's low bits are its place, and the bits above change when a place is used again. The process that runs is taken out,
//! so nobody can reach it twice.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::Process;
use crate::term::LocalPid;

/// What stands at a place.
#[derive(Debug)]
enum Slot {
    Free,
    Parked(Box<Process>),
    /// Taken out, to run.
    Away(LocalPid),
    /// Taken out, to end: its pid is not free yet.
    Ending(LocalPid),
}

/// What a pid leads to.
#[derive(Debug)]
pub enum Lookup<'a> {
    /// A process.
    Process(&'a mut Process),
    /// The process that has been taken out: the one that asks.
    Away,
    /// No process.
    Dead,
}

/// There is no place for one more process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TableFull;

/// All processes.
#[derive(Debug)]
pub struct ProcessTable {
    slots: Vec<Slot>,
    /// The pid that the next process at a place has.
    next: Vec<u32>,
    free: VecDeque<u32>,
    limit: u32,
    bits: u32,
    count: usize,
}

/// Bits of a pid.
const PID_BITS: u32 = 28;

impl ProcessTable {
    /// A table for up to `limit` processes, rounded up to a power of two.
    #[must_use]
    pub fn new(limit: u32) -> Self {
        let limit = limit.clamp(1024, 1 << 27).next_power_of_two();
        Self {
            slots: Vec::new(),
            next: Vec::new(),
            free: VecDeque::new(),
            limit,
            bits: limit.trailing_zeros(),
            count: 0,
        }
    }

    /// How many processes there can be.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// Bytes of the table, without the processes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>() + 4 * (self.next.capacity() + self.free.capacity())
    }

    /// How many processes there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    fn place(&self, pid: LocalPid) -> usize {
        (pid.0 & (self.limit - 1)) as usize
    }

    /// Takes a place for a new process.
    ///
    /// # Errors
    /// [`TableFull`].
    pub fn reserve(&mut self) -> Result<LocalPid, TableFull> {
        let place = if (self.slots.len() as u32) < self.limit {
            self.slots.push(Slot::Free);
            self.next.push(self.slots.len() as u32 - 1);
            self.slots.len() - 1
        } else {
            self.free.pop_front().ok_or(TableFull)? as usize
        };
        let pid = LocalPid(self.next[place]);
        self.next[place] = (pid.0 + (1 << self.bits)) & ((1 << PID_BITS) - 1);
        self.slots[place] = Slot::Away(pid);
        self.count += 1;
        Ok(pid)
    }

    /// Puts a process at its place.
    pub fn park(&mut self, process: Box<Process>) {
        let place = self.place(process.pid);
        self.slots[place] = Slot::Parked(process);
    }

    /// Takes a process out.
    pub fn take(&mut self, pid: LocalPid) -> Option<Box<Process>> {
        let place = self.place(pid);
        match self.slots.get_mut(place) {
            Some(slot @ Slot::Parked(_)) => match core::mem::replace(slot, Slot::Away(pid)) {
                Slot::Parked(process) if process.pid == pid => Some(process),
                other => {
                    *slot = other;
                    None
                }
            },
            _ => None,
        }
    }

    /// Says that a process that was taken out is ending.
    pub fn mark_ending(&mut self, pid: LocalPid) {
        let place = self.place(pid);
        self.slots[place] = Slot::Ending(pid);
    }

    /// Frees the place of a process that was taken out and has ended.
    pub fn free(&mut self, pid: LocalPid) {
        let place = self.place(pid);
        self.slots[place] = Slot::Free;
        self.free.push_back(place as u32);
        self.count -= 1;
    }

    /// What a pid leads to.
    pub fn lookup(&mut self, pid: LocalPid) -> Lookup<'_> {
        let place = self.place(pid);
        match self.slots.get_mut(place) {
            Some(Slot::Parked(process)) if process.pid == pid => Lookup::Process(process),
            Some(Slot::Away(away)) if *away == pid => Lookup::Away,
            _ => Lookup::Dead,
        }
    }

    /// Whether there is such a process.
    #[must_use]
    pub fn is_alive(&self, pid: LocalPid) -> bool {
        match self.slots.get(self.place(pid)) {
            Some(Slot::Parked(process)) => process.pid == pid,
            Some(Slot::Away(away)) => *away == pid,
            _ => false,
        }
    }

    /// Whether there is such a process that is ending.
    #[must_use]
    pub fn is_ending(&self, pid: LocalPid) -> bool {
        matches!(self.slots.get(self.place(pid)), Some(Slot::Ending(ending)) if *ending == pid)
    }

    /// Whether there is such a process, be it one that is ending: it does not know that yet.
    #[must_use]
    pub fn is_there(&self, pid: LocalPid) -> bool {
        self.is_alive(pid) || self.is_ending(pid)
    }

    /// All processes in the order of their places, and the pids of those that have been taken out to run.
    pub fn places(&self) -> impl Iterator<Item = Result<&Process, LocalPid>> {
        self.slots.iter().filter_map(|slot| match slot {
            Slot::Parked(process) => Some(Ok(process.as_ref())),
            Slot::Away(pid) => Some(Err(*pid)),
            Slot::Free | Slot::Ending(_) => None,
        })
    }

    /// All pids in the order of their places, also of those that are ending.
    pub fn pids(&self) -> impl Iterator<Item = LocalPid> + '_ {
        self.slots.iter().filter_map(|slot| match slot {
            Slot::Parked(process) => Some(process.pid),
            Slot::Away(pid) | Slot::Ending(pid) => Some(*pid),
            Slot::Free => None,
        })
    }
}

#[cfg(test)]
mod tests;
