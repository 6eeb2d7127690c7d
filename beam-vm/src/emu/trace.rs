// SPDX-License-Identifier: Apache-2.0
//! Calls and returns that are traced.
//!
//! A call whose return is to be told of gets a frame of its own below that of the function: its return address leads to an instruction that
//! tells, its slots have the function's name, what to tell and whom. An exception that goes past the frame tells too. What the tracer of the
//! process is told and what that of the function is told are frames of their own.
#![expect(unsafe_code, reason = "handlers work on registers and heap words")]

use alloc::vec::Vec;

use super::call::slow_paths;
use super::collect::{Outcome, collect};
use super::dispatch::{State, resume, resume_as};
use super::exception::about;
use super::handlers::calls::set_return_address;
use super::machine::Machine;
use crate::atom::{Atom, predefined};
use crate::bif::match_specs::{Caller, Effects};
use crate::bif::{BifIndex, Context, Raise};
use crate::bits::Cursor;
use crate::code::Location;
use crate::heap::{RESERVED, build};
use crate::matchspec::{Scratch, Subject};
use crate::process::{Process, SavedCall};
use crate::term::{Export, LocalPid, Term};
use crate::trace::{Detour, Flag, Flags, Meta, Name, Pattern, Place, Timed, Tracee, Tracer};
use crate::vm::Vm;

/// Slots of a frame: module, function, arity, what to tell, in which function time was measured before, and who is told, or `[]` for the
/// tracer of the process.
const SLOTS: usize = 6;

/// What is told when a call returns.
const RETURN: i64 = 1;
/// What is told when an exception ends a call.
const EXCEPTION: i64 = 2;
/// What is told of where it returns to.
const RETURN_TO: i64 = 4;
/// The time of the call is measured.
const TIME: i64 = 8;
/// The tracer of a BIF is told when it returns.
const META_RETURN: i64 = 16;
/// The tracer of a BIF is told when an exception ends it.
const META_EXCEPTION: i64 = 32;

/// The address of the instruction that calls return to whose return is traced.
pub(super) fn return_address(vm: &Vm) -> *const u64 {
    &raw const vm.instructions[super::RETURN_TRACE]
}

/// What called: the call of a function, or the BIF's.
fn caller(vm: &Vm, process: &Process) -> Option<Location> {
    // The function that has the instruction calls, unless the BIF was called by its entry.
    if vm.tracing.calls_bif
        && let Some(at) = vm.code.locate(process.ip.addr())
    {
        return Some(at);
    }
    let own = return_address(vm).addr();
    let mut addresses =
        process.heap.stack().iter().map(|word| word.raw() as usize).filter(|raw| raw & 3 == 0 && *raw != 0);
    let address = addresses.find(|raw| *raw != own)?;
    vm.code.locate(address - 8)
}

fn function_term(cx: &mut Context<'_>, function: Option<&Location>) -> Term {
    match function {
        Some(at) => {
            let arity = Term::count(at.arity as usize);
            build::tuple(cx.heap(), &[Term::atom(at.module), Term::atom(at.function), arity])
        }
        None => Term::atom(predefined::UNDEFINED),
    }
}

/// The function that called, as match specifications tell it.
pub fn caller_term(cx: &mut Context<'_>) -> Term {
    let caller = caller(cx.vm, cx.process);
    function_term(cx, caller.as_ref())
}

/// The same with file and line, or `undefined` where they are not known.
pub fn caller_line_term(cx: &mut Context<'_>) -> Term {
    let Some(at) = caller(cx.vm, cx.process) else { return Term::atom(predefined::UNDEFINED) };
    let line = match &at.line {
        Some((file, line)) => {
            let file = build::string(cx.heap(), file);
            build::tuple(cx.heap(), &[file, Term::count(*line as usize)])
        }
        None => Term::atom(predefined::UNDEFINED),
    };
    let parts = [Term::atom(at.module), Term::atom(at.function), Term::count(at.arity as usize), line];
    build::tuple(cx.heap(), &parts)
}

/// Whose tracer is told of a call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// That of the process that calls, also of where the call returns to.
    Local,
    /// That of the process that calls.
    Global,
    /// That of the function, whoever calls, and however that process is traced.
    Meta,
}

