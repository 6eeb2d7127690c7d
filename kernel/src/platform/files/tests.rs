// SPDX-License-Identifier: Apache-2.0
//! Operations on a volume whose disk answers when the test says so.

use std::collections::{BTreeMap, VecDeque};
use std::vec;

use beam_vm::heap::BinaryBlock;
use beam_vm::platform::{FileReply, Folders, OpenModes, Sync};
use fs::Make;
use fs::block::{BlockDevice, BlockError, Completion, Full, Geometry, Request, Ticket};
use fs::data::{Blank, DataFs, Settings};
use fs::memory::{MemoryFs, User};
use fs::ninep::{self, Lost, NinepFs};

use super::*;
use crate::fiber::tests::{ALONE, stack};
use crate::fiber::{self, Pause};
use crate::shares::line::{Line, Stage, Stream};

const SECTOR: usize = 512;

#[derive(Default)]
struct Inner {
    bytes: Vec<u8>,
    /// What the disk has done and not told.
    held: VecDeque<Completion>,
    told: VecDeque<Completion>,
    flushes: u32,
    next: u64,
}

/// A disk in memory.
#[derive(Clone, Default)]
struct SlowDisk(Rc<RefCell<Inner>>);

impl SlowDisk {
    /// Tells all that it has done.
    fn tell(&self) {
        let Inner { held, told, .. } = &mut *self.0.borrow_mut();
        told.append(held);
    }
}

impl BlockDevice for SlowDisk {
    fn geometry(&self) -> Geometry {
        let sectors = (self.0.borrow().bytes.len() / SECTOR) as u64;
        Geometry { sector: SECTOR as u32, sectors, writable: true, flush: true, discard: false }
    }

    fn submit(&mut self, request: Request) -> Result<Ticket, Full> {
        let inner = &mut *self.0.borrow_mut();
        let place = |sector, length| sector as usize * SECTOR..sector as usize * SECTOR + length;
        let mut result = Ok(());
        let buffer = match request {
            Request::Read { sector, mut buffer } => {
                let place = place(sector, buffer.len());
                buffer.copy_from_slice(&inner.bytes[place]);
                buffer
            }
            Request::Write { sector, buffer } => {
                inner.bytes[place(sector, buffer.len())].copy_from_slice(&buffer);
                buffer
            }
            Request::Flush => {
                inner.flushes += 1;
                Vec::new()
            }
            Request::Discard { .. } => {
                result = Err(BlockError::Unsupported);
                Vec::new()
            }
        };
        inner.next += 1;
        let ticket = Ticket(inner.next);
        inner.held.push_back(Completion { ticket, buffer, result });
        Ok(ticket)
    }

    fn poll(&mut self) -> Option<Completion> {
        self.0.borrow_mut().told.pop_front()
    }

    fn rest(&mut self) {
        if !fiber::pause(Pause::Waits) {
            self.tell();
        }
    }
}

/// `/` in memory, `/data` on a disk, `/server` on another machine.
struct World {
    service: FileService,
    disk: SlowDisk,
    line: Line,
}

fn world() -> World {
    let disk = SlowDisk::default();
    disk.0.borrow_mut().bytes = vec![0; 16 << 20];
    let memory = MemoryFs::new(1 << 20, User::default(), 1, Box::new(|| 0));
    let line = Line::default();
    let mut files = Namespace::new(Box::new(memory));
    files.make(b"/data", Make::Folder).expect("there is room");
    let settings = Settings { user: User::default(), device: 2, clock: Box::new(|| 0), uuid: [1; 16] };
    let data = DataFs::open(Box::new(disk.clone()), settings, Blank::Format).expect("it is formatted");
    files.mount(b"/data", Box::new(data)).expect("there is a folder");
    let of_server =
        ninep::Settings { name: b"root".into(), user: User::default(), tree: b"/".into(), device: 3 };
    let server = NinepFs::new(Stream::new(line.clone(), || Instant(0)), of_server, Box::new(|_| ()));
    files.make(b"/server", Make::Folder).expect("there is room");
    files.mount(b"/server", Box::new(server)).expect("there is room");
    // SAFETY: the stack is leaked for this.
    #[expect(unsafe_code, reason = "gives a stack away")]
    let service = unsafe { FileService::new(&files, [stack(), stack()], || Instant(0)) };
    World { service, disk, line }
}

fn open(path: &[u8]) -> FileRequest {
    let modes = OpenModes { read: true, write: true, create: true, ..OpenModes::default() };
    FileRequest::Open(path.to_vec(), modes, Folders::Refused)
}

