// SPDX-License-Identifier: Apache-2.0
//! Damage is found, said and contained; a full disk stays healthy; what is no volume is refused.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::cuts::look;
use super::model::{ModelDisk, Random};
use crate::block::{BlockDevice, Request};
use crate::data::{DataFs, MountError};
use crate::{At, Errno, FileSystem, Follow, Lookup, Make, Modes, Node, Remove, Stop, Sync};

fn modes() -> Modes {
    Modes { read: true, write: true, create: true, ..Modes::default() }
}

fn create(system: &mut DataFs, path: &[u8]) -> Node {
    system.open(&mut Lookup::new(path), modes()).expect("a file is made")
}

fn write_all(system: &mut DataFs, node: Node, bytes: &[u8]) {
    let mut done = 0;
    while done < bytes.len() {
        done += system.write(node, At::Position, &[&bytes[done..]]).expect("there is room");
    }
}

fn fill(system: &mut DataFs, files: u32) {
    system.make(&mut Lookup::new(b"/folder"), Make::Folder).expect("a folder is made");
    for number in 0..files {
        let path = format!("/folder/file-{number}-{}", "x".repeat(150));
        let node = create(system, path.as_bytes());
        let bytes: Vec<u8> = (0..20_000 + number).map(|at| (at / 7 + number) as u8).collect();
        write_all(system, node, &bytes);
        system.close(node).expect("it is closed");
    }
}

fn text(system: &mut DataFs) -> Vec<String> {
    let report = system.check().expect("it is looked at");
    let line = |path: &Option<Vec<u8>>| {
        path.as_deref().map(String::from_utf8_lossy).unwrap_or_default().into_owned()
    };
    report.findings.iter().map(|finding| format!("{} {}", line(&finding.path), finding.what)).collect()
}

/// Every block that is in use, one after the other, with a flipped bit: what is not in it stays as it was, the check says that there is damage, and nothing panics.
#[test]
fn a_flipped_bit_is_found_and_contained() {
    let disk = ModelDisk::blank(2048, 512);
    let mut system = disk.mount().expect("it is mounted");
    fill(&mut system, 60);
    system.rest().expect("it rests");
    let before = look(&mut system);
    system.rest().expect("it rests");
    drop(system);
    let bytes = disk.inner.borrow().bytes.clone();
    let mut random = Random(5);
    let (mut refused, mut found) = (0, 0);
    for block in 0..2048 {
        let is_log = (2..2 + 128).contains(&block);
        if is_log || bytes[block * 4096..(block + 1) * 4096].iter().all(|byte| *byte == 0) {
            continue;
        }
        let mut damaged = bytes.clone();
        // Superblocks have two copies of 108 bytes; all else fills its block.
        let at = block * 4096 + if block < 2 { random.below(108) } else { random.below(4096) } as usize;
        damaged[at] ^= 1 << random.below(8);
        let hurt = ModelDisk::new(damaged, 512);
        hurt.inner.borrow_mut().writable = false;
        let mut system = match hurt.mount() {
            Ok(system) => system,
            Err(MountError::Damaged(_)) => {
                refused += 1;
                continue;
            }
            Err(error) => panic!("block {block}: {error}"),
        };
        let findings = text(&mut system);
        // What no reference leads to any more is not looked at: blocks of earlier checkpoints.
        let is_hurt = !findings.is_empty();
        found += u32::from(is_hurt);
        let mut lost = 0;
        for (path, (info, content)) in &before {
            let seen = system.info(&mut Lookup::new(path), Follow::Link);
            match seen {
                Ok(seen) => assert_eq!((seen.size, seen.mode), (info.size, info.mode), "block {block}"),
                Err(stop) => {
                    assert_eq!(stop, Stop::Failed(Errno::EIO), "block {block}");
                    lost += 1;
                    continue;
                }
            }
            if info.kind != crate::Kind::Regular {
                continue;
            }
            let Ok(node) = system.open(&mut Lookup::new(path), Modes { read: true, ..Modes::default() })
            else {
                lost += 1;
                continue;
            };
            let mut buffer = std::vec![0; content.len()];
            match system.read(node, At::Offset(0), &mut buffer) {
                Ok(count) => {
                    assert_eq!(buffer[..count], content[..count], "block {block}");
                    lost += u32::from(count < content.len());
                }
                Err(errno) => {
                    assert_eq!(errno, Errno::EIO, "block {block}");
                    lost += 1;
                }
            }
        }
        assert!(lost == 0 || is_hurt, "block {block}: {lost} things are lost, and nothing is said");
    }
    assert!(found > 60 && refused < 5, "{found} found, {refused} refused");
}

