// SPDX-License-Identifier: Apache-2.0
//! One TCP connection: a set of smoltcp's with one socket in it, and what has become of it.

use alloc::vec;
use alloc::vec::Vec;

use smoltcp::iface::{SocketHandle, SocketSet};
use smoltcp::socket::tcp;
use smoltcp::time::{Duration, Instant};

use crate::congestion::Congestion;
use crate::error::Error;
use crate::flight::Flight;
use crate::footprint::Footprint;
use crate::frame::Ends;
use crate::link::LinkId;
use crate::options::{Options, SEND_BUFFER_LEAST, SendBuffer};
use crate::stack::{Discard, Family, SocketNumber};

/// How long a connection that nobody uses any more may take to end.
const ORPHAN: Duration = Duration::from_secs(60);
/// How long the other end may take to answer while a connection is made, which is Linux's patience.
const CONNECTING: Duration = Duration::from_secs(130);
/// How long it may take to confirm one that it has asked for.
const HALF_OPEN: Duration = Duration::from_secs(20);
/// How often it is asked whether it is still there, if it is to be asked.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long it may take to confirm what was sent, or to answer whether it is still there.
const ESTABLISHED: Duration = Duration::from_secs(900);

/// Where a change of a connection came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// A segment of the other end.
    Segment,
    /// Time, or something that was done here.
    Own,
}

/// What is different from when a connection was looked at before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Observed {
    /// Its state.
    pub state: bool,
    /// How long it waits for the other end, so that it may be due at another time.
    pub patience: bool,
}

/// A connection.
pub struct Connection {
    /// smoltcp's set.
    pub set: SocketSet<'static>,
    handle: SocketHandle,
    /// The interface.
    pub link: LinkId,
    /// Both ends.
    pub ends: Ends,
    /// How its addresses are shown.
    pub family: Family,
    /// The listener of a connection that was not accepted yet.
    pub listener: Option<SocketNumber>,
    /// What it has sent.
    pub flight: Flight,
    /// What it takes of the stack's memory.
    pub footprint: Footprint,
    /// What is said of it.
    pub options: Options,
    /// Nobody uses it any more.
    pub is_orphan: bool,
    /// Nothing more is received.
    pub is_deaf: bool,
    /// It was there at some time.
    was_established: bool,
    /// When the other end was last heard.
    heard: Instant,
    /// Whether it is noticed when the other end says nothing.
    is_impatient: bool,
    /// Why it has ended, until somebody is told.
    failure: Option<Error>,
    state: tcp::State,
}

impl Connection {
    /// A connection that is not one yet. `packet` is how many bytes go at once of which the device makes segments.
    pub fn new(link: LinkId, ends: Ends, family: Family, options: Options, packet: u32) -> Self {
        let receive = tcp::SocketBuffer::new(vec![0; options.receive_buffer]);
        let send = tcp::SocketBuffer::new(vec![0; options.send_buffer.most()]);
        let mut socket = tcp::Socket::new(receive, send);
        socket.set_timeout(Some(CONNECTING));
        let is_within = ends.local.ip() == ends.remote.ip() || ends.remote.ip().is_loopback();
        if is_within {
            // Both ends have better to do than to wait for each other.
            socket.set_ack_delay(None);
        }
        let mut set = SocketSet::new(Vec::with_capacity(1));
        let handle = set.add(socket);
        let mut connection = Self {
            set,
            handle,
            link,
            ends,
            family,
            listener: None,
            flight: Flight::new(options.receive_buffer, (!is_within).then(|| Congestion::new(packet))),
            footprint: Footprint::new(options.receive_buffer, options.send_buffer.most()),
            options,
            is_orphan: false,
            is_deaf: false,
            was_established: false,
            heard: Instant::ZERO,
            is_impatient: true,
            failure: None,
            state: tcp::State::Closed,
        };
        connection.apply(options);
        connection
    }

