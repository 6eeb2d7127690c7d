// SPDX-License-Identifier: Apache-2.0
//! Which blocks are in use: bits in the tree, 4096 to a value, of which those that are needed are in memory. A value that is not there has none in use, so
//! a volume of any size is made at once.
//!
//! What is freed stays in use until the next checkpoint is on the disk: until then a cut brings back what is in it.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::disk::{Block, Disk};
use super::keys::Key;
use super::tree::Tree;
use crate::Errno;

/// The blocks of a chunk.
pub const CHUNK: u64 = 4096;
const WORDS: usize = (CHUNK / 64) as usize;
/// The bytes of a chunk's value.
const BYTES: usize = WORDS * 8;
/// How many chunks are kept that have not changed.
const CACHE: usize = 64;

type Bits = [u64; WORDS];

#[derive(Debug)]
struct Chunk {
    bits: Box<Bits>,
    has_changed: bool,
}

/// Which blocks are in use.
#[derive(Debug)]
pub struct Space {
    /// The first block that may be used.
    first: u64,
    /// All blocks.
    blocks: u64,
    /// Blocks that may be used now.
    pub free: u64,
    /// Where the next is looked for.
    pub cursor: u64,
    chunks: BTreeMap<u64, Chunk>,
    freed: BTreeMap<u64, Box<Bits>>,
    freed_count: u64,
    /// Chunks in which nothing is free: a bit for each.
    full: Vec<u64>,
}

impl Space {
    pub fn new(first: u64, blocks: u64, free: u64, cursor: u64) -> Self {
        let full = alloc::vec![0; blocks.div_ceil(CHUNK * 64) as usize];
        let (chunks, freed) = (BTreeMap::new(), BTreeMap::new());
        let cursor = if cursor < blocks { cursor } else { first };
        Self { first, blocks, free, cursor, chunks, freed, freed_count: 0, full }
    }

    /// The bits of a chunk of which nothing is known.
    fn blank(&self, number: u64) -> Box<Bits> {
        let mut bits = Box::new([0; WORDS]);
        let start = number * CHUNK;
        if start < self.first || start + CHUNK > self.blocks {
            for at in 0..CHUNK {
                if start + at < self.first || start + at >= self.blocks {
                    bits[(at / 64) as usize] |= 1 << (at % 64);
                }
            }
        }
        bits
    }

    fn load(&mut self, tree: &mut Tree, disk: &mut Disk, number: u64) -> Result<&mut Chunk, Errno> {
        if !self.chunks.contains_key(&number) {
            let mut bits = self.blank(number);
            if let Some(value) = tree.get(disk, &Key::Chunk(number).encode())? {
                let words = value.as_chunks::<8>().0;
                if value.len() != BYTES {
                    return Err(Errno::EIO);
                }
                bits.iter_mut().zip(words).for_each(|(bits, word)| *bits |= u64::from_le_bytes(*word));
            }
            if self.chunks.len() >= CACHE {
                let freed = &self.freed;
                let mut left = self.chunks.len() - CACHE / 2;
                self.chunks.retain(|number, chunk| {
                    let is_kept = chunk.has_changed || freed.contains_key(number) || left == 0;
                    left -= usize::from(!is_kept);
                    is_kept
                });
            }
            self.chunks.insert(number, Chunk { bits, has_changed: false });
        }
        self.chunks.get_mut(&number).ok_or(Errno::EIO)
    }

    /// Takes blocks that follow each other: as many as are wanted, or fewer.
    pub fn allocate(&mut self, tree: &mut Tree, disk: &mut Disk, wanted: u64) -> Result<(Block, u64), Errno> {
        let chunks = self.blocks.div_ceil(CHUNK);
        for step in 0..=chunks {
            let number = (self.cursor / CHUNK + step) % chunks;
            if self.full[(number / 64) as usize] >> (number % 64) & 1 == 1 {
                continue;
            }
            let start = if step == 0 { self.cursor % CHUNK } else { 0 };
            let chunk = self.load(tree, disk, number)?;
            let is_used = |bits: &Bits, at: u64| bits[(at / 64) as usize] >> (at % 64) & 1 == 1;
            let mut at = start;
            while at < CHUNK && is_used(&chunk.bits, at) {
                at =
                    if at % 64 == 0 && chunk.bits[(at / 64) as usize] == u64::MAX { at + 64 } else { at + 1 };
            }
            if at >= CHUNK {
                if start == 0 {
                    self.full[(number / 64) as usize] |= 1 << (number % 64);
                }
                continue;
            }
            let mut end = at;
            while end < CHUNK && end - at < wanted && !is_used(&chunk.bits, end) {
                chunk.bits[(end / 64) as usize] |= 1 << (end % 64);
                end += 1;
            }
            chunk.has_changed = true;
            self.cursor = (number * CHUNK + end) % self.blocks;
            self.free = self.free.saturating_sub(end - at);
            return Ok((Block(number * CHUNK + at), end - at));
        }
        Err(Errno::ENOSPC)
    }

