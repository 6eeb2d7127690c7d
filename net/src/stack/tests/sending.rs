// SPDX-License-Identifier: Apache-2.0
//! How much may wait to be sent, and what a wire without room makes of it.

use std::cell::Cell;
use std::rc::Rc;

use super::*;
use crate::options::{SEND_BUFFER_LEAST, SendBuffer};
use crate::wire::{Medium, Meta};

/// A wire that has room for so many frames.
struct Narrow {
    wire: Box<dyn Wire>,
    room: Rc<Cell<usize>>,
}

impl Wire for Narrow {
    fn medium(&self) -> Medium {
        self.wire.medium()
    }

    fn mtu(&self) -> usize {
        self.wire.mtu()
    }

    fn offload(&self) -> Offload {
        self.wire.offload()
    }

    fn is_up(&self) -> bool {
        self.wire.is_up()
    }

    fn can_send(&mut self) -> bool {
        self.room.get() > 0
    }

    fn send(&mut self, frame: &[u8], meta: Meta) {
        self.room.set(self.room.get().checked_sub(1).expect("room was asked for"));
        self.wire.send(frame, meta);
    }

    fn receive(&mut self, into: &mut Vec<u8>) -> Option<Meta> {
        self.wire.receive(into)
    }
}

/// Lets the left stack's wire have room for so many frames.
fn narrow(world: &mut World, frames: usize) -> Rc<Cell<usize>> {
    let room = Rc::new(Cell::new(frames));
    let place = &mut world.left.links[1].port.wire;
    let nobody: Box<dyn Wire> = Box::new(Loopback::default());
    let wire = core::mem::replace(place, nobody);
    *place = Box::new(Narrow { wire, room: room.clone() });
    room
}

#[test]
fn who_waits_for_room_sends_as_soon_as_there_is_some() {
    let mut world = World::new(1, Faults::default());
    let listener = world.listen("0.0.0.0:80");
    let connections: Vec<_> = (0..4).map(|_| world.connect(listener, "10.0.0.2:80")).collect();
    for _ in 0..1000 {
        world.step();
    }
    let room = narrow(&mut world, 0);
    for (client, _) in &connections {
        assert_eq!(world.left.send(*client, &[b"x"]), Ok(1));
    }
    // They are impatient from now on, which is looked at in a turn of its own.
    world.left.run(world.now);
    world.left.run(world.now);
    let soon = world.left.due().expect("a wire may not say that it has room");
    assert!(soon > world.now && soon <= world.now + 10_000, "{soon} at {}", world.now);
    for served in 1..=connections.len() {
        room.set(1);
        world.left.run(world.now);
        assert_eq!(room.get(), 0, "the next has sent");
        world.clock.step();
        world.right.run(world.now);
        let has_come =
            |(_, server): &&(SocketNumber, SocketNumber)| world.right.receive(*server, &mut [0; 1]).is_ok();
        assert_eq!(connections.iter().filter(has_come).count(), 1, "{served}");
    }
}

#[test]
fn datagrams_that_wait_for_room_are_sent() {
    let mut world = World::new(1, Faults::default());
    let server = world.right.open(Family::V4, Kind::Datagram);
    world.right.bind(server, address("0.0.0.0:53")).unwrap();
    let client = world.left.open(Family::V4, Kind::Datagram);
    let to = Some(address("10.0.0.2:53"));
    world.left.send_to(client, b"first", to).unwrap();
    let came = |world: &mut World| {
        world.until("it has come", |world| world.right.receive_from(server, &mut [0; 10]).is_ok());
    };
    came(&mut world);
    let room = narrow(&mut world, 0);
    for _ in 0..3 {
        world.left.send_to(client, b"x", to).unwrap();
    }
    world.left.run(world.now);
    room.set(3);
    let began = world.now;
    world.left.run(world.now);
    for _ in 0..3 {
        came(&mut world);
    }
    assert!(world.now - began < 1000, "it took {} us", world.now - began);
}

/// How many bytes wait in the end to be sent to somebody who has room for `receive_buffer` and reads `read_first` and no more.
fn queued(send_buffer: SendBuffer, receive_buffer: usize, read_first: usize) -> usize {
    let mut world = World::new(1, Faults::default());
    let listener = world.listen("0.0.0.0:80");
    let options = world.right.options(listener).unwrap();
    world.right.set_options(listener, Options { receive_buffer, ..options }).unwrap();
    let client = world.left.open(Family::V4, Kind::Stream);
    let options = world.left.options(client).unwrap();
    world.left.set_options(client, Options { send_buffer, ..options }).unwrap();
    assert_eq!(world.left.connect(client, address("10.0.0.2:80")), Err(Error::NotNow));
    let mut server = None;
    world.until("accepted", |world| {
        server = server.or_else(|| world.right.accept(listener).ok());
        server.is_some() && world.left.outcome(client).is_ok()
    });
    let server = server.expect("it was accepted");
    let bytes = vec![0; 64 * 1024];
    let (mut taken, mut read) = (0, Vec::new());
    let mut give = |world: &mut World| match world.left.send(client, &[&bytes]) {
        Ok(count) => {
            taken += count;
            true
        }
        Err(error) => {
            assert_eq!(error, Error::NotNow);
            false
        }
    };
    world.until("he has read as much", |world| {
        give(world);
        read.len() >= read_first || drain(&mut world.right, server, &mut read) == Ok(0)
    });
    for _ in 0..5000 {
        while give(&mut world) {}
        world.step();
    }
    taken - read.len() - receive_buffer
}

#[test]
fn as_much_waits_as_the_path_is_worth() {
    const KIB: usize = 1024;
    assert_eq!(queued(SendBuffer::Bytes(128 * KIB), 64 * KIB, 0), 128 * KIB);
    assert_eq!(queued(SendBuffer::Bytes(512 * KIB), 64 * KIB, 0), 512 * KIB);
    assert_eq!(queued(SendBuffer::Tuned, 64 * KIB, 0), SEND_BUFFER_LEAST, "little was under way");
    let little = queued(SendBuffer::Tuned, 64 * KIB, 1024 * KIB);
    assert!(little < 5 * SEND_BUFFER_LEAST / 4, "{little}, where little may be under way");
    let much = queued(SendBuffer::Tuned, 1024 * KIB, 16 * 1024 * KIB);
    // The last bytes of a window that is told in units may not be offered.
    assert_eq!(much.next_multiple_of(KIB), SendBuffer::Tuned.most(), "much may be under way");
}