/// Runs a pattern and tells of the call. Gives what is to be told when it returns.
fn tell_call(
    cx: &mut Context<'_>,
    tracee: Tracee,
    name: Name,
    pattern: &Pattern,
    arguments: &[Term],
    role: Role,
) -> i64 {
    let own = cx.process.pid;
    if !is_listening(cx.vm, tracee, own) {
        return 0;
    }
    let mut returns = 0;
    let mut extra = Some(Term::boolean(true));
    if let Some(program) = &pattern.program {
        let mut caller = Caller::new(cx);
        caller.effects = Effects::Real;
        extra = program.run(&mut caller, Subject::Arguments(arguments), &mut Scratch::default());
        if extra.is_some() {
            returns |= if caller.traces_return { RETURN } else { 0 };
            returns |= if caller.traces_exception { RETURN | EXCEPTION } else { 0 };
        }
    }
    let mut told = tracee;
    if role != Role::Meta {
        // The specification may have changed how calls are told of, this one among them.
        told.flags = cx.process.extension().map_or(Flags::NONE, |extension| extension.tracee.flags);
        if told.flags.has(Flag::Silent) {
            return 0;
        }
    }
    let Some(extra) = extra.filter(|extra| *extra != Term::boolean(false)) else { return returns };
    if role == Role::Local && told.flags.has(Flag::ReturnTo) {
        returns |= RETURN_TO;
    }
    let (module, function, arity) = name;
    let heap = cx.heap();
    let last =
        if told.flags.has(Flag::Arity) { Term::count(arity as usize) } else { build::list(heap, arguments) };
    let call = build::tuple(heap, &[Term::atom(module), Term::atom(function), last]);
    let mut event: Vec<Term> = [Term::atom(predefined::CALL), call].into();
    event.extend((extra != Term::boolean(true)).then_some(extra));
    cx.vm.tell_tracer(own, told, &event);
    returns
}

/// Whether somebody is told, who is not the one that is traced.
fn is_listening(vm: &Vm, tracee: Tracee, own: LocalPid) -> bool {
    tracee.tracer.is_some_and(|tracer| tracer != Tracer::Process(own) && vm.is_tracer_there(tracer, own))
}

/// Whether its tracer is there. Stock takes the flags away when it is not.
fn has_tracer(vm: &Vm, tracee: Tracee, own: LocalPid) -> bool {
    tracee.tracer.is_some_and(|tracer| vm.is_tracer_there(tracer, own))
}

/// How the process that calls is traced, if its calls are.
fn traced(process: &Process) -> Option<Tracee> {
    process.watched().filter(|tracee| tracee.flags.has(Flag::Call))
}

/// How a function is traced that has a tracer of its own.
fn traced_by(tracer: Tracer) -> Tracee {
    Tracee { flags: Flags::of(Flag::Timestamp), tracer: Some(tracer) }
}

/// Tells the tracer of a function of a call; gives what it is to be told when that returns.
fn tell_meta(cx: &mut Context<'_>, name: Name, meta: &Meta, arguments: &[Term]) -> i64 {
    if cx.process.is_sensitive() {
        return 0;
    }
    tell_call(cx, traced_by(meta.tracer), name, &meta.pattern, arguments, Role::Meta)
}

/// The arguments of a call. One that is being matched has become a match state, and is shown as what is left of it.
unsafe fn arguments_of(m: *mut Machine, arity: usize) -> Vec<Term> {
    // SAFETY: the first X registers have the arguments.
    unsafe {
        let registers = core::slice::from_raw_parts(m.cast::<Term>(), arity);
        let heap = &mut (*(*m).process).heap;
        registers.iter().map(|term| Cursor::of(*term).map_or(*term, |cursor| cursor.tail(heap))).collect()
    }
}

/// Begins to measure the time of a process in a function; gives in which it was measured before.
fn begin_time(vm: &mut Vm, process: &mut Process, place: Place) -> Option<Place> {
    let now = vm.platform.monotonic();
    let pid = process.pid;
    let before = process.extension_mut().timed.replace(Timed { place, since: now });
    if let Some(before) = before {
        vm.tracing.points.add_time(before.place, pid, 0, now - before.since);
    }
    vm.tracing.points.add_time(place, pid, 1, 0);
    before.map(|before| before.place)
}

