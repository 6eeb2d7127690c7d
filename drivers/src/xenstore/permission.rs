// SPDX-License-Identifier: Apache-2.0
//! Who may do what with a node.
//!
//! A node has a list of permissions. The first entry names the owner, who may do anything, and says what all
//! domains without an entry of their own may do; each further entry says what one domain may do.

use alloc::string::String;
use core::fmt;

use crate::memory::DomId;

/// What is allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Nothing.
    None,
    /// Reading.
    Read,
    /// Writing.
    Write,
    /// Reading and writing.
    Both,
}

impl Access {
    /// The letter that stands for it, and what it stands for.
    const LETTERS: [(char, Self); 4] =
        [('n', Self::None), ('r', Self::Read), ('w', Self::Write), ('b', Self::Both)];
}

/// One entry of a node's permissions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Permission {
    /// The domain: in the first entry the owner.
    pub domain: DomId,
    /// What it, or in the first entry everyone else, may do.
    pub access: Access,
}

impl Permission {
    /// Reads the form of the wire: a letter and a domain's number.
    pub fn parse(text: &str) -> Option<Self> {
        let mut chars = text.chars();
        let letter = chars.next()?;
        let (_, access) = Access::LETTERS.into_iter().find(|(candidate, _)| *candidate == letter)?;
        let digits = chars.as_str();
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        Some(Self { domain: DomId(digits.parse().ok()?), access })
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter =
            Access::LETTERS.into_iter().find(|(_, access)| *access == self.access).map_or('n', |(l, _)| l);
        write!(f, "{letter}{}", self.domain.0)
    }
}

/// Writes a list in the form of the wire: entries that end with a NUL each.
pub(crate) fn encode(permissions: &[Permission]) -> String {
    permissions.iter().fold(String::new(), |text, permission| alloc::format!("{text}{permission}\0"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn each_letter_reads_as_it_is_written() {
        for text in ["n0", "r7", "w65535", "b1"] {
            assert_eq!(Permission::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(encode(&[Permission { domain: DomId(3), access: Access::Both }; 2]), "b3\0b3\0");
    }

    #[test]
    fn anything_else_is_none() {
        for text in ["", "x0", "r", "r-1", "r+1", "r65536", "r1 "] {
            assert_eq!(Permission::parse(text), None, "{text}");
        }
    }
}
