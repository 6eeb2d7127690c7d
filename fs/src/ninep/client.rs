// SPDX-License-Identifier: Apache-2.0
//! What a server is asked for, message by message, with the numbers that it knows files by.

use alloc::vec::Vec;

use super::connection::Connection;
use super::entries::{self, Entry};
use super::error::{Error, Failure, Malformed};
use super::fids::{Fids, ROOT};
use super::field::{Data, Fid, NOFID, Names, Qid, WALK_NAMES};
use super::message::{Reply, Request};
use super::transport::Transport;
use crate::memory::User;
use crate::{Errno, Remove, Sync};

/// All that `getattr` has had from the beginning (`P9_GETATTR_BASIC`).
const GETATTR_BASIC: u64 = 0x7ff;
/// A folder is removed (`AT_REMOVEDIR`).
const REMOVE_FOLDER: u32 = 0x200;

/// As whom, and to what, a server is attached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// The user's name.
    pub name: Vec<u8>,
    /// The user's numbers, by which it is told what may be done.
    pub user: User,
    /// Which of the server's trees.
    pub tree: Vec<u8>,
    /// The number of the file system as a device.
    pub device: u32,
}

/// What is known of something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attributes {
    /// Its identity.
    pub qid: Qid,
    /// Kind and permissions.
    pub mode: u32,
    /// Whose it is.
    pub owner: User,
    /// How many names it has.
    pub links: u64,
    /// The device that it is.
    pub special: u64,
    /// Bytes.
    pub size: u64,
    /// When it was read, when its bytes were changed, when anything about it was: seconds since 1970.
    pub times: [i64; 3],
}

/// What is changed of something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Attribute {
    /// Permissions.
    Mode(u32),
    /// User and group, those that are named.
    Owner(Option<u32>, Option<u32>),
    /// Bytes.
    Size(u64),
    /// When it was read and when its bytes were changed.
    Times(i64, i64),
}

/// How much room there is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Room {
    /// Bytes of a block.
    pub block: u32,
    /// All blocks.
    pub blocks: u64,
    /// Those that are free for anybody.
    pub available: u64,
}

/// A part of a file that is locked: all from `start` on when `length` is 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part {
    /// The first byte.
    pub start: u64,
    /// How many.
    pub length: u64,
    /// Who locks it.
    pub owner: u32,
}

/// How a part of a file is locked (`P9_LOCK_TYPE_`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum LockKind {
    /// Others may read.
    Read = 0,
    /// Nobody else may.
    Write = 1,
    /// Not at all.
    None = 2,
}

/// How far a walk has come.
#[derive(Debug)]
pub struct Walked {
    /// What was found, in the order of the names, up to where it stopped.
    pub qids: Vec<Qid>,
    /// What the last name is of, if each was found.
    pub fid: Option<Fid>,
}

/// A server, attached to.
pub struct Client<T> {
    connection: Connection<T>,
    settings: Settings,
    fids: Fids,
    root: Qid,
    /// How often it was connected with; what is older is gone.
    generation: u32,
    /// Whether it knows `renameat` and `unlinkat`, as far as is known.
    has_at: bool,
}

/// An answer of the kind that was asked for has these fields; its kind was checked before.
macro_rules! answer {
    ($reply:expr, $name:ident { $($field:ident),* }) => {
        match $reply {
            Reply::$name { $($field),* , .. } => Ok(($($field),*)),
            _ => Err(Failure::from(Malformed::Kind)),
        }
    };
}

impl<T: Transport> Client<T> {
    /// A server to which nobody is attached yet.
    pub fn new(transport: T, settings: Settings) -> Self {
        let root = Qid { kind: 0, version: 0, path: 0 };
        let connection = Connection::new(transport);
        Self { connection, settings, fids: Fids::default(), root, generation: 0, has_at: true }
    }

    /// Connects, and attaches. What was open is gone.
    ///
    /// # Errors
    /// [`Error`].
    pub fn reconnect(&mut self) -> Result<(), Error> {
        self.fids = Fids::default();
        self.has_at = true;
        self.generation = self.generation.wrapping_add(1);
        self.connection.restart()?;
        self.enter()
    }

    fn enter(&mut self) -> Result<(), Error> {
        let Settings { name, tree, user, .. } = &self.settings;
        let request =
            Request::Attach { fid: ROOT, afid: NOFID, uname: name, aname: tree, n_uname: user.user };
        let reply = self.connection.ask(&request);
        match reply.and_then(|reply| answer!(reply, Attach { qid })) {
            Ok(qid) if qid.is_folder() => {
                self.root = qid;
                Ok(())
            }
            Ok(_) => {
                self.connection.end();
                Err(Error::Attach(Errno::ENOTDIR))
            }
            Err(Failure::Refused(errno)) => {
                self.connection.end();
                Err(Error::Attach(errno))
            }
            Err(Failure::Broken(error)) => Err(error),
        }
    }

