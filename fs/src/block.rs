// SPDX-License-Identifier: Apache-2.0
//! A disk, as a file system sees it: requests that are handed over with their buffers and come back in any order. Requests own their buffers, so
//! that whoever serves them can grant the memory to another domain, and nobody sees a buffer that is being filled.
//!
//! What is written is on the disk for good only when a flush that was submitted after the write had come back comes back itself. Until
//! then a cut may keep it, lose it or tear it between sectors, whatever the order.

use alloc::vec::Vec;
use core::fmt;

/// What a disk is like. It may change while it is used: a disk may grow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Geometry {
    /// The bytes of a sector, the least that is read or written: 512 or 4096.
    pub sector: u32,
    /// How many sectors there are.
    pub sectors: u64,
    /// Whether it can be written to.
    pub writable: bool,
    /// Whether a flush means something. Without it, what has come back is on the disk.
    pub flush: bool,
    /// Whether it can be told that sectors are not needed any more.
    pub discard: bool,
}

/// What a disk is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Request {
    /// Fills a buffer, whose length is a multiple of the sector's.
    Read {
        /// The first sector.
        sector: u64,
        /// What is filled.
        buffer: Vec<u8>,
    },
    /// Writes a buffer, whose length is a multiple of the sector's.
    Write {
        /// The first sector.
        sector: u64,
        /// What is written.
        buffer: Vec<u8>,
    },
    /// Makes what had been written before stay.
    Flush,
    /// Says that sectors are not needed any more: what is read from them is anything.
    Discard {
        /// The first sector.
        sector: u64,
        /// How many.
        sectors: u64,
    },
}

/// The number of a request that is under way. No two that are have the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Ticket(pub u64);

/// No more requests are taken before one comes back: the request, again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Full(pub Request);

/// A request that has come back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Completion {
    /// Which.
    pub ticket: Ticket,
    /// The buffer of a read or write.
    pub buffer: Vec<u8>,
    /// How it went. After an error nobody knows how much of it was done.
    pub result: Result<(), BlockError>,
}

/// Why a disk has not done what it was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BlockError {
    /// It has failed.
    Io,
    /// The disk has no such sectors, or the buffer is no whole number of them.
    OutOfRange,
    /// The disk cannot be written to.
    ReadOnly,
    /// The disk does not do such things.
    Unsupported,
    /// The disk is gone.
    Gone,
}

impl fmt::Display for BlockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Io => "the disk reports an error",
            Self::OutOfRange => "the disk has no such sectors",
            Self::ReadOnly => "the disk is read-only",
            Self::Unsupported => "the disk does not do this",
            Self::Gone => "the disk is gone",
        })
    }
}

impl core::error::Error for BlockError {}

/// A disk.
pub trait BlockDevice {
    /// What it is like.
    fn geometry(&self) -> Geometry;

    /// Begins a request.
    ///
    /// # Errors
    /// [`Full`] when none is taken before another comes back. What is wrong with a request is told when it comes back.
    fn submit(&mut self, request: Request) -> Result<Ticket, Full>;

    /// A request that has come back, if one has.
    fn poll(&mut self) -> Option<Completion>;

    /// Rests until a request may have come back. It may return for no reason.
    fn rest(&mut self) {
        core::hint::spin_loop();
    }

    /// Says that about a block's worth of work was done, so that whoever has it done can do something else first.
    fn breathe(&mut self) {}
}