    /// Takes a certain block, as the log says.
    pub fn take(&mut self, tree: &mut Tree, disk: &mut Disk, block: Block) -> Result<(), Errno> {
        if !self.contains(block) {
            return Err(Errno::EIO);
        }
        let (number, at) = (block.0 / CHUNK, block.0 % CHUNK);
        let chunk = self.load(tree, disk, number)?;
        let word = &mut chunk.bits[(at / 64) as usize];
        if *word >> (at % 64) & 1 == 1 {
            return Err(Errno::EIO);
        }
        *word |= 1 << (at % 64);
        chunk.has_changed = true;
        self.free = self.free.saturating_sub(1);
        Ok(())
    }

    /// Whether a block may be one of a file or of the tree.
    pub fn contains(&self, block: Block) -> bool {
        (self.first..self.blocks).contains(&block.0)
    }

    /// Says that a block is not used any more.
    pub fn free(&mut self, block: Block) {
        if !self.contains(block) {
            return;
        }
        let bits = self.freed.entry(block.0 / CHUNK).or_insert_with(|| Box::new([0; WORDS]));
        let (word, bit) = ((block.0 % CHUNK / 64) as usize, 1 << (block.0 % 64));
        if bits[word] & bit == 0 {
            bits[word] |= bit;
            self.freed_count += 1;
        }
    }

    /// Blocks that will be free after a checkpoint.
    pub fn freed(&self) -> u64 {
        self.freed_count
    }

    /// How many chunks a checkpoint has to write.
    pub fn changed(&self) -> usize {
        self.freed.len() + self.chunks.values().filter(|chunk| chunk.has_changed).count()
    }

    /// The numbers of the chunks that a checkpoint has to write.
    pub fn changed_chunks(&self) -> Vec<u64> {
        let changed = self.chunks.iter().filter(|(_, chunk)| chunk.has_changed).map(|(number, _)| *number);
        let mut numbers: Vec<u64> = changed.chain(self.freed.keys().copied()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// What a checkpoint writes of a chunk.
    pub fn value(&mut self, tree: &mut Tree, disk: &mut Disk, number: u64) -> Result<Vec<u8>, Errno> {
        self.load(tree, disk, number)?.has_changed = true;
        let freed = self.freed.get(&number);
        let bits = &self.chunks[&number].bits;
        let words = bits.iter().enumerate().map(|(at, word)| word & !freed.map_or(0, |freed| freed[at]));
        Ok(words.flat_map(u64::to_le_bytes).collect())
    }

    /// The checkpoint is on the disk: what was freed may be used.
    pub fn release(&mut self, mut each: impl FnMut(Block)) {
        for (number, freed) in core::mem::take(&mut self.freed) {
            if let Some(chunk) = self.chunks.get_mut(&number) {
                for (at, (bits, freed)) in chunk.bits.iter_mut().zip(freed.iter()).enumerate() {
                    *bits &= !freed;
                    let mut left = *freed;
                    while left != 0 {
                        each(Block(number * CHUNK + at as u64 * 64 + u64::from(left.trailing_zeros())));
                        left &= left - 1;
                    }
                }
            }
            self.full[(number / 64) as usize] &= !(1 << (number % 64));
        }
        self.chunks.values_mut().for_each(|chunk| chunk.has_changed = false);
        self.free += self.freed_count;
        self.freed_count = 0;
    }

    /// About how many bytes of memory are in use.
    #[cfg(test)]
    pub fn memory(&self) -> usize {
        (self.chunks.len() + self.freed.len()) * (BYTES + 64) + self.full.len() * 8
    }

    /// The disk has grown.
    pub fn grow(&mut self, tree: &mut Tree, disk: &mut Disk, blocks: u64) -> Result<(), Errno> {
        let old = self.blocks;
        let last = old / CHUNK;
        if !old.is_multiple_of(CHUNK) {
            self.load(tree, disk, last)?;
        }
        self.blocks = blocks;
        self.full = alloc::vec![0; blocks.div_ceil(CHUNK * 64) as usize];
        self.free += blocks - old;
        if let Some(chunk) = self.chunks.get_mut(&last) {
            for block in old..blocks.min((last + 1) * CHUNK) {
                chunk.bits[(block % CHUNK / 64) as usize] &= !(1 << (block % 64));
            }
            chunk.has_changed = true;
        }
        Ok(())
    }
}
