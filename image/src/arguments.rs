// SPDX-License-Identifier: Apache-2.0
//! Arguments: the embedded list, which has no limit, and the splitter of Xen's command line, which has 1024 bytes.
//!
//! Both give an [`Arguments`]: strings one after the other, each ended by a zero byte. The embedded list is stored in
//! that form, and [`split()`] writes it into a buffer of the caller, so the kernel needs no heap for either and the host
//! tools split by the same rules.
//!
//! The rules are those that a person expects from a shell: white space separates; single quotes take everything as it
//! is; within double quotes a backslash takes a quote or a backslash as it is and is itself elsewhere; outside of
//! quotes a backslash takes any character as it is; an argument may be quoted in part.

use core::fmt;

mod split;

pub use split::{SplitError, split};

/// Why bytes are not a list of arguments, or strings cannot become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentError {
    /// The last argument is not ended by a zero byte.
    Unterminated,
    /// An argument is not UTF-8.
    Encoding {
        /// Which one, counted from 1.
        number: usize,
    },
    /// An argument has a zero byte within, which would end it early.
    Zero {
        /// Which one, counted from 1.
        number: usize,
    },
}

impl fmt::Display for ArgumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unterminated => f.write_str("the last argument is not ended by a zero byte"),
            Self::Encoding { number } => write!(f, "argument {number} is not UTF-8"),
            Self::Zero { number } => write!(f, "argument {number} has a zero byte in it"),
        }
    }
}

impl core::error::Error for ArgumentError {}

/// A list of arguments, read in place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arguments<'a> {
    /// Every argument, each with its zero byte.
    text: &'a str,
}

impl<'a> Arguments<'a> {
    /// Reads the bytes of an `ARGUMENTS` section. No bytes at all are an empty list.
    ///
    /// # Errors
    /// When an argument is not UTF-8 or the last one is not ended.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ArgumentError> {
        if !bytes.is_empty() && !bytes.ends_with(&[0]) {
            return Err(ArgumentError::Unterminated);
        }
        let text = core::str::from_utf8(bytes).map_err(|error| {
            let before = &bytes[..error.valid_up_to()];
            ArgumentError::Encoding { number: before.iter().filter(|&&byte| byte == 0).count() + 1 }
        })?;
        Ok(Self { text })
    }

    /// The arguments in order.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.text.split_terminator('\0')
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

/// Writes a list of arguments as the bytes of an `ARGUMENTS` section.
///
/// # Errors
/// When an argument has a zero byte in it.
#[cfg(feature = "std")]
pub fn encode<S: AsRef<str>>(arguments: &[S]) -> Result<std::vec::Vec<u8>, ArgumentError> {
    let mut bytes = std::vec::Vec::new();
    for (index, argument) in arguments.iter().enumerate() {
        if argument.as_ref().contains('\0') {
            return Err(ArgumentError::Zero { number: index + 1 });
        }
        bytes.extend_from_slice(argument.as_ref().as_bytes());
        bytes.push(0);
    }
    Ok(bytes)
}

#[cfg(all(test, feature = "std"))]
mod tests;
