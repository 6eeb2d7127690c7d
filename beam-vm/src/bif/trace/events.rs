// SPDX-License-Identifier: Apache-2.0
//! Which messages are told of: `trace_pattern(send, _, [])` and `trace_pattern('receive', _, [])`; and the events themselves.

use crate::atom::{Atom, predefined};
use crate::bif::Context;
use crate::bif::match_specs::{Caller, Effects};
use crate::bif::messages::By;
use crate::matchspec::{Scratch, Subject};
use crate::process::{Process, SavedCall};
use crate::term::{LocalPid, Term};
use crate::trace::{EventPattern, Flag};
use crate::vm::Vm;

/// Whether an event is told of; if it is, with what the specification adds.
fn judge(cx: &mut Context<'_>, pattern: &EventPattern, subject: &[Term]) -> Option<Option<Term>> {
    let Some(program) = &pattern.pattern.program else { return pattern.is_on.then_some(None) };
    if !pattern.is_on {
        return None;
    }
    let mut caller = Caller::new(cx);
    caller.effects = Effects::Real;
    let result = program.run(&mut caller, Subject::Arguments(subject), &mut Scratch::default())?;
    if result == Term::boolean(false) {
        return None;
    }
    if cx.process.watched().is_some_and(|tracee| tracee.flags.has(Flag::Silent)) {
        return None;
    }
    Some((result != Term::boolean(true)).then_some(result))
}

/// Tells of an event of a process, which `cx` takes for the one that calls.
fn tell(cx: &mut Context<'_>, flag: Flag, pattern: &EventPattern, subject: &[Term], event: &[Term]) {
    if cx.process.watched().is_none_or(|tracee| !tracee.flags.has(flag)) {
        return;
    }
    let Some(extra) = judge(cx, pattern, subject) else { return };
    let mut event = event.to_vec();
    event.extend(extra);
    cx.vm.trace_event(cx.process, flag, &event);
}

/// Tells of a message that a traced process sends.
pub fn sent(cx: &mut Context<'_>, to: Term, message: Term, by: By) {
    if by == By::Instruction {
        cx.vm.calls_begin(cx.process);
        cx.process.save_call(SavedCall::Function((predefined::ERLANG, predefined::SEND, 2)));
    }
    let is_no_name = to
        .as_tuple()
        .is_some_and(|name| !matches!(name.elements(), [name, node] if name.is_atom() && node.is_atom()));
    if !is_no_name {
        cx.process.save_call(SavedCall::Send);
    }
    let is_lost = to.as_pid().is_some_and(|pid| pid != cx.process.pid && !cx.vm.processes.is_there(pid));
    let name: Atom = if is_lost { predefined::SEND_TO_NON_EXISTING_PROCESS } else { predefined::SEND };
    let pattern = cx.vm.tracing.sent.clone();
    tell(cx, Flag::Send, &pattern, &[to, message], &[Term::atom(name), message, to]);
}

/// Who sends a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum From {
    /// A process.
    Process(LocalPid),
    /// The machine.
    Machine,
    /// The clock, which ends the time that a process waits for messages.
    Clock,
}

/// Tells of a message that a traced process gets.
pub fn received(vm: &mut Vm, receiver: &mut Process, from: From, message: Term) {
    let (node, sender) = match from {
        From::Process(pid) => (vm.node.name, Term::pid(pid)),
        From::Machine => (predefined::SYSTEM, Term::atom(predefined::UNDEFINED)),
        From::Clock => (predefined::CLOCK_SERVICE, Term::atom(predefined::UNDEFINED)),
    };
    let pattern = vm.tracing.received.clone();
    let mut cx = Context { vm, process: receiver };
    let event = [Term::atom(predefined::RECEIVE), message];
    tell(&mut cx, Flag::Receive, &pattern, &[Term::atom(node), sender, message], &event);
}
