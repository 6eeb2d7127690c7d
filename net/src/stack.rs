// SPDX-License-Identifier: Apache-2.0
//! Interfaces and sockets together, and what happens when time passes and frames come.
//!
//! Work is found, not looked for: a frame names its socket, a socket that was used is marked, and one that waits for time is in the
//! order of times. [`Stack::run`] does what there is and returns; it never waits.

mod budget;
mod egress;
mod frames;
mod ingress;
mod readiness;
mod sockets;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use smoltcp::time::{Duration, Instant};

use crate::configuration::{Configuration, Lease, cidr};
use crate::connection::Connection;
use crate::datagrams::Datagrams;
use crate::error::Error;
use crate::frame::Ends;
use crate::frames::Frames;
use crate::link::{Link, LinkId};
use crate::listener::Listener;
use crate::options::Options;
use crate::slab::Slab;
use crate::timers::Timers;
use crate::turns::Turns;
use crate::wire::{Loopback, Wire};

use self::budget::Budget;

pub use budget::Discard;
pub use readiness::Readiness;

/// A socket.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SocketNumber(pub u32);

/// Whose addresses a socket has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Family {
    /// IP, version 4.
    V4,
    /// IP, version 6, and version 4 in addresses of version 6 unless that is forbidden.
    V6,
}

/// What goes through a socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A stream of bytes: TCP.
    Stream,
    /// Datagrams: UDP.
    Datagram,
}

/// How much the stack may have of what others can ask for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes of connections and of what is used of their buffers.
    pub memory: usize,
    /// Connections that somebody has asked for and not confirmed; beyond that the oldest is forgotten.
    pub half_open: usize,
    /// Connections that have ended here and are remembered for a while, lest a late segment of theirs be taken for one of the
    /// next connection.
    pub time_wait: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: 64 * 1024 * 1024, half_open: 1024, time_wait: 256 }
    }
}

/// Fills bytes that nobody can foresee.
pub type Entropy = Box<dyn FnMut(&mut [u8])>;

/// A socket of TCP that is neither connected nor listens.
struct Fresh {
    family: Family,
    at: Option<core::net::SocketAddr>,
    options: Options,
}

/// What a socket is.
enum Socket {
    Fresh(Fresh),
    Listener(Listener),
    Connection(Box<Connection>),
    Datagrams(Box<Datagrams>),
    Frames(Box<Frames>),
}

/// The loopback, the first interface.
const LOOPBACK: LinkId = LinkId(0);

/// The stack.
pub struct Stack {
    links: Vec<Link>,
    sockets: Slab<Socket>,
    connections: BTreeMap<Ends, SocketNumber>,
    listeners: BTreeMap<u16, Vec<SocketNumber>>,
    datagrams: BTreeMap<u16, Vec<SocketNumber>>,
    /// Sockets that have something to do.
    dirty: Turns,
    timers: Timers,
    watched: readiness::Watched,
    half_open: VecDeque<SocketNumber>,
    time_wait: VecDeque<SocketNumber>,
    budget: Budget,
    limits: Limits,
    entropy: Entropy,
    now: Instant,
    /// When the interfaces themselves have something to do.
    links_due: Option<Instant>,
    lease_changed: bool,
}

impl Stack {
    /// A stack with a loopback alone.
    #[must_use]
    pub fn new(limits: Limits, entropy: Entropy) -> Self {
        let mut stack = Self {
            links: Vec::new(),
            sockets: Slab::default(),
            connections: BTreeMap::new(),
            listeners: BTreeMap::new(),
            datagrams: BTreeMap::new(),
            dirty: Turns::default(),
            timers: Timers::default(),
            watched: readiness::Watched::default(),
            half_open: VecDeque::new(),
            time_wait: VecDeque::new(),
            budget: Budget::default(),
            limits,
            entropy,
            now: Instant::ZERO,
            links_due: None,
            lease_changed: false,
        };
        let configuration = Configuration::Static { addresses: vec![], gateways: vec![] };
        stack.add("lo".into(), Box::<Loopback>::default(), &configuration);
        stack.know_own_addresses();
        stack
    }

    /// Adds an interface.
    pub fn add(&mut self, name: String, wire: Box<dyn Wire>, configuration: &Configuration) -> LinkId {
        let mut seed = [0; 8];
        (self.entropy)(&mut seed);
        let link = Link::new(name, wire, configuration, u64::from_ne_bytes(seed), self.now);
        self.links.push(link);
        self.know_own_addresses();
        self.links_due = Some(self.now);
        LinkId((self.links.len() - 1) as u16)
    }

    /// What is sent to an own address goes through the loopback, which has to take it.
    fn know_own_addresses(&mut self) {
        let mut own = vec![(IpAddr::V4(Ipv4Addr::LOCALHOST), 8), (IpAddr::V6(Ipv6Addr::LOCALHOST), 128)];
        for link in self.links.iter().skip(1) {
            own.extend(
                link.addresses().map(|(address, _)| (address, if address.is_ipv4() { 32 } else { 128 })),
            );
        }
        let own = own.into_iter().filter_map(|(address, prefix)| cidr(address, prefix)).collect();
        if let Some(loopback) = self.links.first_mut() {
            loopback.set_told(own);
        }
    }

    /// The interfaces: name, addresses with the lengths of their prefixes, and the wire.
    pub fn interfaces(&self) -> impl Iterator<Item = (&str, Vec<(IpAddr, u8)>, &dyn Wire)> {
        self.links.iter().map(|link| {
            let addresses = if link.name == "lo" {
                // Its others are those of the other interfaces.
                link.addresses().filter(|(address, _)| address.is_loopback()).collect()
            } else {
                link.addresses().collect()
            };
            (link.name.as_str(), addresses, &*link.port.wire)
        })
    }

