// SPDX-License-Identifier: Apache-2.0
//! The numbers by which the parts of a file refer to each other, each a type of its own.

use core::fmt;
use core::num::NonZeroU32;

macro_rules! indices {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(super) u32);

        impl $name {
            /// The bare number.
            pub const fn get(self) -> usize {
                self.0 as usize
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )*};
}

macro_rules! indices_from_one {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(super) NonZeroU32);

        impl $name {
            pub(super) fn new(number: u32) -> Option<Self> {
                NonZeroU32::new(number).map(Self)
            }

            /// The index with this bare number; 0 is none.
            #[must_use]
            pub fn from_number(number: u32) -> Option<Self> {
                Self::new(number)
            }

            /// The bare number, 1 or more.
            pub const fn get(self) -> usize {
                self.0.get() as usize
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )*};
}

indices! {
    /// A literal of the file, from 0.
    LiteralIndex,
    /// An import of the file, from 0.
    ImportIndex,
    /// A lambda of the file, from 0.
    LambdaIndex,
    /// A byte of the string table, from 0.
    StringOffset,
    /// A floating-point register, from 0.
    FloatRegister,
}

indices_from_one! {
    /// An atom of the file. The first is the module's name; 0 would be `[]`, which is not an atom.
    AtomIndex,
    /// A label of the file. 0 would be no label.
    LabelIndex,
    /// An item of the line table. 0 would be an unknown place.
    LineIndex,
    /// A source file other than the module's own. 0 would be that one.
    FileIndex,
    /// A type of the file. 0 would be any type.
    TypeIndex,
}
