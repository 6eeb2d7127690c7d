// SPDX-License-Identifier: Apache-2.0
//! The ring of one connection with a back end, and the pages that are lent through it.

use alloc::vec::Vec;
use core::fmt;

use xen_hypervisor_sys::io::blkif::{
    BLKIF_DISCARD_SECURE, BLKIF_MAX_SEGMENTS_PER_REQUEST, BLKIF_OP_DISCARD, BLKIF_OP_FLUSH_DISKCACHE,
    BLKIF_OP_READ, BLKIF_OP_WRITE, BLKIF_OP_WRITE_BARRIER,
};

use super::buffers::Buffers;
use super::disk::{Disk, SECTOR};
use super::queue::{Command, Kind, Queue};
use super::request::Erase;
use super::slots::{BlkRequest, BlkResponse, Head, SEGMENT_BYTES, Segment, Segments};
use crate::grant::GrantedRun;
use crate::inflight::{InFlight, InFlightError};
use crate::memory::PAGE_SIZE;
use crate::ring::{FrontRing, RingError};

/// How a back end has broken the protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Broken {
    /// An index of the ring cannot be.
    Ring(RingError),
    /// It answers a request that is not under way.
    Id(InFlightError),
    /// It says that a request was another operation.
    Operation {
        /// What was asked for.
        asked: u8,
        /// What it says.
        answered: u8,
    },
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ring(error) => error.fmt(f),
            Self::Id(error) => error.fmt(f),
            Self::Operation { asked, answered } => {
                write!(f, "an answer to operation {answered} where {asked} was asked for")
            }
        }
    }
}

impl core::error::Error for Broken {}

/// A command that the back end was asked for.
#[derive(Debug)]
pub struct Outstanding {
    /// What it is.
    pub command: Command,
    /// The `BLKIF_OP_` number.
    pub operation: u8,
    /// The pages with its bytes, in their order.
    pages: Vec<u16>,
    /// The page with the list of its segments.
    list: Option<u16>,
}

/// Why the ring does not take a command now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoRoom;

/// The ring and what is under way on it.
pub struct Ring {
    ring: FrontRing<BlkRequest, BlkResponse, GrantedRun>,
    buffers: Buffers,
    under_way: InFlight<Outstanding>,
    handle: u16,
}

impl Ring {
    /// A ring on granted pages, and the pages that it lends. `handle` is the number of the device.
    pub fn new(memory: GrantedRun, buffers: Buffers, handle: u16) -> Self {
        let ring = FrontRing::new(memory);
        let under_way = InFlight::new(u16::try_from(ring.size()).unwrap_or(u16::MAX));
        Self { ring, buffers, under_way, handle }
    }

