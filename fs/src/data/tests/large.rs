// SPDX-License-Identifier: Apache-2.0
//! A disk of 400 GB: what is in memory, and what it takes to open it, do not grow with it.

use std::boxed::Box;
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::vec::Vec;

use super::model::Random;
use crate::block::{BlockDevice, Completion, Full, Geometry, Request, Ticket};
use crate::data::disk::Disk;
use crate::data::{Blank, DataFs, Settings};
use crate::memory::User;
use crate::{At, FileSystem, Lookup, Modes, Sync};

const BLOCKS: u64 = 100_000_000;

#[derive(Debug, Default)]
struct Sectors {
    blocks: BTreeMap<u64, Vec<u8>>,
    reads: u64,
}

/// A disk of which only what was written is there.
#[derive(Clone, Debug, Default)]
struct SparseDisk {
    sectors: Rc<RefCell<Sectors>>,
    done: VecDeque<Completion>,
    next: u64,
}

impl BlockDevice for SparseDisk {
    fn geometry(&self) -> Geometry {
        Geometry { sector: 4096, sectors: BLOCKS, writable: true, flush: true, discard: false }
    }

    fn submit(&mut self, request: Request) -> Result<Ticket, Full> {
        let mut sectors = self.sectors.borrow_mut();
        let buffer = match request {
            Request::Read { sector, mut buffer } => {
                sectors.reads += 1;
                for (block, bytes) in (sector..).zip(buffer.chunks_mut(4096)) {
                    if let Some(written) = sectors.blocks.get(&block) {
                        bytes.copy_from_slice(written);
                    }
                }
                buffer
            }
            Request::Write { sector, buffer } => {
                for (block, bytes) in (sector..).zip(buffer.chunks(4096)) {
                    sectors.blocks.insert(block, bytes.to_vec());
                }
                buffer
            }
            Request::Flush | Request::Discard { .. } => Vec::new(),
        };
        self.next += 1;
        self.done.push_back(Completion { ticket: Ticket(self.next), buffer, result: Ok(()) });
        Ok(Ticket(self.next))
    }

    fn poll(&mut self) -> Option<Completion> {
        self.done.pop_front()
    }
}

fn mount(disk: &SparseDisk) -> DataFs {
    let settings = Settings { user: User::default(), device: 1, clock: Box::new(|| 0), uuid: [3; 16] };
    let disk = Disk::new(Box::new(disk.clone()));
    DataFs::open_store(disk, settings, Blank::Format, |_| ()).expect("it is mounted")
}

#[test]
fn size_costs_nothing() {
    let disk = SparseDisk::default();
    let mut system = mount(&disk);
    let modes = Modes { read: true, write: true, create: true, ..Modes::default() };
    let node = system.open(&mut Lookup::new(b"/sparse"), modes).expect("a file is made");
    let mut random = Random(1);
    let mut written = BTreeMap::new();
    // Pages all over a file of terabytes, so that the tree is large.
    for number in 0..20_000_u64 {
        let page = random.below(1 << 28);
        let bytes = number.to_le_bytes();
        assert_eq!(system.write(node, At::Offset(page * 4096), &[&bytes]), Ok(8));
        written.insert(page, bytes);
        if number % 500 == 0 {
            system.sync(node, Sync::Data).expect("it is synced");
        }
        assert!(system.store().memory() < 8 << 20, "{} bytes after {number}", system.store().memory());
    }
    system.sync(node, Sync::Data).expect("it is synced");
    drop(system);
    disk.sectors.borrow_mut().reads = 0;
    let mut system = mount(&disk);
    let reads = disk.sectors.borrow().reads;
    assert!(reads < 1000, "{reads} reads to open it");
    let node = system.open(&mut Lookup::new(b"/sparse"), modes).expect("it is opened");
    for (page, bytes) in written.iter().step_by(17) {
        let mut buffer = [0; 8];
        assert_eq!(system.read(node, At::Offset(page * 4096), &mut buffer), Ok(8));
        assert_eq!(&buffer, bytes);
    }
    assert!(system.store().memory() < 8 << 20, "{} bytes after reading", system.store().memory());
    // A clean end leaves nothing to do.
    system.rest().expect("it rests");
    drop(system);
    disk.sectors.borrow_mut().reads = 0;
    drop(mount(&disk));
    let reads = disk.sectors.borrow().reads;
    assert!(reads < 12, "{reads} reads to open it");
}
