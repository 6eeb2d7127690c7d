// SPDX-License-Identifier: Apache-2.0
//! The instructions: chunk `Code`.
//!
//! A header says how many labels and functions there are; then come instructions up to `int_code_end`, each an opcode and
//! as many operands as it has. They are decoded and checked one by one as they are asked for, into a buffer that is used
//! again, so that a file takes no more memory than its bytes and its longest list.

use alloc::vec::Vec;

use super::error::{InstructionError, ReadError};
use super::fault::Fault;
use super::index::{ImportIndex, LabelIndex, LambdaIndex, LineIndex, StringOffset};
use super::module::Module;
use super::opcodes::{GenericOp, Role};
use super::operand::{Operand, Tables};
use super::reader::{Reader, Span};

/// The only format of instructions there has been.
const FORMAT: u32 = 0;
const HEADER_WORDS: usize = 4;

/// What the header of the chunk says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CodeHeader {
    /// The highest opcode. Compilers name a higher one than they use, to keep older loaders away.
    pub opcode_max: u32,
    /// One more than the highest label.
    pub labels: u32,
    /// How many functions there are.
    pub functions: u32,
    /// Where the instructions are in the chunk.
    pub(super) instructions: Span,
}

impl CodeHeader {
    pub(super) fn read(chunk: &[u8]) -> Result<Self, Fault> {
        let mut reader = Reader::new(chunk);
        let size = reader.u32()? as usize;
        let mut header = Reader::new(reader.take(size)?);
        if header.left() < 4 * HEADER_WORDS {
            return Err(Fault::Truncated { wanted: 4 * HEADER_WORDS, left: header.left() });
        }
        let format = header.u32()?;
        let opcode_max = header.u32()?;
        let labels = header.u32()?;
        let functions = header.u32()?;
        let instructions = reader.take_span(reader.left())?;
        if format != FORMAT {
            return Err(Fault::Format(format));
        }
        if labels == 0 {
            return Err(Fault::Empty);
        }
        // A label takes two bytes. Stock reserves memory for any number and dies of some.
        if labels > instructions.len.max(1) {
            return Err(Fault::TooMany { count: labels, most: instructions.len as usize });
        }
        Ok(Self { opcode_max, labels, functions, instructions })
    }

    /// As on stock, a number that is negative as a signed one passes.
    pub(super) fn check_opcode_max(self) -> Result<(), ReadError> {
        if self.opcode_max > u32::from(GenericOp::MAX) && self.opcode_max <= i32::MAX as u32 {
            return Err(ReadError::TooNew { opcode: self.opcode_max });
        }
        Ok(())
    }
}

/// Reads the instructions of a module from the first to `int_code_end`.
#[derive(Clone, Debug)]
pub struct Code<'a> {
    module: &'a Module,
    tables: Tables<'a>,
    bytes: &'a [u8],
    reader: Reader<'a>,
    operands: Vec<Operand>,
    is_over: bool,
}

/// An instruction. All that its operands refer to is there.
#[derive(Clone, Copy, Debug)]
pub struct Instruction<'b> {
    /// What it does.
    pub op: GenericOp,
    /// Where it stands: bytes from the first instruction.
    pub offset: usize,
    operands: &'b [Operand],
}

impl<'a> Code<'a> {
    pub(super) fn new(module: &'a Module, bytes: &'a [u8]) -> Self {
        let tables = module.tables();
        Self { module, tables, bytes, reader: Reader::new(bytes), operands: Vec::new(), is_over: false }
    }

