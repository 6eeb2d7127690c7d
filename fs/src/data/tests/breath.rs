// SPDX-License-Identifier: Apache-2.0
//! How much is done between two breaths, so that whoever has it done is not kept from other things for long.

use std::boxed::Box;
use std::cell::RefCell;
use std::rc::Rc;
use std::vec;

use super::model::ModelDisk;
use crate::block::{BlockDevice, Completion, Full, Geometry, Request, Ticket};
use crate::data::disk::Disk;
use crate::data::{Blank, DataFs, Settings};
use crate::memory::User;
use crate::{At, FileSystem, Lookup, Make, Modes, Remove, Sync};

/// The most blocks between two breaths: what is asked for at once.
const MOST: usize = 64;

/// Blocks that were asked for since the last breath, and the most there were.
#[derive(Default)]
struct Effort {
    now: usize,
    most: usize,
}

/// A disk that counts.
struct Counting(ModelDisk, Rc<RefCell<Effort>>);

impl BlockDevice for Counting {
    fn geometry(&self) -> Geometry {
        self.0.geometry()
    }

    fn submit(&mut self, request: Request) -> Result<Ticket, Full> {
        let blocks = match &request {
            Request::Read { buffer, .. } | Request::Write { buffer, .. } => buffer.len().div_ceil(4096),
            Request::Flush | Request::Discard { .. } => 0,
        };
        let mut effort = self.1.borrow_mut();
        effort.now += blocks;
        effort.most = effort.most.max(effort.now);
        self.0.submit(request).inspect_err(|_| effort.now -= blocks)
    }

    fn poll(&mut self) -> Option<Completion> {
        self.0.poll()
    }

    fn breathe(&mut self) {
        self.1.borrow_mut().now = 0;
    }
}

#[test]
fn long_work_breathes() {
    let effort = Rc::default();
    let disk = Counting(ModelDisk::blank(32 << 10, 512), Rc::clone(&effort));
    let settings = Settings { user: User::default(), device: 1, clock: Box::new(|| 0), uuid: [3; 16] };
    let mut system = DataFs::open_store(Disk::new(Box::new(disk)), settings, Blank::Format, |_| ())
        .expect("it is mounted");
    let modes = Modes { read: true, write: true, create: true, ..Modes::default() };
    let huge = system.open(&mut Lookup::new(b"/huge"), modes).expect("there is room");
    let mut bytes = vec![7; 256 << 10];
    for _ in 0..256 {
        assert_eq!(system.write(huge, At::Position, &[&bytes]), Ok(bytes.len()));
    }
    for at in 0..4000 {
        let small = system.write(huge, At::Offset(at * 16_384), &[b"changed"]);
        assert_eq!(small, Ok(7));
    }
    assert_eq!(system.sync(huge, Sync::All), Ok(()));
    assert!(system.read(huge, At::Offset(0), &mut bytes).is_ok());
    assert_eq!(system.close(huge), Ok(()));
    system.make(&mut Lookup::new(b"/folder"), Make::Folder).expect("there is room");
    for number in 0..3000 {
        let path = std::format!("/folder/a name that is not short at all {number}");
        let file = system.open(&mut Lookup::new(path.as_bytes()), modes).expect("there is room");
        assert_eq!(system.close(file), Ok(()));
    }
    assert_eq!(system.rest(), Ok(()));
    assert_eq!(system.list(&mut Lookup::new(b"/folder")).map(|names| names.len()), Ok(3000));
    let before = system.store().disk.moved;
    system.remove(&mut Lookup::new(b"/huge"), Remove::File).expect("it is there");
    assert!(system.store().disk.moved - before < MOST as u64, "the rest goes later");
    assert_eq!(system.rest(), Ok(()));
    let most = effort.borrow().most;
    assert!(most <= MOST, "{most} blocks between two breaths");
}
