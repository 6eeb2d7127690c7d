// SPDX-License-Identifier: Apache-2.0
//! The writer of images. The same sections give the same bytes, whatever the order in which they were added.

use std::collections::BTreeMap;
use std::vec::Vec;

use crc32c::crc32c;

use crate::format::{
    CHECKSUM_OFFSET, ENTRY_LENGTH, FORMAT_VERSION, HEADER_LENGTH, Image, MAGIC, MAX_ALIGNMENT, MAX_SECTIONS,
    SectionKind, header_checksum,
};

/// Collects sections and writes them as an image.
#[derive(Clone, Debug, Default)]
pub struct ImageBuilder {
    sections: BTreeMap<SectionKind, (u32, Vec<u8>)>,
}

impl ImageBuilder {
    /// An image without sections.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts with all sections of an existing image, those of unknown kinds too.
    #[must_use]
    pub fn from_image(image: &Image<'_>) -> Self {
        let sections =
            image.sections().map(|section| (section.kind, (section.alignment, section.bytes.to_vec())));
        Self { sections: sections.collect() }
    }

    /// Adds a section, in place of the one of the same kind if there is one.
    ///
    /// # Panics
    /// When `alignment` is no power of two up to [`MAX_ALIGNMENT`], or with more than [`MAX_SECTIONS`] sections:
    /// both are mistakes in the calling program.
    #[must_use]
    pub fn section(mut self, kind: SectionKind, alignment: u32, bytes: Vec<u8>) -> Self {
        assert!(
            alignment.is_power_of_two() && alignment <= MAX_ALIGNMENT,
            "section {kind} cannot have alignment {alignment}"
        );
        self.sections.insert(kind, (alignment, bytes));
        assert!(self.sections.len() <= MAX_SECTIONS as usize, "more than {MAX_SECTIONS} sections");
        self
    }

    /// Leaves out the section of this kind.
    #[must_use]
    pub fn without(mut self, kind: SectionKind) -> Self {
        self.sections.remove(&kind);
        self
    }

    /// Writes the image.
    #[must_use]
    pub fn build(&self) -> Vec<u8> {
        let table_end = HEADER_LENGTH + self.sections.len() * ENTRY_LENGTH;
        let mut table = Vec::with_capacity(table_end - HEADER_LENGTH);
        let mut contents = Vec::new();
        for (kind, (alignment, bytes)) in &self.sections {
            let offset = (table_end + contents.len()).next_multiple_of(*alignment as usize);
            contents.resize(offset - table_end, 0);
            contents.extend_from_slice(bytes);
            table.extend_from_slice(&kind.0.to_le_bytes());
            table.extend_from_slice(&alignment.to_le_bytes());
            table.extend_from_slice(&(offset as u64).to_le_bytes());
            table.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
            table.extend_from_slice(&crc32c(bytes).to_le_bytes());
            table.extend_from_slice(&[0; 4]);
        }
        let mut image = Vec::with_capacity(table_end + contents.len());
        image.extend_from_slice(&MAGIC);
        image.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        image.extend_from_slice(&(self.sections.len() as u32).to_le_bytes());
        image.extend_from_slice(&((table_end + contents.len()) as u64).to_le_bytes());
        image.extend_from_slice(&[0; 8]);
        image.extend_from_slice(&table);
        let checksum = header_checksum(&image);
        image[CHECKSUM_OFFSET..CHECKSUM_OFFSET + 4].copy_from_slice(&checksum.to_le_bytes());
        image.extend_from_slice(&contents);
        image
    }
}
