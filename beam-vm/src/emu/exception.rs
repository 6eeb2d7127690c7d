// SPDX-License-Identifier: Apache-2.0
//! Exceptions: from the instruction that raises to the handler, or to the end of the process.
//!
//! A stack trace is taken when an exception is raised, in a raw form: a tuple of the class, what failed first (a tuple of module, function and
//! arguments or arity; a tuple of the arguments alone, if the function follows from the address; or `[]` if that says all), the cause
//! of a failed BIF or the map that a program has given (or `[]`), and addresses as small integers, the newest first. `build_stacktrace` makes of it what programs see. For a trace that a
//! program gives to `erlang:raise/3` it is a pair of the class and that list.
#![expect(unsafe_code, reason = "handlers work on registers and heap words")]

use alloc::vec::Vec;

use super::call::slow_paths;
use super::dispatch::{State, go, resume};
use super::machine::{Fault, Machine};
use super::run::Stop;
use super::trace::Passed;
use crate::atom::{Atom, predefined};
use crate::bif::{BifIndex, Raise};
use crate::code::Location;
use crate::heap::{Heap, ProcessHeap, build};
use crate::native;
use crate::process::Process;
use crate::term::{Boxed, Header, Kind, Term};
use crate::vm::Vm;

/// Places of the raw form.
const CLASS: usize = 0;
const FIRST: usize = 1;
const CAUSE: usize = 2;
const ADDRESSES: usize = 3;

/// What a program has given as the trace, in the place of the rest.
const GIVEN: usize = 1;

/// The class that a raw stack trace was made for.
pub(super) fn class_of(trace: Term) -> Atom {
    // A damaged program could have made the tuple itself.
    let class = trace.as_tuple().and_then(|tuple| tuple.elements().get(CLASS)?.as_atom());
    class.filter(|class| matches!(*class, predefined::EXIT | predefined::THROW)).unwrap_or(predefined::ERROR)
}

/// A raw stack trace for a class: `raise` knows no other place to look for it.
fn with_class(heap: &mut ProcessHeap, trace: Term, class: Atom) -> Term {
    let Some(raw) = trace.as_tuple().filter(|raw| raw.len() > GIVEN) else {
        return build::tuple(heap, &[Term::atom(class), trace]);
    };
    if class_of(trace) == class {
        return trace;
    }
    let mut elements = raw.elements().to_vec();
    elements[CLASS] = Term::atom(class);
    build::tuple(heap, &elements)
}

/// Raises in the instruction at `s.ip`.
#[cold]
#[inline(never)]
pub(super) unsafe fn raise(s: State, raise: Raise) {
    // SAFETY: as for the handler that has come here.
    unsafe { raise_from(s, raise, Term::NIL, Newest::Instruction) }
}

/// Raises with a known first entry of the stack trace, in a function whose own address says nothing more.
pub(super) unsafe fn raise_with_first(s: State, raise: Raise, first: Term) {
    // SAFETY: as for the handler that has come here.
    unsafe { raise_from(s, raise, first, Newest::FirstAtInstruction) }
}

/// Raises with a known first entry of the stack trace, where the function has no code of its own.
pub(super) unsafe fn raise_with_first_at_return(s: State, raise: Raise, first: Term) {
    // SAFETY: as for the handler that has come here.
    unsafe { raise_from(s, raise, first, Newest::Caller) }
}

/// Raises in a BIF that was called with these arguments.
#[cold]
#[inline(never)]
pub(super) unsafe fn raise_in_bif(mut s: State, raise: Raise, bif: BifIndex, arguments: &[Term]) {
    // SAFETY: as for the handler that has come here.
    unsafe {
        let [module, function] = (&(*(*s.m).vm).bif_names)[bif.0 as usize];
        let is_stub = s.ip.cast::<u32>().read() == super::table::Stubs::get().bif;
        let own = match raise {
            // These are not the BIF's errors: it has done what it was asked to.
            Raise::Exit(_) | Raise::Throw(_) | Raise::Again(_) | Raise::ErrorWith(_) => true,
            _ => module == predefined::ERLANG && function == predefined::ERROR,
        };
        if own {
            let first = match raise {
                Raise::ErrorWith(_) => {
                    let process = s.process();
                    let arguments = process.raised[0];
                    let first = build::tuple(&mut process.heap, &[arguments]);
                    s.reload();
                    first
                }
                _ => Term::NIL,
            };
            // The stub of an entry is no function: that which called is the first.
            let newest = if is_stub { Newest::Caller } else { Newest::FirstAtInstruction };
            return raise_from(s, raise, first, newest);
        }
        let process = s.process();
        let list = build::list(&mut process.heap, arguments);
        let first = build::tuple(&mut process.heap, &[Term::atom(module), Term::atom(function), list]);
        s.reload();
        raise_from(s, raise, first, if is_stub { Newest::Caller } else { Newest::Instruction })
    }
}

