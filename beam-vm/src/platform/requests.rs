// SPDX-License-Identifier: Apache-2.0
//! Operations on files that may take as long as a disk does, while the machine goes on: each is a value with all that it needs, and so is its
//! answer. Who asked may be gone when it comes.
//!
//! Operations are done in the order in which they are asked for, as far as anybody can see by looking at files; answers may come in any order.

use alloc::vec::Vec;
use core::ops::Range;

use super::{
    Advice, At, Change, Errno, FileHandle, FileInfo, FileKind, FileResult, Files, Follow, From, Make,
    OpenModes, Remove, Sync,
};
use crate::heap::BinaryBlock;

/// The number of an operation that is under way. No two that are have the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct FileTicket(pub u64);

/// What has come of the beginning of an operation.
#[derive(Debug)]
pub enum Begun {
    /// It is done.
    Done(FileAnswer),
    /// Its answer will be among those that [`Platform::finished`](super::Platform::finished) gives.
    Pending(FileTicket),
}

/// Whether a folder may be opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Folders {
    /// It may.
    Allowed,
    /// It may not: that is `EISDIR`.
    Refused,
}

/// What is asked for.
#[derive(Debug)]
pub enum FileRequest {
    /// [`Files::open`], and how large it is: [`FileReply::Opened`].
    Open(Vec<u8>, OpenModes, Folders),
    /// [`Files::adopt`]: [`FileReply::Opened`].
    Adopt(i32),
    /// [`Files::close`].
    Close(FileHandle),
    /// [`Files::descriptor`]: [`FileReply::Descriptor`].
    Descriptor(FileHandle),
    /// [`Files::read`] into a part of a block, which goes with the answer: [`FileReply::Read`].
    Read(FileHandle, At, Option<BinaryBlock>, Range<usize>),
    /// Reads as many bytes as there are in an array, at an offset: [`FileReply::Word`].
    ReadWord(FileHandle, u64),
    /// [`Files::write`] of bytes: [`FileReply::Written`].
    Write(FileHandle, At, Vec<u8>),
    /// [`Files::seek`]: [`FileReply::Position`].
    Seek(FileHandle, From, i64),
    /// [`Files::resize`] to where the position is.
    Truncate(FileHandle),
    /// [`Files::sync`].
    Sync(FileHandle, Sync),
    /// [`Files::allocate`].
    Allocate(FileHandle, u64, u64),
    /// [`Files::advise`]. That it is not taken is no error.
    Advise(FileHandle, u64, u64, Advice),
    /// [`Files::handle_info`]: [`FileReply::Info`].
    HandleInfo(FileHandle),
    /// [`Files::info`]: [`FileReply::Info`].
    Info(Vec<u8>, Follow),
    /// [`Files::list`]: [`FileReply::Names`].
    List(Vec<u8>),
    /// [`Files::read_link`]: [`FileReply::Name`].
    ReadLink(Vec<u8>),
    /// [`Files::make`] of a folder.
    MakeFolder(Vec<u8>),
    /// [`Files::make`] of a symbolic link at the second path, which leads to the first.
    MakeSymbolicLink(Vec<u8>, Vec<u8>),
    /// [`Files::make`] of a name, the second path, of what is at the first.
    MakeHardLink(Vec<u8>, Vec<u8>),
    /// [`Files::remove`] of something that is no folder.
    RemoveFile(Vec<u8>),
    /// [`Files::remove`] of a folder. That one is not empty is `EINVAL` if it is the working folder, as on all systems of stock.
    RemoveFolder(Vec<u8>),
    /// [`Files::rename`].
    Rename(Vec<u8>, Vec<u8>),
    /// [`Files::change`], to the first or else the second.
    Change(Vec<u8>, Change, Option<Change>),
    /// [`Files::working_folder`]: [`FileReply::Name`].
    WorkingFolder,
    /// [`Files::enter`].
    Enter(Vec<u8>),
}

/// What comes of an operation.
pub type FileAnswer = FileResult<FileReply>;

/// The bytes of [`FileRequest::ReadWord`].
pub type Word = [u8; 8];

/// What is told of an operation that was done.
#[derive(Debug)]
pub enum FileReply {
    /// Nothing more.
    Done,
    /// The file is open, and has so many bytes.
    Opened(FileHandle, u64),
    /// The host's number.
    Descriptor(i32),
    /// The block again, and how many bytes were read.
    Read(BinaryBlock, usize),
    /// The bytes, if there are as many.
    Word(Option<Word>),
    /// How many bytes were written.
    Written(usize),
    /// The position.
    Position(u64),
    /// What is known.
    Info(FileInfo),
    /// Names in a folder.
    Names(Vec<Vec<u8>>),
    /// A path.
    Name(Vec<u8>),
}

