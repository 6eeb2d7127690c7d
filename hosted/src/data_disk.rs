// SPDX-License-Identifier: Apache-2.0
//! The file system of a guest's `/data`, on a file of the host: in the tree of a machine, or for the tool to look into.

use std::fmt;
use std::io::{self, Read, Write};
use std::path::Path;

use fs::data::{Blank, DataFs, MountError, Report, Room, Settings};
use fs::memory::User;
use fs::{At, Errno, Follow, Info, Make, Modes, Namespace, Remove};

use crate::disk_file::{Access, DiskFile};
use crate::linux::{fill_random, seconds};

/// The number of the volume as a device: one that no device of the host has.
const DEVICE: u32 = 2;

/// Bytes that are copied at once.
const CHUNK: usize = 1 << 20;

/// A file with a volume, and where its files are in a machine's tree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DataDisk {
    /// The file.
    pub file: &'static Path,
    /// The folder: `/data`, as in a guest.
    pub place: &'static str,
}

impl DataDisk {
    /// Mounts the volume; a blank disk is made into one.
    ///
    /// # Panics
    /// When it cannot be used: the tool looks at it before.
    pub(crate) fn mount(self, files: &mut Namespace) {
        let system = open(self.file, Access::Write, Blank::Format)
            .unwrap_or_else(|error| panic!("{}: {error}", self.file.display()));
        let mounted = files.mount(self.place.as_bytes(), Box::new(system));
        mounted.unwrap_or_else(|errno| panic!("{} cannot be mounted: error {}", self.place, errno.0));
    }
}

/// Why a volume cannot be used.
#[derive(Debug)]
pub enum DataError {
    /// The file cannot be opened.
    File(io::Error),
    /// What is in it is no volume to be used.
    Mount(MountError),
    /// An operation has failed.
    Errno(Errno),
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Mount(error) => error.fmt(f),
            Self::Errno(errno) => io::Error::from_raw_os_error(errno.0.into()).fmt(f),
        }
    }
}

impl std::error::Error for DataError {}

impl From<Errno> for DataError {
    fn from(errno: Errno) -> Self {
        Self::Errno(errno)
    }
}

impl From<io::Error> for DataError {
    fn from(error: io::Error) -> Self {
        Self::File(error)
    }
}

fn open(file: &Path, access: Access, blank: Blank) -> Result<DataFs, DataError> {
    mount(DiskFile::open(file, access)?, blank)
}

fn mount(disk: DiskFile, blank: Blank) -> Result<DataFs, DataError> {
    let mut uuid = [0; 16];
    fill_random(&mut uuid);
    let settings = Settings { user: User::default(), device: DEVICE, clock: Box::new(seconds), uuid };
    DataFs::open(Box::new(disk), settings, blank).map_err(DataError::Mount)
}

/// A volume in a file, to be worked on from outside. Paths begin with `/`, the volume's root.
pub struct Volume {
    files: Namespace,
    room: Room,
}

impl Volume {
    /// Makes a file of so many bytes, and a volume in it.
    ///
    /// # Errors
    /// [`DataError`]; there is one already, for instance.
    pub fn create(file: &Path, bytes: u64) -> Result<Self, DataError> {
        let disk = DiskFile::create(file, bytes)?;
        Self::new(mount(disk, Blank::Format).inspect_err(|_| drop(std::fs::remove_file(file)))?)
    }