#[test]
fn the_check_says_which_file() {
    let disk = ModelDisk::blank(2048, 512);
    let mut system = disk.mount().expect("it is mounted");
    let node = create(&mut system, b"/precious");
    write_all(&mut system, node, &[0xA5; 32_768]);
    system.rest().expect("it rests");
    drop(system);
    let at = {
        let inner = disk.inner.borrow();
        inner.bytes.windows(32_768).step_by(4096).position(|bytes| bytes.iter().all(|byte| *byte == 0xA5))
    };
    disk.inner.borrow_mut().bytes[at.expect("the bytes are on the disk") * 4096 + 9000] ^= 4;
    let mut system = disk.mount().expect("it is mounted");
    assert_eq!(text(&mut system), ["/precious its page 2 (byte 8192) is damaged"]);
    let node = create(&mut system, b"/precious");
    let mut buffer = [0; 100];
    assert_eq!(system.read(node, At::Offset(9000), &mut buffer), Err(Errno::EIO));
    assert_eq!(system.read(node, At::Offset(13_000), &mut buffer), Ok(100));
}

#[test]
fn a_damaged_record_before_a_good_one_is_said() {
    let disk = ModelDisk::blank(2048, 512);
    let mut system = disk.mount().expect("it is mounted");
    let node = create(&mut system, b"/file");
    for _ in 0..3 {
        write_all(&mut system, node, b"some words");
        system.sync(node, Sync::All).expect("it is synced");
    }
    drop(system);
    disk.inner.borrow_mut().bytes[2 * 4096 + 512 + 60] ^= 1;
    let mut system = disk.mount().expect("it is mounted");
    let said = text(&mut system);
    assert!(said.len() == 1 && said[0].contains("the log was damaged"), "{said:?}");
}

#[test]
fn a_full_disk_stays_healthy() {
    for blocks in [512, 1500] {
        let disk = ModelDisk::blank(blocks, 512);
        let mut system = disk.mount().expect("it is mounted");
        for round in 0..4_u32 {
            let mut paths = Vec::new();
            'full: for number in 0.. {
                let path = format!("/{number}");
                let node = match system.open(&mut Lookup::new(path.as_bytes()), modes()) {
                    Ok(node) => node,
                    Err(Stop::Failed(Errno::ENOSPC)) => break,
                    Err(stop) => panic!("{stop:?}"),
                };
                paths.push(path);
                for _ in 0..8 {
                    let length = 1000 + 4096 * (round as usize + number % 9);
                    match system.write(node, At::Position, &[&std::vec![number as u8; length]]) {
                        Ok(_) => {}
                        Err(Errno::ENOSPC) => {
                            system.close(node).expect("it is closed");
                            break 'full;
                        }
                        Err(errno) => panic!("{errno:?}"),
                    }
                    if number % 3 == 0 {
                        system.sync(node, Sync::Data).expect("what is there can be synced");
                    }
                }
                system.close(node).expect("it is closed");
            }
            assert_eq!(text(&mut system), Vec::<String>::new());
            assert!(paths.len() > 3, "something had room");
            for path in paths {
                system
                    .remove(&mut Lookup::new(path.as_bytes()), Remove::File)
                    .expect("it can always be removed");
            }
            assert_eq!(system.list(&mut Lookup::new(b"/")), Ok(Vec::new()));
        }
        // All is free again.
        for _ in 0..2000 {
            system.reap_some().expect("what is gone goes");
        }
        assert_eq!(text(&mut system), Vec::<String>::new());
        let report = system.check().expect("it is looked at");
        assert!(report.used < 8, "{} blocks are still in use", report.used);
    }
}

