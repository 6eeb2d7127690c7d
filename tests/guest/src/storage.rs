// SPDX-License-Identifier: Apache-2.0
//! A disk, read, written, flushed and discarded; the bench looks at it before and afterwards.
//!
//! `rounds=N` writes the same place N times, a flush each, while the bench takes the back end away and gives it back.

use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use boot::kernel::Machine;
use boot::kernel::drivers::blkfront::{BlockError, Erase, Refusal, Request, SECTOR, Ticket};
use boot::kernel::storage::{Drive, Storage};
use boot::kernel::time;
use log::info;

/// Bytes of a large request.
const LARGE: usize = 1 << 20;
/// Where the parts of the disk begin, in sectors.
const WRITTEN: u64 = 1 << 11;
const SMALL: u64 = 8 << 11;
const DISCARDED: u64 = 12 << 11;
/// Requests of one sector.
const SMALL_COUNT: u64 = 200;

/// What the bench, with seed 0, and this program, with others, write to a sector.
fn pattern(seed: u8, sector: u64, sectors: usize) -> Vec<u8> {
    (0..sectors as u64).flat_map(|at| [((sector + at) % 251) as u8 ^ seed; SECTOR]).collect()
}

pub fn run(machine: &mut Machine) {
    let storage = Storage::start(machine);
    let [drive, others @ ..] = storage.drives() else { panic!("there is no disk") };
    for other in others {
        read_only(other);
    }
    if let Some(rounds) = crate::number(machine, "rounds") {
        write_again(drive, rounds);
        return;
    }
    let disk = drive.disk().expect("it is connected");
    let unit = disk.unit() as usize;
    info!(
        "{} has {} sectors, flush {}, discard {}",
        drive.name(),
        disk.sectors,
        disk.flush,
        disk.discard.is_some()
    );
    read_all(drive, disk.sectors);
    let mut tickets = Vec::new();
    for sector in (WRITTEN..5 * WRITTEN).step_by(LARGE / SECTOR) {
        tickets.push(write(drive, sector, pattern(1, sector, LARGE / SECTOR)));
    }
    for index in 0..SMALL_COUNT {
        let sector = SMALL + index * unit as u64;
        tickets.push(write(drive, sector, pattern(2, sector, unit)));
    }
    for sector in [SMALL + 4096, SMALL + 8000] {
        tickets.push(write(drive, sector, pattern(3, sector, 3 * unit)));
    }
    tickets.push(drive.submit(Request::Flush).expect("it is taken"));
    if disk.discard.is_some() {
        let discard = Request::Discard { sector: DISCARDED, count: 1 << 11, erase: Erase::Plain };
        tickets.push(drive.submit(discard).expect("it is offered"));
        tickets.push(drive.submit(Request::Flush).expect("it is taken"));
    }
    for ticket in tickets {
        done(drive, ticket).expect("the disk is well");
    }
    for (sector, sectors, seed) in
        [(WRITTEN, 2048, 1), (SMALL, SMALL_COUNT as usize * unit, 2), (SMALL + 8000, 3 * unit, 3)]
    {
        let found = read(drive, sector, sectors).expect("the disk is well");
        assert!(found == pattern(seed, sector, sectors), "what was written at {sector} is not what is read");
    }
    let beyond = drive.submit(Request::Read { sector: disk.sectors, into: vec![0; SECTOR * unit] });
    assert_eq!(beyond.err().map(|refused| refused.why), Some(Refusal::Range));
    let statistics = drive.statistics();
    info!("{} writes were {} requests", statistics.written.finished, statistics.written.issued);
    assert!(statistics.written.issued < statistics.written.finished, "neighbours were joined");
    assert_eq!((statistics.errors, statistics.violations), (0, 0));
}

fn write(drive: &Drive, sector: u64, data: Vec<u8>) -> Ticket {
    drive.submit(Request::Write { sector, data }).expect("it is taken")
}

fn done(drive: &Drive, ticket: Ticket) -> Result<Vec<u8>, BlockError> {
    let done = drive.wait(ticket).expect("it ends");
    done.result.map(|()| done.buffer)
}

fn read(drive: &Drive, sector: u64, sectors: usize) -> Result<Vec<u8>, BlockError> {
    let request = Request::Read { sector, into: vec![0; sectors * SECTOR] };
    done(drive, drive.submit(request).expect("it is taken"))
}

fn read_all(drive: &Drive, sectors: u64) {
    for sector in (0..sectors).step_by(LARGE / SECTOR) {
        let count = (sectors - sector).min((LARGE / SECTOR) as u64) as usize;
        let found = read(drive, sector, count).expect("the disk is well");
        assert!(found == pattern(0, sector, count), "the bench has written something else at {sector}");
    }
}

/// All disks but the first can only be read.
fn read_only(drive: &Drive) {
    let disk = drive.disk().expect("it is connected");
    assert!(disk.read_only, "{} can be written to", drive.name());
    let refused = drive.submit(Request::Write { sector: 0, data: vec![0; disk.sector_size as usize] });
    assert_eq!(refused.err().map(|refused| refused.why), Some(Refusal::ReadOnly));
    assert!(read(drive, 0, 8).expect("the disk is well") == pattern(0, 0, 8));
    info!("{} can only be read", drive.name());
}

/// One write and one flush after the other.
fn write_again(drive: &Drive, rounds: usize) {
    info!("writing");
    for round in 0..rounds {
        let sector = (round as u64 % 64) * 8;
        let tickets = [
            write(drive, sector, pattern(round as u8, sector, 8)),
            drive.submit(Request::Flush).expect("it is taken"),
        ];
        for ticket in tickets {
            done(drive, ticket).expect("the disk comes back");
        }
        let deadline = time::now() + Duration::from_millis(10);
        while time::now() < deadline {
            let _ = drive.poll();
        }
    }
    let statistics = drive.statistics();
    info!("{} requests were made again", statistics.repeated);
    assert_eq!((statistics.errors, statistics.violations), (0, 0));
}
