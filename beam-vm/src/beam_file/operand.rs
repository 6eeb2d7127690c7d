// SPDX-License-Identifier: Apache-2.0
//! The operands of generic instructions.

mod kinds;

use super::atoms::Atoms;
use super::compact::{Compact, Tag, Value, signed};
use super::fault::Fault;
use super::index::{AtomIndex, FloatRegister, LabelIndex, LiteralIndex, TypeIndex};
use super::literals::Literals;
use super::opcodes::Role;
use super::reader::{Reader, Span};
use super::types::Types;
use kinds::Kinds;

/// How many X, Y or floating-point registers there can be.
pub const REGISTERS: u64 = 1024;

/// An operand. It takes 16 bytes, owns nothing, and what it refers to is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operand {
    /// A number below 2^63.
    Unsigned(u64),
    /// A number from 2^63 on, such as the size of a binary that cannot be.
    Overflow,
    /// An integer of 64 bits.
    Integer(i64),
    /// An integer that does not fit into 64 bits, as [`Code::big_integer`](super::Code::big_integer) gives it.
    BigInteger(Span),
    /// The empty list.
    Nil,
    /// An atom.
    Atom(AtomIndex),
    /// A literal.
    Literal(LiteralIndex),
    /// An X register.
    X(Register),
    /// A Y register.
    Y(Register),
    /// A floating-point register.
    Float(FloatRegister),
    /// A label.
    Label(LabelIndex),
    /// No label: what fails raises.
    NoLabel,
    /// Heap to reserve.
    Allocation(Allocation),
    /// A list with this many elements, which are in [`Instruction::list`](super::Instruction::list).
    List(u32),
}

/// An X or Y register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Register {
    /// Its number, below [`REGISTERS`].
    pub index: u16,
    /// What the compiler knows of what is in it.
    pub hint: Option<TypeIndex>,
}

/// Heap to reserve, by what will be on it; how much that is depends on the machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Allocation {
    /// Words.
    pub words: u32,
    /// Floats.
    pub floats: u32,
    /// Funs, without their free variables.
    pub funs: u32,
}

/// The tables that operands refer to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tables<'a> {
    pub(super) atoms: &'a Atoms,
    pub(super) literals: &'a Literals,
    pub(super) types: &'a Types,
    pub(super) label_count: u32,
}

impl Operand {
    /// Reads one operand; of a list only its length.
    pub(super) fn read(reader: &mut Reader<'_>, code: &[u8], tables: &Tables<'_>) -> Result<Self, Fault> {
        let compact = Compact::read(reader)?;
        Ok(match compact.tag {
            Tag::Unsigned => compact.unsigned(Tag::Unsigned)?.map_or(Self::Overflow, Self::Unsigned),
            Tag::Integer => Self::integer(compact.value, code)?,
            Tag::Atom => match number(compact, Tag::Atom)? {
                0 => Self::Nil,
                index => Self::Atom(tables.atoms.check(index)?),
            },
            Tag::X => Self::X(Register::new(number(compact, Tag::X)?)?),
            Tag::Y => Self::Y(Register::new(number(compact, Tag::Y)?)?),
            Tag::Label => match number(compact, Tag::Label)? {
                0 => Self::NoLabel,
                label => Self::Label(tables.check_label(label)?),
            },
            Tag::Character => return Err(Fault::Tag(Tag::Character as u8)),
            Tag::Extended => Self::read_extended(number(compact, Tag::Extended)?, reader, tables)?,
        })
    }

    fn read_extended(kind: u64, reader: &mut Reader<'_>, tables: &Tables<'_>) -> Result<Self, Fault> {
        Ok(match kind {
            1 => Self::List(read_count(reader)?),
            2 => match read_number(reader)? {
                index @ 0..REGISTERS => Self::Float(FloatRegister(index as u32)),
                index => return Err(Fault::Register(index)),
            },
            3 => Self::Allocation(Allocation::read(reader)?),
            4 => Self::Literal(tables.literals.check(read_number(reader)?)?),
            5 => {
                let compact = Compact::read(reader)?;
                let mut register = Register::new(number(compact, compact.tag)?)?;
                register.hint = tables.types.check(read_number(reader)?)?;
                match compact.tag {
                    Tag::X => Self::X(register),
                    Tag::Y => Self::Y(register),
                    other => return Err(Fault::Tag(other as u8)),
                }
            }
            // 0 was a float in eight bytes before R16.
            other => return Err(Fault::ExtendedTag(other)),
        })
    }

    /// As stock, this lets one needless byte in front of a large integer pass, and no more.
    fn integer(value: Value, code: &[u8]) -> Result<Self, Fault> {
        let span = match value {
            Value::Small(value) => return Ok(Self::Integer(value)),
            Value::Large(span) => span,
        };
        let bytes = span.of(code).unwrap_or_default();
        let is_needless = |pair: &[u8]| {
            matches!(*pair, [0, next] if next < 0x80) || matches!(*pair, [0xff, next] if next >= 0x80)
        };
        let span = match bytes.windows(2).take_while(|pair| is_needless(pair)).count() {
            0 => span,
            1 => Span { start: span.start + 1, len: span.len - 1 },
            _ => return Err(Fault::Number),
        };
        match span.of(code) {
            Some(bytes) if bytes.len() <= 8 => Ok(Self::Integer(signed(bytes))),
            _ => Ok(Self::BigInteger(span)),
        }
    }

    /// Whether it can play this role, apart from what the role refers to.
    pub(super) fn fits(self, role: Role) -> bool {
        Kinds::of(self).overlaps(Kinds::allowed(role))
    }
}

impl Register {
    fn new(index: u64) -> Result<Self, Fault> {
        match index {
            0..REGISTERS => Ok(Self { index: index as u16, hint: None }),
            _ => Err(Fault::Register(index)),
        }
    }
}

impl Allocation {
    /// At most three pairs of a kind and a number.
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let pairs = read_number(reader)?;
        if pairs > 3 {
            return Err(Fault::Number);
        }
        let mut allocation = Self::default();
        for _ in 0..pairs {
            let field = match read_number(reader)? {
                0 => &mut allocation.words,
                1 => &mut allocation.floats,
                2 => &mut allocation.funs,
                _ => return Err(Fault::Number),
            };
            let count = u32::try_from(read_number(reader)?).map_err(|_| Fault::Number)?;
            *field = field.checked_add(count).filter(|sum| *sum <= Self::MOST).ok_or(Fault::Number)?;
        }
        Ok(allocation)
    }

    /// The most of each kind: even funs of 64 words then fit into 2 GiB of words.
    pub const MOST: u32 = i32::MAX as u32 / 64;
}

impl Tables<'_> {
    pub(super) fn check_label(&self, label: u64) -> Result<LabelIndex, Fault> {
        let index = u32::try_from(label).ok().filter(|index| *index < self.label_count);
        index.and_then(LabelIndex::new).ok_or(Fault::Label(label))
    }
}

fn number(compact: Compact, tag: Tag) -> Result<u64, Fault> {
    compact.unsigned(tag)?.ok_or(Fault::Number)
}

fn read_number(reader: &mut Reader<'_>) -> Result<u64, Fault> {
    number(Compact::read(reader)?, Tag::Unsigned)
}

/// The length of a list, of which each element takes a byte or more.
fn read_count(reader: &mut Reader<'_>) -> Result<u32, Fault> {
    let count = u32::try_from(read_number(reader)?).map_err(|_| Fault::Number)?;
    reader.check_count(count, 1)?;
    Ok(count)
}
