// SPDX-License-Identifier: Apache-2.0
//! For tests and fuzz targets: each format of the disk by itself, and a volume whose checksums are made right after it was damaged, so that damage comes
//! through to those who use what it says.

use crc32c::crc32c;

use super::disk::{BLOCK, Block};
use super::inode::Inode;
use super::keys::Key;
use super::node::Node;
use super::record::Record;
use super::superblock::{Copy, Superblock};
use super::window::Window;

/// Takes bytes for everything that can be on a disk. What is understood says the same when it is written again.
pub fn decode(bytes: &[u8]) {
    for copy in Superblock::decode(bytes) {
        if let Copy::Good(superblock) = copy {
            let again = superblock.encode();
            assert!(Superblock::decode(&again).all(|copy| copy == Copy::Good(superblock.clone())));
        }
    }
    if let Some(record) = Record::decode(bytes) {
        let _ = record.items();
    }
    for level in 0..3 {
        let Some(node) = Node::decode(bytes, Block(7), level) else { continue };
        let again = node.encode(Block(7), 1, |link| match link {
            super::node::Link::Disk(pointer) => Some(pointer),
            super::node::Link::Memory(_) => None,
        });
        assert_eq!(again.and_then(|again| Node::decode(&again, Block(7), level)), Some(node));
    }
    if let Some(window) = Window::decode(bytes) {
        assert_eq!(Window::decode(&window.encode()), Some(window));
    }
    if let Some(inode) = Inode::decode(bytes) {
        assert_eq!(Inode::decode(&inode.encode()), Some(inode));
    }
    if let Some(key) = Key::decode(bytes) {
        assert_eq!(key.encode(), bytes);
    }
}

/// Makes the checksums of a volume right: of nodes, superblocks and the records of its log.
pub fn reseal(volume: &mut [u8]) {
    let number = |bytes: &[u8], at: usize| {
        bytes.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes)
    };
    for copy in [0, 2048, BLOCK, BLOCK + 2048] {
        let Some(superblock) = volume.get(copy..copy + 512) else { return };
        let root = number(superblock, 72);
        let level = superblock[84];
        let sealed = seal_node(volume, root, level.min(4));
        if let Some(crc) = sealed {
            volume[copy + 80..copy + 84].copy_from_slice(&crc.to_le_bytes());
        }
        seal(&mut volume[copy..copy + 512], 12);
    }
    let mut at = 2 * BLOCK;
    while volume.get(at..at + 4) == Some(b"VXLR") {
        let length = number(volume, at + 40) as u32 as usize;
        let Some(record) = volume.get_mut(at..at + length).filter(|_| length >= 48) else { return };
        seal(record, 4);
        at = (at + length).next_multiple_of(512);
    }
}

fn seal(bytes: &mut [u8], at: usize) {
    bytes[at..at + 4].fill(0);
    let crc = crc32c(bytes);
    bytes[at..at + 4].copy_from_slice(&crc.to_le_bytes());
}

/// Levels are few, so this ends.
fn seal_node(volume: &mut [u8], block: u64, level: u8) -> Option<u32> {
    let start = usize::try_from(block).ok()?.checked_mul(BLOCK).filter(|start| *start > 0)?;
    volume.get(start..start + BLOCK)?;
    if level > 0 {
        let count = u16::from_le_bytes([volume[start + 6], volume[start + 7]]).min(400);
        let mut at = start + 32;
        for _ in 0..count {
            let lengths = volume.get(at..at + 4)?;
            let key = usize::from(u16::from_le_bytes([lengths[0], lengths[1]]));
            let value = at + 4 + key;
            if value + 12 > start + BLOCK {
                break;
            }
            let below = u64::from_le_bytes(volume[value..value + 8].try_into().ok()?);
            if let Some(crc) = seal_node(volume, below, level - 1) {
                volume[value + 8..value + 12].copy_from_slice(&crc.to_le_bytes());
            }
            at = value + 12;
        }
    }
    Some(crc32c(&volume[start..start + BLOCK]))
}