    /// What the DHCP server of an interface has told.
    #[must_use]
    pub fn lease(&self, link: LinkId) -> Option<&Lease> {
        self.links.get(usize::from(link.0))?.lease.as_ref()
    }

    /// Whether a lease has come, gone or changed since this was last asked.
    pub fn take_lease_changed(&mut self) -> bool {
        core::mem::take(&mut self.lease_changed)
    }

    /// Bytes that sockets take, and how many sockets there are.
    #[must_use]
    pub fn usage(&self) -> (usize, usize) {
        (self.budget.taken, self.sockets.len())
    }

    fn random(&mut self) -> u32 {
        let mut bytes = [0; 4];
        (self.entropy)(&mut bytes);
        u32::from_ne_bytes(bytes)
    }

    /// Does what there is to do at a time, in microseconds. To be called after sockets were used, when a wire has something, and
    /// when it is [due](Self::due).
    pub fn run(&mut self, now: u64) {
        self.now = Instant::from_micros(now as i64);
        for index in 0..self.links.len() {
            if self.links[index].is_back() {
                self.send_what_was_lost(LinkId(index as u16));
            }
        }
        // The loopback brings back what was sent; what goes round longer than this goes on next time.
        for _ in 0..ROUNDS {
            let has_come = self.take_frames();
            self.take_due();
            let has_gone = self.send_all();
            if !has_come && !has_gone {
                break;
            }
        }
        if self.links_due.is_some_and(|due| due <= self.now) {
            self.maintain();
        }
        self.feed_the_starved();
        for link in &mut self.links {
            link.port.wire.flush();
        }
    }

    fn take_due(&mut self) {
        while let Some(socket) = self.timers.take_due(self.now) {
            self.mark(socket);
        }
    }

    fn maintain(&mut self) {
        let mut has_changed = false;
        for link in &mut self.links {
            has_changed |= link.maintain(self.now);
        }
        if has_changed {
            self.lease_changed = true;
            self.know_own_addresses();
        }
        let now = self.now;
        let due = self.links.iter_mut().filter_map(|link| link.due(now)).min();
        self.links_due = due.map(|due| due.max(now + MAINTENANCE));
    }

    /// The time at which there will be something to do, if nothing comes before.
    #[must_use]
    pub fn due(&self) -> Option<u64> {
        if !self.dirty.is_empty() {
            return Some(self.now.total_micros() as u64);
        }
        // Who has room again says so; this is for wires that do not.
        let blocked = self.links.iter().any(|link| !link.blocked.is_empty()).then(|| self.now + AGAIN);
        let first = [self.timers.next(), self.links_due, blocked].into_iter().flatten().min();
        first.map(|at| at.total_micros().max(0) as u64)
    }

    /// Says that a socket has something to do.
    fn mark(&mut self, socket: SocketNumber) {
        self.dirty.push(socket);
    }

    fn connection(&mut self, socket: SocketNumber) -> Option<&mut Connection> {
        match self.sockets.get_mut(socket.0)? {
            Socket::Connection(connection) => Some(connection),
            _ => None,
        }
    }

    fn listener(&mut self, socket: SocketNumber) -> Option<&mut Listener> {
        match self.sockets.get_mut(socket.0)? {
            Socket::Listener(listener) => Some(listener),
            _ => None,
        }
    }

    /// The interface that leads to an address.
    fn route(&self, to: IpAddr) -> Result<LinkId, Error> {
        if to.is_loopback() || self.links.iter().any(|link| link.has(to)) {
            return Ok(LOOPBACK);
        }
        let reaches = self.links.iter().enumerate().skip(1);
        let reaches = reaches.filter_map(|(index, link)| Some((link.leads_to(to)?, index)));
        reaches.min().map(|(_, index)| LinkId(index as u16)).ok_or(Error::Unreachable)
    }

    /// Forgets a socket, with all that knows of it.
    fn forget(&mut self, number: SocketNumber) {
        self.timers.set(number, None);
        self.watched.forget(number);
        match self.sockets.remove(number.0) {
            Some(Socket::Connection(connection)) => {
                self.budget.taken -= connection.footprint.bytes();
                self.budget.starved.remove(&number);
                if self.connections.get(&connection.ends) == Some(&number) {
                    self.connections.remove(&connection.ends);
                }
                self.half_open.retain(|other| *other != number);
                self.time_wait.retain(|other| *other != number);
            }
            Some(Socket::Datagrams(datagrams)) => {
                self.budget.taken -= datagrams.sides.len() * datagrams.options.buffers();
                if let Some(at) = datagrams.at {
                    remove_from(&mut self.datagrams, at.port(), number);
                }
            }
            Some(Socket::Listener(listener)) => remove_from(&mut self.listeners, listener.at.port(), number),
            Some(Socket::Frames(frames)) => self.links[usize::from(frames.link.0)].take_back(),
            Some(Socket::Fresh(_)) | None => {}
        }
    }
}

/// When a socket is looked at again that has something to send and could not.
const AGAIN: Duration = Duration::from_millis(10);
/// How often an interface itself is looked after at most, but for when something comes.
const MAINTENANCE: Duration = Duration::from_millis(100);
/// Rounds of the loopback in one run.
const ROUNDS: usize = 64;

fn remove_from(table: &mut BTreeMap<u16, Vec<SocketNumber>>, port: u16, number: SocketNumber) {
    if let Some(sockets) = table.get_mut(&port) {
        sockets.retain(|other| *other != number);
        if sockets.is_empty() {
            table.remove(&port);
        }
    }
}

#[cfg(test)]
mod tests;