/// Raises in an operator that is an instruction of its own.
#[cold]
#[inline(never)]
pub(super) unsafe fn raise_in_operator(mut s: State, raise: Raise, function: Atom, arguments: &[Term]) {
    // SAFETY: as for the handler that has come here.
    unsafe {
        let process = s.process();
        let list = build::list(&mut process.heap, arguments);
        let first =
            build::tuple(&mut process.heap, &[Term::atom(predefined::ERLANG), Term::atom(function), list]);
        s.reload();
        raise_from(s, raise, first, Newest::Instruction)
    }
}

/// Raises where a call that has begun finds out that there is nothing to be called.
#[cold]
#[inline(never)]
pub(super) unsafe fn raise_in_call(s: State, raise: Raise) {
    // SAFETY: as for the handler that has come here.
    unsafe { raise_from(s, raise, Term::NIL, Newest::CallThatHasBegun) }
}

/// What comes after the first entry of a stack trace.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Newest {
    /// The function of the instruction.
    Instruction,
    /// The first entry is the function of the instruction, and its line is known by the address.
    FirstAtInstruction,
    /// The function of the instruction, and that again, by the return address of the call that has begun.
    CallThatHasBegun,
    /// The function that called.
    Caller,
}

unsafe fn raise_from(mut s: State, raise: Raise, first: Term, newest: Newest) {
    // SAFETY: as for the handler that has come here.
    unsafe {
        let process = s.process();
        let (class, reason, cause) = match raise {
            Raise::Error(reason) => (predefined::ERROR, reason, Term::NIL),
            Raise::About(reason, term) => (predefined::ERROR, about(process, reason, term), Term::NIL),
            Raise::ErrorWithCause(reason, cause) => (predefined::ERROR, reason, cause),
            Raise::ErrorWith(reason) => (predefined::ERROR, reason, process.raised[1]),
            Raise::Exit(reason) => (predefined::EXIT, reason, Term::NIL),
            Raise::Throw(value) => (predefined::THROW, value, Term::NIL),
            Raise::Again(class) => {
                let [reason, given] = process.raised;
                let trace = build::tuple(&mut process.heap, &[Term::atom(class), given]);
                s.reload();
                (*s.m).fault = Fault { class, reason, trace, cause: Term::NIL };
                return deliver(s);
            }
            Raise::Trap(_) | Raise::Yield | Raise::Wait | Raise::Asleep | Raise::Ended => {
                (predefined::ERROR, Term::atom(predefined::INTERNAL_ERROR), Term::NIL)
            }
        };
        let vm = &*(*s.m).vm;
        let trace = take_trace(vm, process, s.ip, class, first, cause, newest);
        s.reload();
        (*s.m).fault = Fault { class, reason, trace, cause };
        deliver(s)
    }
}

/// `{Reason, Term}`
pub fn about(process: &mut Process, reason: Atom, term: Term) -> Term {
    build::tuple(&mut process.heap, &[Term::atom(reason), term])
}

