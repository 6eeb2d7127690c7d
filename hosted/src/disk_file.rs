// SPDX-License-Identifier: Apache-2.0
//! A disk that is a file of the host, or one of its block devices. What is asked for is done at once.
//!
//! The file is locked for as long as it is used, so that no two machines have one disk, nor a machine and the tool. A guest's disk is
//! not seen to be in use: that is for whoever starts guests to know.

use std::collections::VecDeque;
use std::fs::{File, TryLockError};
use std::io::{self, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, FileTypeExt};
use std::path::Path;

use fs::block::{BlockDevice, BlockError, Completion, Full, Geometry, Request, Ticket};
use rustix::fs::FallocateFlags;

/// Bytes of a sector.
const SECTOR: u32 = 512;

/// What a disk is opened for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// To look at it, perhaps beside others who do.
    Read,
    /// To change it.
    Write,
}

/// A file as a disk.
#[derive(Debug)]
pub struct DiskFile {
    file: File,
    sectors: u64,
    access: Access,
    can_discard: bool,
    done: VecDeque<Completion>,
    next: u64,
}

impl DiskFile {
    /// Opens the disk in a file.
    ///
    /// # Errors
    /// As opening a file, and that it is in use.
    pub fn open(path: &Path, access: Access) -> io::Result<Self> {
        let mut file = File::options().read(true).write(access == Access::Write).open(path)?;
        let kind = file.metadata()?.file_type();
        if !kind.is_file() && !kind.is_block_device() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it is neither a file nor a block device",
            ));
        }
        let locked = match access {
            Access::Read => file.try_lock_shared(),
            Access::Write => file.try_lock(),
        };
        locked.map_err(|error| match error {
            TryLockError::WouldBlock => io::Error::new(io::ErrorKind::ResourceBusy, "it is in use"),
            TryLockError::Error(error) => error,
        })?;
        let sectors = file.seek(SeekFrom::End(0))? / u64::from(SECTOR);
        Ok(Self { file, sectors, access, can_discard: kind.is_file(), done: VecDeque::new(), next: 0 })
    }

    /// Makes a file of this size, which takes no room on the host before it is written to.
    ///
    /// # Errors
    /// As making a file, and that there is one already.
    pub fn create(path: &Path, bytes: u64) -> io::Result<Self> {
        File::options().write(true).create_new(true).open(path)?.set_len(bytes)?;
        Self::open(path, Access::Write)
    }

    fn place(&self, sector: u64, bytes: usize) -> Result<u64, BlockError> {
        let whole = bytes.is_multiple_of(SECTOR as usize);
        let end = sector.checked_add((bytes / SECTOR as usize) as u64);
        if !whole || end.is_none_or(|end| end > self.sectors) {
            return Err(BlockError::OutOfRange);
        }
        Ok(sector * u64::from(SECTOR))
    }

    fn perform(&self, request: &mut Request) -> Result<(), BlockError> {
        if self.access == Access::Read && !matches!(request, Request::Read { .. }) {
            return Err(BlockError::ReadOnly);
        }
        let result = match request {
            Request::Read { sector, buffer } => {
                let place = self.place(*sector, buffer.len())?;
                self.file.read_exact_at(buffer, place)
            }
            Request::Write { sector, buffer } => {
                let place = self.place(*sector, buffer.len())?;
                self.file.write_all_at(buffer, place)
            }
            Request::Flush => self.file.sync_data(),
            Request::Discard { sector, sectors } => return self.discard(*sector, *sectors),
        };
        result.map_err(|_| BlockError::Io)
    }

    fn discard(&self, sector: u64, sectors: u64) -> Result<(), BlockError> {
        if sector.checked_add(sectors).is_none_or(|end| end > self.sectors) {
            return Err(BlockError::OutOfRange);
        }
        if !self.can_discard || sectors == 0 {
            return if sectors == 0 { Ok(()) } else { Err(BlockError::Unsupported) };
        }
        let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        let (place, count) = (sector * u64::from(SECTOR), sectors * u64::from(SECTOR));
        rustix::fs::fallocate(&self.file, flags, place, count).map_err(|_| BlockError::Unsupported)
    }
}

