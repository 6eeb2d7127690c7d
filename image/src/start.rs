// SPDX-License-Identifier: Apache-2.0
//! Where an application starts: the folders of the guest that OTP's start needs, and the environment. The words of `erl`'s command line
//! are the embedded [arguments](crate::arguments).
//!
//! Strings one after the other, each ended by a zero byte: the root, the folder of programs, the working folder, the folder of the
//! preloaded modules, then the variables, `NAME=VALUE`. They are bytes, as names of files and variables are on Linux.

use core::fmt;

/// Why bytes do not say where an application starts, or strings cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartError {
    /// The last string is not ended by a zero byte.
    Unterminated,
    /// One of the folders is not there or not absolute.
    Folder {
        /// Which one.
        name: &'static str,
    },
    /// A variable has no name or no `=`.
    Variable {
        /// Which one, counted from 1.
        number: usize,
    },
    /// A string has a zero byte within, which would end it early.
    Zero,
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unterminated => f.write_str("the start's last string is not ended by a zero byte"),
            Self::Folder { name } => write!(f, "the start has no absolute path for {name}"),
            Self::Variable { number } => {
                write!(f, "the start's variable {number} is not a name, = and a value")
            }
            Self::Zero => f.write_str("a string of the start has a zero byte in it"),
        }
    }
}

impl core::error::Error for StartError {}

/// The folders in their order, with what they are called in errors.
const FOLDERS: [&str; 4] = ["OTP's root", "programs", "the working folder", "the preloaded modules"];

/// Where an application starts, read in place. Folders are absolute paths in the guest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Start<'a> {
    /// OTP's root: `code:root_dir()`.
    pub root: &'a [u8],
    /// The folder of programs, for `-bindir`; it has none.
    pub bindir: &'a [u8],
    /// The working folder.
    pub cwd: &'a [u8],
    /// The folder of the preloaded modules.
    pub preloaded: &'a [u8],
    /// `NAME=VALUE`, each with its zero byte.
    environment: &'a [u8],
}

impl<'a> Start<'a> {
    /// Reads the bytes of a `START` section.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, StartError> {
        if !bytes.ends_with(&[0]) {
            return Err(StartError::Unterminated);
        }
        let mut rest = bytes;
        let mut folders: [&[u8]; 4] = [&[]; 4];
        for (folder, name) in folders.iter_mut().zip(FOLDERS) {
            let (first, after) = split_string(rest).ok_or(StartError::Folder { name })?;
            if first.first() != Some(&b'/') {
                return Err(StartError::Folder { name });
            }
            (*folder, rest) = (first, after);
        }
        let [root, bindir, cwd, preloaded] = folders;
        let start = Self { root, bindir, cwd, preloaded, environment: rest };
        match start.strings().position(|variable| split_variable(variable).is_none()) {
            Some(position) => Err(StartError::Variable { number: position + 1 }),
            None => Ok(start),
        }
    }

    fn strings(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut rest = self.environment;
        core::iter::from_fn(move || {
            let (first, after) = split_string(rest)?;
            rest = after;
            Some(first)
        })
    }

    /// Names and values of the environment, in order.
    pub fn environment(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        self.strings().filter_map(split_variable)
    }
}

fn split_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

fn split_variable(variable: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = variable.iter().position(|byte| *byte == b'=').filter(|end| *end > 0)?;
    Some((&variable[..end], &variable[end + 1..]))
}

/// Writes the bytes of a `START` section: the folders, and the variables in the order of their names.
///
/// # Errors
/// When a folder is not absolute, a variable's name cannot be, or a string has a zero byte in it.
#[cfg(feature = "std")]
pub fn encode(
    start: &Start<'_>,
    environment: &std::collections::BTreeMap<std::vec::Vec<u8>, std::vec::Vec<u8>>,
) -> Result<std::vec::Vec<u8>, StartError> {
    let mut bytes = std::vec::Vec::new();
    let folders = [start.root, start.bindir, start.cwd, start.preloaded];
    let variables = environment.iter().map(|(name, value)| [name, &b"="[..], value].concat());
    for string in folders.iter().map(|folder| folder.to_vec()).chain(variables) {
        if string.contains(&0) {
            return Err(StartError::Zero);
        }
        bytes.extend_from_slice(&string);
        bytes.push(0);
    }
    let read = Start::parse(&bytes)?;
    // A name with `=` in it would be read as a shorter one.
    let wrong = read.environment().zip(environment).position(|((read, _), (name, _))| read != name);
    match wrong {
        Some(position) => Err(StartError::Variable { number: position + 1 }),
        None => Ok(bytes),
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use std::collections::BTreeMap;
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::{Start, StartError, encode};

    fn folders() -> Start<'static> {
        Start {
            root: b"/app",
            bindir: b"/app/erts-13.1.5/bin",
            cwd: b"/",
            preloaded: b"/app/erts-13.1.5/ebin",
            ..Start::default()
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let environment: BTreeMap<Vec<u8>, Vec<u8>> =
            [("HOME", "/"), ("EMPTY", ""), ("A", "b=c")].map(|(n, v)| (n.into(), v.into())).into();
        let bytes = encode(&folders(), &environment).unwrap();
        let start = Start::parse(&bytes).unwrap();
        assert_eq!((start.root, start.cwd), (&b"/app"[..], &b"/"[..]));
        assert_eq!(start.preloaded, b"/app/erts-13.1.5/ebin");
        let read: Vec<_> = start.environment().collect();
        assert_eq!(read, [(&b"A"[..], &b"b=c"[..]), (b"EMPTY", b""), (b"HOME", b"/")]);
    }

    #[test]
    fn damage_is_named() {
        let none = BTreeMap::new();
        assert_eq!(Start::parse(b""), Err(StartError::Unterminated));
        assert_eq!(Start::parse(b"/a\0/b"), Err(StartError::Unterminated));
        assert_eq!(Start::parse(b"/a\0/b\0"), Err(StartError::Folder { name: "the working folder" }));
        assert_eq!(Start::parse(b"a\0"), Err(StartError::Folder { name: "OTP's root" }));
        assert_eq!(Start::parse(b"/\0/\0/\0/\0A=\0B\0"), Err(StartError::Variable { number: 2 }));
        assert_eq!(Start::parse(b"/\0/\0/\0/\0=x\0"), Err(StartError::Variable { number: 1 }));
        assert_eq!(encode(&Start { root: b"/a\0", ..folders() }, &none), Err(StartError::Zero));
        let equals = BTreeMap::from([(b"A=B".to_vec(), b"C".to_vec())]);
        assert_eq!(encode(&folders(), &equals), Err(StartError::Variable { number: 1 }));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(0u8..64, 0..100)) {
            if let Ok(start) = Start::parse(&bytes) {
                let environment: BTreeMap<_, _> =
                    start.environment().map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
                let again = encode(&start, &environment).unwrap();
                let read = Start::parse(&again).unwrap();
                prop_assert_eq!(read.environment().count(), environment.len());
            }
        }
    }
}