    /// Whether there is a connection, as far as is known.
    #[must_use]
    pub const fn is_up(&self) -> bool {
        self.connection.is_up()
    }

    /// The number of the connection: what was open on another is gone.
    #[must_use]
    pub const fn generation(&self) -> u32 {
        self.generation
    }

    /// What the root is.
    #[must_use]
    pub const fn root(&self) -> Qid {
        self.root
    }

    /// As whom, and to what, it is attached.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How many files the server is known to have in hand for this end.
    #[must_use]
    pub fn fids_in_use(&self) -> usize {
        self.fids.in_use()
    }

    /// The most bytes that are read or written at once; `iounit` is what a file's server wants.
    #[must_use]
    pub fn piece(&self, iounit: u32) -> u32 {
        if iounit == 0 { self.connection.piece() } else { iounit.min(self.connection.piece()) }
    }

    /// Walks from something over names, however many.
    ///
    /// # Errors
    /// The first name is of nothing, or cannot be looked for. Later ones only end the walk.
    pub fn walk(&mut self, from: Fid, names: &[&[u8]]) -> Result<Walked, Failure> {
        let fid = self.fids.take()?;
        let mut at = from;
        let mut walked = Walked { qids: Vec::new(), fid: None };
        let mut rest = names;
        loop {
            let (part, after) = rest.split_at(rest.len().min(WALK_NAMES));
            let request = Request::Walk { fid: at, newfid: fid, names: Names(part.to_vec()) };
            let reply = self.connection.ask(&request);
            let count = match reply.and_then(|reply| answer!(reply, Walk { qids })) {
                Ok(qids) => {
                    let count = qids.0.len();
                    walked.qids.extend(qids.0);
                    count
                }
                Err(failure) => {
                    self.leave(fid, at);
                    let is_refused = matches!(failure, Failure::Refused(_));
                    return if is_refused && !walked.qids.is_empty() { Ok(walked) } else { Err(failure) };
                }
            };
            if count < part.len() {
                self.leave(fid, at);
                return Ok(walked);
            }
            at = fid;
            rest = after;
            if rest.is_empty() {
                walked.fid = Some(fid);
                return Ok(walked);
            }
        }
    }

    /// A walk has not come to its end: `fid` stands for something only if it got so far before.
    fn leave(&mut self, fid: Fid, at: Fid) {
        if at == fid {
            self.clunk(fid);
        } else {
            self.fids.give(fid);
        }
    }

    /// Lets go of something. Whatever the server says, it has let go as well.
    pub fn clunk(&mut self, fid: Fid) {
        if fid != ROOT {
            let _ = self.connection.ask(&Request::Clunk { fid });
            self.fids.give(fid);
        }
    }

    /// Asks for something that has no answer but that it is done.
    fn tell(&mut self, request: &Request<'_>) -> Result<(), Failure> {
        self.connection.ask(request).map(|_| ())
    }

    /// Opens what `fid` stands for, with Linux's flags. Gives what it is, and how many bytes at once the server wants.
    ///
    /// # Errors
    /// As `open`.
    pub fn lopen(&mut self, fid: Fid, flags: u32) -> Result<(Qid, u32), Failure> {
        let reply = self.connection.ask(&Request::Lopen { fid, flags })?;
        answer!(reply, Lopen { qid, iounit })
    }

    /// Makes a file in the folder that `fid` stands for; then it stands for the file, opened.
    ///
    /// # Errors
    /// As `open`.
    pub fn lcreate(&mut self, fid: Fid, name: &[u8], flags: u32, mode: u32) -> Result<(Qid, u32), Failure> {
        let gid = self.settings.user.group;
        let reply = self.connection.ask(&Request::Lcreate { fid, name, flags, mode, gid })?;
        answer!(reply, Lcreate { qid, iounit })
    }

    /// Reads bytes of an open file, no more than a message has.
    ///
    /// # Errors
    /// As `pread`.
    pub fn read(&mut self, fid: Fid, offset: u64, into: &mut [u8]) -> Result<usize, Failure> {
        let count = u32::try_from(into.len()).unwrap_or(u32::MAX).min(self.piece(0));
        let reply = self.connection.ask(&Request::Read { fid, offset, count })?;
        let data = answer!(reply, Read { data })?;
        into[..data.0.len()].copy_from_slice(data.0);
        Ok(data.0.len())
    }

