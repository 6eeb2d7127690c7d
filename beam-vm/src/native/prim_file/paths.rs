// SPDX-License-Identifier: Apache-2.0
//! What is done with names of files. Some errors are told as stock tells them on all systems.

use alloc::vec::Vec;

use super::{done, failed, int, ok, path};
use crate::bif::{BifResult, Context};
use crate::heap::build;
use crate::platform::{Errno, Files, Follow, Make, Remove};
use crate::term::Term;

fn named(cx: &mut Context<'_>, result: Result<Vec<u8>, Errno>) -> BifResult {
    match result {
        Ok(bytes) => {
            let name = build::binary(cx.heap(), &bytes);
            ok(cx, name)
        }
        Err(errno) => failed(cx, errno),
    }
}

/// Names of a folder in a reduction.
const NAMES: usize = 10;

/// `list_dir_nif/1`: the last name first, since its caller turns the list around.
pub fn list_dir_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let names = match path(args[0]).and_then(|path| cx.vm.platform.files().list(&path)) {
        Ok(names) => names,
        Err(errno) => return failed(cx, errno),
    };
    cx.bump((names.len() / NAMES) as u32);
    let mut list = Term::NIL;
    for name in names {
        let name = build::binary(cx.heap(), &name);
        list = build::cons(cx.heap(), name, list);
    }
    ok(cx, list)
}

/// `read_link_nif/1`
pub fn read_link_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let target = path(args[0]).and_then(|path| cx.vm.platform.files().read_link(&path));
    named(cx, target)
}

/// `get_cwd_nif/0`
pub fn get_cwd_nif(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let folder = cx.vm.platform.files().working_folder();
    named(cx, folder)
}

/// `set_cwd_nif/1`
pub fn set_cwd_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let entered = path(args[0]).and_then(|path| cx.vm.platform.files().enter(&path));
    done(cx, entered)
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
    let made = path(args[0]).and_then(|path| cx.vm.platform.files().make(&path, Make::Folder));
    done(cx, made)
}

/// Two paths, the first of which is looked at first.
fn both(args: &[Term]) -> Result<(Vec<u8>, Vec<u8>), Errno> {
    Ok((path(args[0])?, path(args[1])?))
}

/// `make_hard_link_nif/2`
pub fn make_hard_link_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let files = cx.vm.platform.files();
    let made = both(args).and_then(|(existing, new)| files.make(&new, Make::HardLink(&existing)));
    done(cx, made)
}

/// `make_soft_link_nif/2`
pub fn make_soft_link_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let files = cx.vm.platform.files();
    let made = both(args).and_then(|(existing, new)| files.make(&new, Make::SymbolicLink(&existing)));
    done(cx, made)
}

/// `rename_nif/2`
pub fn rename_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let files = cx.vm.platform.files();
    let renamed = both(args).and_then(|(from, to)| {
        files.rename(&from, &to).map_err(|errno| match errno {
            Errno::ENOTEMPTY => Errno::EEXIST,
            _ if from == b"/" => Errno::EINVAL,
            errno => errno,
        })
    });
    done(cx, renamed)
}

/// `del_file_nif/1`
pub fn del_file_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let files = cx.vm.platform.files();
    let removed = path(args[0]).and_then(|path| {
        let removed = files.remove(&path, Remove::File);
        removed.map_err(|errno| if errno == Errno::EISDIR { Errno::EPERM } else { errno })
    });
    done(cx, removed)
}

/// `del_dir_nif/1`
pub fn del_dir_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let files = cx.vm.platform.files();
    let removed = path(args[0]).and_then(|path| {
        files.remove(&path, Remove::Folder).map_err(|errno| match errno {
            Errno::ENOTEMPTY | Errno::EEXIST if is_working_folder(files, &path) => Errno::EINVAL,
            Errno::ENOTEMPTY => Errno::EEXIST,
            errno => errno,
        })
    });
    done(cx, removed)
}

fn is_working_folder(files: &mut dyn Files, path: &[u8]) -> bool {
    let there = files.info(path, Follow::Target);
    let here = files.info(b".", Follow::Target);
    matches!((there, here), (Ok(there), Ok(here)) if there.inode == here.inode && there.device == here.device)
}
