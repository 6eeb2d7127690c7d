// SPDX-License-Identifier: Apache-2.0
//! What is done with open files besides reading and writing.

use super::{done, failed, file, int, int64, ok, unsigned};
use crate::atom::predefined;
use crate::bif::{BifResult, Context, Raise};
use crate::heap::build;
use crate::platform::{Advice, Errno, From, Sync};
use crate::term::Term;

/// `seek_nif/3`
pub fn seek_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let file = match file(args[0])? {
        Ok(file) => file,
        Err(errno) => return failed(cx, errno),
    };
    let offset = int64(args[2]).ok_or(Raise::BADARG)?;
    let from = match args[1].as_atom() {
        Some(predefined::BOF) => From::Start,
        Some(predefined::CUR) => From::Position,
        Some(predefined::EOF) => From::End,
        _ => return Err(Raise::BADARG),
    };
    match cx.vm.platform.files().seek(file, from, offset) {
        Ok(position) => {
            let position = build::unsigned(cx.heap(), position);
            ok(cx, position)
        }
        Err(errno) => failed(cx, errno),
    }
}

/// `sync_nif/2`: 0 for all of a file, else its data.
pub fn sync_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let file = match file(args[0])? {
        Ok(file) => file,
        Err(errno) => return failed(cx, errno),
    };
    let what = if int(args[1])? == 0 { Sync::All } else { Sync::Data };
    let synced = cx.vm.platform.files().sync(file, what);
    done(cx, synced)
}

/// `truncate_nif/1`: where the position is.
pub fn truncate_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let files = cx.vm.platform.files();
    let cut = file(args[0])?.and_then(|file| {
        let position = files.seek(file, From::Position, 0)?;
        files.resize(file, position)
    });
    done(cx, cut)
}

/// File, offset and length.
fn part(args: &[Term]) -> Result<Result<(crate::platform::FileHandle, u64, u64), Errno>, Raise> {
    let file = match file(args[0])? {
        Ok(file) => file,
        Err(errno) => return Ok(Err(errno)),
    };
    let (offset, length) = (unsigned(args[1])?, unsigned(args[2])?);
    Ok(offset.and_then(|offset| Ok((file, offset, length?))))
}

/// `allocate_nif/3`
pub fn allocate_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let files = cx.vm.platform.files();
    let made = part(args)?.and_then(|(file, offset, length)| files.allocate(file, offset, length));
    done(cx, made)
}

/// `advise_nif/4`. That the platform does not take it is no error.
pub fn advise_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let advice = match args[3].as_atom() {
        Some(predefined::NORMAL) => Ok(Advice::Normal),
        Some(predefined::RANDOM) => Ok(Advice::Random),
        Some(predefined::SEQUENTIAL) => Ok(Advice::Sequential),
        Some(predefined::WILL_NEED) => Ok(Advice::WillNeed),
        Some(predefined::DONT_NEED) => Ok(Advice::DontNeed),
        Some(predefined::NO_REUSE) => Ok(Advice::NoReuse),
        _ => Err(Errno::EINVAL),
    };
    let files = cx.vm.platform.files();
    let told = part(args)?.and_then(|(file, offset, length)| {
        let _ = files.advise(file, offset, length, advice?);
        Ok(())
    });
    done(cx, told)
}
