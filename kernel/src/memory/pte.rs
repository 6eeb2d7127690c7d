// SPDX-License-Identifier: Apache-2.0
//! Page-table entries and the arithmetic of the four levels: AMD64 Architecture Programmer's Manual, volume 2, chapter 5.
//!
//! A PV guest writes machine frame numbers into its tables. Xen checks each entry as it is hooked up and adds the user
//! bit itself, since a 64-bit PV kernel runs in ring 3.

use core::fmt;

use bitflags::bitflags;
use drivers::memory::{Mfn, PAGE_SHIFT, VirtAddr};

/// Entries of a table.
pub const ENTRIES: usize = 512;
const INDEX_BITS: u32 = 9;
const ADDRESS_MASK: u64 = 0x000f_ffff_ffff_f000;

bitflags! {
    /// The flag bits of an entry.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct PteFlags: u64 {
        /// The entry is valid.
        const PRESENT = 1 << 0;
        /// Writes are allowed.
        const WRITABLE = 1 << 1;
        /// Ring 3 may use it; Xen forces it for PV guests, and setting it here keeps comparisons honest.
        const USER = 1 << 2;
        /// Set by the processor at the first use; set beforehand, it saves the processor a locked write.
        const ACCESSED = 1 << 5;
        /// Set by the processor at the first write; set beforehand for the same reason.
        const DIRTY = 1 << 6;
        /// Instructions may not be fetched.
        const NO_EXECUTE = 1 << 63;
    }
}

/// What a page may be used for. There is no variant that both writes and executes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protection {
    /// Data.
    ReadWrite,
    /// Constants, page tables.
    ReadOnly,
    /// Code.
    ReadExecute,
}

impl Protection {
    /// The flags of a last-level entry with this protection.
    #[must_use]
    pub const fn flags(self) -> PteFlags {
        let common = PteFlags::PRESENT.union(PteFlags::USER).union(PteFlags::ACCESSED);
        match self {
            Self::ReadWrite => {
                common.union(PteFlags::WRITABLE).union(PteFlags::DIRTY).union(PteFlags::NO_EXECUTE)
            }
            Self::ReadOnly => common.union(PteFlags::NO_EXECUTE),
            Self::ReadExecute => common,
        }
    }
}

/// An entry of a page table, of any level.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Pte(pub u64);

impl Pte {
    /// The entry that maps nothing.
    pub const EMPTY: Self = Self(0);

    /// An entry of the last level: `mfn` with `protection`.
    #[must_use]
    pub const fn leaf(mfn: Mfn, protection: Protection) -> Self {
        Self(((mfn.0 as u64) << PAGE_SHIFT) | protection.flags().bits())
    }

    /// An entry of a higher level that points to the table in `mfn`; what it allows is narrowed by the last level.
    #[must_use]
    pub const fn table(mfn: Mfn) -> Self {
        let flags =
            PteFlags::PRESENT.union(PteFlags::WRITABLE).union(PteFlags::USER).union(PteFlags::ACCESSED);
        Self(((mfn.0 as u64) << PAGE_SHIFT) | flags.bits())
    }

    /// Whether the entry is valid.
    #[must_use]
    pub const fn is_present(self) -> bool {
        self.0 & PteFlags::PRESENT.bits() != 0
    }

    /// The machine frame that it names, or `None` for an entry that is not valid.
    #[must_use]
    pub const fn mfn(self) -> Option<Mfn> {
        if self.is_present() { Some(Mfn(((self.0 & ADDRESS_MASK) >> PAGE_SHIFT) as usize)) } else { None }
    }

    /// Its flag bits; bits that are no flag of ours are left out.
    #[must_use]
    pub const fn flags(self) -> PteFlags {
        PteFlags::from_bits_truncate(self.0)
    }

    /// Whether it allows what `protection` allows, no more and no less. Accessed and dirty bits do not count.
    #[must_use]
    pub fn has_protection(self, protection: Protection) -> bool {
        let relevant = PteFlags::PRESENT | PteFlags::WRITABLE | PteFlags::NO_EXECUTE;
        self.flags() & relevant == protection.flags() & relevant
    }
}

impl fmt::Debug for Pte {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mfn() {
            Some(mfn) => write!(f, "Pte({mfn}, {:?})", self.flags()),
            None => write!(f, "Pte(empty, {:#x})", self.0),
        }
    }
}

/// A level of the page tables, as Xen numbers them: 1 holds the pages, 4 is the root.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Level {
    /// Its entries map pages of 4 KiB.
    L1 = 1,
    /// Its entries cover 2 MiB each.
    L2 = 2,
    /// Its entries cover 1 GiB each.
    L3 = 3,
    /// Its entries cover 512 GiB each.
    L4 = 4,
}

impl Level {
    /// The next level towards the pages; `None` below the last.
    #[must_use]
    pub const fn below(self) -> Option<Self> {
        match self {
            Self::L1 => None,
            Self::L2 => Some(Self::L1),
            Self::L3 => Some(Self::L2),
            Self::L4 => Some(Self::L3),
        }
    }

    /// Bytes of address space that one entry of this level covers.
    #[must_use]
    pub const fn entry_size(self) -> usize {
        1 << (PAGE_SHIFT + INDEX_BITS * (self as u32 - 1))
    }

    /// The index of the entry that covers `address` in a table of this level.
    #[must_use]
    pub const fn index(self, address: VirtAddr) -> usize {
        (address.0 / self.entry_size()) % ENTRIES
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_is_writable_and_executable() {
        for protection in [Protection::ReadWrite, Protection::ReadOnly, Protection::ReadExecute] {
            let flags = protection.flags();
            assert!(!flags.contains(PteFlags::WRITABLE) || flags.contains(PteFlags::NO_EXECUTE));
        }
    }

    #[test]
    fn levels_cover_what_the_manual_says() {
        assert_eq!(Level::L1.entry_size(), 4 << 10);
        assert_eq!(Level::L2.entry_size(), 2 << 20);
        assert_eq!(Level::L3.entry_size(), 1 << 30);
        assert_eq!(Level::L4.entry_size(), 512 << 30);
        assert_eq!(Level::L4.index(VirtAddr(0x1000_0000_0000)), 32);
    }

    proptest! {
        #[test]
        fn a_leaf_keeps_frame_and_protection(mfn in 0_usize..1 << 40, choice in 0_usize..3) {
            let protection = [Protection::ReadWrite, Protection::ReadOnly, Protection::ReadExecute][choice];
            let pte = Pte::leaf(Mfn(mfn), protection);
            prop_assert_eq!(pte.mfn(), Some(Mfn(mfn)));
            prop_assert!(pte.has_protection(protection));
        }

        #[test]
        fn the_indices_are_the_address(address in 0_usize..1 << 47) {
            let page = address & !0xfff;
            let rebuilt = [Level::L1, Level::L2, Level::L3, Level::L4]
                .map(|level| level.index(VirtAddr(address)) * level.entry_size())
                .iter()
                .sum::<usize>();
            prop_assert_eq!(rebuilt, page);
        }
    }
}
