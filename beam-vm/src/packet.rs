// SPDX-License-Identifier: Apache-2.0
//! Packets in a stream of bytes: where one ends, what its body is, and what the lines of HTTP and the records of TLS say. It is what
//! `erlang:decode_packet/3` and the option `packet` of sockets do (`erts/emulator/beam/packet_parser.c`, RFC 9112, RFC 8446).

mod http;
mod length;
mod term;

#[cfg(test)]
mod tests;

pub use http::{Field, Line, Uri, Version};
pub use length::Malformed;
pub use term::{build, build_record};

use crate::atom::{Atom, predefined};
use crate::term::Term;

/// How packets are marked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Packet {
    /// Not at all: a packet is what is there.
    #[default]
    Raw,
    /// By a length of one byte.
    One,
    /// By a length of two bytes, the high one first.
    Two,
    /// By a length of four bytes, the high one first.
    Four,
    /// ASN.1 BER: a tag and a length.
    Asn1,
    /// ONC RPC's record marking: a length of 31 bits, and a bit for the last fragment (RFC 5531).
    SunRm,
    /// CORBA's GIOP header.
    Cdr,
    /// FastCGI's header.
    Fcgi,
    /// By the end of a line.
    Line,
    /// TPKT, which is how OSI runs over TCP (RFC 1006).
    Tpkt,
    /// The lines of HTTP's header, the first of them first.
    Http(Text),
    /// The lines of HTTP's header after the first.
    HttpHeader(Text),
    /// A record of TLS.
    Tls,
}

/// As what HTTP's texts are given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Text {
    /// Lists.
    List,
    /// Binaries.
    Binary,
}

/// Which line of a header of HTTP is next.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Next {
    /// That of the request or the answer.
    #[default]
    Start,
    /// That of a field, or the end.
    Field,
}

/// What a packet may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes of a packet; 0 is no limit.
    pub packet: u32,
    /// Bytes of a line, after which it is cut; 0 is no limit.
    pub line: u32,
    /// The byte that ends a line.
    pub delimiter: u8,
}

impl Default for Limits {
    fn default() -> Self {
        Self { packet: 0, line: 0, delimiter: b'\n' }
    }
}

/// What a packet is, once it is complete.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Content<'a> {
    /// Bytes.
    Body(&'a [u8]),
    /// A line of HTTP.
    Http(Line<'a>, Text),
    /// A record of TLS.
    Tls(Record<'a>),
}

/// A record of TLS.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Record<'a> {
    /// What it is about.
    pub kind: u8,
    /// The version.
    pub version: [u8; 2],
    /// What goes before the data: a hello of version 2 is told as one of version 3.
    pub hello: Option<[u8; 4]>,
    /// The data.
    pub data: &'a [u8],
}

impl Packet {
    /// What a term names, for `erlang:decode_packet/3`.
    #[must_use]
    pub fn of_term(term: Term) -> Option<Self> {
        if let Some(length) = term.as_small() {
            return match length {
                0 => Some(Self::Raw),
                1 => Some(Self::One),
                2 => Some(Self::Two),
                4 => Some(Self::Four),
                _ => None,
            };
        }
        Self::of_atom(term.as_atom()?)
    }

    fn of_atom(atom: Atom) -> Option<Self> {
        Some(match atom {
            predefined::RAW => Self::Raw,
            predefined::ASN1 => Self::Asn1,
            predefined::SUNRM => Self::SunRm,
            predefined::CDR => Self::Cdr,
            predefined::FCGI => Self::Fcgi,
            predefined::LINE => Self::Line,
            predefined::TPKT => Self::Tpkt,
            predefined::HTTP => Self::Http(Text::List),
            predefined::HTTPH => Self::HttpHeader(Text::List),
            predefined::HTTP_BIN => Self::Http(Text::Binary),
            predefined::HTTPH_BIN => Self::HttpHeader(Text::Binary),
            predefined::SSL_TLS => Self::Tls,
            _ => return None,
        })
    }

    /// The length that goes before what is written: how many of the low bytes of it.
    #[must_use]
    pub const fn prefix(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
            _ => 0,
        }
    }

    /// What a complete packet is.
    pub fn content<'a>(self, packet: &'a [u8], next: &mut Next) -> Content<'a> {
        match self {
            Self::Http(text) | Self::HttpHeader(text) => Content::Http(http::parse(packet, next), text),
            Self::Tls => Content::Tls(record(packet)),
            Self::One | Self::Two | Self::Four => {
                Content::Body(packet.get(self.prefix()..).unwrap_or_default())
            }
            Self::Fcgi => {
                let padding = packet.get(length::FCGI_PADDING).map_or(0, |padding| usize::from(*padding));
                Content::Body(&packet[..packet.len().saturating_sub(padding)])
            }
            _ => Content::Body(packet),
        }
    }
}

/// A record of TLS, or a hello as version 2 has it, whose length is at least that of its header.
fn record(packet: &[u8]) -> Record<'_> {
    let at = |index: usize| packet.get(index).copied().unwrap_or(0);
    if at(0) & 0x80 == 0 || at(2) != 1 {
        let data = packet.get(5..).unwrap_or_default();
        return Record { kind: at(0), version: [at(1), at(2)], hello: None, data };
    }
    let data = packet.get(3..).unwrap_or_default();
    let [_, high, middle, low] = (data.len() as u32).to_be_bytes();
    Record { kind: 22, version: [at(3), at(4)], hello: Some([1, high, middle, low]), data }
}
