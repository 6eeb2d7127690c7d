// SPDX-License-Identifier: Apache-2.0
//! The bench of power cuts: work from a seed on a disk that notes all that comes to it; then the disk as it would be after a cut at any of these moments, with what was
//! not flushed kept, lost, reordered or torn. The volume has to open, to check clean, and to be as it was at one moment not before the last sync.
//!
//! `VOXOZ_CUT_SEEDS=5000` runs more seeds than CI does, `VOXOZ_CUT_FIRST` says which is the first.

use std::boxed::Box;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::format;
use std::rc::Rc;
use std::string::String;
use std::vec::Vec;

use super::model::{Event, ModelDisk, Random, cut};
use crate::data::DataFs;
use crate::data::store::Control;
use crate::{At, Change, FileSystem, Follow, Info, Kind, Lookup, Make, Modes, Node, Remove, Sync};

/// All that can be seen of a volume: attributes and what is in it, by path.
pub type Seen = BTreeMap<Vec<u8>, (Info, Vec<u8>)>;

pub fn look(system: &mut DataFs) -> Seen {
    let mut seen = Seen::new();
    let mut left = Vec::from([b"/".to_vec()]);
    while let Some(path) = left.pop() {
        let mut info = system.info(&mut Lookup::new(&path), Follow::Link).expect("what is listed is there");
        // Reading changes it.
        info.accessed = 0;
        let content = match info.kind {
            Kind::Folder => {
                for name in system.list(&mut Lookup::new(&path)).expect("a folder is listed") {
                    left.push(crate::path::join(&path, &name));
                }
                Vec::new()
            }
            Kind::Link => system.read_link(&mut Lookup::new(&path)).expect("a link is read"),
            _ => read(system, &path),
        };
        seen.insert(path, (info, content));
    }
    seen
}

fn read(system: &mut DataFs, path: &[u8]) -> Vec<u8> {
    let modes = Modes { read: true, ..Modes::default() };
    let node = system.open(&mut Lookup::new(path), modes).expect("a file is opened");
    let mut content = Vec::new();
    let mut buffer = std::vec![0; 100_000];
    loop {
        let count = system.read(node, At::Offset(content.len() as u64), &mut buffer).expect("a file is read");
        if count == 0 {
            break;
        }
        content.extend_from_slice(&buffer[..count]);
    }
    system.close(node).expect("a file is closed");
    content
}

/// Work from a seed.
pub struct Work {
    pub random: Random,
    open: Vec<Node>,
    time: Rc<Cell<i64>>,
    large: u64,
    names: u64,
}

impl Work {
    pub fn new(seed: u64, time: Rc<Cell<i64>>, bench: Bench) -> Self {
        let Bench { large, names, .. } = bench;
        Self { random: Random(seed), open: Vec::new(), time, large, names }
    }

    fn path(&mut self) -> Vec<u8> {
        if self.names > 0 && self.random.below(4) > 0 {
            let number = self.random.below(self.names);
            return Self::long_path(number);
        }
        let names: [&[u8]; 8] =
            [b"/a", b"/b", b"/c", b"/d", b"/folder", b"/folder/a", b"/folder/b", b"/folder/deep"];
        names[self.random.below(8) as usize].to_vec()
    }

    fn long_path(number: u64) -> Vec<u8> {
        format!("/{number}-{}", "long".repeat(number as usize % 60)).into_bytes()
    }

    fn node(&mut self) -> Option<Node> {
        (!self.open.is_empty()).then(|| self.open[self.random.below(self.open.len() as u64) as usize])
    }

    fn bytes(&mut self) -> Vec<u8> {
        let most = [10, 600, 5_000, 20_000, self.large][self.random.below(5) as usize];
        let length = 1 + self.random.below(most) as usize;
        let first = self.random.next() as u8;
        (0..length).map(|at| first.wrapping_add((at / 97) as u8).wrapping_mul(31)).collect()
    }

