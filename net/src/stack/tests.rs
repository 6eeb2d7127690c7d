// SPDX-License-Identifier: Apache-2.0
//! Two stacks on a cable, in a time of their own.

use std::boxed::Box;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::string::String;
use std::vec;
use std::vec::Vec;

use proptest::prelude::*;
use smoltcp::wire::{DhcpMessageType, DhcpPacket, DhcpRepr};

use super::*;
use crate::footprint::CONNECTION;
use crate::options::Shutdown;
use crate::wire::Offload;
use crate::wire::lossy::{Clock, End, Faults, cable, cable_between};

mod cut;
mod datagrams;
mod frames;
mod sending;

/// Microseconds of a step of the cable.
const STEP: u64 = 100;

/// Bytes that look like chance, the same each time.
fn entropy(seed: u64) -> Entropy {
    let mut state = seed;
    Box::new(move |bytes| {
        for byte in bytes {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = (state >> 33) as u8;
        }
    })
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

/// Two stacks, `left` at 10.0.0.1 and `right` at 10.0.0.2.
struct World {
    left: Stack,
    right: Stack,
    clock: Clock,
    now: u64,
}

impl World {
    fn new(seed: u64, faults: Faults) -> Self {
        Self::with_limits(seed, faults, Limits::default())
    }

    fn with_limits(seed: u64, faults: Faults, limits: Limits) -> Self {
        Self::over(cable(seed, 1, faults), limits)
    }

    fn over((one, other, clock): (End, End, Clock), limits: Limits) -> Self {
        let side = |end, address: &str, seed| {
            let mut stack = Stack::new(limits, entropy(seed));
            let addresses = vec![(address.parse().expect("an address"), 24)];
            let configuration = Configuration::Static { addresses, gateways: vec![] };
            stack.add("eth0".into(), Box::new(end), &configuration);
            stack
        };
        Self { left: side(one, "10.0.0.1", 1), right: side(other, "10.0.0.2", 2), clock, now: 0 }
    }

    /// A step of time. When nothing is on its way, the time jumps to where something is due.
    fn step(&mut self) {
        if self.clock.is_quiet() {
            let due = [self.left.due(), self.right.due()].into_iter().flatten().min();
            let later = self.now + 1_000_000;
            self.now = self.now.max(due.unwrap_or(self.now).min(later));
        }
        self.left.run(self.now);
        self.right.run(self.now);
        self.clock.step();
        self.now += STEP;
    }

    /// Steps until something is so.
    #[track_caller]
    fn until(&mut self, what: &str, mut is_so: impl FnMut(&mut Self) -> bool) {
        for _ in 0..200_000 {
            if is_so(self) {
                return;
            }
            self.step();
        }
        panic!("never: {what}");
    }

    fn listen(&mut self, at: &str) -> SocketNumber {
        let family = if at.starts_with('[') { Family::V6 } else { Family::V4 };
        let listener = self.right.open(family, Kind::Stream);
        self.right.bind(listener, address(at)).expect("free");
        self.right.listen(listener, 128).expect("bound");
        listener
    }

    /// A connection from the left to the right.
    #[track_caller]
    fn connect(&mut self, listener: SocketNumber, to: &str) -> (SocketNumber, SocketNumber) {
        let family = if to.starts_with('[') { Family::V6 } else { Family::V4 };
        let client = self.left.open(family, Kind::Stream);
        assert_eq!(self.left.connect(client, address(to)), Err(Error::NotNow));
        let mut accepted = None;
        self.until("accepted", |world| {
            accepted = accepted.or_else(|| world.right.accept(listener).ok());
            accepted.is_some() && world.left.outcome(client).is_ok()
        });
        (client, accepted.expect("it was accepted"))
    }
}

/// Reads what there is.
fn drain(stack: &mut Stack, socket: SocketNumber, into: &mut Vec<u8>) -> Result<usize, Error> {
    let mut buffer = [0; 4096];
    loop {
        match stack.receive(socket, &mut buffer) {
            Ok(0) => return Ok(0),
            Ok(count) => into.extend(&buffer[..count]),
            Err(error) => return Err(error),
        }
    }
}

#[test]
fn bytes_go_both_ways_and_end() {
    let mut world = World::new(1, Faults::default());
    let listener = world.listen("0.0.0.0:80");
    let (client, server) = world.connect(listener, "10.0.0.2:80");
    assert_eq!(world.right.peer(server).unwrap().ip(), "10.0.0.1".parse::<IpAddr>().unwrap());
    assert_eq!(world.right.name(server), Ok(address("10.0.0.2:80")));
    assert_eq!(world.left.send(client, &[b"hel", b"lo"]), Ok(5));
    let mut got = Vec::new();
    world.until("hello", |world| {
        drain(&mut world.right, server, &mut got) == Err(Error::NotNow) && got == b"hello"
    });
    assert_eq!(world.left.shutdown(client, Shutdown::Write), Ok(()));
    world.until("end", |world| drain(&mut world.right, server, &mut got) == Ok(0));
    assert_eq!(world.right.send(server, &[b"bye"]), Ok(3), "the other way is open");
    world.right.close(server);
    let mut got = Vec::new();
    world.until("bye", |world| drain(&mut world.left, client, &mut got) == Ok(0));
    assert_eq!(got, b"bye");
    world.left.close(client);
    world.until("all is forgotten", |world| world.left.usage() == (0, 0) && world.right.usage() == (0, 1));
}

#[test]
fn nobody_at_the_port_is_told_at_once() {
    let mut world = World::new(1, Faults::default());
    let client = world.left.open(Family::V4, Kind::Stream);
    assert_eq!(world.left.connect(client, address("10.0.0.2:81")), Err(Error::NotNow));
    let mut outcome = Err(Error::NotNow);
    world.until("refused", |world| {
        outcome = world.left.outcome(client);
        outcome != Err(Error::NotNow)
    });
    assert_eq!(outcome, Err(Error::Refused));
    assert!(world.now < 1_000_000, "it took {} us", world.now);
}

#[test]
fn nobody_at_the_address_is_told_in_the_end() {
    let mut world = World::new(1, Faults::default());
    let client = world.left.open(Family::V4, Kind::Stream);
    assert_eq!(world.left.connect(client, address("10.0.0.77:80")), Err(Error::NotNow));
    let mut outcome = Err(Error::NotNow);
    world.until("given up", |world| {
        outcome = world.left.outcome(client);
        outcome != Err(Error::NotNow)
    });
    assert_eq!(outcome, Err(Error::TimedOut));
    let other = world.left.open(Family::V4, Kind::Stream);
    assert_eq!(world.left.connect(other, address("192.168.9.9:80")), Err(Error::Unreachable));
}

#[test]
fn who_closes_with_unread_data_says_so() {
    let mut world = World::new(1, Faults::default());
    let listener = world.listen("10.0.0.2:80");
    let (client, server) = world.connect(listener, "10.0.0.2:80");
    world.left.send(client, &[b"nobody reads this"]).unwrap();
    world.until("it is there", |world| {
        world.right.watch(server, Readiness { read: true, write: false });
        world.right.has_ready()
    });
    world.right.close(server);
    let mut result = Err(Error::NotNow);
    world.until("reset", |world| {
        result = drain(&mut world.left, client, &mut Vec::new());
        result != Err(Error::NotNow)
    });
    assert_eq!(result, Err(Error::Reset));
    assert_eq!(drain(&mut world.left, client, &mut Vec::new()), Ok(0), "told once");
    assert_eq!(world.left.send(client, &[b"x"]), Err(Error::Pipe));
}

#[test]
fn what_comes_after_closing_is_answered_by_a_reset() {
    let mut world = World::new(1, Faults::default());
    let listener = world.listen("10.0.0.2:80");
    let (client, server) = world.connect(listener, "10.0.0.2:80");
    world.right.close(server);
    world.until("the end", |world| drain(&mut world.left, client, &mut Vec::new()) == Ok(0));
    assert_eq!(world.left.send(client, &[b"nobody reads this"]), Ok(17));
    let mut result = Ok(0);
    world.until("reset", |world| {
        result = world.left.send(client, &[b"x"]);
        result.is_err()
    });
    assert_eq!(result, Err(Error::Reset));
    assert_eq!(world.left.send(client, &[b"x"]), Err(Error::Pipe), "told once");
}

#[test]
fn the_loopback_serves_own_addresses() {
    let mut world = World::new(1, Faults::default());
    for (family, to) in [(Family::V4, "127.0.0.1:80"), (Family::V4, "10.0.0.1:81"), (Family::V6, "[::1]:82")]
    {
        let stack = &mut world.left;
        let listener = stack.open(family, Kind::Stream);
        stack.bind(listener, address(to)).expect("an own address");
        stack.listen(listener, 1).expect("bound");
        let client = stack.open(family, Kind::Stream);
        assert_eq!(stack.connect(client, address(to)), Err(Error::NotNow));
        let now = world.now;
        stack.run(now);
        let server = stack.accept(listener).expect("without a wire it takes one run");
        assert_eq!(stack.outcome(client), Ok(()));
        let long = vec![7; 20_000];
        let sent = stack.send(client, &[&long]).expect("room");
        let mut got = Vec::new();
        stack.run(now);
        let _ = drain(stack, server, &mut got);
        assert!(sent == 20_000 && got == long, "{sent} bytes sent, {} received", got.len());
    }
}

#[test]
fn one_listener_of_version_6_serves_both() {
    let mut world = World::new(1, Faults::default());
    let listener = world.listen("[::]:80");
    let (_, server) = world.connect(listener, "10.0.0.2:80");
    assert_eq!(world.right.name(server), Ok(address("[::ffff:10.0.0.2]:80")));
    let (_, server) = world.connect(listener, "[fe80::ff:fe00:2]:80");
    assert_eq!(world.right.name(server), Ok(address("[fe80::ff:fe00:2]:80")));
    let four = world.right.open(Family::V4, Kind::Stream);
    world.right.bind(four, address("0.0.0.0:80")).expect_err("the other has it");
}

#[test]
fn what_is_ready_is_told_as_long_as_it_is() {
    let mut world = World::new(1, Faults::default());
    let listener = world.listen("0.0.0.0:80");
    world.right.watch(listener, Readiness { read: true, write: false });
    let client = world.left.open(Family::V4, Kind::Stream);
    world.left.watch(client, Readiness { read: false, write: true });
    let _ = world.left.connect(client, address("10.0.0.2:80"));
    assert!(!world.left.has_ready(), "connecting is not being connected");
    world.until("both know", |world| world.left.has_ready() && world.right.has_ready());
    for _ in 0..2 {
        let mut ready = Vec::new();
        world.right.take_ready(&mut ready);
        assert_eq!(ready, [(listener, Readiness { read: true, write: false })]);
    }
    let server = world.right.accept(listener).expect("it was told");
    assert!(!world.right.has_ready());
    world.right.watch(server, Readiness { read: true, write: true });
    let mut ready = Vec::new();
    world.right.take_ready(&mut ready);
    assert_eq!(ready, [(server, Readiness { read: false, write: true })]);
    world.right.watch(server, Readiness { read: true, write: false });
    world.left.send(client, &[b"x"]).unwrap();
    world.until("told", |world| world.right.has_ready());
}

/// Asks for connections that are never confirmed: the left opens and forgets at once, so that it does not answer.
fn flood(world: &mut World, count: usize) {
    for _ in 0..count {
        let socket = world.left.open(Family::V4, Kind::Stream);
        let _ = world.left.connect(socket, address("10.0.0.2:80"));
        world.left.run(world.now);
        world.left.forget(socket);
        world.right.run(world.now);
    }
}

#[test]
fn a_flood_of_openings_leaves_what_there_is() {
    let limits = Limits { half_open: 16, ..Limits::default() };
    let mut world = World::with_limits(1, Faults::default(), limits);
    let listener = world.listen("0.0.0.0:80");
    let (client, server) = world.connect(listener, "10.0.0.2:80");
    let (bytes, _) = world.right.usage();
    flood(&mut world, 500);
    let (flooded, _) = world.right.usage();
    assert!(flooded <= bytes * 17, "{flooded} bytes");
    world.left.send(client, &[b"still here"]).unwrap();
    let mut got = Vec::new();
    world.until("served", |world| {
        let _ = drain(&mut world.right, server, &mut got);
        got == b"still here"
    });
    world.connect(listener, "10.0.0.2:80");
}

#[test]
fn a_flood_of_openings_does_not_keep_others_out() {
    let limits = Limits { half_open: 16, ..Limits::default() };
    let mut world = World::with_limits(1, Faults::default(), limits);
    let listener = world.right.open(Family::V4, Kind::Stream);
    world.right.bind(listener, address("0.0.0.0:80")).expect("free");
    world.right.listen(listener, 5).expect("bound");
    for _ in 0..20 {
        flood(&mut world, 100);
        world.connect(listener, "10.0.0.2:80");
    }
}

#[test]
fn listeners_of_both_versions_share_a_port() {
    let mut world = World::new(1, Faults::default());
    world.listen("0.0.0.0:80");
    let six = world.right.open(Family::V6, Kind::Stream);
    assert_eq!(world.right.bind(six, address("[::]:80")), Err(Error::AddressInUse));
    let options = Options { v6_only: true, ..world.right.options(six).unwrap() };
    world.right.set_options(six, options).unwrap();
    assert_eq!(world.right.bind(six, address("[::]:80")), Ok(()));
    assert_eq!(world.right.listen(six, 8), Ok(()));
}

#[test]
fn a_full_backlog_makes_others_wait() {
    let mut world = World::new(1, Faults::default());
    let listener = world.right.open(Family::V4, Kind::Stream);
    world.right.bind(listener, address("0.0.0.0:80")).unwrap();
    world.right.listen(listener, 2).unwrap();
    let clients: Vec<SocketNumber> = (0..3).map(|_| world.left.open(Family::V4, Kind::Stream)).collect();
    for client in &clients {
        let _ = world.left.connect(*client, address("10.0.0.2:80"));
    }
    // To them the connection is there when they have confirmed it. What they then send the last of them sends again and again.
    world.until("all have confirmed", |world| {
        clients.iter().all(|client| world.left.outcome(*client).is_ok())
    });
    for client in &clients {
        assert_eq!(world.left.send(*client, &[b"hello"]), Ok(5));
    }
    for _ in 0..8 {
        world.step();
    }
    let mut accepted: Vec<SocketNumber> =
        (0..2).map(|_| world.right.accept(listener).expect("it waits")).collect();
    assert_eq!(world.right.accept(listener), Err(Error::NotNow));
    world.until("the third is there", |world| {
        accepted.extend(world.right.accept(listener).ok());
        accepted.len() == 3
    });
    for server in accepted {
        let mut got = Vec::new();
        world.until("it is heard", |world| {
            let _ = drain(&mut world.right, server, &mut got);
            got == b"hello"
        });
    }
}

#[test]
fn memory_has_a_limit() {
    let limits = Limits { memory: 3 * CONNECTION, ..Limits::default() };
    let mut world = World::with_limits(1, Faults::default(), limits);
    let mut results = Vec::new();
    for _ in 0..4 {
        let socket = world.left.open(Family::V4, Kind::Stream);
        results.push(world.left.connect(socket, address("10.0.0.2:80")));
    }
    assert_eq!(results, [Err(Error::NotNow), Err(Error::NotNow), Err(Error::NotNow), Err(Error::NoBuffers)]);
}

#[test]
fn buffers_take_what_is_used_of_them() {
    let mut world = World::new(1, Faults::default());
    let listener = world.listen("0.0.0.0:80");
    let pairs: Vec<_> = (0..100).map(|_| world.connect(listener, "10.0.0.2:80")).collect();
    assert_eq!(world.right.usage().0, 100 * CONNECTION);
    let mut got = Vec::new();
    for (client, server) in pairs.iter().take(10) {
        world.left.send(*client, &[b"hello"]).unwrap();
        world.until("hello", |world| {
            drain(&mut world.right, *server, &mut got) == Err(Error::NotNow) && got == b"hello"
        });
        got.clear();
    }
    assert_eq!(world.right.usage().0, 100 * CONNECTION + 10 * 4096);
    assert_eq!(world.left.usage().0, 100 * CONNECTION + 10 * 4096);
}

/// Sends all of it and reads it at the other end.
fn transfer(world: &mut World, from: SocketNumber, to: SocketNumber, bytes: &[u8]) {
    let (mut sent, mut got) = (0, Vec::new());
    world.until("all has come", |world| {
        if sent < bytes.len() {
            sent += world.left.send(from, &[&bytes[sent..]]).unwrap_or(0);
        }
        let _ = drain(&mut world.right, to, &mut got);
        got.len() == bytes.len()
    });
    assert!(got == bytes, "what has come is not what was sent");
}

#[test]
fn windows_that_are_all_filled_stay_within_the_limit() {
    let limits = Limits { memory: 128 * 1024, ..Limits::default() };
    let mut world = World::with_limits(1, Faults::default(), limits);
    let listener = world.listen("0.0.0.0:80");
    let pairs: Vec<_> = (0..16).map(|_| world.connect(listener, "10.0.0.2:80")).collect();
    let bytes: Vec<u8> = (0..20_000_u32).map(|number| number as u8).collect();
    let mut sent = [0; 16];
    // Nobody reads: sixteen windows of 32 KiB are promised, and there is memory for a fifth of them.
    for _ in 0..200 {
        for ((client, _), sent) in pairs.iter().zip(&mut sent) {
            *sent += world.left.send(*client, &[&bytes[*sent..]]).unwrap_or(0);
        }
        world.step();
        assert!(world.left.usage().0 <= 128 * 1024 && world.right.usage().0 <= 128 * 1024);
    }
    assert!(world.right.usage().0 > 100 * 1024, "the memory there is was not used");
    // Half of them end; what they had serves the others, of whom nothing is lost.
    for (client, server) in &pairs[..12] {
        world.left.forget(*client);
        world.right.forget(*server);
    }
    for (pair, mut sent) in pairs.iter().zip(sent).skip(12) {
        let mut got = Vec::new();
        world.until("the rest has come", |world| {
            sent += world.left.send(pair.0, &[&bytes[sent..]]).unwrap_or(0);
            let _ = drain(&mut world.right, pair.1, &mut got);
            got.len() == bytes.len()
        });
        assert!(got == bytes, "what has come is not what was sent");
    }
}

#[test]
fn empty_buffers_give_back_what_they_have() {
    let limits = Limits { memory: 256 * 1024, ..Limits::default() };
    let mut world = World::with_limits(1, Faults::default(), limits);
    world.left.set_discard(Box::new(|bytes| bytes.fill(0)));
    let listener = world.listen("0.0.0.0:80");
    let bytes: Vec<u8> = (0..30_000_u32).map(|number| number as u8).collect();
    // Each that has sent keeps 32 KiB: there is room for seven unless the idle ones give theirs back.
    for _ in 0..12 {
        let (client, server) = world.connect(listener, "10.0.0.2:80");
        transfer(&mut world, client, server, &bytes);
        let later = world.now + 200_000;
        world.until("all is confirmed", |world| world.now >= later);
        world.right.forget(server);
    }
    assert!(world.left.usage().0 <= 256 * 1024);
}

#[test]
fn a_lease_is_had_where_a_server_answers() {
    // A server of DHCP is another program's; here nobody answers, and nothing is configured.
    let (one, _other, _clock) = cable(1, 1, Faults::default());
    let mut stack = Stack::new(Limits::default(), entropy(1));
    let link = stack.add("eth0".into(), Box::new(one), &Configuration::Dhcp);
    stack.run(0);
    assert_eq!(stack.lease(link), None);
    assert!(stack.due().is_some_and(|due| due > 0), "it asks again");
}

/// Answers what a socket of port 67 hears with leases of 10.0.0.7, and counts the requests.
fn serve_leases(stack: &mut Stack, socket: SocketNumber, seconds: u32) -> usize {
    let (mut buffer, mut requests) = ([0; 1500], 0);
    while let Ok(received) = stack.receive_from(socket, &mut buffer) {
        let packet = DhcpPacket::new_checked(&buffer[..received.len]).expect("a packet");
        let asked = DhcpRepr::parse(&packet).expect("a message");
        requests += usize::from(asked.message_type == DhcpMessageType::Request);
        let server = "10.0.0.1".parse().expect("an address");
        let told = DhcpRepr {
            message_type: match asked.message_type {
                DhcpMessageType::Discover => DhcpMessageType::Offer,
                _ => DhcpMessageType::Ack,
            },
            your_ip: "10.0.0.7".parse().expect("an address"),
            router: Some(server),
            subnet_mask: Some("255.255.255.0".parse().expect("a mask")),
            server_identifier: Some(server),
            requested_ip: None,
            client_identifier: None,
            parameter_request_list: None,
            max_size: None,
            lease_duration: Some(seconds),
            ..asked
        };
        let mut bytes = vec![0; told.buffer_len()];
        told.emit(&mut DhcpPacket::new_unchecked(&mut bytes)).expect("room");
        let to = if asked.client_ip.is_unspecified() {
            address("255.255.255.255:68")
        } else {
            (asked.client_ip, 68).into()
        };
        assert_eq!(stack.send_to(socket, &bytes, Some(to)), Ok(bytes.len()));
    }
    requests
}

#[test]
fn a_lease_is_renewed() {
    let (one, other, clock) = cable(1, 1, Faults::default());
    let mut left = Stack::new(Limits::default(), entropy(1));
    let configuration = Configuration::Static {
        addresses: vec![("10.0.0.1".parse().expect("an address"), 24)],
        gateways: vec![],
    };
    left.add("eth0".into(), Box::new(one), &configuration);
    let mut right = Stack::new(Limits::default(), entropy(2));
    let link = right.add("eth0".into(), Box::new(other), &Configuration::Dhcp);
    let mut world = World { left, right, clock, now: 0 };
    let server = world.left.open(Family::V4, Kind::Datagram);
    world.left.bind(server, address("0.0.0.0:67")).expect("free");
    let mut requests = 0;
    world.until("there is a lease", |world| {
        requests += serve_leases(&mut world.left, server, 12);
        world.right.lease(link).is_some()
    });
    let listener = world.listen("0.0.0.0:80");
    for round in 1..10 {
        let end = world.now + 6_000_000;
        while world.now < end {
            requests += serve_leases(&mut world.left, server, 12);
            world.step();
            assert!(world.right.lease(link).is_some(), "it was lost after {} s", world.now / 1_000_000);
        }
        assert!(requests >= round, "{requests} requests");
        world.connect(listener, "10.0.0.7:80");
    }
}

#[test]
fn many_idle_connections_are_not_looked_at() {
    let mut world =
        World::with_limits(1, Faults::default(), Limits { memory: usize::MAX, ..Limits::default() });
    let listener = world.listen("0.0.0.0:80");
    let (client, _) = world.connect(listener, "10.0.0.2:80");
    for _ in 0..50 {
        world.connect(listener, "10.0.0.2:80");
    }
    for _ in 0..1000 {
        world.step();
    }
    world.left.send(client, &[b"x"]).unwrap();
    world.left.run(world.now);
    assert!(world.left.dirty.is_empty(), "the busy one has been served");
}

#[test]
fn a_connection_may_be_idle_for_hours() {
    let mut world = World::new(1, Faults::default());
    let listener = world.listen("0.0.0.0:80");
    let (client, server) = world.connect(listener, "10.0.0.2:80");
    for _ in 0..3 {
        for _ in 0..100 {
            world.step();
        }
        world.now += 4 * 3600 * 1_000_000;
        let mut got = Vec::new();
        assert_eq!(world.left.send(client, &[b"still here"]), Ok(10));
        world.until("it has come", |world| {
            let _ = drain(&mut world.right, server, &mut got);
            got == b"still here"
        });
    }
}

#[test]
fn an_end_that_is_not_heard_any_more_is_given_up() {
    for keeps_alive in [false, true] {
        let mut world = World::new(1, Faults::default());
        let listener = world.listen("0.0.0.0:80");
        let (client, server) = world.connect(listener, "10.0.0.2:80");
        world.now += 4 * 3600 * 1_000_000;
        world.left.run(world.now);
        let silent = world.now;
        if keeps_alive {
            let options = Options { keep_alive: true, ..world.left.options(client).unwrap() };
            world.left.set_options(client, options).unwrap();
        } else {
            world.left.send(client, &[b"x"]).unwrap();
        }
        let _ = server;
        // The right end gets no more time.
        let mut received = Err(Error::NotNow);
        while received == Err(Error::NotNow) && world.now < silent + 2000 * 1_000_000 {
            world.now += 100_000;
            world.clock.step();
            world.left.run(world.now);
            received = world.left.receive(client, &mut [0; 10]);
        }
        assert_eq!(received, Err(Error::TimedOut), "keep alive: {keeps_alive}");
        let seconds = (world.now - silent) / 1_000_000;
        assert!((800..1100).contains(&seconds), "after {seconds} s, keep alive: {keeps_alive}");
    }
}

#[test]
fn nothing_is_due_where_all_are_idle() {
    let mut world = World::new(1, Faults::default());
    let listener = world.listen("0.0.0.0:80");
    for _ in 0..50 {
        world.connect(listener, "10.0.0.2:80");
    }
    let mut later = world.now;
    for _ in 0..30 {
        later += 1_000_000;
        world.now = later;
        for _ in 0..10 {
            world.step();
        }
    }
    later = world.now;
    for stack in [&mut world.left, &mut world.right] {
        stack.run(later);
        let due = stack.due();
        assert!(due.is_none_or(|due| due > later + 60_000_000), "{due:?} at {later}");
    }
}

/// Sends bytes both ways at once over a cable with faults, and looks that they come whole, or that the end is clean.
fn exchange(seed: u64, faults: Faults, count: usize) -> Result<(), String> {
    let mut world = World::new(seed, faults);
    let listener = world.listen("0.0.0.0:80");
    let client = world.left.open(Family::V4, Kind::Stream);
    let _ = world.left.connect(client, address("10.0.0.2:80"));
    let mut server = None;
    let data: Vec<u8> = (0..count).map(|at| (at as u64).wrapping_mul(seed | 1).to_le_bytes()[1]).collect();
    let (mut sent, mut got) = ([0, 0], [Vec::new(), Vec::new()]);
    let mut closed = BTreeMap::new();
    for _ in 0..400_000 {
        server = server.or_else(|| world.right.accept(listener).ok());
        for side in [0, 1] {
            let ((sender, from), (receiver, to)) = match side {
                0 => ((&mut world.left, Some(client)), (&mut world.right, server)),
                _ => ((&mut world.right, server), (&mut world.left, Some(client))),
            };
            if let Some(from) = from
                && sent[side] < count
            {
                match sender.send(from, &[&data[sent[side]..]]) {
                    Ok(more) => sent[side] += more,
                    Err(Error::NotNow) => {}
                    Err(error) => return Err(std::format!("sending: {error}")),
                }
                if sent[side] == count {
                    sender
                        .shutdown(from, Shutdown::Write)
                        .map_err(|error| std::format!("closing: {error}"))?;
                }
            }
            let Some(to) = to else { continue };
            match drain(receiver, to, &mut got[side]) {
                Ok(_) => drop(closed.insert(side, ())),
                Err(Error::NotNow) => {}
                Err(error) => return Err(std::format!("receiving: {error}")),
            }
        }
        if closed.len() == 2 {
            return if got.iter().all(|got| *got == data) { Ok(()) } else { Err("other bytes".into()) };
        }
        world.step();
    }
    Err(std::format!("never: {} and {} of {count}", got[0].len(), got[1].len()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn bytes_come_whole_over_a_bad_wire(seed in 1_u64.., loss in 0_u32..80, repetition in 0_u32..50, reordering in 0_u32..100, damage in 0_u32..30, count in 1_usize..120_000) {
        let faults = Faults { loss, repetition, reordering, damage };
        prop_assert_eq!(exchange(seed, faults, count), Ok(()));
    }
}

/// The table of docs/network.md. smoltcp's own clock takes 3, 16 and 58 s for the last three rows; the time is simulated.
#[test]
fn what_loss_costs() {
    for (loss, most) in [(0, 10_000), (1, 10_000), (5, 20_000), (10, 100_000), (20, 500_000), (50, 4_000_000)]
    {
        let faults = || Faults { loss, ..Faults::default() };
        let mut times: Vec<u64> = (1..=9).map(|seed| time_of(seed, faults())).collect();
        times.sort_unstable();
        std::println!("{loss} of 1000 lost: {} us", times[4]);
        assert!(times[4] < most, "{loss} of 1000 lost: {times:?} us");
    }
}

/// A back end of Xen takes no frame of more than 65,535 bytes.
#[test]
fn packets_are_as_long_as_the_device_takes_and_no_longer() {
    for longest in [65_535, 30_000] {
        let offload = Offload { completes_checksums: true, cuts_tcp_v4: NonZeroUsize::new(longest) };
        let mut world = World::over(cable_between(1, 1, Faults::default(), offload), Limits::default());
        time_in(&mut world);
        assert!((longest - 2000..=longest).contains(&world.clock.longest()), "{}", world.clock.longest());
    }
}

/// How long a megabyte takes, one way, in microseconds.
fn time_of(seed: u64, faults: Faults) -> u64 {
    time_in(&mut World::new(seed, faults))
}

fn time_in(world: &mut World) -> u64 {
    let listener = world.listen("0.0.0.0:80");
    let (client, server) = world.connect(listener, "10.0.0.2:80");
    let bytes = vec![7; 1 << 20];
    let (began, mut sent, mut got) = (world.now, 0, Vec::new());
    world.until("all is there", |world| {
        sent += world.left.send(client, &[&bytes[sent..]]).unwrap_or(0);
        let _ = drain(&mut world.right, server, &mut got);
        got.len() == bytes.len()
    });
    world.now - began
}
