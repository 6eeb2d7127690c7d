// SPDX-License-Identifier: Apache-2.0
//! A disk in blocks. Writes go on while more are begun; whoever needs them done settles. Reads that are expected are begun before anybody waits for
//! them, and kept for a while; what is written over is forgotten.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::Errno;
use crate::block::{BlockDevice, BlockError, Completion, Geometry, Request, Ticket};

/// The bytes of a block.
pub const BLOCK: usize = 4096;
/// The most that is asked for at once.
const MOST: usize = 64 * BLOCK;

/// The number of a block.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Block(pub u64);

impl Block {
    /// Where it begins.
    pub fn byte(self) -> u64 {
        self.0.saturating_mul(BLOCK as u64)
    }
}

/// The most bytes that are read before they are needed.
pub const AHEAD: usize = 4 * MOST;
/// The most requests for that.
const REQUESTS_AHEAD: usize = 64;

/// After so many other reads nobody is likely to come any more.
const LATE: u64 = 256;

/// A read that was begun before it was needed.
struct Expected {
    byte: u64,
    length: usize,
    ticket: Ticket,
    /// What has come of it.
    done: Option<Completion>,
    /// Whether something was written there since.
    is_old: bool,
    /// Reads before it.
    since: u64,
}

impl Expected {
    /// How many bytes from one on it has; none if that one is not among them.
    fn from(&self, byte: u64) -> usize {
        match byte.checked_sub(self.byte) {
            Some(offset) if offset < self.length as u64 && !self.is_old => self.length - offset as usize,
            _ => 0,
        }
    }

    fn overlaps(&self, byte: u64, count: usize) -> bool {
        self.byte < byte.saturating_add(count as u64) && byte < self.byte + self.length as u64
    }
}

/// A disk.
pub struct Disk {
    device: Box<dyn BlockDevice>,
    geometry: Geometry,
    writes: usize,
    failed: Option<BlockError>,
    /// The oldest first.
    expected: Vec<Expected>,
    /// Reads so far.
    reads: u64,
    /// What was asked for, in blocks: what an operation costs.
    pub moved: u64,
}

impl Disk {
    pub fn new(device: Box<dyn BlockDevice>) -> Self {
        let geometry = device.geometry();
        Self { device, geometry, writes: 0, failed: None, expected: Vec::new(), reads: 0, moved: 0 }
    }

    pub fn sector(&self) -> usize {
        (self.geometry.sector as usize).max(1)
    }

    pub fn is_writable(&self) -> bool {
        self.geometry.writable
    }

    pub fn blocks(&self) -> u64 {
        let bytes = u128::from(self.geometry.sectors) * u128::from(self.geometry.sector);
        u64::try_from(bytes / BLOCK as u128).unwrap_or(u64::MAX)
    }

    fn submit(&mut self, request: Request) -> Ticket {
        let mut request = request;
        loop {
            match self.device.submit(request) {
                Ok(ticket) => return ticket,
                Err(full) => request = full.0,
            }
            match self.device.poll() {
                Some(done) => self.finish(done),
                None => self.device.rest(),
            }
        }
    }

    /// A write has come back, or a read that is expected.
    fn finish(&mut self, done: Completion) {
        // The disk may use the number of a request again that has come back.
        let is_it = |read: &Expected| read.done.is_none() && read.ticket == done.ticket;
        if let Some(index) = self.expected.iter().position(is_it) {
            if self.expected[index].is_old {
                self.expected.remove(index);
            } else {
                self.expected[index].done = Some(done);
            }
            return;
        }
        self.writes = self.writes.saturating_sub(1);
        if let Err(error) = done.result {
            self.failed.get_or_insert(error);
        }
    }

    fn wait(&mut self, ticket: Ticket) -> Completion {
        loop {
            match self.device.poll() {
                Some(done) if done.ticket == ticket => return done,
                Some(done) => self.finish(done),
                None => self.device.rest(),
            }
        }
    }

    /// A block or node was worked on: see [`BlockDevice::breathe`].
    pub fn breathe(&mut self) {
        self.device.breathe();
    }

    /// Begins to read bytes, whole sectors, that are likely to be needed soon. If the disk has enough to do, or is not there, nothing is done.
    pub fn expect(&mut self, byte: u64, count: usize) {
        let mut begun = 0;
        while begun < count {
            let at = byte + begun as u64;
            let known = self.expected.iter().map(|read| read.from(at)).max().unwrap_or(0);
            if known > 0 {
                begun += known;
                continue;
            }
            let length = (count - begun).min(MOST);
            if !self.has_room_for(length) {
                return;
            }
            let sector = at / self.sector() as u64;
            let Ok(ticket) = self.device.submit(Request::Read { sector, buffer: alloc::vec![0; length] })
            else {
                return;
            };
            self.expected.push(Expected {
                byte: at,
                length,
                ticket,
                done: None,
                is_old: false,
                since: self.reads,
            });
            begun += length;
        }
    }

