// SPDX-License-Identifier: Apache-2.0
//! Operands: what the loader gives ([`Arg`]), and how each kind lies in an instruction. The types here are the fields of instructions in
//! memory: registers are byte offsets, so that a handler adds and reads.
#![expect(unsafe_code, reason = "instructions are words in memory, and registers are addresses")]

use alloc::vec::Vec;

use super::dispatch::State;
use crate::bif::BifIndex;
use crate::term::{Export, FunEntry, Term};

/// An argument of an operation, as the loader gives it.
#[derive(Clone, Debug)]
pub enum Arg {
    /// An X register.
    X(u16),
    /// A Y register.
    Y(u16),
    /// A floating-point register.
    F(u16),
    /// A constant: an immediate or a literal.
    Const(Term),
    /// A label of the module; 0 is none.
    Label(u32),
    /// A number.
    Number(u64),
    /// A function.
    Export(&'static Export),
    /// A BIF.
    Bif(BifIndex),
    /// A lambda.
    Lambda(&'static FunEntry),
    /// Words that the instruction refers to. They are placed behind the code.
    Data(Vec<u64>),
    /// Jump targets and the words to look them up by: pairs of a word and a label.
    Targets(Vec<(u64, u32)>),
    /// Labels to go to by place.
    Labels(Vec<u32>),
    /// Any number of arguments, each encoded in a word as [`S`] is; see [`ListOf`].
    List(Vec<Arg>),
}

/// How an operand lies in an instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// [`X`].
    X,
    /// [`Y`].
    Y,
    /// [`D`].
    D,
    /// [`S`].
    S,
    /// [`I`].
    I,
    /// [`C`].
    C,
    /// [`R`].
    R,
    /// [`L`].
    L,
    /// [`Fail`].
    Fail,
    /// [`N16`].
    N16,
    /// [`N32`].
    N32,
    /// [`N64`].
    N64,
    /// [`E`].
    E,
    /// [`B`].
    B,
    /// [`Lam`].
    Lam,
    /// [`Words`].
    Words,
    /// [`ListOf`].
    ListOf,
}

impl Kind {
    /// Bytes that it takes, which is also its alignment.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::X | Self::Y | Self::D | Self::R | Self::N16 => 2,
            Self::I | Self::L | Self::Fail | Self::N32 | Self::B | Self::Words | Self::ListOf => 4,
            Self::S | Self::C | Self::N64 | Self::E | Self::Lam => 8,
        }
    }
}

/// A type of operand.
pub trait Operand: Copy {
    /// How it lies in an instruction.
    const KIND: Kind;
}

/// An operand that has a term.
pub trait Source: Operand {
    /// The term.
    ///
    /// # Safety
    /// The operand has to be one of the instruction at `s.ip`.
    unsafe fn get(self, s: &State) -> Term;

    /// The same operand in the general form.
    fn general(self) -> S;
}

impl S {
    /// The constant that this is, if it is no register.
    pub fn constant(self) -> Option<Term> {
        // SAFETY: a word whose two low bits are not 0 is a constant.
        (self.0 & 3 != 0).then(|| unsafe { Term::from_raw(self.0) })
    }
}

/// An operand that takes a term.
pub trait Dest: Operand {
    /// Puts the term there.
    ///
    /// # Safety
    /// The operand has to be one of the instruction at `s.ip`.
    unsafe fn set(self, s: &State, term: Term);
}

