// SPDX-License-Identifier: Apache-2.0
//! What a command gives: a byte that says how it went, then data or the name of an error.

use alloc::vec;
use alloc::vec::Vec;

use crate::platform::{Errno, SocketError};
use crate::port::ControlError;

/// The codes of answers.
mod code {
    pub const ERROR: u8 = 0;
    pub const OK: u8 = 1;
}

/// Why a command was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// An error of POSIX.
    Posix(Errno),
    /// The port has no socket that could do it.
    BadPort,
    /// It is not its turn.
    BadSequence,
    /// The connection is closed.
    Closed,
    /// There is no such thing, and no answer: who asks gets `badarg`.
    Unknown,
}

impl Failure {
    /// What was asked for makes no sense.
    pub const INVALID: Self = Self::Posix(Errno::EINVAL);

    /// Its name.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Posix(error) => error.text(),
            Self::BadPort => "exbadport",
            Self::BadSequence => "exbadseq",
            Self::Closed => "closed",
            Self::Unknown => "badarg",
        }
    }
}

impl From<SocketError> for Failure {
    fn from(error: SocketError) -> Self {
        match error {
            SocketError::NotNow => Self::Posix(Errno::EAGAIN),
            SocketError::Posix(error) => Self::Posix(error),
        }
    }
}

/// The data of an answer, or why there is none.
pub type Answer = Result<Vec<u8>, Failure>;

/// The bytes of an answer.
///
/// # Errors
/// [`ControlError`] if there is none.
pub fn encode(answer: Answer) -> Result<Vec<u8>, ControlError> {
    match answer {
        Err(Failure::Unknown) => Err(ControlError),
        Ok(mut data) => {
            data.insert(0, code::OK);
            Ok(data)
        }
        Err(failure) => {
            let mut bytes = vec![code::ERROR];
            bytes.extend_from_slice(failure.text().as_bytes());
            Ok(bytes)
        }
    }
}
