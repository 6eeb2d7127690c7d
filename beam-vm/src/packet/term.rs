// SPDX-License-Identifier: Apache-2.0
//! The terms of packets.

use alloc::vec::Vec;

use super::{Content, Line, Record, Text, Uri, Version};
use crate::atom::predefined;
use crate::heap::{Heap, build as make};
use crate::term::Term;

/// The term of a packet.
pub fn build<H: Heap + ?Sized>(heap: &mut H, content: &Content<'_>) -> Term {
    match content {
        Content::Body(bytes) => make::binary(heap, bytes),
        Content::Http(line, text) => http(heap, line, *text),
        Content::Tls(record) => build_record(heap, record, Term::NIL),
    }
}

/// The term of a record; `at` stands where the message of a port has the port.
pub fn build_record<H: Heap + ?Sized>(heap: &mut H, record: &Record<'_>, at: Term) -> Term {
    let [major, minor] = record.version.map(|number| Term::small_cut(i64::from(number)));
    let version = make::tuple(heap, &[major, minor]);
    let data = match record.hello {
        Some(head) => make::binary(heap, &[&head, record.data].concat()),
        None => make::binary(heap, record.data),
    };
    let kind = Term::small_cut(i64::from(record.kind));
    make::tuple(heap, &[Term::atom(predefined::SSL_TLS), at, kind, version, data])
}

fn string<H: Heap + ?Sized>(heap: &mut H, bytes: &[u8], text: Text) -> Term {
    match text {
        Text::List => make::byte_list(heap, bytes),
        Text::Binary => make::binary(heap, bytes),
    }
}

fn integer(value: i32) -> Term {
    Term::small_cut(i64::from(value))
}

fn version<H: Heap + ?Sized>(heap: &mut H, version: Version) -> Term {
    make::tuple(heap, &version.map(integer))
}

fn http<H: Heap + ?Sized>(heap: &mut H, line: &Line<'_>, text: Text) -> Term {
    match line {
        Line::Request { method: (name, known), uri: address, version: numbers } => {
            let method = known.map_or_else(|| string(heap, name, text), Term::atom);
            let address = uri(heap, address, text);
            let numbers = version(heap, *numbers);
            make::tuple(heap, &[Term::atom(predefined::HTTP_REQUEST), method, address, numbers])
        }
        Line::Response { version: numbers, status, phrase } => {
            let numbers = version(heap, *numbers);
            let phrase = string(heap, phrase, text);
            make::tuple(heap, &[Term::atom(predefined::HTTP_RESPONSE), numbers, integer(*status), phrase])
        }
        Line::Field(field) => {
            let (number, name) = match field.known {
                Some((number, atom)) => (number, Term::atom(atom)),
                None => {
                    let name: Vec<u8> = field.usual_name().collect();
                    (0, string(heap, &name, text))
                }
            };
            let unmodified = string(heap, field.name, text);
            let value = string(heap, field.value, text);
            let number = Term::small_cut(number as i64);
            make::tuple(heap, &[Term::atom(predefined::HTTP_HEADER), number, name, unmodified, value])
        }
        Line::End => Term::atom(predefined::HTTP_EOH),
        Line::Malformed(line) => {
            let line = string(heap, line, text);
            make::tuple(heap, &[Term::atom(predefined::HTTP_ERROR), line])
        }
    }
}

fn uri<H: Heap + ?Sized>(heap: &mut H, uri: &Uri<'_>, text: Text) -> Term {
    match uri {
        Uri::Star => Term::atom(predefined::TIMES),
        Uri::Path(path) => {
            let path = string(heap, path, text);
            make::tuple(heap, &[Term::atom(predefined::ABS_PATH), path])
        }
        Uri::Absolute { scheme, host, port, path } => {
            let host = string(heap, host, text);
            let port = port.map_or(Term::atom(predefined::UNDEFINED), integer);
            let path = string(heap, path, text);
            let parts = [Term::atom(predefined::ABSOLUTE_URI), Term::atom(*scheme), host, port, path];
            make::tuple(heap, &parts)
        }
        Uri::Scheme(scheme, rest) => {
            let scheme = string(heap, scheme, text);
            let rest = string(heap, rest, text);
            make::tuple(heap, &[Term::atom(predefined::SCHEME), scheme, rest])
        }
        Uri::Other(other) => string(heap, other, text),
    }
}
