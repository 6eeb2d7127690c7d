// SPDX-License-Identifier: Apache-2.0
//! The lines of HTTP's header.

use super::Next;
use crate::atom::{Atom, predefined};

/// Bytes of a field's name that is looked up and written in its usual way.
const NAME: usize = 50;

/// A version: major, then minor number.
pub type Version = [i32; 2];

/// What a line says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Line<'a> {
    /// What is asked for.
    Request {
        /// The method, and its atom if it is a known one.
        method: (&'a [u8], Option<Atom>),
        /// Of what.
        uri: Uri<'a>,
        /// The version.
        version: Version,
    },
    /// How it was answered.
    Response {
        /// The version.
        version: Version,
        /// The status.
        status: i32,
        /// The reason.
        phrase: &'a [u8],
    },
    /// A field.
    Field(Field<'a>),
    /// The end of the fields.
    End,
    /// Something else.
    Malformed(&'a [u8]),
}

/// A field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Field<'a> {
    /// The place of its name among the known ones, from 1 on, and its atom.
    pub known: Option<(usize, Atom)>,
    /// Its name as it came.
    pub name: &'a [u8],
    /// Its value.
    pub value: &'a [u8],
}

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Uri<'a> {
    /// `*`
    Star,
    /// A path.
    Path(&'a [u8]),
    /// An address of `http` or `https`.
    Absolute {
        /// Which one.
        scheme: Atom,
        /// The host.
        host: &'a [u8],
        /// The port, if there is one.
        port: Option<i32>,
        /// The path.
        path: &'a [u8],
    },
    /// An address of another scheme.
    Scheme(&'a [u8], &'a [u8]),
    /// Something else.
    Other(&'a [u8]),
}

/// The methods that are given as atoms.
const METHODS: [(&[u8], Atom); 7] = [
    (b"OPTIONS", predefined::HTTP_OPTIONS),
    (b"GET", predefined::HTTP_GET),
    (b"HEAD", predefined::HTTP_HEAD),
    (b"POST", predefined::HTTP_POST),
    (b"PUT", predefined::HTTP_PUT),
    (b"DELETE", predefined::HTTP_DELETE),
    (b"TRACE", predefined::HTTP_TRACE),
];

/// The fields that are given as atoms, in the order of their numbers.
const FIELDS: [(&[u8], Atom); 52] = [
    (b"Cache-Control", predefined::HTTP_CACHE_CONTROL),
    (b"Connection", predefined::HTTP_CONNECTION),
    (b"Date", predefined::HTTP_DATE),
    (b"Pragma", predefined::HTTP_PRAGMA),
    (b"Transfer-Encoding", predefined::HTTP_TRANSFER_ENCODING),
    (b"Upgrade", predefined::HTTP_UPGRADE),
    (b"Via", predefined::HTTP_VIA),
    (b"Accept", predefined::HTTP_ACCEPT),
    (b"Accept-Charset", predefined::HTTP_ACCEPT_CHARSET),
    (b"Accept-Encoding", predefined::HTTP_ACCEPT_ENCODING),
    (b"Accept-Language", predefined::HTTP_ACCEPT_LANGUAGE),
    (b"Authorization", predefined::HTTP_AUTHORIZATION),
    (b"From", predefined::HTTP_FROM),
    (b"Host", predefined::HTTP_HOST),
    (b"If-Modified-Since", predefined::HTTP_IF_MODIFIED_SINCE),
    (b"If-Match", predefined::HTTP_IF_MATCH),
    (b"If-None-Match", predefined::HTTP_IF_NONE_MATCH),
    (b"If-Range", predefined::HTTP_IF_RANGE),
    (b"If-Unmodified-Since", predefined::HTTP_IF_UNMODIFIED_SINCE),
    (b"Max-Forwards", predefined::HTTP_MAX_FORWARDS),
    (b"Proxy-Authorization", predefined::HTTP_PROXY_AUTHORIZATION),
    (b"Range", predefined::HTTP_RANGE),
    (b"Referer", predefined::HTTP_REFERER),
    (b"User-Agent", predefined::HTTP_USER_AGENT),
    (b"Age", predefined::HTTP_AGE),
    (b"Location", predefined::HTTP_LOCATION),
    (b"Proxy-Authenticate", predefined::HTTP_PROXY_AUTHENTICATE),
    (b"Public", predefined::HTTP_PUBLIC),
    (b"Retry-After", predefined::HTTP_RETRY_AFTER),
    (b"Server", predefined::HTTP_SERVER),
    (b"Vary", predefined::HTTP_VARY),
    (b"Warning", predefined::HTTP_WARNING),
    (b"Www-Authenticate", predefined::HTTP_WWW_AUTHENTICATE),
    (b"Allow", predefined::HTTP_ALLOW),
    (b"Content-Base", predefined::HTTP_CONTENT_BASE),
    (b"Content-Encoding", predefined::HTTP_CONTENT_ENCODING),
    (b"Content-Language", predefined::HTTP_CONTENT_LANGUAGE),
    (b"Content-Length", predefined::HTTP_CONTENT_LENGTH),
    (b"Content-Location", predefined::HTTP_CONTENT_LOCATION),
    (b"Content-Md5", predefined::HTTP_CONTENT_MD5),
    (b"Content-Range", predefined::HTTP_CONTENT_RANGE),
    (b"Content-Type", predefined::HTTP_CONTENT_TYPE),
    (b"Etag", predefined::HTTP_ETAG),
    (b"Expires", predefined::HTTP_EXPIRES),
    (b"Last-Modified", predefined::HTTP_LAST_MODIFIED),
    (b"Accept-Ranges", predefined::HTTP_ACCEPT_RANGES),
    (b"Set-Cookie", predefined::HTTP_SET_COOKIE),
    (b"Set-Cookie2", predefined::HTTP_SET_COOKIE2),
    (b"X-Forwarded-For", predefined::HTTP_X_FORWARDED_FOR),
    (b"Cookie", predefined::HTTP_COOKIE),
    (b"Keep-Alive", predefined::HTTP_KEEP_ALIVE),
    (b"Proxy-Connection", predefined::HTTP_PROXY_CONNECTION),
];

impl Field<'_> {
    /// The name in its usual way: with capitals at the beginnings of its words. A long name is as it came.
    pub fn usual_name(&self) -> impl ExactSizeIterator<Item = u8> + '_ {
        usual(self.name)
    }
}

