// SPDX-License-Identifier: Apache-2.0
//! Addresses, frame numbers and identifiers that cross rooms.
//!
//! Xen speaks of several kinds of numbers that must not be mixed up: a page has a number as the guest counts
//! (pfn) and one as the machine counts (mfn); a domain, a grant and an event channel port are small integers
//! all alike. Each is a type of its own here, so that the compiler tells them apart. The terms are those of
//! Xen's public headers (`xen.h`, `event_channel.h`, `grant_table.h`).

use core::fmt;

/// Base-two logarithm of [`PAGE_SIZE`].
pub const PAGE_SHIFT: u32 = 12;

/// Bytes of a page: the unit in which memory is shared with another domain.
pub const PAGE_SIZE: usize = 1 << PAGE_SHIFT;

/// Defines a tuple struct around one integer, with the traits that all of them share.
macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty), $format:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, $format, self.0)
            }
        }
    };
}

number! {
    /// A page of the domain as the guest counts them: contiguous from zero.
    Pfn(usize), "pfn {:#x}"
}

number! {
    /// A page of the machine: what page tables, grants and hypercalls of a PV guest hold.
    Mfn(usize), "mfn {:#x}"
}

number! {
    /// A virtual address of this guest.
    VirtAddr(usize), "{:#018x}"
}

number! {
    /// A domain's number.
    DomId(u16), "domain {}"
}

number! {
    /// An entry of this domain's grant table.
    GrantRef(u32), "grant {}"
}

number! {
    /// The local end of an event channel.
    EvtchnPort(u32), "port {}"
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn a_page_is_what_x86_says() {
        assert_eq!(PAGE_SIZE, 4096);
    }

    #[test]
    fn numbers_name_their_kind() {
        assert_eq!(Pfn(0x1f).to_string(), "pfn 0x1f");
        assert_eq!(Mfn(0x8_0000).to_string(), "mfn 0x80000");
        assert_eq!(VirtAddr(0x10_0000).to_string(), "0x0000000000100000");
        assert_eq!(DomId(7).to_string(), "domain 7");
        assert_eq!(GrantRef(9).to_string(), "grant 9");
        assert_eq!(EvtchnPort(3).to_string(), "port 3");
    }
}