/// The stack trace in its raw form.
fn take_trace(
    vm: &Vm,
    process: &mut Process,
    ip: *const u64,
    class: Atom,
    first: Term,
    cause: Term,
    newest: Newest,
) -> Term {
    let (depth, telling) = (vm.backtrace_depth, super::trace::return_address(vm).addr());
    let address = |raw: usize| Term::small_cut(raw as i64);
    // What failed is an entry of its own unless it is the function of the instruction.
    let is_entry = first.as_tuple().is_some_and(|tuple| tuple.len() > 1);
    let has_entry = is_entry && newest != Newest::FirstAtInstruction;
    let mut left = depth.saturating_sub(usize::from(has_entry));
    let mut previous = 0;
    let own = if newest != Newest::Caller && (left > 0 || !has_entry) {
        // The return address of an instruction of one word looks like its own address.
        previous = if newest == Newest::CallThatHasBegun { 0 } else { ip.addr() };
        left = left.saturating_sub(1);
        address(ip.addr())
    } else {
        Term::NIL
    };
    let room = 1 + ADDRESSES + 1 + left;
    let at = process.heap.allocate(room);
    // SAFETY: the heap has given words for the header, the fixed elements and the most addresses; what is left is given back.
    unsafe {
        let elements = at.add(1).cast::<Term>();
        elements.write(Term::atom(class));
        elements.add(FIRST).write(first);
        elements.add(CAUSE).write(cause);
        elements.add(ADDRESSES).write(own);
        let mut len = ADDRESSES + 1;
        for word in process.heap.stack() {
            if len + 1 == room {
                break;
            }
            // Return addresses are the only words on a stack with the tag of a header.
            let raw = word.raw() as usize;
            // A frame that tells of a return is no call.
            if raw & 3 == 0 && raw != 0 && raw != telling {
                // The address is that of the instruction after the call. Calls from one place that follow each other are one entry.
                let call = raw - 8;
                if call != previous {
                    elements.add(len).write(address(call));
                    len += 1;
                }
                previous = call;
            }
        }
        at.write(Header::new(Kind::Tuple, len).raw());
        process.heap.give_back(at.add(1 + len), room - 1 - len);
        Boxed::new(at).term()
    }
}

/// Brings the exception in [`Machine::fault`] to its handler.
unsafe fn deliver(mut s: State) {
    // SAFETY: the stack is the process's; its words are terms, handlers and return addresses.
    unsafe {
        let process = s.process();
        let mut frame = 0;
        let mut found = None;
        let mut caught_at = 0;
        for (index, word) in process.heap.stack().iter().enumerate() {
            if index > 0 && word.raw() & 3 == 0 {
                frame = index;
            } else if let Some(address) = word.as_catch() {
                found = Some(address);
                caught_at = index;
                break;
            }
        }
        let Fault { class, reason, trace, .. } = (*s.m).fault;
        if (*(*s.m).vm).tracing.is_used {
            let is_caught = found.is_some();
            let words = if is_caught { caught_at } else { process.heap.stack().len() };
            super::trace::unwind(&mut *(*s.m).vm, process, Passed { words, is_caught }, class, reason);
            s.reload();
        }
        let Some(address) = found else {
            let vm = &mut *(*s.m).vm;
            process.exit_reason = exit_reason(vm, process, class, reason, trace);
            if class != predefined::EXIT {
                vm.log_crash(process);
            }
            (*s.m).stop = Some(Stop::Ended);
            return;
        };
        s.sp = s.sp.add(frame);
        // The call that was under way in the frame is not any more.
        s.sp.write(0);
        s.ip = core::ptr::with_exposed_provenance(address as usize);
        let x = s.x();
        x[0] = Term::NONE;
        x[1] = Term::atom(class);
        x[2] = reason;
        x[3] = trace;
        // The trace may have gone to a fragment, and a program that only raises and catches allocates nothing itself.
        super::call::look_soon(&mut s);
        resume(s)
    }
}

/// Why a process has ended by an exception that nobody has caught.
fn exit_reason(vm: &Vm, process: &mut Process, class: Atom, reason: Term, trace: Term) -> Term {
    let reason = match class {
        predefined::EXIT => return reason,
        predefined::THROW => build::tuple(&mut process.heap, &[Term::atom(predefined::NOCATCH), reason]),
        _ => reason,
    };
    let list = visible_trace(vm, process, trace);
    build::tuple(&mut process.heap, &[reason, list])
}

