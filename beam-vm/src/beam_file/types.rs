// SPDX-License-Identifier: Apache-2.0
//! The types that the compiler has found: chunk `Type`, versions 1 (OTP 25), 2 (26) and 3 (27 and 28).
//!
//! They are hints: an instruction may leave out a test that they make needless. Another version is ignored, as on stock.

use alloc::vec::Vec;

use super::fault::Fault;
use super::index::TypeIndex;
use super::reader::Reader;

/// A set of kinds of terms.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Kinds(u16);

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $bit:literal,)*) => {
        impl Kinds {
            $($(#[$doc])* pub const $name: Self = Self(1 << $bit);)*
        }
    };
}

kinds! {
    /// Atoms.
    ATOM = 0,
    /// Bit strings.
    BITSTRING = 1,
    /// Non-empty lists.
    CONS = 2,
    /// Floats.
    FLOAT = 3,
    /// Funs.
    FUN = 4,
    /// Integers.
    INTEGER = 5,
    /// Maps.
    MAP = 6,
    /// The empty list.
    NIL = 7,
    /// Process identifiers.
    PID = 8,
    /// Ports.
    PORT = 9,
    /// References.
    REFERENCE = 10,
    /// Tuples.
    TUPLE = 11,
    /// Match contexts. Only OTP 25 and 26 name them.
    MATCH_CONTEXT = 12,
}

impl Kinds {
    /// All kinds.
    pub const ANY: Self = Self((1 << 13) - 1);

    /// Whether all kinds of the other are among these.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether all of these are among the other.
    pub const fn is_within(self, other: Self) -> bool {
        other.contains(self)
    }

    /// From the bits of versions 1 and 2, which have match contexts after bit strings.
    const fn from_old_bits(bits: u16) -> Self {
        Self(bits & 3 | bits >> 1 & 0xffc | (bits >> 2 & 1) << 12)
    }

    /// From the bits of version 3. What is any term there is any term here.
    const fn from_bits(bits: u16) -> Self {
        let bits = bits & 0xfff;
        Self(if bits == 0xfff { Self::ANY.0 } else { bits })
    }
}

/// What is known of a term.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Type {
    /// The kinds of which it may be.
    pub kinds: Kinds,
    /// If it is a number: what it is not below.
    pub least: Option<i64>,
    /// If it is a number: what it is not above.
    pub most: Option<i64>,
    /// If it is a bit string: a number that divides its length in bits.
    pub unit: u16,
}

/// The type table. It is empty where the file has none.
#[derive(Clone, Debug, Default)]
pub struct Types(Vec<Type>);

impl Types {
    pub(super) fn read(chunk: &[u8]) -> Result<Self, Fault> {
        let mut reader = Reader::new(chunk);
        let version = reader.u32()?;
        if !(1..=3).contains(&version) {
            return Ok(Self::default());
        }
        let count = reader.count(2)?;
        let read = |_| match version {
            1 => Type::read_version_1(&mut reader),
            2 => Type::read_version_2(&mut reader),
            _ => Type::read_version_3(&mut reader),
        };
        let types = (0..count).map(read).collect::<Result<Vec<_>, _>>()?;
        match types.first() {
            Some(Type { kinds: Kinds::ANY, least: None, most: None, .. }) => Ok(Self(types)),
            _ => Err(Fault::FirstType),
        }
    }

    /// How many there are, the type `any` in front included.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// A type; nothing if the index is another file's.
    pub fn get(&self, index: TypeIndex) -> Option<Type> {
        self.0.get(index.get()).copied()
    }

    /// The index with this number; 0 is none. Without a table any number passes and is none.
    pub(super) fn check(&self, number: u64) -> Result<Option<TypeIndex>, Fault> {
        match u32::try_from(number) {
            Ok(_) if self.0.is_empty() => Ok(None),
            Ok(index) if (index as usize) < self.count() => Ok(TypeIndex::new(index)),
            _ => Err(Fault::Type(number)),
        }
    }
}

impl Type {
    /// 18 bytes: the kinds and a range, which is none if its ends are the wrong way round.
    fn read_version_1(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let bits = reader.u16()?;
        let range = (reader.i64()?, reader.i64()?);
        if bits == 0 || bits >> 13 != 0 {
            return Err(Fault::TypeFormat(bits));
        }
        let (least, most) = if range.0 <= range.1 { (Some(range.0), Some(range.1)) } else { (None, None) };
        Ok(Self { kinds: Kinds::from_old_bits(bits), least, most, unit: 1 })
    }

    fn read_version_2(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let bits = reader.u16()?;
        Self::read_extras(reader, bits, Kinds::from_old_bits(bits & 0x1fff), bits >> 13)
    }

    fn read_version_3(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let bits = reader.u16()?;
        Self::read_extras(reader, bits, Kinds::from_bits(bits), bits >> 12)
    }

    /// What the three flags say that follows: a lower bound, an upper bound, a unit less one.
    fn read_extras(reader: &mut Reader<'_>, bits: u16, kinds: Kinds, flags: u16) -> Result<Self, Fault> {
        let is_number = kinds.contains(Kinds::INTEGER) || kinds.contains(Kinds::FLOAT);
        let is_bits = kinds.contains(Kinds::BITSTRING);
        if bits == 0 || flags >> 3 != 0 || flags & 3 != 0 && !is_number || flags & 4 != 0 && !is_bits {
            return Err(Fault::TypeFormat(bits));
        }
        let least = if flags & 1 != 0 { Some(reader.i64()?) } else { None };
        let most = if flags & 2 != 0 { Some(reader.i64()?) } else { None };
        let unit = if flags & 4 != 0 { u16::from(reader.u8()?) + 1 } else { 1 };
        Ok(Self { kinds, least, most, unit })
    }
}