macro_rules! operands {
    ($($(#[$about:meta])* $name:ident($type:ty);)*) => {$(
        $(#[$about])*
        #[derive(Clone, Copy, Debug)]
        #[repr(transparent)]
        pub struct $name(pub $type);

        impl Operand for $name {
            const KIND: Kind = Kind::$name;
        }
    )*};
}

operands! {
    /// An X register: its byte offset in the machine.
    X(u16);
    /// A Y register: its byte offset from the top of the stack.
    Y(u16);
    /// An X or Y register: its byte offset, with bit 0 set for Y.
    D(u16);
    /// A constant, or a register: then the two low bits are 0, bit 2 is set for Y, and the byte offset is above.
    S(u64);
    /// An immediate whose word is a sign-extended 32-bit number: atoms, the empty list, most small integers.
    I(i32);
    /// A constant.
    C(u64);
    /// A floating-point register: its number.
    R(u16);
    /// Where to go on: words from this instruction.
    L(i32);
    /// Where to go on if it fails: words from this instruction, or 0 to raise.
    Fail(i32);
    /// A number of 16 bits.
    N16(u16);
    /// A number of 32 bits.
    N32(u32);
    /// A number of 64 bits.
    N64(u64);
    /// The address of an export entry.
    E(u64);
    /// The number of a BIF.
    B(u32);
    /// The address of a lambda's entry.
    Lam(u64);
    /// Words behind the code: the first one has their number. Words from this instruction.
    Words(i32);
    /// A list behind the code, as [`Words`]; each word is an [`S`].
    ListOf(i32);
}

/// The byte offset of an X register.
#[must_use]
pub const fn x_offset(index: u16) -> u16 {
    8 * index
}

/// The byte offset of a Y register: above the frame's return address.
#[must_use]
pub const fn y_offset(index: u16) -> u16 {
    8 * (index + 1)
}

/// A register in the form of [`S`].
#[must_use]
pub const fn register_word(offset: u16, y: Bank) -> u64 {
    (offset as u64) << 3
        | match y {
            Bank::X => 0,
            Bank::Y => 4,
        }
}

/// Which registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bank {
    /// X registers.
    X,
    /// Y registers.
    Y,
}

impl X {
    /// Its place.
    #[inline(always)]
    pub(super) unsafe fn place(self, s: &State) -> *mut Term {
        // SAFETY: the loader has checked the number of the register.
        unsafe { s.m.byte_add(usize::from(self.0)).cast() }
    }
}

impl Y {
    /// Its place.
    #[inline(always)]
    pub(super) unsafe fn place(self, s: &State) -> *mut Term {
        // SAFETY: the loader has checked that the frame has the register.
        unsafe { s.sp.byte_add(usize::from(self.0)).cast() }
    }
}

impl D {
    /// Its place.
    #[inline(always)]
    pub(super) unsafe fn place(self, s: &State) -> *mut Term {
        let base = if self.0 & 1 == 0 { s.m.cast::<u8>() } else { s.sp.cast::<u8>() };
        // SAFETY: as for X and Y.
        unsafe { base.add(usize::from(self.0 & !1)).cast() }
    }
}

impl Source for X {
    #[inline(always)]
    unsafe fn get(self, s: &State) -> Term {
        // SAFETY: the register is there and has a term.
        unsafe { *self.place(s) }
    }

    fn general(self) -> S {
        S(register_word(self.0, Bank::X))
    }
}

impl Dest for X {
    #[inline(always)]
    unsafe fn set(self, s: &State, term: Term) {
        // SAFETY: the register is there.
        unsafe { self.place(s).write(term) }
    }
}

impl Source for Y {
    #[inline(always)]
    unsafe fn get(self, s: &State) -> Term {
        // SAFETY: the register is there and has a term.
        unsafe { *self.place(s) }
    }

    fn general(self) -> S {
        S(register_word(self.0, Bank::Y))
    }
}

impl Dest for Y {
    #[inline(always)]
    unsafe fn set(self, s: &State, term: Term) {
        // SAFETY: the register is there.
        unsafe { self.place(s).write(term) }
    }
}

impl Source for D {
    #[inline(always)]
    unsafe fn get(self, s: &State) -> Term {
        // SAFETY: the register is there and has a term.
        unsafe { *self.place(s) }
    }

    fn general(self) -> S {
        let bank = if self.0 & 1 == 0 { Bank::X } else { Bank::Y };
        S(register_word(self.0 & !1, bank))
    }
}

impl Dest for D {
    #[inline(always)]
    unsafe fn set(self, s: &State, term: Term) {
        // SAFETY: the register is there.
        unsafe { self.place(s).write(term) }
    }
}

impl Source for S {
    #[inline(always)]
    unsafe fn get(self, s: &State) -> Term {
        // SAFETY: a word whose two low bits are 0 is a register that the loader has checked, any other is a constant.
        unsafe {
            if self.0 & 3 != 0 {
                return Term::from_raw(self.0);
            }
            let base = if self.0 & 4 == 0 { s.m.cast::<u8>() } else { s.sp.cast::<u8>() };
            *base.add((self.0 >> 3) as usize).cast::<Term>()
        }
    }

    fn general(self) -> S {
        self
    }
}

impl Source for I {
    #[inline(always)]
    unsafe fn get(self, _: &State) -> Term {
        // SAFETY: the assembler has checked that this is an immediate.
        unsafe { Term::from_raw(i64::from(self.0) as u64) }
    }

    fn general(self) -> S {
        S(i64::from(self.0) as u64)
    }
}

impl Source for C {
    #[inline(always)]
    unsafe fn get(self, _: &State) -> Term {
        // SAFETY: a constant of a module that is loaded.
        unsafe { Term::from_raw(self.0) }
    }

    fn general(self) -> S {
        S(self.0)
    }
}

impl E {
    /// The entry.
    #[inline(always)]
    pub(super) unsafe fn export(self) -> &'static Export {
        // SAFETY: entries are never freed.
        unsafe { &*core::ptr::with_exposed_provenance(self.0 as usize) }
    }
}

impl Lam {
    /// The entry.
    #[inline(always)]
    pub(super) unsafe fn entry(self) -> &'static FunEntry {
        // SAFETY: entries are never freed.
        unsafe { &*core::ptr::with_exposed_provenance(self.0 as usize) }
    }
}

impl Words {
    /// The words.
    #[inline(always)]
    pub(super) unsafe fn get(self, s: &State) -> &'static [u64] {
        // SAFETY: the assembler has placed them with their number in front.
        unsafe {
            let at = s.ip.offset(self.0 as isize);
            core::slice::from_raw_parts(at.add(1), *at as usize)
        }
    }
}

impl ListOf {
    /// The sources.
    #[inline(always)]
    pub(super) unsafe fn get(self, s: &State) -> &'static [S] {
        // SAFETY: as for words; an S is a word.
        unsafe {
            let words = Words(self.0).get(s);
            core::slice::from_raw_parts(words.as_ptr().cast(), words.len())
        }
    }
}

macro_rules! layouts {
    ($($name:ident<$($kind:ident $field:ident),*>;)*) => {$(
        /// An instruction with this many operands as it lies in memory.
        #[repr(C, align(8))]
        pub struct $name<$($kind),*> {
            handler: u32,
            $(
                /// An operand.
                pub $field: $kind,
            )*
        }
    )*};
}

layouts! {
    I1<A a>;
    I2<A a, B b>;
    I3<A a, B b, C c>;
    I4<A a, B b, C c, D d>;
    I5<A a, B b, C c, D d, E e>;
    I6<A a, B b, C c, D d, E e, F f>;
}

/// An instruction without operands as it lies in memory.
#[repr(C, align(8))]
pub struct I0 {
    handler: u32,
}
