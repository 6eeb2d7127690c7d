// SPDX-License-Identifier: Apache-2.0
//! Immediates: the terms that are all in their word. Tags as in OTP's `erl_term.h`: the low two bits are the primary tag, four tell
//! small integers, pids and ports apart, six the rest.

use super::Term;
use crate::atom::{Atom, predefined};

/// Primary tag of a header, and of a return address on a stack.
pub(super) const TAG_HEADER: u64 = 0b00;
/// Primary tag of a pointer to a cons cell.
pub(super) const TAG_LIST: u64 = 0b01;
/// Primary tag of a pointer to a boxed object.
pub(super) const TAG_BOXED: u64 = 0b10;
/// Primary tag of an immediate.
pub(super) const TAG_IMMEDIATE: u64 = 0b11;
/// The bits of the primary tag.
pub(super) const PRIMARY: u64 = 0b11;

const TAG_PID: u64 = 0b0011;
const TAG_PORT: u64 = 0b0111;
const TAG_SMALL: u64 = 0b1111;
const TAG4: u64 = 0b1111;

const TAG_ATOM: u64 = 0b00_1011;
const TAG_CATCH: u64 = 0b01_1011;
const TAG_NIL: u64 = 0b11_1011;
const TAG6: u64 = 0b11_1111;

/// The empty list: every bit above the tag is set, as in stock.
pub(super) const NIL: u64 = (u64::MAX << 6) | TAG_NIL;

/// A process of this node: the 28 bits that stock keeps in a pid.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LocalPid(pub u32);

impl LocalPid {
    /// The largest number.
    pub const NUMBER_MAX: u32 = (1 << 15) - 1;
    /// The largest serial.
    pub const SERIAL_MAX: u32 = (1 << 13) - 1;

    /// The pid of a number and a serial, if there can be one.
    #[must_use]
    pub const fn new(number: u32, serial: u32) -> Option<Self> {
        if number > Self::NUMBER_MAX || serial > Self::SERIAL_MAX {
            return None;
        }
        Some(Self(serial << 15 | number))
    }

    /// The number: what is in the middle of `<0.N.S>`.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0 & Self::NUMBER_MAX
    }

    /// The serial: how often the numbers have been used up.
    #[must_use]
    pub const fn serial(self) -> u32 {
        self.0 >> 15
    }
}

/// A port of this node, numbered from 0 upwards.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LocalPort(pub u64);

impl LocalPort {
    /// The largest number.
    pub const NUMBER_MAX: u64 = (1 << 28) - 1;
}

impl Term {
    /// An atom.
    #[must_use]
    #[inline]
    pub const fn atom(atom: Atom) -> Self {
        Self(((atom.index() as u64) << 6) | TAG_ATOM)
    }

    /// A small integer, cut to its 60 bits.
    #[must_use]
    #[inline]
    pub const fn small_cut(value: i64) -> Self {
        Self(((value as u64) << 4) | TAG_SMALL)
    }

    /// A small integer, if the value is one.
    #[must_use]
    #[inline]
    pub const fn small(value: i64) -> Option<Self> {
        if value >= Self::SMALL_MIN && value <= Self::SMALL_MAX { Some(Self::small_cut(value)) } else { None }
    }

    /// The small integer of a value that is known to be in range, such as a length.
    #[must_use]
    #[inline]
    pub const fn count(value: usize) -> Self {
        debug_assert!(value as u64 <= Self::SMALL_MAX as u64);
        Self::small_cut(value as i64)
    }

    /// A process of this node.
    #[must_use]
    #[inline]
    pub const fn pid(pid: LocalPid) -> Self {
        Self(((pid.0 as u64) << 4) | TAG_PID)
    }

    /// A port of this node.
    #[must_use]
    #[inline]
    pub const fn port(port: LocalPort) -> Self {
        Self((port.0 << 4) | TAG_PORT)
    }

    /// What `catch` and `try` put on the stack: the address of their handler, which is a multiple of 8.
    #[must_use]
    #[inline]
    pub const fn catch(address: u64) -> Self {
        Self((address >> 3 << 6) | TAG_CATCH)
    }

    /// The address of the handler, if this is what `catch` puts on the stack.
    #[must_use]
    #[inline]
    pub const fn as_catch(self) -> Option<u64> {
        if self.0 & TAG6 == TAG_CATCH { Some(self.0 >> 6 << 3) } else { None }
    }

    /// Whether all of it is in the word.
    #[must_use]
    #[inline]
    pub const fn is_immediate(self) -> bool {
        self.0 & PRIMARY == TAG_IMMEDIATE
    }

    /// Whether it is a small integer.
    #[must_use]
    #[inline]
    pub const fn is_small(self) -> bool {
        self.0 & TAG4 == TAG_SMALL
    }

    /// Whether both are small integers.
    #[must_use]
    #[inline]
    pub const fn are_small(self, other: Self) -> bool {
        self.0 & other.0 & TAG4 == TAG_SMALL
    }

    /// The value of a small integer.
    #[must_use]
    #[inline]
    pub const fn as_small(self) -> Option<i64> {
        if self.is_small() { Some(self.small_value()) } else { None }
    }

    /// The value, once [`is_small`](Self::is_small) is known.
    #[must_use]
    #[inline]
    pub const fn small_value(self) -> i64 {
        self.0 as i64 >> 4
    }

    /// Whether it is an atom.
    #[must_use]
    #[inline]
    pub const fn is_atom(self) -> bool {
        self.0 & TAG6 == TAG_ATOM
    }

    /// The atom.
    #[must_use]
    #[inline]
    pub const fn as_atom(self) -> Option<Atom> {
        if self.is_atom() { Some(Atom::from_index((self.0 >> 6) as u32)) } else { None }
    }

    /// `true` and `false` as what they mean.
    #[must_use]
    #[inline]
    pub fn as_boolean(self) -> Option<bool> {
        match self.as_atom()? {
            predefined::TRUE => Some(true),
            predefined::FALSE => Some(false),
            _ => None,
        }
    }

    /// Whether it is the empty list.
    #[must_use]
    #[inline]
    pub const fn is_nil(self) -> bool {
        self.0 == NIL
    }

    /// The process, if it is a pid of this node.
    #[must_use]
    #[inline]
    pub const fn as_pid(self) -> Option<LocalPid> {
        if self.0 & TAG4 == TAG_PID { Some(LocalPid((self.0 >> 4) as u32)) } else { None }
    }

    /// The port, if it is one of this node.
    #[must_use]
    #[inline]
    pub const fn as_port(self) -> Option<LocalPort> {
        if self.0 & TAG4 == TAG_PORT { Some(LocalPort(self.0 >> 4)) } else { None }
    }

    /// Whether it is a cons cell.
    #[must_use]
    #[inline]
    pub const fn is_cons(self) -> bool {
        self.0 & PRIMARY == TAG_LIST
    }

    /// Whether it is a cons cell or the empty list.
    #[must_use]
    #[inline]
    pub const fn is_list(self) -> bool {
        self.is_cons() || self.is_nil()
    }

    /// Whether it points to a boxed object.
    #[must_use]
    #[inline]
    pub const fn is_boxed(self) -> bool {
        self.0 & PRIMARY == TAG_BOXED
    }
}
