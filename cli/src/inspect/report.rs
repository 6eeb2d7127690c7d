// SPDX-License-Identifier: Apache-2.0
//! What there is to know about a kernel file, before it is put into words.

use beam_vm::loader::{self, LibraryError, Summary};
use image::arguments::Arguments;
use image::elf::{Elf, Segment};
use image::files::{Entry, FileTable};
use image::identity::Identity;
use image::pack::{Kernel, PackError};
use image::start::Start;
use image::symbols::SymbolTable;
use image::{Image, Section, SectionKind};

use super::xen_notes::{self, XenNote};

/// The contents of a kernel file.
pub struct Report<'a> {
    /// The length of the file.
    pub length: usize,
    /// The ELF file's own entry point.
    pub entry: u64,
    /// All program headers.
    pub segments: Vec<Segment>,
    /// What the kernel tells Xen.
    pub xen_notes: Vec<XenNote>,
    /// The GNU build id.
    pub build_id: Option<String>,
    /// The image, or why there is none.
    pub image: Result<ImageReport<'a>, NoImage>,
}

/// Why there is no image to show.
pub enum NoImage {
    /// The file is no kernel of ours.
    Foreign(PackError),
    /// The kernel has not been packed.
    Unpacked,
    /// The image cannot be read.
    Damaged(String),
}

/// The contents of an image.
pub struct ImageReport<'a> {
    /// Its length.
    pub length: usize,
    /// Its sections.
    pub sections: Vec<Section<'a>>,
    /// The embedded arguments.
    pub arguments: Vec<&'a str>,
    /// The build identity.
    pub identity: Vec<(&'a str, &'a str)>,
    /// How many functions the symbol table names.
    pub symbols: Option<usize>,
    /// What the library of translated modules has, or why this version cannot tell.
    pub library: Option<Result<Summary, LibraryError>>,
    /// Where the application starts.
    pub start: Option<Start<'a>>,
    /// The files of the application.
    pub files: Vec<Entry<'a>>,
    /// What is wrong with it.
    pub damage: Option<String>,
}

impl<'a> Report<'a> {
    /// Looks into a file. Only what is not ELF for x86-64 at all is an error.
    pub fn new(bytes: &'a [u8]) -> Result<Self, PackError> {
        let elf = Elf::parse(bytes)?;
        let notes = elf.notes()?;
        let (build_id, image) = match Kernel::parse(bytes) {
            Ok(kernel) => {
                (kernel.build_id(), kernel.image().map_or(Err(NoImage::Unpacked), ImageReport::new))
            }
            Err(error) => (None, Err(NoImage::Foreign(error))),
        };
        Ok(Self {
            length: bytes.len(),
            entry: elf.entry(),
            segments: elf.segments().to_vec(),
            xen_notes: xen_notes::read(&notes),
            build_id,
            image,
        })
    }

    /// What is wrong with the image, if there is one.
    pub fn damage(&self) -> Option<&str> {
        match &self.image {
            Ok(image) => image.damage.as_deref(),
            Err(NoImage::Damaged(why)) => Some(why),
            Err(NoImage::Foreign(_) | NoImage::Unpacked) => None,
        }
    }
}

impl<'a> ImageReport<'a> {
    fn new(bytes: &'a [u8]) -> Result<Self, NoImage> {
        let image = Image::open(bytes).map_err(|error| NoImage::Damaged(error.to_string()))?;
        let mut damage = image.verify().err().map(|error| error.to_string());
        let mut report = Self {
            length: bytes.len(),
            sections: image.sections().collect(),
            arguments: Vec::new(),
            identity: Vec::new(),
            symbols: None,
            library: image.section(SectionKind::LIBRARY).map(loader::summary),
            start: None,
            files: Vec::new(),
            damage: None,
        };
        if let Some(list) = read(&image, SectionKind::ARGUMENTS, Arguments::parse, &mut damage) {
            report.arguments = list.iter().collect();
        }
        if let Some(identity) = read(&image, SectionKind::BUILD, Identity::parse, &mut damage) {
            report.identity = identity.fields().collect();
        }
        if let Some(table) = read(&image, SectionKind::SYMBOLS, SymbolTable::parse, &mut damage) {
            report.symbols = Some(table.len());
        }
        report.start = read(&image, SectionKind::START, Start::parse, &mut damage);
        if let Some(table) = read(&image, SectionKind::FILES, FileTable::parse, &mut damage) {
            report.files = table.iter().collect();
        }
        report.damage = damage;
        Ok(report)
    }
}

/// Reads a section, if it is there; the first damage that is found is kept.
fn read<'a, T, E: ToString>(
    image: &Image<'a>,
    kind: SectionKind,
    parse: impl FnOnce(&'a [u8]) -> Result<T, E>,
    damage: &mut Option<String>,
) -> Option<T> {
    match parse(image.section(kind)?) {
        Ok(value) => Some(value),
        Err(error) => {
            damage.get_or_insert_with(|| error.to_string());
            None
        }
    }
}
