// SPDX-License-Identifier: Apache-2.0
//! What cannot be had ends the machine, as in stock: memory, or a place in the table of atoms. It is found out where no machine is in sight, in the midst
//! of anything, so a machine that wants to say something before its end leaves its name here. One that does not (in tests, of which many run in
//! one program) panics, or gives an error where there is one.
#![expect(unsafe_code, reason = "keeps the address of a function")]

use core::fmt;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};

/// What there is no more of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exhausted {
    /// Memory for a heap: bytes.
    Heap(u128),
    /// Memory for a binary: bytes.
    Binary(u128),
    /// Memory for the objects of a table: bytes.
    Table(u128),
    /// Memory for anything else, as the arguments and results of functions that are built in: bytes.
    Other(u128),
    /// Atoms: how many there are.
    Atoms(u32),
}

impl Exhausted {
    /// Whether it is memory.
    #[must_use]
    pub const fn is_memory(self) -> bool {
        !matches!(self, Self::Atoms(_))
    }
}

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let memory = match self {
            Self::Heap(bytes) => (bytes, "eheap_alloc", "heap"),
            Self::Binary(bytes) => (bytes, "binary_alloc", "binary"),
            Self::Table(bytes) => (bytes, "ets_alloc", "db_term"),
            Self::Other(bytes) => (bytes, "temp_alloc", "tmp"),
            Self::Atoms(limit) => return write!(f, "no more index entries in atom_tab (max={limit})"),
        };
        let (bytes, allocator, kind) = memory;
        write!(f, "{allocator}: Cannot allocate {bytes} bytes of memory (of type \"{kind}\").")
    }
}

/// Ends the machine; returns if there is none any more.
pub type LastWords = fn(Exhausted);

static LAST_WORDS: AtomicPtr<()> = AtomicPtr::new(null_mut());

/// Who is to be called from now on.
pub fn set(last_words: Option<LastWords>) {
    let address = last_words.map_or(null_mut(), |function| function as *mut ());
    LAST_WORDS.store(address, Ordering::Relaxed);
}

/// Calls who is to be called, once.
#[cold]
#[inline(never)]
pub fn say(what: Exhausted) {
    let address = LAST_WORDS.swap(null_mut(), Ordering::Relaxed);
    if !address.is_null() {
        // SAFETY: what is not null was made of such a function.
        let function = unsafe { core::mem::transmute::<*mut (), LastWords>(address) };
        function(what);
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::Exhausted;

    #[test]
    fn slogans_are_stocks() {
        let heap = "eheap_alloc: Cannot allocate 800 bytes of memory (of type \"heap\").";
        assert_eq!(Exhausted::Heap(800).to_string(), heap);
        let binary = "binary_alloc: Cannot allocate 1006632900000000 bytes of memory (of type \"binary\").";
        assert_eq!(Exhausted::Binary(1_006_632_900_000_000).to_string(), binary);
        let table = "ets_alloc: Cannot allocate 64 bytes of memory (of type \"db_term\").";
        assert_eq!(Exhausted::Table(64).to_string(), table);
        let other = "temp_alloc: Cannot allocate 64 bytes of memory (of type \"tmp\").";
        assert_eq!(Exhausted::Other(64).to_string(), other);
        let atoms = "no more index entries in atom_tab (max=8192)";
        assert_eq!(Exhausted::Atoms(8192).to_string(), atoms);
    }
}
