// SPDX-License-Identifier: Apache-2.0
//! Paths as bytes. Components are what is between slashes; empty ones and `.` mean nothing, `..` is left to those who know links.

use alloc::vec::Vec;

/// The components of a path that mean something.
pub fn components(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|byte| *byte == b'/').filter(|component| !component.is_empty() && *component != b".")
}

/// The first component that means something, and what follows it: nothing, or from a slash on.
pub fn split_first(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = path;
    loop {
        let start = rest.iter().position(|byte| *byte != b'/')?;
        rest = &rest[start..];
        let end = rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len());
        let (component, after) = rest.split_at(end);
        if component != b"." {
            return Some((component, after));
        }
        rest = after;
    }
}

/// What follows the components of `place` on a path, if it begins with them.
pub fn strip<'a>(place: &[u8], path: &'a [u8]) -> Option<&'a [u8]> {
    let mut rest = path;
    for wanted in components(place) {
        let (component, after) = split_first(rest)?;
        if component != wanted {
            return None;
        }
        rest = after;
    }
    Some(rest)
}

/// A path that goes on from a folder.
pub fn join(folder: &[u8], path: &[u8]) -> Vec<u8> {
    let mut joined = folder.to_vec();
    if joined.last() != Some(&b'/') && path.first() != Some(&b'/') {
        joined.push(b'/');
    }
    joined.extend_from_slice(path);
    joined
}

/// The path of the folder in which a path's last component is; the root is in itself.
pub fn above(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
    &path[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_whatever_the_slashes() {
        assert_eq!(strip(b"/a/b", b"//a/./b//c/"), Some(&b"//c/"[..]));
        assert_eq!(strip(b"/a/b", b"/a/b"), Some(&b""[..]));
        assert_eq!(strip(b"/a/b", b"/a/bc"), None);
        assert_eq!(strip(b"/a/b", b"/a/../a/b"), None);
        assert_eq!(strip(b"/a/b", b"/a"), None);
        assert_eq!(strip(b"", b"/x"), Some(&b"/x"[..]));
    }

    #[test]
    fn paths_are_joined_by_one_slash() {
        assert_eq!(join(b"/", b"x"), b"/x");
        assert_eq!(join(b"/a", b"x/"), b"/a/x/");
        assert_eq!(join(b"", b"/x"), b"/x");
        assert_eq!((above(b"/a/b"), above(b"/a"), above(b"")), (&b"/a"[..], &b""[..], &b""[..]));
    }

    #[test]
    fn dots_and_slashes_are_no_components() {
        assert_eq!(components(b"//a/./../b/").collect::<Vec<_>>(), [&b"a"[..], b"..", b"b"]);
        assert_eq!(split_first(b"/./"), None);
    }
}
