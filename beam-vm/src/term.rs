// SPDX-License-Identifier: Apache-2.0
//! Terms: one 64-bit word each, tagged and laid out as in OTP 25 (`erts/emulator/beam/erl_term.h`), so that sizes, limits and what
//! `erts_debug` tells are the same.
//!
//! A word is an immediate (small integer, atom, local pid or port, the empty list), or points to a cons cell or to a boxed object whose
//! first word is a [`Header`]. The arity of every header of this machine is the number of words that follow it: a collector or a
//! verifier walks a heap without knowing the kinds.
//!
//! # Liveness
//! A term that points is as good as what it points to. All code of this crate follows one rule: memory of terms is only moved or freed
//! by functions that are `unsafe` and ask that no term outside of the roots is used afterwards (the collector, the end of a process, the
//! purge of literals). Between two such points every term in hand is live, its accessors are safe, and words are turned into
//! terms ([`Term::from_raw`]) only where the words are known to be a live term. Slices that accessors give borrow from the
//! handle, so that they end before the handle does.

mod bits;
mod boxed;
mod entry;
mod header;
mod immediate;
pub mod layout;
mod view;

#[cfg(test)]
mod tests;

pub use bits::{Bits, ShortBytes};
pub use boxed::{
    Big, Boxed, Cons, ExportFun, External, Fun, HeapBinary, Map, MapNode, MatchState, REF_NUMBERS_MAX,
    RefcBinary, Reference, SubBinary, Tuple,
};
pub use entry::{Export, FunEntry};
pub use header::{Header, Kind};
pub use immediate::{LocalPid, LocalPort};
pub use view::View;

use crate::atom::{Atom, predefined};

/// A term. `==` compares the words: it is identity, which for immediates is equality; see `compare` for Erlang's operators.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Term(u64);

impl Term {
    /// No term: what stock calls `THE_NON_VALUE`. It never is where an Erlang program can see it.
    pub const NONE: Self = Self(0);
    /// The empty list.
    pub const NIL: Self = Self(immediate::NIL);
    /// The smallest small integer.
    pub const SMALL_MIN: i64 = -(1 << 59);
    /// The largest small integer.
    pub const SMALL_MAX: i64 = (1 << 59) - 1;

    /// The word.
    #[must_use]
    pub const fn raw(self) -> u64 {
        self.0
    }

    /// The term that a word is.
    ///
    /// # Safety
    /// The word has to be an immediate, [`Term::NONE`], or a tagged pointer to a live and complete object.
    #[must_use]
    #[expect(unsafe_code, reason = "a word that points is believed by every accessor")]
    pub const unsafe fn from_raw(raw: u64) -> Self {
        Self(raw)
    }

    /// Whether there is a term at all.
    #[must_use]
    pub const fn is_some(self) -> bool {
        self.0 != 0
    }

    /// Whether it is [`Term::NONE`].
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// The atom `true` or `false`.
    #[must_use]
    pub const fn boolean(value: bool) -> Self {
        Self::atom(if value { predefined::TRUE } else { predefined::FALSE })
    }
}

impl From<Atom> for Term {
    fn from(atom: Atom) -> Self {
        Self::atom(atom)
    }
}

impl From<bool> for Term {
    fn from(value: bool) -> Self {
        Self::boolean(value)
    }
}
