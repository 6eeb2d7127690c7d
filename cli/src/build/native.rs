// SPDX-License-Identifier: Apache-2.0
//! Files with code of a processor: NIF libraries, drivers, port programs. A guest can use none of them.

use std::fmt;
use std::path::Path;

/// What a native file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Native {
    kind: Kind,
    machine: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Library,
    Program,
    Archive,
}

/// `e_machine` of ELF's general specification.
const MACHINES: &[(u16, &str)] = &[
    (3, "x86"),
    (40, "ARM"),
    (62, "x86-64"),
    (183, "AArch64"),
    (243, "RISC-V"),
    (21, "PowerPC64"),
    (22, "S/390"),
];

/// `e_type` of a shared object. Position-independent programs have it as well.
const ET_DYN: u16 = 3;
/// `e_type` of what a compiler makes of one file.
const ET_REL: u16 = 1;

impl Native {
    /// What a file is, if it is native.
    pub fn of(path: &Path, bytes: &[u8]) -> Option<Self> {
        let has_extension = |wanted: &[&str]| {
            path.extension()
                .and_then(|extension| extension.to_str())
                .is_some_and(|found| wanted.contains(&found))
        };
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_library = has_extension(&["so", "dll", "dylib"]) || name.contains(".so.");
        if bytes.starts_with(b"\x7FELF") {
            let half = |offset: usize| {
                let pair = bytes.get(offset..offset + 2)?;
                Some(u16::from_le_bytes([pair[0], pair[1]]))
            };
            let machine = MACHINES.iter().find(|(number, _)| half(18) == Some(*number));
            let kind = match half(16) {
                Some(ET_REL) => Kind::Archive,
                Some(ET_DYN) if is_library => Kind::Library,
                _ => Kind::Program,
            };
            return Some(Self { kind, machine: machine.map_or("another machine", |(_, name)| name) });
        }
        let is_windows = bytes.starts_with(b"MZ") && has_extension(&["dll", "exe"]);
        let is_mac = [b"\xCF\xFA\xED\xFE", b"\xCA\xFE\xBA\xBE"].iter().any(|magic| bytes.starts_with(*magic));
        if is_windows || is_mac {
            let kind = if is_library { Kind::Library } else { Kind::Program };
            return Some(Self { kind, machine: if is_mac { "macOS" } else { "Windows" } });
        }
        bytes.starts_with(b"!<arch>\n").then_some(Self { kind: Kind::Archive, machine: "a linker" })
    }
}

impl fmt::Display for Native {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Library => "a library of NIFs or a driver",
            Kind::Program => "a program",
            Kind::Archive => "object code",
        };
        write!(f, "{kind} for {}", self.machine)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Native;

    fn elf(kind: u8, machine: u8) -> Vec<u8> {
        let mut bytes = b"\x7FELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
        bytes.extend_from_slice(&[kind, 0, machine, 0]);
        bytes
    }

    #[test]
    fn native_files_are_told_apart() {
        let shown =
            |name: &str, bytes: &[u8]| Native::of(Path::new(name), bytes).map(|native| native.to_string());
        assert_eq!(shown("x.so", &elf(3, 183)).as_deref(), Some("a library of NIFs or a driver for AArch64"));
        assert_eq!(shown("x", &elf(3, 62)).as_deref(), Some("a program for x86-64"));
        assert_eq!(shown("x.o", &elf(1, 62)).as_deref(), Some("object code for x86-64"));
        assert_eq!(shown("x.so", b"\x7FELF").as_deref(), Some("a program for another machine"));
        assert_eq!(shown("x.dll", b"MZ").as_deref(), Some("a library of NIFs or a driver for Windows"));
        assert_eq!(shown("x.sh", b"#!/bin/sh\n"), None);
        assert_eq!(shown("x.so", b"text"), None);
    }
}
