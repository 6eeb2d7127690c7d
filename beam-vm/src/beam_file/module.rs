// SPDX-License-Identifier: Apache-2.0
//! A module as its file describes it.

use alloc::vec::Vec;

use super::atoms::Atoms;
use super::code::{Code, CodeHeader};
use super::container::{ChunkId, Container};
use super::error::{Part, ReadError};
use super::fault::Fault;
use super::functions::{self, Export, Import, Known, Lambda};
use super::lines::Lines;
use super::literals::Literals;
use super::operand::Tables;
use super::reader::Span;
use super::types::Types;
use super::verify::verify;

/// A module: tables that have been checked, and the file's bytes for what is kept as it is.
#[derive(Clone, Debug)]
pub struct Module {
    container: Container,
    header: CodeHeader,
    instructions: Span,
    atoms: Atoms,
    imports: Vec<Import>,
    exports: Vec<Export>,
    locals: Vec<Export>,
    lambdas: Vec<Lambda>,
    literals: Literals,
    lines: Lines,
    types: Types,
}

impl Module {
    /// Reads a file, compressed with gzip or not, and checks all of it.
    pub fn read(bytes: Vec<u8>) -> Result<Self, ReadError> {
        let module = Self::open(bytes)?;
        verify(&module)?;
        Ok(module)
    }

    /// Reads a file without looking at the instructions. [`code`](Self::code) checks each when its turn comes; what
    /// [`read`](Self::read) checks besides is that the labels in use stand at one place each and that the number of functions
    /// is right. This is for a loader that notices these by itself.
    ///
    /// The order is stock's, which tells what is reported of a file with several faults.
    pub fn open(bytes: Vec<u8>) -> Result<Self, ReadError> {
        let container = Container::open(bytes)?;
        let code = container.span(ChunkId::CODE).ok_or(ReadError::Missing(Part::Code))?;
        let chunk = code.of(container.bytes()).unwrap_or_default();
        let header = CodeHeader::read(chunk).map_err(Part::Code.corrupt())?;
        let instructions = Span { start: code.start + header.instructions.start, ..header.instructions };

        let atoms = match (container.chunk(ChunkId::ATOMS), container.chunk(ChunkId::LATIN1_ATOMS)) {
            (Some(chunk), _) => Atoms::read_utf8(chunk),
            (None, Some(chunk)) => Atoms::read_latin1(chunk),
            (None, None) => return Err(ReadError::Missing(Part::Atoms)),
        };
        let atoms = atoms.map_err(Part::Atoms.corrupt())?;
        let known = Known { atoms: &atoms, label_count: header.labels };

        let needed = |id, part| container.chunk(id).ok_or(ReadError::Missing(part));
        let imports = functions::read_imports(needed(ChunkId::IMPORTS, Part::Imports)?, known);
        let imports = imports.map_err(Part::Imports.corrupt())?;
        let exports = functions::read_exports(needed(ChunkId::EXPORTS, Part::Exports)?, known);
        let exports = exports.map_err(Part::Exports.corrupt())?;
        // Tools alone read this table, so a damaged one is as good as none.
        let locals = optional(&container, ChunkId::LOCALS, |chunk| functions::read_exports(chunk, known));
        let locals = locals.unwrap_or_default();
        let lambdas = optional(&container, ChunkId::LAMBDAS, |chunk| functions::read_lambdas(chunk, known));
        let lambdas = lambdas.map_err(Part::Lambdas.corrupt())?;
        let literals = optional(&container, ChunkId::LITERALS, Literals::read);
        let literals = literals.map_err(Part::Literals.corrupt())?;
        let lines = optional(&container, ChunkId::LINES, Lines::read).map_err(Part::Lines.corrupt())?;
        let types = optional(&container, ChunkId::TYPES, Types::read).map_err(Part::Types.corrupt())?;
        header.check_opcode_max()?;
        Ok(Self {
            container,
            header,
            instructions,
            atoms,
            imports,
            exports,
            locals,
            lambdas,
            literals,
            lines,
            types,
        })
    }

    /// The module's name, which is its first atom.
    pub fn name(&self) -> &str {
        self.atoms.module()
    }

    /// The atoms.
    pub fn atoms(&self) -> &Atoms {
        &self.atoms
    }

    /// The functions of other modules, by [`ImportIndex`](super::ImportIndex).
    pub fn imports(&self) -> &[Import] {
        &self.imports
    }

    /// The functions for other modules.
    pub fn exports(&self) -> &[Export] {
        &self.exports
    }

    /// The functions for this module alone, as far as the file names them.
    pub fn locals(&self) -> &[Export] {
        &self.locals
    }

    /// The functions that funs are made of, by [`LambdaIndex`](super::LambdaIndex).
    pub fn lambdas(&self) -> &[Lambda] {
        &self.lambdas
    }

    /// The constant terms.
    pub fn literals(&self) -> &Literals {
        &self.literals
    }

    /// The source lines.
    pub fn lines(&self) -> &Lines {
        &self.lines
    }

    /// What the compiler knows of types.
    pub fn types(&self) -> &Types {
        &self.types
    }

    /// The string table, by [`StringOffset`](super::StringOffset).
    pub fn strings(&self) -> &[u8] {
        self.chunk(ChunkId::STRINGS).unwrap_or_default()
    }

    /// What the header of the instructions says.
    pub fn code_header(&self) -> CodeHeader {
        self.header
    }

    /// The instructions.
    pub fn code(&self) -> Code<'_> {
        Code::new(self, self.instructions.of(self.container.bytes()).unwrap_or_default())
    }

    /// A chunk's bytes as they are in the file; one without bytes counts as missing.
    pub fn chunk(&self, id: ChunkId) -> Option<&[u8]> {
        self.container.chunk(id)
    }

    /// All chunks in the order of the file, those included that nobody knows.
    pub fn chunks(&self) -> impl Iterator<Item = (ChunkId, &[u8])> {
        self.container.chunks()
    }

    /// The file, expanded if it was compressed.
    pub fn bytes(&self) -> &[u8] {
        self.container.bytes()
    }

    /// Hands on, piece by piece, the bytes whose MD5 sum is the module's: `Mod:module_info(md5)`.
    ///
    /// These are the chunks that have to do with what the code does. The hashes in the lambdas count as zero.
    pub fn feed_checksum(&self, mut feed: impl FnMut(&[u8])) {
        let whole = [ChunkId::ATOMS, ChunkId::CODE, ChunkId::STRINGS, ChunkId::IMPORTS, ChunkId::EXPORTS];
        for id in whole {
            feed(self.chunk(id).unwrap_or_default());
        }
        if let Some((count, rows)) = self.chunk(ChunkId::LAMBDAS).and_then(<[u8]>::split_first_chunk::<4>) {
            feed(count);
            for row in rows.chunks_exact(24) {
                feed(&row[..20]);
                feed(&[0; 4]);
            }
        }
        for id in [ChunkId::LITERALS, ChunkId::META] {
            feed(self.chunk(id).unwrap_or_default());
        }
    }

    pub(super) fn tables(&self) -> Tables<'_> {
        Tables {
            atoms: &self.atoms,
            literals: &self.literals,
            types: &self.types,
            label_count: self.header.labels,
        }
    }
}

fn optional<T: Default>(
    container: &Container,
    id: ChunkId,
    read: impl FnOnce(&[u8]) -> Result<T, Fault>,
) -> Result<T, Fault> {
    container.chunk(id).map_or_else(|| Ok(T::default()), read)
}
