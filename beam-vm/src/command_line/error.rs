// SPDX-License-Identifier: Apache-2.0
//! What can be wrong with a command line.

use alloc::string::String;
use core::fmt;

/// What is wrong with a command line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FlagError {
    /// No emulator has such a flag.
    Unknown(String),
    /// A flag is without its value.
    Missing(String),
    /// A flag's value cannot be; the text says which.
    Bad(String),
    /// A file of arguments cannot be read; its name, and why.
    File(String, String),
    /// Files of arguments that name each other.
    Nested,
    /// There is no such flavor or type of emulator.
    Flavor(String),
    /// A flag of `erl` that there is nothing for here.
    Unsupported(String),
}

impl fmt::Display for FlagError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(flag) => write!(f, "unknown flag {flag}"),
            Self::Missing(flag) => write!(f, "missing argument(s) for {flag}"),
            Self::Bad(what) => write!(f, "{what}"),
            Self::File(name, why) => write!(f, "the arguments file {name} cannot be opened: {why}"),
            Self::Nested => write!(f, "files of arguments name each other without end"),
            Self::Flavor(name) => write!(f, "there is no emulator {name}, only emu and jit"),
            Self::Unsupported(flag) => {
                write!(f, "{flag} is not supported: use the shell's or a service manager's means")
            }
        }
    }
}

impl core::error::Error for FlagError {}
