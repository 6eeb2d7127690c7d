// SPDX-License-Identifier: Apache-2.0
//! What can be wrong with an image, each case with the numbers that a person needs to find it.

use core::fmt;

use crate::format::{FORMAT_VERSION, MAX_SECTIONS, SectionKind};

/// Why bytes are not a usable image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageError {
    /// Fewer bytes than the header and the section table need.
    TooShort {
        /// Bytes that are needed.
        needed: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// The first bytes are not the image's magic.
    Magic,
    /// A format version that this reader does not know.
    Version {
        /// The version in the header.
        found: u32,
    },
    /// The header's total length is not the number of bytes that are there.
    Length {
        /// The length in the header.
        declared: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// More sections than the format allows.
    TooManySections {
        /// The count in the header.
        found: u32,
    },
    /// The checksum of the header and the section table does not match.
    HeaderChecksum {
        /// The checksum in the header.
        stored: u32,
        /// The checksum of what is there.
        computed: u32,
    },
    /// A section's alignment is no power of two from 1 to 4096, or its offset does not keep it.
    Alignment {
        /// The section.
        kind: SectionKind,
        /// The alignment in the table.
        alignment: u32,
        /// The offset in the table.
        offset: u64,
    },
    /// A section reaches out of the image or into the section table.
    Range {
        /// The section.
        kind: SectionKind,
        /// The offset in the table.
        offset: u64,
        /// The length in the table.
        length: u64,
        /// The length of the image.
        total: u64,
    },
    /// A section begins before the one that is listed ahead of it has ended.
    Overlap {
        /// The later of the two sections.
        kind: SectionKind,
        /// Where it begins.
        offset: u64,
        /// Where the one ahead of it ends.
        previous_end: u64,
    },
    /// Two sections are of the same kind.
    Duplicate {
        /// The kind that is there twice.
        kind: SectionKind,
    },
    /// A section's checksum does not match its bytes.
    SectionChecksum {
        /// The section.
        kind: SectionKind,
        /// The checksum in the table.
        stored: u32,
        /// The checksum of what is there.
        computed: u32,
    },
    /// A byte between or after the sections is not zero.
    Padding {
        /// Where it is.
        offset: u64,
    },
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::TooShort { needed, found } => {
                write!(f, "image is too short: {needed} bytes needed, {found} found")
            }
            Self::Magic => f.write_str("image does not begin with the magic \"VOXOZIMG\""),
            Self::Version { found } => {
                write!(f, "image has format version {found}; version {FORMAT_VERSION} is known")
            }
            Self::Length { declared, found } => {
                write!(f, "image says that it has {declared} bytes, {found} found")
            }
            Self::TooManySections { found } => {
                write!(f, "image has {found} sections; the limit is {MAX_SECTIONS}")
            }
            Self::HeaderChecksum { stored, computed } => {
                write!(f, "image header has checksum {stored:#010x}, its bytes have {computed:#010x}")
            }
            Self::Alignment { kind, alignment, offset } => {
                write!(f, "image section {kind} at {offset:#x} cannot have alignment {alignment}")
            }
            Self::Range { kind, offset, length, total } => write!(
                f,
                "image section {kind} at {offset:#x} with {length} bytes is outside of the image's {total} bytes"
            ),
            Self::Overlap { kind, offset, previous_end } => write!(
                f,
                "image section {kind} begins at {offset:#x}, before the previous one ends at {previous_end:#x}"
            ),
            Self::Duplicate { kind } => write!(f, "image section {kind} is there twice"),
            Self::SectionChecksum { kind, stored, computed } => {
                write!(f, "image section {kind} has checksum {stored:#010x}, its bytes have {computed:#010x}")
            }
            Self::Padding { offset } => write!(f, "image has a byte at {offset:#x} that no section owns"),
        }
    }
}

impl core::error::Error for ImageError {}
