// SPDX-License-Identifier: Apache-2.0
//! What a path may look like (`xenstore.txt`, "Xenstore paths").
//!
//! Paths are checked before they are sent, so that a mistake of ours is told from a refusal, and nothing that a
//! caller passes can break out of its field of a message.

use core::fmt;

use xen_hypervisor_sys::io::xs_wire::{XENSTORE_ABS_PATH_MAX, XENSTORE_REL_PATH_MAX};

/// Bytes of the longest absolute path.
pub const ABSOLUTE_MAX: usize = XENSTORE_ABS_PATH_MAX;

/// Bytes of the longest path relative to the domain's own directory.
pub const RELATIVE_MAX: usize = XENSTORE_REL_PATH_MAX;

/// Watchable names that are no nodes: domains that come and go.
const SPECIAL: [&str; 2] = ["@introduceDomain", "@releaseDomain"];

/// Why a path is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PathError {
    /// There is nothing in it.
    Empty,
    /// It is longer than its kind may be.
    TooLong {
        /// Its bytes.
        len: usize,
        /// The most that xenstore takes.
        limit: usize,
    },
    /// A byte that is neither letter, digit, nor one of `-/_@`.
    Illegal {
        /// The byte.
        byte: u8,
        /// Where it stands.
        at: usize,
    },
    /// Two slashes in a row or one at the end: a component without a name.
    EmptyComponent {
        /// Where the name is missing.
        at: usize,
    },
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("empty xenstore path"),
            Self::TooLong { len, limit } => write!(f, "xenstore path of {len} bytes, the limit is {limit}"),
            Self::Illegal { byte, at } => write!(f, "illegal byte {byte:#04x} at {at} of a xenstore path"),
            Self::EmptyComponent { at } => write!(f, "empty component at {at} of a xenstore path"),
        }
    }
}

impl core::error::Error for PathError {}

/// Whether a byte may be part of a node's own name.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'@')
}

/// Checks the path of a node, absolute or relative.
pub fn check(path: &str) -> Result<(), PathError> {
    let limit = if path.starts_with('/') { ABSOLUTE_MAX } else { RELATIVE_MAX };
    if path.is_empty() {
        return Err(PathError::Empty);
    }
    if path.len() > limit {
        return Err(PathError::TooLong { len: path.len(), limit });
    }
    if let Some(at) = path.bytes().position(|byte| byte != b'/' && !is_name_byte(byte)) {
        return Err(PathError::Illegal { byte: path.as_bytes()[at], at });
    }
    if let Some(at) = path.find("//") {
        return Err(PathError::EmptyComponent { at: at + 1 });
    }
    if path.len() > 1 && path.ends_with('/') {
        return Err(PathError::EmptyComponent { at: path.len() });
    }
    Ok(())
}

/// Checks what can be watched: a node, or one of the two special names.
pub fn check_watchable(path: &str) -> Result<(), PathError> {
    if SPECIAL.contains(&path) { Ok(()) } else { check(path) }
}

/// Whether this can be the name of a child in a listing.
pub fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= ABSOLUTE_MAX && name.bytes().all(is_name_byte)
}

/// Whether `path` is `top` or lies below it.
pub fn is_at_or_below(path: &str, top: &str) -> bool {
    match path.strip_prefix(top) {
        Some(rest) => rest.is_empty() || rest.starts_with('/') || top == "/",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::string::{String, ToString};

    use super::*;

    #[test]
    fn paths_of_real_systems_are_legal() {
        for path in [
            "/",
            "/local/domain/0",
            "device/vif/0/tx-ring-ref",
            "control/shutdown",
            "a@b_c-D9",
            "@releaseDomain",
        ] {
            assert_eq!(check(path), Ok(()), "{path}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(check(""), Err(PathError::Empty));
        assert_eq!(check("a//b"), Err(PathError::EmptyComponent { at: 2 }));
        assert_eq!(check("a/"), Err(PathError::EmptyComponent { at: 2 }));
        assert_eq!(check("//"), Err(PathError::EmptyComponent { at: 1 }));
        assert_eq!(check("a\0b"), Err(PathError::Illegal { byte: 0, at: 1 }));
        assert_eq!(check("ä").unwrap_err().to_string(), "illegal byte 0xc3 at 0 of a xenstore path");
    }

    #[test]
    fn the_limits_are_inclusive() {
        let absolute = String::from("/") + &"x".repeat(ABSOLUTE_MAX - 1);
        assert_eq!(check(&absolute), Ok(()));
        assert_eq!(check(&(absolute + "x")), Err(PathError::TooLong { len: 3073, limit: 3072 }));
        let relative = "x".repeat(RELATIVE_MAX);
        assert_eq!(check(&relative), Ok(()));
        assert_eq!(check(&(relative + "x")), Err(PathError::TooLong { len: 2049, limit: 2048 }));
    }

    #[test]
    fn below_means_at_a_slash() {
        assert!(is_at_or_below("a/b", "a/b"));
        assert!(is_at_or_below("a/b/c", "a/b"));
        assert!(!is_at_or_below("a/bc", "a/b"));
        assert!(!is_at_or_below("a", "a/b"));
        assert!(is_at_or_below("/a", "/"));
        assert!(is_at_or_below("@releaseDomain/5", "@releaseDomain"));
    }

    proptest! {
        #[test]
        fn a_legal_path_splits_into_names(path in "[a-c/@ ]{0,12}") {
            let legal = check(&path).is_ok();
            let inner = path.strip_prefix('/').unwrap_or(&path);
            prop_assert_eq!(legal, path == "/" || inner.split('/').all(is_name));
        }
    }
}