/// A stack trace as programs see it.
pub fn visible_trace(vm: &Vm, process: &mut Process, trace: Term) -> Term {
    let Some(raw) = trace.as_tuple() else {
        return if trace.is_some() { trace } else { Term::NIL };
    };
    let elements = raw.elements();
    if let [_, given] = elements {
        return *given;
    }
    if elements.len() < ADDRESSES {
        return Term::NIL;
    }
    let heap = &mut process.heap;
    let mut entries = Vec::new();
    let first = elements[FIRST];
    let mut addresses = elements[ADDRESSES..].iter();
    if let Some(tuple) = first.as_tuple().filter(|tuple| tuple.len() == 1) {
        if let Some(location) = addresses.next().and_then(|address| locate(vm, *address)) {
            let arguments = tuple.elements()[0];
            let arguments =
                if arguments.is_list() { arguments } else { Term::count(location.arity as usize) };
            let place = place_with(heap, &location, elements[CAUSE]);
            let head = [Term::atom(location.module), Term::atom(location.function), arguments, place];
            entries.push(build::tuple(heap, &head));
        }
    } else if let Some(tuple) = first.as_tuple() {
        let (module, function, arguments) = match tuple.elements() {
            [module, function, arguments] => (*module, *function, *arguments),
            _ => return Term::NIL,
        };
        let location = addresses.as_slice().first().and_then(|address| locate(vm, *address));
        let same = location.as_ref().filter(|location| {
            Term::atom(location.module) == module
                && Term::atom(location.function) == function
                && !is_bif(vm, module, function, arguments)
        });
        if let Some(location) = same {
            addresses.next();
            let place = place(heap, location);
            entries.push(build::tuple(heap, &[module, function, arguments, place]));
        } else {
            // A function that is not there fails as well, and nobody explains that.
            let explained = is_bif(vm, module, function, arguments);
            let info = if explained { error_info(vm, heap, module, elements[CAUSE]) } else { Term::NIL };
            entries.push(build::tuple(heap, &[module, function, arguments, info]));
        }
    }
    // What an instruction of the function itself says of its cause.
    let mut cause = if first.is_nil() { elements[CAUSE] } else { Term::NIL };
    for address in addresses {
        if let Some(location) = locate(vm, *address) {
            let mut place = place(heap, &location);
            if !core::mem::replace(&mut cause, Term::NIL).is_nil() {
                place = construction_info(heap, place, elements[CAUSE]);
            }
            let head = [
                Term::atom(location.module),
                Term::atom(location.function),
                Term::count(location.arity as usize),
                place,
            ];
            entries.push(build::tuple(heap, &head));
        }
    }
    build::list(heap, &entries)
}

/// Whether a function is one whose errors are explained: a BIF, or `apply`, which is an instruction here.
fn is_bif(vm: &Vm, module: Term, function: Term, arguments: Term) -> bool {
    if module == Term::atom(predefined::ERLANG) && function == Term::atom(predefined::APPLY) {
        return true;
    }
    let arity = match arguments.as_small() {
        Some(arity) => arity as u32,
        None => core::iter::successors(arguments.as_cons(), |cell| cell.tail().as_cons()).count() as u32,
    };
    let (Some(module), Some(function)) = (module.as_atom(), function.as_atom()) else { return false };
    let is_native =
        || module == predefined::ERLANG && native::find("erlang", vm.atoms.text(function), arity).is_some();
    vm.code.find_export(module, function, arity).is_some_and(|export| export.bif.get() != 0) || is_native()
}

fn locate(vm: &Vm, address: Term) -> Option<Location> {
    vm.code.locate(address.as_small()? as usize)
}

/// `[{file, File}, {line, Line}]`, or `[]`.
#[must_use]
pub fn place(heap: &mut ProcessHeap, location: &Location) -> Term {
    place_with(heap, location, Term::NIL)
}

/// The same with `{error_info, Info}` at its end, unless that is `[]`.
fn place_with(heap: &mut ProcessHeap, location: &Location, info: Term) -> Term {
    let end = if info.is_nil() {
        Term::NIL
    } else {
        let pair = build::tuple(heap, &[Term::atom(predefined::ERROR_INFO), info]);
        build::list(heap, &[pair])
    };
    let Some((file, line)) = location.line.as_ref() else { return end };
    let file = build::string(heap, file);
    let file = build::tuple(heap, &[Term::atom(predefined::FILE), file]);
    let line = build::tuple(heap, &[Term::atom(predefined::LINE), Term::small_cut(i64::from(*line))]);
    build::list_before(heap, &[file, line], end)
}

