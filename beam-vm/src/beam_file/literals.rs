// SPDX-License-Identifier: Apache-2.0
//! The literals: chunk `LitT`, a table of external terms.
//!
//! Its first word is the size of the table, which follows as a zlib stream. From OTP 28 on the size is 0 and the table follows
//! as it is. Here the terms are only framed; whoever knows terms decodes them.

use alloc::vec::Vec;

use super::fault::Fault;
use super::index::LiteralIndex;
use super::inflate;
use super::reader::{Reader, Span};

/// The first byte of an external term.
const VERSION_MAGIC: u8 = 131;

/// Literals as external terms, each with its leading 131.
#[derive(Clone, Debug, Default)]
pub struct Literals {
    table: Vec<u8>,
    terms: Vec<Span>,
}

impl Literals {
    pub(super) fn read(chunk: &[u8]) -> Result<Self, Fault> {
        let mut reader = Reader::new(chunk);
        let size = reader.u32()? as usize;
        let rest = &chunk[reader.at()..];
        let table = if size == 0 {
            rest.to_vec()
        } else {
            inflate::zlib(rest, size.min(inflate::most_expanded(rest.len())))?
        };
        let mut reader = Reader::new(&table);
        let count = reader.count(4)?;
        let term = |_| {
            let len = reader.u32()?;
            let span = reader.take_span(len as usize)?;
            if span.of(&table).and_then(<[u8]>::first) != Some(&VERSION_MAGIC) {
                return Err(Fault::LiteralFormat);
            }
            Ok(span)
        };
        let terms = (0..count).map(term).collect::<Result<_, Fault>>()?;
        Ok(Self { table, terms })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.terms.len()
    }

    /// A literal's bytes; nothing if the index is another file's.
    pub fn get(&self, index: LiteralIndex) -> Option<&[u8]> {
        self.terms.get(index.get())?.of(&self.table)
    }

    /// All of them in the order of the indices.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.terms.iter().map(|span| span.of(&self.table).unwrap_or_default())
    }

    pub(super) fn check(&self, number: u64) -> Result<LiteralIndex, Fault> {
        let index = u32::try_from(number).ok().filter(|number| (*number as usize) < self.count());
        index.map(LiteralIndex).ok_or(Fault::Literal(number))
    }
}
