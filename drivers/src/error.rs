// SPDX-License-Identifier: Apache-2.0
//! What a hypercall of the drivers can fail with.

use core::fmt;

use crate::event::MAX_PORTS;

/// Xen said no, or a limit of the guest is reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum XenError {
    /// A hypercall failed.
    Refused {
        /// What was tried, as in "xen refused to …".
        operation: &'static str,
        /// Xen's error number, positive (`public/errno.h`).
        errno: i32,
    },
    /// The guest has as many event channels as its idle loop can wait for.
    TooManyChannels,
}

impl XenError {
    /// Makes a result of what a hypercall returned: negative numbers are errors.
    ///
    /// # Errors
    /// [`XenError::Refused`].
    pub fn check(operation: &'static str, result: isize) -> Result<usize, Self> {
        usize::try_from(result).map_err(|_| Self::Refused { operation, errno: -result as i32 })
    }
}

impl fmt::Display for XenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { operation, errno } => write!(f, "xen refused to {operation}: error {errno}"),
            Self::TooManyChannels => {
                write!(f, "the guest has {MAX_PORTS} event channels, the most that it can wait for")
            }
        }
    }
}

impl core::error::Error for XenError {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn negative_results_are_errors() {
        assert_eq!(XenError::check("yield", 3), Ok(3));
        let error = XenError::check("close an event channel", -22).expect_err("negative");
        assert_eq!(error.to_string(), "xen refused to close an event channel: error 22");
    }
}
