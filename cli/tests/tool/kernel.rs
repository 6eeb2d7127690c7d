// SPDX-License-Identifier: Apache-2.0
//! The smallest kernel that can be packed: one loaded segment with the notes.

use image::elf::{HEADER_LENGTH, PF_R, PF_X, PT_LOAD, PT_NOTE, Segment};
use image::pack::Kernel;
use image::symbols::SymbolTableBuilder;
use image::{ImageBuilder, SectionKind, identity};

const START: u64 = 0x10_0000;
const OFFSET: u64 = 0x1000;

/// The kernel as a linker would leave it.
pub fn linked() -> Vec<u8> {
    let mut notes = note(b"Xen\0", 5, b"xen-3.0\0");
    notes.extend(note(b"Xen\0", 1, &START.to_le_bytes()));
    notes.extend(note(b"GNU\0", 3, &[0xAB, 0xCD, 0xEF, 0x01]));
    notes.extend(note(b"Voxoz\0", 1, &[0; 16]));
    let length = notes.len() as u64;
    let segment = |kind, flags| Segment {
        kind,
        flags,
        offset: OFFSET,
        virtual_address: START,
        physical_address: START,
        file_size: length,
        memory_size: length,
        alignment: 4096,
    };
    let mut file = b"\x7FELF\x02\x01\x01".to_vec();
    file.resize(16, 0);
    for number in [2u16, 62, 1, 0] {
        file.extend_from_slice(&number.to_le_bytes());
    }
    for number in [START, HEADER_LENGTH as u64, 0] {
        file.extend_from_slice(&number.to_le_bytes());
    }
    file.extend_from_slice(&[0; 4]);
    for number in [64u16, 56, 2, 64, 0, 0] {
        file.extend_from_slice(&number.to_le_bytes());
    }
    file.extend_from_slice(&segment(PT_LOAD, PF_R | PF_X).to_bytes());
    file.extend_from_slice(&segment(PT_NOTE, PF_R).to_bytes());
    file.resize(OFFSET as usize, 0);
    file.extend(notes);
    file
}

/// The kernel with two symbols and a build identity.
pub fn packed() -> Vec<u8> {
    let mut symbols = SymbolTableBuilder::new();
    symbols.function(START, 16, START + 64, "_start");
    symbols.function(START + 16, 16, START + 64, "main");
    let image = ImageBuilder::new()
        .section(SectionKind::SYMBOLS, 8, symbols.build().expect("two symbols fit"))
        .section(SectionKind::BUILD, 1, identity::encode(&[(identity::VERSION, "0.1.0")]))
        .section(SectionKind(700), 1, b"of a later version".to_vec())
        .build();
    let linked = linked();
    Kernel::parse(&linked).and_then(|kernel| kernel.pack(&image)).expect("the kernel can be packed")
}

/// A note, its parts padded to 4 bytes.
fn note(name: &[u8], kind: u32, description: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for number in [name.len() as u32, description.len() as u32, kind] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    for part in [name, description] {
        bytes.extend_from_slice(part);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    bytes
}
