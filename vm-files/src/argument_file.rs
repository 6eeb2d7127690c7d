// SPDX-License-Identifier: Apache-2.0
//! Files that the words of an image refer to (`-args_file`): a path that is not absolute begins at the working folder, as `erlexec` opens it there. Nothing is
//! mounted yet, so dots are taken out by their names.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use image::files::{FileTable, Kind};

/// The bytes of a file of the image, seen from a folder.
///
/// # Errors
/// Why there are none, as a text for whoever has named the file.
pub fn argument_file(files: &FileTable<'_>, folder: &[u8], name: &[u8]) -> Result<Vec<u8>, String> {
    let path = place(folder, name);
    match files.find(&path) {
        Some(entry) if entry.kind == Kind::File => Ok(entry.bytes.to_vec()),
        Some(_) => Err("it is no file".to_string()),
        None => Err(format!("the image has no {}", String::from_utf8_lossy(&path))),
    }
}

/// The absolute path of a file, seen from a folder.
fn place(folder: &[u8], name: &[u8]) -> Vec<u8> {
    let from = if name.starts_with(b"/") { &[] } else { folder };
    let mut path: Vec<&[u8]> = Vec::new();
    for component in from.split(|byte| *byte == b'/').chain(name.split(|byte| *byte == b'/')) {
        match component {
            b"" | b"." => {}
            b".." => drop(path.pop()),
            _ => path.push(component),
        }
    }
    path.iter().flat_map(|component| [&b"/"[..], component]).flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use image::files::FilesBuilder;

    use super::*;

    #[test]
    fn paths_begin_at_the_working_folder() {
        for (folder, name, expected) in [
            ("/", "vm.args", "/vm.args"),
            ("/srv/app", "vm.args", "/srv/app/vm.args"),
            ("/srv/app/", "./etc//vm.args", "/srv/app/etc/vm.args"),
            ("/srv/app", "../vm.args", "/srv/vm.args"),
            ("/srv", "../../vm.args", "/vm.args"),
            ("/srv", "/etc/vm.args", "/etc/vm.args"),
        ] {
            assert_eq!(place(folder.as_bytes(), name.as_bytes()), expected.as_bytes(), "{folder} {name}");
        }
    }

    #[test]
    fn only_files_are_read() {
        let mut files = FilesBuilder::new(0);
        files.folder(b"/etc", 0o755, 0).expect("it is absolute");
        files.file(b"/etc/vm.args", 0o644, 0, b"-noshell".to_vec()).expect("it is absolute");
        let bytes = files.build().expect("it is small");
        let files = FileTable::parse(&bytes).expect("it was just built");
        assert_eq!(argument_file(&files, b"/etc", b"vm.args"), Ok(b"-noshell".to_vec()));
        assert_eq!(argument_file(&files, b"/", b"etc"), Err("it is no file".into()));
        assert_eq!(argument_file(&files, b"/", b"vm.args"), Err("the image has no /vm.args".into()));
    }
}
