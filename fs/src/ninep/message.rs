// SPDX-License-Identifier: Apache-2.0
//! The messages of 9P2000.L: what is asked (`T`) and what is answered (`R`), each with its fields in their order on the wire
//! (Linux's `include/net/9p/9p.h`, diod's `protocol.md`). An answer has the number of its question plus one, or is `Rlerror`.

use alloc::vec::Vec;

use super::error::Malformed;
use super::field::{Data, Fid, Field, Input, Names, Qid, Qids};

/// Bytes before the fields: size, kind, tag.
pub const HEADER: usize = 7;

/// The tag of the first message.
pub const NOTAG: u16 = u16::MAX;

/// The kind of an answer that is an error, whatever was asked.
pub const RLERROR: u8 = 7;

/// Makes the messages from the table.
macro_rules! messages {
    ($($(#[$doc:meta])* $name:ident = $number:literal
        { $($ask:ident: $ask_type:ty),* } => { $($answer:ident: $answer_type:ty),* };)*) => {
        /// What is asked.
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub enum Request<'a> {
            $($(#[$doc])* $name { $(#[doc = concat!("`", stringify!($ask), "`")] $ask: $ask_type),* },)*
        }

        /// What is answered.
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub enum Reply<'a> {
            /// It is not done: the number of the error on Linux.
            Error {
                /// `ecode`
                ecode: u32,
            },
            $($(#[$doc])* $name { $(#[doc = concat!("`", stringify!($answer), "`")] $answer: $answer_type),* },)*
        }

        impl<'a> Request<'a> {
            /// The number of its kind; that of the answer is one more.
            #[must_use]
            pub const fn kind(&self) -> u8 {
                match self {
                    $(Self::$name { .. } => $number,)*
                }
            }

            fn put_fields(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$name { $($ask),* } => { $($ask.put(out);)* })*
                }
                // Some messages have no field.
                let _ = out;
            }

            fn get_fields(kind: u8, from: &mut Input<'a>) -> Result<Self, Malformed> {
                match kind {
                    $($number => Ok(Self::$name { $($ask: from.field()?),* }),)*
                    _ => Err(Malformed::Kind),
                }
            }
        }

        impl<'a> Reply<'a> {
            /// The number of its kind.
            #[must_use]
            pub const fn kind(&self) -> u8 {
                match self {
                    Self::Error { .. } => RLERROR,
                    $(Self::$name { .. } => $number + 1,)*
                }
            }

            fn put_fields(&self, out: &mut Vec<u8>) {
                match self {
                    Self::Error { ecode } => ecode.put(out),
                    $(Self::$name { $($answer),* } => { $($answer.put(out);)* })*
                }
            }

            fn get_fields(kind: u8, from: &mut Input<'a>) -> Result<Self, Malformed> {
                match kind {
                    RLERROR => Ok(Self::Error { ecode: from.field()? }),
                    $(kind if kind == $number + 1 => Ok(Self::$name { $($answer: from.field()?),* }),)*
                    _ => Err(Malformed::Kind),
                }
            }
        }

        /// The numbers of all that can be asked.
        pub const KINDS: &[u8] = &[$($number),*];
    };
}

messages! {
    /// What is known of the whole file system.
    Statfs = 8 { fid: Fid } => {
        kind: u32, bsize: u32, blocks: u64, bfree: u64, bavail: u64, files: u64, ffree: u64, fsid: u64, namelen: u32
    };
    /// A file is opened.
    Lopen = 12 { fid: Fid, flags: u32 } => { qid: Qid, iounit: u32 };
    /// A file is made in the folder `fid`, which stands for the file then, opened.
    Lcreate = 14 { fid: Fid, name: &'a [u8], flags: u32, mode: u32, gid: u32 } => { qid: Qid, iounit: u32 };
    /// A symbolic link is made.
    Symlink = 16 { dfid: Fid, name: &'a [u8], target: &'a [u8], gid: u32 } => { qid: Qid };
    /// Something gets another name.
    Rename = 20 { fid: Fid, dfid: Fid, name: &'a [u8] } => {};
    /// Where a symbolic link leads.
    Readlink = 22 { fid: Fid } => { target: &'a [u8] };
    /// What is known of something.
    Getattr = 24 { fid: Fid, request_mask: u64 } => {
        valid: u64, qid: Qid, mode: u32, uid: u32, gid: u32, nlink: u64, rdev: u64, size: u64, blksize: u64, blocks: u64,
        atime_sec: u64, atime_nsec: u64, mtime_sec: u64, mtime_nsec: u64, ctime_sec: u64, ctime_nsec: u64,
        btime_sec: u64, btime_nsec: u64, generation: u64, data_version: u64
    };
    /// What is known of something is changed.
    Setattr = 26 {
        fid: Fid, valid: u32, mode: u32, uid: u32, gid: u32, size: u64,
        atime_sec: u64, atime_nsec: u64, mtime_sec: u64, mtime_nsec: u64
    } => {};
    /// The entries of a folder from a place on.
    Readdir = 40 { fid: Fid, offset: u64, count: u32 } => { data: Data<'a> };
    /// What was written is put on the disk.
    Fsync = 50 { fid: Fid, datasync: u32 } => {};
    /// A part of a file is locked, or unlocked.
    Lock = 52 {
        fid: Fid, kind: u8, flags: u32, start: u64, length: u64, proc_id: u32, client_id: &'a [u8]
    } => { status: u8 };
    /// Who has a part of a file locked.
    Getlock = 54 { fid: Fid, kind: u8, start: u64, length: u64, proc_id: u32, client_id: &'a [u8] } => {
        kind: u8, start: u64, length: u64, proc_id: u32, client_id: &'a [u8]
    };
    /// Something gets one more name.
    Link = 70 { dfid: Fid, fid: Fid, name: &'a [u8] } => {};
    /// A folder is made.
    Mkdir = 72 { dfid: Fid, name: &'a [u8], mode: u32, gid: u32 } => { qid: Qid };
    /// Something gets another name, by its folder.
    Renameat = 74 { olddirfid: Fid, oldname: &'a [u8], newdirfid: Fid, newname: &'a [u8] } => {};
    /// A name is removed, by its folder.
    Unlinkat = 76 { dirfid: Fid, name: &'a [u8], flags: u32 } => {};
    /// Which protocol is spoken, and how long messages may be. All that was before is over.
    Version = 100 { msize: u32, version: &'a [u8] } => { msize: u32, version: &'a [u8] };
    /// `fid` is to stand for the root of a tree.
    Attach = 104 { fid: Fid, afid: Fid, uname: &'a [u8], aname: &'a [u8], n_uname: u32 } => { qid: Qid };
    /// Nobody waits for an answer any longer.
    Flush = 108 { oldtag: u16 } => {};
    /// `newfid` is to stand for what is found from `fid` on by these names.
    Walk = 110 { fid: Fid, newfid: Fid, names: Names<'a> } => { qids: Qids };
    /// Bytes are read.
    Read = 116 { fid: Fid, offset: u64, count: u32 } => { data: Data<'a> };
    /// Bytes are written.
    Write = 118 { fid: Fid, offset: u64, data: Data<'a> } => { count: u32 };
    /// `fid` stands for nothing any longer.
    Clunk = 120 { fid: Fid } => {};
    /// Something is removed, and `fid` stands for nothing any longer.
    Remove = 122 { fid: Fid } => {};
}

/// Writes a message with its header.
fn encode(out: &mut Vec<u8>, kind: u8, tag: u16, fields: impl FnOnce(&mut Vec<u8>)) {
    out.clear();
    0_u32.put(out);
    kind.put(out);
    tag.put(out);
    fields(out);
    let size = out.len() as u32;
    out[..4].copy_from_slice(&size.to_le_bytes());
}

/// Reads the header of a whole message: kind and tag, and the fields.
fn open(message: &[u8]) -> Result<(u8, u16, Input<'_>), Malformed> {
    let mut input = Input(message);
    let size: u32 = input.field()?;
    if size as usize != message.len() {
        return Err(Malformed::Size);
    }
    Ok((input.field()?, input.field()?, input))
}

impl<'a> Request<'a> {
    /// Writes the whole message.
    pub fn encode(&self, tag: u16, out: &mut Vec<u8>) {
        encode(out, self.kind(), tag, |out| self.put_fields(out));
    }

    /// Reads a whole message.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn decode(message: &'a [u8]) -> Result<(u16, Self), Malformed> {
        let (kind, tag, mut input) = open(message)?;
        let request = Self::get_fields(kind, &mut input)?;
        input.end()?;
        Ok((tag, request))
    }
}

impl<'a> Reply<'a> {
    /// Writes the whole message.
    pub fn encode(&self, tag: u16, out: &mut Vec<u8>) {
        encode(out, self.kind(), tag, |out| self.put_fields(out));
    }

    /// Reads a whole message, which has to be the answer to a request with this number and tag, or an error.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn decode(message: &'a [u8], asked: u8, tag: u16) -> Result<Self, Malformed> {
        let (kind, its_tag, mut input) = open(message)?;
        if its_tag != tag {
            return Err(Malformed::Tag);
        }
        if kind != RLERROR && kind != asked + 1 {
            return Err(Malformed::Kind);
        }
        let reply = Self::get_fields(kind, &mut input)?;
        input.end()?;
        Ok(reply)
    }
}

/// The tag of a whole message.
///
/// # Errors
/// It is too short to have one.
pub fn tag_of(message: &[u8]) -> Result<u16, Malformed> {
    open(message).map(|(_, tag, _)| tag)
}
