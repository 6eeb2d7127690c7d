// SPDX-License-Identifier: Apache-2.0
//! The macros in which every constant and structure of the crate is listed.
//!
//! An entry is written once and yields two things: the Rust item, and a row for the layout test that ties the
//! item to its C name. So nothing can be defined that is not compared with Xen's headers.
//!
//! A file is one `abi!` with the path of its header and any number of sections. A name in quotes after `=>` is
//! the C name (or C expression); without it the C name is the Rust one.

/// One header: defines the items of all its sections, and `LAYOUT`, the rows that describe them.
macro_rules! abi {
    ($header:literal; $($section:ident { $($body:tt)* })*) => {
        $($section! { define $($body)* })*

        /// The rows of this header for the layout test.
        pub(crate) const LAYOUT: $crate::layout::Header = $crate::layout::Header {
            path: $header,
            groups: &[$($section! { rows $($body)* }),*],
        };
    };
}

/// Section of constants: `NAME: type = value => "C name";`.
macro_rules! constants {
    (define $($(#[$meta:meta])* $name:ident: $ty:ty = $value:expr $(=> $c:literal)?;)*) => {
        $($(#[$meta])*
        #[doc = concat!("\n\nC: `", c_name!($name $($c)?), "`.")]
        pub const $name: $ty = $value;)*
    };
    (rows $($(#[$meta:meta])* $name:ident: $ty:ty = $value:expr $(=> $c:literal)?;)*) => {
        &[$($crate::layout::Row::Constant {
            name: stringify!($name),
            c: c_name!($name $($c)?),
            value: $name as i128,
        }),*]
    };
}

/// Section of texts: `NAME = "value" => "C expression";`.
macro_rules! texts {
    (define $($(#[$meta:meta])* $name:ident = $value:expr $(=> $c:literal)?;)*) => {
        $($(#[$meta])*
        pub const $name: &str = $value;)*
    };
    (rows $($(#[$meta:meta])* $name:ident = $value:expr $(=> $c:literal)?;)*) => {
        &[$($crate::layout::Row::Text {
            name: stringify!($name),
            c: c_name!($name $($c)?),
            value: $name,
        }),*]
    };
}

/// Section of node names: `NAME = "name";`, texts which the header mentions only in its comments.
macro_rules! nodes {
    (define $($(#[$meta:meta])* $name:ident = $value:literal;)*) => {
        $($(#[$meta])*
        pub const $name: &str = $value;)*
    };
    (rows $($(#[$meta:meta])* $name:ident = $value:literal;)*) => {
        &[$($crate::layout::Row::Mention { name: stringify!($name), text: $name }),*]
    };
}

/// Section of values that constant functions yield: `expression => "C expression";`. It defines nothing.
macro_rules! values {
    (define $($value:expr => $c:literal;)*) => {};
    (rows $($value:expr => $c:literal;)*) => {
        &[$($crate::layout::Row::Constant {
            name: stringify!($value),
            c: $c,
            value: $value as i128,
        }),*]
    };
}

/// Section of closed sets: `Name: type = "C type" { Variant = value => "C name", }`.
macro_rules! enums {
    (define $($(#[$meta:meta])* $name:ident: $repr:ident = $c:literal {
        $($(#[$vmeta:meta])* $variant:ident = $value:literal => $vc:literal),* $(,)?
    })*) => {
        $($(#[$meta])*
        #[doc = concat!("\n\nC: `", $c, "`.")]
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        #[repr($repr)]
        pub enum $name {
            $($(#[$vmeta])*
            #[doc = concat!("\n\nC: `", $vc, "`.")]
            $variant = $value),*
        }

        impl $name {
            /// The member with this number, if there is one.
            pub const fn from_raw(raw: $repr) -> Option<Self> {
                match raw {
                    $($value => Some(Self::$variant),)*
                    _ => None,
                }
            }
        })*
    };
    (rows $($(#[$meta:meta])* $name:ident: $repr:ident = $c:literal {
        $($(#[$vmeta:meta])* $variant:ident = $value:literal => $vc:literal),* $(,)?
    })*) => {
        &[$(
            $crate::layout::Row::Struct {
                name: stringify!($name),
                c: $c,
                size: size_of::<$name>(),
                align: align_of::<$name>(),
                fields: &[],
            },
            $($crate::layout::Row::Constant {
                name: concat!(stringify!($name), "::", stringify!($variant)),
                c: $vc,
                value: $name::$variant as i128,
            }),*
        ),*]
    };
}

/// Section of structures: `Name = "C type" { field: type => "C path", }`.
///
/// Each one is `repr(C)` and plain data, with a constant `zeroed` constructor.
macro_rules! structs {
    (define $($(#[$meta:meta])* $name:ident = $c:literal {
        $($(#[$fmeta:meta])* $field:ident: $ty:ty $(=> $fc:literal)?),* $(,)?
    })*) => {
        $($(#[$meta])*
        #[doc = concat!("\n\nC: `", $c, "`.")]
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        #[repr(C)]
        pub struct $name {
            $($(#[$fmeta])* pub $field: $ty),*
        }

        impl $name {
            /// The structure with every field zero and every pointer null.
            pub const fn zeroed() -> Self {
                <Self as $crate::zeroed::Zeroed>::ZERO
            }
        }

        impl $crate::zeroed::Zeroed for $name {
            const ZERO: Self = Self { $($field: <$ty as $crate::zeroed::Zeroed>::ZERO),* };
        }

        impl Default for $name {
            fn default() -> Self {
                Self::zeroed()
            }
        })*
    };
    (rows $($(#[$meta:meta])* $name:ident = $c:literal {
        $($(#[$fmeta:meta])* $field:ident: $ty:ty $(=> $fc:literal)?),* $(,)?
    })*) => {
        &[$($crate::layout::Row::Struct {
            name: stringify!($name),
            c: $c,
            size: size_of::<$name>(),
            align: align_of::<$name>(),
            fields: &[$($crate::layout::Field {
                name: stringify!($field),
                c: c_name!($field $($fc)?),
                offset: core::mem::offset_of!($name, $field),
                size: size_of::<$ty>(),
            }),*],
        }),*]
    };
}

/// The prefix that has Xen emulate the instruction behind it, for templates of `asm!`, which take no constant.
macro_rules! emulate_prefix {
    () => {
        ".byte 0x0f,0x0b,0x78,0x65,0x6e ; "
    };
}

/// The C name of an entry: the given one, else the Rust name.
macro_rules! c_name {
    ($name:ident) => {
        stringify!($name)
    };
    ($name:ident $c:literal) => {
        $c
    };
}
