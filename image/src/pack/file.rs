// SPDX-License-Identifier: Apache-2.0
//! Writing files whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Writes `bytes` to a file that may be executed. Whoever opens `path` meanwhile finds the old file or the new one,
/// never a part: the bytes go to a neighbour first, which is then renamed.
///
/// # Errors
/// What the file system says. The neighbour is then removed.
pub fn write_executable(path: &Path, bytes: &[u8]) -> io::Result<()> {
    NewFile::write(path, bytes, EXECUTABLE)?.put()
}

/// The permissions of a file that may be executed.
pub const EXECUTABLE: u32 = 0o755;

/// A file that is whole, on the disk, and not in its place yet. Unless it is put there it goes with this.
#[derive(Debug)]
pub struct NewFile {
    neighbour: PathBuf,
    path: PathBuf,
}

impl NewFile {
    /// Writes the neighbour of a file that is to be.
    ///
    /// # Errors
    /// What the file system says; a place where something else is than a file, which would be replaced by one.
    pub fn write(path: &Path, bytes: &[u8], mode: u32) -> io::Result<Self> {
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => return Err(ErrorKind::IsADirectory.into()),
            Ok(found) if !found.is_file() => {
                return Err(io::Error::new(ErrorKind::AlreadyExists, "it is a device or a pipe"));
            }
            _ => {}
        }
        let new = Self { neighbour: neighbour_of(path)?, path: path.to_path_buf() };
        write_new(&new.neighbour, bytes, mode)?;
        Ok(new)
    }

    /// Puts it into its place.
    ///
    /// # Errors
    /// What the file system says.
    pub fn put(self) -> io::Result<()> {
        fs::rename(&self.neighbour, &self.path)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // It is not there any more if all went well, and otherwise what went wrong is worth more than a second error from here.
        let _ = fs::remove_file(&self.neighbour);
    }
}

fn neighbour_of(path: &Path) -> io::Result<PathBuf> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "the path does not end in a file name"))?;
    let mut neighbour = OsString::from(".");
    neighbour.push(name);
    neighbour.push(std::format!(".{}.tmp", std::process::id()));
    Ok(path.with_file_name(neighbour))
}

fn write_new(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use std::string::ToString;

    use super::{NewFile, write_executable};

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

    #[test]
    fn what_is_not_put_in_its_place_goes() {
        let directory = std::env::temp_dir().join(std::format!("voxoz-image-new-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let path = directory.join("kernel.cfg");
        let new = NewFile::write(&path, b"text", 0o644).unwrap();
        assert!(!path.exists() && fs::read_dir(&directory).unwrap().count() == 1);
        drop(new);
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
        NewFile::write(&path, b"text", 0o644).unwrap().put().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"text");
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_device_is_not_replaced() {
        let error = write_executable("/dev/null".as_ref(), b"").unwrap_err();
        assert_eq!(error.to_string(), "it is a device or a pipe");
    }
}
