// SPDX-License-Identifier: Apache-2.0
//! A server of 9P2000.L over a file system in memory, and the stream to it.

use std::boxed::Box;
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::vec::Vec;

use crate::memory::{Clock, MemoryFs, User};
use crate::ninep::client::Settings;
use crate::ninep::entries::{self, Entry};
use crate::ninep::field::{Data, Fid, Qid, Qids};
use crate::ninep::message::{Reply, Request};
use crate::ninep::{Error, Lost, NinepFs, Transport};
use crate::path::join;
use crate::{
    At, Change, Errno, FileSystem, Follow, Info, Kind, Lookup, Make, Modes, Node, Remove, Stop, Sync,
};

/// What a client has in hand.
#[derive(Clone, Debug)]
struct Held {
    path: Vec<u8>,
    node: Option<Node>,
}

/// What the server does not do as it should.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// It knows neither `renameat` nor `unlinkat`.
    pub is_old: bool,
    /// It refuses to attach.
    pub refuses: Option<Errno>,
    /// What it says it speaks.
    pub version: Option<&'static [u8]>,
    /// The most bytes of a message that it takes.
    pub limit: Option<u32>,
    /// How many bytes at once it wants.
    pub iounit: u32,
    /// It is gone after so many messages more.
    pub messages: Option<u32>,
    /// It answers this late: so many waits time out before each answer.
    pub late: u32,
}

/// The server.
pub struct Server {
    system: MemoryFs,
    held: BTreeMap<Fid, Held>,
    locks: Vec<(Vec<u8>, u8, u32)>,
    /// What it does wrong.
    pub faults: Faults,
    /// Kinds of all that it was asked.
    pub asked: Vec<u8>,
    /// The longest message that came.
    pub longest: usize,
}

/// The number of an error of the file system in memory, which no path leaves.
fn errno(stop: Stop) -> Errno {
    match stop {
        Stop::Failed(errno) => errno,
        _ => Errno::EXDEV,
    }
}

fn qid(info: &Info) -> Qid {
    let kind = match info.kind {
        Kind::Folder => 0x80,
        Kind::Link => 0x02,
        _ => 0,
    };
    Qid { kind, version: 0, path: info.inode.into() }
}

impl Server {
    pub fn new(user: User, clock: Clock) -> Self {
        Self {
            system: MemoryFs::new(1 << 30, user, 1, clock),
            held: BTreeMap::new(),
            locks: Vec::new(),
            faults: Faults::default(),
            asked: Vec::new(),
            longest: 0,
        }
    }

    /// How many files clients have in hand, besides the root.
    pub fn held(&self) -> usize {
        self.held.len() - 1
    }

    fn answer(&mut self, message: &[u8]) -> Vec<u8> {
        self.longest = self.longest.max(message.len());
        let (tag, request) = Request::decode(message).expect("the client keeps to the protocol");
        self.asked.push(request.kind());
        let mut buffer = Vec::new();
        let mut out = Vec::new();
        match self.perform(&request, &mut buffer) {
            Ok(reply) => reply,
            Err(errno) => Reply::Error { ecode: errno.0.into() },
        }
        .encode(tag, &mut out);
        out
    }

    fn path(&self, fid: Fid) -> Result<Vec<u8>, Errno> {
        self.held.get(&fid).map(|held| held.path.clone()).ok_or(Errno::EBADF)
    }

    fn node(&self, fid: Fid) -> Result<Node, Errno> {
        self.held.get(&fid).and_then(|held| held.node).ok_or(Errno::EBADF)
    }

    fn info(&mut self, path: &[u8]) -> Result<Info, Errno> {
        self.system.info(&mut Lookup::new(path), Follow::Link).map_err(errno)
    }

    fn open(&mut self, fid: Fid, path: &[u8], flags: u32) -> Result<Qid, Errno> {
        let is = |bit: u32| flags & bit != 0;
        let modes = Modes {
            read: !is(0o1),
            write: is(0o3),
            create: is(0o100),
            exclusive: is(0o200),
            truncate: is(0o1000),
            append: is(0o2000),
            sync: false,
            folder: is(0o200_000),
        };
        let node = self.system.open(&mut Lookup::new(path), modes).map_err(errno)?;
        self.held.insert(fid, Held { path: path.to_vec(), node: Some(node) });
        Ok(qid(&self.system.handle_info(node)?))
    }

