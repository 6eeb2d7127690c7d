// SPDX-License-Identifier: Apache-2.0
//! What comes: each frame is given to the socket that it names, and to nobody else.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::IpAddr;

use smoltcp::socket::tcp::State;

use super::{LinkId, Socket, SocketNumber, Stack};
use crate::connection::{Cause, Connection};
use crate::frame::{Class, Ends, Flags};

/// Frames that are taken from each wire before what they lead to is done.
const BURST: usize = 64;
/// The port of a client of DHCP.
const DHCP_CLIENT: u16 = 68;

impl Stack {
    /// Takes frames from all wires. Says whether there were any.
    pub(super) fn take_frames(&mut self) -> bool {
        let mut has_come = false;
        for index in 0..self.links.len() {
            if let Some(socket) = self.links[index].frames {
                has_come |= self.take_whole_frames(socket);
                continue;
            }
            for _ in 0..BURST {
                let Some(class) = self.links[index].port.fetch() else { break };
                has_come = true;
                self.take_frame(LinkId(index as u16), class);
            }
        }
        has_come
    }

    fn take_frame(&mut self, link: LinkId, class: Class) {
        let index = usize::from(link.0);
        match class {
            Class::Tcp(ends, flags) => self.take_segment(link, ends, flags),
            Class::Udp(ends, pieces) => {
                if let Some(pieces) = pieces {
                    self.links[index].remember(pieces, ends);
                }
                self.take_datagram(link, ends);
            }
            Class::Piece(pieces) => match self.links[index].whose(pieces) {
                Some(ends) => self.take_datagram(link, ends),
                None => self.links[index].answer(self.now),
            },
            Class::Refused(ends) => self.take_refusal(ends),
            Class::Neighbor => {
                self.links[index].answer(self.now);
                for waiting in core::mem::take(&mut self.links[index].unresolved) {
                    self.mark(waiting);
                }
            }
            Class::Router => {
                if self.links[index].hear_router(self.now) {
                    self.know_own_addresses();
                }
                self.links_due = Some(self.now);
            }
            Class::Other => {
                self.links[index].answer(self.now);
                // A membership of a group may have to be told.
                self.links_due = Some(self.now);
            }
        }
    }

    fn take_segment(&mut self, link: LinkId, ends: Ends, flags: Flags) {
        if let Some(number) = self.connections.get(&ends).copied() {
            let is_over =
                self.connection(number).is_some_and(|connection| connection.state() == State::TimeWait);
            if !(is_over && flags.opens) {
                if !self.has_to_wait(number, flags) {
                    self.give_segment(link, number, flags);
                }
                return;
            }
            // The other end begins anew: what is remembered of the last connection is of no use any more.
            self.forget_or_detach(number);
        }
        if flags.opens
            && let Some(listener) = self.listener_for(ends)
        {
            self.open_half(link, listener, ends, flags);
            return;
        }
        self.links[usize::from(link.0)].answer(self.now);
    }

    /// Whether a segment confirms a connection while there is no room for another one that waits to be accepted. It is as if it had not come: the other
    /// end is asked again, or sends again what it has sent.
    fn has_to_wait(&mut self, number: SocketNumber, flags: Flags) -> bool {
        let Some(listener) = self.connection(number).and_then(|connection| connection.listener) else {
            return false;
        };
        !flags.opens && !flags.resets && self.listener(listener).is_some_and(|listener| !listener.has_room())
    }

    /// Forgets a connection, unless somebody still has it: then its name is free at least.
    fn forget_or_detach(&mut self, number: SocketNumber) {
        let Some(connection) = self.connection(number) else { return };
        let (ends, is_orphan) = (connection.ends, connection.is_orphan);
        if is_orphan {
            self.forget(number);
        } else {
            self.connections.remove(&ends);
        }
    }

    fn listener_for(&mut self, ends: Ends) -> Option<SocketNumber> {
        let candidates = self.listeners.get(&ends.local.port())?.clone();
        let taking = candidates
            .into_iter()
            .filter(|number| self.listener(*number).is_some_and(|listener| listener.takes(ends.local.ip())));
        let taking: Vec<SocketNumber> = taking.collect();
        // One at this very address comes before one at all.
        let exact = taking.iter().find(|number| {
            self.listener(**number).is_some_and(|listener| !listener.at.ip().is_unspecified())
        });
        exact.or(taking.first()).copied()
    }