/// Goes on to measure the time of the function that was left for another.
fn end_time(vm: &mut Vm, process: &mut Process, before: Option<Place>) {
    let now = vm.platform.monotonic();
    let pid = process.pid;
    let after = before.map(|place| Timed { place, since: now });
    if let Some(ended) = core::mem::replace(&mut process.extension_mut().timed, after) {
        vm.tracing.points.add_time(ended.place, pid, 0, now - ended.since);
    }
}

/// Whether the newest frame is one that tells.
fn tells_already(vm: &Vm, process: &Process) -> bool {
    process.heap.stack().first().is_some_and(|word| word.raw() == return_address(vm).addr() as u64)
}

/// Whether the newest frames that tell are told of where their calls return to: tail calls return there too.
fn tells_where_to(vm: &Vm, process: &Process) -> bool {
    let own = return_address(vm).addr() as u64;
    let mut frames = process.heap.stack().chunks(1 + SLOTS);
    let mut telling = frames.by_ref().take_while(|frame| frame[0].raw() == own);
    telling.any(|frame| {
        frame.get(4).is_some_and(|word| word.as_small().is_some_and(|what| what & RETURN_TO != 0))
    })
}

/// Keeps the call of an exported function, if calls of the process are kept.
pub(super) unsafe fn save_call(m: *mut Machine, export: &Export) {
    // SAFETY: nobody else looks at the process.
    unsafe {
        if (*(*m).vm).tracing.detours.is_on() {
            let name = (export.module, export.function, export.arity);
            (*(*m).process).save_call(SavedCall::Function(name));
        }
    }
}

/// A BIF is called by the instruction at which the process is; its arguments are in the first X registers. Tells of it; gives what is to be
/// done when it returns.
#[cold]
#[inline(never)]
pub(super) unsafe fn bif_called(m: *mut Machine, bif: BifIndex, arity: usize) -> Called {
    let mut called = Called { returns: 0, before: 0 };
    // SAFETY: nobody else looks at the process, and BIFs get no other part of the machine.
    unsafe {
        let (vm, process) = (&mut *(*m).vm, &mut *(*m).process);
        // It has been told of when it was called first.
        let is_going_on = process.extension().is_some_and(|extension| extension.parked.is_some());
        if process.saved_calls().is_some() && !is_going_on {
            vm.calls_begin(process);
            let [module, function] = vm.bif_names[bif.0 as usize];
            // Stock has it as an instruction, which keeps what it calls.
            if (module, function) != (predefined::ERLANG, predefined::HIBERNATE) {
                process.save_call(SavedCall::Function((module, function, arity as u32)));
            }
        }
        let Some(found) = vm.tracing.points.bifs.get_mut(&bif).filter(|_| !is_going_on) else {
            return called;
        };
        if let Some(count) = &mut found.point.count
            && !count.is_paused
        {
            count.calls += 1;
        }
        let local = found.point.local.clone().map(|pattern| (pattern, Role::Local));
        let pattern = local.or_else(|| found.global.clone().map(|pattern| (pattern, Role::Global)));
        let (meta, is_timed) = (found.point.meta.clone(), found.point.time.is_some());
        let own = process.pid;
        let tracee = traced(process).filter(|tracee| has_tracer(vm, *tracee, own));
        let [module, function] = vm.bif_names[bif.0 as usize];
        let name = (module, function, arity as u32);
        let arguments = arguments_of(m, arity);
        let mut cx = Context { vm, process };
        cx.vm.tracing.calls_bif = true;
        if let (Some((pattern, role)), Some(tracee)) = (&pattern, tracee) {
            called.returns = tell_call(&mut cx, tracee, name, pattern, &arguments, *role);
        }
        if let Some(meta) = &meta {
            let returns = tell_meta(&mut cx, name, meta, &arguments);
            called.returns |= if returns & RETURN != 0 { META_RETURN } else { 0 };
            called.returns |= if returns & EXCEPTION != 0 { META_EXCEPTION } else { 0 };
        }
        cx.vm.tracing.calls_bif = false;
        if is_timed && tracee.is_some() {
            let before = begin_time(cx.vm, cx.process, Place::Bif(bif));
            called.before = before.map_or(0, Place::to_raw);
            called.returns |= TIME;
        }
    }
    called
}

