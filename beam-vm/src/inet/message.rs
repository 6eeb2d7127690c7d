// SPDX-License-Identifier: Apache-2.0
//! What a socket's processes are sent.

use alloc::vec::Vec;

use super::{Deliver, Failure, Request};
use crate::atom::{Atom, predefined};
use crate::heap::{Fragment, build};
use crate::packet::{self, Content};
use crate::platform::{Address, Ancillary};
use crate::port::{Form, Port, Reach};
use crate::term::{LocalPid, Term};

/// What the messages of a kind of socket begin with.
#[derive(Clone, Copy, Debug)]
pub struct Tags {
    pub data: Atom,
    pub closed: Atom,
    pub error: Atom,
    pub passive: Atom,
}

pub const TCP: Tags = Tags {
    data: predefined::TCP,
    closed: predefined::TCP_CLOSED,
    error: predefined::TCP_ERROR,
    passive: predefined::TCP_PASSIVE,
};

pub const UDP: Tags = Tags {
    data: predefined::UDP,
    closed: predefined::UDP_CLOSED,
    error: predefined::UDP_ERROR,
    passive: predefined::UDP_PASSIVE,
};

impl Reach<'_> {
    /// The atom of a failure.
    pub(super) fn reason(&mut self, failure: Failure) -> Atom {
        match failure {
            Failure::Posix(error) => self.posix(error),
            Failure::Closed => predefined::CLOSED,
            // The names are short, and the table of atoms is full only if the program has filled it.
            other => self.vm.atoms.insert(other.text()).unwrap_or(predefined::EINVAL),
        }
    }
}

/// `{error, Reason}`
fn error(heap: &mut Fragment, reason: Atom) -> Term {
    build::tuple(heap, &[Term::atom(predefined::ERROR), Term::atom(reason)])
}

/// Data as a program wants it: a list, or a binary after the bytes of a header.
pub fn data(heap: &mut Fragment, bytes: &[u8], form: Form, header: usize) -> Term {
    match bytes.split_at_checked(header) {
        Some((head, rest)) if form == Form::Binary => {
            let rest = build::binary(heap, rest);
            byte_list_before(heap, head, rest)
        }
        _ => build::byte_list(heap, bytes),
    }
}

/// A list of bytes before something else.
pub fn byte_list_before(heap: &mut Fragment, bytes: &[u8], tail: Term) -> Term {
    if bytes.is_empty() {
        return tail;
    }
    let elements: Vec<Term> = bytes.iter().map(|byte| Term::small_cut(i64::from(*byte))).collect();
    build::list_before(heap, &elements, tail)
}

/// Data as a port gives it: what is no header is of the form that the port was opened with.
pub fn plain(heap: &mut Fragment, bytes: &[u8], shape: Shape, form: Form) -> Term {
    match bytes.split_at_checked(shape.header) {
        Some((head, rest)) if shape.form == Form::Binary => {
            let rest = form.build(heap, rest);
            byte_list_before(heap, head, rest)
        }
        _ => build::byte_list(heap, bytes),
    }
}

/// How data is given.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub form: Form,
    pub header: usize,
    pub deliver: Deliver,
}

/// The term of a packet, and what the message about it begins with.
fn content(heap: &mut Fragment, content: &Content<'_>, shape: Shape, port: Term) -> (Atom, Term) {
    match content {
        Content::Body(bytes) => (predefined::TCP, data(heap, bytes, shape.form, shape.header)),
        Content::Http(..) => (predefined::HTTP, packet::build(heap, content)),
        // A record has a place for the port.
        Content::Tls(record) => (predefined::SSL_TLS, packet::build_record(heap, record, port)),
    }
}

impl Port {
    /// `{inet_async, Port, Number, ok}`
    pub(super) fn request_ok(&self, reach: &mut Reach<'_>, request: &Request) {
        self.request_ends(reach, request, |_| Term::atom(predefined::OK));
    }

    /// `{inet_async, Port, Number, {error, Reason}}`
    pub(super) fn request_fails(&self, reach: &mut Reach<'_>, request: &Request, reason: Atom) {
        self.request_ends(reach, request, |heap| error(heap, reason));
    }

    /// `{inet_async, Port, Number, {ok, Value}}`
    pub(super) fn request_gives(
        &self,
        reach: &mut Reach<'_>,
        request: &Request,
        value: impl FnOnce(&mut Fragment) -> Term,
    ) {
        self.request_ends(reach, request, |heap| {
            let value = value(heap);
            build::tuple(heap, &[Term::atom(predefined::OK), value])
        });
    }

