// SPDX-License-Identifier: Apache-2.0
//! ELF notes: how a kernel tells its loader, and our packer, what it wants.
//!
//! A note is three numbers (length of the name, length of the description, type), the name with its zero byte, and the
//! description; both are padded to 4 bytes. Xen's loader pads to 4 whatever the segment's alignment says, and so do we.

use std::fmt;
use std::vec::Vec;

use crate::little_endian::u32_at;

const HEADER_LENGTH: usize = 12;

/// A note does not lie within its segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoteError {
    /// Where the note begins in the file.
    pub offset: u64,
}

impl fmt::Display for NoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the ELF note at {:#x} of the file reaches out of its segment", self.offset)
    }
}

impl std::error::Error for NoteError {}

/// One note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note<'a> {
    /// The owner's name without its zero byte.
    pub name: &'a [u8],
    /// The type, whose meaning is the owner's.
    pub kind: u32,
    /// The description.
    pub description: &'a [u8],
    /// Where the description begins in the file.
    pub description_offset: u64,
}

/// Adds the notes of a segment, whose bytes begin at `offset` in the file, to `notes`.
pub(super) fn read<'a>(bytes: &'a [u8], offset: u64, notes: &mut Vec<Note<'a>>) -> Result<(), NoteError> {
    let mut position = 0;
    while position < bytes.len() {
        let outside = NoteError { offset: offset + position as u64 };
        let number = |at: usize| u32_at(bytes, position + at).ok_or(outside);
        let name_length = number(0)? as usize;
        let description_length = number(4)? as usize;
        let kind = number(8)?;
        let name_start = position + HEADER_LENGTH;
        let description_start = name_start + name_length.next_multiple_of(4);
        let description_end = description_start + description_length;
        let name = bytes.get(name_start..name_start + name_length).ok_or(outside)?;
        let description = bytes.get(description_start..description_end).ok_or(outside)?;
        notes.push(Note {
            name: name.strip_suffix(&[0]).unwrap_or(name),
            kind,
            description,
            description_offset: offset + description_start as u64,
        });
        position = description_end.next_multiple_of(4);
    }
    Ok(())
}
