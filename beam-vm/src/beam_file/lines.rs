// SPDX-License-Identifier: Apache-2.0
//! The line table: chunk `Line`, version 0. Another version is ignored, as on stock.
//!
//! Items are line numbers, compact terms of tag `i`; one of tag `a` in front changes the file. Both items and files are numbered
//! from 1: item 0 is an unknown place and file 0 is the module's name with `.erl`.

use alloc::vec::Vec;

use super::compact::{Compact, Tag, Value};
use super::fault::Fault;
use super::index::{FileIndex, LineIndex};
use super::reader::Reader;
use super::text_table::TextTable;

const VERSION: u32 = 0;

/// The line table. It is empty where the file has none.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    is_present: bool,
    flags: u32,
    instructions: u32,
    items: Vec<Line>,
    files: TextTable,
}

/// A place in a source file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Line {
    /// The file; none is the module's own.
    pub file: Option<FileIndex>,
    /// The line's number.
    pub number: u32,
}

impl Lines {
    /// The flag of OTP 27 that the code has `executable_line` instructions.
    pub const EXECUTABLE_LINES: u32 = 1;
    /// The flag of OTP 27 that these have to count even where the node's coverage mode says nothing.
    pub const FORCE_COUNTERS: u32 = 2;

    pub(super) fn read(chunk: &[u8]) -> Result<Self, Fault> {
        let mut reader = Reader::new(chunk);
        if reader.u32()? != VERSION {
            return Ok(Self::default());
        }
        let flags = reader.u32()?;
        let instructions = reader.u32()?;
        let item_count = reader.u32()?;
        let file_count = reader.u32()?;
        let item_count = reader.check_count(item_count, 1)?;
        let file_count = reader.check_count(file_count, 2)?;
        let mut items = Vec::with_capacity(item_count);
        let mut file = None;
        while items.len() < item_count {
            let item = Compact::read(&mut reader)?;
            match item.tag {
                Tag::Atom => file = Self::check_file(item, file_count)?,
                Tag::Integer => items.push(Line { file, number: Self::check_number(item)? }),
                other => return Err(Fault::Tag(other as u8)),
            }
        }
        let mut files = TextTable::with_capacity(file_count, reader.left());
        for _ in 0..file_count {
            let len = reader.u16()?;
            let name = reader.take(usize::from(len))?;
            files.push_str(str::from_utf8(name).map_err(|_| Fault::Encoding)?);
        }
        Ok(Self { is_present: true, flags, instructions, items, files })
    }

    fn check_file(item: Compact, count: usize) -> Result<Option<FileIndex>, Fault> {
        let number = item.unsigned(Tag::Atom)?.ok_or(Fault::Number)?;
        match u32::try_from(number) {
            Ok(index) if index as usize <= count => Ok(FileIndex::new(index)),
            _ => Err(Fault::File(number)),
        }
    }

    fn check_number(item: Compact) -> Result<u32, Fault> {
        match item.value {
            Value::Small(number) => u32::try_from(number).map_err(|_| Fault::LineNumber),
            Value::Large(_) => Err(Fault::LineNumber),
        }
    }

    /// Whether the file has a line table that could be read.
    pub fn is_present(&self) -> bool {
        self.is_present
    }

    /// The flags; all clear up to OTP 26.
    pub fn flags(&self) -> u32 {
        self.flags
    }

    /// How many `line` instructions the compiler says there are.
    pub fn instructions(&self) -> u32 {
        self.instructions
    }

    /// How many items there are.
    pub fn count(&self) -> usize {
        self.items.len()
    }

    /// An item; nothing if the index is another file's.
    pub fn get(&self, index: LineIndex) -> Option<Line> {
        self.items.get(index.get() - 1).copied()
    }

    /// The name of a source file; nothing if the index is another file's. An empty name stands for the module's own file.
    pub fn file(&self, index: FileIndex) -> Option<&str> {
        self.files.get(index.get() - 1)
    }

    /// How many source files there are besides the module's own.
    pub fn file_count(&self) -> usize {
        self.files.len()
    }

    /// The index with this number; 0 is none. Without a table any number passes, for a stripped file keeps its instructions.
    pub(super) fn check(&self, number: u64) -> Result<Option<LineIndex>, Fault> {
        match u32::try_from(number) {
            Ok(_) if !self.is_present => Ok(None),
            Ok(index) if index as usize <= self.count() => Ok(LineIndex::new(index)),
            _ => Err(Fault::Line(number)),
        }
    }
}