    /// A name is moved: what clients have in hand goes along.
    fn rename(&mut self, from: &[u8], to: &[u8]) -> Result<(), Errno> {
        self.system.rename(from, to)?;
        for held in self.held.values_mut() {
            if let Some(rest) = held.path.strip_prefix(from)
                && (rest.is_empty() || rest.starts_with(b"/"))
            {
                held.path = [to, rest].concat();
            }
        }
        Ok(())
    }

    #[expect(clippy::too_many_lines, reason = "an arm for each message")]
    fn perform<'b>(&mut self, request: &Request<'_>, buffer: &'b mut Vec<u8>) -> Result<Reply<'b>, Errno> {
        let clock_bits = |seconds: i64| seconds as u64;
        match request {
            Request::Version { msize, version } => {
                self.held.clear();
                buffer.extend_from_slice(self.faults.version.unwrap_or(version));
                let msize = self.faults.limit.unwrap_or(u32::MAX).min(*msize);
                Ok(Reply::Version { msize, version: buffer })
            }
            Request::Attach { fid, .. } => {
                if let Some(errno) = self.faults.refuses {
                    return Err(errno);
                }
                self.held.insert(*fid, Held { path: b"/".to_vec(), node: None });
                Ok(Reply::Attach { qid: qid(&self.info(b"/")?) })
            }
            Request::Flush { .. } => Ok(Reply::Flush {}),
            Request::Walk { fid, newfid, names } => {
                let mut path = self.path(*fid)?;
                assert!(fid == newfid || !self.held.contains_key(newfid), "{newfid:?} is free");
                let mut qids = Vec::new();
                for name in &names.0 {
                    let here = self.info(&path)?;
                    let next = join(&path, name);
                    let found =
                        if here.kind == Kind::Folder { self.info(&next) } else { Err(Errno::ENOTDIR) };
                    match found {
                        Ok(info) => qids.push(qid(&info)),
                        Err(errno) if qids.is_empty() => return Err(errno),
                        Err(_) => return Ok(Reply::Walk { qids: Qids(qids) }),
                    }
                    path = next;
                }
                self.held.insert(*newfid, Held { path, node: None });
                Ok(Reply::Walk { qids: Qids(qids) })
            }
            Request::Lopen { fid, flags } => {
                let path = self.path(*fid)?;
                let qid = self.open(*fid, &path, *flags)?;
                Ok(Reply::Lopen { qid, iounit: self.faults.iounit })
            }
            Request::Lcreate { fid, name, flags, mode, .. } => {
                assert_eq!(*mode, 0o644);
                let path = join(&self.path(*fid)?, name);
                let qid = self.open(*fid, &path, flags | 0o100)?;
                Ok(Reply::Lcreate { qid, iounit: self.faults.iounit })
            }
            Request::Read { fid, offset, count } => {
                buffer.resize(*count as usize, 0);
                let count = self.system.read(self.node(*fid)?, At::Offset(*offset), buffer)?;
                buffer.truncate(count);
                Ok(Reply::Read { data: Data(buffer) })
            }
            Request::Write { fid, offset, data } => {
                let count = self.system.write(self.node(*fid)?, At::Offset(*offset), &[data.0])?;
                Ok(Reply::Write { count: count as u32 })
            }
            Request::Readdir { fid, offset, count } => {
                self.node(*fid)?;
                let path = self.path(*fid)?;
                let mut names = self.system.list(&mut Lookup::new(&path)).map_err(errno)?;
                names.splice(0..0, [b".".to_vec(), b"..".to_vec()]);
                let kind = qid(&self.info(&path)?);
                for (place, name) in names.into_iter().enumerate().skip(*offset as usize) {
                    let entry = Entry { qid: kind, next: place as u64 + 1, kind: 4, name };
                    if !entries::encode(&entry, buffer, *count as usize) {
                        break;
                    }
                }
                Ok(Reply::Readdir { data: Data(buffer) })
            }
            Request::Getattr { fid, request_mask } => {
                let info = match self.node(*fid) {
                    Ok(node) => self.system.handle_info(node)?,
                    Err(_) => {
                        let path = self.path(*fid)?;
                        self.info(&path)?
                    }
                };
                Ok(Reply::Getattr {
                    valid: *request_mask,
                    qid: qid(&info),
                    mode: info.mode,
                    uid: info.user,
                    gid: info.group,
                    nlink: info.links.into(),
                    rdev: 0,
                    size: info.size,
                    blksize: 4096,
                    blocks: 0,
                    atime_sec: clock_bits(info.accessed),
                    atime_nsec: 0,
                    mtime_sec: clock_bits(info.modified),
                    mtime_nsec: 0,
                    ctime_sec: clock_bits(info.changed),
                    ctime_nsec: 0,
                    btime_sec: 0,
                    btime_nsec: 0,
                    generation: 0,
                    data_version: 0,
                })
            }
            Request::Setattr { fid, valid, mode, uid, gid, size, atime_sec, mtime_sec, .. } => {
                let path = self.path(*fid)?;
                let has = |bit: u32| valid & bit != 0;
                let change = if has(8) {
                    self.system.resize(self.node(*fid)?, *size)?;
                    return Ok(Reply::Setattr {});
                } else if has(1) {
                    Change::Permissions(*mode)
                } else if has(0x180) {
                    Change::Times(*atime_sec as i64, *mtime_sec as i64)
                } else {
                    Change::Owner(has(2).then_some(*uid), has(4).then_some(*gid))
                };
                self.system.change(&mut Lookup::new(&path), change).map_err(errno)?;
                Ok(Reply::Setattr {})
            }
            Request::Fsync { fid, .. } => {
                self.system.sync(self.node(*fid)?, Sync::All)?;
                Ok(Reply::Fsync {})
            }
            Request::Statfs { .. } => Ok(Reply::Statfs {
                kind: 0,
                bsize: 4096,
                blocks: 1000,
                bfree: 900,
                bavail: 800,
                files: 0,
                ffree: 0,
                fsid: 0,
                namelen: 255,
            }),
            Request::Lock { fid, kind, proc_id, .. } => {
                let path = self.path(*fid)?;
                let others = |(locked, other, owner): &(Vec<u8>, u8, u32)| {
                    *locked == path && owner != proc_id && (*kind == 1 || *other == 1)
                };
                if *kind < 2 && self.locks.iter().any(others) {
                    return Ok(Reply::Lock { status: 1 });
                }
                self.locks.retain(|(locked, _, owner)| *locked != path || owner != proc_id);
                if *kind < 2 {
                    self.locks.push((path, *kind, *proc_id));
                }
                Ok(Reply::Lock { status: 0 })
            }
            Request::Getlock { fid, start, length, proc_id, .. } => {
                let path = self.path(*fid)?;
                let other = self.locks.iter().find(|(locked, _, owner)| *locked == path && owner != proc_id);
                let (kind, proc_id) = other.map_or((2, *proc_id), |(_, kind, owner)| (*kind, *owner));
                Ok(Reply::Getlock { kind, start: *start, length: *length, proc_id, client_id: b"" })
            }
            Request::Mkdir { dfid, name, mode, .. } => {
                assert_eq!(*mode, 0o755);
                let path = join(&self.path(*dfid)?, name);
                self.system.make(&mut Lookup::new(&path), Make::Folder).map_err(errno)?;
                Ok(Reply::Mkdir { qid: qid(&self.info(&path)?) })
            }
            Request::Symlink { dfid, name, target, .. } => {
                let path = join(&self.path(*dfid)?, name);
                self.system.make(&mut Lookup::new(&path), Make::SymbolicLink(target)).map_err(errno)?;
                Ok(Reply::Symlink { qid: qid(&self.info(&path)?) })
            }
            Request::Readlink { fid } => {
                let path = self.path(*fid)?;
                *buffer = self.system.read_link(&mut Lookup::new(&path)).map_err(errno)?;
                Ok(Reply::Readlink { target: buffer })
            }
            Request::Link { dfid, fid, name } => {
                let (from, to) = (self.path(*fid)?, join(&self.path(*dfid)?, name));
                self.system.link(&from, &to)?;
                Ok(Reply::Link {})
            }
            Request::Renameat { .. } | Request::Unlinkat { .. } if self.faults.is_old => Err(Errno::ENOTSUP),
            Request::Renameat { olddirfid, oldname, newdirfid, newname } => {
                let from = join(&self.path(*olddirfid)?, oldname);
                let to = join(&self.path(*newdirfid)?, newname);
                self.rename(&from, &to)?;
                Ok(Reply::Renameat {})
            }
            Request::Rename { fid, dfid, name } => {
                let (from, to) = (self.path(*fid)?, join(&self.path(*dfid)?, name));
                self.rename(&from, &to)?;
                Ok(Reply::Rename {})
            }
            Request::Unlinkat { dirfid, name, flags } => {
                let path = join(&self.path(*dirfid)?, name);
                let what = if *flags == 0x200 { Remove::Folder } else { Remove::File };
                self.system.remove(&mut Lookup::new(&path), what).map_err(errno)?;
                Ok(Reply::Unlinkat {})
            }
            Request::Remove { fid } => {
                let path = self.held.remove(fid).ok_or(Errno::EBADF)?.path;
                let what = if self.info(&path)?.kind == Kind::Folder { Remove::Folder } else { Remove::File };
                self.system.remove(&mut Lookup::new(&path), what).map_err(errno)?;
                Ok(Reply::Remove {})
            }
            Request::Clunk { fid } => {
                let held = self.held.remove(fid).ok_or(Errno::EBADF)?;
                held.node.map_or(Ok(()), |node| self.system.close(node))?;
                Ok(Reply::Clunk {})
            }
        }
    }

