// SPDX-License-Identifier: Apache-2.0
//! Where a packet ends.

use super::{Limits, Next, Packet};

/// What is there cannot begin a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Malformed;

/// Which byte of FastCGI's header says how much at the end is padding.
pub(super) const FCGI_PADDING: usize = 6;
/// FastCGI's version.
const FCGI_VERSION: u8 = 1;
/// TPKT's version.
const TPKT_VERSION: u8 = 3;
/// The longest packet that there is.
const LONGEST: u32 = i32::MAX as u32;

/// What is known of a length: none if more is to be read first.
type Known = Result<Option<usize>, Malformed>;

impl Packet {
    /// The length of the packet that begins here, with all of its header; it may be more than is there. None if it is not known yet.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn length(self, bytes: &[u8], limits: &Limits, next: &mut Next) -> Known {
        match self {
            Self::Raw => Ok((!bytes.is_empty()).then_some(bytes.len())),
            Self::One | Self::Two | Self::Four => framed(bytes, self.prefix(), limits, Ok),
            Self::SunRm => framed(bytes, 4, limits, |length| Ok(length & 0x7FFF_FFFF)),
            Self::Asn1 => asn1(bytes, limits),
            Self::Cdr => header(bytes, 12, limits, |head| {
                let length: [u8; 4] = head[8..].try_into().map_err(|_| Malformed)?;
                let is_little = head[6] & 1 != 0;
                let length = if is_little { u32::from_le_bytes(length) } else { u32::from_be_bytes(length) };
                head.starts_with(b"GIOP").then_some(length).ok_or(Malformed)
            }),
            Self::Fcgi => header(bytes, 8, limits, |head| {
                let length =
                    u32::from(u16::from_be_bytes([head[4], head[5]])) + u32::from(head[FCGI_PADDING]);
                (head[0] == FCGI_VERSION).then_some(length).ok_or(Malformed)
            }),
            Self::Tpkt => header(bytes, 4, limits, |head| {
                let length = u32::from(u16::from_be_bytes([head[2], head[3]]));
                (head[0] == TPKT_VERSION).then(|| length.wrapping_sub(4)).ok_or(Malformed)
            }),
            Self::Tls => header(bytes, 5, limits, |head| {
                let is_old_hello = head[0] & 0x80 != 0 && head[2] == 1;
                Ok(if is_old_hello {
                    // The length does not count itself, and three more bytes of the header are not read yet.
                    (u32::from(u16::from_be_bytes([head[0], head[1]])) & 0x7FFF).wrapping_sub(3)
                } else {
                    u32::from(u16::from_be_bytes([head[3], head[4]]))
                })
            }),
            Self::Line => line(bytes, limits),
            Self::Http(_) => http(bytes, limits, *next),
            Self::HttpHeader(_) => {
                *next = Next::Field;
                http(bytes, limits, Next::Field)
            }
        }
    }
}

/// A packet of a header and so many bytes.
fn whole(header: usize, length: u32, limits: &Limits) -> Known {
    let limit = if limits.packet == 0 { LONGEST - header as u32 } else { limits.packet };
    if length > limit { Err(Malformed) } else { Ok(Some(header + length as usize)) }
}

/// A packet whose header has a known size.
fn header(
    bytes: &[u8],
    size: usize,
    limits: &Limits,
    length: impl FnOnce(&[u8]) -> Result<u32, Malformed>,
) -> Known {
    let Some(head) = bytes.get(..size) else { return Ok(None) };
    whole(size, length(head)?, limits)
}

/// A packet whose header is its length.
fn framed(
    bytes: &[u8],
    size: usize,
    limits: &Limits,
    length: impl FnOnce(u32) -> Result<u32, Malformed>,
) -> Known {
    header(bytes, size, limits, |head| length(number(head)))
}

/// A number, the high byte first.
fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// A tag of one byte or more, then a length of one byte, or of as many as the first one says.
fn asn1(bytes: &[u8], limits: &Limits) -> Known {
    let [tag, rest @ ..] = bytes else { return Ok(None) };
    let mut rest = rest;
    if rest.is_empty() {
        return Ok(None);
    }
    if tag & 0x1F == 0x1F {
        let more = rest.iter().take_while(|byte| **byte & 0x80 != 0).count();
        rest = &rest[more..];
        if rest.len() < 2 {
            return Ok(None);
        }
        rest = &rest[1..];
    }
    let (first, rest) = (rest[0], &rest[1..]);
    let (length, rest) = if first & 0x80 == 0 {
        (u32::from(first), rest)
    } else {
        let Some((length, rest)) = rest.split_at_checked(usize::from(first & 0x7F)) else { return Ok(None) };
        if length.len() > 4 {
            return Err(Malformed);
        }
        (number(length), rest)
    };
    whole(bytes.len() - rest.len(), length, limits)
}

fn line(bytes: &[u8], limits: &Limits) -> Known {
    let (packet, line) = (limits.packet as usize, limits.line as usize);
    match bytes.iter().position(|byte| *byte == limits.delimiter) {
        Some(end) if packet != 0 && end + 1 > packet => Err(Malformed),
        Some(end) if line != 0 && end + 1 > line => Ok(Some(line)),
        Some(end) => Ok(Some(end + 1)),
        None if packet != 0 && bytes.len() > packet => Err(Malformed),
        None if line != 0 && bytes.len() >= line => Ok(Some(line)),
        None => Ok(None),
    }
}

/// A line of HTTP. A field goes on in the next line if that begins with white space, so it ends where something else is seen.
fn http(bytes: &[u8], limits: &Limits, next: Next) -> Known {
    if bytes == b"\n" || bytes == b"\r\n" {
        return Ok(Some(bytes.len()));
    }
    // A limit of lines is one of packets here, for those who have used it so.
    let limit = if limits.packet == 0 { limits.line } else { limits.packet } as usize;
    let fits = |length: usize| if limit != 0 && length > limit { Err(Malformed) } else { Ok(()) };
    let mut from = 0;
    loop {
        let Some(end) = bytes[from..].iter().position(|byte| *byte == b'\n') else {
            return if limit != 0 && bytes.len() >= limit { Err(Malformed) } else { Ok(None) };
        };
        let length = from + end + 1;
        match bytes.get(length) {
            _ if next == Next::Start => {}
            Some(b' ' | b'\t') if length > 2 => {
                from = length;
                continue;
            }
            Some(_) => {}
            None => return fits(length).map(|()| None),
        }
        return fits(length).map(|()| Some(length));
    }
}
