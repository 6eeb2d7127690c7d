// SPDX-License-Identifier: Apache-2.0
//! A disk in memory that notes what is written and flushed, so that it can be cut anywhere.

use std::boxed::Box;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::vec::Vec;

use crate::block::{BlockDevice, BlockError, Completion, Full, Geometry, Request, Ticket};
use crate::data::disk::Disk;
use crate::data::store::{Control, Store};
use crate::data::{Blank, DataFs, MountError, Settings};
use crate::memory::User;
pub use crate::steps::Random;

/// What came to the disk.
#[derive(Clone, Debug)]
pub enum Event {
    Write(u64, Vec<u8>),
    Flush,
}

/// What is behind a disk.
#[derive(Debug, Default)]
pub struct Inner {
    pub bytes: Vec<u8>,
    pub events: Vec<Event>,
    pub reads: u64,
    /// Writes from here on fail.
    pub failing: Option<u64>,
    pub writable: bool,
}

/// A disk, and the tester's hand on it.
#[derive(Clone, Debug)]
pub struct ModelDisk {
    pub inner: Rc<RefCell<Inner>>,
    sector: u32,
    done: VecDeque<Completion>,
    next: u64,
}

impl ModelDisk {
    pub fn new(bytes: Vec<u8>, sector: u32) -> Self {
        let inner = Inner { bytes, writable: true, ..Inner::default() };
        Self { inner: Rc::new(RefCell::new(inner)), sector, done: VecDeque::new(), next: 0 }
    }

    pub fn blank(blocks: usize, sector: u32) -> Self {
        Self::new(std::vec![0; blocks * 4096], sector)
    }

    pub fn mount(&self) -> Result<DataFs, MountError> {
        self.mount_with(Control::Sound, Box::new(|| 0))
    }

    pub fn mount_with(&self, control: Control, clock: crate::memory::Clock) -> Result<DataFs, MountError> {
        self.mount_as(User::default(), control, clock)
    }

    pub fn mount_as(
        &self,
        user: User,
        control: Control,
        clock: crate::memory::Clock,
    ) -> Result<DataFs, MountError> {
        let settings = Settings { user, device: 1, clock, uuid: *b"0123456789abcdef" };
        let prepare = |store: &mut Store| store.control = control;
        DataFs::open_store(Disk::new(Box::new(self.clone())), settings, Blank::Format, prepare)
    }
}

impl BlockDevice for ModelDisk {
    fn geometry(&self) -> Geometry {
        let inner = self.inner.borrow();
        let sectors = inner.bytes.len() as u64 / u64::from(self.sector);
        Geometry { sector: self.sector, sectors, writable: inner.writable, flush: true, discard: false }
    }

    fn submit(&mut self, request: Request) -> Result<Ticket, Full> {
        if self.done.len() > 16 {
            return Err(Full(request));
        }
        let mut inner = self.inner.borrow_mut();
        let start = |sector: u64| sector as usize * self.sector as usize;
        let mut result = Ok(());
        let mut back = Vec::new();
        match request {
            Request::Read { sector, mut buffer } => {
                inner.reads += 1;
                let at = start(sector);
                match inner.bytes.get(at..at + buffer.len()) {
                    Some(bytes) => buffer.copy_from_slice(bytes),
                    None => result = Err(BlockError::OutOfRange),
                }
                back = buffer;
            }
            Request::Write { sector, buffer } => {
                let at = start(sector);
                assert!(inner.writable, "nothing is written to a disk that cannot be");
                if let Some(left) = &mut inner.failing {
                    if *left == 0 {
                        result = Err(BlockError::Io);
                    } else {
                        *left -= 1;
                    }
                }
                if result.is_ok() {
                    inner.bytes[at..at + buffer.len()].copy_from_slice(&buffer);
                    inner.events.push(Event::Write(at as u64, buffer));
                }
            }
            Request::Flush => inner.events.push(Event::Flush),
            Request::Discard { .. } => result = Err(BlockError::Unsupported),
        }
        self.next += 1;
        let ticket = Ticket(self.next);
        // The newest comes back first, as a disk may have it.
        self.done.push_front(Completion { ticket, buffer: back, result });
        Ok(ticket)
    }

    fn poll(&mut self) -> Option<Completion> {
        self.done.pop_front()
    }
}

/// What is on a disk that is cut after so many events: what was flushed, and of the rest what the seed says, in any order, torn by sectors of 512 bytes.
pub fn cut(blank: &[u8], events: &[Event], random: &mut Random) -> Vec<u8> {
    let mut bytes = blank.to_vec();
    let flushed = events.iter().rposition(|event| matches!(event, Event::Flush)).map_or(0, |at| at + 1);
    let mut apply = |at: u64, part: &[u8]| bytes[at as usize..at as usize + part.len()].copy_from_slice(part);
    for event in &events[..flushed] {
        if let Event::Write(at, part) = event {
            apply(*at, part);
        }
    }
    let mut sectors: Vec<(u64, &[u8])> = Vec::new();
    let style = random.below(5);
    for event in &events[flushed..] {
        let Event::Write(at, part) = event else { continue };
        let is_kept = random.below(2) == 0;
        for (number, sector) in part.chunks(512).enumerate() {
            let is_in = match style {
                0 => true,
                1 => false,
                2 => is_kept,
                3 => random.below(2) == 0,
                _ => random.below(16) != 0,
            };
            if is_in {
                sectors.push((at + number as u64 * 512, sector));
            }
        }
    }
    // Two writes to the same sector may come in either order.
    if random.below(2) == 0 {
        for at in (1..sectors.len()).rev() {
            sectors.swap(at, random.below(at as u64 + 1) as usize);
        }
    }
    for (at, sector) in sectors {
        apply(at, sector);
    }
    bytes
}
