// SPDX-License-Identifier: Apache-2.0
//! Why a kernel cannot be packed.

use std::fmt;

use crate::ImageError;
use crate::elf::{ElfError, NoteError};

/// Why a kernel cannot be packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackError {
    /// The kernel is not an ELF file that we can read.
    Elf(ElfError),
    /// The kernel's notes are damaged.
    Note(NoteError),
    /// The image is not sound.
    Image(ImageError),
    /// The kernel wants a dynamic linker.
    Dynamic,
    /// The kernel is not linked to fixed addresses.
    NotFixed {
        /// `e_type`.
        kind: u16,
    },
    /// The kernel has nothing to load.
    NoLoad,
    /// Two loaded segments overlap.
    Overlap {
        /// Where the upper one begins.
        address: u64,
        /// Where the lower one ends.
        previous_end: u64,
    },
    /// The virtual and physical addresses of a segment are not as far apart as those of the others.
    Distance {
        /// Where the segment begins.
        address: u64,
    },
    /// The kernel has no note of ours, so it cannot find an image.
    NoNote,
    /// The kernel has more than one note of ours.
    SeveralNotes,
    /// Our note has another length than it should.
    NoteLength {
        /// Its length.
        found: usize,
    },
    /// Our note is not within a loaded segment, so the kernel could not read it.
    NoteNotLoaded,
    /// Our note says that there is an image, and no segment holds it.
    NoteDangling {
        /// The image's address in the note.
        address: u64,
        /// The image's length in the note.
        length: u64,
    },
    /// The address space ends before the image does.
    NoRoom,
}

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elf(error) => error.fmt(f),
            Self::Note(error) => error.fmt(f),
            Self::Image(error) => error.fmt(f),
            Self::Dynamic => f.write_str("kernel is dynamically linked; it must be static"),
            Self::NotFixed { kind } => {
                write!(
                    f,
                    "kernel has ELF type {kind}; it must be linked to fixed addresses (type 2, not PIE)"
                )
            }
            Self::NoLoad => f.write_str("kernel has no segment to load"),
            Self::Overlap { address, previous_end } => write!(
                f,
                "kernel's segment at {address:#x} begins before the one below it ends at {previous_end:#x}"
            ),
            Self::Distance { address } => write!(
                f,
                "kernel's segment at {address:#x} is not as far from its physical address as the others"
            ),
            Self::NoNote => f.write_str("kernel has no ELF note with owner \"Voxoz\" and type 1"),
            Self::SeveralNotes => {
                f.write_str("kernel has more than one ELF note with owner \"Voxoz\" and type 1")
            }
            Self::NoteLength { found } => {
                write!(f, "kernel's \"Voxoz\" note has {found} bytes; it must have {}", super::NOTE_LENGTH)
            }
            Self::NoteNotLoaded => f.write_str("kernel's \"Voxoz\" note is in no loaded segment"),
            Self::NoteDangling { address, length } => write!(
                f,
                "kernel's \"Voxoz\" note tells of an image of {length} bytes at {address:#x}, but no segment is there"
            ),
            Self::NoRoom => f.write_str("there is no address space above the kernel for the image"),
        }
    }
}

impl std::error::Error for PackError {}

impl From<ElfError> for PackError {
    fn from(error: ElfError) -> Self {
        Self::Elf(error)
    }
}

impl From<NoteError> for PackError {
    fn from(error: NoteError) -> Self {
        Self::Note(error)
    }
}

impl From<ImageError> for PackError {
    fn from(error: ImageError) -> Self {
        Self::Image(error)
    }
}
