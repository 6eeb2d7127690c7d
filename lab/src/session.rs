// SPDX-License-Identifier: Apache-2.0
//! Leaving the terminal that a process was started from.

use rustix::process::setsid;

use crate::LabError;

/// Makes this process the leader of a session without a terminal: neither Ctrl-C nor the terminal's end reaches it. It must not be a
/// leader of a group, which a process that a shell has started is and a child of that is not.
pub fn leave_terminal() -> Result<(), LabError> {
    setsid()
        .map(drop)
        .map_err(|why| LabError::io("leave the session of", "the terminal".as_ref())(why.into()))
}
