// SPDX-License-Identifier: Apache-2.0
//! What goes: sockets that have something to do send as long as there is room, and say when they have to be looked at again.

use alloc::vec::Vec;

use smoltcp::iface::{PollResult, SocketSet};
use smoltcp::socket::tcp::State;
use smoltcp::time::Instant;

use super::{AGAIN, Socket, SocketNumber, Stack};
use crate::connection::Cause;
use crate::link::{Link, LinkId};

/// Segments that one socket sends before others have their turn.
const BURST: usize = 32;

/// What sending has come to.
enum Sent {
    /// There is nothing to send now; when there may be.
    All(Option<Instant>),
    /// There is more.
    Some,
    /// The wire has no room.
    Full,
}

/// Sends what a set has, some segments at most.
fn send(link: &mut Link, set: &mut SocketSet<'_>, number: SocketNumber, now: Instant) -> (Sent, bool) {
    let mut has_sent = false;
    for _ in 0..BURST {
        let due = match link.interface.poll_at(now, set) {
            None => return (Sent::All(None), has_sent),
            Some(due) if due > now => return (Sent::All(Some(due)), has_sent),
            Some(due) => due,
        };
        if !link.port.wire.can_send() {
            return (Sent::Full, has_sent);
        }
        let before = link.port.sent;
        let result = link.interface.poll_egress(now, &mut link.port, set);
        if link.port.sent == before {
            // Most likely it waits for a hardware address, of which the answer tells.
            link.unresolved.push(number);
        }
        match result {
            PollResult::SocketStateChanged => has_sent = true,
            PollResult::None => {
                let again = link.interface.poll_at(now, set).unwrap_or(due);
                return (Sent::All(Some(again.max(now + AGAIN))), has_sent);
            }
        }
    }
    (Sent::Some, has_sent)
}

impl Stack {
    /// Lets all sockets send that have something. Says whether any has.
    pub(super) fn send_all(&mut self) -> bool {
        let mut has_sent = self.send_blocked();
        // Those that are marked meanwhile have their turn after those that are now.
        for _ in 0..self.dirty.len() {
            let Some(number) = self.dirty.pop() else { break };
            has_sent |= self.send_one(number);
        }
        has_sent
    }

    /// Lets all connections of a wire that is there again send what they have sent in vain. Their own clocks go slower with each attempt, so that they might
    /// wait as long again as it was away.
    pub(super) fn send_what_was_lost(&mut self, link: LinkId) {
        let now = self.now;
        for number in self.connections.values().copied().collect::<Vec<_>>() {
            if let Some(connection) = self.connection(number)
                && connection.link == link
            {
                connection.flight.take_for_lost(now);
                self.mark(number);
            }
        }
    }

    /// Lets those send that have waited for room on a wire, as far as there is some now.
    fn send_blocked(&mut self) -> bool {
        let mut has_sent = false;
        for index in 0..self.links.len() {
            while let Some(link) = self.links.get_mut(index)
                && !link.blocked.is_empty()
                && link.port.wire.can_send()
                && let Some(number) = link.blocked.pop()
            {
                has_sent |= self.send_one(number);
            }
        }
        has_sent
    }

    fn send_one(&mut self, number: SocketNumber) -> bool {
        match self.sockets.get(number.0) {
            Some(Socket::Connection(_)) => self.send_connection(number),
            Some(Socket::Datagrams(_)) => self.send_datagrams(number),
            Some(Socket::Frames(_)) => self.send_frames(number),
            Some(Socket::Fresh(_) | Socket::Listener(_)) | None => false,
        }
    }

    fn send_connection(&mut self, number: SocketNumber) -> bool {
        let now = self.now;
        let Some(Socket::Connection(connection)) = self.sockets.get_mut(number.0) else { return false };
        let link = &mut self.links[usize::from(connection.link.0)];
        if connection.flight.is_late(now) {
            link.tell_of_loss(connection, now);
        }
        link.port.highest = connection.flight.highest;
        let (sent, has_sent) = send(link, &mut connection.set, number, now);
        connection.flight.highest = link.port.highest;
        connection.flight.sent(now);
        match sent {
            Sent::All(due) => {
                let due = [due, connection.flight.deadline()].into_iter().flatten().min();
                self.timers.set(number, due);
            }
            Sent::Some => self.mark(number),
            Sent::Full => {
                link.blocked.push(number);
                self.timers.set(number, connection.flight.deadline());
            }
        }
        self.settle(number, Cause::Own);
        has_sent
    }

    fn send_datagrams(&mut self, number: SocketNumber) -> bool {
        let now = self.now;
        let Some(Socket::Datagrams(datagrams)) = self.sockets.get_mut(number.0) else { return false };
        let (mut due, mut is_more, mut has_sent) = (None::<Instant>, false, false);
        for (id, side) in &mut datagrams.sides {
            let LinkId(index) = *id;
            let link = &mut self.links[usize::from(index)];
            let (sent, some) = send(link, &mut side.set, number, now);
            has_sent |= some;
            match sent {
                Sent::All(at) => due = [due, at].into_iter().flatten().min(),
                Sent::Some => is_more = true,
                Sent::Full => link.blocked.push(number),
            }
        }
        let is_over = datagrams.is_orphan && !datagrams.is_sending();
        self.timers.set(number, due);
        if is_over {
            self.forget(number);
        } else if is_more {
            self.mark(number);
        }
        self.watched.touch(number);
        has_sent
    }

    /// Notes what has become of a connection, and does what follows.
    pub(super) fn settle(&mut self, number: SocketNumber, cause: Cause) {
        let now = self.now;
        let Some(connection) = self.connection(number) else { return };
        let observed = connection.observe(cause, now);
        let is_reset = connection.refuses_data();
        let (state, is_orphan, listener) = (connection.state(), connection.is_orphan, connection.listener);
        self.watched.touch(number);
        if observed.patience {
            self.mark(number);
        }
        if let Some(listener) = listener {
            self.settle_half_open(number, listener, state);
            return;
        }
        if is_reset {
            // The reset is sent before the connection is forgotten.
            self.mark(number);
            return;
        }
        match state {
            State::Closed if is_orphan && !self.dirty.contains(number) => self.forget(number),
            State::TimeWait if is_orphan && observed.state => {
                self.time_wait.push_back(number);
                if self.time_wait.len() > self.limits.time_wait
                    && let Some(oldest) = self.time_wait.pop_front()
                {
                    self.forget(oldest);
                }
            }
            _ => {}
        }
    }

    /// A connection that was asked for is confirmed, or not.
    fn settle_half_open(&mut self, number: SocketNumber, listener: SocketNumber, state: State) {
        match state {
            State::Listen | State::SynReceived => {}
            State::Closed => self.forget(number),
            _ => {
                self.half_open.retain(|other| *other != number);
                if let Some(connection) = self.connection(number) {
                    connection.listener = None;
                }
                match self.listener(listener) {
                    Some(listening) => {
                        listening.ready.push_back(number);
                        self.watched.touch(listener);
                    }
                    // Nobody will accept it.
                    None => self.abort(number),
                }
            }
        }
    }

    /// Gives a connection up, tells the other end, and forgets it.
    pub(super) fn abort(&mut self, number: SocketNumber) {
        if let Some(connection) = self.connection(number) {
            connection.abort();
            connection.is_orphan = true;
            self.mark(number);
        }
    }
}
