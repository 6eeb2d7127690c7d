// SPDX-License-Identifier: Apache-2.0
//! A node of the tree, as it is in a block and in memory. Who points to a block has its checksum, so a write that never came is found as a flipped bit is.
//!
//! | byte | is |
//! |---|---|
//! | 0 | `VXND` |
//! | 4 | level, 1 byte: 0 is a leaf |
//! | 5 | zero, 1 byte |
//! | 6 | number of entries, 2 bytes |
//! | 8 | its own block |
//! | 16 | epoch of the checkpoint that wrote it |
//! | 24 | zero, 8 bytes |
//! | 32 | entries: bytes of the key, 2; bytes of the value, 2; key; value |
//!
//! Keys grow. The value in a node above leaves is a block of 8 bytes and its CRC-32C of 4; its first key bounds nothing.

use alloc::vec::Vec;

use super::bytes::Reader;
use super::disk::{BLOCK, Block};

const MAGIC: &[u8; 4] = b"VXND";
const HEADER: usize = 32;
/// The bytes for entries.
pub const ROOM: usize = BLOCK - HEADER;
/// The most bytes of an entry: so that halves of a node that is too full are not.
pub const ENTRY: usize = ROOM / 4;
/// The highest level: more than any disk needs.
pub const LEVELS: u8 = 16;

/// Where a node is on the disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pointer {
    /// Its block.
    pub block: Block,
    /// The checksum of the block.
    pub crc: u32,
    /// Its level.
    pub level: u8,
}

/// The number of a node that is only in memory.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct NodeId(pub u32);

/// Where a node is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Link {
    /// On the disk.
    Disk(Pointer),
    /// In memory: it has changed.
    Memory(NodeId),
}

/// A key and what it has.
pub type Pair<T> = (Vec<u8>, T);

/// A node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Node {
    /// It has values.
    Leaf(Vec<Pair<Vec<u8>>>),
    /// It has nodes of the level below.
    Inner(u8, Vec<Pair<Link>>),
}

impl Node {
    pub fn level(&self) -> u8 {
        match self {
            Self::Leaf(_) => 0,
            Self::Inner(level, _) => *level,
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Leaf(pairs) => pairs.len(),
            Self::Inner(_, pairs) => pairs.len(),
        }
    }

    /// The bytes that its entries take.
    pub fn size(&self) -> usize {
        match self {
            Self::Leaf(pairs) => pairs.iter().map(|(key, value)| 4 + key.len() + value.len()).sum(),
            Self::Inner(_, pairs) => pairs.iter().map(|(key, _)| 16 + key.len()).sum(),
        }
    }

    /// The half with the higher keys, and the first of them.
    pub fn split(&mut self) -> (Vec<u8>, Self) {
        let half = self.size() / 2;
        let mut size = 0;
        let count = self.len();
        let mut at = 0;
        while at + 1 < count && (size < half || at == 0) {
            size += match self {
                Self::Leaf(pairs) => 4 + pairs[at].0.len() + pairs[at].1.len(),
                Self::Inner(_, pairs) => 16 + pairs[at].0.len(),
            };
            at += 1;
        }
        match self {
            Self::Leaf(pairs) => {
                let high = pairs.split_off(at);
                (high[0].0.clone(), Self::Leaf(high))
            }
            Self::Inner(level, pairs) => {
                let high = pairs.split_off(at);
                (high[0].0.clone(), Self::Inner(*level, high))
            }
        }
    }

    /// The block of a node all of whose nodes below are on the disk.
    pub fn encode(
        &self,
        block: Block,
        epoch: u64,
        place: impl Fn(Link) -> Option<Pointer>,
    ) -> Option<Vec<u8>> {
        let mut bytes = Vec::with_capacity(BLOCK);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&[self.level(), 0]);
        bytes.extend_from_slice(&(self.len() as u16).to_le_bytes());
        bytes.extend_from_slice(&block.0.to_le_bytes());
        bytes.extend_from_slice(&epoch.to_le_bytes());
        bytes.extend_from_slice(&[0; 8]);
        let mut push = |key: &[u8], value: &[u8]| {
            bytes.extend_from_slice(&(key.len() as u16).to_le_bytes());
            bytes.extend_from_slice(&(value.len() as u16).to_le_bytes());
            bytes.extend_from_slice(key);
            bytes.extend_from_slice(value);
        };
        match self {
            Self::Leaf(pairs) => pairs.iter().for_each(|(key, value)| push(key, value)),
            Self::Inner(_, pairs) => {
                for (key, link) in pairs {
                    let pointer = place(*link)?;
                    let mut value = [0; 12];
                    value[..8].copy_from_slice(&pointer.block.0.to_le_bytes());
                    value[8..].copy_from_slice(&pointer.crc.to_le_bytes());
                    push(key, &value);
                }
            }
        }
        bytes.resize(BLOCK, 0);
        Some(bytes)
    }

    /// The node in a block.
    pub fn decode(block: &[u8], at: Block, level: u8) -> Option<Self> {
        let mut reader = Reader(block);
        if reader.bytes(4)? != MAGIC || reader.u8()? != level || level > LEVELS {
            return None;
        }
        reader.u8()?;
        let count = reader.u16()?;
        if reader.u64()? != at.0 {
            return None;
        }
        reader.bytes(16)?;
        let mut leaf = Vec::new();
        let mut inner: Vec<Pair<Link>> = Vec::new();
        let mut last: Option<&[u8]> = None;
        for _ in 0..count {
            let (key, value) = (reader.u16()?, reader.u16()?);
            let (key, value) = (reader.bytes(usize::from(key))?, reader.bytes(usize::from(value))?);
            if last.is_some_and(|last| last >= key) || 4 + key.len() + value.len() > ENTRY {
                return None;
            }
            last = Some(key);
            if level == 0 {
                leaf.push((key.to_vec(), value.to_vec()));
                continue;
            }
            let mut value = Reader(value);
            let (block, crc) = (Block(value.u64()?), value.u32()?);
            inner.push((key.to_vec(), Link::Disk(Pointer { block, crc, level: level - 1 })));
        }
        match level {
            0 => Some(Self::Leaf(leaf)),
            _ if inner.is_empty() => None,
            _ => Some(Self::Inner(level, inner)),
        }
    }
}