fn usual(name: &[u8]) -> impl ExactSizeIterator<Item = u8> + '_ {
    (0..name.len()).map(move |index| {
        let byte = name[index];
        // A hyphen makes the next byte a first one, unless it is one itself.
        let hyphens = name[..index].iter().rev().take_while(|byte| **byte == b'-').count();
        let is_first = (index == hyphens) != (hyphens % 2 == 1);
        if name.len() > NAME {
            byte
        } else if is_first {
            byte.to_ascii_uppercase()
        } else {
            byte.to_ascii_lowercase()
        }
    })
}

/// Reads a line, with its end, and says which one is next.
pub(super) fn parse<'a>(line: &'a [u8], next: &mut Next) -> Line<'a> {
    let text = match line {
        [text @ .., b'\r', _] | [text @ .., b'\n'] => text,
        text => text,
    };
    let read = match next {
        Next::Start => start(text).inspect(|_| *next = Next::Field),
        Next::Field if text.is_empty() => {
            *next = Next::Start;
            Some(Line::End)
        }
        Next::Field => field(text),
    };
    read.unwrap_or(Line::Malformed(line))
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Whether a byte is part of a token (RFC 9110, 5.6.2).
const fn is_token(byte: u8) -> bool {
    matches!(byte, 33..=127)
        && !matches!(
            byte,
            b'(' | b')'
                | b'<'
                | b'>'
                | b'@'
                | b','
                | b';'
                | b':'
                | b'\\'
                | b'"'
                | b'/'
                | b'['
                | b']'
                | b'?'
                | b'='
                | b'{'
                | b'}'
        )
}

/// Splits where bytes of a kind end.
fn split(bytes: &[u8], is_of_kind: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    bytes.split_at(bytes.iter().take_while(|byte| is_of_kind(**byte)).count())
}

