// SPDX-License-Identifier: Apache-2.0
//! A record of the log: what has become of keys and pages since the record before. Records say states, not steps, so it does not matter how often one
//! is applied.
//!
//! | byte | is |
//! |---|---|
//! | 0 | `VXLR` |
//! | 4 | CRC-32C of the record with zero here, 4 bytes |
//! | 8 | first 8 bytes of the volume's UUID |
//! | 16 | epoch of the checkpoint on which it builds |
//! | 24 | its number after that checkpoint, from 0 |
//! | 32 | next number of a thing |
//! | 40 | bytes of the record, 4 bytes; with what fills its last sector, 4 bytes |
//! | 48 | items |
//!
//! An item is a byte and:
//!
//! | byte | then |
//! |---|---|
//! | 1 | a key's new value: bytes of the key, 2; bytes of the value, 2; key; value |
//! | 2 | a key that is gone: bytes of the key, 2; key |
//! | 3 | what earlier records put into pages of a content is gone: the content, 8; the first page, 8 |
//! | 4 | bytes in a page: the content, 8; the page, 8; the first byte, 2; how many, 2; the bytes |
//!
//! A record begins at a sector, and what is left of its last one is zero.

use alloc::vec::Vec;

use crc32c::crc32c;

use super::bytes::Reader;
use super::disk::BLOCK;
use super::keys::Id;

const MAGIC: &[u8; 4] = b"VXLR";
/// The bytes before the items.
pub const HEADER: usize = 48;

/// An item of a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Item<'a> {
    /// A key has a new value.
    Put(&'a [u8], &'a [u8]),
    /// A key is gone.
    Delete(&'a [u8]),
    /// Pages from one on are as on the disk.
    Drop(Id, u64),
    /// Bytes in a page.
    Patch(Id, u64, usize, &'a [u8]),
}

/// What says that a record is the next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Stamp {
    pub volume: u64,
    pub epoch: u64,
    pub number: u64,
}

/// Makes a record.
#[derive(Debug)]
pub struct Writer(Vec<u8>);

impl Writer {
    pub fn new(stamp: Stamp, next: u64) -> Self {
        let mut bytes = Vec::with_capacity(512);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&[0; 4]);
        for number in [stamp.volume, stamp.epoch, stamp.number, next, 0] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        Self(bytes)
    }

    pub fn push(&mut self, item: &Item<'_>) {
        let bytes = &mut self.0;
        let number =
            |bytes: &mut Vec<u8>, number: usize| bytes.extend_from_slice(&(number as u16).to_le_bytes());
        match item {
            Item::Put(key, value) => {
                bytes.push(1);
                number(bytes, key.len());
                number(bytes, value.len());
                bytes.extend_from_slice(key);
                bytes.extend_from_slice(value);
            }
            Item::Delete(key) => {
                bytes.push(2);
                number(bytes, key.len());
                bytes.extend_from_slice(key);
            }
            Item::Drop(content, page) => {
                bytes.push(3);
                bytes.extend_from_slice(&content.0.to_le_bytes());
                bytes.extend_from_slice(&page.to_le_bytes());
            }
            Item::Patch(content, page, at, patch) => {
                bytes.push(4);
                bytes.extend_from_slice(&content.0.to_le_bytes());
                bytes.extend_from_slice(&page.to_le_bytes());
                number(bytes, *at);
                number(bytes, patch.len());
                bytes.extend_from_slice(patch);
            }
        }
    }

    /// The record, in whole sectors.
    pub fn finish(self, sector: usize) -> Vec<u8> {
        let mut bytes = self.0;
        let length = bytes.len();
        let room = length.next_multiple_of(sector);
        bytes[40..44].copy_from_slice(&(length as u32).to_le_bytes());
        bytes[44..48].copy_from_slice(&(room as u32).to_le_bytes());
        let crc = crc32c(&bytes);
        bytes[4..8].copy_from_slice(&crc.to_le_bytes());
        bytes.resize(room, 0);
        bytes
    }
}

/// A record whose checksum is right.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Record<'a> {
    pub stamp: Stamp,
    /// The next number of a thing.
    pub next: u64,
    /// Its bytes with what fills the last sector: the next begins there, whatever sectors the disk has on which it is read.
    pub room: usize,
    items: &'a [u8],
}

impl<'a> Record<'a> {
    /// The record at the front of bytes.
    pub fn decode(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        if reader.bytes(4)? != MAGIC {
            return None;
        }
        let crc = reader.u32()?;
        let stamp = Stamp { volume: reader.u64()?, epoch: reader.u64()?, number: reader.u64()? };
        let (next, length, room) = (reader.u64()?, reader.u32()? as usize, reader.u32()? as usize);
        let whole = bytes.get(..length).filter(|_| length >= HEADER && room >= length)?;
        let mut copy = whole.to_vec();
        copy[4..8].fill(0);
        (crc32c(&copy) == crc).then_some(Self { stamp, next, room, items: &whole[HEADER..] })
    }

    /// Its items, or nothing if one is none.
    pub fn items(&self) -> Option<Vec<Item<'a>>> {
        let mut reader = Reader(self.items);
        let mut items = Vec::new();
        while !reader.0.is_empty() {
            items.push(item(&mut reader)?);
        }
        Some(items)
    }
}

fn item<'a>(reader: &mut Reader<'a>) -> Option<Item<'a>> {
    Some(match reader.u8()? {
        1 => {
            let (key, value) = (reader.u16()?, reader.u16()?);
            Item::Put(reader.bytes(usize::from(key))?, reader.bytes(usize::from(value))?)
        }
        2 => {
            let key = reader.u16()?;
            Item::Delete(reader.bytes(usize::from(key))?)
        }
        3 => Item::Drop(Id(reader.u64()?), reader.u64()?),
        4 => {
            let (content, page) = (Id(reader.u64()?), reader.u64()?);
            let (at, length) = (usize::from(reader.u16()?), usize::from(reader.u16()?));
            if at + length > BLOCK {
                return None;
            }
            Item::Patch(content, page, at, reader.bytes(length)?)
        }
        _ => return None,
    })
}
