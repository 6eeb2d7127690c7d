// SPDX-License-Identifier: Apache-2.0
//! A wire on which are a server, a client, and others, who answer to any address but those of the two and remember what the server has told them.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::net::Ipv4Addr;
use std::rc::Rc;

use net::Wire;
use net::wire::{Medium, Meta, Offload, Sum};

/// The two ends that are stacks.
pub const SERVER: usize = 0;
pub const CLIENT: usize = 1;
pub const ADDRESSES: [Ipv4Addr; 2] = [Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2)];

/// Bytes of an Ethernet header.
pub const ETHERNET: usize = 14;
const IP: usize = 20;

/// Who speaks with the server in a connection: last byte of the address, port, and the server's port.
pub type Party = (u8, u16, u16);

/// What the server said last to one of the others.
#[derive(Clone, Copy, Default, Debug)]
pub struct Heard {
    /// The number that it sends next.
    pub next: u32,
    /// What it awaits.
    pub awaited: u32,
}

#[derive(Default)]
struct Inner {
    waiting: [VecDeque<(Vec<u8>, Sum)>; 2],
    heard: BTreeMap<Party, Heard>,
}

/// The wire.
#[derive(Clone, Default)]
pub struct Hub(Rc<RefCell<Inner>>);

/// The Ethernet address of an end.
pub fn hardware(end: usize) -> [u8; 6] {
    [2, 0, 0, 0, 0, ADDRESSES[end].octets()[3]]
}

impl Hub {
    /// An end of it for a stack.
    pub fn end(&self, own: usize) -> End {
        End { hub: self.clone(), own }
    }

    /// Whether nothing is on its way.
    pub fn is_quiet(&self) -> bool {
        self.0.borrow().waiting.iter().all(VecDeque::is_empty)
    }

    /// What the server has said to one of the others.
    pub fn heard(&self, party: Party) -> Heard {
        self.0.borrow().heard.get(&party).copied().unwrap_or_default()
    }

    /// Brings a frame to the server, unless it speaks of the client.
    pub fn attack(&self, frame: Vec<u8>, sum: Sum) {
        let client = ADDRESSES[CLIENT].octets();
        if !frame.windows(4).any(|window| window == client) {
            self.0.borrow_mut().waiting[SERVER].push_back((frame, sum));
        }
    }

    /// One of the others hears the server.
    fn hear(&self, frame: &[u8]) {
        match frame.get(12..ETHERNET) {
            Some([8, 6]) => self.answer_who_has(frame),
            Some([8, 0]) => {
                let Some([6, ..]) = frame.get(ETHERNET + 9..) else { return };
                let Some(tcp) = frame.get(ETHERNET + IP..ETHERNET + IP + 20) else { return };
                let half = |at: usize| u16::from_be_bytes([tcp[at], tcp[at + 1]]);
                let word = |at: usize| u32::from_be_bytes([tcp[at], tcp[at + 1], tcp[at + 2], tcp[at + 3]]);
                let total = usize::from(u16::from_be_bytes([frame[ETHERNET + 2], frame[ETHERNET + 3]]));
                let payload = total.saturating_sub(IP + usize::from(tcp[12] >> 4) * 4);
                let opens_or_ends = u32::from(tcp[13] & 3 != 0);
                let heard =
                    Heard { next: word(4).wrapping_add(payload as u32 + opens_or_ends), awaited: word(8) };
                self.0.borrow_mut().heard.insert((frame[ETHERNET + 19], half(2), half(0)), heard);
            }
            _ => {}
        }
    }

    /// A request of ARP (RFC 826) for any address but the client's has an answer.
    fn answer_who_has(&self, frame: &[u8]) {
        let Some(request) = frame.get(ETHERNET..ETHERNET + 28) else { return };
        let wanted = &request[24..28];
        if request[7] != 1 || wanted == ADDRESSES[CLIENT].octets() {
            return;
        }
        let other = [2, 0, 0, 0, 1, wanted[3]];
        let mut answer =
            [&hardware(SERVER)[..], &other, &[8, 6], &request[..6], &[0, 2], &other, wanted].concat();
        answer.extend_from_slice(&request[8..18]);
        self.0.borrow_mut().waiting[SERVER].push_back((answer, Sum::There));
    }
}

/// An end of the wire.
pub struct End {
    hub: Hub,
    own: usize,
}

impl Wire for End {
    fn medium(&self) -> Medium {
        Medium::Ethernet(hardware(self.own))
    }

    fn mtu(&self) -> usize {
        1500
    }

    fn offload(&self) -> Offload {
        Offload::default()
    }

    fn is_up(&self) -> bool {
        true
    }

    fn can_send(&mut self) -> bool {
        true
    }

    fn send(&mut self, frame: &[u8], _: Meta) {
        let other = 1 - self.own;
        let to = frame.get(..6).unwrap_or_default();
        if to == hardware(other) || to.first().is_some_and(|first| first & 1 != 0) {
            self.hub.0.borrow_mut().waiting[other].push_back((frame.to_vec(), Sum::There));
        }
        if self.own == SERVER && to != hardware(other) {
            self.hub.hear(frame);
        }
    }

    fn receive(&mut self, into: &mut Vec<u8>) -> Option<Meta> {
        let (frame, sum) = self.hub.0.borrow_mut().waiting[self.own].pop_front()?;
        *into = frame;
        Some(Meta { sum, segment: None })
    }
}