/// Splits numbers of 32 bits off; longer ones lose their high bits, as in stock.
fn digits(bytes: &[u8]) -> (Option<i32>, &[u8]) {
    let (digits, rest) = split(bytes, |byte| byte.is_ascii_digit());
    let number = |number: i32, digit: &u8| number.wrapping_mul(10).wrapping_add(i32::from(digit - b'0'));
    ((!digits.is_empty()).then(|| digits.iter().fold(0, number)), rest)
}

/// `1*DIGIT "." 1*DIGIT`
fn version(bytes: &[u8]) -> Option<(Version, &[u8])> {
    let (major, rest) = digits(bytes);
    let (minor, rest) = digits(rest.strip_prefix(b".")?);
    Some(([major?, minor?], rest))
}

fn start(text: &[u8]) -> Option<Line<'_>> {
    match text.strip_prefix(b"HTTP/") {
        Some(rest) => response(rest),
        None => request(text),
    }
}

fn response(rest: &[u8]) -> Option<Line<'_>> {
    let (version, rest) = version(rest)?;
    let (gap, rest) = split(rest, is_space);
    if gap.is_empty() {
        return None;
    }
    let (status, rest) = digits(rest);
    let (gap, phrase) = split(rest, is_space);
    if gap.is_empty() && !phrase.is_empty() {
        return None;
    }
    Some(Line::Response { version, status: status.unwrap_or(0), phrase })
}

fn request(text: &[u8]) -> Option<Line<'_>> {
    let (method, rest) = split(text, is_token);
    let (gap, rest) = split(rest, is_space);
    if method.is_empty() || gap.is_empty() {
        return None;
    }
    let (address, rest) = split(rest, |byte| !is_space(byte));
    if address.is_empty() {
        return None;
    }
    let (_, rest) = split(rest, is_space);
    let version = match rest {
        // What has no version is older than versions.
        [] => [0, 9],
        // `HTTP/` and three more at least.
        rest if rest.len() < 8 => return None,
        rest => version(rest.strip_prefix(b"HTTP/")?)?.0,
    };
    let known = METHODS.iter().find(|(name, _)| *name == method).map(|(_, atom)| *atom);
    Some(Line::Request { method: (method, known), uri: uri(address), version })
}

fn field(text: &[u8]) -> Option<Line<'_>> {
    let (name, rest) = split(text, is_token);
    let rest = rest.strip_prefix(b":")?;
    let (_, value) = split(rest, is_space);
    let is_named = |known: &(&[u8], Atom)| usual(name).eq(known.0.iter().copied());
    let known = FIELDS.iter().position(|field| name.len() <= NAME && is_named(field));
    Some(Line::Field(Field { known: known.map(|place| (place + 1, FIELDS[place].1)), name, value }))
}

/// What goes after a prefix, in whatever case that is.
fn after<'a>(text: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn uri(text: &[u8]) -> Uri<'_> {
    match text {
        b"*" => return Uri::Star,
        [_] | [b'/', ..] => return Uri::Path(text),
        _ => {}
    }
    if let Some(rest) = after(text, b"http://") {
        return absolute(predefined::HTTP, rest);
    }
    if let Some(rest) = after(text, b"https://") {
        return absolute(predefined::HTTPS, rest);
    }
    match text.iter().position(|byte| *byte == b':') {
        Some(colon) => Uri::Scheme(&text[..colon], &text[colon + 1..]),
        None => Uri::Other(text),
    }
}

fn absolute(scheme: Atom, text: &[u8]) -> Uri<'_> {
    let (site, path) = match text.iter().position(|byte| *byte == b'/') {
        Some(slash) => text.split_at(slash),
        None => (text, &b"/"[..]),
    };
    let (host, port) = match site.iter().position(|byte| *byte == b':') {
        Some(colon) => (&site[..colon], digits(&site[colon + 1..])),
        None => (site, (None, &[][..])),
    };
    // A port that is no number is none, and so is 0.
    let port = port.0.filter(|number| port.1.is_empty() && *number != 0);
    Uri::Absolute { scheme, host, port, path }
}