impl BlockDevice for DiskFile {
    fn geometry(&self) -> Geometry {
        let writable = self.access == Access::Write;
        Geometry {
            sector: SECTOR,
            sectors: self.sectors,
            writable,
            flush: true,
            discard: writable && self.can_discard,
        }
    }

    fn submit(&mut self, mut request: Request) -> Result<Ticket, Full> {
        let result = self.perform(&mut request);
        let ticket = Ticket(self.next);
        self.next += 1;
        let buffer = match request {
            Request::Read { buffer, .. } | Request::Write { buffer, .. } => buffer,
            Request::Flush | Request::Discard { .. } => Vec::new(),
        };
        self.done.push_back(Completion { ticket, buffer, result });
        Ok(ticket)
    }

    fn poll(&mut self) -> Option<Completion> {
        self.done.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A path that is a file's until the end of the test.
    struct Temporary(std::path::PathBuf);

    impl Temporary {
        fn new(name: &str) -> Self {
            Self(std::env::temp_dir().join(format!("voxoz-disk-{}-{name}", std::process::id())))
        }
    }

    impl Drop for Temporary {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    fn perform(disk: &mut DiskFile, request: Request) -> (Vec<u8>, Result<(), BlockError>) {
        let ticket = disk.submit(request).expect("it is never full");
        let done = disk.poll().expect("it is done at once");
        assert_eq!((done.ticket, disk.poll()), (ticket, None));
        (done.buffer, done.result)
    }

    #[test]
    fn what_is_written_is_read() {
        let path = Temporary::new("written");
        let mut disk = DiskFile::create(&path.0, 10 * 512 + 100).expect("a file");
        assert_eq!(disk.geometry().sectors, 10);
        let data = vec![7; 1024];
        assert_eq!(perform(&mut disk, Request::Write { sector: 8, buffer: data.clone() }).1, Ok(()));
        assert_eq!(perform(&mut disk, Request::Flush).1, Ok(()));
        let read = |disk: &mut DiskFile| perform(disk, Request::Read { sector: 8, buffer: vec![0; 1024] });
        assert_eq!(read(&mut disk), (data, Ok(())));
        assert_eq!(perform(&mut disk, Request::Discard { sector: 9, sectors: 1 }).1, Ok(()));
        assert_eq!(read(&mut disk).0, [vec![7; 512], vec![0; 512]].concat());
        for (sector, count) in [(9, 1024), (10, 512), (0, 511), (u64::MAX, 512)] {
            let request = Request::Read { sector, buffer: vec![0; count] };
            assert_eq!(perform(&mut disk, request).1, Err(BlockError::OutOfRange), "{count} at {sector}");
        }
        let discard = Request::Discard { sector: u64::MAX, sectors: 2 };
        assert_eq!(perform(&mut disk, discard).1, Err(BlockError::OutOfRange));
    }

    #[test]
    fn a_disk_is_one_machines() {
        let path = Temporary::new("locked");
        let disk = DiskFile::create(&path.0, 512).expect("a file");
        for access in [Access::Read, Access::Write] {
            let error = DiskFile::open(&path.0, access).expect_err("it is in use");
            assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
        }
        drop(disk);
        let mut reader = DiskFile::open(&path.0, Access::Read).expect("it is free");
        DiskFile::open(&path.0, Access::Read).expect("readers do not disturb each other");
        assert_eq!(
            perform(&mut reader, Request::Write { sector: 0, buffer: vec![0; 512] }).1,
            Err(BlockError::ReadOnly)
        );
        assert!(DiskFile::create(&path.0, 512).is_err(), "there is one already");
    }

    #[test]
    fn what_is_no_disk_is_refused() {
        assert!(DiskFile::open(Path::new("/dev/null"), Access::Read).is_err());
        assert!(DiskFile::open(&std::env::temp_dir(), Access::Read).is_err());
    }
}
