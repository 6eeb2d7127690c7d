// SPDX-License-Identifier: Apache-2.0
//! The little of ELF that a kernel image needs: the file header, program headers, notes.
//!
//! After the System V gABI, chapters 4 and 5, for 64-bit little-endian x86 alone. Sections are never looked at: a
//! loader does not need them, and a packed kernel has none.

use std::fmt;
use std::vec::Vec;

use crate::little_endian::{u16_at, u32_at, u64_at};

mod note;
pub use note::{Note, NoteError};

/// Length of the file header.
pub const HEADER_LENGTH: usize = 64;
/// Length of a program header.
pub const PROGRAM_HEADER_LENGTH: usize = 56;
/// `e_type` of a program that is linked to fixed addresses.
pub const ET_EXEC: u16 = 2;
/// `e_machine` of x86-64.
pub const EM_X86_64: u16 = 62;
/// `p_flags`: the segment is executable.
pub const PF_X: u32 = 1;
/// `p_flags`: the segment is writable.
pub const PF_W: u32 = 2;
/// `p_flags`: the segment is readable.
pub const PF_R: u32 = 4;
/// `p_type` of a segment that is loaded.
pub const PT_LOAD: u32 = 1;
/// `p_type` of dynamic linking information.
pub const PT_DYNAMIC: u32 = 2;
/// `p_type` of the path of a dynamic linker.
pub const PT_INTERP: u32 = 3;
/// `p_type` of notes.
pub const PT_NOTE: u32 = 4;

/// Why bytes are not an ELF file that we can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElfError {
    /// Fewer bytes than a file header.
    TooShort {
        /// Bytes that are there.
        found: u64,
    },
    /// The first bytes are not ELF's.
    Magic,
    /// Not 64-bit, little-endian, version 1.
    Class,
    /// Not for x86-64.
    Machine {
        /// The machine in the header.
        found: u16,
    },
    /// The program headers are of another length than the specification's, or not within the file.
    ProgramHeaders {
        /// Where they should be.
        offset: u64,
        /// How many.
        count: u16,
    },
    /// A segment's bytes are not within the file.
    SegmentRange {
        /// The program header, counted from 0.
        index: usize,
        /// Where the bytes should be.
        offset: u64,
        /// How many.
        length: u64,
    },
    /// A loaded segment has more bytes in the file than in memory, or wraps around the address space.
    SegmentMemory {
        /// The program header, counted from 0.
        index: usize,
    },
}

impl fmt::Display for ElfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { found } => {
                write!(f, "{found} bytes are too few for an ELF file header of {HEADER_LENGTH}")
            }
            Self::Magic => f.write_str("file is not ELF"),
            Self::Class => f.write_str("ELF file is not 64-bit little-endian"),
            Self::Machine { found } => write!(f, "ELF file is for machine {found}, not x86-64 ({EM_X86_64})"),
            Self::ProgramHeaders { offset, count } => {
                write!(f, "ELF file has no room for {count} program headers at {offset:#x}")
            }
            Self::SegmentRange { index, offset, length } => {
                write!(f, "segment {index} has {length} bytes at {offset:#x}, outside of the file")
            }
            Self::SegmentMemory { index } => {
                write!(f, "segment {index} does not fit into the memory that it asks for")
            }
        }
    }
}

impl std::error::Error for ElfError {}

/// A program header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// `p_type`.
    pub kind: u32,
    /// `p_flags`.
    pub flags: u32,
    /// `p_offset`.
    pub offset: u64,
    /// `p_vaddr`.
    pub virtual_address: u64,
    /// `p_paddr`.
    pub physical_address: u64,
    /// `p_filesz`.
    pub file_size: u64,
    /// `p_memsz`.
    pub memory_size: u64,
    /// `p_align`.
    pub alignment: u64,
}

impl Segment {
    fn read(bytes: &[u8], position: usize) -> Option<Self> {
        Some(Self {
            kind: u32_at(bytes, position)?,
            flags: u32_at(bytes, position + 4)?,
            offset: u64_at(bytes, position + 8)?,
            virtual_address: u64_at(bytes, position + 16)?,
            physical_address: u64_at(bytes, position + 24)?,
            file_size: u64_at(bytes, position + 32)?,
            memory_size: u64_at(bytes, position + 40)?,
            alignment: u64_at(bytes, position + 48)?,
        })
    }

