// SPDX-License-Identifier: Apache-2.0
//! The container: a header, a table of sections, the sections. Little endian, read in place.
//!
//! ```text
//! header, 32 bytes    0 magic "VOXOZIMG"   8 format version u32   12 section count u32
//!                    16 total length u64  24 checksum u32         28 zero u32
//! section, 32 bytes   0 kind u32           4 alignment u32         8 offset u64
//!                    16 length u64        24 checksum u32         28 zero u32
//! ```
//!
//! The sections are listed in the order in which they lie; bytes that belong to none are zero. The header's checksum
//! covers header and table with its own field as zero, and the table holds the checksum of each section, so every byte
//! is accounted for. Reading a table is cheap and happens at every start; [`Image::verify`] reads all bytes and is for
//! those who need to know. Kinds that a reader does not know are skipped, so a new kind needs no new version.

use core::fmt;

use crc32c::{crc32c, crc32c_of_parts};

use crate::error::ImageError;
use crate::little_endian::{u32_at, u64_at};

/// The first bytes of an image.
pub const MAGIC: [u8; 8] = *b"VOXOZIMG";
/// The version of the container's layout.
pub const FORMAT_VERSION: u32 = 1;
/// The largest number of sections: a bound for the work on a hostile table.
pub const MAX_SECTIONS: u32 = 64;
/// The largest alignment that a section may ask for: a page, which is what the image itself is aligned to.
pub const MAX_ALIGNMENT: u32 = 4096;

pub(crate) const HEADER_LENGTH: usize = 32;
pub(crate) const ENTRY_LENGTH: usize = 32;
/// Where the header's own checksum is; it counts as zero in the sum.
pub(crate) const CHECKSUM_OFFSET: usize = 24;

/// What a section holds. Any number is a kind; those of the table have a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SectionKind(pub u32);

macro_rules! section_kinds {
    ($($(#[$doc:meta])* $constant:ident = $number:literal, $name:literal;)*) => {
        impl SectionKind {
            $($(#[$doc])* pub const $constant: Self = Self($number);)*

            /// Every kind that this version knows, with its name.
            pub const KNOWN: &'static [(Self, &'static str)] = &[$((Self::$constant, $name)),*];
        }
    };
}

section_kinds! {
    /// Function symbols for backtraces: [`crate::symbols`].
    SYMBOLS = 1, "symbols";
    /// Arguments that go before those of the command line: [`crate::arguments`].
    ARGUMENTS = 2, "arguments";
    /// What was built from what: [`crate::identity`].
    BUILD = 3, "build";
    /// The files of the application: [`crate::files`].
    FILES = 4, "files";
    /// Where the application starts: [`crate::start`].
    START = 5, "start";
    /// Modules of the files, translated for the virtual machine: its own format.
    LIBRARY = 6, "library";
}

impl SectionKind {
    /// The kind's name, if this version knows it.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        Self::KNOWN.iter().find(|(kind, _)| *kind == self).map(|(_, name)| *name)
    }
}

impl fmt::Display for SectionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{}", self.0),
        }
    }
}

/// One section of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section<'a> {
    /// What it holds.
    pub kind: SectionKind,
    /// The alignment that its offset keeps.
    pub alignment: u32,
    /// Where it begins, from the image's first byte.
    pub offset: u64,
    /// The checksum in the table.
    pub checksum: u32,
    /// Its bytes.
    pub bytes: &'a [u8],
}

impl<'a> Section<'a> {
    /// Reads the table entry at `position` of an image whose sections may begin at `table_end` or later.
    fn read(image: &'a [u8], position: usize, table_end: u64) -> Result<Self, ImageError> {
        let total = image.len() as u64;
        let short = ImageError::TooShort { needed: table_end, found: total };
        let number = |offset| u32_at(image, position + offset).ok_or(short);
        let long_number = |offset| u64_at(image, position + offset).ok_or(short);
        let kind = SectionKind(number(0)?);
        let alignment = number(4)?;
        let offset = long_number(8)?;
        let length = long_number(16)?;
        let checksum = number(24)?;
        let aligned = alignment.is_power_of_two()
            && alignment <= MAX_ALIGNMENT
            && offset.is_multiple_of(u64::from(alignment));
        if !aligned {
            return Err(ImageError::Alignment { kind, alignment, offset });
        }
        let outside = ImageError::Range { kind, offset, length, total };
        let end = offset.checked_add(length).ok_or(outside)?;
        if offset < table_end || end > total {
            return Err(outside);
        }
        let bytes = image.get(offset as usize..end as usize).ok_or(outside)?;
        Ok(Self { kind, alignment, offset, checksum, bytes })
    }

    /// Where it ends.
    fn end(&self) -> u64 {
        self.offset + self.bytes.len() as u64
    }

