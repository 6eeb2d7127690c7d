// SPDX-License-Identifier: Apache-2.0
//! Ports that nobody has asked for by number: any of a range, unpredictably (RFC 6056, algorithm 1).

use core::ops::RangeInclusive;

/// The range, which is Linux's.
pub const EPHEMERAL: RangeInclusive<u16> = 32_768..=60_999;

/// A port that is free, begun to look for at a random place.
pub fn choose(random: u32, mut is_free: impl FnMut(u16) -> bool) -> Option<u16> {
    let count = u32::from(EPHEMERAL.end() - EPHEMERAL.start()) + 1;
    (0..count)
        .map(|step| EPHEMERAL.start() + ((random % count + step) % count) as u16)
        .find(|port| is_free(*port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_port_is_found_if_there_is_one() {
        assert_eq!(choose(0, |_| true), Some(32_768));
        assert_eq!(choose(28_231, |port| port != 60_999), Some(32_768), "it goes round");
        assert_eq!(choose(77, |port| port == 40_000), Some(40_000));
        assert_eq!(choose(77, |_| false), None);
    }
}
