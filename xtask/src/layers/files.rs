// SPDX-License-Identifier: Apache-2.0
//! The text files of the repository: those that git knows, and new ones that it would take.

use std::fs;

use crate::context::Context;
use crate::failure::{During, Failure};
use crate::process;

/// A text file.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Its path within the repository.
    pub path: String,
    /// What it says.
    pub text: String,
}

/// Reads all files that are tracked or would be, without those that are not text.
pub fn tracked(context: &Context) -> Result<Vec<SourceFile>, Failure> {
    let mut git = std::process::Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(context.root());
    let mut files = Vec::new();
    for path in process::output(&mut git)?.split_terminator('\0') {
        let full = context.root().join(path);
        // A file that was deleted and not yet committed is still listed; a link may point at a directory.
        if !full.is_file() {
            continue;
        }
        let bytes = fs::read(&full).during(|| format!("cannot read {path}"))?;
        if let Ok(text) = String::from_utf8(bytes) {
            files.push(SourceFile { path: path.to_owned(), text });
        }
    }
    Ok(files)
}
