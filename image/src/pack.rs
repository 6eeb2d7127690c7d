// SPDX-License-Identifier: Apache-2.0
//! The packer: puts an image into a linked kernel, without a linker.
//!
//! A kernel carries a note of its own, owner "Voxoz", type 1, whose description is two zero `u64`. Packing keeps all
//! loaded segments and notes as they are, drops what only debuggers read, appends one read-only segment with the image
//! on the first free page after the kernel's own memory, and writes the image's virtual address and length into the
//! note. Xen's loader takes the bounds of a guest from the `PT_LOAD` headers and its wishes from the `PT_NOTE` headers
//! and looks at nothing else.
//!
//! In the file the segments stay where they were, then come the program headers, then, on a page of its own, the
//! image. So packing a packed kernel again replaces its image and gives the same bytes as packing it the first time.

use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

use crate::Image;
use crate::elf::{
    ET_EXEC, Elf, HEADER_LENGTH, Note, PF_R, PROGRAM_HEADER_LENGTH, PT_DYNAMIC, PT_INTERP, PT_LOAD, PT_NOTE,
    Segment,
};
use crate::little_endian::u64_at;

mod error;
mod file;

pub use error::PackError;
pub use file::{EXECUTABLE, NewFile, write_executable};

/// The owner of the kernel's own note.
pub const NOTE_OWNER: &[u8] = b"Voxoz";
/// The type of the note that locates the image.
pub const NOTE_IMAGE: u32 = 1;
/// Length of that note's description: virtual address and length, each `u64`.
pub const NOTE_LENGTH: usize = 16;

/// The type of the note, owner "GNU", with the build id.
const NT_GNU_BUILD_ID: u32 = 3;

const PAGE: u64 = 4096;

/// A kernel that has been checked: packed or yet to be packed.
#[derive(Clone, Debug)]
pub struct Kernel<'a> {
    elf: Elf<'a>,
    notes: Vec<Note<'a>>,
    /// Where in the file the description of the kernel's own note is.
    note_offset: u64,
    /// The kernel's own segments that are kept: loaded ones and notes.
    kept: Vec<Segment>,
    /// The segment with the image, if the kernel is packed.
    embedded: Option<Segment>,
}

