// SPDX-License-Identifier: Apache-2.0
//! One question after the other, each with its answer. Every answer is checked against its question before anybody sees it; a server that
//! breaks the protocol is not listened to any more, as nobody knows where its next message begins.

use alloc::string::String;
use alloc::vec::Vec;

use super::error::{Error, Failure, Lost, Malformed};
use super::message::{HEADER, NOTAG, Reply, Request, tag_of};
use super::transport::Transport;
use crate::Errno;

/// The protocol.
const PROTOCOL: &[u8] = b"9P2000.L";
/// The least bytes that a message has to be allowed: a walk over sixteen of the longest names fits, and a link to the longest path.
pub const LEAST: u32 = 8192;
/// The most bytes of a message: what is kept for one each way.
pub const MOST: u32 = 1 << 20;
/// What a message with data has beside it, at most (`P9_IOHDRSZ`).
pub const OVERHEAD: u32 = 24;

/// A stream with the messages on it.
pub struct Connection<T> {
    transport: T,
    /// The most bytes of a message, as agreed.
    limit: u32,
    tag: u16,
    /// The message that goes out.
    out: Vec<u8>,
    /// The one that has come in.
    into: Vec<u8>,
    /// Whether it can be used.
    is_up: bool,
}

impl<T: Transport> Connection<T> {
    /// A stream on which nothing was said.
    pub fn new(transport: T) -> Self {
        Self { transport, limit: LEAST, tag: 0, out: Vec::new(), into: Vec::new(), is_up: false }
    }

    /// Whether questions can be asked.
    pub const fn is_up(&self) -> bool {
        self.is_up
    }

    /// Nothing more is asked on this stream.
    pub const fn end(&mut self) {
        self.is_up = false;
    }

    /// The most bytes of data in a message.
    pub const fn piece(&self) -> u32 {
        self.limit - OVERHEAD
    }

    /// Agrees on the protocol, on a stream that is new.
    ///
    /// # Errors
    /// [`Error`].
    pub fn begin(&mut self) -> Result<(), Error> {
        let proposed = self.transport.message_limit().clamp(LEAST, MOST);
        self.limit = proposed;
        self.is_up = true;
        let request = Request::Version { msize: proposed, version: PROTOCOL };
        let agreed = match self.ask_tagged(&request, NOTAG) {
            Ok(Reply::Version { msize, version: PROTOCOL }) => Ok(msize),
            Ok(Reply::Version { version, .. }) => {
                Err(Error::Version { spoken: String::from_utf8_lossy(version).into_owned() })
            }
            Ok(_) => Err(Malformed::Kind.into()),
            // Only servers of another protocol have an error for this.
            Err(Failure::Refused(errno)) => Err(Error::Attach(errno)),
            Err(Failure::Broken(error)) => Err(error),
        };
        let checked = agreed.and_then(|size| match size {
            size if size > proposed => Err(Malformed::Size.into()),
            size if size < LEAST => Err(Error::MessageSize { size }),
            size => Ok(size),
        });
        self.is_up = checked.is_ok();
        self.limit = checked?;
        Ok(())
    }

    /// Begins a new stream.
    ///
    /// # Errors
    /// [`Error`].
    pub fn restart(&mut self) -> Result<(), Error> {
        self.is_up = false;
        self.transport.reconnect()?;
        self.begin()
    }

