// SPDX-License-Identifier: Apache-2.0
//! Which addresses of a port a socket has for itself.

use core::net::IpAddr;

use crate::datagrams::unmapped;

/// The addresses of a socket: one, or all of a version, or of both.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Claim {
    at: IpAddr,
    v6_only: bool,
}

impl Claim {
    /// What a socket has that is bound to an address; one of version 6 may have said that it is none of version 4.
    pub const fn new(at: IpAddr, v6_only: bool) -> Self {
        Self { at, v6_only }
    }

    /// Whether both have an address in common.
    pub fn overlaps(self, other: Self) -> bool {
        let (one, two) = (unmapped(self.at), unmapped(other.at));
        match (one.is_unspecified(), two.is_unspecified()) {
            (false, false) => one == two,
            (true, false) => self.has_all_like(two),
            (false, true) => other.has_all_like(one),
            (true, true) => other.has_all_like(one) || self.has_all_like(two),
        }
    }

    /// Whether it has all addresses of the version of one, having all of its own.
    fn has_all_like(self, address: IpAddr) -> bool {
        self.at.is_ipv4() == address.is_ipv4() || (self.at.is_ipv6() && !self.v6_only)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(at: &str) -> Claim {
        let (at, v6_only) = at.strip_suffix(" only").map_or((at, false), |at| (at, true));
        Claim::new(at.parse().expect("an address"), v6_only)
    }

    #[test]
    fn claims_overlap_where_linux_says_that_an_address_is_in_use() {
        for (one, other, expected) in [
            ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "10.0.0.2", false),
            ("0.0.0.0", "10.0.0.1", true),
            ("0.0.0.0", "0.0.0.0", true),
            ("0.0.0.0", "::", true),
            ("0.0.0.0", ":: only", false),
            ("10.0.0.1", "::", true),
            ("10.0.0.1", ":: only", false),
            ("10.0.0.1", "::ffff:10.0.0.1", true),
            ("0.0.0.0", "fe80::1", false),
            ("::", "fe80::1", true),
            (":: only", "fe80::1", true),
            (":: only", ":: only", true),
            ("::", ":: only", true),
        ] {
            assert_eq!(claim(one).overlaps(claim(other)), expected, "{one} and {other}");
            assert_eq!(claim(other).overlaps(claim(one)), expected, "{other} and {one}");
        }
    }
}