impl<'a> Kernel<'a> {
    /// Checks that an ELF file is a kernel that can be packed: static, at fixed addresses, its segments apart from each
    /// other and at one distance from physical memory, with exactly one note of our own in loaded memory.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, PackError> {
        let elf = Elf::parse(bytes)?;
        if elf.segments().iter().any(|segment| matches!(segment.kind, PT_DYNAMIC | PT_INTERP)) {
            return Err(PackError::Dynamic);
        }
        if elf.kind() != ET_EXEC {
            return Err(PackError::NotFixed { kind: elf.kind() });
        }
        let notes = elf.notes()?;
        let note = own_note(&notes)?;
        let mut kept: Vec<Segment> = elf
            .segments()
            .iter()
            .filter(|segment| matches!(segment.kind, PT_LOAD | PT_NOTE))
            .copied()
            .collect();
        check_memory(&kept)?;
        let (address, length) = located(note)?;
        let embedded = if (address, length) == (0, 0) {
            None
        } else {
            let is_image = |segment: &Segment| {
                segment.kind == PT_LOAD && segment.virtual_address == address && segment.file_size == length
            };
            let index = kept.iter().position(is_image).ok_or(PackError::NoteDangling { address, length })?;
            Some(kept.remove(index))
        };
        let note_offset = note.description_offset;
        let note_end = note_offset + NOTE_LENGTH as u64;
        let loaded = loads(&kept).any(|load| load.offset <= note_offset && note_end <= load.file_end());
        if !loaded {
            return Err(PackError::NoteNotLoaded);
        }
        Ok(Self { elf, notes, note_offset, kept, embedded })
    }

    /// The file that the kernel was read from.
    #[must_use]
    pub fn elf(&self) -> &Elf<'a> {
        &self.elf
    }

    /// All notes, Xen's among them.
    #[must_use]
    pub fn notes(&self) -> &[Note<'a>] {
        &self.notes
    }

    /// The bytes of the image, if the kernel is packed.
    #[must_use]
    pub fn image(&self) -> Option<&'a [u8]> {
        self.embedded.as_ref().map(|segment| self.elf.contents(segment))
    }

    /// The GNU build id that the linker gave, in hex, if there is one.
    #[must_use]
    pub fn build_id(&self) -> Option<String> {
        let note = self.notes.iter().find(|note| note.name == b"GNU" && note.kind == NT_GNU_BUILD_ID)?;
        Some(note.description.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Packs the kernel with an image, in place of the one that it has.
    ///
    /// # Errors
    /// When the image is not sound, or there is no room above the kernel.
    pub fn pack(&self, image: &[u8]) -> Result<Vec<u8>, PackError> {
        Image::parse(image)?;
        let own_end = self.kept.iter().map(Segment::file_end).max().unwrap_or(0);
        let table_start = own_end.max(HEADER_LENGTH as u64).next_multiple_of(8);
        let table_length = (self.kept.len() + 1) * PROGRAM_HEADER_LENGTH;
        let image_start = (table_start + table_length as u64).next_multiple_of(PAGE);
        let segment = self.image_segment(image_start, image.len() as u64)?;

        let mut file = vec![0; image_start as usize];
        file[..HEADER_LENGTH].copy_from_slice(&self.elf.bytes()[..HEADER_LENGTH]);
        for segment in &self.kept {
            file[segment.offset as usize..segment.file_end() as usize]
                .copy_from_slice(self.elf.contents(segment));
        }
        let headers = self.kept.iter().chain([&segment]);
        for (index, header) in headers.enumerate() {
            let start = table_start as usize + index * PROGRAM_HEADER_LENGTH;
            file[start..start + PROGRAM_HEADER_LENGTH].copy_from_slice(&header.to_bytes());
        }
        write_header(&mut file, table_start, self.kept.len() as u16 + 1);
        let note = self.note_offset as usize;
        file[note..note + 8].copy_from_slice(&segment.virtual_address.to_le_bytes());
        file[note + 8..note + NOTE_LENGTH].copy_from_slice(&segment.file_size.to_le_bytes());
        file.extend_from_slice(image);
        Ok(file)
    }

    /// The program header of an image that is put at `offset` in the file.
    fn image_segment(&self, offset: u64, length: u64) -> Result<Segment, PackError> {
        let last = loads(&self.kept).max_by_key(|load| load.memory_end()).ok_or(PackError::NoLoad)?;
        let distance = last.virtual_address.wrapping_sub(last.physical_address);
        let virtual_address = last.memory_end().checked_next_multiple_of(PAGE).ok_or(PackError::NoRoom)?;
        virtual_address.checked_add(length).ok_or(PackError::NoRoom)?;
        let physical_address = virtual_address.wrapping_sub(distance);
        physical_address.checked_add(length).ok_or(PackError::NoRoom)?;
        Ok(Segment {
            kind: PT_LOAD,
            flags: PF_R,
            offset,
            virtual_address,
            physical_address,
            file_size: length,
            memory_size: length,
            alignment: PAGE,
        })
    }
}

fn loads(segments: &[Segment]) -> impl Iterator<Item = &Segment> {
    segments.iter().filter(|segment| segment.kind == PT_LOAD)
}

/// The one note that is ours.
fn own_note<'n, 'a>(notes: &'n [Note<'a>]) -> Result<&'n Note<'a>, PackError> {
    let mut own = notes.iter().filter(|note| note.name == NOTE_OWNER && note.kind == NOTE_IMAGE);
    match (own.next(), own.next()) {
        (Some(note), None) => Ok(note),
        (None, _) => Err(PackError::NoNote),
        (Some(_), Some(_)) => Err(PackError::SeveralNotes),
    }
}

/// The address and length of the image in a note.
fn located(note: &Note<'_>) -> Result<(u64, u64), PackError> {
    let wrong = PackError::NoteLength { found: note.description.len() };
    if note.description.len() != NOTE_LENGTH {
        return Err(wrong);
    }
    let address = u64_at(note.description, 0).ok_or(wrong)?;
    let length = u64_at(note.description, 8).ok_or(wrong)?;
    Ok((address, length))
}

/// Loaded segments must not overlap and must all have the same distance between virtual and physical address.
fn check_memory(segments: &[Segment]) -> Result<(), PackError> {
    let mut sorted: Vec<&Segment> = loads(segments).collect();
    sorted.sort_by_key(|segment| segment.virtual_address);
    if sorted.is_empty() {
        return Err(PackError::NoLoad);
    }
    for pair in sorted.windows(2) {
        let (lower, upper) = (pair[0], pair[1]);
        if upper.virtual_address < lower.memory_end() {
            return Err(PackError::Overlap {
                address: upper.virtual_address,
                previous_end: lower.memory_end(),
            });
        }
        let distance = |segment: &Segment| segment.virtual_address.wrapping_sub(segment.physical_address);
        if distance(lower) != distance(upper) {
            return Err(PackError::Distance { address: upper.virtual_address });
        }
    }
    Ok(())
}

/// Points the file header at the new program headers and away from the sections, which are gone.
fn write_header(file: &mut [u8], table_start: u64, count: u16) {
    file[32..40].copy_from_slice(&table_start.to_le_bytes());
    file[40..48].fill(0);
    file[56..58].copy_from_slice(&count.to_le_bytes());
    file[58..64].fill(0);
}

#[cfg(test)]
mod tests;
