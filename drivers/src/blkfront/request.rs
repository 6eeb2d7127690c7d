// SPDX-License-Identifier: Apache-2.0
//! What the user of a block device asks for, and what comes of it. Sectors are of 512 bytes whatever the disk's are.

use alloc::vec::Vec;
use core::fmt;

use super::disk::SECTOR;

/// The number of a request, which grows from one to the next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ticket(pub u64);

/// What a discard leaves behind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Erase {
    /// Whatever it likes.
    Plain,
    /// No copy of the data.
    Secure,
}

/// Something to be done. Buffers are handed over and come back with the result.
///
/// A flush makes durable all that was asked for before it. Nothing that changes the disk and was asked for after it is begun
/// before it is done; requests that overlap are done in their order; all others in any.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Request {
    /// Fills a buffer from a sector on.
    Read {
        /// The first sector.
        sector: u64,
        /// A whole number of the disk's sectors.
        into: Vec<u8>,
    },
    /// Writes a buffer from a sector on.
    Write {
        /// The first sector.
        sector: u64,
        /// A whole number of the disk's sectors.
        data: Vec<u8>,
    },
    /// Makes durable what was written.
    Flush,
    /// Says that sectors hold nothing of use. It is advice: what is not whole extents of the disk stays as it is.
    Discard {
        /// The first sector.
        sector: u64,
        /// How many.
        count: u64,
        /// What may be left.
        erase: Erase,
    },
}

impl Request {
    /// First sector and number of sectors.
    pub(super) fn extent(&self) -> (u64, u64) {
        let sectors = |buffer: &Vec<u8>| (buffer.len() / SECTOR) as u64;
        match self {
            Self::Read { sector, into: buffer } | Self::Write { sector, data: buffer } => {
                (*sector, sectors(buffer))
            }
            Self::Flush => (0, 0),
            Self::Discard { sector, count, .. } => (*sector, *count),
        }
    }
}

/// Why a request is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// There are as many requests under way as there may be.
    Full,
    /// The back end has broken the protocol and has not started over.
    Down,
    /// There was never a connection with a back end.
    Unknown,
    /// The extent is not on the disk.
    Range,
    /// It does not begin and end with the disk's sectors.
    Alignment,
    /// The disk cannot be written to.
    ReadOnly,
    /// The back end does not do it.
    NotOffered,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "as many requests are under way as there may be",
            Self::Down => "the back end has broken the protocol",
            Self::Unknown => "the back end has not said yet what disk it has",
            Self::Range => "the sectors are not on the disk",
            Self::Alignment => "the extent is not of whole sectors of the disk",
            Self::ReadOnly => "the disk cannot be written to",
            Self::NotOffered => "the back end does not offer it",
        })
    }
}

impl core::error::Error for Refusal {}

/// A request that was not taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// Why.
    pub why: Refusal,
    /// The request, to be had back with its buffer.
    pub request: Request,
}

/// Why a request was not done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BlockError {
    /// The back end says that it has failed.
    Failed,
    /// The back end does not know how.
    NotSupported,
    /// The back end has broken the protocol, or was waited for long enough.
    Gone,
}

impl fmt::Display for BlockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failed => "the disk has failed to do it",
            Self::NotSupported => "the disk does not know how to do it",
            Self::Gone => "the disk is gone",
        })
    }
}

impl core::error::Error for BlockError {}

/// A request that is done, or not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Completion {
    /// Which it is.
    pub ticket: Ticket,
    /// The buffer that was handed over. After a read that has failed its contents mean nothing.
    pub buffer: Vec<u8>,
    /// What has come of it.
    pub result: Result<(), BlockError>,
}