/// `[{error_info, #{module => Explains}}]` for a BIF of a module whose errors somebody explains, or `[]`.
fn error_info(vm: &Vm, heap: &mut ProcessHeap, module: Term, cause: Term) -> Term {
    let explains = match module.as_atom() {
        Some(
            predefined::ERLANG
            | predefined::ATOMICS
            | predefined::COUNTERS
            | predefined::ERTS_INTERNAL
            | predefined::PERSISTENT_TERM,
        ) => "erl_erts_errors",
        Some(
            predefined::BINARY
            | predefined::ETS
            | predefined::LISTS
            | predefined::MAPS
            | predefined::MATH
            | predefined::RE
            | predefined::UNICODE,
        ) => "erl_stdlib_errors",
        Some(predefined::OS) => "erl_kernel_errors",
        _ => return Term::NIL,
    };
    let Some(explains) = vm.atoms.find(explains) else { return Term::NIL };
    let map = if cause.is_nil() {
        let keys = build::tuple(heap, &[Term::atom(predefined::MODULE)]);
        build::flat_map(heap, keys, &[Term::atom(explains)])
    } else {
        let keys = build::tuple(heap, &[Term::atom(predefined::CAUSE), Term::atom(predefined::MODULE)]);
        build::flat_map(heap, keys, &[cause, Term::atom(explains)])
    };
    let pair = build::tuple(heap, &[Term::atom(predefined::ERROR_INFO), map]);
    build::list(heap, &[pair])
}

/// The place of an instruction that builds a binary, and behind it what `erl_erts_errors` explains its error by.
fn construction_info(heap: &mut ProcessHeap, place: Term, cause: Term) -> Term {
    let keys = [predefined::CAUSE, predefined::FUNCTION, predefined::MODULE].map(Term::atom);
    let values = [predefined::FORMAT_BS_FAIL, predefined::ERL_ERTS_ERRORS].map(Term::atom);
    let keys = build::tuple(heap, &keys);
    let map = build::flat_map(heap, keys, &[cause, values[0], values[1]]);
    let pair = build::tuple(heap, &[Term::atom(predefined::ERROR_INFO), map]);
    let mut elements: Vec<Term> = Vec::with_capacity(3);
    let mut rest = place;
    while let Some(cell) = rest.as_cons() {
        elements.push(cell.head());
        rest = cell.tail();
    }
    elements.push(pair);
    build::list(heap, &elements)
}

slow_paths! {
    /// `raw_raise`, `raise`: class, value and trace in x0 to x2.
    fn raw_raise(s) {
        let [class, reason, trace] = [s.x()[0], s.x()[1], s.x()[2]];
        match class.as_atom() {
            Some(class @ (predefined::ERROR | predefined::EXIT | predefined::THROW)) => {
                let trace = with_class(&mut s.process().heap, trace, class);
                s.reload();
                (*s.m).fault = Fault { class, reason, trace, cause: Term::NIL };
                deliver(s)
            }
            // As stock: what is no class is a value.
            _ => {
                s.x()[0] = Term::atom(predefined::BADARG);
                let op = &*s.ip.cast::<super::operand::I0>();
                s.ip = s.ip.add(size_of_val(op) / 8);
                go(s)
            }
        }
    }

    /// `build_stacktrace`
    fn build_stacktrace(s) {
        let trace = s.x()[0];
        let context = s.context();
        let visible = visible_trace(context.vm, context.process, trace);
        s.reload();
        s.x()[0] = visible;
        let op = &*s.ip.cast::<super::operand::I0>();
        s.ip = s.ip.add(size_of_val(op) / 8);
        go(s)
    }

    /// `catch_end` after an exception: x1 to x3 become what `catch` gives.
    fn catch_end(s) {
        let [class, reason, trace] = [s.x()[1], s.x()[2], s.x()[3]];
        let context = s.context();
        let value = match class.as_atom() {
            Some(predefined::THROW) => reason,
            Some(predefined::ERROR) => {
                let list = visible_trace(context.vm, context.process, trace);
                let pair = build::tuple(&mut context.process.heap, &[reason, list]);
                build::tuple(&mut context.process.heap, &[Term::atom(predefined::UPPER_EXIT), pair])
            }
            _ => build::tuple(&mut context.process.heap, &[Term::atom(predefined::UPPER_EXIT), reason]),
        };
        s.reload();
        s.x()[0] = value;
        let op = &*s.ip.cast::<super::operand::I1<super::operand::Y>>();
        s.ip = s.ip.add(size_of_val(op) / 8);
        go(s)
    }

    /// `badmatch` and its like: the tag is in the fault's class, the value in its reason.
    fn raise_pair(s) {
        let Fault { class: tag, reason: value, .. } = (*s.m).fault;
        let process = s.process();
        let reason = build::tuple(&mut process.heap, &[Term::atom(tag), value]);
        s.reload();
        raise(s, Raise::Error(reason))
    }

    /// `if_end`
    fn if_clause(s) {
        raise(s, Raise::error(predefined::IF_CLAUSE))
    }
}
