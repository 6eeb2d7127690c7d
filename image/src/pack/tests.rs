// SPDX-License-Identifier: Apache-2.0
//! Tests of the packer on small ELF files that are made here, and on damaged ones.

use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::{Kernel, NOTE_IMAGE, NOTE_LENGTH, PackError};
use crate::elf::{
    ET_EXEC, Elf, ElfError, HEADER_LENGTH, NoteError, PF_R, PF_W, PF_X, PROGRAM_HEADER_LENGTH, PT_DYNAMIC,
    PT_INTERP, PT_LOAD, PT_NOTE, Segment,
};
use crate::{Image, ImageBuilder, ImageError, SectionKind};

const VIRTUAL: u64 = 0xFFFF_FFFF_8010_0000;
const PHYSICAL: u64 = 0x0010_0000;

/// A file that is made of parts, with a program header for each.
struct ElfBuilder {
    kind: u16,
    segments: Vec<Segment>,
    bytes: Vec<u8>,
}

impl ElfBuilder {
    fn new() -> Self {
        Self { kind: ET_EXEC, segments: Vec::new(), bytes: vec![0; 0x1000] }
    }

    /// A kernel of two loaded segments, the second with memory that is not in the file, and notes in the first.
    fn kernel() -> Self {
        let mut notes = note(b"Xen\0", 5, b"xen-3.0\0");
        notes.extend(note(b"Voxoz\0", NOTE_IMAGE, &[0; NOTE_LENGTH]));
        let length = notes.len() as u64;
        Self::new()
            .segment(PT_LOAD, PF_R | PF_X, 0, &[&[0x90; 512], notes.as_slice()].concat(), 0)
            .segment(PT_LOAD, PF_R | PF_W, 0x2000, &[0xDA; 100], 0x1234)
            .header(PT_NOTE, 0x1000 + 512, length)
    }

    /// Adds bytes on a page of their own, at `address` above the kernel's start.
    fn segment(mut self, kind: u32, flags: u32, address: u64, bytes: &[u8], more_memory: u64) -> Self {
        let offset = self.bytes.len().next_multiple_of(0x1000);
        self.bytes.resize(offset, 0);
        self.bytes.extend_from_slice(bytes);
        self.segments.push(Segment {
            kind,
            flags,
            offset: offset as u64,
            virtual_address: VIRTUAL + address,
            physical_address: PHYSICAL + address,
            file_size: bytes.len() as u64,
            memory_size: bytes.len() as u64 + more_memory,
            alignment: 0x1000,
        });
        self
    }

    /// Adds a program header for bytes that another one has brought.
    fn header(mut self, kind: u32, offset: u64, length: u64) -> Self {
        self.segments.push(Segment {
            kind,
            flags: PF_R,
            offset,
            virtual_address: 0,
            physical_address: 0,
            file_size: length,
            memory_size: length,
            alignment: 4,
        });
        self
    }

    fn change(mut self, index: usize, change: impl FnOnce(&mut Segment)) -> Self {
        change(&mut self.segments[index]);
        self
    }

    /// The file, with section headers and what only debuggers read at its end.
    fn build(mut self) -> Vec<u8> {
        let mut header = b"\x7FELF\x02\x01\x01".to_vec();
        header.resize(16, 0);
        header.extend_from_slice(&self.kind.to_le_bytes());
        header.extend_from_slice(&62u16.to_le_bytes());
        header.extend_from_slice(&1u32.to_le_bytes());
        header.extend_from_slice(&(VIRTUAL + 16).to_le_bytes());
        header.extend_from_slice(&(HEADER_LENGTH as u64).to_le_bytes());
        header.extend_from_slice(&(self.bytes.len() as u64).to_le_bytes());
        header.extend_from_slice(&[0; 4]);
        for number in [64u16, 56, self.segments.len() as u16, 64, 7, 6] {
            header.extend_from_slice(&number.to_le_bytes());
        }
        for segment in &self.segments {
            header.extend_from_slice(&segment.to_bytes());
        }
        self.bytes[..header.len()].copy_from_slice(&header);
        self.bytes.extend_from_slice(&[0xDB; 5000]);
        self.bytes
    }
}

