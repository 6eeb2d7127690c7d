// SPDX-License-Identifier: Apache-2.0
//! Writing an executable file whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes `bytes` to a file that may be executed. Whoever opens `path` meanwhile finds the old file or the new one,
/// never a part: the bytes go to a neighbour first, which is then renamed.
///
/// # Errors
/// What the file system says. The neighbour is then removed.
pub fn write_executable(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let neighbour = neighbour_of(path)?;
    let written = write_new(&neighbour, bytes).and_then(|()| fs::rename(&neighbour, path));
    if written.is_err() {
        // Whatever went wrong is worth more to the caller than a second error from here.
        let _ = fs::remove_file(&neighbour);
    }
    written
}

fn neighbour_of(path: &Path) -> io::Result<PathBuf> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path does not end in a file name"))?;
    let mut neighbour = OsString::from(".");
    neighbour.push(name);
    neighbour.push(std::format!(".{}.tmp", std::process::id()));
    Ok(path.with_file_name(neighbour))
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o755);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::write_executable;

    #[test]
    fn replaces_the_file_and_leaves_nothing_else() {
        let directory = std::env::temp_dir().join(std::format!("voxoz-image-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let path = directory.join("kernel.elf");
        write_executable(&path, b"old").unwrap();
        write_executable(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_ne!(fs::metadata(&path).unwrap().permissions().mode() & 0o100, 0);
        }
        assert!(write_executable(&directory.join("missing/kernel.elf"), b"").is_err());
        assert!(write_executable(&directory, b"").is_err(), "a directory is no file");
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
        fs::remove_dir_all(&directory).unwrap();
        assert!(write_executable("/".as_ref(), b"").is_err());
    }
}
