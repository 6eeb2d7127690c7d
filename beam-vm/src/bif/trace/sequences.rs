// SPDX-License-Identifier: Apache-2.0
//! `seq_trace/2`, `seq_trace_info/1`, `seq_trace_print/1,2`: the token of the process that calls; and the system's tracer (`erl_bif_trace.c`).

use super::read_tracer;
use crate::atom::predefined;
use crate::bif::{BifResult, Context, Raise};
use crate::copy;
use crate::heap::build;
use crate::process::Process;
use crate::term::Term;
use crate::trace::Tracer;
use crate::trace::sequential::{self, Teller, Token, Told};

/// The token of a process.
#[must_use]
pub fn process_token(process: &Process) -> Option<Token> {
    process.extension()?.sequence.token
}

/// The token of the process that calls, made if it has none.
fn own_token<'a>(cx: &'a mut Context<'_>) -> &'a mut Token {
    cx.vm.tracing.sequential.is_used = true;
    cx.vm.tracing.is_used = true;
    let sender = Term::pid(cx.process.pid);
    let sequence = &mut cx.process.extension_mut().sequence;
    let last = sequence.last;
    let new = Token { flags: 0, label: Term::small_cut(0), serial: 0, sender, last };
    sequence.token.get_or_insert(new)
}

/// Changes an item of the token; gives what it was.
pub fn set_token(cx: &mut Context<'_>, item: Term, value: Term) -> BifResult {
    let item = item.as_atom().ok_or(Raise::BADARG)?;
    if let (Some(flag), Some(is_set)) = (sequential::flag(item), value.as_boolean()) {
        let token = own_token(cx);
        let was_set = token.flags & flag != 0;
        token.flags = if is_set { token.flags | flag } else { token.flags & !flag };
        return Ok(Term::boolean(was_set));
    }
    match item {
        predefined::LABEL => Ok(core::mem::replace(&mut own_token(cx).label, value)),
        predefined::SERIAL => {
            let pair = value.as_tuple().ok_or(Raise::BADARG)?;
            let [last, serial] = *pair.elements() else { return Err(Raise::BADARG) };
            let (Some(new_last), Some(new_serial)) = (last.as_small(), serial.as_small()) else {
                return Err(Raise::BADARG);
            };
            let token = own_token(cx);
            let before = [token.last, token.serial].map(Term::small_cut);
            (token.last, token.serial) = (new_last, new_serial);
            let sequence = &mut cx.process.extension_mut().sequence;
            (sequence.last, sequence.clock) = (new_last, new_serial);
            Ok(build::tuple(cx.heap(), &before))
        }
        predefined::SEQUENTIAL_TRACE_TOKEN if value.is_nil() => {
            let before = process_token(cx.process);
            if before.is_some() {
                cx.process.extension_mut().sequence.token = None;
            }
            Ok(before.map_or(Term::NIL, |token| token.term(cx.heap())))
        }
        _ => Err(Raise::BADARG),
    }
}

/// `seq_trace/2`
pub fn seq_trace(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    set_token(cx, args[0], args[1])
}

/// An item of the token of the process that calls, `[]` if there is none.
pub fn token_item(cx: &mut Context<'_>, item: Term) -> BifResult {
    let name = item.as_atom().ok_or(Raise::BADARG)?;
    let token = process_token(cx.process);
    let value = match (name, token) {
        (predefined::SPAWN, None) => Term::boolean(false),
        (predefined::LABEL | predefined::SERIAL, None) => return Ok(Term::NIL),
        (predefined::LABEL, Some(token)) => token.label,
        (predefined::SERIAL, Some(token)) => {
            build::tuple(cx.heap(), &[token.last, token.serial].map(Term::small_cut))
        }
        _ => {
            let flag = sequential::flag(name).ok_or(Raise::BADARG)?;
            Term::boolean(token.is_some_and(|token| token.flags & flag != 0))
        }
    };
    Ok(build::tuple(cx.heap(), &[item, value]))
}

/// `seq_trace_info/1`
pub fn seq_trace_info(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    token_item(cx, args[0])
}

/// Tells the system's tracer what a program says.
fn print(cx: &mut Context<'_>, what: Term) -> Term {
    let Some(token) = cx.vm.next_token(cx.process) else { return Term::boolean(false) };
    let teller = Teller::from(&*cx.process);
    cx.vm.tell_sequence(token, Told::Print, teller, Term::NIL, &|heap| copy::copy(what, heap, &(0..0)));
    Term::boolean(true)
}

/// `seq_trace_print/1`
pub fn seq_trace_print(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    Ok(print(cx, args[0]))
}

/// `seq_trace_print/2`: only if the label is this one.
pub fn seq_trace_print2(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let is_it = process_token(cx.process).is_some_and(|token| crate::compare::same(token.label, args[0]));
    Ok(if is_it { print(cx, args[1]) } else { Term::boolean(false) })
}

/// `system_flag(sequential_tracer, _)`
pub fn set_tracer(cx: &mut Context<'_>, value: Term) -> BifResult {
    let tracer = if value == Term::boolean(false) {
        None
    } else {
        let tracer = match value.as_tuple() {
            Some(pair) => read_tracer(cx, pair.elements()),
            None => read_tracer(cx, &[value]),
        };
        Some(tracer.ok_or(Raise::BADARG)?)
    };
    let before = cx.vm.sequential_tracer(cx.process.pid);
    cx.vm.tracing.sequential.tracer = tracer;
    Ok(before.map_or(Term::boolean(false), Tracer::term))
}

/// `system_flag(reset_seq_trace, _)`
pub fn reset(cx: &mut Context<'_>) -> Term {
    cx.vm.reset_sequences(cx.process);
    Term::boolean(true)
}