/// What is to be done when a BIF returns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Called {
    returns: i64,
    before: i64,
}

impl Called {
    /// Nothing.
    pub(super) const UNTRACED: Self = Self { returns: 0, before: 0 };

    /// Whether anything is.
    #[inline(always)]
    pub(super) const fn is_traced(self) -> bool {
        self.returns != 0
    }
}

/// A BIF has returned, or has failed.
#[cold]
#[inline(never)]
pub(super) unsafe fn bif_returned(m: *mut Machine, bif: BifIndex, called: Called, result: Term) {
    // SAFETY: as for the call.
    unsafe {
        let (vm, process) = (&mut *(*m).vm, &mut *(*m).process);
        if called.returns & TIME != 0 {
            end_time(vm, process, Place::from_raw(called.before));
        }
        let own = process.pid;
        let tracee = traced(process);
        let meta = vm.tracing.points.bifs.get(&bif).and_then(|bif| bif.point.meta.as_ref());
        let meta = meta.map(|meta| traced_by(meta.tracer));
        let [module, function] = vm.bif_names[bif.0 as usize];
        let arity = Term::count(usize::from(bif.entry().arity));
        let name = build::tuple(&mut process.heap, &[Term::atom(module), Term::atom(function), arity]);
        let (what, event, value) = if result.is_some() {
            ([META_RETURN, RETURN], predefined::RETURN_FROM, result)
        } else {
            let (class, reason) = match (*m).raise {
                Raise::Error(reason) | Raise::ErrorWithCause(reason, _) | Raise::ErrorWith(reason) => {
                    (predefined::ERROR, reason)
                }
                Raise::About(reason, term) => (predefined::ERROR, about(process, reason, term)),
                Raise::Exit(reason) => (predefined::EXIT, reason),
                Raise::Throw(reason) => (predefined::THROW, reason),
                Raise::Again(class) => (class, process.raised[0]),
                _ => return,
            };
            let is_caught = process.heap.stack().iter().any(|word| word.as_catch().is_some());
            let value = class_and_value(process, class, reason, is_caught);
            ([META_EXCEPTION, EXCEPTION], predefined::EXCEPTION_FROM, value)
        };
        for (told, what) in [meta, tracee].into_iter().zip(what) {
            if let Some(told) = told.filter(|_| called.returns & what != 0) {
                vm.tell_tracer(own, told, &[Term::atom(event), name, value]);
            }
        }
        if called.returns & RETURN_TO == 0 {
            return;
        }
        if result.is_some() {
            let mut cx = Context { vm, process };
            cx.vm.tracing.calls_bif = true;
            tell_return_to(&mut cx);
            cx.vm.tracing.calls_bif = false;
        } else {
            vm.tracing.bif_failed = true;
        }
    }
}

/// What is told of an exception: stock makes an error of what is thrown and not caught.
fn class_and_value(process: &mut Process, class: Atom, reason: Term, is_caught: bool) -> Term {
    let heap = &mut process.heap;
    if class == predefined::THROW && !is_caught {
        let reason = build::tuple(heap, &[Term::atom(predefined::NOCATCH), reason]);
        return build::tuple(heap, &[Term::atom(predefined::ERROR), reason]);
    }
    build::tuple(heap, &[Term::atom(class), reason])
}

/// Tells which function goes on, if that is traced.
fn tell_return_to(cx: &mut Context<'_>) {
    if let Some(tracee) = cx.process.watched().filter(|tracee| tracee.flags.has(Flag::ReturnTo)) {
        let to = caller_term(cx);
        cx.vm.tell_tracer(cx.process.pid, tracee, &[Term::atom(predefined::RETURN_TO), to]);
    }
}

