// SPDX-License-Identifier: Apache-2.0
//! Steps that follow from a seed, to do the same to two file systems and see that the same comes of it. The one in memory is tested against
//! Linux, so all others are tested against that.

use std::format;
use std::string::String;
use std::vec::Vec;

use crate::{
    At, Change, FileSystem, Follow, From, Info, Kind, Locate, Lookup, Make, Modes, Node, Remove, Sync,
};

/// Something that is done.
#[derive(Clone, Debug)]
pub enum Step {
    Open(Vec<u8>, Modes),
    Close(usize),
    Read(usize, At, usize),
    Write(usize, At, Vec<u8>),
    Seek(usize, From, i64),
    Resize(usize, u64),
    Allocate(usize, u64, u64),
    Sync(usize),
    HandleInfo(usize),
    Info(Vec<u8>, Follow),
    List(Vec<u8>),
    ReadLink(Vec<u8>),
    Make(Vec<u8>),
    Link(Vec<u8>, Vec<u8>),
    Symlink(Vec<u8>, Vec<u8>),
    Remove(Vec<u8>, Remove),
    Rename(Vec<u8>, Vec<u8>),
    Change(Vec<u8>, Change),
    Locate(Vec<u8>, Locate),
    Enter(Vec<u8>),
}

fn path(random: &mut Random) -> Vec<u8> {
    let parts = ["a", "b", "c", "folder", "link", ".", "..", "", "a-name-that-is-longer"];
    let mut path = Vec::new();
    for _ in 0..1 + random.below(3) {
        path.push(b'/');
        path.extend_from_slice(parts[random.below(parts.len() as u64) as usize].as_bytes());
    }
    if random.below(40) == 0 {
        path.extend_from_slice(&[b'x'; 300]);
    }
    path
}

/// The next thing to be done.
pub fn step(random: &mut Random) -> Step {
    let node = random.below(6) as usize;
    let offset = [0, 4095, 4096, random.below(100_000), random.below(2_000_000)][random.below(5) as usize];
    let at = if random.below(2) == 0 { At::Position } else { At::Offset(offset) };
    let most = [8, 5_000, 40_000][random.below(3) as usize];
    let length = 1 + random.below(most) as usize;
    match random.below(26) {
        0..=4 => {
            let bit = |random: &mut Random, of: u64| random.below(of) == 0;
            let modes = Modes {
                read: bit(random, 2),
                write: !bit(random, 4),
                create: !bit(random, 4),
                exclusive: bit(random, 8),
                truncate: bit(random, 6),
                append: bit(random, 4),
                sync: bit(random, 8),
                folder: bit(random, 12),
            };
            Step::Open(path(random), modes)
        }
        5 => Step::Close(node),
        6 | 7 => Step::Read(node, at, length),
        8..=10 => {
            let first = random.next() as u8;
            Step::Write(node, at, (0..length).map(|at| first.wrapping_add((at / 61) as u8)).collect())
        }
        11 => {
            let from = [From::Start, From::Position, From::End][random.below(3) as usize];
            Step::Seek(node, from, random.below(10_000) as i64 - 3_000)
        }
        12 => Step::Resize(node, if random.below(2) == 0 { 0 } else { offset }),
        13 => Step::Allocate(node, offset, random.below(9_000)),
        14 => Step::Sync(node),
        15 => Step::HandleInfo(node),
        16 => Step::Info(path(random), if random.below(2) == 0 { Follow::Link } else { Follow::Target }),
        17 => Step::List(path(random)),
        18 => Step::ReadLink(path(random)),
        19 => Step::Make(path(random)),
        20 => Step::Link(path(random), path(random)),
        21 => {
            let target = if random.below(2) == 0 { b"../a".to_vec() } else { path(random)[1..].to_vec() };
            Step::Symlink(path(random), target)
        }
        22 => Step::Remove(path(random), if random.below(2) == 0 { Remove::File } else { Remove::Folder }),
        23 => Step::Rename(path(random), path(random)),
        24 => {
            let what = match random.below(3) {
                0 => Change::Permissions(random.below(0o10000) as u32),
                1 => Change::Owner(Some(random.below(3) as u32), None),
                _ => Change::Times(7, 8),
            };
            Step::Change(path(random), what)
        }
        _ if random.below(2) == 0 => Step::Enter(path(random)),
        _ => Step::Locate(path(random), if random.below(2) == 0 { Locate::Existing } else { Locate::Name }),
    }
}

