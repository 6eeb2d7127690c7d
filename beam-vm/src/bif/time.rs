// SPDX-License-Identifier: Apache-2.0
//! Time, timers, and unique integers.

use super::{BifResult, Context, Raise};
use crate::atom::predefined;
use crate::heap::build;
use crate::process::RefNumbers;
use crate::term::{Term, View};
use crate::timers::{Form, Receiver};

/// What a unit of time is in parts of a second.
fn unit(term: Term) -> Result<i128, Raise> {
    match term.view() {
        View::Small(parts) if parts > 0 => Ok(i128::from(parts)),
        View::Atom(predefined::SECOND | predefined::SECONDS) => Ok(1),
        View::Atom(predefined::MILLISECOND | predefined::MILLI_SECONDS) => Ok(1_000),
        View::Atom(predefined::MICROSECOND | predefined::MICRO_SECONDS) => Ok(1_000_000),
        View::Atom(predefined::NANOSECOND | predefined::NANO_SECONDS | predefined::NATIVE) => {
            Ok(1_000_000_000)
        }
        View::Atom(predefined::PERF_COUNTER) => Ok(1_000_000_000),
        _ => Err(Raise::BADARG),
    }
}

fn in_unit(cx: &mut Context<'_>, nanoseconds: i128, parts: i128) -> Term {
    build::wide(cx.heap(), (nanoseconds * parts).div_euclid(1_000_000_000))
}

/// Where stock's monotonic clock begins: as small as a small integer may be in nanoseconds.
const BEGINNING: i128 = -576_460_751_000_000_000;

fn monotonic_now(cx: &mut Context<'_>) -> i128 {
    i128::from(cx.vm.platform.monotonic()) + BEGINNING
}

/// `monotonic_time/0`
pub fn monotonic_time(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let now = monotonic_now(cx);
    Ok(in_unit(cx, now, 1_000_000_000))
}

/// `monotonic_time/1`
pub fn monotonic_time1(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let parts = unit(args[0])?;
    let now = monotonic_now(cx);
    Ok(in_unit(cx, now, parts))
}

/// `system_time/0`
pub fn system_time(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let now = i128::from(cx.vm.platform.system_time());
    Ok(in_unit(cx, now, 1_000_000_000))
}

/// `system_time/1`, `os:system_time/1`
pub fn system_time1(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let parts = unit(args[0])?;
    let now = i128::from(cx.vm.platform.system_time());
    Ok(in_unit(cx, now, parts))
}

/// `time_offset/0`
pub fn time_offset(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let offset = i128::from(cx.vm.platform.system_time()) - monotonic_now(cx);
    Ok(in_unit(cx, offset, 1_000_000_000))
}

/// `timestamp/0`, `os:timestamp/0`
pub fn timestamp(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let micros = cx.vm.platform.system_time() / 1000;
    let parts = [micros / 1_000_000_000_000, micros / 1_000_000 % 1_000_000, micros % 1_000_000];
    Ok(build::tuple(cx.heap(), &parts.map(Term::small_cut)))
}

/// `unique_integer/0`
pub fn unique_integer(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    cx.vm.unique += 1;
    let value = cx.vm.unique as i64;
    Ok(build::integer(cx.heap(), Term::SMALL_MIN + value))
}

/// `unique_integer/1`
pub fn unique_integer1(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (mut positive, mut monotonic) = (false, false);
    let mut rest = args[0];
    while let Some(cell) = rest.as_cons() {
        match cell.head().as_atom() {
            Some(predefined::POSITIVE) => positive = true,
            Some(predefined::MONOTONIC) => monotonic = true,
            _ => return Err(Raise::BADARG),
        }
        rest = cell.tail();
    }
    if !rest.is_nil() {
        return Err(Raise::BADARG);
    }
    // One counter serves all forms, so each is also monotonic.
    let _ = monotonic;
    cx.vm.unique += 1;
    let value = cx.vm.unique as i64;
    Ok(build::integer(cx.heap(), if positive { value } else { Term::SMALL_MIN + value }))
}

/// How far in the future a timer may be, in milliseconds.
const MAX_DELAY: u64 = 1 << 55;

