// SPDX-License-Identifier: Apache-2.0
//! The file as a container: an IFF form of the type `BEAM` with chunks, possibly inside gzip.
//!
//! A chunk is a four-letter name, a big-endian length and that many bytes, filled up to a multiple of four. As on stock, what
//! follows the form is ignored, names may come in any order, and where one comes twice the last counts.

use alloc::vec::Vec;
use core::fmt;

use super::error::{Part, ReadError};
use super::fault::Fault;
use super::inflate;
use super::reader::{Reader, Span};

/// The name of a chunk.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChunkId(pub [u8; 4]);

macro_rules! chunk_ids {
    ($($(#[$doc:meta])* $constant:ident = $name:literal,)*) => {
        impl ChunkId {
            $($(#[$doc])* pub const $constant: Self = Self(*$name);)*

            /// All that compilers of OTP and Elixir write.
            pub const KNOWN: &[Self] = &[$(Self::$constant),*];
        }
    };
}

chunk_ids! {
    /// The atoms in UTF-8.
    ATOMS = b"AtU8",
    /// The atoms in Latin-1, as before OTP 20.
    LATIN1_ATOMS = b"Atom",
    /// The instructions.
    CODE = b"Code",
    /// Bytes for binary construction and matching.
    STRINGS = b"StrT",
    /// Functions of other modules.
    IMPORTS = b"ImpT",
    /// Functions for other modules.
    EXPORTS = b"ExpT",
    /// Functions for this module alone; for tools.
    LOCALS = b"LocT",
    /// Functions that funs are made of.
    LAMBDAS = b"FunT",
    /// Constant terms.
    LITERALS = b"LitT",
    /// Source lines.
    LINES = b"Line",
    /// What the compiler knows of types.
    TYPES = b"Type",
    /// Language features in use.
    META = b"Meta",
    /// The module's attributes: one external term.
    ATTRIBUTES = b"Attr",
    /// How it was compiled: one external term.
    COMPILE_INFO = b"CInf",
    /// Abstract code and the like for debuggers.
    DEBUG_INFO = b"Dbgi",
    /// Abstract code, as before OTP 20.
    ABSTRACT_CODE = b"Abst",
    /// Documentation.
    DOCS = b"Docs",
    /// Elixir's checks across modules.
    ELIXIR_CHECKS = b"ExCk",
    /// Breakpoint information of OTP 28.
    BREAKPOINTS = b"DbgB",
}

impl fmt::Display for ChunkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.escape_ascii().fmt(f)
    }
}

impl fmt::Debug for ChunkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChunkId({self})")
    }
}

/// The bytes of a chunk of a file, whatever else is wrong with it; none if that is damaged as a container or has no such chunk. As on stock, a compressed
/// file has none.
#[must_use]
pub fn chunk_of(file: &[u8], name: [u8; 4]) -> Option<&[u8]> {
    last(&spans(file).ok()?, ChunkId(name))?.of(file)
}

/// A chunk's place. One without bytes counts as missing, as on stock.
fn last(chunks: &[(ChunkId, Span)], id: ChunkId) -> Option<Span> {
    let (_, span) = chunks.iter().rev().find(|(name, _)| *name == id)?;
    (span.len > 0).then_some(*span)
}

/// Where the chunks of an expanded file are.
fn spans(bytes: &[u8]) -> Result<Vec<(ChunkId, Span)>, Fault> {
    if bytes.len() > i32::MAX as usize {
        return Err(Fault::TooLarge);
    }
    let mut reader = Reader::new(bytes);
    if reader.take(4)? != b"FOR1" {
        return Err(Fault::NoForm);
    }
    let len = reader.u32()? as usize;
    let start = reader.at();
    let mut form = Reader::new(reader.take(len)?);
    if form.take(4)? != b"BEAM" {
        return Err(Fault::NotBeam);
    }
    let mut chunks = Vec::new();
    while !form.is_at_end() {
        let mut name = [0; 4];
        name.copy_from_slice(form.take(4)?);
        let len = form.u32()? as usize;
        let mut span = form.take_span(len)?;
        form.take(len.wrapping_neg() % 4)?;
        span.start += start as u32;
        chunks.push((ChunkId(name), span));
    }
    Ok(chunks)
}

/// A file's bytes, expanded, and where its chunks are.
#[derive(Clone, Debug)]
pub(super) struct Container {
    bytes: Vec<u8>,
    chunks: Vec<(ChunkId, Span)>,
}

impl Container {
    pub(super) fn open(bytes: Vec<u8>) -> Result<Self, ReadError> {
        Self::frame(bytes).map_err(Part::Header.corrupt())
    }

    fn frame(mut bytes: Vec<u8>) -> Result<Self, Fault> {
        if inflate::is_gzip(&bytes) {
            let most = inflate::most_expanded(bytes.len());
            bytes = inflate::gzip(&bytes, most)?;
        }
        let chunks = spans(&bytes)?;
        Ok(Self { bytes, chunks })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn span(&self, id: ChunkId) -> Option<Span> {
        last(&self.chunks, id)
    }

    pub(super) fn chunk(&self, id: ChunkId) -> Option<&[u8]> {
        self.span(id)?.of(&self.bytes)
    }

    pub(super) fn chunks(&self) -> impl Iterator<Item = (ChunkId, &[u8])> {
        self.chunks.iter().map(|(id, span)| (*id, span.of(&self.bytes).unwrap_or_default()))
    }
}