/// What has to be the same of what is known. When something was read is written down as Linux's `relatime` has it, on the volume.
pub fn same(info: Info) -> Info {
    Info { accessed: 0, inode: 0, mode: if info.mode == 0o041_777 { 0o040_755 } else { info.mode }, ..info }
}

/// Does a step, and tells all that came of it.
pub fn apply(system: &mut dyn FileSystem, open: &mut Vec<Node>, step: &Step) -> String {
    let node = |number: &usize| open.get(*number).copied().unwrap_or(Node(9999));
    match step {
        Step::Open(path, modes) => match system.open(&mut Lookup::new(path), *modes) {
            Ok(node) => {
                open.push(node);
                "open".into()
            }
            Err(stop) => format!("{stop:?}"),
        },
        Step::Close(number) => {
            let result = system.close(node(number));
            if *number < open.len() {
                open.swap_remove(*number);
            }
            format!("{result:?}")
        }
        Step::Read(number, at, length) => {
            let mut buffer = std::vec![0; *length];
            let count = system.read(node(number), *at, &mut buffer);
            format!("{count:?} {:?}", &buffer[..count.unwrap_or(0)])
        }
        Step::Write(number, at, bytes) => {
            let (low, high) = bytes.split_at(bytes.len() / 3);
            format!("{:?}", system.write(node(number), *at, &[low, high]))
        }
        Step::Seek(number, from, offset) => format!("{:?}", system.seek(node(number), *from, *offset)),
        Step::Resize(number, size) => format!("{:?}", system.resize(node(number), *size)),
        Step::Allocate(number, offset, length) => {
            format!("{:?}", system.allocate(node(number), *offset, *length))
        }
        Step::Sync(number) => format!("{:?}", system.sync(node(number), Sync::All)),
        Step::HandleInfo(number) => format!("{:?}", system.handle_info(node(number)).map(same)),
        Step::Info(path, follow) => format!("{:?}", system.info(&mut Lookup::new(path), *follow).map(same)),
        Step::List(path) => format!("{:?}", system.list(&mut Lookup::new(path))),
        Step::ReadLink(path) => format!("{:?}", system.read_link(&mut Lookup::new(path))),
        Step::Make(path) => format!("{:?}", system.make(&mut Lookup::new(path), Make::Folder)),
        Step::Symlink(path, target) => {
            format!("{:?}", system.make(&mut Lookup::new(path), Make::SymbolicLink(target)))
        }
        Step::Link(from, to) => format!("{:?}", system.link(from, to)),
        Step::Remove(path, what) => format!("{:?}", system.remove(&mut Lookup::new(path), *what)),
        Step::Rename(from, to) => format!("{:?}", system.rename(from, to)),
        Step::Change(path, what) => format!("{:?}", system.change(&mut Lookup::new(path), *what)),
        Step::Locate(path, what) => format!("{:?}", system.locate(&mut Lookup::new(path), *what)),
        Step::Enter(path) => format!("{:?}", system.enter(&mut Lookup::new(path))),
    }
}

/// All that can be seen.
pub fn all(system: &mut dyn FileSystem) -> Vec<(Vec<u8>, Info, Vec<u8>)> {
    let mut seen = Vec::new();
    let mut left = Vec::from([b"/".to_vec()]);
    while let Some(path) = left.pop() {
        let Ok(info) = system.info(&mut Lookup::new(&path), Follow::Link) else { continue };
        let mut content = Vec::new();
        match info.kind {
            Kind::Folder => {
                for name in system.list(&mut Lookup::new(&path)).unwrap_or_default() {
                    left.push(crate::path::join(&path, &name));
                }
            }
            Kind::Link => content = system.read_link(&mut Lookup::new(&path)).unwrap_or_default(),
            _ => {
                let modes = Modes { read: true, ..Modes::default() };
                if let Ok(node) = system.open(&mut Lookup::new(&path), modes) {
                    content = std::vec![0; info.size as usize + 10];
                    let mut done = 0;
                    while let Ok(count @ 1..) =
                        system.read(node, At::Offset(done as u64), &mut content[done..])
                    {
                        done += count;
                    }
                    content.truncate(done);
                    system.close(node).expect("what was opened is closed");
                }
            }
        }
        seen.push((path, same(info), content));
    }
    seen
}

/// Numbers from a seed (SplitMix64).
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}
