// SPDX-License-Identifier: Apache-2.0
//! The order of requests, and how they are cut and joined.

use std::vec;
use std::vec::Vec;

use super::*;

fn write(sector: u64, sectors: usize) -> Request {
    Request::Write { sector, data: vec![1; sectors * SECTOR] }
}

fn read(sector: u64, sectors: usize) -> Request {
    Request::Read { sector, into: vec![0; sectors * SECTOR] }
}

/// All that may be asked for, in words: operation, first sector, sectors.
fn issue(queue: &mut Queue, sectors: usize) -> Vec<(Command, (u64, usize))> {
    let mut commands = Vec::new();
    let mut from = 0;
    while let Some(command) = queue.next(&mut from, sectors * SECTOR) {
        queue.issued(&command);
        let sector = if let Command::Transfer { sector, .. } = command { sector } else { 0 };
        let sectors = command.bytes() / SECTOR;
        commands.push((command, (sector, sectors)));
    }
    commands
}

fn extents(commands: &[(Command, (u64, usize))]) -> Vec<(u64, usize)> {
    commands.iter().map(|(_, extent)| *extent).collect()
}

#[test]
fn neighbours_are_joined_and_long_ones_cut() {
    let mut queue = Queue::default();
    for request in [write(0, 2), write(2, 2), write(4, 10), write(20, 1), read(30, 1), read(31, 1)] {
        queue.push(request);
    }
    let commands = issue(&mut queue, 8);
    assert_eq!(extents(&commands), [(0, 8), (8, 6), (20, 1), (30, 2)]);
    assert!(queue.take_done().is_none());
    for (command, _) in &commands {
        queue.answered(command, Ok(()));
    }
    let done: Vec<u64> = core::iter::from_fn(|| Some(queue.take_done()?.1.ticket.0)).collect();
    assert_eq!(done, [0, 1, 2, 3, 4, 5]);
}

#[test]
fn a_flush_waits_for_writes_and_later_writes_for_it() {
    let mut queue = Queue::default();
    for request in [write(0, 1), Request::Flush, Request::Flush, write(1, 1), read(9, 1)] {
        queue.push(request);
    }
    let first = issue(&mut queue, 8);
    assert_eq!(extents(&first), [(0, 1), (9, 1)], "reads need not wait");
    queue.answered(&first[0].0, Ok(()));
    assert_eq!(queue.take_done().map(|(_, done)| done.ticket), Some(Ticket(0)));
    let flush = issue(&mut queue, 8);
    assert_eq!(flush.len(), 1, "one for both");
    assert_eq!(flush[0].0, Command::Flush { tickets: vec![Ticket(1), Ticket(2)] });
    queue.answered(&flush[0].0, Ok(()));
    while queue.take_done().is_some() {}
    assert_eq!(extents(&issue(&mut queue, 8)), [(1, 1)]);
}

#[test]
fn what_overlaps_is_done_in_order() {
    let mut queue = Queue::default();
    for request in [write(0, 4), read(3, 2), write(4, 1), write(3, 1)] {
        queue.push(request);
    }
    let first = issue(&mut queue, 8);
    assert_eq!(extents(&first), [(0, 4)], "all others wait for the one before them");
    queue.answered(&first[0].0, Ok(()));
    queue.take_done();
    let second = issue(&mut queue, 8);
    assert_eq!(extents(&second), [(3, 2)]);
    queue.answered(&second[0].0, Ok(()));
    queue.take_done();
    assert_eq!(extents(&issue(&mut queue, 8)), [(4, 1), (3, 1)]);
}

#[test]
fn a_part_that_fails_fails_the_whole_when_nothing_is_under_way() {
    let mut queue = Queue::default();
    queue.push(write(0, 20));
    let mut from = 0;
    let first = queue.next(&mut from, 8 * SECTOR).expect("a piece");
    queue.issued(&first);
    let second = queue.next(&mut from, 8 * SECTOR).expect("another");
    queue.issued(&second);
    queue.answered(&first, Err(BlockError::Failed));
    assert!(queue.take_done().is_none());
    queue.answered(&second, Ok(()));
    assert_eq!(queue.take_done().map(|(_, done)| done.result), Some(Err(BlockError::Failed)));
    assert!(queue.next(&mut 0, SECTOR).is_none());
}

#[test]
fn a_restart_asks_again_in_the_same_order() {
    let mut queue = Queue::default();
    for request in [write(0, 1), write(5, 1), Request::Flush, write(7, 1)] {
        queue.push(request);
    }
    let first = issue(&mut queue, 8);
    queue.answered(&first[0].0, Ok(()));
    queue.take_done();
    assert_eq!(queue.restart(), 1);
    assert_eq!(extents(&issue(&mut queue, 8)), [(5, 1)]);
    assert_eq!(queue.len(), 3);
}