    /// smoltcp's socket.
    pub fn socket(&mut self) -> &mut tcp::Socket<'static> {
        self.set.get_mut(self.handle)
    }

    fn socket_ref(&self) -> &tcp::Socket<'static> {
        self.set.get(self.handle)
    }

    /// Its state when it was last looked at.
    pub const fn state(&self) -> tcp::State {
        self.state
    }

    /// Says what is to be so from now on. The sizes of its buffers stay.
    pub fn apply(&mut self, options: Options) {
        let (send_buffer, receive_buffer) = (self.options.send_buffer, self.options.receive_buffer);
        self.options = Options { send_buffer, receive_buffer, ..options };
        let socket = self.socket();
        socket.set_nagle_enabled(!options.no_delay);
        socket.set_hop_limit(Some(options.time_to_live.max(1)));
        socket.set_keep_alive(options.keep_alive.then_some(KEEP_ALIVE));
    }

    /// It waits for the segment that asks for it.
    pub fn expect(&mut self, listener: SocketNumber) -> bool {
        self.listener = Some(listener);
        let local = self.ends.local;
        let socket = self.socket();
        socket.set_timeout(Some(HALF_OPEN));
        socket.listen(local).is_ok()
    }

    /// Sees to it that a connection of which nothing is expected may be silent for ever. smoltcp counts from when the other end was heard.
    /// Says whether that is different from before.
    fn settle_patience(&mut self, now: Instant) -> bool {
        use tcp::State;
        if !self.was_established || self.is_orphan {
            return false;
        }
        let expects = self.options.keep_alive
            || self.socket_ref().send_queue() > 0
            || matches!(self.state, State::FinWait1 | State::LastAck | State::Closing);
        if expects == self.is_impatient {
            return false;
        }
        self.is_impatient = expects;
        // For what is sent smoltcp counts from when that begins.
        let counts_from = if self.socket_ref().send_queue() > 0 { now } else { self.heard.min(now) };
        self.socket().set_timeout(expects.then_some(ESTABLISHED + (now - counts_from)));
        true
    }

    /// Notes what has become of it at a time.
    pub fn observe(&mut self, cause: Cause, time: Instant) -> Observed {
        use tcp::State;
        if cause == Cause::Segment {
            self.heard = time;
        }
        let (before, now) = (self.state, self.socket_ref().state());
        self.state = now;
        if now == State::Established && !self.was_established {
            self.was_established = true;
            self.is_impatient = true;
            self.socket().set_timeout(Some(ESTABLISHED));
        }
        let patience = self.settle_patience(time);
        if before == now {
            return Observed { state: false, patience };
        }
        if now == State::Closed {
            self.failure = match (before, cause) {
                (State::SynSent, Cause::Segment) => Some(Error::Refused),
                (State::LastAck | State::TimeWait | State::Closing | State::Listen, _) => None,
                (_, Cause::Segment) => Some(Error::Reset),
                (_, Cause::Own) => Some(Error::TimedOut),
            };
        }
        Observed { state: true, patience }
    }

    /// It has ended by our own will: there is nothing to be told.
    pub fn abort(&mut self) {
        self.socket().abort();
        self.state = tcp::State::Closed;
    }

    /// Nobody uses it any more; what was not sent is, within some time.
    pub fn abandon(&mut self) {
        self.is_orphan = true;
        let socket = self.socket();
        socket.set_timeout(Some(ORPHAN));
        if socket.recv_queue() > 0 {
            // Who has sent what nobody has read is told so (RFC 2525, section 2.17).
            self.abort();
        } else {
            socket.close();
        }
    }

    /// Ends it if something has come that nobody will read, since it was closed: whoever sends that is told by a reset (RFC 1122, section 4.2.2.13). Tells whether
    /// it has ended so.
    pub fn refuses_data(&mut self) -> bool {
        let is_refused =
            self.is_orphan && self.state != tcp::State::Closed && self.socket_ref().recv_queue() > 0;
        if is_refused {
            self.abort();
        }
        is_refused
    }

    /// How making it has ended.
    pub fn outcome(&mut self) -> Result<(), Error> {
        match self.failure.take() {
            Some(failure) => Err(failure),
            None if self.was_established => Ok(()),
            None if self.state == tcp::State::Closed => Err(Error::NotConnected),
            None => Err(Error::NotNow),
        }
    }

    /// Whether there is something to be learned by reading.
    pub fn is_readable(&self) -> bool {
        let socket = self.socket_ref();
        let is_being_made = matches!(self.state, tcp::State::SynSent | tcp::State::SynReceived);
        self.is_deaf || socket.can_recv() || (!socket.may_recv() && !is_being_made)
    }

    /// Whether there is room to write, or something to be learned by it.
    pub fn is_writable(&self) -> bool {
        let socket = self.socket_ref();
        match self.state {
            tcp::State::SynSent | tcp::State::SynReceived => false,
            _ if socket.may_send() => {
                let limit = self.send_limit();
                limit.saturating_sub(socket.send_queue()) >= limit / 3
            }
            _ => true,
        }
    }

    /// Bytes that may wait to be sent.
    fn send_limit(&self) -> usize {
        let capacity = self.socket_ref().send_capacity();
        match self.options.send_buffer {
            SendBuffer::Tuned => self.flight.worth_queueing().max(SEND_BUFFER_LEAST).min(capacity),
            SendBuffer::Bytes(_) => capacity,
        }
    }

    /// Reads bytes; none at the end.
    pub fn receive(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        if self.is_deaf {
            return Ok(0);
        }
        let is_being_made = matches!(self.state, tcp::State::SynSent | tcp::State::SynReceived);
        let socket = self.socket();
        if !socket.can_recv() && (socket.may_recv() || is_being_made) {
            return Err(Error::NotNow);
        }
        match socket.recv_slice(buffer) {
            Ok(count) => Ok(count),
            Err(tcp::RecvError::Finished) => Ok(0),
            Err(tcp::RecvError::InvalidState) => match self.failure.take() {
                Some(failure) => Err(failure),
                None if self.was_established => Ok(0),
                None => Err(Error::NotConnected),
            },
        }
    }

    /// Writes as many bytes as there is room for, and `most` at most.
    pub fn send(&mut self, pieces: &[&[u8]], most: usize) -> Result<usize, Error> {
        let is_being_made = matches!(self.state, tcp::State::SynSent | tcp::State::SynReceived);
        let most = most.min(self.send_limit().saturating_sub(self.socket_ref().send_queue()));
        let socket = self.socket();
        let mut sent = 0;
        for piece in pieces {
            let part = &piece[..piece.len().min(most - sent)];
            match socket.send_slice(part) {
                Ok(count) => {
                    sent += count;
                    if count < piece.len() {
                        break;
                    }
                }
                Err(tcp::SendError::InvalidState) if is_being_made => return Err(Error::NotNow),
                Err(tcp::SendError::InvalidState) => {
                    return Err(self.failure.take().unwrap_or(if self.was_established {
                        Error::Pipe
                    } else {
                        Error::NotConnected
                    }));
                }
            }
        }
        let is_full = sent == 0 && pieces.iter().any(|piece| !piece.is_empty());
        if is_full { Err(Error::NotNow) } else { Ok(sent) }
    }

    /// Gives back what an empty buffer for sending has. Tells how many bytes.
    pub fn release(&mut self, discard: &mut Discard) -> usize {
        if !self.footprint.has_idle_memory() || self.socket_ref().send_queue() > 0 {
            return 0;
        }
        // An empty buffer is shown whole.
        let shown = self.socket().send(|buffer| {
            discard(buffer);
            (0, ())
        });
        if shown.is_err() {
            return 0;
        }
        let before = self.footprint.bytes();
        self.footprint.released();
        before - self.footprint.bytes()
    }
}