/// Does one operation, with a disk that answers.
fn done(service: &mut FileService, disk: &SlowDisk, request: FileRequest) -> FileReply {
    let mut begun = service.begin(request);
    loop {
        match begun {
            Begun::Done(answer) => return answer.expect("it is done"),
            Begun::Pending(ticket) => {
                disk.tell();
                let mut answers = Vec::new();
                service.finished(&mut answers);
                let answer = answers.into_iter().find(|(answered, _)| *answered == ticket);
                begun = answer.map_or(Begun::Pending(ticket), |(_, answer)| Begun::Done(answer));
            }
        }
    }
}

fn opened(service: &mut FileService, disk: &SlowDisk, path: &[u8]) -> FileHandle {
    match done(service, disk, open(path)) {
        FileReply::Opened(file, _) => file,
        other => panic!("{other:?}"),
    }
}

#[test]
fn syncs_of_many_share_flushes() {
    const PROCESSES: usize = 32;
    const ROUNDS: usize = 20;
    let _alone = ALONE.lock();
    let World { mut service, disk, .. } = world();
    let files: Vec<FileHandle> = (0..PROCESSES)
        .map(|number| opened(&mut service, &disk, std::format!("/data/{number}").as_bytes()))
        .collect();
    disk.0.borrow_mut().flushes = 0;
    // Each writes and syncs in turns: how many operations it has done, and the one that it waits for.
    let mut steps = [0; PROCESSES];
    let mut waits: BTreeMap<FileTicket, usize> = BTreeMap::new();
    while steps.iter().any(|step| *step < 2 * ROUNDS) {
        for (number, file) in files.iter().enumerate() {
            if steps[number] == 2 * ROUNDS || waits.values().any(|waiting| *waiting == number) {
                continue;
            }
            let request = match steps[number] % 2 {
                0 => FileRequest::Write(*file, At::Position, vec![number as u8; 100]),
                _ => FileRequest::Sync(*file, Sync::All),
            };
            match service.begin(request) {
                Begun::Done(answer) => {
                    answer.expect("it is done");
                    steps[number] += 1;
                }
                Begun::Pending(ticket) => {
                    waits.insert(ticket, number);
                }
            }
        }
        disk.tell();
        let mut answers = Vec::new();
        service.finished(&mut answers);
        for (ticket, answer) in answers {
            answer.expect("it is done");
            steps[waits.remove(&ticket).expect("somebody waits")] += 1;
        }
    }
    let flushes = disk.0.borrow().flushes as usize;
    assert!(flushes >= ROUNDS, "nobody goes on before it is on the disk");
    assert!(flushes <= 3 * ROUNDS, "{flushes} flushes for {} syncs", PROCESSES * ROUNDS);
}

#[test]
fn reads_that_stand_in_line_are_done_together() {
    const READS: u64 = 24;
    const BLOCK: usize = 4096;
    let _alone = ALONE.lock();
    let World { mut service, disk, .. } = world();
    let file = opened(&mut service, &disk, b"/data/file");
    let bytes: Vec<u8> = (0..64 * BLOCK).map(|byte| (byte / BLOCK) as u8).collect();
    done(&mut service, &disk, FileRequest::Write(file, At::Offset(0), bytes));
    done(&mut service, &disk, FileRequest::Sync(file, Sync::All));
    let mut waiting = BTreeMap::new();
    for number in 0..READS {
        let page = number * 37 % 64;
        let at = At::Offset(page * BLOCK as u64);
        let block = Some(BinaryBlock::new(BLOCK));
        match service.begin(FileRequest::Read(file, at, block, 0..BLOCK)) {
            Begun::Pending(ticket) => drop(waiting.insert(ticket, page)),
            Begun::Done(_) => panic!("the disk has not answered"),
        }
    }
    let mut rounds = 0;
    while !waiting.is_empty() {
        rounds += 1;
        disk.tell();
        let mut answers = Vec::new();
        service.finished(&mut answers);
        for (ticket, answer) in answers {
            let page = waiting.remove(&ticket).expect("somebody waits");
            let FileReply::Read(block, count) = answer.expect("it is done") else { panic!("it is no read") };
            // SAFETY: the block has as many bytes.
            #[expect(unsafe_code, reason = "looks into a block")]
            let first = unsafe { block.data().read() };
            assert_eq!((count, first), (BLOCK, page as u8));
        }
    }
    assert!(rounds <= 6, "{rounds} waits for {READS} reads");
}

