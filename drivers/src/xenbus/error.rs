// SPDX-License-Identifier: Apache-2.0
//! What can go wrong with a device.

use core::fmt;

use crate::error::XenError;
use crate::grant::GrantError;
use crate::xenstore;

/// Why a device could not be set up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Error {
    /// Xenstore did not do what was asked.
    Store(xenstore::Error),
    /// The device's own directory is gone: it was unplugged.
    Unplugged,
    /// The driver cannot serve this device.
    Unsuitable {
        /// Why.
        reason: &'static str,
    },
    /// Xen has refused what the device needs.
    Xen(XenError),
    /// There is no grant for a page.
    Grant(GrantError),
    /// There is no memory for rings and buffers.
    NoMemory,
    /// There are more devices than anybody plugs in.
    TooMany {
        /// How many are followed.
        limit: usize,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Unplugged => f.write_str("the device was unplugged"),
            Self::Unsuitable { reason } => write!(f, "the driver cannot serve the device: {reason}"),
            Self::Xen(error) => error.fmt(f),
            Self::Grant(error) => error.fmt(f),
            Self::NoMemory => f.write_str("there is no memory for rings and buffers"),
            Self::TooMany { limit } => write!(f, "more than {limit} devices"),
        }
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Store(error) => Some(error),
            Self::Xen(error) => Some(error),
            Self::Grant(error) => Some(error),
            _ => None,
        }
    }
}

impl From<xenstore::Error> for Error {
    fn from(error: xenstore::Error) -> Self {
        Self::Store(error)
    }
}