/// Puts a frame on the stack that tells when the call returns. The function's arguments are in the first X registers.
unsafe fn push_frame(
    s: &mut State,
    name: Name,
    returns: i64,
    before: Option<Place>,
    tracer: Option<Tracer>,
) -> Outcome {
    // SAFETY: there is room for the frame, and behind it for what every function may need.
    unsafe {
        let (module, function, arity) = name;
        // What was told may have taken what room there was.
        if s.process().heap.free_words() < 1 + SLOTS + 2 * RESERVED
            && collect(s, 1 + SLOTS + 2 * RESERVED, arity as usize) == Outcome::Stopped
        {
            return Outcome::Stopped;
        }
        s.sp = s.sp.sub(1 + SLOTS);
        let address = return_address(&*(*s.m).vm);
        set_return_address(s, address);
        let slots = [
            Term::atom(module),
            Term::atom(function),
            Term::count(arity as usize),
            Term::small_cut(returns),
            Term::small_cut(before.map_or(0, Place::to_raw)),
            tracer.map_or(Term::NIL, Tracer::term),
        ];
        for (index, slot) in slots.into_iter().enumerate() {
            s.sp.add(1 + index).cast::<Term>().write(slot);
        }
    }
    Outcome::GoOn
}

/// Who is told by a frame.
fn told_by(process: &Process, tracer: Term) -> Option<Tracee> {
    if let Some(pid) = tracer.as_pid() {
        return Some(traced_by(Tracer::Process(pid)));
    }
    if let Some(port) = tracer.as_port() {
        return Some(traced_by(Tracer::Port(port)));
    }
    traced(process)
}

/// An exception goes past the frames before a place of the stack: tells of it, and which function goes on, if there is one.
pub(super) fn unwind(vm: &mut Vm, process: &mut Process, passed: Passed, class: Atom, reason: Term) {
    let own = return_address(vm).addr() as u64;
    let words: Vec<Term> = process.heap.stack()[..passed.words].to_vec();
    // A BIF that has failed has no frame; it would have returned to where the process is.
    let mut returns_to = core::mem::take(&mut vm.tracing.bif_failed).then_some(process.ip.addr());
    let mut is_next = false;
    let mut index = 0;
    while index < words.len() {
        let word = words[index].raw();
        if word == own && index + SLOTS < words.len() {
            let [module, function, arity, returns, _, tracer] =
                [1, 2, 3, 4, 5, 6].map(|slot| words[index + slot]);
            let returns = returns.as_small().unwrap_or(0);
            if returns & EXCEPTION != 0
                && let Some(tracee) = told_by(process, tracer)
            {
                let name = build::tuple(&mut process.heap, &[module, function, arity]);
                let value = class_and_value(process, class, reason, passed.is_caught);
                vm.tell_tracer(process.pid, tracee, &[Term::atom(predefined::EXCEPTION_FROM), name, value]);
            }
            if returns & RETURN_TO != 0 {
                (is_next, returns_to) = (true, None);
            }
            index += 1 + SLOTS;
            continue;
        }
        if word & 3 == 0 && word != 0 {
            returns_to = core::mem::take(&mut is_next).then_some(word as usize - 8);
        }
        index += 1;
    }
    if passed.is_caught
        && let Some(address) = returns_to
        && let Some(tracee) = process.watched().filter(|tracee| tracee.flags.has(Flag::ReturnTo))
    {
        let at = vm.code.locate(address);
        let mut cx = Context { vm, process };
        let to = function_term(&mut cx, at.as_ref());
        cx.vm.tell_tracer(cx.process.pid, tracee, &[Term::atom(predefined::RETURN_TO), to]);
    }
}

/// What of the stack an exception goes past.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passed {
    /// Words from the newest one on: to the one before the catch, or all.
    pub(super) words: usize,
    /// Whether it is caught.
    pub(super) is_caught: bool,
}

