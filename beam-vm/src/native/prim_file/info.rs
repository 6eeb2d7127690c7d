// SPDX-License-Identifier: Apache-2.0
//! What is known of files, and what of it can be changed.

use super::{ask, done, failed, file, int, int64, path};
use crate::atom::{Atom, predefined};
use crate::bif::{BifResult, Context, Raise};
use crate::heap::build;
use crate::platform::{Access, Change, FileAnswer, FileInfo, FileKind, FileReply, FileRequest, Follow};
use crate::term::Term;

/// Times that can be converted whatever the time zone: from 1902 to 9999.
const TIMES: core::ops::RangeInclusive<i64> = -2_145_916_800..=253_402_300_799;

/// The permissions that can be set.
const PERMISSIONS: u32 = 0o6777;
/// Those among them that need not be allowed to everybody: set-user-ID, set-group-ID.
const SPECIAL: u32 = 0o6000;

fn kind(kind: FileKind) -> Atom {
    match kind {
        FileKind::Device => predefined::DEVICE,
        FileKind::Folder => predefined::DIRECTORY,
        FileKind::Regular => predefined::REGULAR,
        FileKind::Link => predefined::SYMLINK,
        FileKind::Other => predefined::OTHER,
    }
}

fn access(access: Access) -> Atom {
    match (access.read, access.write) {
        (false, false) => predefined::NONE,
        (true, false) => predefined::READ,
        (false, true) => predefined::WRITE,
        (true, true) => predefined::READ_WRITE,
    }
}

/// `#file_info{}` of `file.hrl`.
fn record(cx: &mut Context<'_>, info: &FileInfo) -> Term {
    let heap = cx.heap();
    let time = |time: i64| Term::small_cut(time.clamp(*TIMES.start(), *TIMES.end()));
    let number = |number: u32| Term::small_cut(i64::from(number));
    let elements = [
        Term::atom(predefined::FILE_INFO),
        build::unsigned(heap, info.size),
        Term::atom(kind(info.kind)),
        Term::atom(access(info.access)),
        time(info.accessed),
        time(info.modified),
        time(info.changed),
        number(info.mode),
        number(info.links),
        number(info.device),
        number(info.special),
        number(info.inode),
        number(info.user),
        number(info.group),
    ];
    build::tuple(heap, &elements)
}

fn told(cx: &mut Context<'_>, answer: FileAnswer) -> BifResult {
    match answer {
        Ok(FileReply::Info(info)) => Ok(record(cx, &info)),
        Ok(_) => Err(Raise::BADARG),
        Err(errno) => failed(cx, errno),
    }
}

/// `read_info_nif/2`
pub fn read_info_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let answer = ask(cx, args, || {
        let follow = if int(args[1])? == 0 { Follow::Link } else { Follow::Target };
        Ok(path(args[0]).map(|path| FileRequest::Info(path, follow)))
    })?;
    told(cx, answer)
}

/// `read_handle_info_nif/1`
pub fn read_handle_info_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let answer = ask(cx, args, || Ok(file(args[0])?.map(FileRequest::HandleInfo)))?;
    told(cx, answer)
}

/// `set_permissions_nif/2`
pub fn set_permissions_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let answer = ask(cx, args, || {
        let bits = int64(args[1]).and_then(|bits| u32::try_from(bits).ok()).ok_or(Raise::BADARG)?;
        let all = Change::Permissions(bits & PERMISSIONS);
        let plain = Change::Permissions(bits & PERMISSIONS & !SPECIAL);
        Ok(path(args[0]).map(|path| FileRequest::Change(path, all, Some(plain))))
    })?;
    done(cx, answer)
}

/// `set_owner_nif/3`: -1 for one that stays.
pub fn set_owner_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let answer = ask(cx, args, || {
        let named = |term| int(term).map(|id| (id != -1).then_some(id as u32));
        let owner = Change::Owner(named(args[1])?, named(args[2])?);
        Ok(path(args[0]).map(|path| FileRequest::Change(path, owner, None)))
    })?;
    done(cx, answer)
}

/// `set_time_nif/4`: when it was read, modified, and made, which POSIX does not know.
pub fn set_time_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let answer = ask(cx, args, || {
        let time = |term| int64(term).ok_or(Raise::BADARG);
        let times = Change::Times(time(args[1])?, time(args[2])?);
        time(args[3])?;
        Ok(path(args[0]).map(|path| FileRequest::Change(path, times, None)))
    })?;
    done(cx, answer)
}
