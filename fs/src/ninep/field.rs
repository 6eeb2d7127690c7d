// SPDX-License-Identifier: Apache-2.0
//! The fields of messages (9P's `intro(5)`): numbers with the lowest byte first, strings and data behind their lengths.

use alloc::vec::Vec;

use super::error::Malformed;

/// The most names of one walk, and identities in its answer.
pub const WALK_NAMES: usize = 16;

/// What the peer calls a file that this end has in hand.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Fid(pub u32);

/// No file.
pub const NOFID: Fid = Fid(u32::MAX);

/// It is a folder.
const QTDIR: u8 = 0x80;
/// It is a symbolic link.
const QTSYMLINK: u8 = 0x02;

/// The identity of something on the server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Qid {
    /// What it is, in bits.
    pub kind: u8,
    /// Which version of it.
    pub version: u32,
    /// Its number.
    pub path: u64,
}

impl Qid {
    /// Whether it is a folder.
    #[must_use]
    pub const fn is_folder(&self) -> bool {
        self.kind & QTDIR != 0
    }

    /// Whether it is a symbolic link.
    #[must_use]
    pub const fn is_link(&self) -> bool {
        self.kind & QTSYMLINK != 0
    }
}

/// Bytes of a file, of a folder's entries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Data<'a>(pub &'a [u8]);

/// The names of a walk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Names<'a>(pub Vec<&'a [u8]>);

/// What a walk came by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Qids(pub Vec<Qid>);

/// What is left of a message.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    /// Takes bytes.
    ///
    /// # Errors
    /// There are fewer.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Malformed::Short)?;
        self.0 = rest;
        Ok(taken)
    }

    /// Takes a field.
    ///
    /// # Errors
    /// It is not whole, or longer than it may be.
    pub fn field<F: Field<'a>>(&mut self) -> Result<F, Malformed> {
        F::get(self)
    }

    /// Ends the message.
    ///
    /// # Errors
    /// Something is left.
    pub const fn end(self) -> Result<(), Malformed> {
        if self.0.is_empty() { Ok(()) } else { Err(Malformed::Long) }
    }
}

/// A kind of field.
pub trait Field<'a>: Sized {
    /// Writes it.
    fn put(&self, out: &mut Vec<u8>);

    /// Reads it.
    ///
    /// # Errors
    /// It is not whole, or longer than it may be.
    fn get(from: &mut Input<'a>) -> Result<Self, Malformed>;
}

/// Numbers are fields.
macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl Field<'_> for $number {
            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn get(from: &mut Input<'_>) -> Result<Self, Malformed> {
                let bytes = from.take(size_of::<Self>())?;
                Ok(Self::from_le_bytes(bytes.try_into().map_err(|_| Malformed::Short)?))
            }
        })*
    };
}

numbers!(u8, u16, u32, u64);

impl Field<'_> for Fid {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }

    fn get(from: &mut Input<'_>) -> Result<Self, Malformed> {
        from.field().map(Self)
    }
}

/// A string. Whoever makes a message keeps strings within [`u16::MAX`] bytes; what is beyond is cut off.
impl<'a> Field<'a> for &'a [u8] {
    fn put(&self, out: &mut Vec<u8>) {
        let length = self.len().min(usize::from(u16::MAX));
        (length as u16).put(out);
        out.extend_from_slice(&self[..length]);
    }

    fn get(from: &mut Input<'a>) -> Result<Self, Malformed> {
        let length: u16 = from.field()?;
        from.take(length.into())
    }
}

impl<'a> Field<'a> for Data<'a> {
    fn put(&self, out: &mut Vec<u8>) {
        (self.0.len() as u32).put(out);
        out.extend_from_slice(self.0);
    }

    fn get(from: &mut Input<'a>) -> Result<Self, Malformed> {
        let length: u32 = from.field()?;
        from.take(usize::try_from(length).map_err(|_| Malformed::Short)?).map(Self)
    }
}

impl Field<'_> for Qid {
    fn put(&self, out: &mut Vec<u8>) {
        self.kind.put(out);
        self.version.put(out);
        self.path.put(out);
    }

    fn get(from: &mut Input<'_>) -> Result<Self, Malformed> {
        Ok(Self { kind: from.field()?, version: from.field()?, path: from.field()? })
    }
}

/// Writes a list behind its length.
fn put_list<'a, F: Field<'a>>(list: &[F], out: &mut Vec<u8>) {
    (list.len() as u16).put(out);
    list.iter().for_each(|field| field.put(out));
}

/// Reads a list, of no more than a walk has.
fn get_list<'a, F: Field<'a>>(from: &mut Input<'a>) -> Result<Vec<F>, Malformed> {
    let count: u16 = from.field()?;
    if usize::from(count) > WALK_NAMES {
        return Err(Malformed::Walk);
    }
    (0..count).map(|_| from.field()).collect()
}

impl<'a> Field<'a> for Names<'a> {
    fn put(&self, out: &mut Vec<u8>) {
        put_list(&self.0, out);
    }

    fn get(from: &mut Input<'a>) -> Result<Self, Malformed> {
        get_list(from).map(Self)
    }
}

impl Field<'_> for Qids {
    fn put(&self, out: &mut Vec<u8>) {
        put_list(&self.0, out);
    }

    fn get(from: &mut Input<'_>) -> Result<Self, Malformed> {
        get_list(from).map(Self)
    }
}
