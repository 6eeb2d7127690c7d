// SPDX-License-Identifier: Apache-2.0
//! What can be wrong with a part of a file, in detail; stock does not tell.

use core::fmt;

/// What is wrong with a part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The bytes end too early.
    Truncated {
        /// How many were wanted.
        wanted: usize,
        /// How many there were.
        left: usize,
    },
    /// There are more bytes than the part can have.
    Trailing(usize),
    /// A number of items that the bytes cannot hold.
    TooMany {
        /// The number.
        count: u32,
        /// What they can hold.
        most: usize,
    },
    /// Compressed bytes whose checksum or length is wrong after they have been expanded.
    Checksum,
    /// A number of items that has to be at least one and is not.
    Empty,
    /// The file starts neither with `FOR1` nor as gzip does.
    NoForm,
    /// The form is not of the type `BEAM`.
    NotBeam,
    /// A file of more than 2 GiB.
    TooLarge,
    /// Compressed bytes that cannot be expanded.
    Compression,
    /// Compressed bytes that expand to more than they say or than is allowed.
    Expansion {
        /// The most that they could become.
        most: usize,
    },
    /// A text that is not UTF-8.
    Encoding,
    /// An atom of more than 255 characters.
    LongAtom(usize),
    /// An atom that is not in the table.
    Atom(u64),
    /// An arity above 255.
    Arity(u32),
    /// A label that the file does not have.
    Label(u64),
    /// A label that stands at two places.
    DuplicateLabel(u64),
    /// A label that is used and stands nowhere.
    UndefinedLabel(u64),
    /// A literal that is not in the table.
    Literal(u64),
    /// A literal that does not start as an external term does.
    LiteralFormat,
    /// An import that is not in the table.
    Import(u64),
    /// A lambda that is not in the table.
    Lambda(u64),
    /// More free variables than a lambda has arguments.
    FreeVariables(u32),
    /// Bytes that are not in the string table.
    StringRange {
        /// Where they start.
        offset: u64,
        /// How many they are.
        len: u64,
    },
    /// An item that is not in the line table.
    Line(u64),
    /// A source file that is not in the line table.
    File(u64),
    /// A line number that is none.
    LineNumber,
    /// A type that is not in the table.
    Type(u64),
    /// A type that is none or whose range does not go with it.
    TypeFormat(u16),
    /// A type table that does not start with the type `any`.
    FirstType,
    /// A code format that is not 0.
    Format(u32),
    /// A number of functions that is not that of the code.
    Functions {
        /// What the header says.
        said: u32,
        /// How many there are.
        found: u32,
    },
    /// An opcode that does not exist.
    Opcode(u8),
    /// A tag that means nothing or nothing here.
    Tag(u8),
    /// An extended tag that means nothing or nothing here.
    ExtendedTag(u64),
    /// A number that is too large for its purpose or written with needless bytes.
    Number,
    /// A register that does not exist.
    Register(u64),
    /// An operand of the wrong kind.
    Operand {
        /// Which, from 0.
        position: u8,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Truncated { wanted, left } => write!(f, "{wanted} bytes are wanted and {left} are left"),
            Self::Trailing(len) => write!(f, "{len} bytes too many"),
            Self::TooMany { count, most } => write!(f, "{count} items where {most} fit"),
            Self::Empty => f.write_str("no items"),
            Self::NoForm => f.write_str("neither an IFF form nor gzip"),
            Self::NotBeam => f.write_str("the IFF form is not of the type BEAM"),
            Self::TooLarge => f.write_str("more than 2 GiB"),
            Self::Compression => f.write_str("the compressed bytes are damaged"),
            Self::Expansion { most } => write!(f, "the compressed bytes become more than {most}"),
            Self::Checksum => {
                f.write_str("the expanded bytes do not have the checksum or length they should")
            }
            Self::Encoding => f.write_str("a text is not UTF-8"),
            Self::LongAtom(len) => write!(f, "an atom of {len} characters where the limit is 255"),
            Self::Atom(index) => write!(f, "atom {index} is not in the table"),
            Self::Arity(arity) => write!(f, "arity {arity} where the limit is 255"),
            Self::Label(label) => write!(f, "label {label} is not one of the file's"),
            Self::DuplicateLabel(label) => write!(f, "label {label} stands at two places"),
            Self::UndefinedLabel(label) => write!(f, "label {label} is used and stands nowhere"),
            Self::Literal(index) => write!(f, "literal {index} is not in the table"),
            Self::LiteralFormat => f.write_str("a literal does not start as an external term does"),
            Self::Import(index) => write!(f, "import {index} is not in the table"),
            Self::Lambda(index) => write!(f, "lambda {index} is not in the table"),
            Self::FreeVariables(count) => {
                write!(f, "{count} free variables are more than there are arguments")
            }
            Self::StringRange { offset, len } => {
                write!(f, "{len} bytes at {offset} are not in the string table")
            }
            Self::Line(index) => write!(f, "item {index} is not in the line table"),
            Self::File(index) => write!(f, "file {index} is not in the line table"),
            Self::LineNumber => f.write_str("a line number is negative or too large"),
            Self::Type(index) => write!(f, "type {index} is not in the table"),
            Self::TypeFormat(bits) => write!(f, "{bits:#06x} is not a type"),
            Self::FirstType => f.write_str("the first type is not `any`"),
            Self::Format(number) => write!(f, "the instruction set is {number} and not 0"),
            Self::Functions { said, found } => write!(f, "{found} functions where the header says {said}"),
            Self::Opcode(number) => write!(f, "opcode {number} does not exist"),
            Self::Tag(tag) => write!(f, "tag {tag} has no place here"),
            Self::ExtendedTag(tag) => write!(f, "extended tag {tag} has no place here"),
            Self::Number => f.write_str("a number is too large or not in its shortest form"),
            Self::Register(index) => write!(f, "register {index} where the limit is 1023"),
            Self::Operand { position } => write!(f, "operand {position} is of the wrong kind"),
        }
    }
}

impl core::error::Error for Fault {}
