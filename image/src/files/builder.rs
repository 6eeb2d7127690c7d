// SPDX-License-Identifier: Apache-2.0
//! The writer of file tables. The same files give the same bytes, whatever the order in which they were added.

use std::borrow::ToOwned;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::string::String;
use std::vec::Vec;

use crc32c::crc32c;

use super::{CONTENTS_ALIGNMENT, ENTRY_LENGTH, HEADER_LENGTH, Kind, MODE_BITS, PATH_LIMIT, is_name};

/// Why a file cannot be added, or the table not be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuildError {
    /// The path is not absolute, or has an empty name, dots, a zero byte, or is too long.
    Path(String),
    /// Something is there already.
    Exists(String),
    /// Something on the way is no folder.
    NotAFolder(String),
    /// The paths would need 4 GiB or more.
    TooMany,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "{path:?} cannot be the path of a file in the image"),
            Self::Exists(path) => write!(f, "{path} is in the image already"),
            Self::NotAFolder(path) => write!(f, "{path} is in the image and is no folder"),
            Self::TooMany => f.write_str("the paths of the files would need 4 GiB or more"),
        }
    }
}

impl std::error::Error for BuildError {}

/// Something that is added.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Node {
    kind: Kind,
    mode: u32,
    modified: i64,
    bytes: Vec<u8>,
    /// What is in a folder.
    children: BTreeMap<Vec<u8>, Self>,
}

impl Node {
    fn folder(mode: u32, modified: i64) -> Self {
        Self { kind: Kind::Folder, mode, modified, bytes: Vec::new(), children: BTreeMap::new() }
    }
}

/// Collects files and writes them as a table.
#[derive(Clone, Debug)]
pub struct FilesBuilder {
    root: Node,
    modified: i64,
}

/// The permissions of folders that nobody has described.
const FOLDER_MODE: u32 = 0o755;

impl FilesBuilder {
    /// A table of nothing but its root. Folders that are only named on the way to something get this time.
    #[must_use]
    pub fn new(modified: i64) -> Self {
        Self { root: Node::folder(FOLDER_MODE, modified), modified }
    }

    /// Adds a file.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn file(&mut self, path: &[u8], mode: u32, modified: i64, bytes: Vec<u8>) -> Result<(), BuildError> {
        let (mode, children) = (mode & MODE_BITS, BTreeMap::new());
        self.add(path, Node { kind: Kind::File, mode, modified, bytes, children })
    }

    /// Adds a symbolic link.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn link(&mut self, path: &[u8], modified: i64, target: &[u8]) -> Result<(), BuildError> {
        let (bytes, children) = (target.to_vec(), BTreeMap::new());
        self.add(path, Node { kind: Kind::Link, mode: 0o777, modified, bytes, children })
    }

    /// Adds a folder, or describes one that is there.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn folder(&mut self, path: &[u8], mode: u32, modified: i64) -> Result<(), BuildError> {
        let node = match self.find(path) {
            Some(node) if node.kind == Kind::Folder => node,
            _ => return self.add(path, Node::folder(mode & MODE_BITS, modified)),
        };
        (node.mode, node.modified) = (mode & MODE_BITS, modified);
        Ok(())
    }

    fn find(&mut self, path: &[u8]) -> Option<&mut Node> {
        let names = path.strip_prefix(b"/")?.split(|byte| *byte == b'/').filter(|name| !name.is_empty());
        let mut node = &mut self.root;
        for name in names {
            node = node.children.get_mut(name)?;
        }
        Some(node)
    }

    fn add(&mut self, path: &[u8], node: Node) -> Result<(), BuildError> {
        let shown = || String::from_utf8_lossy(path).into_owned();
        let rest = path.strip_prefix(b"/").filter(|_| path.len() <= PATH_LIMIT);
        let rest = rest.ok_or_else(|| BuildError::Path(shown()))?;
        let names: Vec<&[u8]> = rest.split(|byte| *byte == b'/').collect();
        let (Some((last, folders)), true) = (names.split_last(), names.iter().all(|name| is_name(name)))
        else {
            return Err(BuildError::Path(shown()));
        };
        let mut folder = &mut self.root;
        for name in folders {
            let new = || Node::folder(FOLDER_MODE, self.modified);
            folder = folder.children.entry((*name).to_owned()).or_insert_with(new);
            if folder.kind != Kind::Folder {
                return Err(BuildError::NotAFolder(shown()));
            }
        }
        if folder.children.contains_key(*last) {
            return Err(BuildError::Exists(shown()));
        }
        folder.children.insert((*last).to_owned(), node);
        Ok(())
    }

    /// Writes the table. Equal contents are stored once.
    ///
    /// # Errors
    /// [`BuildError::TooMany`].
    pub fn build(&self) -> Result<Vec<u8>, BuildError> {
        // Folder by folder, each in the order in which it was met.
        let mut nodes: Vec<(&Node, usize, Vec<u8>)> = Vec::from([(&self.root, 0, b"/".to_vec())]);
        let mut firsts = Vec::new();
        let mut met = 0;
        while let Some((node, _, path)) = nodes.get(met) {
            let (node, folder) = (*node, path.clone());
            firsts.push(nodes.len());
            for (name, child) in &node.children {
                let mut path = if met == 0 { Vec::new() } else { folder.clone() };
                path.push(b'/');
                path.extend_from_slice(name);
                nodes.push((child, met, path));
            }
            met += 1;
        }
        let paths_length: usize = nodes.iter().map(|(.., path)| path.len()).sum();
        let paths_length = u32::try_from(paths_length).map_err(|_| BuildError::TooMany)?;
        let count = u32::try_from(nodes.len()).map_err(|_| BuildError::TooMany)?;
        let contents_start = HEADER_LENGTH + nodes.len() * ENTRY_LENGTH + paths_length as usize;

        let mut table = Vec::with_capacity(contents_start);
        table.extend_from_slice(&count.to_le_bytes());
        table.extend_from_slice(&paths_length.to_le_bytes());
        table.extend_from_slice(&[0; 8]);
        let mut contents = Vec::new();
        let mut stored: HashMap<&[u8], u64> = HashMap::new();
        let mut path_start = 0u32;
        for ((node, parent, path), first) in nodes.iter().zip(firsts) {
            let (start, length) = match node.kind {
                Kind::Folder => (first as u64, node.children.len() as u64),
                Kind::File | Kind::Link => {
                    let start = *stored.entry(&node.bytes).or_insert_with(|| {
                        let start = (contents_start + contents.len()).next_multiple_of(CONTENTS_ALIGNMENT);
                        contents.resize(start - contents_start, 0);
                        contents.extend_from_slice(&node.bytes);
                        start as u64
                    });
                    (start, node.bytes.len() as u64)
                }
            };
            table.extend_from_slice(&path_start.to_le_bytes());
            table.extend_from_slice(&(path.len() as u16).to_le_bytes());
            table.extend_from_slice(&[node.kind.number(), 0]);
            table.extend_from_slice(&node.mode.to_le_bytes());
            table.extend_from_slice(&(*parent as u32).to_le_bytes());
            table.extend_from_slice(&node.modified.to_le_bytes());
            table.extend_from_slice(&start.to_le_bytes());
            table.extend_from_slice(&length.to_le_bytes());
            table.extend_from_slice(&crc32c(&node.bytes).to_le_bytes());
            table.extend_from_slice(&[0; 4]);
            path_start += path.len() as u32;
        }
        for (.., path) in &nodes {
            table.extend_from_slice(path);
        }
        table.extend_from_slice(&contents);
        Ok(table)
    }
}
