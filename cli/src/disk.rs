// SPDX-License-Identifier: Apache-2.0
//! `voxoz disk`: a guest's `/data` from outside, in a file or on a block device that no guest uses at the moment.

use std::ffi::OsStr;
use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Write, stdout};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use hosted::{Access, DataDisk, DataError, DataKind, Volume};

use crate::failure::{Code, Failure};
use crate::out;
use crate::resources::{self, Disk};

/// Look into the disk of a guest, and work on it
///
/// IMAGE is a file or a block device with the volume that a guest has at /data. No guest may be using it. Paths are those within the volume: what
/// is /data/a to the guest is /a here.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make a file with an empty volume, or make a volume of a blank block device
    Create {
        /// The file, which is not there yet, or the device
        image: PathBuf,
        /// The size of a file, as 512M or 20G; it takes room on the host only as it is written to
        #[arg(long, value_parser = size)]
        size: Option<u64>,
    },
    /// List a folder
    Ls {
        /// The file or device
        image: PathBuf,
        /// The folder
        #[arg(default_value = "/")]
        path: PathBuf,
    },
    /// Copy a file or a folder out of the volume
    Get {
        /// The file or device
        image: PathBuf,
        /// What is copied
        path: PathBuf,
        /// Where to; a file goes to standard output without it
        to: Option<PathBuf>,
    },
    /// Copy a file or a folder into the volume
    Put {
        /// The file or device
        image: PathBuf,
        /// What is copied
        from: PathBuf,
        /// Its path in the volume; folders above it are made
        path: PathBuf,
    },
    /// Look at all that is in the volume, and say what is damaged
    Check {
        /// The file or device
        image: PathBuf,
    },
}

/// The units of sizes.
const UNITS: [(char, u32); 4] = [('K', 10), ('M', 20), ('G', 30), ('T', 40)];

/// Reads a size.
pub fn size(text: &str) -> Result<u64, String> {
    let upper = text.to_ascii_uppercase();
    let found = UNITS.iter().find_map(|(unit, shift)| Some((upper.strip_suffix(*unit)?, *shift)));
    let (digits, shift) = found.unwrap_or((&upper, 0));
    let number: u64 =
        digits.parse().map_err(|_| "a size is a number, with K, M, G or T behind it".to_owned())?;
    number
        .checked_shl(shift)
        .filter(|size| size >> shift == number)
        .ok_or_else(|| "that is too much".to_owned())
}

/// The volume of `-data FILE`, which is looked at before a machine is made with it.
pub fn data(file: &Path) -> Result<DataDisk, Failure> {
    Volume::format(file).map_err(|why| unusable(file, &why))?.finish().map_err(|why| unusable(file, &why))?;
    // It is used to the end of this process.
    Ok(DataDisk { file: Box::leak(file.to_owned().into_boxed_path()), place: "/data" })
}

/// Makes the file of a disk with an empty volume if nothing is there.
pub fn ensure(disk: &Disk) -> Result<(), Failure> {
    let image = &disk.image;
    if disk.access == resources::Access::ReadOnly || image.exists() {
        return Ok(());
    }
    if let Some(folder) = image.parent() {
        std::fs::create_dir_all(folder).map_err(|why| unusable(image, &why.into()))?;
    }
    let volume = Volume::create(image, disk.size).map_err(|why| unusable(image, &why))?;
    volume.finish().map_err(|why| unusable(image, &why))?;
    anstream::eprintln!("voxoz: {} is a new disk of {} MiB", image.display(), disk.size >> 20);
    Ok(())
}

/// Keeps others of this system from a disk as long as the file is held: whoever makes a volume of it or looks into it sees that it is in use.
pub fn hold(image: &Path) -> Result<File, Failure> {
    let held = File::open(image).and_then(|file| {
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => std::io::Error::new(ErrorKind::ResourceBusy, "it is in use"),
            TryLockError::Error(error) => error,
        })?;
        Ok(file)
    });
    held.map_err(|why| unusable(image, &why.into()))
}

