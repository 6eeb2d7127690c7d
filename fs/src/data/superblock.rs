// SPDX-License-Identifier: Apache-2.0
//! The superblock: what the volume is, and where its newest checkpoint is. Checkpoints go to blocks 0 and 1 in turn, so that a cut leaves the one before. Each
//! has two copies, at bytes 0 and 2048 of its block, so that a flipped bit is not taken for a checkpoint that was cut.
//!
//! | byte | is |
//! |---|---|
//! | 0 | `VOXOZ-FS` |
//! | 8 | version of the format, 4 bytes |
//! | 12 | CRC-32C of the 512 bytes with zero here, 4 bytes |
//! | 16 | bytes of a block, 4 bytes; of a sector when it was made, 4 bytes |
//! | 24 | UUID, 16 bytes |
//! | 40 | blocks of the volume |
//! | 48 | first block of the log; its number of blocks |
//! | 64 | epoch of the checkpoint |
//! | 72 | block of the tree's root, or 0 without one; its CRC-32C, 4 bytes; its level, 4 bytes |
//! | 88 | free blocks |
//! | 96 | next number of a thing |
//! | 104 | block from which on a free one is looked for |
//!
//! Numbers are little-endian, of 8 bytes unless it says otherwise; the rest of the 512 bytes is zero.

use alloc::vec::Vec;

use crc32c::crc32c;

use super::bytes::Reader;
use super::disk::BLOCK;
use super::disk::Block;
use super::node::Pointer;

/// The version of the format.
pub const VERSION: u32 = 1;
const MAGIC: &[u8; 8] = b"VOXOZ-FS";
/// The bytes of a copy: no sector is smaller, so a copy is never torn.
const COPY: usize = 512;
const COPIES: [usize; 2] = [0, 2048];
/// How many blocks superblocks take.
pub const SLOTS: u64 = 2;

/// What a superblock says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Superblock {
    /// Bytes of a sector of the disk on which it was made.
    pub sector: u32,
    /// The volume's name for machines.
    pub uuid: [u8; 16],
    /// All its blocks.
    pub blocks: u64,
    /// Where the log begins.
    pub log: Block,
    /// How many blocks the log has.
    pub log_blocks: u64,
    /// The number of the checkpoint.
    pub epoch: u64,
    /// The tree.
    pub root: Option<Pointer>,
    /// Blocks that nothing uses.
    pub free: u64,
    /// The number that the next thing gets.
    pub next: u64,
    /// Where a free block is looked for.
    pub cursor: u64,
}

/// What a copy of a superblock is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Copy {
    /// It is blank.
    Blank,
    /// It has nothing of ours.
    Foreign,
    /// It was ours.
    Damaged,
    /// It is of another version.
    Version(u32),
    /// It is good.
    Good(Superblock),
}

impl Superblock {
    /// The block in which it is.
    pub fn encode(&self) -> Vec<u8> {
        let mut copy = Vec::with_capacity(COPY);
        copy.extend_from_slice(MAGIC);
        copy.extend_from_slice(&VERSION.to_le_bytes());
        copy.extend_from_slice(&[0; 4]);
        copy.extend_from_slice(&(BLOCK as u32).to_le_bytes());
        copy.extend_from_slice(&self.sector.to_le_bytes());
        copy.extend_from_slice(&self.uuid);
        let root = self.root.unwrap_or(Pointer { block: Block(0), crc: 0, level: 0 });
        for number in [self.blocks, self.log.0, self.log_blocks, self.epoch, root.block.0] {
            copy.extend_from_slice(&number.to_le_bytes());
        }
        copy.extend_from_slice(&root.crc.to_le_bytes());
        copy.extend_from_slice(&u32::from(root.level).to_le_bytes());
        copy.extend_from_slice(&self.free.to_le_bytes());
        copy.extend_from_slice(&self.next.to_le_bytes());
        copy.extend_from_slice(&self.cursor.to_le_bytes());
        copy.resize(COPY, 0);
        let crc = crc32c(&copy);
        copy[12..16].copy_from_slice(&crc.to_le_bytes());
        let mut block = alloc::vec![0; BLOCK];
        for at in COPIES {
            block[at..at + COPY].copy_from_slice(&copy);
        }
        block
    }

    /// The copies in a block.
    pub fn decode(block: &[u8]) -> impl Iterator<Item = Copy> {
        COPIES.into_iter().map(|at| block.get(at..at + COPY).map_or(Copy::Foreign, Self::decode_copy))
    }

    fn decode_copy(bytes: &[u8]) -> Copy {
        let differing: u32 = bytes.iter().zip(MAGIC).map(|(byte, magic)| (byte ^ magic).count_ones()).sum();
        if bytes.iter().all(|byte| *byte == 0) {
            return Copy::Blank;
        }
        if differing > 8 {
            return Copy::Foreign;
        }
        let mut copy = bytes.to_vec();
        copy[12..16].fill(0);
        let crc = crc32c(&copy).to_le_bytes();
        if bytes[12..16] != crc || differing > 0 {
            return Copy::Damaged;
        }
        let mut reader = Reader(&copy[8..]);
        let version = reader.u32().unwrap_or(0);
        if version != VERSION {
            return Copy::Version(version);
        }
        Self::fields(&mut reader).map_or(Copy::Damaged, Copy::Good)
    }

    fn fields(reader: &mut Reader<'_>) -> Option<Self> {
        reader.u32()?;
        if reader.u32()? != BLOCK as u32 {
            return None;
        }
        let sector = reader.u32()?;
        let uuid = reader.bytes(16)?.try_into().ok()?;
        let (blocks, log, log_blocks) = (reader.u64()?, Block(reader.u64()?), reader.u64()?);
        let epoch = reader.u64()?;
        let (block, crc, level) = (Block(reader.u64()?), reader.u32()?, reader.u32()?);
        let root = Pointer { block, crc, level: u8::try_from(level).ok()? };
        let root = (block.0 != 0).then_some(root);
        let (free, next, cursor) = (reader.u64()?, reader.u64()?, reader.u64()?);
        let log_end = log.0.checked_add(log_blocks)?;
        let is_sound = log.0 == SLOTS
            && (1..=LOG_MOST).contains(&log_blocks)
            && log_end < blocks
            && blocks <= BLOCKS_MOST
            && free <= blocks
            && epoch < NUMBER_MOST
            && next < NUMBER_MOST
            && root.is_none_or(|root| root.block.0 >= log_end && root.block.0 < blocks);
        is_sound.then_some(Self { sector, uuid, blocks, log, log_blocks, epoch, root, free, next, cursor })
    }
}

/// No epoch and no number of a thing comes to it.
pub const NUMBER_MOST: u64 = 1 << 62;
/// The largest log.
pub const LOG_MOST: u64 = 256;
/// The largest volume: 64 TiB.
pub const BLOCKS_MOST: u64 = 1 << 34;