#[test]
fn what_is_no_volume_is_refused() {
    let has = |at: usize, what: &[u8]| {
        let disk = ModelDisk::blank(2048, 512);
        disk.inner.borrow_mut().bytes[at..at + what.len()].copy_from_slice(what);
        let refusal = disk.mount().expect_err("it is refused").to_string();
        assert!(disk.inner.borrow().events.is_empty(), "it was written to");
        refusal
    };
    assert_eq!(
        has(1080, b"\x53\xEF"),
        "the disk has an ext2, ext3 or ext4 file system: only a blank disk is made into a volume"
    );
    assert!(has(510, b"\x55\xAA").contains("a partition table"));
    assert!(has(300_000, b"x").contains("something that is not known"));
    assert!(has(2048 * 4096 - 512, b"EFI PART").contains("at its end"));
    let disk = ModelDisk::blank(2048, 512);
    drop(disk.mount().expect("a blank one is mounted"));
    let small = ModelDisk::new(disk.inner.borrow().bytes[..1024 * 4096].to_vec(), 512);
    assert_eq!(small.mount().err(), Some(MountError::Small(1024, 2048)));
    assert_eq!(ModelDisk::blank(100, 512).mount().err(), Some(MountError::Small(100, 512)));
    let blank = ModelDisk::blank(2048, 512);
    blank.inner.borrow_mut().writable = false;
    assert_eq!(blank.mount().err(), Some(MountError::Blank));
}

#[test]
fn a_disk_that_has_grown_has_more_room() {
    let disk = ModelDisk::blank(2000, 512);
    let mut system = disk.mount().expect("it is mounted");
    fill(&mut system, 20);
    system.rest().expect("it rests");
    let (before, room) = (look(&mut system), system.room());
    drop(system);
    disk.inner.borrow_mut().bytes.resize(9000 * 4096, 0);
    let mut system = disk.mount().expect("it is mounted");
    assert!(system.room().available > room.available + 6800 * 4096);
    assert_eq!(look(&mut system), before);
    fill_more(&mut system);
    assert_eq!(text(&mut system), Vec::<String>::new());
}

fn fill_more(system: &mut DataFs) {
    let node = create(system, b"/large");
    write_all(system, node, &std::vec![7; 5000 * 4096]);
    system.close(node).expect("it is closed");
}

#[test]
fn a_disk_that_cannot_be_written_to_is_read() {
    let disk = ModelDisk::blank(2048, 512);
    let mut system = disk.mount().expect("it is mounted");
    let node = create(&mut system, b"/file");
    write_all(&mut system, node, b"only in the log");
    system.sync(node, Sync::All).expect("it is synced");
    drop(system);
    disk.inner.borrow_mut().writable = false;
    let mut system = disk.mount().expect("it is mounted");
    let read = Modes { read: true, ..Modes::default() };
    let node = system.open(&mut Lookup::new(b"/file"), read).expect("it is opened");
    let mut buffer = [0; 100];
    assert_eq!(system.read(node, At::Offset(0), &mut buffer), Ok(15));
    assert_eq!(&buffer[..15], b"only in the log");
    assert_eq!(system.sync(node, Sync::All), Ok(()));
    assert_eq!(system.open(&mut Lookup::new(b"/file"), modes()), Err(Stop::Failed(Errno::EROFS)));
    assert_eq!(system.open(&mut Lookup::new(b"/new"), modes()), Err(Stop::Failed(Errno::EROFS)));
    assert_eq!(system.remove(&mut Lookup::new(b"/file"), Remove::File), Err(Stop::Failed(Errno::EROFS)));
}

/// A disk that fails says so to whoever syncs, and what was synced before is there when it works again.
#[test]
fn a_disk_that_fails_loses_nothing_that_was_synced() {
    for failing in 0..40 {
        let disk = ModelDisk::blank(2048, 512);
        let mut system = disk.mount().expect("it is mounted");
        let node = create(&mut system, b"/file");
        write_all(&mut system, node, b"synced");
        system.sync(node, Sync::All).expect("it is synced");
        disk.inner.borrow_mut().failing = Some(failing);
        let mut acknowledged = 0_u64;
        for number in 0..30_u64 {
            let bytes = std::vec![number as u8; if number % 4 == 0 { 40_000 } else { 100 }];
            let done = system.write(node, At::Offset(6 + number * 40_000), &[&bytes]);
            let synced = if number % 7 == 6 { system.rest() } else { system.sync(node, Sync::All) };
            if done.is_ok() && synced.is_ok() && acknowledged == number {
                acknowledged = number + 1;
            }
        }
        drop(system);
        disk.inner.borrow_mut().failing = None;
        let mut system = disk.mount().expect("it is mounted again");
        assert_eq!(text(&mut system), Vec::<String>::new());
        let node = create(&mut system, b"/file");
        for number in 0..acknowledged {
            let mut buffer = [0; 100];
            let count = system.read(node, At::Offset(6 + number * 40_000), &mut buffer);
            assert_eq!(count, Ok(100), "failing after {failing}, write {number}");
            assert_eq!(buffer, [number as u8; 100]);
        }
    }
}