slow_paths! {
    /// A function's breakpoint; the arguments are in the first X registers.
    fn breakpoint(s) {
        let vm = &mut *(*s.m).vm;
        let Some((arity, code)) = vm.tracing.points.local.get(&s.ip.addr()).map(|(name, point)| (name.2 as usize, point.code)) else {
            return super::call::unreachable(s.ip, s.hp, s.sp, s.m, s.fcalls);
        };
        if (*s.m).retried == (s.ip, s.fcalls) {
            (*s.m).retried = (core::ptr::null(), 0);
            return resume_as(s, code);
        }
        let place = Place::Code(s.ip.addr());
        let Some((name, point)) = vm.tracing.points.local.get_mut(&s.ip.addr()) else { return };
        if let Some(count) = &mut point.count
            && !count.is_paused
        {
            count.calls += 1;
        }
        let name = *name;
        let (local, meta, is_timed) = (point.local.clone(), point.meta.clone(), point.time.is_some());
        let own = (*(*s.m).process).pid;
        let tracee = traced(&*(*s.m).process).filter(|tracee| has_tracer(vm, *tracee, own));
        let local = local.filter(|_| tracee.is_some());
        let is_timed = is_timed && tracee.is_some();
        if local.is_none() && meta.is_none() && !is_timed {
            return resume_as(s, code);
        }
        if let (Some(pattern), Some(tracee)) = (&local, tracee) {
            let mut cx = s.context();
            let arguments = arguments_of(s.m, arity);
            let mut returns = tell_call(&mut cx, tracee, name, pattern, &arguments, Role::Local);
            if tells_where_to(cx.vm, cx.process) {
                returns &= !RETURN_TO;
            }
            s.reload();
            if returns != 0 && push_frame(&mut s, name, returns, None, None) == Outcome::Stopped {
                return;
            }
        }
        if let Some(meta) = &meta {
            let mut cx = s.context();
            let arguments = arguments_of(s.m, arity);
            let returns = tell_meta(&mut cx, name, meta, &arguments);
            s.reload();
            if returns != 0 && push_frame(&mut s, name, returns, None, Some(meta.tracer)) == Outcome::Stopped {
                return;
            }
        }
        if is_timed {
            let cx = s.context();
            let before = begin_time(cx.vm, cx.process, place);
            let is_measured = tells_already(cx.vm, cx.process);
            s.reload();
            if !is_measured && push_frame(&mut s, name, TIME, before, None) == Outcome::Stopped {
                return;
            }
        }
        resume_as(s, code)
    }

    /// An entry whose calls are traced; the arguments are in the first X registers.
    fn global_breakpoint(s) {
        let export = &*s.ip.byte_sub(core::mem::offset_of!(Export, stub)).cast::<Export>();
        let name = (export.module, export.function, export.arity);
        save_call(s.m, export);
        let arity = export.arity as usize;
        let vm = &mut *(*s.m).vm;
        let Some(point) = vm.tracing.points.global.get(&name).cloned() else {
            return super::call::unreachable(s.ip, s.hp, s.sp, s.m, s.fcalls);
        };
        let tracee = traced(&*(*s.m).process);
        if let Some(tracee) = tracee {
            let mut cx = s.context();
            let arguments = arguments_of(s.m, arity);
            let returns = tell_call(&mut cx, tracee, name, &point.pattern, &arguments, Role::Global);
            s.reload();
            if returns != 0 && push_frame(&mut s, name, returns, None, None) == Outcome::Stopped {
                return;
            }
        }
        s.ip = core::ptr::with_exposed_provenance(point.address);
        resume(s)
    }

    /// A detour, which leads where the entry led.
    fn detour(s) {
        let detour = &*s.ip.cast::<Detour>();
        save_call(s.m, detour.export);
        s.ip = detour.address.get();
        if s.fcalls <= 0 {
            return super::call::out_of_reductions(s.ip, s.hp, s.sp, s.m, s.fcalls);
        }
        resume(s)
    }

    /// A traced call has returned; the value is in the first X register.
    fn return_trace(s) {
        let slot = |index: usize| s.sp.add(1 + index).cast::<Term>().read();
        let [module, function, arity, returns, before, tracer] = [0, 1, 2, 3, 4, 5].map(slot);
        let value = s.x()[0];
        s.sp = s.sp.add(1 + SLOTS);
        let mut cx = s.context();
        let returns = returns.as_small().unwrap_or(0);
        if returns & TIME != 0 {
            end_time(cx.vm, cx.process, before.as_small().and_then(Place::from_raw));
        }
        if returns & RETURN != 0
            && let Some(tracee) = told_by(cx.process, tracer)
        {
            let own = cx.process.pid;
            let name = build::tuple(cx.heap(), &[module, function, arity]);
            cx.vm.tell_tracer(own, tracee, &[Term::atom(predefined::RETURN_FROM), name, value]);
        }
        if returns & RETURN_TO != 0 {
            tell_return_to(&mut cx);
        }
        s.reload();
        s.ip = &raw const (&(*(*s.m).vm).instructions)[super::RETURN];
        resume(s)
    }
}