    /// Writes bytes to an open file, no more than a message has; tells how many.
    ///
    /// # Errors
    /// As `pwrite`.
    pub fn write(&mut self, fid: Fid, offset: u64, bytes: &[u8]) -> Result<usize, Failure> {
        let bytes = &bytes[..bytes.len().min(self.piece(0) as usize)];
        let reply = self.connection.ask(&Request::Write { fid, offset, data: Data(bytes) })?;
        answer!(reply, Write { count }).map(|count| count as usize)
    }

    /// Some entries of an open folder; none is the end.
    ///
    /// # Errors
    /// As `readdir`.
    pub fn readdir(&mut self, fid: Fid, offset: u64) -> Result<Vec<Entry>, Failure> {
        let count = self.piece(0);
        let reply = self.connection.ask(&Request::Readdir { fid, offset, count })?;
        let data = answer!(reply, Readdir { data })?;
        entries::decode(data.0).map_err(Failure::from)
    }

    /// What is known of something.
    ///
    /// # Errors
    /// As `stat`.
    pub fn getattr(&mut self, fid: Fid) -> Result<Attributes, Failure> {
        let reply = self.connection.ask(&Request::Getattr { fid, request_mask: GETATTR_BASIC })?;
        let (qid, mode, uid, gid, nlink, rdev, size, atime_sec, mtime_sec, ctime_sec) = answer!(
            reply,
            Getattr { qid, mode, uid, gid, nlink, rdev, size, atime_sec, mtime_sec, ctime_sec }
        )?;
        Ok(Attributes {
            qid,
            mode,
            owner: User { user: uid, group: gid },
            links: nlink,
            special: rdev,
            size,
            times: [atime_sec, mtime_sec, ctime_sec].map(|seconds| seconds as i64),
        })
    }

    /// Changes what is known of something.
    ///
    /// # Errors
    /// As `chmod`, `chown`, `truncate`, `utime`.
    pub fn setattr(&mut self, fid: Fid, what: Attribute) -> Result<(), Failure> {
        const MODE: u32 = 1;
        const UID: u32 = 2;
        const GID: u32 = 4;
        const SIZE: u32 = 8;
        const ATIME: u32 = 0x10;
        const MTIME: u32 = 0x20;
        const ATIME_SET: u32 = 0x80;
        const MTIME_SET: u32 = 0x100;
        let (mut valid, mut mode, mut uid, mut gid, mut size, mut times) = (0, 0, 0, 0, 0, (0, 0));
        match what {
            Attribute::Mode(bits) => (valid, mode) = (MODE, bits),
            Attribute::Owner(user, group) => {
                valid |= if user.is_some() { UID } else { 0 };
                valid |= if group.is_some() { GID } else { 0 };
                (uid, gid) = (user.unwrap_or_default(), group.unwrap_or_default());
            }
            Attribute::Size(bytes) => (valid, size) = (SIZE, bytes),
            Attribute::Times(accessed, modified) => {
                valid = ATIME | MTIME | ATIME_SET | MTIME_SET;
                times = (accessed as u64, modified as u64);
            }
        }
        let (atime_sec, mtime_sec) = times;
        let (atime_nsec, mtime_nsec) = (0, 0);
        self.tell(&Request::Setattr {
            fid,
            valid,
            mode,
            uid,
            gid,
            size,
            atime_sec,
            atime_nsec,
            mtime_sec,
            mtime_nsec,
        })
    }

    /// Puts what was written on the disk.
    ///
    /// # Errors
    /// As `fsync`.
    pub fn fsync(&mut self, fid: Fid, what: Sync) -> Result<(), Failure> {
        self.tell(&Request::Fsync { fid, datasync: u32::from(what == Sync::Data) })
    }

    /// How much room there is.
    ///
    /// # Errors
    /// As `statfs`.
    pub fn statfs(&mut self, fid: Fid) -> Result<Room, Failure> {
        let reply = self.connection.ask(&Request::Statfs { fid })?;
        let (block, blocks, available) = answer!(reply, Statfs { bsize, blocks, bavail })?;
        Ok(Room { block, blocks, available })
    }

    /// Locks a part of an open file, or unlocks it, without waiting. False when somebody else has it locked.
    ///
    /// # Errors
    /// As `fcntl` with `F_SETLK`.
    pub fn lock(&mut self, fid: Fid, kind: LockKind, part: Part) -> Result<bool, Failure> {
        const SUCCESS: u8 = 0;
        const BLOCKED: u8 = 1;
        const GRACE: u8 = 3;
        let Part { start, length, owner } = part;
        let reply = self.connection.ask(&Request::Lock {
            fid,
            kind: kind as u8,
            flags: 0,
            start,
            length,
            proc_id: owner,
            client_id: &self.settings.name,
        })?;
        match answer!(reply, Lock { status })? {
            SUCCESS => Ok(true),
            // A server that has just come up gives locks only to who had them.
            BLOCKED | GRACE => Ok(false),
            _ => Err(Errno::ENOLCK.into()),
        }
    }