fn unusable(image: &Path, why: &DataError) -> Failure {
    let what = format!("cannot use the disk {}", image.display());
    let help = match why {
        DataError::File(error) if error.kind() == ErrorKind::ResourceBusy => {
            "stop the machine that uses it: `voxoz ps` lists those that run detached"
        }
        _ => "name a file or device that `voxoz disk create` or a guest has made a volume of",
    };
    Failure::new(Code::Build, what, why, help)
}

/// The path in the volume.
fn inside(path: &Path) -> Vec<u8> {
    let bytes = path.as_os_str().as_bytes();
    let mut clean = if bytes.starts_with(b"/") { bytes.to_vec() } else { [b"/", bytes].concat() };
    while clean.len() > 1 && clean.ends_with(b"/") {
        clean.pop();
    }
    clean
}

fn below(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder == b"/" { [folder, name].concat() } else { [folder, b"/", name].concat() }
}

/// Says which path in the volume an operation has failed on.
fn at<'a>(path: &'a [u8]) -> impl Fn(DataError) -> Failure + 'a {
    move |why| {
        let what = format!("cannot copy {}", String::from_utf8_lossy(path));
        Failure::new(Code::Build, what, why, "look at what is there with `voxoz disk ls`")
    }
}

fn on_host(path: &Path) -> impl Fn(std::io::Error) -> Failure + '_ {
    move |why| crate::file::unreadable(path, why)
}

/// Carries out the command.
pub fn run(command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Create { image, size } => create(image, *size)?,
        Command::Ls { image, path } => list(image, &inside(path))?,
        Command::Get { image, path, to } => {
            let mut volume = open(image, Access::Read)?;
            get(&mut volume, &inside(path), to.as_deref())?;
        }
        Command::Put { image, from, path } => {
            let mut volume = open(image, Access::Write)?;
            let path = inside(path);
            let parent = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0).max(1);
            volume.make_folders(&path[..parent]).map_err(at(&path))?;
            put(&mut volume, from, &path)?;
            volume.finish().map_err(|why| unusable(image, &why))?;
        }
        Command::Check { image } => return check(image),
    }
    Ok(ExitCode::SUCCESS)
}

fn open(image: &Path, access: Access) -> Result<Volume, Failure> {
    Volume::open(image, access).map_err(|why| unusable(image, &why))
}

fn create(image: &Path, size: Option<u64>) -> Result<(), Failure> {
    let made = match size {
        Some(size) => Volume::create(image, size),
        None => Volume::format(image),
    };
    let cannot = |why: DataError| {
        let help = "name a new file with --size, or a block device that is blank";
        Failure::new(Code::Build, format!("cannot make a volume in {}", image.display()), why, help)
    };
    let volume = made.map_err(cannot)?;
    let room = volume.room();
    volume.finish().map_err(cannot)?;
    out::line(format_args!(
        "{}: {} of {} KiB are free",
        image.display(),
        room.available >> 10,
        room.total >> 10
    ))?;
    Ok(())
}

fn list(image: &Path, path: &[u8]) -> Result<(), Failure> {
    let mut volume = open(image, Access::Read)?;
    let info = volume.info(path).map_err(at(path))?;
    let (folder, names) = match info.kind {
        DataKind::Folder => (path, volume.list(path).map_err(at(path))?),
        _ => (&b""[..], vec![path.to_vec()]),
    };
    for name in names {
        let place = if folder.is_empty() { name.clone() } else { below(folder, &name) };
        let info = volume.info(&place).map_err(at(&place))?;
        let mut line = format!("{} {:>12} {}", letters(info.mode), info.size, String::from_utf8_lossy(&name));
        if info.kind == DataKind::Link {
            let target = volume.read_link(&place).map_err(at(&place))?;
            line.push_str(" -> ");
            line.push_str(&String::from_utf8_lossy(&target));
        }
        out::line(format_args!("{line}"))?;
    }
    Ok(())
}