    /// Compares the section's bytes with its checksum.
    ///
    /// # Errors
    /// [`ImageError::SectionChecksum`] when they do not match.
    pub fn verify(&self) -> Result<(), ImageError> {
        let computed = crc32c(self.bytes);
        if computed == self.checksum {
            Ok(())
        } else {
            Err(ImageError::SectionChecksum { kind: self.kind, stored: self.checksum, computed })
        }
    }
}

/// An image whose header and section table have been checked.
#[derive(Clone, Copy, Debug)]
pub struct Image<'a> {
    bytes: &'a [u8],
    count: u32,
}

impl<'a> Image<'a> {
    /// Checks the whole image: header, table, every section's checksum, and that nothing lies between the sections.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ImageError> {
        let image = Self::open(bytes)?;
        image.verify()?;
        Ok(image)
    }

    /// Checks header and table, with their checksum, and leaves the bytes of the sections unread: its cost does not
    /// grow with the image.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn open(bytes: &'a [u8]) -> Result<Self, ImageError> {
        let found = bytes.len() as u64;
        let short = ImageError::TooShort { needed: HEADER_LENGTH as u64, found };
        if bytes.len() < HEADER_LENGTH {
            return Err(short);
        }
        if !bytes.starts_with(&MAGIC) {
            return Err(ImageError::Magic);
        }
        let version = u32_at(bytes, 8).ok_or(short)?;
        if version != FORMAT_VERSION {
            return Err(ImageError::Version { found: version });
        }
        let count = u32_at(bytes, 12).ok_or(short)?;
        if count > MAX_SECTIONS {
            return Err(ImageError::TooManySections { found: count });
        }
        let declared = u64_at(bytes, 16).ok_or(short)?;
        if declared != found {
            return Err(ImageError::Length { declared, found });
        }
        let image = Self { bytes, count };
        image.check_header()?;
        image.check_table()?;
        Ok(image)
    }

    fn table_end(&self) -> usize {
        HEADER_LENGTH + self.count as usize * ENTRY_LENGTH
    }

    fn check_header(&self) -> Result<(), ImageError> {
        let needed = self.table_end() as u64;
        let short = ImageError::TooShort { needed, found: self.bytes.len() as u64 };
        let checked = self.bytes.get(..self.table_end()).ok_or(short)?;
        let stored = u32_at(checked, CHECKSUM_OFFSET).ok_or(short)?;
        let computed = header_checksum(checked);
        if stored == computed { Ok(()) } else { Err(ImageError::HeaderChecksum { stored, computed }) }
    }

    fn check_table(&self) -> Result<(), ImageError> {
        let mut previous_end = self.table_end() as u64;
        for index in 0..self.count {
            let section = self.entry(index)?;
            let Section { kind, offset, .. } = section;
            if offset < previous_end {
                return Err(ImageError::Overlap { kind, offset, previous_end });
            }
            previous_end = section.end();
            if self.sections().take(index as usize).any(|earlier| earlier.kind == kind) {
                return Err(ImageError::Duplicate { kind });
            }
        }
        Ok(())
    }

    fn entry(&self, index: u32) -> Result<Section<'a>, ImageError> {
        let position = HEADER_LENGTH + index as usize * ENTRY_LENGTH;
        Section::read(self.bytes, position, self.table_end() as u64)
    }

    /// Compares every section with its checksum, and checks that all other bytes are zero.
    ///
    /// # Errors
    /// The first thing that does not match.
    pub fn verify(&self) -> Result<(), ImageError> {
        let mut free = self.table_end() as u64;
        for section in self.sections() {
            self.check_padding(free, section.offset)?;
            section.verify()?;
            free = section.end();
        }
        self.check_padding(free, self.bytes.len() as u64)
    }

    fn check_padding(&self, start: u64, end: u64) -> Result<(), ImageError> {
        let padding = self.bytes.get(start as usize..end as usize).unwrap_or_default();
        match padding.iter().position(|&byte| byte != 0) {
            Some(position) => Err(ImageError::Padding { offset: start + position as u64 }),
            None => Ok(()),
        }
    }

    /// The sections in the order in which they lie, with those of unknown kinds.
    pub fn sections(&self) -> impl Iterator<Item = Section<'a>> + use<'a> {
        let image = *self;
        // Each entry was read once when the image was opened, so none is lost here.
        (0..image.count).filter_map(move |index| image.entry(index).ok())
    }

    /// The bytes of the section of this kind, if the image has one.
    #[must_use]
    pub fn section(&self, kind: SectionKind) -> Option<&'a [u8]> {
        self.sections().find(|section| section.kind == kind).map(|section| section.bytes)
    }

    /// The whole image.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

/// The checksum of a header with its table, the checksum's own field counted as zero.
pub(crate) fn header_checksum(header_and_table: &[u8]) -> u32 {
    let (before, rest) = header_and_table.split_at(CHECKSUM_OFFSET);
    crc32c_of_parts(&[before, &[0; 4], &rest[4..]])
}

#[cfg(all(test, feature = "std"))]
mod tests;