    /// The next instruction; nothing after `int_code_end`. After an error there is nothing more.
    #[expect(
        clippy::should_implement_trait,
        reason = "an instruction borrows from the reader; iterators cannot do that"
    )]
    pub fn next(&mut self) -> Result<Option<Instruction<'_>>, InstructionError> {
        if self.is_over {
            return Ok(None);
        }
        let offset = self.reader.at();
        let mut op = None;
        match self.decode(&mut op) {
            Ok(found) => {
                self.is_over = found == GenericOp::INT_CODE_END;
                Ok(Some(Instruction { op: found, offset, operands: &self.operands }))
            }
            Err(fault) => {
                self.is_over = true;
                Err(InstructionError { offset, op, fault })
            }
        }
    }

    fn decode(&mut self, op: &mut Option<GenericOp>) -> Result<GenericOp, Fault> {
        let number = self.reader.u8()?;
        let found = GenericOp::new(number).ok_or(Fault::Opcode(number))?;
        *op = Some(found);
        self.operands.clear();
        for (position, role) in found.roles().iter().copied().enumerate() {
            let operand = Operand::read(&mut self.reader, self.bytes, &self.tables)?;
            if !operand.fits(role) {
                return Err(Fault::Operand { position: position as u8 });
            }
            self.operands.push(operand);
            self.check_reference(role, position, operand)?;
            if let Operand::List(len) = operand {
                self.decode_list(len)?;
            }
        }
        if found == GenericOp::BS_CREATE_BIN {
            self.check_segments()?;
        }
        Ok(found)
    }

    /// Lists hold no lists.
    fn decode_list(&mut self, len: u32) -> Result<(), Fault> {
        self.operands.reserve(len as usize);
        for _ in 0..len {
            match Operand::read(&mut self.reader, self.bytes, &self.tables)? {
                Operand::List(_) => return Err(Fault::ExtendedTag(1)),
                element => self.operands.push(element),
            }
        }
        Ok(())
    }

    /// What numbers refer to; of other operands [`Operand::read`] knows it by itself.
    fn check_reference(&self, role: Role, position: usize, operand: Operand) -> Result<(), Fault> {
        let Operand::Unsigned(number) = operand else {
            return Ok(());
        };
        match role {
            Role::LabelHere => self.tables.check_label(number).map(drop),
            Role::Import if number >= self.module.imports().len() as u64 => Err(Fault::Import(number)),
            Role::Lambda | Role::LambdaOrAtom if number >= self.module.lambdas().len() as u64 => {
                Err(Fault::Lambda(number))
            }
            Role::Line => self.module.lines().check(number).map(drop),
            // The operand before is a length: in bytes to put, in bits to match.
            Role::StringOffset => {
                let len = match self.operands[..position] {
                    [Operand::Unsigned(bytes)] => bytes,
                    [.., Operand::Unsigned(bits)] => bits.div_ceil(8),
                    _ => u64::MAX,
                };
                self.check_string(number, len)
            }
            _ => Ok(()),
        }
    }

    fn check_string(&self, offset: u64, len: u64) -> Result<(), Fault> {
        let end = offset.checked_add(len).filter(|end| *end <= self.module.strings().len() as u64);
        end.map(drop).ok_or(Fault::StringRange { offset, len })
    }

    /// The strings among the segments of a binary. A segment is six operands: type, number, unit, flags, value, size.
    fn check_segments(&self) -> Result<(), Fault> {
        let segments = &self.operands[GenericOp::BS_CREATE_BIN.arity()..];
        for segment in segments.chunks_exact(6) {
            let [Operand::Atom(kind), _, _, _, value, size] = *segment else {
                continue;
            };
            if self.module.atoms().get(kind) != Some("string") {
                continue;
            }
            let len = match size {
                Operand::Integer(len) => u64::try_from(len).ok(),
                Operand::Unsigned(len) => Some(len),
                _ => None,
            };
            match (value, len) {
                (Operand::Unsigned(offset), Some(len)) => self.check_string(offset, len)?,
                _ => return Err(Fault::Operand { position: 5 }),
            }
        }
        Ok(())
    }

    /// The bytes of a large integer: big-endian, in two's complement, without needless ones, more than eight.
    pub fn big_integer(&self, span: Span) -> &'a [u8] {
        span.of(self.bytes).unwrap_or_default()
    }
}

impl<'b> Instruction<'b> {
    /// An instruction that was decoded before.
    pub const fn decoded(op: GenericOp, offset: usize, operands: &'b [Operand]) -> Self {
        Self { op, offset, operands }
    }

    /// The label that stands here, or the import or lambda that it names, and which of them that is: no instruction has two.
    pub fn reference(&self) -> Option<(Role, u32)> {
        let is_reference =
            |role: &Role| matches!(role, Role::LabelHere | Role::Import | Role::Lambda | Role::LambdaOrAtom);
        let position = self.op.roles().iter().position(is_reference)?;
        match self.operands[position] {
            Operand::Unsigned(number) => Some((self.op.roles()[position], u32::try_from(number).ok()?)),
            _ => None,
        }
    }

    /// Its operands, as many as the opcode says; of a list this has the length.
    pub fn operands(&self) -> &'b [Operand] {
        &self.operands[..self.op.arity()]
    }

    /// Its operands and the elements of its list.
    pub const fn all_operands(&self) -> &'b [Operand] {
        self.operands
    }

    /// The elements of its list; none if it has no list.
    pub fn list(&self) -> &'b [Operand] {
        &self.operands[self.op.arity()..]
    }

    fn number(&self, wanted: Role) -> Option<u32> {
        let position = self.op.roles().iter().position(|role| *role == wanted)?;
        match self.operands[position] {
            Operand::Unsigned(number) => u32::try_from(number).ok(),
            _ => None,
        }
    }

    /// The label that stands here.
    pub fn label(&self) -> Option<LabelIndex> {
        self.number(Role::LabelHere).and_then(LabelIndex::new)
    }

    /// The function that it calls.
    pub fn import(&self) -> Option<ImportIndex> {
        self.number(Role::Import).map(ImportIndex)
    }

    /// The lambda that it makes a fun of or calls.
    pub fn lambda(&self) -> Option<LambdaIndex> {
        self.number(Role::Lambda).or_else(|| self.number(Role::LambdaOrAtom)).map(LambdaIndex)
    }

    /// The source line that it names; none if that is unknown.
    pub fn line(&self) -> Option<LineIndex> {
        self.number(Role::Line).and_then(LineIndex::new)
    }

    /// The bytes that it puts or matches.
    pub fn string(&self) -> Option<StringOffset> {
        self.number(Role::StringOffset).map(StringOffset)
    }
}

impl From<InstructionError> for ReadError {
    fn from(error: InstructionError) -> Self {
        Self::Instruction(error)
    }
}