/// Kind and permissions as `ls` has them.
fn letters(mode: u32) -> String {
    let kind = match mode & 0o170_000 {
        0o040_000 => 'd',
        0o120_000 => 'l',
        _ => '-',
    };
    let bits = (0..9).rev().zip("rwxrwxrwx".chars());
    std::iter::once(kind)
        .chain(bits.map(|(bit, letter)| if mode >> bit & 1 == 1 { letter } else { '-' }))
        .collect()
}

fn get(volume: &mut Volume, path: &[u8], to: Option<&Path>) -> Result<(), Failure> {
    let info = volume.info(path).map_err(at(path))?;
    match (info.kind, to) {
        (DataKind::Folder, Some(to)) => {
            std::fs::create_dir_all(to).map_err(on_host(to))?;
            for name in volume.list(path).map_err(at(path))? {
                // Names in a volume have no slash, and none is `..`.
                get(volume, &below(path, &name), Some(&to.join(OsStr::from_bytes(&name))))?;
            }
        }
        (DataKind::Folder, None) => {
            let what = format!("cannot copy {} to standard output", String::from_utf8_lossy(path));
            return Err(Failure::new(Code::Usage, what, "it is a folder", "name a folder to copy it to"));
        }
        (DataKind::Link, Some(to)) => {
            let target = volume.read_link(path).map_err(at(path))?;
            std::os::unix::fs::symlink(OsStr::from_bytes(&target), to).map_err(on_host(to))?;
        }
        (_, Some(to)) => {
            let mut file = File::create(to).map_err(on_host(to))?;
            volume.get(path, &mut file).map_err(at(path))?;
        }
        (_, None) => {
            let mut out = stdout().lock();
            volume.get(path, &mut out).map_err(at(path))?;
            out::judge(out.flush())?;
        }
    }
    Ok(())
}

fn put(volume: &mut Volume, from: &Path, path: &[u8]) -> Result<(), Failure> {
    let kind = std::fs::symlink_metadata(from).map_err(on_host(from))?.file_type();
    if kind.is_dir() {
        volume.make_folders(path).map_err(at(path))?;
        for entry in crate::file::entries(from)? {
            let name = entry.file_name().unwrap_or_default().as_bytes();
            put(volume, &entry, &below(path, name))?;
        }
    } else if kind.is_symlink() {
        let target = std::fs::read_link(from).map_err(on_host(from))?;
        volume.make_link(path, target.as_os_str().as_bytes()).map_err(at(path))?;
    } else {
        let mut file = File::open(from).map_err(on_host(from))?;
        volume.put(path, &mut file).map_err(at(path))?;
    }
    Ok(())
}

fn check(image: &Path) -> Result<ExitCode, Failure> {
    let report = Volume::check(image).map_err(|why| unusable(image, &why))?;
    for finding in &report.findings {
        match &finding.path {
            Some(path) => out::line(format_args!("{}: {}", String::from_utf8_lossy(path), finding.what))?,
            None => out::line(format_args!("{}", finding.what))?,
        }
    }
    let (files, folders, links) = (report.files, report.folders, report.links);
    out::line(format_args!(
        "{files} files, {folders} folders, {links} symbolic links: {} damaged",
        report.findings.len()
    ))?;
    Ok(if report.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(Code::Failed as u8) })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{inside, letters, size};

    #[test]
    fn sizes_have_units() {
        assert_eq!(size("512"), Ok(512));
        assert_eq!(size("2k"), Ok(2048));
        assert_eq!(size("20G"), Ok(20 << 30));
        for bad in ["", "G", "-1", "1X", "99999999999T"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn paths_are_the_volumes() {
        for (path, expected) in [("a/b", "/a/b"), ("/", "/"), ("/a/", "/a")] {
            assert_eq!(inside(Path::new(path)), expected.as_bytes());
        }
        assert_eq!(letters(0o040_755), "drwxr-xr-x");
        assert_eq!(letters(0o100_640), "-rw-r-----");
    }
}
