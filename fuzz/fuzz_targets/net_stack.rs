// SPDX-License-Identifier: Apache-2.0
//! Whatever frames others on the wire send, with a server whose clients are among them.
//!
//! The stack never has more memory than its limit, and who was connected before goes on to be served, as are those who connect later. Those who
//! send do not have the address of that client: in its name, anyone on the wire may end its connection.
#![no_main]

#[path = "net_stack/attacker.rs"]
mod attacker;
#[path = "net_stack/hub.rs"]
mod hub;

use std::net::SocketAddr;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use net::{Configuration, Error, Family, Kind, Limits, Shutdown, SocketNumber, Stack};

use self::attacker::{Datagram, Raw, Segment};
use self::hub::Hub;

/// Memory of the stack: little, so that it is all taken at times.
const LIMITS: Limits = Limits { memory: 256 * 1024, half_open: 8, time_wait: 4 };
/// Microseconds of a step of time.
const STEP: u64 = 1000;
/// What the client says when all is over.
const WORDS: &[u8] = &[b'w'; 5000];

#[derive(Arbitrary, Debug)]
enum Step {
    /// A segment of a connection, mostly one that fits.
    Segment(Segment),
    /// Another packet of IP.
    Datagram(Datagram),
    /// Any frame.
    Raw(Raw),
    /// So many milliseconds pass.
    Wait(u16),
    /// The server reads what a client has sent and sends it back.
    Echo(u8),
    /// The server has said all that it has to say to a client.
    Shut(u8),
    /// The server lets go of a client.
    Close(u8),
}

/// A server with a client, and the wire between them that others are on.
struct World {
    hub: Hub,
    server: Stack,
    client: Stack,
    listeners: [SocketNumber; 2],
    datagrams: SocketNumber,
    /// Connections that the server has taken.
    accepted: Vec<SocketNumber>,
    now: u64,
}

fn stack(hub: &Hub, end: usize, limits: Limits) -> Stack {
    let mut state = end as u8;
    let entropy = Box::new(move |bytes: &mut [u8]| {
        for byte in bytes {
            state = state.wrapping_mul(29).wrapping_add(71);
            *byte = state;
        }
    });
    let mut stack = Stack::new(limits, entropy);
    let addresses = vec![(hub::ADDRESSES[end].into(), 24)];
    stack.add("eth0".into(), Box::new(hub.end(end)), &Configuration::Static { addresses, gateways: vec![] });
    stack.set_discard(Box::new(|_| {}));
    stack
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

impl World {
    fn new() -> Self {
        let hub = Hub::default();
        let mut server = stack(&hub, hub::SERVER, LIMITS);
        let client = stack(&hub, hub::CLIENT, Limits::default());
        let listeners = [(Family::V4, "0.0.0.0:80"), (Family::V6, "[::]:81")].map(|(family, at)| {
            let listener = server.open(family, Kind::Stream);
            server.bind(listener, address(at)).expect("a free port");
            server.listen(listener, 4).expect("bound");
            listener
        });
        let datagrams = server.open(Family::V4, Kind::Datagram);
        server.bind(datagrams, address("0.0.0.0:7")).expect("a free port");
        Self { hub, server, client, listeners, datagrams, accepted: Vec::new(), now: 0 }
    }

    fn run(&mut self) {
        self.server.run(self.now);
        assert!(self.server.usage().0 <= LIMITS.memory, "{:?} of {LIMITS:?}", self.server.usage());
        for listener in self.listeners {
            while let Ok(socket) = self.server.accept(listener) {
                self.accepted.push(socket);
            }
        }
        let mut buffer = [0; 2048];
        while let Ok(received) = self.server.receive_from(self.datagrams, &mut buffer) {
            let _ =
                self.server.send_to(self.datagrams, &buffer[..received.len.min(2048)], Some(received.from));
        }
        self.client.run(self.now);
    }

    /// Lets time pass until something is so.
    fn until(&mut self, what: &str, mut is_so: impl FnMut(&mut Self) -> bool) {
        for _ in 0..20_000 {
            if is_so(self) {
                return;
            }
            self.now += STEP;
            if self.hub.is_quiet() {
                let due = [self.server.due(), self.client.due()].into_iter().flatten().min();
                self.now = self.now.max(due.unwrap_or(self.now).min(self.now + 1_000_000));
            }
            self.run();
        }
        panic!("never: {what}");
    }

    /// A connection of the client: its end, and the server's.
    fn connect(&mut self) -> [SocketNumber; 2] {
        let own = self.client.open(Family::V4, Kind::Stream);
        assert_eq!(self.client.connect(own, address("10.0.0.1:80")), Err(Error::NotNow));
        self.until("connected", |world| world.client.outcome(own).is_ok());
        let name = self.client.name(own);
        let mut found = None;
        self.until("accepted", |world| {
            let place = world.accepted.iter().position(|socket| world.server.peer(*socket) == name);
            found = found.or(place.map(|place| world.accepted.swap_remove(place)));
            found.is_some()
        });
        [own, found.expect("it was accepted")]
    }

    /// The server sends back what the client says.
    fn must_echo(&mut self, [own, served]: [SocketNumber; 2]) {
        let (mut unsent, mut held, mut heard) = (WORDS, Vec::new(), Vec::new());
        self.until("echoed", |world| {
            let sent = world.client.send(own, &[unsent]).unwrap_or(0);
            unsent = &unsent[sent..];
            let mut buffer = [0; 2048];
            if let Ok(count) = world.server.receive(served, &mut buffer) {
                held.extend_from_slice(&buffer[..count]);
            }
            let sent = world.server.send(served, &[&held]).unwrap_or(0);
            held.drain(..sent);
            if let Ok(count) = world.client.receive(own, &mut buffer) {
                heard.extend_from_slice(&buffer[..count]);
            }
            heard.len() >= WORDS.len()
        });
        assert_eq!(heard, WORDS);
    }

    fn accepted(&self, number: u8) -> Option<SocketNumber> {
        let place = usize::from(number).checked_rem(self.accepted.len())?;
        self.accepted.get(place).copied()
    }

    fn perform(&mut self, step: &Step) {
        match step {
            Step::Segment(segment) => segment.send(&self.hub),
            Step::Datagram(datagram) => datagram.send(&self.hub),
            Step::Raw(raw) => raw.send(&self.hub),
            Step::Wait(milliseconds) => self.now += u64::from(*milliseconds) * 1000,
            Step::Echo(number) => {
                let Some(socket) = self.accepted(*number) else { return };
                let mut buffer = [0; 4096];
                if let Ok(count) = self.server.receive(socket, &mut buffer) {
                    let _ = self.server.send(socket, &[&buffer[..count]]);
                }
            }
            Step::Shut(number) => {
                if let Some(socket) = self.accepted(*number) {
                    let _ = self.server.shutdown(socket, Shutdown::Write);
                }
            }
            Step::Close(number) => {
                if let Some(socket) = self.accepted(*number) {
                    self.accepted.retain(|other| *other != socket);
                    self.server.close(socket);
                }
            }
        }
    }
}

fuzz_target!(|steps: Vec<Step>| {
    let mut world = World::new();
    let before = world.connect();
    for step in &steps {
        world.perform(step);
        world.run();
    }
    // Memory that others have filled is theirs as long as the server holds on to them.
    for socket in std::mem::take(&mut world.accepted) {
        world.server.close(socket);
    }
    world.must_echo(before);
    let after = world.connect();
    world.must_echo(after);
});