/// No operation moves more blocks than a bounded number, whatever it is done to, and opening a volume reads little.
#[test]
fn nothing_takes_long() {
    let disk = ModelDisk::blank(40_000, 512);
    let mut system = disk.mount().expect("it is mounted");
    let node = create(&mut system, b"/huge");
    let bytes = std::vec![3; 64 * 4096];
    // Opening it has read the log.
    system.store().disk.moved = 0;
    let count = |system: &mut DataFs, limit: u64| {
        let moved = core::mem::take(&mut system.store().disk.moved);
        assert!(moved <= limit, "{moved} blocks were moved");
    };
    for _ in 0..500 {
        let _ = system.write(node, At::Position, &[&bytes]).expect("there is room");
        count(&mut system, 300);
    }
    system.close(node).expect("it is closed");
    system.remove(&mut Lookup::new(b"/huge"), Remove::File).expect("it is removed");
    count(&mut system, 300);
    let node = create(&mut system, b"/small");
    let available = system.room().available;
    for number in 0..1500_u64 {
        let _ = system.write(node, At::Offset(number * 5000), &[b"word"]).expect("there is room");
        count(&mut system, 300);
    }
    assert!(system.room().available > available + 20_000 * 4096, "the huge file has gone");
    drop(system);
    disk.inner.borrow_mut().reads = 0;
    drop(disk.mount().expect("it is mounted"));
    assert!(disk.inner.borrow().reads < 400, "{} reads", disk.inner.borrow().reads);
}

#[test]
fn a_sync_is_one_write_and_one_flush() {
    let disk = ModelDisk::blank(2048, 512);
    let mut system = disk.mount().expect("it is mounted");
    let node = create(&mut system, b"/log");
    system.sync(node, Sync::All).expect("it is synced");
    let before = disk.inner.borrow().events.len();
    for _ in 0..50 {
        let _ = system.write(node, At::Position, &[&[b'x'; 100]]).expect("there is room");
        system.sync(node, Sync::Data).expect("it is synced");
        // Whoever else syncs has nothing to wait for.
        system.sync(node, Sync::Data).expect("it is synced");
    }
    let inner = disk.inner.borrow();
    let bytes: usize = inner.events[before..]
        .iter()
        .map(|event| match event {
            super::model::Event::Write(_, bytes) => bytes.len(),
            super::model::Event::Flush => 0,
        })
        .sum();
    assert_eq!((inner.events.len() - before, bytes), (100, 50 * 512));
}

/// What a disk with sectors of 512 bytes had in its log is read on one with sectors of 4096.
#[test]
fn a_volume_moves_to_other_sectors() {
    let disk = ModelDisk::blank(2048, 512);
    let mut system = disk.mount().expect("it is mounted");
    let node = create(&mut system, b"/log");
    for _ in 0..5 {
        write_all(&mut system, node, b"word ");
        system.sync(node, Sync::Data).expect("it is synced");
    }
    drop(system);
    let moved = ModelDisk::new(disk.inner.take().bytes, 4096);
    let mut system = moved.mount().expect("it is mounted");
    let node = create(&mut system, b"/log");
    let mut buffer = [0; 100];
    assert_eq!(system.read(node, At::Offset(0), &mut buffer), Ok(25));
}

#[test]
fn the_model_keeps_to_its_size() {
    let mut disk = ModelDisk::blank(8, 512);
    disk.submit(Request::Read { sector: 100, buffer: std::vec![0; 512] }).expect("it is taken");
    assert!(disk.poll().expect("it comes back").result.is_err());
}
