// SPDX-License-Identifier: Apache-2.0
//! A disk as file systems want it: the driver's requests in their words and in the disk's own sectors.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use drivers::blkfront::{self, Disk, Erase, Refusal, Refused};
use fs::block::{BlockDevice, BlockError, Completion, Full, Geometry, Request, Ticket};

use super::drive::Drive;
use crate::fiber::{self, Pause};
use crate::time;

/// The bit of tickets of requests that the driver has not taken; its own numbers never come so far.
const REFUSED: u64 = 1 << 63;

/// A disk to put a file system on.
pub struct Block {
    drive: Drive,
    /// What the disk was like when it was there.
    disk: Disk,
    /// Requests that have come back at once.
    refused: VecDeque<Completion>,
    next: u64,
}

impl Block {
    /// The disk of a drive, once its back end has described it.
    #[must_use]
    pub fn new(drive: Drive) -> Option<Self> {
        let disk = drive.disk()?;
        Some(Self { drive, disk, refused: VecDeque::new(), next: 0 })
    }

    fn disk(&self) -> Disk {
        self.drive.disk().unwrap_or(self.disk)
    }

    /// The driver's request, or that there are no such sectors.
    fn translate(&self, request: Request) -> Result<blkfront::Request, Request> {
        let unit = self.disk().unit();
        let translated = match &request {
            Request::Flush => Some((0, 0)),
            Request::Read { sector, .. } | Request::Write { sector, .. } => {
                sector.checked_mul(unit).map(|sector| (sector, 0))
            }
            Request::Discard { sector, sectors } => sector.checked_mul(unit).zip(sectors.checked_mul(unit)),
        };
        let Some((sector, count)) = translated else { return Err(request) };
        Ok(match request {
            Request::Read { buffer, .. } => blkfront::Request::Read { sector, into: buffer },
            Request::Write { buffer, .. } => blkfront::Request::Write { sector, data: buffer },
            Request::Flush => blkfront::Request::Flush,
            Request::Discard { .. } => blkfront::Request::Discard { sector, count, erase: Erase::Plain },
        })
    }

    fn refuse(&mut self, request: Request, error: BlockError) -> Ticket {
        let ticket = Ticket(REFUSED | self.next);
        self.next += 1;
        let buffer = match request {
            Request::Read { buffer, .. } | Request::Write { buffer, .. } => buffer,
            Request::Flush | Request::Discard { .. } => Vec::new(),
        };
        self.refused.push_back(Completion { ticket, buffer, result: Err(error) });
        ticket
    }
}

impl BlockDevice for Block {
    fn geometry(&self) -> Geometry {
        let disk = self.disk();
        Geometry {
            sector: disk.sector_size,
            sectors: disk.sectors / disk.unit(),
            writable: !disk.read_only,
            flush: disk.flush || disk.barrier,
            discard: disk.discard.is_some() && !disk.read_only,
        }
    }

    fn submit(&mut self, request: Request) -> Result<Ticket, Full> {
        let translated = match self.translate(request) {
            Ok(translated) => translated,
            Err(request) => return Ok(self.refuse(request, BlockError::OutOfRange)),
        };
        match self.drive.submit(translated) {
            Ok(ticket) => Ok(Ticket(ticket.0)),
            Err(Refused { why, request }) => {
                let request = translate_back(request, self.disk().unit());
                let error = match why {
                    Refusal::Full => return Err(Full(request)),
                    Refusal::Range | Refusal::Alignment => BlockError::OutOfRange,
                    Refusal::ReadOnly => BlockError::ReadOnly,
                    Refusal::NotOffered => BlockError::Unsupported,
                    Refusal::Down | Refusal::Unknown => BlockError::Gone,
                };
                Ok(self.refuse(request, error))
            }
        }
    }

    fn poll(&mut self) -> Option<Completion> {
        if let Some(refused) = self.refused.pop_front() {
            return Some(refused);
        }
        let blkfront::Completion { ticket, buffer, result } = self.drive.poll()?;
        let result = result.map_err(|error| match error {
            blkfront::BlockError::Failed => BlockError::Io,
            blkfront::BlockError::NotSupported => BlockError::Unsupported,
            blkfront::BlockError::Gone => BlockError::Gone,
        });
        Some(Completion { ticket: Ticket(ticket.0), buffer, result })
    }

    fn rest(&mut self) {
        if self.refused.is_empty() && !fiber::pause(Pause::Waits) {
            self.drive.rest();
        }
    }

    fn breathe(&mut self) {
        if fiber::is_over(time::now) {
            fiber::pause(Pause::Breathes);
        }
    }
}

/// A request that the driver has given back.
fn translate_back(request: blkfront::Request, unit: u64) -> Request {
    match request {
        blkfront::Request::Read { sector, into } => Request::Read { sector: sector / unit, buffer: into },
        blkfront::Request::Write { sector, data } => Request::Write { sector: sector / unit, buffer: data },
        blkfront::Request::Flush => Request::Flush,
        blkfront::Request::Discard { sector, count, .. } => {
            Request::Discard { sector: sector / unit, sectors: count / unit }
        }
    }
}
