// SPDX-License-Identifier: Apache-2.0
//! The tree that a mock xenstored serves.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::xenstore::path::is_at_or_below;
use crate::xenstore::{Permission, Refusal};

/// A node of the tree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    /// Its value.
    pub value: Vec<u8>,
    /// Who may do what; the mock hands it out and does not enforce it.
    pub permissions: Vec<Permission>,
}

/// A tree of nodes by absolute path, and how often it has changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tree {
    nodes: BTreeMap<String, Node>,
    generation: u64,
    /// What every new node's permissions are.
    permissions: Vec<Permission>,
}

impl Tree {
    /// A tree of the root alone.
    pub fn new(permissions: Vec<Permission>) -> Self {
        let root = Node { value: Vec::new(), permissions: permissions.clone() };
        Self { nodes: BTreeMap::from([(String::from("/"), root)]), generation: 1, permissions }
    }

    /// Grows with every change.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// A node.
    pub fn get(&self, path: &str) -> Option<&Node> {
        self.nodes.get(path)
    }

    /// Writes a node's value; makes it, and those above it, if there is none.
    pub fn write(&mut self, path: &str, value: &[u8]) {
        self.mkdir(path);
        if let Some(node) = self.nodes.get_mut(path) {
            node.value = value.to_vec();
        }
        self.generation += 1;
    }

    /// Makes a node and those above it.
    pub fn mkdir(&mut self, path: &str) {
        let mut cut = path.len();
        loop {
            let node = if cut == 0 { "/" } else { &path[..cut] };
            if self.nodes.contains_key(node) {
                return;
            }
            let made = Node { value: Vec::new(), permissions: self.permissions.clone() };
            self.nodes.insert(node.to_string(), made);
            self.generation += 1;
            cut = path[..cut].rfind('/').unwrap_or(0);
        }
    }

    /// Removes a node and all below it. Removing what is not there is well as long as its parent is.
    pub fn rm(&mut self, path: &str) -> Result<(), Refusal> {
        if path == "/" {
            return Err(Refusal::Invalid);
        }
        let parent = path.rfind('/').map_or("/", |cut| if cut == 0 { "/" } else { &path[..cut] });
        if !self.nodes.contains_key(parent) {
            return Err(Refusal::NotFound);
        }
        self.nodes.retain(|node, _| !is_at_or_below(node, path));
        self.generation += 1;
        Ok(())
    }

    /// The names of a node's children, each with a NUL at its end.
    pub fn list(&self, path: &str) -> Result<Vec<u8>, Refusal> {
        self.get(path).ok_or(Refusal::NotFound)?;
        let prefix = if path == "/" { "/".to_string() } else { path.to_string() + "/" };
        let names = self.nodes.keys().filter_map(|node| node.strip_prefix(&prefix));
        let mut list = Vec::new();
        for name in names.filter(|name| !name.is_empty() && !name.contains('/')) {
            list.extend_from_slice(name.as_bytes());
            list.push(0);
        }
        Ok(list)
    }

    /// Writes a node's permissions.
    pub fn set_permissions(&mut self, path: &str, permissions: Vec<Permission>) -> Result<(), Refusal> {
        self.nodes.get_mut(path).ok_or(Refusal::NotFound)?.permissions = permissions;
        self.generation += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_brings_those_above_it_and_takes_those_below_it() {
        let mut tree = Tree::new(Vec::new());
        tree.write("/a/b/c", b"1");
        tree.write("/a/bc", b"2");
        assert_eq!(tree.list("/"), Ok(b"a\0".to_vec()));
        assert_eq!(tree.list("/a"), Ok(b"b\0bc\0".to_vec()));
        assert_eq!(tree.rm("/a/b"), Ok(()));
        assert_eq!(tree.get("/a/b/c"), None);
        assert_eq!(tree.get("/a/bc").unwrap().value, b"2");
        assert_eq!(tree.rm("/a/b"), Ok(()));
        assert_eq!(tree.rm("/x/y"), Err(Refusal::NotFound));
        assert_eq!(tree.list("/x"), Err(Refusal::NotFound));
    }
}