#[test]
fn files_in_memory_do_not_wait_for_the_disk() {
    let _alone = ALONE.lock();
    let World { mut service, disk, .. } = world();
    let file = opened(&mut service, &disk, b"/data/file");
    assert!(service.write_now(file, At::Position, &[b"x"]).is_none(), "it is on the disk");
    service.names().make(b"/link", Make::SymbolicLink(b"/data/file")).expect("there is room");
    let Begun::Pending(synced) = service.begin(FileRequest::Sync(file, Sync::All)) else {
        panic!("the disk has not answered")
    };
    assert!(service.waits() && !service.is_busy());
    assert!(service.do_now(&mut open(b"/memory")).is_some_and(|answer| answer.is_ok()));
    // A path that leads to the disk waits for its turn, wherever it begins.
    assert!(service.do_now(&mut open(b"/link")).is_none());
    // What may be done with the target is a part of what is known of the link.
    assert!(
        service.do_now(&mut FileRequest::Info(b"/link".to_vec(), beam_vm::platform::Follow::Link)).is_none()
    );
    let Begun::Pending(linked) = service.begin(open(b"/link")) else { panic!("the disk has not answered") };
    // Whoever waits for everything gets it.
    service.sync();
    assert!(service.is_busy() && !service.waits());
    let mut answers = Vec::new();
    service.finished(&mut answers);
    let order: Vec<FileTicket> = answers.iter().map(|(ticket, _)| *ticket).collect();
    assert_eq!(order, [synced, linked]);
    assert!(answers.iter().all(|(_, answer)| answer.is_ok()));
}

#[test]
fn a_server_that_hangs_holds_up_nobody_else() {
    let _alone = ALONE.lock();
    let World { mut service, disk, line } = world();
    assert!(service.do_now(&mut open(b"/server/file")).is_none());
    let Begun::Pending(asked) = service.begin(open(b"/server/file")) else { panic!("nobody has answered") };
    assert_eq!(line.stage(), Stage::Wanted);
    // What is on the disk goes on, and is written at the end of the machine as well.
    let file = opened(&mut service, &disk, b"/data/file");
    done(&mut service, &disk, FileRequest::Write(file, At::Position, vec![1; 100]));
    disk.0.borrow_mut().flushes = 0;
    service.sync();
    assert!(disk.0.borrow().flushes > 0);
    assert!(!service.is_busy() && !service.waits(), "the guest may sleep");
    line.close(Lost::Refused);
    let mut answers = Vec::new();
    service.finished(&mut answers);
    let [(ticket, answer)] = &*answers else { panic!("{} answers", answers.len()) };
    assert_eq!((*ticket, answer.as_ref().err()), (asked, Some(&Errno::EIO)));
}

/// Both stacks use the disk, as they do when a link on a server leads there.
#[test]
fn stacks_take_turns_within_a_file_system() {
    let _alone = ALONE.lock();
    let World { mut service, disk, .. } = world();
    let file = opened(&mut service, &disk, b"/data/file");
    let beyond = |service: &mut FileService, number| {
        service.servers.add(Job::Operation(FileTicket(number), open(b"/data/file"), Announced::No));
        service.attend();
    };
    let mut answers = Vec::new();
    let write = FileRequest::Write(file, At::Position, vec![1; 100]);
    done(&mut service, &disk, write);
    let Begun::Pending(synced) = service.begin(FileRequest::Sync(file, Sync::All)) else {
        panic!("the disk has not answered")
    };
    beyond(&mut service, 1000);
    assert_eq!((service.devices.pause, service.servers.pause), (Pause::Waits, Pause::Taken));
    assert!(service.is_busy());
    while answers.len() < 2 {
        disk.tell();
        service.finished(&mut answers);
    }
    assert_eq!((answers[0].0, answers[1].0), (synced, FileTicket(1000)));
    answers.clear();

    // The other way round, with somebody who waits for all of it.
    done(&mut service, &disk, FileRequest::Write(file, At::Position, vec![2; 100]));
    service.servers.add(Job::Operation(FileTicket(1001), FileRequest::Sync(file, Sync::All), Announced::No));
    service.servers.attend(Pace::Until(Instant(1)));
    assert_eq!(service.servers.pause, Pause::Waits);
    let Begun::Pending(last) = service.begin(FileRequest::Sync(file, Sync::All)) else {
        panic!("it is taken")
    };
    assert_eq!(service.devices.pause, Pause::Taken);
    service.sync();
    assert_eq!((service.devices.pause, service.servers.pause), (Pause::Idle, Pause::Idle));
    service.finished(&mut answers);
    let order: Vec<FileTicket> = answers.iter().map(|(ticket, _)| *ticket).collect();
    assert_eq!(order, [FileTicket(1001), last]);
    assert!(answers.iter().all(|(_, answer)| answer.is_ok()));
}
