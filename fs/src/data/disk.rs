// SPDX-License-Identifier: Apache-2.0
//! A disk in blocks. Writes go on while more are begun; whoever needs them done settles.

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

/// A disk.
pub struct Disk {
    device: Box<dyn BlockDevice>,
    geometry: Geometry,
    writes: usize,
    failed: Option<BlockError>,
    /// What was asked for, in blocks: what an operation costs.
    pub moved: u64,
}

impl Disk {
    pub fn new(device: Box<dyn BlockDevice>) -> Self {
        let geometry = device.geometry();
        Self { device, geometry, writes: 0, failed: None, moved: 0 }
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
                Some(done) => self.finish(&done),
                None => self.device.rest(),
            }
        }
    }

    /// A write has come back.
    fn finish(&mut self, done: &Completion) {
        self.writes = self.writes.saturating_sub(1);
        if let Err(error) = done.result {
            self.failed.get_or_insert(error);
        }
    }

    fn wait(&mut self, ticket: Ticket) -> Completion {
        loop {
            match self.device.poll() {
                Some(done) if done.ticket == ticket => return done,
                Some(done) => self.finish(&done),
                None => self.device.rest(),
            }
        }
    }

    /// A block or node was worked on: see [`BlockDevice::breathe`].
    pub fn breathe(&mut self) {
        self.device.breathe();
    }

    /// Reads bytes: whole sectors.
    ///
    /// # Errors
    /// `EIO`.
    pub fn read(&mut self, byte: u64, count: usize) -> Result<Vec<u8>, Errno> {
        let mut bytes = Vec::with_capacity(count);
        while bytes.len() < count {
            let length = (count - bytes.len()).min(MOST);
            let sector = (byte + bytes.len() as u64) / self.sector() as u64;
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

    /// Waits until what was begun has been done.
    ///
    /// # Errors
    /// `EIO` if some of it was not.
    pub fn settle(&mut self) -> Result<(), Errno> {
        while self.writes > 0 {
            match self.device.poll() {
                Some(done) => self.finish(&done),
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
