// SPDX-License-Identifier: Apache-2.0
//! The flags that are the kernel's own, among `erl`'s: they are taken out, so that no program sees them.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use fs::ninep::{FLAG, Share};

use crate::network::NetworkFlags;
use crate::platform::TimeLimit;

/// What the kernel is asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OwnFlags {
    /// `-shutdown_time SECONDS`
    pub shutdown_time: TimeLimit,
    /// The network's.
    pub network: NetworkFlags,
    /// `-9p`: trees of servers.
    pub shares: Vec<Share>,
}

/// How loud the log is; the start has obeyed it already.
const LOG_LEVEL: &str = "-loglevel";
const SHUTDOWN_TIME: &str = "-shutdown_time";
/// What follows is not for the emulator, whatever it looks like.
const EXTRA: &str = "-extra";

impl OwnFlags {
    /// Takes the kernel's flags out of the arguments; what is left is `erl`'s.
    ///
    /// # Errors
    /// What is wrong with the value of one, in words.
    pub fn take(arguments: Vec<String>) -> Result<(Self, Vec<String>), String> {
        let mut own = Self::default();
        let mut rest = Vec::with_capacity(arguments.len());
        let mut words = arguments.into_iter().peekable();
        while let Some(word) = words.next() {
            match word.as_str() {
                LOG_LEVEL => drop(words.next()),
                SHUTDOWN_TIME => {
                    let value = words.next().unwrap_or_default();
                    let seconds = value.parse().map_err(|_| {
                        format!("{SHUTDOWN_TIME} {value}: it needs a number of seconds, 0 to {}", u32::MAX)
                    });
                    own.shutdown_time = TimeLimit(Duration::from_secs(u64::from(seconds.map(|s: u32| s)?)));
                }
                flag if NetworkFlags::knows(flag) => own.network.take(flag, &mut words)?,
                FLAG => own.shares.append(&mut Share::take(&mut words)?),
                EXTRA => {
                    rest.push(word);
                    rest.extend(words.by_ref());
                }
                _ => rest.push(word),
            }
        }
        Ok((own, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    fn take(line: &str) -> Result<(OwnFlags, Vec<String>), String> {
        OwnFlags::take(line.split_whitespace().map(ToString::to_string).collect())
    }

    #[test]
    fn own_flags_are_taken_out() {
        let (own, rest) = take("-a -loglevel debug -shutdown_time 5 -b -extra -loglevel x").expect("flags");
        assert_eq!(own.shutdown_time, TimeLimit(Duration::from_secs(5)));
        assert_eq!(rest, ["-a", "-b", "-extra", "-loglevel", "x"]);
        let (own, rest) = take("-a -ipaddr 10.0.0.5 -gateway 10.0.0.1 -b").expect("flags");
        assert_eq!(rest, ["-a", "-b"]);
        assert_ne!(own.network, NetworkFlags::default());
        let (own, rest) = take("-a -9p 10.0.0.1 /srv /mnt -9p 10.0.0.2:70 / /a /b /c -b").expect("flags");
        assert_eq!((own.shares.len(), rest.len()), (3, 2));
        assert_eq!((&*own.shares[2].place, own.shares[2].port), ("/c", 70));
        assert_eq!(take("-a").expect("flags").0.shutdown_time.0.as_secs(), 30);
    }

    #[test]
    fn bad_values_are_named() {
        assert!(take("-9p -a").expect_err("bad").starts_with("-9p"));
        for line in ["-shutdown_time soon", "-shutdown_time -1", "-shutdown_time"] {
            assert!(take(line).expect_err("bad").starts_with("-shutdown_time"), "{line}");
        }
    }
}
