// SPDX-License-Identifier: Apache-2.0
//! What is read before it is asked for: waits that are saved, and bytes that are never old ones.

use std::boxed::Box;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::vec::Vec;

use super::model::Random;
use crate::block::{BlockDevice, Completion, Full, Geometry, Request, Ticket};
use crate::data::{Blank, DataFs, Settings};
use crate::memory::User;
use crate::{Advice, At, FileSystem, Lookup, Modes, Node, Sync};

const PAGE: usize = 4096;
const REQUESTS: usize = 32;

/// A disk that reads and writes at once and tells of it, of the last first, when somebody rests.
#[derive(Clone, Default)]
struct LateDisk {
    blocks: Rc<RefCell<BTreeMap<u64, Vec<u8>>>>,
    under_way: Vec<Completion>,
    done: Vec<Completion>,
    rests: Rc<Cell<usize>>,
}

impl BlockDevice for LateDisk {
    fn geometry(&self) -> Geometry {
        Geometry { sector: 4096, sectors: 4096, writable: true, flush: true, discard: false }
    }

    fn submit(&mut self, request: Request) -> Result<Ticket, Full> {
        if self.under_way.len() == REQUESTS {
            return Err(Full(request));
        }
        let mut blocks = self.blocks.borrow_mut();
        let buffer = match request {
            Request::Read { sector, mut buffer } => {
                for (block, bytes) in (sector..).zip(buffer.chunks_mut(PAGE)) {
                    bytes.copy_from_slice(blocks.get(&block).map_or(&[0; PAGE][..], Vec::as_slice));
                }
                buffer
            }
            Request::Write { sector, buffer } => {
                blocks.extend((sector..).zip(buffer.chunks(PAGE).map(<[u8]>::to_vec)));
                buffer
            }
            Request::Flush | Request::Discard { .. } => Vec::new(),
        };
        // The lowest number that nothing under way has.
        let is_used = |number: &u64| {
            self.under_way.iter().chain(&self.done).any(|request| request.ticket == Ticket(*number))
        };
        let ticket = Ticket((0..).find(|number| !is_used(number)).unwrap_or_default());
        self.under_way.push(Completion { ticket, buffer, result: Ok(()) });
        Ok(ticket)
    }

    fn poll(&mut self) -> Option<Completion> {
        self.done.pop()
    }

    fn rest(&mut self) {
        self.rests.set(self.rests.get() + 1);
        self.done.append(&mut self.under_way);
    }
}

struct World {
    disk: LateDisk,
    system: DataFs,
}

impl World {
    fn mount(disk: LateDisk) -> Self {
        let settings = Settings { user: User::default(), device: 1, clock: Box::new(|| 0), uuid: [3; 16] };
        let system = DataFs::open(Box::new(disk.clone()), settings, Blank::Format).expect("it is mounted");
        Self { disk, system }
    }

    /// A volume with a file of so many pages, mounted anew, so that nothing of it is in memory.
    fn with_file(pages: usize) -> (Self, Node, Vec<u8>) {
        let mut world = Self::mount(LateDisk::default());
        let bytes = random_bytes(1, pages * PAGE);
        let file = world.open();
        let mut written = 0;
        while written < bytes.len() {
            let at = At::Offset(written as u64);
            written += world.system.write(file, at, &[&bytes[written..]]).expect("there is room");
        }
        world.system.sync(file, Sync::All).expect("it is written");
        let LateDisk { blocks, .. } = world.disk;
        let mut world = Self::mount(LateDisk { blocks, ..LateDisk::default() });
        let file = world.open();
        (world, file, bytes)
    }

    fn open(&mut self) -> Node {
        let modes = Modes { read: true, write: true, create: true, ..Modes::default() };
        self.system.open(&mut Lookup::new(b"/file"), modes).expect("there is room")
    }

    fn read(&mut self, file: Node, offset: usize, count: usize) -> Vec<u8> {
        let mut bytes = std::vec![0; count];
        let mut done = 0;
        while done < count {
            let at = At::Offset((offset + done) as u64);
            match self.system.read(file, at, &mut bytes[done..]).expect("it is read") {
                0 => break,
                more => done += more,
            }
        }
        bytes.truncate(done);
        bytes
    }

    /// How often the disk is waited for while something is done.
    fn waits(&mut self, act: impl FnOnce(&mut Self)) -> usize {
        let before = self.disk.rests.get();
        act(self);
        self.disk.rests.get() - before
    }
}

fn random_bytes(seed: u64, count: usize) -> Vec<u8> {
    let mut random = Random(seed);
    (0..count).map(|_| random.below(256) as u8).collect()
}

#[test]
fn who_reads_on_waits_seldom() {
    const PAGES: usize = 1024;
    let (mut world, file, bytes) = World::with_file(PAGES);
    let waits = world.waits(|world| {
        for part in 0..PAGES / 8 {
            let offset = part * 8 * PAGE;
            assert_eq!(world.read(file, offset, 8 * PAGE), bytes[offset..offset + 8 * PAGE]);
        }
    });
    assert!(waits < PAGES / 8 / 3, "{waits} waits for {} reads", PAGES / 8);
}

#[test]
fn what_is_announced_is_read_together() {
    let (mut world, file, bytes) = World::with_file(1024);
    let mut random = Random(2);
    let offsets: Vec<usize> = (0..REQUESTS).map(|_| random.below(1023) as usize * PAGE + 100).collect();
    // The nodes of the tree that say where pages are.
    offsets.iter().for_each(|offset| {
        world.system.advise(file, *offset as u64, 1, Advice::Normal).expect("it is open");
    });
    let waits = world.waits(|world| {
        for offset in &offsets {
            world.system.advise(file, *offset as u64, PAGE as u64, Advice::WillNeed).expect("it is open");
        }
        for offset in &offsets {
            assert_eq!(world.read(file, *offset, PAGE), bytes[*offset..*offset + PAGE]);
        }
    });
    assert!(waits < REQUESTS / 2, "{waits} waits for {REQUESTS} reads");
}

#[test]
fn bytes_are_never_old_ones() {
    for seed in 0..300 {
        let (mut world, file, mut bytes) = World::with_file(256);
        let mut random = Random(seed + 10);
        for step in 0..60 {
            let offset = random.below(250 * PAGE as u64) as usize;
            let most = [100, PAGE, 20 * PAGE][random.below(3) as usize];
            let count = 1 + random.below(most as u64) as usize;
            let end = (offset + count).min(bytes.len());
            match random.below(5) {
                0 => {
                    let advice = (offset as u64, count as u64, Advice::WillNeed);
                    world.system.advise(file, advice.0, advice.1, advice.2).expect("it is open");
                }
                1 => {
                    let new = random_bytes(seed * 1000 + step, end - offset);
                    let mut done = 0;
                    while done < new.len() {
                        let at = At::Offset((offset + done) as u64);
                        done += world.system.write(file, at, &[&new[done..]]).expect("there is room");
                    }
                    bytes[offset..end].copy_from_slice(&new);
                }
                2 => world.system.sync(file, Sync::All).expect("it is written"),
                _ => assert_eq!(world.read(file, offset, end - offset), bytes[offset..end], "seed {seed}"),
            }
        }
    }
}
