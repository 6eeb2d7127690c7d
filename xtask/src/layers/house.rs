// SPDX-License-Identifier: Apache-2.0
//! The rules of CONTRIBUTING.md that a machine can check by looking at one file at a time.

use super::files::SourceFile;
use super::workspace::Member;

const SPDX: &str = "SPDX-License-Identifier: Apache-2.0";

/// The longest that a Rust file may be.
const LINE_LIMIT: usize = 800;

/// Files that are one table, which no limit cuts in two.
const TABLES: &[&str] = &["beam-vm/src/atom/predefined.rs"];

/// What is wrong with the files themselves.
pub fn violations(files: &[SourceFile]) -> Vec<String> {
    let mut violations = Vec::new();
    for SourceFile { path, text } in files {
        let mut lines = text.lines();
        let mut first = lines.next().unwrap_or_default();
        if first.starts_with("#!/") {
            first = lines.next().unwrap_or_default();
        }
        if needs_licence(path, text) && !first.contains(SPDX) {
            violations.push(format!("{path}: the first line is not the SPDX line"));
        }
        if !path.ends_with(".rs") {
            continue;
        }
        if !lines.next().unwrap_or_default().starts_with("//! ") {
            violations.push(format!("{path}: the second line does not begin the //! header"));
        }
        let count = text.lines().count();
        if count > LINE_LIMIT && !TABLES.contains(&path.as_str()) {
            violations.push(format!("{path}: {count} lines are more than {LINE_LIMIT}"));
        }
    }
    violations
}

/// Which roots of crates do not say how they stand to unsafe code.
pub fn root_violations(members: &[Member], files: &[SourceFile]) -> Vec<String> {
    let mut violations = Vec::new();
    for root in members.iter().flat_map(|member| &member.roots) {
        let says = files.iter().find(|file| file.path == *root).is_some_and(|file| {
            file.text
                .lines()
                .any(|line| matches!(line.trim(), "#![forbid(unsafe_code)]" | "#![deny(unsafe_code)]"))
        });
        if !says {
            violations.push(format!("{root}: neither #![forbid(unsafe_code)] nor #![deny(unsafe_code)]"));
        }
    }
    violations
}

/// Sources, build files and scripts; documents and locks carry no licence line.
fn needs_licence(path: &str, text: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.') {
        Some((_, "rs" | "erl" | "toml" | "sh" | "ld" | "c" | "h" | "s" | "S")) => true,
        _ => text.starts_with("#!/"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Member, SourceFile, root_violations, violations};

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile { path: path.into(), text: text.into() }
    }

    const HEAD: &str = "// SPDX-License-Identifier: Apache-2.0\n//! What it is.\n";

    #[test]
    fn good_files_pass() {
        let files = [
            file("a/src/lib.rs", HEAD),
            file("Cargo.toml", "# SPDX-License-Identifier: Apache-2.0\n"),
            file(".ci/run", "#!/usr/bin/env bash\n# SPDX-License-Identifier: Apache-2.0\n"),
            file("linker.ld", "/* SPDX-License-Identifier: Apache-2.0 */\n"),
            file("README.md", "# Voxoz\n"),
            file("Cargo.lock", "version = 4\n"),
        ];
        assert_eq!(violations(&files), Vec::<String>::new());
    }

    #[test]
    fn every_fault_is_named() {
        let long = format!("{HEAD}{}", "\n".repeat(799));
        let files = [
            file("a.rs", "//! No licence.\n"),
            file("b.rs", "// SPDX-License-Identifier: Apache-2.0\nfn main() {}\n"),
            file("c.rs", &long),
            file("d.sh", "#!/bin/sh\necho\n"),
            file("script", "#!/bin/sh\necho\n"),
            file("linker.ld", ""),
        ];
        let expected = [
            "a.rs: the first line is not the SPDX line",
            "a.rs: the second line does not begin the //! header",
            "b.rs: the second line does not begin the //! header",
            "c.rs: 801 lines are more than 800",
            "d.sh: the first line is not the SPDX line",
            "script: the first line is not the SPDX line",
            "linker.ld: the first line is not the SPDX line",
        ];
        assert_eq!(violations(&files), expected);
    }

    #[test]
    fn roots_say_how_they_stand_to_unsafe_code() {
        let member = Member {
            room: "a".into(),
            rooms: Vec::new(),
            third_party: Vec::new(),
            roots: vec!["a/lib.rs".into(), "a/main.rs".into(), "a/bin.rs".into()],
        };
        let files = [
            file("a/lib.rs", "#![forbid(unsafe_code)]\n"),
            file("a/main.rs", "#![deny(unsafe_code)]\n"),
            file("a/bin.rs", "// #![deny(unsafe_code)]\n"),
        ];
        let expected = ["a/bin.rs: neither #![forbid(unsafe_code)] nor #![deny(unsafe_code)]"];
        assert_eq!(root_violations(&[member], &files), expected);
    }
}
