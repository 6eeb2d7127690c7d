// SPDX-License-Identifier: Apache-2.0
//! The natives of module `prim_file` (`erts/emulator/nifs/common/prim_file_nif.c`, `unix/unix_prim_file.c`): the operations of
//! [`Files`](crate::platform::Files) as programs see them.

pub mod handles;
pub mod info;
pub mod paths;
pub mod transfer;

use core::ops::Deref;

use crate::atom::predefined;
use crate::bif::{BifResult, Context, Raise};
use crate::files::{FileState, OpenFile, native_path};
use crate::heap::{Magic, MagicObject, build, magic_of};
use crate::platform::{Errno, FileAnswer, FileHandle, FileReply, FileRequest, Folders, OpenModes};
use crate::term::{Term, View};

const OK: BifResult = Ok(Term::atom(predefined::OK));

/// `{error, Errno}`
fn failed(cx: &mut Context<'_>, errno: Errno) -> BifResult {
    let name = cx.vm.atoms.insert(errno.text()).map_err(|_| Raise::SYSTEM_LIMIT)?;
    Ok(build::tuple(cx.heap(), &[Term::atom(predefined::ERROR), Term::atom(name)]))
}

/// `{ok, Value}`
fn ok(cx: &mut Context<'_>, value: Term) -> BifResult {
    Ok(build::tuple(cx.heap(), &[Term::atom(predefined::OK), value]))
}

fn is_number(term: Term) -> bool {
    matches!(term.view(), View::Small(_) | View::Big(_) | View::Float(_))
}

/// An integer of 64 bits with a sign.
fn int64(term: Term) -> Option<i64> {
    match term.view() {
        View::Small(value) => Some(value),
        View::Big(big) => big.integer().to_i64(),
        _ => None,
    }
}

/// An integer of 32 bits with a sign.
fn int(term: Term) -> Result<i32, Raise> {
    int64(term).and_then(|value| i32::try_from(value).ok()).ok_or(Raise::BADARG)
}

/// A number that is not negative. What is no number at all is `badarg`, any other is `einval`.
fn unsigned(term: Term) -> Result<Result<u64, Errno>, Raise> {
    if !is_number(term) {
        return Err(Raise::BADARG);
    }
    Ok(int64(term).and_then(|value| u64::try_from(value).ok()).ok_or(Errno::EINVAL))
}

fn path(term: Term) -> Result<alloc::vec::Vec<u8>, Errno> {
    native_path(term).ok_or(Errno::EINVAL)
}

/// A reference's file.
struct File(Magic);

impl Deref for File {
    type Target = OpenFile;

    fn deref(&self) -> &OpenFile {
        match &*self.0 {
            MagicObject::File(file) => file,
            _ => unreachable!("it was a file when this was made"),
        }
    }
}

/// The file of a reference, whatever its state.
fn any_file(term: Term) -> Result<File, Raise> {
    let magic = magic_of(term).ok_or(Raise::BADARG)?;
    if matches!(&*magic, MagicObject::File(_)) { Ok(File(magic)) } else { Err(Raise::BADARG) }
}

/// The open file of a reference.
fn file(term: Term) -> Result<Result<FileHandle, Errno>, Raise> {
    let file = any_file(term)?;
    Ok(if file.state.get() == FileState::Open { Ok(file.handle) } else { Err(Errno::EINVAL) })
}

/// `{ok, Reference}` of a file that the process gets.
fn owned(cx: &mut Context<'_>, handle: FileHandle) -> BifResult {
    let numbers = cx.vm.new_reference();
    let file = cx.process.own_file(handle, numbers);
    let reference = build::magic(cx.heap(), numbers, file);
    ok(cx, reference)
}