    /// All clients are gone.
    fn hang_up(&mut self) {
        for held in core::mem::take(&mut self.held).into_values() {
            if let Some(node) = held.node {
                self.system.close(node).expect("it is open");
            }
        }
    }
}

/// A stream to a server, whose bytes come some at a time.
pub struct Stream {
    pub server: Rc<RefCell<Server>>,
    pub limit: u32,
    /// What was answered and is not taken.
    coming: VecDeque<u8>,
    is_up: bool,
    /// Waits that are to time out.
    late: u32,
}

impl Stream {
    pub fn new(server: &Rc<RefCell<Server>>) -> Self {
        Self { server: server.clone(), limit: 1 << 16, coming: VecDeque::new(), is_up: true, late: 0 }
    }
}

impl Transport for Stream {
    fn message_limit(&self) -> u32 {
        self.limit
    }

    fn send(&mut self, message: &[u8]) -> Result<(), Lost> {
        let mut server = self.server.borrow_mut();
        if let Some(left) = &mut server.faults.messages {
            match left.checked_sub(1) {
                Some(fewer) => *left = fewer,
                None => self.is_up = false,
            }
        }
        if !self.is_up {
            server.hang_up();
            return Err(Lost::Gone);
        }
        self.coming.extend(server.answer(message));
        self.late = server.faults.late;
        Ok(())
    }

