// SPDX-License-Identifier: Apache-2.0
//! Where the pages of a file are: a value of the tree for each window of 32 pages that has any, with runs of blocks and the checksum of each.
//!
//! | byte | is |
//! |---|---|
//! | 0 | runs: first page in the window, 1 byte; number of pages, 1 byte; first block, 8 bytes; CRC-32C of each page, 4 bytes each |
//!
//! Runs are in the order of pages and do not overlap.

use alloc::vec::Vec;

use super::bytes::Reader;
use super::disk::Block;

/// The pages of a window.
pub const PAGES: u64 = 32;

/// Where a page is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The block.
    pub block: Block,
    /// The checksum of what is in it.
    pub crc: u32,
}

/// A window.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Window {
    /// The pages that are there.
    pub places: [Option<Place>; PAGES as usize],
}

impl Window {
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut window = Self::default();
        let mut reader = Reader(bytes);
        let mut next = 0;
        while !reader.0.is_empty() {
            let (first, count, block) = (reader.u8()?, reader.u8()?, reader.u64()?);
            let (first, end) = (usize::from(first), usize::from(first) + usize::from(count));
            if first < next || count == 0 || end > PAGES as usize {
                return None;
            }
            block.checked_add(PAGES)?;
            for (place, block) in window.places[first..end].iter_mut().zip(block..) {
                *place = Some(Place { block: Block(block), crc: reader.u32()? });
            }
            next = end;
        }
        Some(window)
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut at = 0;
        while at < self.places.len() {
            let Some(first) = self.places[at] else {
                at += 1;
                continue;
            };
            let run = self.places[at..].iter().zip(first.block.0..);
            let run: Vec<u32> = run
                .map_while(|(place, block)| place.filter(|place| place.block.0 == block))
                .map(|place| place.crc)
                .collect();
            bytes.extend_from_slice(&[at as u8, run.len() as u8]);
            bytes.extend_from_slice(&first.block.0.to_le_bytes());
            run.iter().for_each(|crc| bytes.extend_from_slice(&crc.to_le_bytes()));
            at += run.len();
        }
        bytes
    }

    pub fn is_empty(&self) -> bool {
        self.places.iter().all(Option::is_none)
    }

    pub fn blocks(&self) -> impl Iterator<Item = Block> {
        self.places.iter().flatten().map(|place| place.block)
    }
}
