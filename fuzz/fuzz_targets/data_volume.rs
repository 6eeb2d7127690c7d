// SPDX-License-Identifier: Apache-2.0
//! A volume with changes from arbitrary bytes, whose checksums are made right again: whatever is then done with it ends and nothing panics. The same bytes are taken
//! for each format of the disk as well.
#![no_main]

use std::collections::VecDeque;
use std::sync::OnceLock;

use fs::block::{BlockDevice, BlockError, Completion, Full, Geometry, Request, Ticket};
use fs::data::{Blank, DataFs, MountError, Settings, probe};
use fs::memory::User;
use fs::{At, FileSystem, Follow, Lookup, Make, Modes, Remove, Sync};
use libfuzzer_sys::fuzz_target;

const SECTOR: usize = 512;

/// A disk in memory.
#[derive(Default)]
struct MemoryDisk {
    bytes: std::rc::Rc<std::cell::RefCell<Vec<u8>>>,
    done: VecDeque<Completion>,
    next: u64,
}

/// The bytes of sectors, if the disk has them.
fn place(bytes: &mut [u8], sector: u64, length: usize) -> Option<&mut [u8]> {
    let start = usize::try_from(sector).ok()?.checked_mul(SECTOR)?;
    bytes.get_mut(start..start.checked_add(length)?)
}

impl BlockDevice for MemoryDisk {
    fn geometry(&self) -> Geometry {
        let sectors = (self.bytes.borrow().len() / SECTOR) as u64;
        Geometry { sector: SECTOR as u32, sectors, writable: true, flush: true, discard: false }
    }

    fn submit(&mut self, request: Request) -> Result<Ticket, Full> {
        let mut bytes = self.bytes.borrow_mut();
        let (buffer, result) = match request {
            Request::Read { sector, mut buffer } => match place(&mut bytes, sector, buffer.len()) {
                Some(bytes) => {
                    buffer.copy_from_slice(bytes);
                    (buffer, Ok(()))
                }
                None => (buffer, Err(BlockError::OutOfRange)),
            },
            Request::Write { sector, buffer } => match place(&mut bytes, sector, buffer.len()) {
                Some(bytes) => {
                    bytes.copy_from_slice(&buffer);
                    (buffer, Ok(()))
                }
                None => (buffer, Err(BlockError::OutOfRange)),
            },
            Request::Flush | Request::Discard { .. } => (Vec::new(), Ok(())),
        };
        self.next += 1;
        let ticket = Ticket(self.next);
        self.done.push_back(Completion { ticket, buffer, result });
        Ok(ticket)
    }

    fn poll(&mut self) -> Option<Completion> {
        self.done.pop_front()
    }
}

fn mount(bytes: Vec<u8>) -> (Result<DataFs, MountError>, std::rc::Rc<std::cell::RefCell<Vec<u8>>>) {
    let disk =
        MemoryDisk { bytes: std::rc::Rc::new(std::cell::RefCell::new(bytes)), ..MemoryDisk::default() };
    let bytes = disk.bytes.clone();
    let settings = Settings { user: User::default(), device: 1, clock: Box::new(|| 1), uuid: [7; 16] };
    (DataFs::open(Box::new(disk), settings, Blank::Format), bytes)
}

fn write(system: &mut DataFs, path: &str, bytes: &[u8], sync: Option<Sync>) {
    let modes = Modes { write: true, create: true, ..Modes::default() };
    if let Ok(node) = system.open(&mut Lookup::new(path.as_bytes()), modes) {
        let _ = system.write(node, At::Position, &[bytes]);
        if let Some(what) = sync {
            let _ = system.sync(node, what);
        }
        let _ = system.close(node);
    }
}

fn volume() -> &'static [u8] {
    static VOLUME: OnceLock<Vec<u8>> = OnceLock::new();
    VOLUME.get_or_init(|| {
        let (system, bytes) = mount(vec![0; 600 * 4096]);
        let mut system = system.expect("a blank disk is mounted");
        for number in 0..100 {
            let path = format!("/folder-{number}-{}", "x".repeat(120));
            let _ = system.make(&mut Lookup::new(path.as_bytes()), Make::Folder);
        }
        write(&mut system, "/large", &[5; 100_000], None);
        let _ = system.make(&mut Lookup::new(b"/link"), Make::SymbolicLink(b"large"));
        system.rest().expect("it rests");
        write(&mut system, "/small", b"words", Some(Sync::All));
        write(&mut system, "/larger", &[6; 40_000], Some(Sync::All));
        drop(system);
        bytes.take()
    })
}

fuzz_target!(|bytes: &[u8]| {
    probe::decode(bytes);
    let mut volume = volume().to_vec();
    for change in bytes.chunks_exact(5) {
        let at = u32::from_le_bytes([change[0], change[1], change[2], 0]) as usize % volume.len();
        volume[at] = change[3] ^ volume[at] & change[4];
    }
    probe::reseal(&mut volume);
    let Ok(mut system) = mount(volume).0 else { return };
    let _ = system.check();
    let mut buffer = vec![0; 9000];
    for name in system.list(&mut Lookup::new(b"/")).unwrap_or_default().into_iter().take(50) {
        let path = [b"/", &name[..]].concat();
        let _ = system.info(&mut Lookup::new(&path), Follow::Target);
        let _ = system.read_link(&mut Lookup::new(&path));
        let modes = Modes { read: true, write: true, ..Modes::default() };
        if let Ok(node) = system.open(&mut Lookup::new(&path), modes) {
            let _ = system.read(node, At::Position, &mut buffer);
            let _ = system.write(node, At::Position, &[b"bytes"]);
            let _ = system.resize(node, 3);
            let _ = system.close(node);
        }
        let _ = system.rename(&path, b"/renamed");
        let _ = system.remove(&mut Lookup::new(b"/renamed"), Remove::File);
    }
    write(&mut system, "/new", &[1; 70_000], Some(Sync::All));
    let _ = system.rest();
    let _ = system.check();
});
