// SPDX-License-Identifier: Apache-2.0
//! A cursor over bytes that somebody else has written, and the place of a part in them.

use super::fault::Fault;

/// A run of bytes inside a larger one: in place of a slice where the owner of the bytes is the holder too.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Span {
    /// Where it starts.
    pub start: u32,
    /// How many bytes it has.
    pub len: u32,
}

impl Span {
    /// These bytes of `all`, or none where they are not all inside.
    pub fn of(self, all: &[u8]) -> Option<&[u8]> {
        let start = self.start as usize;
        all.get(start..start.checked_add(self.len as usize)?)
    }
}

/// The cursor. It never passes the end: what does not fit is [`Fault::Truncated`].
#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How far it has come.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.left() == 0
    }

    /// The next `len` bytes.
    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8], Fault> {
        let rest = &self.bytes[self.at..];
        let taken = rest.get(..len).ok_or(Fault::Truncated { wanted: len, left: rest.len() })?;
        self.at += len;
        Ok(taken)
    }

    /// The next `len` bytes, by their place. What is read is below 4 GiB, see `container`.
    pub(super) fn take_span(&mut self, len: usize) -> Result<Span, Fault> {
        let start = self.at;
        let taken = self.take(len)?;
        Ok(Span { start: start as u32, len: taken.len() as u32 })
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.take(N)?);
        Ok(bytes)
    }

    /// By itself and not through [`take`](Self::take), because most of what is read is single bytes.
    #[inline]
    pub(super) fn u8(&mut self) -> Result<u8, Fault> {
        let byte = *self.bytes.get(self.at).ok_or(Fault::Truncated { wanted: 1, left: 0 })?;
        self.at += 1;
        Ok(byte)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Fault> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Fault> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn i64(&mut self) -> Result<i64, Fault> {
        self.array().map(i64::from_be_bytes)
    }

    /// A number of items of which each takes `least` bytes or more; so it never makes us reserve more than a multiple
    /// of what is there.
    pub(super) fn count(&mut self, least: usize) -> Result<usize, Fault> {
        let count = self.u32()?;
        self.check_count(count, least)
    }

    pub(super) fn check_count(&self, count: u32, least: usize) -> Result<usize, Fault> {
        if count as usize > self.left() / least {
            return Err(Fault::TooMany { count, most: self.left() / least });
        }
        Ok(count as usize)
    }
}