    /// Does something. Tells whether all is on the disk now.
    pub fn step(&mut self, system: &mut DataFs) -> bool {
        self.time.set(self.time.get() + 1);
        let path = self.path();
        let other = self.path();
        let mut lookup = Lookup::new(&path);
        match self.random.below(24) {
            0..=3 => {
                let modes = Modes {
                    read: true,
                    write: true,
                    create: true,
                    truncate: self.random.below(4) == 0,
                    append: self.random.below(3) == 0,
                    ..Modes::default()
                };
                self.open.extend(system.open(&mut lookup, modes).ok());
            }
            4 if self.open.len() > 2 => {
                let at = self.random.below(self.open.len() as u64) as usize;
                let _ = system.close(self.open.swap_remove(at));
            }
            4..=10 => {
                let bytes = self.bytes();
                let offset = match self.random.below(3) {
                    0 => self.random.below(8) * 4096,
                    1 => self.random.below(200_000),
                    _ => 0,
                };
                if let Some(node) = self.node() {
                    let at = if self.random.below(2) == 0 { At::Position } else { At::Offset(offset) };
                    let _ = system.write(node, at, &[&bytes]);
                }
            }
            11 => {
                let size = if self.random.below(3) == 0 { 0 } else { self.random.below(300_000) };
                if let Some(node) = self.node() {
                    let _ = system.resize(node, size);
                }
            }
            12 => drop(system.make(&mut lookup, Make::Folder)),
            13 => drop(system.make(&mut lookup, Make::SymbolicLink(&other))),
            14..=15 => drop(system.rename(&path, &other)),
            16 => drop(system.link(&path, &other)),
            17 => drop(system.remove(&mut lookup, Remove::File)),
            18 => drop(system.remove(&mut lookup, Remove::Folder)),
            19 => drop(system.change(&mut lookup, Change::Permissions(0o600))),
            20 if self.random.below(4) == 0 => return system.rest().is_ok(),
            _ => {
                let what = if self.random.below(2) == 0 { Sync::All } else { Sync::Data };
                if let Some(node) = self.node() {
                    return system.sync(node, what).is_ok();
                }
            }
        }
        false
    }
}

/// How the disk is.
#[derive(Clone, Copy)]
pub struct Bench {
    pub control: Control,
    pub blocks: usize,
    pub sector: u32,
    pub steps: u64,
    pub cuts: u64,
    /// How large what is written is, at most.
    pub large: u64,
    /// How many long names are in use beside a few short ones.
    pub names: u64,
}

/// Runs work from a seed, then cuts. Tells what was wrong.
pub fn run(seed: u64, bench: Bench) -> Result<(), String> {
    let disk = ModelDisk::blank(bench.blocks, bench.sector);
    let time = Rc::new(Cell::new(1000));
    let clock = || -> crate::memory::Clock {
        let time = time.clone();
        Box::new(move || time.get())
    };
    let mut system = disk.mount_with(bench.control, clock()).map_err(|error| format!("{error}"))?;
    let mut work = Work::new(seed, time.clone(), bench);
    for number in 0..bench.names / 5 {
        let path = Work::long_path(number * 5);
        system.make(&mut Lookup::new(&path), Make::Folder).map_err(|stop| format!("{stop:?}"))?;
    }
    system.rest().map_err(|errno| format!("{errno:?}"))?;
    let begun = disk.inner.borrow().events.len();
    // What was seen, and how many events there were then; and which of these were on the disk, with the number of events that it took.
    let mut moments = Vec::from([(look(&mut system), begun)]);
    let mut synced = Vec::from([(0, begun)]);
    for _ in 0..bench.steps {
        let is_synced = work.step(&mut system);
        let events = disk.inner.borrow().events.len();
        let seen = look(&mut system);
        moments.push((seen, events));
        if is_synced {
            synced.push((moments.len() - 1, events));
        }
    }
    let events = disk.inner.borrow().events.clone();
    let blank = std::vec![0; bench.blocks * 4096];
    let mut random = Random(seed ^ 0xC0FFEE);
    for _ in 0..bench.cuts {
        let mut at = begun + random.below((events.len() - begun) as u64 + 1) as usize;
        if random.below(2) == 0 {
            // Just before a flush most is uncertain.
            let flush = events[at..].iter().position(|event| matches!(event, Event::Flush));
            at += flush.unwrap_or(0);
        }
        let bytes = cut(&blank, &events[..at], &mut random);
        let first = synced.iter().rev().find(|(_, events)| *events <= at).map_or(0, |(moment, _)| *moment);
        // An operation may have been half done: what it leaves may be there if its events had begun.
        let last = moments.iter().position(|(_, events)| *events > at).unwrap_or(moments.len() - 1);
        after(bytes, bench, &clock, &moments[first..=last.max(first)])
            .map_err(|wrong| format!("seed {seed}, cut after {at} of {} events: {wrong}", events.len()))?;
    }
    Ok(())
}