    /// Whether nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.under_way.is_empty()
    }

    /// Bytes of the longest transfer that can be asked for now.
    pub fn room(&self, segments: usize) -> usize {
        if self.ring.free() == 0 {
            return 0;
        }
        let room = self.buffers.room();
        // One of the pages may have to be the list of the others.
        let data = if room > BLKIF_MAX_SEGMENTS_PER_REQUEST { room - 1 } else { room };
        data.min(segments) * PAGE_SIZE
    }

    /// Asks for a command. The back end sees it with the next [`publish`](Self::publish).
    ///
    /// # Errors
    /// There is no room for it.
    pub fn push(&mut self, command: &Command, queue: &mut Queue, disk: &Disk) -> Result<(), NoRoom> {
        let outstanding = self.prepare(command, queue, disk)?;
        let request = self.enter(outstanding).ok_or(NoRoom)?;
        self.ring.push(&request).map_err(|_| NoRoom)
    }

    /// Lends what a command needs.
    fn prepare(&mut self, command: &Command, queue: &mut Queue, disk: &Disk) -> Result<Outstanding, NoRoom> {
        if self.ring.free() == 0 || self.under_way.len() == self.under_way.capacity() {
            return Err(NoRoom);
        }
        let operation = match command {
            Command::Transfer { kind: Kind::Read, .. } => BLKIF_OP_READ,
            Command::Transfer { .. } => BLKIF_OP_WRITE,
            Command::Flush { .. } if disk.flush => BLKIF_OP_FLUSH_DISKCACHE,
            Command::Flush { .. } => BLKIF_OP_WRITE_BARRIER,
            Command::Discard { .. } => BLKIF_OP_DISCARD,
        };
        let mut outstanding =
            Outstanding { command: command.clone(), operation, pages: Vec::new(), list: None };
        if let Command::Transfer { kind, pieces, .. } = command {
            let count = command.bytes().div_ceil(PAGE_SIZE);
            let lists = usize::from(count > BLKIF_MAX_SEGMENTS_PER_REQUEST);
            let mut pages = self.buffers.take(count + lists).ok_or(NoRoom)?;
            outstanding.list = if lists > 0 { pages.pop() } else { None };
            outstanding.pages = pages;
            if *kind == Kind::Write {
                let mut place = Place::default();
                for piece in pieces {
                    let Some(job) = queue.get_mut(piece.ticket) else { continue };
                    let bytes = &job.buffer[piece.offset..piece.offset + piece.length];
                    place.each(bytes.len(), |page, offset, range| {
                        let page = self.buffers.memory(outstanding.pages[page]);
                        page.copy_in(offset, &bytes[range]);
                    });
                }
            }
        }
        Ok(outstanding)
    }

    /// Gives a command its number, and makes the request.
    fn enter(&mut self, outstanding: Outstanding) -> Option<BlkRequest> {
        let bytes = outstanding.command.bytes();
        let operation = outstanding.operation;
        let segments: Vec<Segment> = outstanding
            .pages
            .iter()
            .enumerate()
            .map(|(index, page)| {
                let sectors = (bytes - index * PAGE_SIZE).min(PAGE_SIZE) / SECTOR;
                Segment { gref: self.buffers.reference(*page), first: 0, last: (sectors - 1) as u8 }
            })
            .collect();
        let list = outstanding.list;
        let (sector, discard) = match &outstanding.command {
            Command::Transfer { sector, .. } => (*sector, None),
            Command::Flush { .. } => (0, None),
            Command::Discard { sector, count, erase, .. } => (*sector, Some((*count, *erase))),
        };
        let id = self.under_way.insert(outstanding).ok()?;
        let head = Head { id: id.into(), handle: self.handle, sector };
        Some(match (discard, list) {
            (Some((count, erase)), _) => {
                let flag = if erase == Erase::Secure { BLKIF_DISCARD_SECURE } else { 0 };
                BlkRequest::Discard { head, flag, count }
            }
            (None, Some(list)) => {
                let memory = self.buffers.memory(list);
                for (index, segment) in segments.iter().enumerate() {
                    memory.copy_in(index * SEGMENT_BYTES, &segment.to_bytes());
                }
                let page = self.buffers.reference(list);
                BlkRequest::Indirect { operation, head, count: segments.len() as u16, page }
            }
            (None, None) => BlkRequest::Direct { operation, head, segments: Segments::new(&segments) },
        })
    }

    /// Shows the back end what was pushed. True when it has to be signalled.
    #[must_use = "a back end that sleeps has to be signalled"]
    pub fn publish(&mut self) -> bool {
        self.ring.publish()
    }

    /// Takes the next answer: the command and its status.
    ///
    /// # Errors
    /// [`Broken`]: the back end answers what was not asked.
    pub fn take(&mut self) -> Result<Option<(Outstanding, i16)>, Broken> {
        let Some(response) = self.ring.take().map_err(Broken::Ring)? else { return Ok(None) };
        let outstanding = self.under_way.complete(response.id).map_err(Broken::Id)?;
        if outstanding.operation != response.operation {
            let (asked, answered) = (outstanding.operation, response.operation);
            return Err(Broken::Operation { asked, answered });
        }
        Ok(Some((outstanding, response.status)))
    }

    /// Copies what was read to where it is wanted.
    pub fn copy_out(&self, outstanding: &Outstanding, queue: &mut Queue) {
        let Command::Transfer { kind: Kind::Read, pieces, .. } = &outstanding.command else { return };
        let mut place = Place::default();
        for piece in pieces {
            let Some(job) = queue.get_mut(piece.ticket) else { continue };
            let bytes = &mut job.buffer[piece.offset..piece.offset + piece.length];
            place.each(bytes.len(), |page, offset, range| {
                self.buffers.memory(outstanding.pages[page]).copy_out(offset, &mut bytes[range]);
            });
        }
    }

    /// Takes back what a command had lent.
    pub fn give_back(&mut self, outstanding: Outstanding) {
        self.buffers.give_back(outstanding.pages.into_iter().chain(outstanding.list));
    }

    /// Asks to be signalled for the next answer. True when there is one already.
    ///
    /// # Errors
    /// [`Broken`].
    #[must_use = "answers that came meanwhile bring no signal"]
    pub fn rearm(&mut self) -> Result<bool, Broken> {
        self.ring.rearm().map_err(Broken::Ring)
    }
}

/// A place in the pages of a transfer, which is filled from its first byte on.
#[derive(Default)]
struct Place(usize);

impl Place {
    /// Goes on by so many bytes, and tells for each page on the way its index, the offset in it and which of the bytes.
    fn each(&mut self, count: usize, mut visit: impl FnMut(usize, usize, core::ops::Range<usize>)) {
        let mut done = 0;
        while done < count {
            let offset = self.0 % PAGE_SIZE;
            let length = (PAGE_SIZE - offset).min(count - done);
            visit(self.0 / PAGE_SIZE, offset, done..done + length);
            self.0 += length;
            done += length;
        }
    }
}
