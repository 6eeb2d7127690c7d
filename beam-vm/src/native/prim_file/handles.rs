// SPDX-License-Identifier: Apache-2.0
//! What is done with open files besides reading and writing.

use super::{ask, done, failed, file, int, int64, ok, unsigned};
use crate::atom::predefined;
use crate::bif::{BifResult, Context, Raise};
use crate::heap::build;
use crate::platform::{Advice, Errno, FileHandle, FileReply, FileRequest, From, Sync};
use crate::term::Term;

/// `seek_nif/3`
pub fn seek_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let answer = ask(cx, args, || {
        let file = match file(args[0])? {
            Ok(file) => file,
            Err(errno) => return Ok(Err(errno)),
        };
        let offset = int64(args[2]).ok_or(Raise::BADARG)?;
        let from = match args[1].as_atom() {
            Some(predefined::BOF) => From::Start,
            Some(predefined::CUR) => From::Position,
            Some(predefined::EOF) => From::End,
            _ => return Err(Raise::BADARG),
        };
        Ok(Ok(FileRequest::Seek(file, from, offset)))
    })?;
    match answer {
        Ok(FileReply::Position(position)) => {
            let position = build::unsigned(cx.heap(), position);
            ok(cx, position)
        }
        Ok(_) => Err(Raise::BADARG),
        Err(errno) => failed(cx, errno),
    }
}

/// `sync_nif/2`: 0 for all of a file, else its data.
pub fn sync_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let answer = ask(cx, args, || {
        let file = match file(args[0])? {
            Ok(file) => file,
            Err(errno) => return Ok(Err(errno)),
        };
        let what = if int(args[1])? == 0 { Sync::All } else { Sync::Data };
        Ok(Ok(FileRequest::Sync(file, what)))
    })?;
    done(cx, answer)
}

/// `truncate_nif/1`: where the position is.
pub fn truncate_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let answer = ask(cx, args, || Ok(file(args[0])?.map(FileRequest::Truncate)))?;
    done(cx, answer)
}

/// File, offset and length.
fn part(args: &[Term]) -> Result<Result<(FileHandle, u64, u64), Errno>, Raise> {
    let file = match file(args[0])? {
        Ok(file) => file,
        Err(errno) => return Ok(Err(errno)),
    };
    let (offset, length) = (unsigned(args[1])?, unsigned(args[2])?);
    Ok(offset.and_then(|offset| Ok((file, offset, length?))))
}

/// `allocate_nif/3`
pub fn allocate_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let answer = ask(cx, args, || {
        let part = part(args)?;
        Ok(part.map(|(file, offset, length)| FileRequest::Allocate(file, offset, length)))
    })?;
    done(cx, answer)
}

/// `advise_nif/4`
pub fn advise_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let answer = ask(cx, args, || {
        let advice = match args[3].as_atom() {
            Some(predefined::NORMAL) => Ok(Advice::Normal),
            Some(predefined::RANDOM) => Ok(Advice::Random),
            Some(predefined::SEQUENTIAL) => Ok(Advice::Sequential),
            Some(predefined::WILL_NEED) => Ok(Advice::WillNeed),
            Some(predefined::DONT_NEED) => Ok(Advice::DontNeed),
            Some(predefined::NO_REUSE) => Ok(Advice::NoReuse),
            _ => Err(Errno::EINVAL),
        };
        let part = part(args)?;
        Ok(part.and_then(|(file, offset, length)| Ok(FileRequest::Advise(file, offset, length, advice?))))
    })?;
    done(cx, answer)
}
