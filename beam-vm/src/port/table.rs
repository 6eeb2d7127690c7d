// SPDX-License-Identifier: Apache-2.0
//! The table of ports, and which port a stream or program of the platform belongs to.

use alloc::boxed::Box;
use alloc::vec::Vec;

use hashbrown::HashMap;

use super::Port;
use crate::atom::Atom;
use crate::platform::{Event, Interest, ProgramId, SocketId, StreamId};
use crate::term::LocalPort;

/// How many ports there can be, as in stock unless `+Q` says otherwise.
const LIMIT: usize = 65_536;

/// There is no room for one more port.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoRoom;

/// All ports.
#[derive(Debug)]
pub struct Ports {
    ports: HashMap<LocalPort, Box<Port>>,
    /// The port that was taken out, if one was.
    away: Option<LocalPort>,
    next: u64,
    /// Names of ports. Those of processes are in the machine's registry; a name is in one of both at most.
    pub names: HashMap<Atom, LocalPort>,
    /// Whose streams they are.
    pub streams: HashMap<StreamId, LocalPort>,
    /// Whose sockets they are, and what is to be told of each.
    pub sockets: HashMap<SocketId, (LocalPort, Interest)>,
    /// Who started them.
    pub programs: HashMap<ProgramId, LocalPort>,
    /// What has happened outside, while it is looked through.
    pub events: Vec<Event>,
    /// Where bytes are read to before they are sent.
    pub buffer: Vec<u8>,
    /// Whether signals are told, so that something can always happen.
    pub hears_signals: bool,
    /// The millisecond in which the platform was asked last.
    pub looked_at: u64,
    /// Bytes that all ports have read and written.
    pub traffic: (u64, u64),
}

impl Default for Ports {
    fn default() -> Self {
        Self {
            ports: HashMap::new(),
            away: None,
            // 0 is the port of stock's program that starts programs.
            next: 1,
            names: HashMap::new(),
            streams: HashMap::new(),
            sockets: HashMap::new(),
            programs: HashMap::new(),
            events: Vec::new(),
            buffer: Vec::new(),
            hears_signals: false,
            looked_at: 0,
            traffic: (0, 0),
        }
    }
}

impl Ports {
    /// How many ports there can be.
    #[must_use]
    pub const fn limit(&self) -> usize {
        LIMIT
    }

    /// How many ports there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.ports.len() + usize::from(self.away.is_some())
    }

    /// An identifier that no port has.
    ///
    /// # Errors
    /// [`NoRoom`].
    pub fn new_id(&mut self) -> Result<LocalPort, NoRoom> {
        if self.count() >= LIMIT {
            return Err(NoRoom);
        }
        loop {
            let id = LocalPort(self.next);
            self.next = (self.next + 1) & LocalPort::NUMBER_MAX;
            if !self.ports.contains_key(&id) && self.away != Some(id) {
                return Ok(id);
            }
        }
    }

    /// Puts a port in.
    pub fn put(&mut self, port: Box<Port>) {
        if self.away == Some(port.id) {
            self.away = None;
        }
        self.ports.insert(port.id, port);
    }

    /// Takes a port out, to work with it.
    pub fn take(&mut self, id: LocalPort) -> Option<Box<Port>> {
        let port = self.ports.remove(&id)?;
        self.away = Some(id);
        Some(port)
    }

    /// Forgets a port that was taken out.
    pub fn forget(&mut self, id: LocalPort) {
        if self.away == Some(id) {
            self.away = None;
        }
    }

    /// A port.
    #[must_use]
    pub fn get(&self, id: LocalPort) -> Option<&Port> {
        self.ports.get(&id).map(|port| &**port)
    }

    /// A port.
    pub fn get_mut(&mut self, id: LocalPort) -> Option<&mut Port> {
        self.ports.get_mut(&id).map(|port| &mut **port)
    }

    /// All ports in the order of their numbers.
    #[must_use]
    pub fn ids(&self) -> Vec<LocalPort> {
        let mut ids: Vec<LocalPort> = self.ports.keys().copied().collect();
        ids.sort_unstable();
        ids
    }

    /// Whether anything can happen outside that is of interest.
    #[must_use]
    pub fn is_anything_outside(&self) -> bool {
        let has_files = !self.streams.is_empty() || !self.sockets.is_empty();
        self.hears_signals || has_files || !self.programs.is_empty()
    }

    /// Whether something that was written is not out yet.
    #[must_use]
    pub fn has_backlog(&self) -> bool {
        self.ports.values().any(|port| port.backlog() > 0)
    }

    /// Gives up all that waits to be written.
    pub fn drop_backlogs(&mut self) {
        for port in self.ports.values_mut() {
            port.driver.drop_backlog();
        }
    }
}
