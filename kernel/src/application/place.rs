// SPDX-License-Identifier: Apache-2.0
//! Where a file of the command line (`-args_file`) is in the image: a path that is not absolute begins at the working folder, as `erlexec` opens it there. Nothing is
//! mounted yet, so dots are taken out by their names.

use alloc::vec::Vec;

/// The absolute path of a file, seen from a folder.
pub fn place(folder: &[u8], name: &[u8]) -> Vec<u8> {
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
    use super::place;

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
}