impl FileRequest {
    /// Does it, however long it takes. After [`Errno::EAGAIN`] nothing is done, and it can be tried again where there is more patience.
    ///
    /// # Errors
    /// Those of the operation.
    pub fn perform(&mut self, files: &mut dyn Files) -> FileAnswer {
        let done = match self {
            Self::Open(path, modes, folders) => return open(files, path, *modes, *folders),
            Self::Adopt(descriptor) => {
                return files.adopt(*descriptor).map(|file| FileReply::Opened(file, 0));
            }
            Self::Close(file) => files.close(*file),
            Self::Descriptor(file) => return files.descriptor(*file).map(FileReply::Descriptor),
            Self::Read(file, at, block, range) => return read(files, *file, *at, block, range.clone()),
            Self::ReadWord(file, offset) => return read_word(files, *file, *offset).map(FileReply::Word),
            Self::Write(file, at, bytes) => return files.write(*file, *at, &[bytes]).map(FileReply::Written),
            Self::Seek(file, from, offset) => {
                return files.seek(*file, *from, *offset).map(FileReply::Position);
            }
            Self::Truncate(file) => {
                files.seek(*file, From::Position, 0).and_then(|position| files.resize(*file, position))
            }
            Self::Sync(file, what) => files.sync(*file, *what),
            Self::Allocate(file, offset, length) => files.allocate(*file, *offset, *length),
            Self::Advise(file, offset, length, advice) => {
                files.advise(*file, *offset, *length, *advice).or_else(|errno| match errno {
                    Errno::EAGAIN => Err(errno),
                    _ => Ok(()),
                })
            }
            Self::HandleInfo(file) => return files.handle_info(*file).map(FileReply::Info),
            Self::Info(path, follow) => return files.info(path, *follow).map(FileReply::Info),
            Self::List(path) => return files.list(path).map(FileReply::Names),
            Self::ReadLink(path) => return files.read_link(path).map(FileReply::Name),
            Self::MakeFolder(path) => files.make(path, Make::Folder),
            Self::MakeSymbolicLink(to, path) => files.make(path, Make::SymbolicLink(to)),
            Self::MakeHardLink(to, path) => files.make(path, Make::HardLink(to)),
            Self::RemoveFile(path) => files.remove(path, Remove::File),
            Self::RemoveFolder(path) => remove_folder(files, path),
            Self::Rename(from, to) => files.rename(from, to),
            Self::Change(path, first, other) => files
                .change(path, *first)
                .or_else(|errno| other.map_or(Err(errno), |other| files.change(path, other))),
            Self::WorkingFolder => return files.working_folder().map(FileReply::Name),
            Self::Enter(path) => files.enter(path),
        };
        done.map(|()| FileReply::Done)
    }
}

fn read(
    files: &mut dyn Files,
    file: FileHandle,
    at: At,
    block: &mut Option<BinaryBlock>,
    range: Range<usize>,
) -> FileAnswer {
    let bytes = block.as_mut().and_then(BinaryBlock::bytes_mut).and_then(|bytes| bytes.get_mut(range));
    let count = files.read(file, at, bytes.ok_or(Errno::ENOMEM)?)?;
    Ok(FileReply::Read(block.take().ok_or(Errno::ENOMEM)?, count))
}

fn open(files: &mut dyn Files, path: &[u8], modes: OpenModes, folders: Folders) -> FileAnswer {
    let file = files.open(path, modes)?;
    let info = files.handle_info(file).ok();
    if folders == Folders::Refused && info.as_ref().is_some_and(|info| info.kind == FileKind::Folder) {
        // It is the kind that is told, whatever comes of this.
        let _ = files.close(file);
        return Err(Errno::EISDIR);
    }
    Ok(FileReply::Opened(file, info.map_or(0, |info| info.size)))
}

fn read_word(files: &mut dyn Files, file: FileHandle, offset: u64) -> FileResult<Option<Word>> {
    let mut word = Word::default();
    let mut done = 0;
    while done < word.len() {
        match files.read(file, At::Offset(offset.saturating_add(done as u64)), &mut word[done..])? {
            0 => return Ok(None),
            read => done += read,
        }
    }
    Ok(Some(word))
}

fn remove_folder(files: &mut dyn Files, path: &[u8]) -> FileResult<()> {
    files.remove(path, Remove::Folder).map_err(|errno| match errno {
        Errno::ENOTEMPTY | Errno::EEXIST if is_working_folder(files, path) => Errno::EINVAL,
        errno => errno,
    })
}

fn is_working_folder(files: &mut dyn Files, path: &[u8]) -> bool {
    let there = files.info(path, Follow::Target);
    let here = files.info(b".", Follow::Target);
    matches!((there, here), (Ok(there), Ok(here)) if there.inode == here.inode && there.device == here.device)
}