    /// Somebody asks for a connection. When there is no room the segment is dropped, and it will be asked again.
    fn open_half(&mut self, link: LinkId, number: SocketNumber, ends: Ends, flags: Flags) {
        if !self.is_own(link, ends.local.ip()) {
            self.links[usize::from(link.0)].answer(self.now);
            return;
        }
        let Some(listener) = self.listener(number).filter(|listener| listener.has_room()) else { return };
        let (family, options) = (listener.family, listener.options);
        while self.half_open.len() >= self.limits.half_open {
            let Some(oldest) = self.half_open.front().copied() else { break };
            self.forget(oldest);
        }
        let packet = self.links[usize::from(link.0)].port.packet_size(ends);
        let mut connection = Connection::new(link, ends, family, options, packet);
        if !connection.expect(number) || self.take_memory(connection.footprint.bytes()).is_err() {
            return;
        }
        let child = SocketNumber(self.sockets.insert(Socket::Connection(Box::new(connection))));
        self.connections.insert(ends, child);
        self.half_open.push_back(child);
        self.give_segment(link, child, flags);
    }

    fn is_own(&self, link: LinkId, address: IpAddr) -> bool {
        self.links[usize::from(link.0)].has(address)
    }

    /// Gives a segment to its connection, if there is memory for what it brings.
    fn give_segment(&mut self, link: LinkId, number: SocketNumber, flags: Flags) {
        let now = self.now;
        if !flags.resets && !self.admit(number, flags.payload) {
            return;
        }
        let Some(Socket::Connection(connection)) = self.sockets.get_mut(number.0) else { return };
        let link = &mut self.links[usize::from(link.0)];
        let guidance = connection.flight.hear(flags, link.port.longest_segment(connection.ends), now);
        link.port.narrow(guidance.window);
        link.port.show();
        link.port.highest = connection.flight.highest;
        link.interface.poll_ingress_single(now, &mut link.port, &mut connection.set);
        connection.flight.highest = link.port.highest;
        if guidance.is_another {
            link.tell_of_loss(connection, now);
        }
        self.settle(number, Cause::Segment);
        self.mark(number);
    }

    /// Gives a datagram to those for whom it is: one, or all if it is for a group.
    fn take_datagram(&mut self, link: LinkId, ends: Ends) {
        let index = usize::from(link.0);
        if ends.local.port() == DHCP_CLIENT && self.links[index].answer_dhcp(self.now) {
            self.links_due = Some(self.now);
            return;
        }
        let is_for_all = ends.local.ip().is_multicast()
            || matches!(ends.local.ip(), IpAddr::V4(address) if address.is_broadcast());
        let candidates = self.datagrams.get(&ends.local.port()).cloned().unwrap_or_default();
        let mut taking = candidates.into_iter().filter(|number| match self.sockets.get(number.0) {
            Some(Socket::Datagrams(datagrams)) => datagrams.takes(ends.local, ends.remote),
            _ => false,
        });
        let taking: Vec<SocketNumber> = if is_for_all {
            taking.collect()
        } else {
            // One that is connected to the sender comes before one that is not.
            let all: Vec<SocketNumber> = taking.by_ref().collect();
            let connected = all.iter().find(|number| match self.sockets.get(number.0) {
                Some(Socket::Datagrams(datagrams)) => datagrams.peer.is_some(),
                _ => false,
            });
            connected.or(all.first()).copied().into_iter().collect()
        };
        if taking.is_empty() {
            self.links[index].answer(self.now);
        }
        for number in taking {
            self.give_datagram(link, number);
        }
    }

    /// Notes that nobody has taken a datagram, if it was sent by a socket that is connected to its destination: others are not told (RFC 1122, 4.1.3.3).
    fn take_refusal(&mut self, ends: Ends) {
        let candidates = self.datagrams.get(&ends.local.port()).cloned().unwrap_or_default();
        for number in candidates {
            if let Some(Socket::Datagrams(datagrams)) = self.sockets.get_mut(number.0)
                && datagrams.has_sent(ends)
            {
                datagrams.is_refused = true;
                self.watched.touch(number);
            }
        }
    }

    fn give_datagram(&mut self, link: LinkId, number: SocketNumber) {
        let now = self.now;
        if self.make_side(number, link).is_err() {
            return;
        }
        let Some(Socket::Datagrams(datagrams)) = self.sockets.get_mut(number.0) else { return };
        let Some(side) = datagrams.side(link) else { return };
        let link = &mut self.links[usize::from(link.0)];
        link.port.show_datagram();
        link.interface.poll_ingress_single(now, &mut link.port, &mut side.set);
        self.watched.touch(number);
    }
}
