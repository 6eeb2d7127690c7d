// SPDX-License-Identifier: Apache-2.0
//! The build identity: a few lines of text that say what a kernel was built from.
//!
//! Each line is a name, a space and a value, for example `version 0.1.0`. It is plain text so that a crash report can
//! print it as it is.

use core::fmt;

macro_rules! fields {
    ($($(#[$doc:meta])* $constant:ident = $name:literal;)*) => {
        $($(#[$doc])* pub const $constant: &str = $name;)*

        /// The names that are in use, in the order in which they are written.
        pub const FIELDS: &[&str] = &[$($constant),*];
    };
}

fields! {
    /// The name of the package that the kernel is.
    PACKAGE = "package";
    /// Its version.
    VERSION = "version";
    /// The commit it was built from, as `git describe` tells it.
    COMMIT = "commit";
    /// The compiler.
    RUSTC = "rustc";
    /// `release` or `debug`.
    PROFILE = "profile";
    /// The GNU build id of the linked kernel, in hex.
    BUILD_ID = "build-id";
}

/// Why bytes are not a build identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityError {
    /// The text is not UTF-8.
    Encoding,
    /// A line is not a name, a space and a value.
    Line {
        /// The line, counted from 1.
        number: usize,
    },
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encoding => f.write_str("build identity is not UTF-8"),
            Self::Line { number } => {
                write!(f, "build identity has no name and value separated by a space in line {number}")
            }
        }
    }
}

impl core::error::Error for IdentityError {}

/// A build identity, read in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity<'a> {
    text: &'a str,
}

impl<'a> Identity<'a> {
    /// Reads the bytes of a `BUILD` section.
    ///
    /// # Errors
    /// When they are not UTF-8, or a line has no name and value.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, IdentityError> {
        let text = core::str::from_utf8(bytes).map_err(|_| IdentityError::Encoding)?;
        for (index, line) in text.lines().enumerate() {
            line.split_once(' ')
                .filter(|(name, value)| !name.is_empty() && !value.is_empty())
                .ok_or(IdentityError::Line { number: index + 1 })?;
        }
        Ok(Self { text })
    }

    /// The lines as they are.
    #[must_use]
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Names and values, in order.
    pub fn fields(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        self.text.lines().filter_map(|line| line.split_once(' '))
    }

    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.fields().find(|(field, _)| *field == name).map(|(_, value)| value)
    }
}

/// Writes a build identity. Values lose their line breaks; empty values are left out.
#[cfg(feature = "std")]
#[must_use]
pub fn encode(fields: &[(&str, &str)]) -> std::vec::Vec<u8> {
    let mut text = std::string::String::new();
    for (name, value) in fields {
        let value = value.split_whitespace().collect::<std::vec::Vec<_>>().join(" ");
        if !value.is_empty() {
            text.push_str(&std::format!("{name} {value}\n"));
        }
    }
    text.into_bytes()
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::{COMMIT, Identity, IdentityError, RUSTC, VERSION, encode};

    #[test]
    fn what_is_written_is_read() {
        let bytes = encode(&[(VERSION, "0.1.0"), (COMMIT, ""), (RUSTC, "rustc 1.95.0\n (a b)")]);
        let identity = Identity::parse(&bytes).unwrap();
        assert_eq!(identity.text(), "version 0.1.0\nrustc rustc 1.95.0 (a b)\n");
        assert_eq!(identity.get(RUSTC), Some("rustc 1.95.0 (a b)"));
        assert_eq!(identity.get(COMMIT), None);
    }

    #[test]
    fn damage_is_named() {
        assert_eq!(Identity::parse(b"a b\nnovalue\n"), Err(IdentityError::Line { number: 2 }));
        assert_eq!(Identity::parse(b"a \n"), Err(IdentityError::Line { number: 1 }));
        assert_eq!(Identity::parse(&[0xFF]), Err(IdentityError::Encoding));
    }
}