    /// Whether one more read may be expected. Those that were not asked for in a long time are forgotten for it; what is new is not pushed out, or
    /// it would be read twice.
    fn has_room_for(&mut self, length: usize) -> bool {
        while let Some(done) = self.device.poll() {
            self.finish(done);
        }
        loop {
            let bytes: usize = self.expected.iter().map(|read| read.length).sum();
            if self.expected.len() < REQUESTS_AHEAD && bytes + length <= AHEAD {
                return true;
            }
            let is_late = |read: &Expected| read.done.is_some() && self.reads - read.since > LATE;
            match self.expected.iter().position(is_late) {
                Some(oldest) => drop(self.expected.remove(oldest)),
                None => return false,
            }
        }
    }

    /// Adds bytes to a buffer that were expected, up to a number, if they were and the disk has read them well.
    fn take_expected(&mut self, byte: u64, most: usize, bytes: &mut Vec<u8>) -> bool {
        let Some(index) = self.expected.iter().position(|read| read.from(byte) > 0) else { return false };
        let mut read = self.expected.remove(index);
        let done = match read.done.take() {
            Some(done) => done,
            None => self.wait(read.ticket),
        };
        if done.result.is_err() || done.buffer.len() != read.length {
            return false;
        }
        let from = read.from(byte);
        let start = read.length - from;
        let count = from.min(most);
        bytes.extend_from_slice(&done.buffer[start..start + count]);
        if count < from {
            read.done = Some(done);
            // Others may have been forgotten meanwhile.
            self.expected.insert(index.min(self.expected.len()), read);
        }
        true
    }

    /// Reads bytes: whole sectors.
    ///
    /// # Errors
    /// `EIO`.
    pub fn read(&mut self, byte: u64, count: usize) -> Result<Vec<u8>, Errno> {
        self.reads += 1;
        let mut bytes = Vec::with_capacity(count);
        while bytes.len() < count {
            let at = byte + bytes.len() as u64;
            let before = bytes.len();
            if self.take_expected(at, count - before, &mut bytes) {
                self.moved += (bytes.len() - before).div_ceil(BLOCK) as u64;
                self.breathe();
                continue;
            }
            let length = (count - bytes.len()).min(MOST);
            let sector = at / self.sector() as u64;
            let ticket = self.submit(Request::Read { sector, buffer: alloc::vec![0; length] });
            let done = self.wait(ticket);
            if done.result.is_err() || done.buffer.len() != length {
                return Err(Errno::EIO);
            }
            self.moved += length.div_ceil(BLOCK) as u64;
            self.breathe();
            if bytes.is_empty() && length == count {
                return Ok(done.buffer);
            }
            bytes.extend_from_slice(&done.buffer);
        }
        Ok(bytes)
    }

    pub fn read_block(&mut self, block: Block) -> Result<Vec<u8>, Errno> {
        self.read(block.byte(), BLOCK)
    }

    /// Begins to write bytes: whole sectors.
    pub fn write(&mut self, byte: u64, bytes: &[u8]) {
        self.forget(byte, bytes.len());
        let mut byte = byte;
        for part in bytes.chunks(MOST) {
            self.moved += part.len().div_ceil(BLOCK) as u64;
            let sector = byte / self.sector() as u64;
            self.submit(Request::Write { sector, buffer: part.to_vec() });
            self.writes += 1;
            byte += part.len() as u64;
            self.breathe();
        }
    }

    /// What was expected of these bytes is not what will be there.
    fn forget(&mut self, byte: u64, count: usize) {
        self.expected.retain_mut(|read| {
            read.is_old |= read.overlaps(byte, count);
            !read.is_old || read.done.is_none()
        });
    }

    /// Waits until what was begun has been done.
    ///
    /// # Errors
    /// `EIO` if some of it was not.
    pub fn settle(&mut self) -> Result<(), Errno> {
        while self.writes > 0 {
            match self.device.poll() {
                Some(done) => self.finish(done),
                None => self.device.rest(),
            }
        }
        match self.failed.take() {
            Some(_) => Err(Errno::EIO),
            None => Ok(()),
        }
    }

    /// Makes everything that was written stay.
    ///
    /// # Errors
    /// `EIO` if that is not certain.
    pub fn flush(&mut self) -> Result<(), Errno> {
        self.settle()?;
        if !self.geometry.flush {
            return Ok(());
        }
        let ticket = self.submit(Request::Flush);
        self.wait(ticket).result.map_err(|_| Errno::EIO)
    }
}
