// SPDX-License-Identifier: Apache-2.0
//! `erlang:halt/2`.

use alloc::string::String;

use super::{BifResult, Context, Raise};
use crate::atom::predefined;
use crate::halt::Halt;
use crate::term::{Term, View};

/// Characters that a slogan has at most. What comes after them is not looked at.
const SLOGAN_LIMIT: usize = 1023;

/// What is asked for.
enum Request {
    Halt(Halt),
    Crash(String),
}

/// What is still written before the machine ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flush {
    /// What ports have been given.
    Ports,
    Nothing,
}

/// `halt/2`
pub fn halt(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let flush = flush(args[1])?;
    let request = request(args[0]).ok_or(Raise::BADARG)?;
    if flush == Flush::Nothing || !matches!(request, Request::Halt(Halt::Status(_))) {
        cx.vm.ports.drop_backlogs();
    }
    match request {
        Request::Halt(halt) => cx.vm.halted = Some(halt),
        Request::Crash(slogan) => cx.vm.crash(Some(cx.process), &slogan),
    }
    cx.process.exit_reason = Term::atom(predefined::NORMAL);
    Err(Raise::Ended)
}

/// `{flush, Boolean}`, any number of times; the last counts.
fn flush(options: Term) -> Result<Flush, Raise> {
    const BADOPT: Raise =
        Raise::ErrorWithCause(Term::atom(predefined::BADARG), Term::atom(predefined::BADOPT));
    let mut flush = Flush::Ports;
    for option in super::lists::proper(options).ok_or(BADOPT)? {
        let tuple = option.as_tuple().ok_or(BADOPT)?;
        let [name, value] = *tuple.elements() else { return Err(BADOPT) };
        if name != Term::atom(predefined::FLUSH) {
            return Err(BADOPT);
        }
        flush = if value.as_boolean().ok_or(BADOPT)? { Flush::Ports } else { Flush::Nothing };
    }
    Ok(flush)
}

fn request(what: Term) -> Option<Request> {
    // A shell sees the lowest byte.
    let status = |value: u64| Some(Request::Halt(Halt::Status((value & 0xFF) as i32)));
    match what.view() {
        View::Small(value) => status(u64::try_from(value).ok()?),
        View::Big(big) if !big.is_negative() => status(*big.integer().limbs().first()?),
        View::Atom(predefined::ABORT) => Some(Request::Halt(Halt::Abort)),
        View::Nil | View::Cons(_) => slogan(what).map(Request::Crash),
        _ => None,
    }
}

/// The characters of a list, up to the first that is 0.
fn slogan(list: Term) -> Option<String> {
    let mut text = String::new();
    let mut rest = list;
    for _ in 0..SLOGAN_LIMIT {
        let Some(cell) = rest.as_cons() else { break };
        let code = u32::try_from(cell.head().as_small()?).ok()?;
        text.push(char::from_u32(code)?);
        rest = cell.tail();
    }
    if !rest.is_nil() && !rest.is_cons() {
        return None;
    }
    if let Some(end) = text.find('\0') {
        text.truncate(end);
    }
    Some(text)
}
