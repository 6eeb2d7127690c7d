// SPDX-License-Identifier: Apache-2.0
//! A folder that is there while something is built.

use std::fs;
use std::io::Result;
use std::path::{Path, PathBuf};

/// A folder that goes when this does.
#[derive(Debug)]
pub struct Temporary(PathBuf);

impl Temporary {
    /// Makes one.
    pub fn new(name: &str) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        fs::create_dir(&folder)?;
        Ok(Self(folder))
    }

    /// Lets the folder stay: something else needs it.
    pub fn keep(self) {
        std::mem::forget(self);
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // A folder that stays behind in the folder for temporary files harms nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
}
