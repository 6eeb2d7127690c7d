// SPDX-License-Identifier: Apache-2.0
//! What the drivers of sockets have in common.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::Request;
use super::statistics::Statistics;
use crate::packet::{Limits, Packet};
use crate::platform::{Address, Family, SocketId, SocketKind};
use crate::port::Form;
use crate::term::LocalPid;

/// How far a socket is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// There is none.
    Closed,
    /// It can be connected or listen.
    Open,
    /// It is being connected.
    Connecting,
    /// Data can go through it.
    Connected,
    /// Others can connect to it.
    Listening,
}

/// Whether what comes is sent to the owner as it comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Active {
    /// Only what is asked for.
    Passive,
    /// All.
    Always,
    /// One packet.
    Once,
    /// So many packets.
    Count(i16),
}

impl Active {
    /// Whether anything is sent.
    #[must_use]
    pub const fn is_any(self) -> bool {
        !matches!(self, Self::Passive)
    }
}

/// In what form the owner is sent what comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deliver {
    /// `{Port, {data, Data}}`, as other ports do.
    Port,
    /// `{tcp, Port, Data}` and the like.
    Term,
}

/// The limits of signals that wait at a port. They are kept for who asks; signals never wait here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Watermarks {
    /// Where senders begin to wait.
    pub high: i32,
    /// Where they go on.
    pub low: i32,
}

/// Default watermarks, of signals and of bytes.
pub const WATERMARKS: Watermarks = Watermarks { high: 8192, low: 4096 };

/// What was asked to come beside datagrams.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Beside {
    /// The type of service.
    pub type_of_service: bool,
    /// The traffic class.
    pub traffic_class: bool,
    /// The hops that are left.
    pub time_to_live: bool,
}

/// Common state.
#[derive(Debug)]
pub struct Inet {
    /// The platform's socket.
    pub socket: Option<SocketId>,
    /// Of what family.
    pub family: Family,
    /// Of what kind.
    pub kind: SocketKind,
    /// How far it is.
    pub status: Status,
    /// Whether nothing of it is to be told, since another port has the same socket.
    pub is_ignored: bool,
    /// In what form data is.
    pub form: Form,
    /// What the owner is sent.
    pub deliver: Deliver,
    /// Whether it is sent as it comes.
    pub active: Active,
    /// Whether the port ends when the other end closes.
    pub exits_on_close: bool,
    /// How packets are marked.
    pub packet: Packet,
    /// The code of that.
    pub packet_code: u32,
    /// What a packet may be.
    pub limits: Limits,
    /// Bytes at the beginning that are given as a list before a binary.
    pub header: usize,
    /// Bytes that are read at once.
    pub buffer: usize,
    /// Whether a program has said how many.
    pub is_buffer_set: bool,
    /// Watermarks of signals.
    pub signals: Watermarks,
    /// Nothing but what was set.
    pub debug: bool,
    /// What comes beside datagrams.
    pub beside: Beside,
    /// The number of the request before.
    pub last_request: u16,
    /// What has not ended yet.
    pub requests: VecDeque<Request>,
    /// Who is told when all is sent.
    pub subscribers: Vec<LocalPid>,
    /// Counters.
    pub statistics: Statistics,
    /// What a program has said the address is.
    pub name: Option<Address>,
    /// The same of the other end.
    pub peer: Option<Address>,
    /// The namespace of networks that the socket is to be in.
    pub namespace: Option<Vec<u8>>,
    /// Who waits for the answer to what is being sent.
    pub sender: Option<LocalPid>,
}

/// Bytes that are read at once unless a program says how many.
const BUFFER: usize = 1460;

impl Inet {
    /// Of a port that was just opened.
    #[must_use]
    pub fn new(kind: SocketKind) -> Self {
        Self {
            socket: None,
            family: Family::V4,
            kind,
            status: Status::Closed,
            is_ignored: false,
            form: Form::List,
            deliver: Deliver::Term,
            active: Active::Passive,
            exits_on_close: true,
            packet: Packet::Raw,
            packet_code: 0,
            limits: Limits::default(),
            header: 0,
            buffer: BUFFER,
            is_buffer_set: false,
            signals: WATERMARKS,
            debug: false,
            beside: Beside::default(),
            last_request: 0,
            requests: VecDeque::new(),
            subscribers: Vec::new(),
            statistics: Statistics::default(),
            name: None,
            peer: None,
            namespace: None,
            sender: None,
        }
    }

    /// Of a connection that a listener has taken: with the listener's settings.
    #[must_use]
    pub fn accepted(&self, socket: SocketId) -> Self {
        Self {
            socket: Some(socket),
            family: self.family,
            status: Status::Connected,
            form: self.form,
            deliver: self.deliver,
            exits_on_close: self.exits_on_close,
            packet: self.packet,
            packet_code: self.packet_code,
            limits: Limits { delimiter: b'\n', ..self.limits },
            header: self.header,
            buffer: self.buffer,
            signals: self.signals,
            ..Self::new(self.kind)
        }
    }

    /// Whether there is a socket.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.status != Status::Closed
    }

    /// The bits of `prim_inet:getstatus/1`.
    #[must_use]
    pub fn status_bits(&self, is_busy: bool) -> u32 {
        let own = match self.status {
            Status::Closed => 0,
            Status::Open => 1,
            Status::Connecting => 0x11,
            Status::Connected => 5,
            Status::Listening if self.requests.is_empty() => 9,
            Status::Listening => 0x29,
        };
        own | if is_busy { 0x80 } else { 0 }
    }
}