    fn receive(&mut self, into: &mut [u8]) -> Result<usize, Lost> {
        if self.late > 0 {
            self.late -= 1;
            return Err(Lost::TimedOut);
        }
        // Streams do not keep to messages.
        let count = into.len().min(self.coming.len()).min(1000);
        for (byte, came) in into.iter_mut().zip(self.coming.drain(..count)) {
            *byte = came;
        }
        if count == 0 { Err(Lost::Gone) } else { Ok(count) }
    }

    fn reconnect(&mut self) -> Result<(), Lost> {
        let mut server = self.server.borrow_mut();
        server.hang_up();
        self.coming.clear();
        self.late = 0;
        self.is_up = true;
        server.faults.messages = None;
        Ok(())
    }
}

pub fn settings(user: User) -> Settings {
    Settings { name: b"tester".to_vec(), user, tree: b"/export".to_vec(), device: 1 }
}

/// A mount over a stream, attached to.
///
/// # Errors
/// It cannot be attached to.
pub fn attached<T: Transport>(stream: T, user: User) -> Result<NinepFs<T>, Error> {
    let mut system = NinepFs::new(stream, settings(user), Box::new(|_| ()));
    system.attach().map(|()| system)
}

/// A server and a mount of its tree.
pub fn mounted() -> (Rc<RefCell<Server>>, NinepFs<Stream>) {
    let server = Rc::new(RefCell::new(Server::new(User::default(), Box::new(|| 0))));
    let system = attached(Stream::new(&server), User::default()).expect("it is attached");
    (server, system)
}
