// SPDX-License-Identifier: Apache-2.0
//! The content of an initramfs before it is written: paths with what is at each.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use super::cpio::{Kind, Writer};
use super::elf;
use crate::LabError;

enum Node {
    Directory,
    File { permissions: u32, content: Vec<u8> },
    Link(String),
}

/// A tree of files. Paths are relative to the root; the folders above an entry are made by themselves.
pub(crate) struct Tree {
    nodes: BTreeMap<String, Node>,
    packages: PathBuf,
}

impl Tree {
    /// Makes an empty tree that takes programs and libraries from `packages`, a folder with unpacked Debian packages.
    pub(crate) fn new(packages: &Path) -> Self {
        Self { nodes: BTreeMap::new(), packages: packages.to_owned() }
    }

    pub(crate) fn directory(&mut self, path: &str) {
        self.insert(path, Node::Directory);
    }

    pub(crate) fn file(&mut self, path: &str, permissions: u32, content: impl Into<Vec<u8>>) {
        self.insert(path, Node::File { permissions, content: content.into() });
    }

    /// Gives what is at a path another one.
    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        if let Some(node) = self.nodes.remove(from) {
            self.insert(to, node);
        }
    }

    pub(crate) fn link(&mut self, path: &str, target: &str) {
        self.insert(path, Node::Link(target.to_owned()));
    }

    /// Adds the program of this name from wherever the packages have it, as `usr/bin/NAME`, with its libraries.
    pub(crate) fn program(&mut self, name: &str, folders: &[&str]) -> Result<(), LabError> {
        let path = self.find(name, folders)?;
        self.elf(&path, &format!("usr/bin/{name}"))
    }

    /// Adds a library and those that it needs.
    pub(crate) fn library(&mut self, name: &str) -> Result<(), LabError> {
        let target = format!("usr/lib/x86_64-linux-gnu/{name}");
        if self.nodes.contains_key(&target) {
            return Ok(());
        }
        let path = self.find(name, &["lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu"])?;
        self.elf(&path, &target)
    }

    /// Adds a folder of the packages with all that is in it.
    pub(crate) fn copy(&mut self, path: &str) -> Result<(), LabError> {
        let folder = self.packages.join(path);
        for entry in std::fs::read_dir(&folder).map_err(LabError::io("read the directory", &folder))? {
            let entry = entry.map_err(LabError::io("read the directory", &folder))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let inner = format!("{path}/{name}");
            if entry.path().is_dir() {
                self.copy(&inner)?;
            } else {
                let content = std::fs::read(entry.path()).map_err(LabError::io("read", &entry.path()))?;
                self.file(&inner, 0o755, content);
            }
        }
        Ok(())
    }

    /// Writes the tree as a cpio archive.
    pub(crate) fn write(&self, path: &Path) -> Result<(), LabError> {
        let write = || -> std::io::Result<()> {
            let mut archive = Writer::new(BufWriter::new(File::create(path)?));
            for (name, node) in &self.nodes {
                match node {
                    Node::Directory => archive.entry(name, Kind::Directory, 0o755, &[])?,
                    Node::File { permissions, content } => {
                        archive.entry(name, Kind::File, *permissions, content)?;
                    }
                    Node::Link(target) => archive.entry(name, Kind::Link, 0o777, target.as_bytes())?,
                }
            }
            let file = archive.finish()?.into_inner().map_err(|e| e.into_error())?;
            file.sync_all()
        };
        write().map_err(LabError::io("write", path))
    }

    fn find(&self, name: &str, folders: &[&str]) -> Result<PathBuf, LabError> {
        let candidates = folders.iter().map(|f| self.packages.join(f).join(name));
        candidates.into_iter().find(|p| p.is_file()).ok_or_else(|| LabError::Format {
            path: self.packages.clone(),
            detail: format!("no package has {name} in {}", folders.join(", ")),
        })
    }

    /// Adds a program or a library with the libraries that it needs.
    pub(crate) fn elf(&mut self, path: &Path, target: &str) -> Result<(), LabError> {
        let content = std::fs::read(path).map_err(LabError::io("read", path))?;
        let needs = elf::needs(&content)
            .map_err(|detail| LabError::Format { path: path.to_owned(), detail: detail.to_owned() })?;
        self.file(target, 0o755, content);
        if let Some(interpreter) = needs.interpreter {
            let name = interpreter.rsplit('/').next().unwrap_or_default();
            self.library(name)?;
            self.link(&format!("usr/lib64/{name}"), &format!("../lib/x86_64-linux-gnu/{name}"));
        }
        for library in needs.libraries {
            self.library(&library)?;
        }
        Ok(())
    }

    fn insert(&mut self, path: &str, node: Node) {
        for (index, _) in path.match_indices('/') {
            self.nodes.entry(path[..index].to_owned()).or_insert(Node::Directory);
        }
        self.nodes.insert(path.to_owned(), node);
    }
}
