// SPDX-License-Identifier: Apache-2.0
//! Tests of the container: round trips, one specific error for each kind of damage, and no panic on any bytes.

use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::{CHECKSUM_OFFSET, ENTRY_LENGTH, HEADER_LENGTH, Image, SectionKind, header_checksum};
use crate::{ImageBuilder, ImageError};

fn sample() -> Vec<u8> {
    ImageBuilder::new()
        .section(SectionKind::BUILD, 1, b"version 1\n".to_vec())
        .section(SectionKind::SYMBOLS, 4096, vec![7; 100])
        .section(SectionKind(900), 8, b"later".to_vec())
        .build()
}

/// Changes bytes of header or table and mends the checksum, so that the check behind it is reached.
fn forged(offset: usize, value: &[u8]) -> Vec<u8> {
    let mut bytes = sample();
    bytes[offset..offset + value.len()].copy_from_slice(value);
    let checksum = header_checksum(&bytes[..HEADER_LENGTH + 3 * ENTRY_LENGTH]);
    bytes[CHECKSUM_OFFSET..CHECKSUM_OFFSET + 4].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

fn error(bytes: &[u8]) -> ImageError {
    Image::parse(bytes).expect_err("damaged image was taken")
}

/// Where a field of the table's entry is.
fn entry(index: usize, field: usize) -> usize {
    HEADER_LENGTH + index * ENTRY_LENGTH + field
}

#[test]
fn sections_come_back() {
    let bytes = sample();
    let image = Image::parse(&bytes).unwrap();
    assert_eq!(image.section(SectionKind::SYMBOLS), Some(&[7; 100][..]));
    assert_eq!(image.section(SectionKind::BUILD), Some(&b"version 1\n"[..]));
    assert_eq!(image.section(SectionKind(900)), Some(&b"later"[..]));
    assert_eq!(image.section(SectionKind::ARGUMENTS), None);
    let symbols = image.sections().next().unwrap();
    assert_eq!((symbols.offset, symbols.alignment), (4096, 4096));
}

#[test]
fn an_empty_image_is_an_image() {
    let bytes = ImageBuilder::new().build();
    assert_eq!(bytes.len(), HEADER_LENGTH);
    assert_eq!(Image::parse(&bytes).unwrap().sections().count(), 0);
}

#[test]
fn bytes_depend_on_the_sections_alone() {
    let other_order = ImageBuilder::new()
        .section(SectionKind(900), 8, b"replaced".to_vec())
        .section(SectionKind::SYMBOLS, 4096, vec![7; 100])
        .section(SectionKind(900), 8, b"later".to_vec())
        .section(SectionKind::BUILD, 1, b"version 1\n".to_vec())
        .build();
    assert_eq!(sample(), other_order);
    let image = Image::parse(&other_order).unwrap();
    assert_eq!(ImageBuilder::from_image(&image).build(), other_order);
    let fewer = ImageBuilder::from_image(&image).without(SectionKind::SYMBOLS).build();
    assert_eq!(Image::parse(&fewer).unwrap().section(SectionKind::SYMBOLS), None);
}

#[test]
fn damage_of_the_header_is_named() {
    let bytes = sample();
    let total = bytes.len() as u64;
    assert_eq!(error(&[]), ImageError::TooShort { needed: 32, found: 0 });
    assert_eq!(error(&bytes[..31]), ImageError::TooShort { needed: 32, found: 31 });
    assert_eq!(error(&forged(0, b"X")), ImageError::Magic);
    assert_eq!(error(&forged(8, &[2])), ImageError::Version { found: 2 });
    assert_eq!(error(&forged(12, &[65])), ImageError::TooManySections { found: 65 });
    let cut = &bytes[..bytes.len() - 1];
    assert_eq!(error(cut), ImageError::Length { declared: total, found: total - 1 });
    let mut flipped = bytes.clone();
    flipped[entry(0, 24)] ^= 1;
    assert!(matches!(error(&flipped), ImageError::HeaderChecksum { .. }));
    let mut table_cut = ImageBuilder::new().build();
    table_cut[12] = 1;
    assert_eq!(error(&table_cut), ImageError::TooShort { needed: 64, found: 32 });
}

#[test]
fn damage_of_the_table_is_named() {
    let kind = SectionKind::SYMBOLS;
    assert_eq!(
        error(&forged(entry(0, 4), &3u32.to_le_bytes())),
        ImageError::Alignment { kind, alignment: 3, offset: 4096 }
    );
    assert_eq!(
        error(&forged(entry(0, 4), &8192u32.to_le_bytes())),
        ImageError::Alignment { kind, alignment: 8192, offset: 4096 }
    );
    assert_eq!(
        error(&forged(entry(0, 8), &4097u64.to_le_bytes())),
        ImageError::Alignment { kind, alignment: 4096, offset: 4097 }
    );
    let total = sample().len() as u64;
    for length in [total, u64::MAX] {
        assert_eq!(
            error(&forged(entry(0, 16), &length.to_le_bytes())),
            ImageError::Range { kind, offset: 4096, length, total }
        );
    }
    assert_eq!(
        error(&forged(entry(0, 8), &0u64.to_le_bytes())),
        ImageError::Range { kind, offset: 0, length: 100, total }
    );
    assert_eq!(
        error(&forged(entry(1, 8), &4195u64.to_le_bytes())),
        ImageError::Overlap { kind: SectionKind::BUILD, offset: 4195, previous_end: 4196 }
    );
    assert_eq!(error(&forged(entry(1, 0), &1u32.to_le_bytes())), ImageError::Duplicate { kind });
}

#[test]
fn damage_of_the_contents_is_named() {
    let mut bytes = sample();
    bytes[4096] ^= 1;
    assert!(matches!(error(&bytes), ImageError::SectionChecksum { kind: SectionKind::SYMBOLS, .. }));
    assert!(Image::open(&bytes).is_ok(), "opening reads no section");
    let mut bytes = sample();
    bytes[200] = 1;
    assert_eq!(error(&bytes), ImageError::Padding { offset: 200 });
}

proptest! {
    #[test]
    fn any_sections_come_back(
        sections in proptest::collection::btree_map(
            any::<u32>(),
            (0u32..=12, proptest::collection::vec(any::<u8>(), 0..300)),
            0..10,
        )
    ) {
        let mut builder = ImageBuilder::new();
        for (kind, (power, bytes)) in &sections {
            builder = builder.section(SectionKind(*kind), 1 << power, bytes.clone());
        }
        let bytes = builder.build();
        let image = Image::parse(&bytes).unwrap();
        prop_assert_eq!(image.sections().count(), sections.len());
        for (kind, (_, contents)) in &sections {
            prop_assert_eq!(image.section(SectionKind(*kind)), Some(contents.as_slice()));
        }
    }

    #[test]
    fn any_changed_byte_is_found(position in 0usize..5000, change in 1u8..) {
        let mut bytes = sample();
        let position = position % bytes.len();
        bytes[position] ^= change;
        // The header's last four bytes are zero by definition and covered by its checksum like all others.
        prop_assert!(Image::parse(&bytes).is_err());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Image::parse(&bytes);
    }

    #[test]
    fn no_table_makes_it_panic(
        count in 0u32..6,
        table in proptest::collection::vec(any::<u8>(), 160),
        fields in proptest::collection::vec((0usize..5, 0u64..400), 0..10),
    ) {
        let mut bytes = ImageBuilder::new().build();
        bytes.extend_from_slice(&table);
        for (index, value) in fields {
            bytes[entry(index, 8)..entry(index, 16)].copy_from_slice(&value.to_le_bytes());
            bytes[entry(index, 16)..entry(index, 24)].copy_from_slice(&(value / 2).to_le_bytes());
            bytes[entry(index, 4)..entry(index, 8)].copy_from_slice(&1u32.to_le_bytes());
        }
        let total = bytes.len() as u64;
        bytes[12..16].copy_from_slice(&count.to_le_bytes());
        bytes[16..24].copy_from_slice(&total.to_le_bytes());
        let checksum = header_checksum(&bytes[..HEADER_LENGTH + count as usize * ENTRY_LENGTH]);
        bytes[CHECKSUM_OFFSET..CHECKSUM_OFFSET + 4].copy_from_slice(&checksum.to_le_bytes());
        if let Ok(image) = Image::open(&bytes) {
            prop_assert_eq!(image.sections().count(), count as usize);
            let _ = image.verify();
        }
    }
}
