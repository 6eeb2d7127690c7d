// SPDX-License-Identifier: Apache-2.0
//! Processes that stop: suspended by others, or asleep of their own will.

use super::{Options, find, settle};
use crate::atom::predefined;
use crate::bif::lists::proper;
use crate::bif::{BifResult, Context, Raise};
use crate::gc::{Extent, Outcome};
use crate::heap::build;
use crate::process::{Lookup, Message, Parked, SavedCall};
use crate::term::Term;

/// `erts_internal:suspend_process/2`: what is wrong is told as an atom.
pub fn suspend_process(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let badarg = Ok(Term::atom(predefined::BADARG));
    let own = cx.process.pid;
    let Some(pid) = args[0].as_pid().filter(|pid| *pid != own) else { return badarg };
    let (mut unless_suspending, mut answer) = (false, None);
    let mut options = Options::new(args[1], Raise::BADARG);
    loop {
        let Ok(option) = options.next() else { return badarg };
        let Some(option) = option else { break };
        let pair = option.as_tuple();
        match (option.as_atom(), pair.as_ref().map(|pair| pair.elements())) {
            (Some(predefined::UNLESS_SUSPENDING), _) => unless_suspending = true,
            (Some(predefined::ASYNCHRONOUS), _) => {}
            (_, Some([name, tag])) if *name == Term::atom(predefined::ASYNCHRONOUS) => answer = Some(*tag),
            _ => return Ok(Term::atom(predefined::BADOPT)),
        }
    }
    settle(cx, args[0], args)?;
    let is_alive = cx.vm.processes.is_alive(pid);
    if let Some(tag) = answer {
        let outcome = if is_alive { predefined::SUSPENDED } else { predefined::EXITED };
        let term = build::tuple(cx.heap(), &[tag, Term::atom(outcome)]);
        cx.process.mailbox.push(&mut cx.vm.nodes, Message::of_machine(term, None));
    } else if !is_alive {
        return badarg;
    }
    let count = cx.process.extension_mut().suspending.entry(pid).or_default();
    if unless_suspending && *count > 0 {
        return Ok(Term::boolean(false));
    }
    if let Lookup::Process(process) = cx.vm.processes.lookup(pid) {
        *count += 1;
        process.suspended += 1;
    }
    Ok(Term::boolean(true))
}

/// `resume_process/1`
pub fn resume_process(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let pid = args[0].as_pid().ok_or(Raise::BADARG)?;
    let suspending = &mut cx.process.extension_mut().suspending;
    let count = suspending.get_mut(&pid).filter(|count| **count > 0).ok_or(Raise::BADARG)?;
    *count -= 1;
    if *count == 0 {
        suspending.remove(&pid);
    }
    if !cx.vm.processes.is_alive(pid) {
        return Err(Raise::BADARG);
    }
    cx.vm.resume(pid, 1);
    Ok(Term::boolean(true))
}

/// `hibernate/3`: the stack is left, the heap becomes as small as it can be, and the next message calls the function.
pub fn hibernate(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (Some(module), Some(function)) = (args[0].as_atom(), args[1].as_atom()) else {
        return Err(Raise::BADARG);
    };
    let arguments = proper(args[2]).ok_or(Raise::BADARG)?;
    if arguments.len() > 255 {
        return Err(Raise::SYSTEM_LIMIT);
    }
    let export = cx.vm.code.export(module, function, arguments.len() as u32);
    if cx.vm.tracing.detours.is_on() {
        cx.process.save_call(SavedCall::Function((module, function, export.arity)));
    }
    cx.process.set_arguments(&arguments);
    cx.process.ip = cx.vm.tracing.detours.passed(export.address.get());
    cx.process.heap.empty_stack();
    cx.process.heap.push_return_address(&raw const cx.vm.instructions[0]);
    cx.process.mailbox.restart();
    // SAFETY: the stack is empty, the arguments are among the roots, and nothing else of the process is used afterwards.
    #[expect(unsafe_code, reason = "moves what terms point to")]
    let outcome = unsafe { cx.vm.collect(cx.process, &mut [], 0, Extent::Hibernate) };
    match outcome {
        Outcome::Done => Err(Raise::Asleep),
        Outcome::TooLarge => Err(Raise::Ended),
    }
}

/// `bump_reductions/1`
pub fn bump_reductions(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let count = args[0].as_small().filter(|count| *count >= 0).ok_or(Raise::BADARG)?;
    cx.bump(count.min(4000) as u32);
    Ok(Term::boolean(true))
}

/// `yield/0`: the turn ends here, whatever is left of it.
pub fn yield_now(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    match cx.take_parked() {
        Some(Parked::Yielded) => Ok(Term::boolean(true)),
        _ => Err(cx.park(Parked::Yielded, args)),
    }
}

/// `erts_internal:request_system_task/3`: a collection of another process, or whether it runs old code, done at once; the answer comes as
/// a message.
pub fn request_system_task(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let pid = args[0].as_pid().ok_or(Raise::BADARG)?;
    let request = args[2].as_tuple().ok_or(Raise::BADARG)?;
    let [kind, id, extent] = *request.elements() else { return Err(Raise::BADARG) };
    settle(cx, args[0], args)?;
    if kind == Term::atom(predefined::CHECK_PROCESS_CODE) {
        let module = extent.as_atom().ok_or(Raise::BADARG)?;
        let runs_old = if pid == cx.process.pid {
            cx.vm.code.runs_old(module, cx.process)
        } else {
            // A process that is gone runs nothing.
            match cx.vm.processes.lookup(pid) {
                Lookup::Process(process) => cx.vm.code.runs_old(module, process),
                _ => false,
            }
        };
        let term = build::tuple(cx.heap(), &[kind, id, Term::boolean(runs_old)]);
        cx.process.mailbox.push(&mut cx.vm.nodes, Message::of_machine(term, None));
        return Ok(Term::atom(predefined::OK));
    }
    if kind != Term::atom(predefined::GARBAGE_COLLECT) {
        return Err(Raise::BADARG);
    }
    let extent = match extent.as_atom() {
        Some(predefined::MAJOR) => Extent::Full,
        Some(predefined::MINOR) => Extent::Minor,
        _ => return Err(Raise::BADARG),
    };
    let is_alive = find(cx, pid).is_some();
    let term = build::tuple(cx.heap(), &[kind, id, Term::boolean(is_alive)]);
    cx.process.mailbox.push(&mut cx.vm.nodes, Message::of_machine(term, None));
    if pid == cx.process.pid {
        // SAFETY: after this the BIF returns an atom; the registers of a call are dead then.
        #[expect(unsafe_code, reason = "moves what terms point to")]
        let outcome = unsafe { cx.vm.collect(cx.process, &mut [], 0, extent) };
        if outcome == Outcome::TooLarge {
            return Err(Raise::Ended);
        }
    } else {
        cx.vm.collect_parked(pid, extent);
    }
    Ok(Term::atom(predefined::OK))
}