/// Looks at a disk after a cut.
fn after(
    bytes: Vec<u8>,
    bench: Bench,
    clock: &dyn Fn() -> crate::memory::Clock,
    moments: &[(Seen, usize)],
) -> Result<(), String> {
    let disk = ModelDisk::new(bytes, bench.sector);
    let mut system = disk.mount_with(bench.control, clock()).map_err(|error| format!("{error}"))?;
    let report = system.check().map_err(|errno| format!("check fails with {errno:?}"))?;
    if !report.findings.is_empty() {
        return Err(format!("{:?}", report.findings));
    }
    let seen = look(&mut system);
    // The root of a new volume is made when it is opened.
    let is_new = seen.len() == 1 && moments.iter().any(|(moment, _)| moment.len() == 1);
    if !is_new && !moments.iter().any(|(moment, _)| *moment == seen) {
        let near: Vec<_> = moments.iter().filter(|(moment, _)| moment.keys().eq(seen.keys())).collect();
        let differing = near.last().map(|(moment, _)| {
            let pairs = moment.iter().zip(&seen).filter(|(left, right)| left != right);
            let pairs = pairs.map(|((path, left), (_, right))| {
                let at = left.1.iter().zip(&right.1).position(|(left, right)| left != right);
                format!("{} {:?} {:?} {at:?}", String::from_utf8_lossy(path), left.0, right.0)
            });
            pairs.collect::<Vec<_>>()
        });
        let names: Vec<_> = seen.keys().map(|path| String::from_utf8_lossy(path)).collect();
        return Err(format!("no such moment: {names:?}, differing: {differing:?}"));
    }
    // It is as good as any other: what is done now stays.
    let modes = Modes { write: true, create: true, truncate: true, ..Modes::default() };
    let node = system.open(&mut Lookup::new(b"/after"), modes).map_err(|stop| format!("open: {stop:?}"))?;
    system.write(node, At::Position, &[b"the cut"]).map_err(|errno| format!("write: {errno:?}"))?;
    system.sync(node, Sync::All).map_err(|errno| format!("sync: {errno:?}"))?;
    drop(system);
    let mut system = disk.mount_with(bench.control, clock()).map_err(|error| format!("again: {error}"))?;
    let report = system.check().map_err(|errno| format!("the second check fails with {errno:?}"))?;
    if !report.findings.is_empty() {
        return Err(format!("again: {:?}", report.findings));
    }
    let again = look(&mut system);
    if again.get(&b"/after"[..]).map(|(_, content)| &content[..]) != Some(b"the cut") {
        return Err("what was written after the cut is lost".into());
    }
    for (path, was) in &seen {
        if path != b"/" && path != b"/after" && again.get(path) != Some(was) {
            return Err(format!("{} has changed", String::from_utf8_lossy(path)));
        }
    }
    Ok(())
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn bench(control: Control) -> Bench {
    Bench { control, blocks: 1024, sector: 512, steps: 60, cuts: 8, large: 90_000, names: 0 }
}

#[test]
fn nothing_synced_is_lost() {
    let first = number("VOXOZ_CUT_FIRST", 0);
    for seed in first..first + number("VOXOZ_CUT_SEEDS", 400) {
        let sector = if seed % 3 == 0 { 4096 } else { 512 };
        if let Err(wrong) = run(seed, Bench { sector, ..bench(Control::Sound) }) {
            panic!("{wrong}");
        }
    }
}

#[test]
fn a_full_disk_is_as_safe() {
    let first = number("VOXOZ_CUT_FIRST", 0);
    for seed in first..first + number("VOXOZ_CUT_SEEDS", 400) / 5 {
        let small = Bench { blocks: 512, steps: 200, large: 250_000, ..bench(Control::Sound) };
        if let Err(wrong) = run(seed, small) {
            panic!("{wrong}");
        }
    }
}

#[test]
fn a_tree_of_many_names_is_as_safe() {
    let first = number("VOXOZ_CUT_FIRST", 0);
    for seed in first..first + number("VOXOZ_CUT_SEEDS", 400) / 20 {
        let many = Bench { names: 1500, steps: 60, large: 9_000, ..bench(Control::Sound) };
        if let Err(wrong) = run(seed, many) {
            panic!("{wrong}");
        }
    }
}

/// The bench finds what is left out.
fn is_found(control: Control) {
    let wrong = (0..400).find_map(|seed| run(seed, bench(control)).err());
    assert!(wrong.is_some(), "{control:?} is not found");
}

#[test]
fn a_record_without_a_flush_is_found() {
    is_found(Control::NoRecordFlush);
}

#[test]
fn a_checkpoint_without_a_flush_is_found() {
    is_found(Control::NoCheckpointFlush);
}

#[test]
fn pages_that_are_not_looked_at_are_found() {
    is_found(Control::NoVerify);
}

#[test]
fn blocks_that_are_used_too_early_are_found() {
    is_found(Control::EarlyReuse);
}