    /// Makes a volume of a blank file or device, or opens the one that is there.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn format(file: &Path) -> Result<Self, DataError> {
        Self::new(open(file, Access::Write, Blank::Format)?)
    }

    /// Opens the volume in a file or device.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn open(file: &Path, access: Access) -> Result<Self, DataError> {
        Self::new(open(file, access, Blank::Refuse)?)
    }

    /// Looks at all that is in a volume.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn check(file: &Path) -> Result<Report, DataError> {
        Ok(open(file, Access::Read, Blank::Refuse)?.check()?)
    }

    fn new(mut system: DataFs) -> Result<Self, DataError> {
        let room = system.room();
        Ok(Self { files: Namespace::new(Box::new(system)), room })
    }

    /// How much room there was when it was opened.
    #[must_use]
    pub const fn room(&self) -> Room {
        self.room
    }

    /// What is known of something.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn info(&mut self, path: &[u8]) -> Result<Info, DataError> {
        Ok(self.files.info(path, Follow::Link)?)
    }

    /// Where a symbolic link leads.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn read_link(&mut self, path: &[u8]) -> Result<Vec<u8>, DataError> {
        Ok(self.files.read_link(path)?)
    }

    /// The names in a folder, in order.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn list(&mut self, path: &[u8]) -> Result<Vec<Vec<u8>>, DataError> {
        let mut names = self.files.list(path)?;
        names.sort();
        Ok(names)
    }

    /// Copies a file out.
    ///
    /// # Errors
    /// [`DataError`], of either side.
    pub fn get(&mut self, path: &[u8], into: &mut dyn Write) -> Result<u64, DataError> {
        let file = self.files.open(path, Modes { read: true, ..Modes::default() })?;
        let mut buffer = vec![0; CHUNK];
        let mut copied = 0;
        loop {
            match self.files.read(file, At::Position, &mut buffer)? {
                0 => break,
                count => {
                    into.write_all(&buffer[..count])?;
                    copied += count as u64;
                }
            }
        }
        self.files.close(file)?;
        Ok(copied)
    }

    /// Copies a file in, in place of one that is there.
    ///
    /// # Errors
    /// [`DataError`], of either side.
    pub fn put(&mut self, path: &[u8], from: &mut dyn Read) -> Result<u64, DataError> {
        let modes = Modes { write: true, create: true, truncate: true, ..Modes::default() };
        let file = self.files.open(path, modes)?;
        let mut buffer = vec![0; CHUNK];
        let mut copied = 0;
        loop {
            let count = from.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            let mut done = 0;
            while done < count {
                done += self.files.write(file, At::Position, &[&buffer[done..count]])?;
            }
            copied += count as u64;
        }
        self.files.close(file)?;
        Ok(copied)
    }

    /// Makes a folder, and those above it; one that is there is well.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn make_folders(&mut self, path: &[u8]) -> Result<(), DataError> {
        for (end, _) in path.iter().enumerate().filter(|(at, byte)| *at > 0 && **byte == b'/') {
            self.make_folder(&path[..end])?;
        }
        if path == b"/" { Ok(()) } else { self.make_folder(path) }
    }

    fn make_folder(&mut self, path: &[u8]) -> Result<(), DataError> {
        match self.files.make(path, Make::Folder) {
            Err(Errno::EEXIST) => Ok(()),
            made => Ok(made?),
        }
    }

    /// Makes a symbolic link.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn make_link(&mut self, path: &[u8], target: &[u8]) -> Result<(), DataError> {
        Ok(self.files.make(path, Make::SymbolicLink(target))?)
    }

    /// Removes a file or an empty folder.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn remove(&mut self, path: &[u8], what: Remove) -> Result<(), DataError> {
        Ok(self.files.remove(path, what)?)
    }

    /// Ends the work: all of it is on the disk then.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn finish(mut self) -> Result<(), DataError> {
        Ok(self.files.rest()?)
    }
}

#[cfg(test)]
mod tests {
    use beam_vm::platform::{OpenModes, Platform};

    use super::*;
    use crate::{CodePath, LinuxPlatform};

    struct Temporary(std::path::PathBuf);

    impl Temporary {
        fn new(name: &str) -> Self {
            Self(std::env::temp_dir().join(format!("voxoz-volume-{}-{name}", std::process::id())))
        }
    }

    impl Drop for Temporary {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    #[test]
    fn files_go_in_and_come_out() {
        let path = Temporary::new("files");
        let mut volume = Volume::create(&path.0, 16 << 20).expect("a volume");
        volume.make_folders(b"/a/b").expect("folders");
        let contents: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).take(2_500_001).collect();
        assert_eq!(volume.put(b"/a/b/file", &mut &contents[..]).expect("room"), 2_500_001);
        volume.make_link(b"/link", b"a/b/file").expect("a link");
        volume.finish().expect("the disk is well");

        let report = Volume::check(&path.0).expect("it can be read");
        assert_eq!((report.findings, report.files, report.folders, report.links), (vec![], 1, 3, 1));
        let mut volume = Volume::open(&path.0, Access::Read).expect("a volume");
        assert_eq!(volume.list(b"/").expect("a folder"), [b"a".to_vec(), b"link".to_vec()]);
        let mut read = Vec::new();
        volume.get(b"/link", &mut read).expect("a file");
        assert!(read == contents);
        assert!(volume.put(b"/other", &mut &b"x"[..]).is_err(), "it is open to be read");
    }

    #[test]
    fn what_is_no_volume_is_refused() {
        let path = Temporary::new("refused");
        let mut bytes = vec![0; 16 << 20];
        bytes[1080..1082].copy_from_slice(&[0x53, 0xef]);
        std::fs::write(&path.0, &bytes).expect("a file");
        for opened in [Volume::open(&path.0, Access::Write), Volume::format(&path.0)] {
            let error = opened.err().expect("it is refused").to_string();
            assert!(error.contains("ext"), "{error}");
        }
        assert_eq!(std::fs::read(&path.0).expect("it is there"), bytes, "nothing was touched");
        assert!(Volume::create(&path.0, 1 << 20).is_err());
    }

    #[test]
    fn a_machine_that_ends_leaves_its_files_on_the_disk() {
        let path = Temporary::new("left");
        Volume::create(&path.0, 16 << 20).expect("a volume").finish().expect("the disk is well");
        let file: &'static Path = Box::leak(path.0.clone().into_boxed_path());
        let data = Some(DataDisk { file, place: "/data" });
        let mut platform =
            LinuxPlatform::new(CodePath::default(), crate::Settings { data, ..Default::default() });
        let modes = OpenModes { write: true, create: true, ..OpenModes::default() };
        let handle = platform.files().open(b"/data/kept", modes).expect("there is room");
        platform.files().close(handle).expect("it is open");
        drop(platform);
        let mut volume = Volume::open(&path.0, Access::Read).expect("a volume");
        assert_eq!(volume.list(b"/").expect("a folder"), [b"kept".to_vec()]);
    }
}