fn note(name: &[u8], kind: u32, description: &[u8]) -> Vec<u8> {
    let mut bytes = (name.len() as u32).to_le_bytes().to_vec();
    bytes.extend_from_slice(&(description.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&kind.to_le_bytes());
    for part in [name, description] {
        bytes.extend_from_slice(part);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    bytes
}

fn with_notes(notes: &[u8]) -> ElfBuilder {
    ElfBuilder::new().segment(PT_LOAD, PF_R, 0, notes, 0).header(PT_NOTE, 0x1000, notes.len() as u64)
}

fn image(contents: &[u8]) -> Vec<u8> {
    ImageBuilder::new().section(SectionKind::BUILD, 1, contents.to_vec()).build()
}

fn error(bytes: &[u8]) -> PackError {
    Kernel::parse(bytes).expect_err("damaged kernel was taken")
}

#[test]
fn the_image_is_appended_and_the_note_tells_where() {
    let kernel = ElfBuilder::kernel().build();
    let image = image(b"version 1\n");
    let packed = Kernel::parse(&kernel).unwrap().pack(&image).unwrap();

    let (before, after) = (Elf::parse(&kernel).unwrap(), Elf::parse(&packed).unwrap());
    assert_eq!(after.entry(), before.entry());
    assert_eq!(after.segments()[..3], *before.segments());
    let appended = after.segments()[3];
    let length = image.len() as u64;
    let expected = Segment {
        kind: PT_LOAD,
        flags: PF_R,
        offset: 0x3000,
        // 0x2000 + 100 + 0x1234, rounded up to a page.
        virtual_address: VIRTUAL + 0x4000,
        physical_address: PHYSICAL + 0x4000,
        file_size: length,
        memory_size: length,
        alignment: 4096,
    };
    assert_eq!(appended, expected);
    assert_eq!(packed.len(), 0x3000 + image.len(), "sections and debug information are gone");
    assert_eq!(after.contents(&appended), image);
    assert_eq!(after.contents(&after.segments()[1]), [0xDA; 100]);
    assert_eq!(packed[40..48], [0; 8], "no section headers");
    assert_eq!(packed[58..64], [0; 6]);

    let read = Kernel::parse(&packed).unwrap();
    let own = read.notes()[1];
    assert_eq!(own.description[..8], (VIRTUAL + 0x4000).to_le_bytes());
    assert_eq!(own.description[8..], length.to_le_bytes());
    assert_eq!(read.notes()[0].description, b"xen-3.0\0");
    let read = Image::parse(read.image().unwrap()).unwrap();
    assert_eq!(read.section(SectionKind::BUILD), Some(&b"version 1\n"[..]));
}

#[test]
fn packing_again_replaces_the_image() {
    let kernel = ElfBuilder::kernel().build();
    let unpacked = Kernel::parse(&kernel).unwrap();
    assert_eq!(unpacked.image(), None);
    let long = unpacked.pack(&image(&[b'x'; 9000])).unwrap();
    let short = image(b"short");
    let again = Kernel::parse(&long).unwrap().pack(&short).unwrap();
    assert_eq!(again, unpacked.pack(&short).unwrap());
}

#[test]
fn headers_may_lie_in_a_loaded_segment() {
    let kernel = ElfBuilder::kernel().change(0, |text| {
        text.offset = 0;
        text.file_size += 0x1000;
        text.memory_size = text.file_size;
    });
    let kernel = kernel.build();
    let packed = Kernel::parse(&kernel).unwrap().pack(&image(b"a")).unwrap();
    let again = Kernel::parse(&packed).unwrap().pack(&image(b"a")).unwrap();
    assert_eq!(packed, again);
    assert_eq!(packed[HEADER_LENGTH..0x1200], kernel[HEADER_LENGTH..0x1200], "the segment is as it was");
}

#[test]
fn files_that_are_no_kernel_are_refused() {
    let kernel = ElfBuilder::kernel().build();
    assert_eq!(error(b""), PackError::Elf(ElfError::Magic));
    assert_eq!(error(b"#!/bin/sh\n"), PackError::Elf(ElfError::Magic));
    assert_eq!(error(&kernel[..63]), PackError::Elf(ElfError::TooShort { found: 63 }));
    assert_eq!(
        error(&kernel[..70]),
        PackError::Elf(ElfError::ProgramHeaders { offset: HEADER_LENGTH as u64, count: 3 })
    );
    let cut = error(&kernel[..0x1010]);
    assert!(matches!(cut, PackError::Elf(ElfError::SegmentRange { index: 0, offset: 0x1000, .. })), "{cut}");
    let with = |offset: usize, value: u8| {
        let mut bytes = kernel.clone();
        bytes[offset] = value;
        error(&bytes)
    };
    assert_eq!(with(4, 1), PackError::Elf(ElfError::Class), "32 bits");
    assert_eq!(with(5, 2), PackError::Elf(ElfError::Class), "big endian");
    assert_eq!(with(18, 183), PackError::Elf(ElfError::Machine { found: 183 }), "aarch64");
    assert!(matches!(with(54, 32), PackError::Elf(ElfError::ProgramHeaders { .. })));
    assert_eq!(with(16, 3), PackError::NotFixed { kind: 3 }, "PIE");
    for kind in [PT_DYNAMIC, PT_INTERP] {
        assert_eq!(error(&ElfBuilder::kernel().header(kind, 0, 8).build()), PackError::Dynamic);
    }
}

#[test]
fn segments_that_cannot_be_loaded_are_refused() {
    let changed =
        |index, change: fn(&mut Segment)| error(&ElfBuilder::kernel().change(index, change).build());
    assert_eq!(
        changed(1, |data| {
            data.virtual_address -= 0x1FFF;
            data.physical_address -= 0x1FFF;
        }),
        PackError::Overlap { address: VIRTUAL + 1, previous_end: VIRTUAL + 512 + 24 + 36 }
    );
    assert_eq!(
        changed(1, |data| data.physical_address += 0x1000),
        PackError::Distance { address: VIRTUAL + 0x2000 }
    );
    assert_eq!(
        changed(1, |data| data.memory_size = 99),
        PackError::Elf(ElfError::SegmentMemory { index: 1 })
    );
    assert_eq!(
        changed(1, |data| data.memory_size = u64::MAX),
        PackError::Elf(ElfError::SegmentMemory { index: 1 })
    );
    assert!(matches!(
        changed(1, |data| data.offset = u64::MAX),
        PackError::Elf(ElfError::SegmentRange { index: 1, .. })
    ));
    let notes = note(b"Voxoz\0", NOTE_IMAGE, &[0; NOTE_LENGTH]);
    assert_eq!(error(&with_notes(&notes).change(0, |load| load.kind = 0).build()), PackError::NoLoad);
    let top =
        ElfBuilder::kernel().change(1, |data| data.memory_size = u64::MAX - data.virtual_address).build();
    assert_eq!(Kernel::parse(&top).unwrap().pack(&image(b"")).unwrap_err(), PackError::NoRoom);
}

#[test]
fn our_note_must_be_there_once_and_loaded() {
    let own = note(b"Voxoz\0", NOTE_IMAGE, &[0; NOTE_LENGTH]);
    assert!(Kernel::parse(&with_notes(&own).build()).is_ok());
    assert_eq!(error(&with_notes(&note(b"Xen\0", 1, &[0; 16])).build()), PackError::NoNote);
    assert_eq!(error(&with_notes(&note(b"Voxoz\0", 2, &[0; 16])).build()), PackError::NoNote);
    assert_eq!(error(&with_notes(&[own.as_slice(), &own].concat()).build()), PackError::SeveralNotes);
    let short = note(b"Voxoz\0", NOTE_IMAGE, &[0; 8]);
    assert_eq!(error(&with_notes(&short).build()), PackError::NoteLength { found: 8 });
    let damaged = with_notes(&own).change(1, |notes| notes.file_size -= 1).build();
    assert_eq!(error(&damaged), PackError::Note(NoteError { offset: 0x1000 }));
    let unloaded = with_notes(&own).change(0, |load| load.file_size = 8).build();
    assert_eq!(error(&unloaded), PackError::NoteNotLoaded);
    let mut dangling = own.clone();
    dangling[20] = 1;
    assert_eq!(error(&with_notes(&dangling).build()), PackError::NoteDangling { address: 1, length: 0 });
}

#[test]
fn a_damaged_image_is_refused() {
    let kernel = ElfBuilder::kernel().build();
    let mut damaged = image(b"version 1\n");
    *damaged.last_mut().unwrap() ^= 1;
    let refused = Kernel::parse(&kernel).unwrap().pack(&damaged).unwrap_err();
    assert!(matches!(refused, PackError::Image(ImageError::SectionChecksum { .. })));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Kernel::parse(&bytes);
    }

    #[test]
    fn no_changed_kernel_makes_it_panic(
        changes in proptest::collection::vec((0usize..HEADER_LENGTH + 3 * PROGRAM_HEADER_LENGTH, any::<u8>()), 1..6),
        notes in proptest::collection::vec((0x1200usize..0x1240, any::<u8>()), 0..4),
        length in 0usize..0x3000,
    ) {
        let mut kernel = ElfBuilder::kernel().build();
        for (position, value) in changes.into_iter().chain(notes) {
            kernel[position] = value;
        }
        let image = image(b"version 1\n");
        for kernel in [&kernel[..], &kernel[..length]] {
            if let Ok(kernel) = Kernel::parse(kernel)
                && let Ok(packed) = kernel.pack(&image)
            {
                prop_assert_eq!(Kernel::parse(&packed).unwrap().image(), Some(image.as_slice()));
            }
        }
    }
}
