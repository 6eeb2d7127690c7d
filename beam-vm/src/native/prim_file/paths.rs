// SPDX-License-Identifier: Apache-2.0
//! What is done with names of files. Some errors are told as stock tells them on all systems.

use alloc::vec::{self, Vec};

use super::{ask, done, failed, int, ok, path};
use crate::bif::{BifResult, Context, Raise};
use crate::heap::build;
use crate::platform::{Errno, FileAnswer, FileReply, FileRequest};
use crate::process::Parked;
use crate::term::Term;

fn named(cx: &mut Context<'_>, answer: FileAnswer) -> BifResult {
    match answer {
        Ok(FileReply::Name(bytes)) => {
            let name = build::binary(cx.heap(), &bytes);
            ok(cx, name)
        }
        Ok(_) => Err(Raise::BADARG),
        Err(errno) => failed(cx, errno),
    }
}

/// Names of a folder in a reduction.
const NAMES: usize = 10;

/// Names that are being made into a list.
pub struct Names {
    names: vec::IntoIter<Vec<u8>>,
    list: Term,
}

impl Names {
    /// Shows the list.
    pub fn roots(&mut self, visit: &mut dyn FnMut(&mut Term)) {
        visit(&mut self.list);
    }
}

/// `list_dir_nif/1`: the last name first, since its caller turns the list around.
pub fn list_dir_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let mut names = match cx.take_parked() {
        Some(Parked::Names(names)) => names,
        parked => {
            if let Some(parked) = parked {
                cx.process.extension_mut().parked = Some(parked);
            }
            match ask(cx, args, || Ok(path(args[0]).map(FileRequest::List)))? {
                Ok(FileReply::Names(names)) => Names { names: names.into_iter(), list: Term::NIL },
                Ok(_) => return Err(Raise::BADARG),
                Err(errno) => return failed(cx, errno),
            }
        }
    };
    let is_done = cx.work(NAMES, |cx, budget| {
        while *budget > 0 {
            let Some(name) = names.names.next() else { return true };
            let name = build::binary(cx.heap(), &name);
            names.list = build::cons(cx.heap(), name, names.list);
            *budget -= 1;
        }
        names.names.as_slice().is_empty()
    });
    if is_done { ok(cx, names.list) } else { Err(cx.park(Parked::Names(names), args)) }
}

/// `read_link_nif/1`
pub fn read_link_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let answer = ask(cx, args, || Ok(path(args[0]).map(FileRequest::ReadLink)))?;
    named(cx, answer)
}

/// `get_cwd_nif/0`
pub fn get_cwd_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let answer = ask(cx, args, || Ok(Ok(FileRequest::WorkingFolder)))?;
    named(cx, answer)
}

/// `set_cwd_nif/1`
pub fn set_cwd_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let answer = ask(cx, args, || Ok(path(args[0]).map(FileRequest::Enter)))?;
    done(cx, answer)
}

/// `get_device_cwd_nif/1`: only Windows has devices with folders of their own.
pub fn get_device_cwd_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    int(args[0])?;
    failed(cx, Errno::ENOTSUP)
}

/// `altname_nif/1`: only Windows has names of 8 and 3 letters.
pub fn altname_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    match path(args[0]) {
        Ok(_) => failed(cx, Errno::ENOTSUP),
        Err(errno) => failed(cx, errno),
    }
}

/// `make_dir_nif/1`
pub fn make_dir_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let answer = ask(cx, args, || Ok(path(args[0]).map(FileRequest::MakeFolder)))?;
    done(cx, answer)
}

/// Two paths, the first of which is looked at first.
fn both(args: &[Term]) -> Result<(Vec<u8>, Vec<u8>), Errno> {
    Ok((path(args[0])?, path(args[1])?))
}

/// `make_hard_link_nif/2`
pub fn make_hard_link_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let answer =
        ask(cx, args, || Ok(both(args).map(|(existing, new)| FileRequest::MakeHardLink(existing, new))))?;
    done(cx, answer)
}

/// `make_soft_link_nif/2`
pub fn make_soft_link_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let answer =
        ask(cx, args, || Ok(both(args).map(|(existing, new)| FileRequest::MakeSymbolicLink(existing, new))))?;
    done(cx, answer)
}

/// `rename_nif/2`
pub fn rename_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let answer = ask(cx, args, || Ok(both(args).map(|(from, to)| FileRequest::Rename(from, to))))?;
    let is_root = || both(args).is_ok_and(|(from, _)| from == b"/");
    let answer = answer.map_err(|errno| match errno {
        Errno::ENOTEMPTY => Errno::EEXIST,
        _ if is_root() => Errno::EINVAL,
        errno => errno,
    });
    done(cx, answer)
}

/// `del_file_nif/1`
pub fn del_file_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let answer = ask(cx, args, || Ok(path(args[0]).map(FileRequest::RemoveFile)))?;
    done(cx, answer.map_err(|errno| if errno == Errno::EISDIR { Errno::EPERM } else { errno }))
}

/// `del_dir_nif/1`
pub fn del_dir_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let answer = ask(cx, args, || Ok(path(args[0]).map(FileRequest::RemoveFolder)))?;
    done(cx, answer.map_err(|errno| if errno == Errno::ENOTEMPTY { Errno::EEXIST } else { errno }))
}