    /// The program header as it stands in a file.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; PROGRAM_HEADER_LENGTH] {
        let mut bytes = [0; PROGRAM_HEADER_LENGTH];
        bytes[..4].copy_from_slice(&self.kind.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.flags.to_le_bytes());
        let numbers = [
            self.offset,
            self.virtual_address,
            self.physical_address,
            self.file_size,
            self.memory_size,
            self.alignment,
        ];
        for (room, number) in bytes[8..].chunks_exact_mut(8).zip(numbers) {
            room.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    /// Where its bytes end in the file.
    #[must_use]
    pub fn file_end(&self) -> u64 {
        self.offset + self.file_size
    }

    /// Where it ends in memory, as a virtual address.
    #[must_use]
    pub fn memory_end(&self) -> u64 {
        self.virtual_address + self.memory_size
    }

    fn check(&self, index: usize, file_length: u64) -> Result<(), ElfError> {
        let Self { offset, file_size: length, .. } = *self;
        if offset.checked_add(length).is_none_or(|end| end > file_length) {
            return Err(ElfError::SegmentRange { index, offset, length });
        }
        let fits = self.file_size <= self.memory_size
            && self.virtual_address.checked_add(self.memory_size).is_some()
            && self.physical_address.checked_add(self.memory_size).is_some();
        if self.kind == PT_LOAD && !fits {
            return Err(ElfError::SegmentMemory { index });
        }
        Ok(())
    }
}

/// An ELF file whose program headers have been checked.
#[derive(Clone, Debug)]
pub struct Elf<'a> {
    bytes: &'a [u8],
    kind: u16,
    entry: u64,
    segments: Vec<Segment>,
}

impl<'a> Elf<'a> {
    /// Reads the file header and the program headers.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ElfError> {
        let short = ElfError::TooShort { found: bytes.len() as u64 };
        if bytes.len() < HEADER_LENGTH {
            return Err(if bytes.starts_with(b"\x7FELF") { short } else { ElfError::Magic });
        }
        if !bytes.starts_with(b"\x7FELF") {
            return Err(ElfError::Magic);
        }
        if bytes[4..7] != [2, 1, 1] {
            return Err(ElfError::Class);
        }
        let machine = u16_at(bytes, 18).ok_or(short)?;
        if machine != EM_X86_64 {
            return Err(ElfError::Machine { found: machine });
        }
        let offset = u64_at(bytes, 32).ok_or(short)?;
        let header_length = u16_at(bytes, 54).ok_or(short)?;
        let count = u16_at(bytes, 56).ok_or(short)?;
        let misplaced = ElfError::ProgramHeaders { offset, count };
        let table_length = u64::from(count) * PROGRAM_HEADER_LENGTH as u64;
        let within = offset.checked_add(table_length).is_some_and(|end| end <= bytes.len() as u64);
        if !within || (count > 0 && usize::from(header_length) != PROGRAM_HEADER_LENGTH) {
            return Err(misplaced);
        }
        let mut segments = Vec::with_capacity(usize::from(count));
        for index in 0..usize::from(count) {
            let position = offset as usize + index * PROGRAM_HEADER_LENGTH;
            let segment = Segment::read(bytes, position).ok_or(misplaced)?;
            segment.check(index, bytes.len() as u64)?;
            segments.push(segment);
        }
        let kind = u16_at(bytes, 16).ok_or(short)?;
        let entry = u64_at(bytes, 24).ok_or(short)?;
        Ok(Self { bytes, kind, entry, segments })
    }

    /// The whole file.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// `e_type`.
    #[must_use]
    pub fn kind(&self) -> u16 {
        self.kind
    }

    /// `e_entry`.
    #[must_use]
    pub fn entry(&self) -> u64 {
        self.entry
    }

    /// All program headers.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The bytes that the file has for a segment of this file.
    #[must_use]
    pub fn contents(&self, segment: &Segment) -> &'a [u8] {
        self.bytes.get(segment.offset as usize..segment.file_end() as usize).unwrap_or_default()
    }

    /// The notes of all `PT_NOTE` segments.
    ///
    /// # Errors
    /// When a note does not lie within its segment.
    pub fn notes(&self) -> Result<Vec<Note<'a>>, NoteError> {
        let mut notes = Vec::new();
        for segment in self.segments.iter().filter(|segment| segment.kind == PT_NOTE) {
            note::read(self.contents(segment), segment.offset, &mut notes)?;
        }
        Ok(notes)
    }
}
