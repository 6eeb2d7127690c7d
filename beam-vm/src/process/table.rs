// SPDX-License-Identifier: Apache-2.0
//! The table of processes: from a pid to its process in one step.
//!
//! As in stock, a pid's low bits are its place, and the bits above change when a place is used again; places are used in turn, so that it takes as many processes as there
//! can be until that happens. Few of those places have a process at a time. So they come in chunks, and a chunk in which all have ended takes no memory.
//!
//! The process that runs is taken out, so nobody can reach it twice.

use alloc::boxed::Box;
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

/// Places that come and go together.
#[derive(Debug, Default)]
struct Chunk {
    /// None while no process is in one of them.
    slots: Option<Box<[Slot; CHUNK]>>,
    /// In how many a process is.
    used: usize,
}

/// How many places are in a chunk: of a page.
const CHUNK: usize = 256;

/// All processes.
#[derive(Debug)]
pub struct ProcessTable {
    /// Up to the last that has been used.
    chunks: Vec<Chunk>,
    /// The pid that the next process has if its place is free: all its bits count on from there.
    next: u32,
    limit: u32,
    count: usize,
}

/// Bits of a pid.
const PID_BITS: u32 = 28;

impl ProcessTable {
    /// A table for up to `limit` processes, rounded up to a power of two.
    #[must_use]
    pub fn new(limit: u32) -> Self {
        let limit = limit.clamp(1024, 1 << 27).next_power_of_two();
        Self { chunks: Vec::new(), next: 0, limit, count: 0 }
    }

    /// How many processes there can be.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// Bytes of the table, without the processes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let there = self.chunks.iter().filter(|chunk| chunk.slots.is_some()).count();
        self.chunks.capacity() * size_of::<Chunk>() + there * size_of::<[Slot; CHUNK]>()
    }

    /// How many processes there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    fn place(&self, pid: LocalPid) -> usize {
        (pid.0 & (self.limit - 1)) as usize
    }

    fn slot(&self, pid: LocalPid) -> Option<&Slot> {
        let place = self.place(pid);
        Some(&self.chunks.get(place / CHUNK)?.slots.as_ref()?[place % CHUNK])
    }

    fn slot_mut(&mut self, pid: LocalPid) -> Option<&mut Slot> {
        let place = self.place(pid);
        Some(&mut self.chunks.get_mut(place / CHUNK)?.slots.as_mut()?[place % CHUNK])
    }

    /// The slot of a process that has been taken out.
    ///
    /// # Panics
    /// There is none: the process has ended.
    fn slot_of(&mut self, pid: LocalPid) -> &mut Slot {
        self.slot_mut(pid).expect("the place of a process that has not ended is there")
    }

    /// Takes a place for a new process.
    ///
    /// # Errors
    /// [`TableFull`].
    pub fn reserve(&mut self) -> Result<LocalPid, TableFull> {
        if self.count as u64 >= u64::from(self.limit) {
            return Err(TableFull);
        }
        loop {
            let pid = LocalPid(self.next);
            let (chunk, place) = (self.place(pid) / CHUNK, self.place(pid) % CHUNK);
            if chunk == self.chunks.len() {
                self.chunks.push(Chunk::default());
            }
            let chunk = &mut self.chunks[chunk];
            if chunk.used == CHUNK {
                self.skip(CHUNK - place);
                continue;
            }
            let slot = &mut chunk.slots.get_or_insert_with(|| Box::new([const { Slot::Free }; CHUNK]))[place];
            if !matches!(slot, Slot::Free) {
                self.skip(1);
                continue;
            }
            *slot = Slot::Away(pid);
            chunk.used += 1;
            self.count += 1;
            self.skip(1);
            return Ok(pid);
        }
    }

    fn skip(&mut self, places: usize) {
        let chunk = self.place(LocalPid(self.next)) / CHUNK;
        self.next = (self.next + places as u32) & ((1 << PID_BITS) - 1);
        self.forget_if_unused(chunk);
    }

    /// Gives the memory of a chunk back that has no process, unless the next one will be there.
    fn forget_if_unused(&mut self, chunk: usize) {
        let is_next = chunk == self.place(LocalPid(self.next)) / CHUNK;
        if !is_next && self.chunks[chunk].used == 0 {
            self.chunks[chunk].slots = None;
        }
    }

    /// Puts a process at its place.
    pub fn park(&mut self, process: Box<Process>) {
        let slot = self.slot_of(process.pid);
        *slot = Slot::Parked(process);
    }

    /// Takes a process out.
    pub fn take(&mut self, pid: LocalPid) -> Option<Box<Process>> {
        match self.slot_mut(pid) {
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
        *self.slot_of(pid) = Slot::Ending(pid);
    }

    /// Frees the place of a process that was taken out and has ended.
    pub fn free(&mut self, pid: LocalPid) {
        *self.slot_of(pid) = Slot::Free;
        let chunk = self.place(pid) / CHUNK;
        self.chunks[chunk].used -= 1;
        self.count -= 1;
        self.forget_if_unused(chunk);
    }

    /// What a pid leads to.
    pub fn lookup(&mut self, pid: LocalPid) -> Lookup<'_> {
        match self.slot_mut(pid) {
            Some(Slot::Parked(process)) if process.pid == pid => Lookup::Process(process),
            Some(Slot::Away(away)) if *away == pid => Lookup::Away,
            _ => Lookup::Dead,
        }
    }

    /// Whether there is such a process.
    #[must_use]
    pub fn is_alive(&self, pid: LocalPid) -> bool {
        match self.slot(pid) {
            Some(Slot::Parked(process)) => process.pid == pid,
            Some(Slot::Away(away)) => *away == pid,
            _ => false,
        }
    }

    /// Whether there is such a process that is ending.
    #[must_use]
    pub fn is_ending(&self, pid: LocalPid) -> bool {
        matches!(self.slot(pid), Some(Slot::Ending(ending)) if *ending == pid)
    }

    /// Whether there is such a process, be it one that is ending: it does not know that yet.
    #[must_use]
    pub fn is_there(&self, pid: LocalPid) -> bool {
        self.is_alive(pid) || self.is_ending(pid)
    }

    fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.chunks.iter().filter_map(|chunk| chunk.slots.as_deref()).flatten()
    }

    /// All processes in the order of their places, and the pids of those that have been taken out to run.
    pub fn places(&self) -> impl Iterator<Item = Result<&Process, LocalPid>> {
        self.slots().filter_map(|slot| match slot {
            Slot::Parked(process) => Some(Ok(process.as_ref())),
            Slot::Away(pid) => Some(Err(*pid)),
            Slot::Free | Slot::Ending(_) => None,
        })
    }

    /// All pids in the order of their places, also of those that are ending.
    pub fn pids(&self) -> impl Iterator<Item = LocalPid> + '_ {
        self.slots().filter_map(|slot| match slot {
            Slot::Parked(process) => Some(process.pid),
            Slot::Away(pid) | Slot::Ending(pid) => Some(*pid),
            Slot::Free => None,
        })
    }
}

#[cfg(test)]
mod tests;