/// What a list of modes asks for. What is not known is for others.
fn modes(list: Term) -> (OpenModes, Folders) {
    let mut modes = OpenModes::default();
    let mut folders = Folders::Refused;
    let mut rest = list;
    while let Some(cell) = rest.as_cons() {
        match cell.head().as_atom() {
            Some(predefined::READ) => modes.read = true,
            Some(predefined::WRITE) => modes.write = true,
            Some(predefined::APPEND) => modes.append = true,
            Some(predefined::EXCLUSIVE) => modes.exclusive = true,
            Some(predefined::SYNC) => modes.sync = true,
            Some(predefined::DIRECTORY) => (modes.folder, folders) = (true, Folders::Allowed),
            Some(predefined::SKIP_TYPE_CHECK) => folders = Folders::Allowed,
            _ => {}
        }
        rest = cell.tail();
    }
    if modes.append || modes.exclusive {
        modes.write = true;
    } else if !modes.write {
        modes.read = true;
    }
    modes.create = modes.write;
    modes.truncate = modes.write && !modes.read && !modes.append;
    (modes, folders)
}

/// What an operation tells that was asked for. `request` says what it is, unless the BIF was called before and has asked already: so nothing of
/// that can be looked at anew, which may have changed meanwhile.
///
/// # Errors
/// It has to wait, or the arguments are bad.
fn ask(
    cx: &mut Context<'_>,
    args: &[Term],
    request: impl FnOnce() -> Result<Result<FileRequest, Errno>, Raise>,
) -> Result<FileAnswer, Raise> {
    if let Some(answer) = cx.resume_file(args)? {
        return Ok(answer);
    }
    match request()? {
        Ok(request) => cx.do_file(request, args),
        Err(errno) => Ok(Err(errno)),
    }
}

/// `ok`, or `{error, Errno}`.
fn done(cx: &mut Context<'_>, answer: FileAnswer) -> BifResult {
    match answer {
        Ok(_) => OK,
        Err(errno) => failed(cx, errno),
    }
}

/// `{ok, Reference}` of a file that was opened.
fn opened(cx: &mut Context<'_>, answer: FileAnswer) -> BifResult {
    match answer {
        Ok(FileReply::Opened(handle, _)) => owned(cx, handle),
        Ok(_) => Err(Raise::BADARG),
        Err(errno) => failed(cx, errno),
    }
}

/// `open_nif/2`
pub fn open_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let answer = ask(cx, args, || {
        if !args[1].is_list() {
            return Err(Raise::BADARG);
        }
        let (modes, folders) = modes(args[1]);
        Ok(path(args[0]).map(|path| FileRequest::Open(path, modes, folders)))
    })?;
    opened(cx, answer)
}

/// `file_desc_to_ref_nif/1`
pub fn file_desc_to_ref_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let answer = ask(cx, args, || int(args[0]).map(|descriptor| Ok(FileRequest::Adopt(descriptor))))?;
    opened(cx, answer)
}

/// `close_nif/1`
pub fn close_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    if let Some(answer) = cx.resume_file(args)? {
        return done(cx, answer);
    }
    let file = any_file(args[0])?;
    if file.state.get() != FileState::Open {
        return failed(cx, Errno::EINVAL);
    }
    let answer = match cx.vm.give_up_file(&file, cx.process) {
        Some(handle) => cx.do_file(FileRequest::Close(handle), args)?,
        None => Ok(FileReply::Done),
    };
    done(cx, answer)
}

/// `delayed_close_nif/1`: for files whose owner has ended.
pub fn delayed_close_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let file = any_file(args[0])?;
    // Nobody is left to be told what comes of it.
    if let Some(handle) = cx.vm.give_up_file(&file, cx.process) {
        cx.vm.begin_for_nobody(FileRequest::Close(handle));
    }
    OK
}

/// The descriptor of a file that the platform has by other means: none.
const NO_DESCRIPTOR: i32 = -1;

/// `get_handle_nif/1`: the descriptor in the bytes of a C `int`. `prim_inet:sendfile/4` wants to have one before it finds out that no socket
/// sends files by itself, upon which `file` reads and sends.
pub fn get_handle_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let descriptor = match ask(cx, args, || Ok(file(args[0])?.map(FileRequest::Descriptor)))? {
        Ok(FileReply::Descriptor(descriptor)) => descriptor,
        Ok(_) | Err(Errno::ENOTSUP) => NO_DESCRIPTOR,
        Err(errno) => return failed(cx, errno),
    };
    Ok(build::binary(cx.heap(), &descriptor.to_ne_bytes()))
}