    fn request_ends(
        &self,
        reach: &mut Reach<'_>,
        request: &Request,
        result: impl FnOnce(&mut Fragment) -> Term,
    ) {
        if let Some(timer) = request.timer {
            reach.vm.timers.cancel(timer);
        }
        let id = self.id;
        reach.tell(request.caller, |heap| {
            let result = result(heap);
            let number = Term::small_cut(i64::from(request.id.0));
            build::tuple(heap, &[Term::atom(predefined::INET_ASYNC), Term::port(id), number, result])
        });
    }

    /// `{inet_async, Port, Number, {ok, Packet}}`
    pub(super) fn request_packet(
        &self,
        reach: &mut Reach<'_>,
        request: &Request,
        packet: &Content<'_>,
        shape: Shape,
    ) {
        let port = Term::port(self.id);
        self.request_gives(reach, request, |heap| content(heap, packet, shape, port).1);
    }

    /// `{inet_reply, Port, ok}` or `{inet_reply, Port, {error, Reason}}`, to who has sent.
    pub(super) fn reply(&self, reach: &mut Reach<'_>, to: Option<LocalPid>, result: Result<(), Atom>) {
        let Some(to) = to else { return };
        let id = self.id;
        reach.tell(to, |heap| {
            let result = match result {
                Ok(()) => Term::atom(predefined::OK),
                Err(reason) => error(heap, reason),
            };
            build::tuple(heap, &[Term::atom(predefined::INET_REPLY), Term::port(id), result])
        });
    }

    /// A packet of a stream, to the owner.
    pub(super) fn tell_packet(&self, reach: &mut Reach<'_>, packet: &Content<'_>, shape: Shape) {
        let (id, form) = (self.id, self.framing.form);
        reach.tell(self.connected, |heap| {
            if let (Deliver::Port, Content::Body(bytes)) = (shape.deliver, packet) {
                let term = plain(heap, bytes, shape, form);
                let pair = build::tuple(heap, &[Term::atom(predefined::DATA), term]);
                return build::tuple(heap, &[Term::port(id), pair]);
            }
            let (tag, term) = content(heap, packet, shape, Term::port(id));
            match packet {
                Content::Tls(_) => term,
                _ => build::tuple(heap, &[Term::atom(tag), Term::port(id), term]),
            }
        });
    }

    /// `{tcp_closed, Port}` and the like.
    pub(super) fn tell_about(&self, reach: &mut Reach<'_>, what: Atom) {
        let id = self.id;
        reach.tell(self.connected, |heap| build::tuple(heap, &[Term::atom(what), Term::port(id)]));
    }

    /// `{tcp_error, Port, Reason}` and the like.
    pub(super) fn tell_error(&self, reach: &mut Reach<'_>, tag: Atom, reason: Atom) {
        let id = self.id;
        reach.tell(self.connected, |heap| {
            build::tuple(heap, &[Term::atom(tag), Term::port(id), Term::atom(reason)])
        });
    }
}

/// The address of a sender, as the message about its datagram has it: host and port.
pub fn host_and_port(heap: &mut Fragment, address: &Address) -> [Term; 2] {
    let number = |number: u16| Term::small_cut(i64::from(number));
    match address {
        Address::V4 { ip, port } => {
            let parts: Vec<Term> = ip.iter().map(|byte| number(u16::from(*byte))).collect();
            [build::tuple(heap, &parts), number(*port)]
        }
        Address::V6 { ip, port, .. } => {
            let parts = ip.as_chunks::<2>().0.iter();
            let parts: Vec<Term> = parts.map(|part| number(u16::from_be_bytes(*part))).collect();
            [build::tuple(heap, &parts), number(*port)]
        }
        Address::Local(name) => {
            let name = build::binary(heap, name);
            [build::tuple(heap, &[Term::atom(predefined::LOCAL), name]), number(0)]
        }
        Address::Unspecified | Address::Unknown => {
            let tag =
                if *address == Address::Unspecified { predefined::UNSPEC } else { predefined::UNDEFINED };
            let nothing = build::binary(heap, &[]);
            [build::tuple(heap, &[Term::atom(tag), nothing]), number(0)]
        }
    }
}

/// What has come beside a datagram: `[{tos, 0}, …]`
pub fn ancillary(heap: &mut Fragment, ancillary: &Ancillary) -> Term {
    let items = [
        (predefined::TTL, ancillary.time_to_live),
        (predefined::TOS, ancillary.type_of_service),
        (predefined::TCLASS, ancillary.traffic_class),
    ];
    let mut list = Term::NIL;
    for (tag, value) in items.into_iter().rev() {
        if let Some(value) = value {
            let pair = build::tuple(heap, &[Term::atom(tag), Term::small_cut(i64::from(value))]);
            list = build::cons(heap, pair, list);
        }
    }
    list
}
