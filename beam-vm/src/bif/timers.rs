// SPDX-License-Identifier: Apache-2.0
//! Timers: `send_after`, `start_timer`, `cancel_timer`, `read_timer`.

use super::time::BEGINNING;
use super::{BifResult, Context, Raise};
use crate::atom::{Atom, predefined};
use crate::heap::build;
use crate::process::{Message, RefNumbers};
use crate::term::{REF_NUMBERS_MAX, Term, View};
use crate::timers::{Form, Receiver};

/// How far in the future a timer may be, in milliseconds: a little less than the monotonic clock goes.
const MAX_DELAY: i64 = 9_223_372_034_000;

/// `badarg`, and `error_info` says which argument is wrong.
const fn badarg(cause: Atom) -> Raise {
    Raise::ErrorWithCause(Term::atom(predefined::BADARG), Term::atom(cause))
}

/// The names and values of a list of options.
fn pairs(
    list: Option<&Term>,
    wrong: Raise,
    mut take: impl FnMut(Atom, bool) -> Option<()>,
) -> Result<(), Raise> {
    let mut rest = list.copied().unwrap_or(Term::NIL);
    while let Some(cell) = rest.as_cons() {
        let pair = cell.head().as_tuple().ok_or(wrong)?;
        let [name, value] = *pair.elements() else { return Err(wrong) };
        let (name, value) = name.as_atom().zip(value.as_boolean()).ok_or(wrong)?;
        take(name, value).ok_or(wrong)?;
        rest = cell.tail();
    }
    if rest.is_nil() { Ok(()) } else { Err(wrong) }
}

/// Sets a timer; options say whether the time is absolute.
fn set(cx: &mut Context<'_>, args: &[Term], form: Form) -> BifResult {
    let mut absolute = false;
    pairs(args.get(3), badarg(predefined::BADOPT), |name, value| {
        absolute = value;
        (name == predefined::ABS).then_some(())
    })?;
    let time = args[0].as_small().ok_or(badarg(predefined::TIME))?;
    let now = cx.vm.now_ms();
    let deadline = if absolute {
        // The clock of programs begins elsewhere.
        let since = time.saturating_sub(BEGINNING / 1_000_000);
        Some(since).filter(|since| (0..=MAX_DELAY).contains(since)).ok_or(badarg(predefined::TIME))? as u64
    } else {
        let delay =
            Some(time).filter(|delay| (0..=MAX_DELAY).contains(delay)).ok_or(badarg(predefined::TIME))?;
        now + delay as u64
    };
    let receiver = match (args[1].as_pid(), args[1].as_atom()) {
        (Some(pid), _) => Receiver::Pid(pid),
        (_, Some(name)) => Receiver::Name(name),
        _ => return Err(Raise::BADARG),
    };
    let numbers = cx.vm.new_reference();
    cx.vm.delay(cx.process, numbers, deadline, receiver, form, args[2]);
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
    let View::Reference(reference) = term.view() else { return Err(Raise::BADARG) };
    reference.numbers(&mut [0; REF_NUMBERS_MAX]).first_chunk::<3>().copied().ok_or(Raise::BADARG)
}

/// Tells how much a timer has left: at once, as a message, or not at all.
fn answer(cx: &mut Context<'_>, timer: Term, left: Option<u64>, asked: Asked, tag: Atom) -> Term {
    let left = left.map_or(Term::boolean(false), |left| Term::count(left as usize));
    match asked {
        Asked::Now => left,
        Asked::Never => Term::atom(predefined::OK),
        Asked::Later => {
            let term = build::tuple(cx.heap(), &[Term::atom(tag), timer, left]);
            cx.process.mailbox.push(&mut cx.vm.nodes, Message::of_machine(term, None));
            Term::atom(predefined::OK)
        }
    }
}

/// How the answer is to come.
#[derive(Clone, Copy)]
enum Asked {
    Now,
    Later,
    Never,
}

/// `cancel_timer/1`, `cancel_timer/2`
pub fn cancel_timer(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (mut later, mut told) = (false, true);
    pairs(args.get(1), Raise::BADARG, |name, value| {
        match name {
            predefined::ASYNC => later = value,
            predefined::INFO => told = value,
            _ => return None,
        }
        Some(())
    })?;
    let numbers = key(args[0])?;
    let asked = match (told, later) {
        (false, _) => Asked::Never,
        (true, true) => Asked::Later,
        (true, false) => Asked::Now,
    };
    let left = cx.vm.cancel_delayed(cx.process, numbers);
    Ok(answer(cx, args[0], left, asked, predefined::CANCEL_TIMER))
}

/// `read_timer/1`, `read_timer/2`
pub fn read_timer(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let mut later = false;
    pairs(args.get(1), Raise::BADARG, |name, value| {
        later = value;
        (name == predefined::ASYNC).then_some(())
    })?;
    let numbers = key(args[0])?;
    let asked = if later { Asked::Later } else { Asked::Now };
    let left = cx.vm.read_delayed(numbers);
    Ok(answer(cx, args[0], left, asked, predefined::READ_TIMER))
}