/// Sets a timer; options say whether the time is absolute.
fn set(cx: &mut Context<'_>, args: &[Term], form: Form) -> BifResult {
    let mut absolute = false;
    if let Some(options) = args.get(3) {
        let mut rest = *options;
        while let Some(cell) = rest.as_cons() {
            let pair = cell.head().as_tuple().ok_or(Raise::BADARG)?;
            let [name, value] = *pair.elements() else { return Err(Raise::BADARG) };
            if name.as_atom() != Some(predefined::ABS) {
                return Err(Raise::BADARG);
            }
            absolute = value.as_boolean().ok_or(Raise::BADARG)?;
            rest = cell.tail();
        }
        if !rest.is_nil() {
            return Err(Raise::BADARG);
        }
    }
    let time = args[0].as_small().ok_or(Raise::BADARG)?;
    let now = cx.vm.now_ms();
    let deadline = if absolute {
        // The clock of programs begins elsewhere.
        (i128::from(time) - BEGINNING / 1_000_000).clamp(0, i128::from(MAX_DELAY)) as u64
    } else {
        let delay = u64::try_from(time).ok().filter(|delay| *delay <= MAX_DELAY).ok_or(Raise::BADARG)?;
        now + delay + u64::from(delay > 0)
    };
    let receiver = match args[1].view() {
        View::Pid(pid) => Receiver::Pid(pid),
        View::Atom(name) => Receiver::Name(name),
        _ => return Err(Raise::BADARG),
    };
    let numbers = cx.vm.new_reference();
    cx.vm.delay(numbers, deadline, receiver, form, args[2]);
    Ok(build::reference(cx.heap(), numbers, None))
}

/// `send_after/3`, `send_after/4`
pub fn send_after(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    set(cx, args, Form::Plain)
}

/// `start_timer/3`, `start_timer/4`
pub fn start_timer(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    set(cx, args, Form::Timeout)
}

fn key(term: Term) -> Result<RefNumbers, Raise> {
    match term.view() {
        View::Reference(reference) => {
            let mut numbers = [0; crate::term::REF_NUMBERS_MAX];
            reference.numbers(&mut numbers).first_chunk::<3>().copied().ok_or(Raise::BADARG)
        }
        _ => Err(Raise::BADARG),
    }
}

/// What `cancel_timer/2` and `read_timer/2` are asked.
#[derive(Default)]
struct Asked {
    later: bool,
    silent: bool,
}

fn asked(options: Option<&Term>) -> Result<Asked, Raise> {
    let mut asked = Asked::default();
    let mut rest = options.copied().unwrap_or(Term::NIL);
    while let Some(cell) = rest.as_cons() {
        let pair = cell.head().as_tuple().ok_or(Raise::BADARG)?;
        let [name, value] = *pair.elements() else { return Err(Raise::BADARG) };
        let value = value.as_boolean().ok_or(Raise::BADARG)?;
        match name.as_atom() {
            Some(predefined::ASYNC) => asked.later = value,
            Some(predefined::INFO) => asked.silent = !value,
            _ => return Err(Raise::BADARG),
        }
        rest = cell.tail();
    }
    if rest.is_nil() { Ok(asked) } else { Err(Raise::BADARG) }
}

fn answer(
    cx: &mut Context<'_>,
    timer: Term,
    left: Option<u64>,
    asked: &Asked,
    tag: crate::atom::Atom,
) -> Term {
    let left = left.map_or(Term::boolean(false), |left| Term::count(left as usize));
    if asked.silent {
        return Term::atom(predefined::OK);
    }
    if asked.later {
        let term = build::tuple(cx.heap(), &[Term::atom(tag), timer, left]);
        cx.process.mailbox.push(crate::process::Message { term, fragment: None });
        return Term::atom(predefined::OK);
    }
    left
}

/// `cancel_timer/1`, `cancel_timer/2`
pub fn cancel_timer(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let numbers = key(args[0])?;
    let asked = asked(args.get(1))?;
    let left = cx.vm.cancel_delayed(numbers);
    Ok(answer(cx, args[0], left, &asked, predefined::CANCEL_TIMER))
}

/// `read_timer/1`, `read_timer/2`
pub fn read_timer(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let numbers = key(args[0])?;
    let asked = asked(args.get(1))?;
    let left = cx.vm.read_delayed(numbers);
    Ok(answer(cx, args[0], left, &asked, predefined::READ_TIMER))
}