    /// Asks, and gives the answer. An error of the server's is [`Failure::Refused`].
    ///
    /// # Errors
    /// [`Failure`].
    pub fn ask(&mut self, request: &Request<'_>) -> Result<Reply<'_>, Failure> {
        self.tag = if self.tag + 1 == NOTAG { 0 } else { self.tag + 1 };
        self.ask_tagged(request, self.tag)
    }

    fn ask_tagged(&mut self, request: &Request<'_>, tag: u16) -> Result<Reply<'_>, Failure> {
        if !self.is_up {
            return Err(Lost::Gone.into());
        }
        request.encode(tag, &mut self.out);
        if self.out.len() > self.limit as usize {
            return Err(Errno::ENAMETOOLONG.into());
        }
        let came = self.exchange(tag);
        // Whether it is up is known before the answer is looked at, as the answer is lent from here.
        self.is_up = match &came {
            Ok(()) => self.check(request, tag).is_ok(),
            Err(Failure::Refused(_)) => true,
            Err(Failure::Broken(_)) => false,
        };
        came?;
        match Reply::decode(&self.into, request.kind(), tag)? {
            Reply::Error { ecode } => Err(errno(ecode).into()),
            reply => check(request, &reply).map(|()| reply).map_err(Failure::from),
        }
    }

    fn check(&self, request: &Request<'_>, tag: u16) -> Result<(), Malformed> {
        check(request, &Reply::decode(&self.into, request.kind(), tag)?)
    }

    /// Sends what is to go out and takes in what answers it.
    fn exchange(&mut self, tag: u16) -> Result<(), Failure> {
        self.transport.send(&self.out)?;
        match receive(&mut self.transport, &mut self.into, self.limit) {
            Err(Failure::Broken(Error::Lost(Lost::TimedOut))) if tag != NOTAG => self.flush(tag),
            received => received,
        }
    }

    /// Takes a question back that was not answered in time (9P's `flush(5)`). It may be answered nevertheless, before it is taken back: then
    /// it was done.
    fn flush(&mut self, old: u16) -> Result<(), Failure> {
        let tag = if old == 0 { 1 } else { old - 1 };
        Request::Flush { oldtag: old }.encode(tag, &mut self.out);
        self.transport.send(&self.out)?;
        receive(&mut self.transport, &mut self.into, self.limit)?;
        let is_done = tag_of(&self.into)? == old;
        let mut flushed = Vec::new();
        if is_done {
            receive(&mut self.transport, &mut flushed, self.limit)?;
        } else {
            core::mem::swap(&mut flushed, &mut self.into);
        }
        match Reply::decode(&flushed, Request::Flush { oldtag: old }.kind(), tag)? {
            _ if is_done => Ok(()),
            _ => Err(Errno::EIO.into()),
        }
    }
}

/// Takes in one message.
fn receive(transport: &mut impl Transport, into: &mut Vec<u8>, limit: u32) -> Result<(), Failure> {
    into.clear();
    into.resize(4, 0);
    fill(transport, into, 0)?;
    let size = u32::from_le_bytes([into[0], into[1], into[2], into[3]]);
    if size < HEADER as u32 || size > limit {
        return Err(Malformed::Size.into());
    }
    into.resize(size as usize, 0);
    fill(transport, into, 4)
}

/// Fills a buffer from a place on. Once a message has begun, a server that does not go on is lost.
fn fill(transport: &mut impl Transport, into: &mut [u8], from: usize) -> Result<(), Failure> {
    let mut at = from;
    while at < into.len() {
        at += match transport.receive(&mut into[at..]) {
            Ok(0) => return Err(Lost::Gone.into()),
            Ok(count) => count.min(into.len() - at),
            Err(Lost::TimedOut) if at > 0 => return Err(Lost::Gone.into()),
            Err(lost) => return Err(lost.into()),
        };
    }
    Ok(())
}

/// Whether an answer can be one to the question.
///
/// # Errors
/// It says more than was asked for.
pub fn check(request: &Request<'_>, reply: &Reply<'_>) -> Result<(), Malformed> {
    match (request, reply) {
        (Request::Read { count, .. }, Reply::Read { data })
        | (Request::Readdir { count, .. }, Reply::Readdir { data })
            if data.0.len() > *count as usize =>
        {
            Err(Malformed::Count)
        }
        (Request::Write { data, .. }, Reply::Write { count }) if *count as usize > data.0.len() => {
            Err(Malformed::Count)
        }
        (Request::Walk { names, .. }, Reply::Walk { qids })
            if qids.0.len() > names.0.len() || qids.0.is_empty() != names.0.is_empty() =>
        {
            Err(Malformed::Walk)
        }
        _ => Ok(()),
    }
}

/// The error that a server's number stands for: Linux's own, and no other.
fn errno(code: u32) -> Errno {
    /// The first number that no error has (`MAX_ERRNO`).
    const END: u32 = 4096;
    match u16::try_from(code) {
        Ok(number) if number != 0 && code < END => Errno(number),
        _ => Errno::EIO,
    }
}