    /// How a part of an open file is locked by somebody else, for whom a lock of this kind would be in the way.
    ///
    /// # Errors
    /// As `fcntl` with `F_GETLK`.
    pub fn getlock(
        &mut self,
        fid: Fid,
        kind: LockKind,
        part: Part,
    ) -> Result<Option<(LockKind, Part)>, Failure> {
        let Part { start, length, owner } = part;
        let reply = self.connection.ask(&Request::Getlock {
            fid,
            kind: kind as u8,
            start,
            length,
            proc_id: owner,
            client_id: &self.settings.name,
        })?;
        let (kind, start, length, owner) = answer!(reply, Getlock { kind, start, length, proc_id })?;
        let part = Part { start, length, owner };
        match kind {
            0 => Ok(Some((LockKind::Read, part))),
            1 => Ok(Some((LockKind::Write, part))),
            _ => Ok(None),
        }
    }

    /// Makes a folder.
    ///
    /// # Errors
    /// As `mkdir`.
    pub fn mkdir(&mut self, folder: Fid, name: &[u8], mode: u32) -> Result<(), Failure> {
        let gid = self.settings.user.group;
        self.tell(&Request::Mkdir { dfid: folder, name, mode, gid })
    }

    /// Makes a symbolic link.
    ///
    /// # Errors
    /// As `symlink`.
    pub fn symlink(&mut self, folder: Fid, name: &[u8], target: &[u8]) -> Result<(), Failure> {
        let gid = self.settings.user.group;
        self.tell(&Request::Symlink { dfid: folder, name, target, gid })
    }

    /// Where a symbolic link leads.
    ///
    /// # Errors
    /// As `readlink`.
    pub fn readlink(&mut self, fid: Fid) -> Result<Vec<u8>, Failure> {
        let reply = self.connection.ask(&Request::Readlink { fid })?;
        let target = answer!(reply, Readlink { target })?;
        if target.is_empty() || target.len() > crate::walk::PATH || target.contains(&0) {
            return Err(Malformed::Name.into());
        }
        Ok(target.to_vec())
    }

    /// Gives something one more name.
    ///
    /// # Errors
    /// As `link`.
    pub fn link(&mut self, fid: Fid, folder: Fid, name: &[u8]) -> Result<(), Failure> {
        self.tell(&Request::Link { dfid: folder, fid, name })
    }

    /// Gives something another name.
    ///
    /// # Errors
    /// As `rename`.
    pub fn rename(&mut self, from: (Fid, &[u8]), to: (Fid, &[u8])) -> Result<(), Failure> {
        if self.has_at {
            let (olddirfid, oldname) = from;
            let (newdirfid, newname) = to;
            let done = self.tell(&Request::Renameat { olddirfid, oldname, newdirfid, newname });
            if !is_unknown(&done) {
                return done;
            }
            self.has_at = false;
        }
        let fid = self.walk(from.0, &[from.1])?.fid.ok_or(Failure::Refused(Errno::ENOENT))?;
        let done = self.tell(&Request::Rename { fid, dfid: to.0, name: to.1 });
        self.clunk(fid);
        done
    }

    /// Removes a name.
    ///
    /// # Errors
    /// As `unlink` and `rmdir`.
    pub fn unlink(&mut self, folder: Fid, name: &[u8], what: Remove) -> Result<(), Failure> {
        if self.has_at {
            let flags = if what == Remove::Folder { REMOVE_FOLDER } else { 0 };
            let done = self.tell(&Request::Unlinkat { dirfid: folder, name, flags });
            if !is_unknown(&done) {
                return done;
            }
            self.has_at = false;
        }
        let walked = self.walk(folder, &[name])?;
        let (Some(fid), Some(qid)) = (walked.fid, walked.qids.first()) else {
            return Err(Errno::ENOENT.into());
        };
        // Such a server removes whatever it is.
        match (what, qid.is_folder()) {
            (Remove::File, true) => {
                self.clunk(fid);
                return Err(Errno::EISDIR.into());
            }
            (Remove::Folder, false) => {
                self.clunk(fid);
                return Err(Errno::ENOTDIR.into());
            }
            _ => {}
        }
        let done = self.tell(&Request::Remove { fid });
        self.fids.give(fid);
        done
    }
}

/// Whether the server does not know what it was asked for.
fn is_unknown(done: &Result<(), Failure>) -> bool {
    /// What Linux's kernel says for `ENOTSUP` to itself.
    const KERNEL_ENOTSUPP: Errno = Errno(524);
    matches!(done, Err(Failure::Refused(Errno::ENOSYS | Errno::ENOTSUP | KERNEL_ENOTSUPP)))
}
