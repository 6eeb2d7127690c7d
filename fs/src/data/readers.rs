// SPDX-License-Identifier: Apache-2.0
//! Who reads on where a read has ended is likely to read on again: what comes next is asked for before it is.

use alloc::vec::Vec;
use core::ops::Range;

use super::disk::BLOCK;
use super::keys::Id;
use super::store::Store;

const PAGE: u64 = BLOCK as u64;
/// How far ahead is read.
const DISTANCE: u64 = 128 * PAGE;
/// How many readers are known at once.
const MOST: usize = 8;

/// Where a content is read on.
struct Reader {
    content: Id,
    /// Where the last read has ended.
    end: u64,
    /// Up to where was asked for.
    asked: u64,
}

/// The latest readers, the oldest first.
#[derive(Default)]
pub struct Readers(Vec<Reader>);

impl Readers {
    /// A content of a size was read: asks for what comes next, if it was read on.
    pub fn read(&mut self, store: &mut Store, content: Id, part: Range<u64>, size: u64) {
        let known = self.0.iter().position(|reader| reader.content == content && reader.end == part.start);
        let mut reader = match known {
            Some(index) => self.0.remove(index),
            None => {
                if self.0.len() == MOST {
                    self.0.remove(0);
                }
                Reader { content, end: part.end, asked: part.end }
            }
        };
        reader.end = part.end;
        reader.asked = reader.asked.max(part.end);
        let is_due = known.is_some() && reader.asked < size && reader.asked - part.end < DISTANCE / 2;
        if is_due {
            let to = size.min(part.end + DISTANCE);
            // What cannot be read is told to whoever reads it.
            let _ = store.expect(content, reader.asked / PAGE..to.div_ceil(PAGE));
            reader.asked = to;
        }
        self.0.push(reader);
    }
}
