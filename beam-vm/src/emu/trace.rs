// SPDX-License-Identifier: Apache-2.0
//! Calls and returns that are traced.
//!
//! A call whose return is to be told of gets a frame of its own below that of the function: its return address leads to an instruction that
//! tells, its slots have the function's name and what to tell. An exception that goes past the frame tells too.
#![expect(unsafe_code, reason = "handlers work on registers and heap words")]

use alloc::vec::Vec;

use super::call::slow_paths;
use super::collect::{Outcome, collect};
use super::dispatch::{State, go, go_as};
use super::handlers::calls::set_return_address;
use super::machine::Machine;
use crate::atom::predefined;
use crate::bif::match_specs::{Caller, Effects};
use crate::bif::{BifIndex, Context, Raise};
use crate::heap::{RESERVED, build};
use crate::matchspec::{Scratch, Subject};
use crate::process::Process;
use crate::term::{Export, Term};
use crate::trace::{Flag, Meta, Name, Pattern, Place, Timed, Tracee};
use crate::vm::Vm;

/// Slots of a frame: module, function, arity, what to tell, and in which function time was measured before.
const SLOTS: usize = 5;

/// What is told when a call returns.
const RETURN: i64 = 1;
/// What is told when an exception ends a call.
const EXCEPTION: i64 = 2;
/// What is told of where it returns to.
const RETURN_TO: i64 = 4;
/// The time of the call is measured.
const TIME: i64 = 8;

/// The address of the instruction that calls return to whose return is traced.
fn return_address(vm: &Vm) -> *const u64 {
    &raw const vm.instructions[super::RETURN_TRACE]
}

/// The function that the newest frame returns to.
fn caller(vm: &Vm, process: &Process) -> Option<Name> {
    // The function that has the instruction calls, unless the BIF was called by its entry.
    if vm.tracing.calls_bif
        && let Some(at) = vm.code.locate(process.ip.addr())
    {
        return Some((at.module, at.function, at.arity));
    }
    let own = return_address(vm).addr();
    let mut addresses =
        process.heap.stack().iter().map(|word| word.raw() as usize).filter(|raw| raw & 3 == 0 && *raw != 0);
    let address = addresses.find(|raw| *raw != own)?;
    vm.code.locate(address - 8).map(|location| (location.module, location.function, location.arity))
}

/// The function that called, as match specifications tell it.
pub fn caller_term(cx: &mut Context<'_>) -> Term {
    match caller(cx.vm, cx.process) {
        Some((module, function, arity)) => {
            build::tuple(cx.heap(), &[Term::atom(module), Term::atom(function), Term::count(arity as usize)])
        }
        None => Term::atom(predefined::UNDEFINED),
    }
}

/// What has become of a call's pattern.
struct Told {
    returns: i64,
}

/// Who is told of a call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// The tracer of the process that calls.
    Own,
    /// The tracer of the function, whoever calls, and however that process is traced.
    Meta,
}

/// Runs a pattern and tells of the call.
fn tell_call(
    cx: &mut Context<'_>,
    tracee: Tracee,
    name: Name,
    pattern: &Pattern,
    arguments: &[Term],
    role: Role,
) -> Told {
    let is_meta = role == Role::Meta;
    let mut returns = 0;
    let mut extra = None;
    if let Some(program) = &pattern.program {
        let mut caller = Caller::new(cx);
        caller.effects = Effects::Real;
        let result = program.run(&mut caller, Subject::Arguments(arguments), &mut Scratch::default());
        returns |= if caller.traces_return { RETURN } else { 0 };
        returns |= if caller.traces_exception { RETURN | EXCEPTION } else { 0 };
        match result {
            None => return Told { returns: 0 },
            Some(result) if result == Term::boolean(false) => return Told { returns },
            Some(result) if result == Term::boolean(true) => {}
            Some(result) => extra = Some(result),
        }
    }
    let mut told = tracee;
    // The specification may have changed how calls are told of, this one among them.
    if !is_meta && let Some(now) = cx.process.tracee().filter(|now| now.tracer == tracee.tracer) {
        if now.flags.has(Flag::Silent) {
            return Told { returns };
        }
        told = now;
    }
    let (module, function, arity) = name;
    let heap = cx.heap();
    let last =
        if told.flags.has(Flag::Arity) { Term::count(arity as usize) } else { build::list(heap, arguments) };
    let call = build::tuple(heap, &[Term::atom(module), Term::atom(function), last]);
    let mut event: Vec<Term> = [Term::atom(predefined::CALL), call].into();
    event.extend(extra);
    let own = cx.process.pid;
    cx.vm.tell_tracer(own, told, &event);
    Told { returns }
}

/// How the process that calls is traced, if its calls are.
fn traced(process: &Process) -> Option<Tracee> {
    process.tracee().filter(|tracee| tracee.flags.has(Flag::Call))
}

fn tell_meta(cx: &mut Context<'_>, name: Name, meta: &Meta, arguments: &[Term]) {
    let tracee = Tracee { flags: crate::trace::Flags::of(Flag::Timestamp), tracer: Some(meta.tracer) };
    tell_call(cx, tracee, name, &meta.pattern, arguments, Role::Meta);
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

/// Whether the newest frame is one that measures: a tail call then needs no other.
fn is_measured(vm: &Vm, process: &Process) -> bool {
    let stack = process.heap.stack();
    stack.first().is_some_and(|word| word.raw() == return_address(vm).addr() as u64)
        && stack.get(4).and_then(|word| word.as_small()).is_some_and(|returns| returns & TIME != 0)
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
        let Some(found) = vm.tracing.points.bifs.get_mut(&bif).filter(|_| !is_going_on) else {
            return called;
        };
        if let Some(count) = &mut found.point.count
            && !count.is_paused
        {
            count.calls += 1;
        }
        let tracee = traced(process);
        let pattern = found.point.local.clone().or_else(|| found.global.clone());
        let (meta, is_timed) = (found.point.meta.clone(), found.point.time.is_some());
        let [module, function] = vm.bif_names[bif.0 as usize];
        let name = (module, function, arity as u32);
        let arguments = core::slice::from_raw_parts(m.cast::<Term>(), arity).to_vec();
        let frames = process.heap.stack_words();
        let mut cx = Context { vm, process };
        cx.vm.tracing.calls_bif = true;
        if let Some(meta) = &meta {
            tell_meta(&mut cx, name, meta, &arguments);
        }
        if let (Some(pattern), Some(tracee)) = (&pattern, tracee) {
            called.returns = tell_call(&mut cx, tracee, name, pattern, &arguments, Role::Own).returns;
        }
        cx.vm.tracing.calls_bif = false;
        debug_assert_eq!(frames, cx.process.heap.stack_words());
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
        let Some(tracee) = traced(process) else { return };
        let [module, function] = vm.bif_names[bif.0 as usize];
        let arity = Term::count(usize::from(bif.entry().arity));
        let name = build::tuple(&mut process.heap, &[Term::atom(module), Term::atom(function), arity]);
        if result.is_some() {
            if called.returns & RETURN != 0 {
                let event = [Term::atom(predefined::RETURN_FROM), name, result];
                vm.tell_tracer(process.pid, tracee, &event);
            }
            return;
        }
        let (class, reason) = match (*m).raise {
            Raise::Error(reason) | Raise::ErrorWithCause(reason, _) | Raise::ErrorWith(reason) => {
                (predefined::ERROR, reason)
            }
            Raise::Exit(reason) => (predefined::EXIT, reason),
            Raise::Throw(reason) => (predefined::THROW, reason),
            Raise::Again(class) => (class, process.raised[0]),
            _ => return,
        };
        if called.returns & EXCEPTION != 0 {
            let value = build::tuple(&mut process.heap, &[Term::atom(class), reason]);
            let event = [Term::atom(predefined::EXCEPTION_FROM), name, value];
            vm.tell_tracer(process.pid, tracee, &event);
        }
    }
}

/// Puts a frame on the stack that tells when the call returns.
unsafe fn push_frame(s: &mut State, name: Name, returns: i64, before: Option<Place>) {
    // SAFETY: who comes here has made room.
    unsafe {
        s.sp = s.sp.sub(1 + SLOTS);
        let address = return_address(&*(*s.m).vm);
        set_return_address(s, address);
        let (module, function, arity) = name;
        let slots = [
            Term::atom(module),
            Term::atom(function),
            Term::count(arity as usize),
            Term::small_cut(returns),
            Term::small_cut(before.map_or(0, Place::to_raw)),
        ];
        for (index, slot) in slots.into_iter().enumerate() {
            s.sp.add(1 + index).cast::<Term>().write(slot);
        }
    }
}

/// Makes room for a frame; the first X registers are in use.
unsafe fn make_room(s: &mut State, live: usize) -> Outcome {
    // SAFETY: the function's arguments are in the registers.
    unsafe {
        if s.process().heap.free_words() < 1 + SLOTS + 2 * RESERVED {
            return collect(s, 1 + SLOTS + 2 * RESERVED, live);
        }
    }
    Outcome::GoOn
}

/// Tells of exceptions that end traced calls: those with frames before a place of the stack.
pub(super) fn unwind(vm: &mut Vm, process: &mut Process, frames: usize, class: Term, reason: Term) {
    let own = return_address(vm).addr() as u64;
    let Some(tracee) = traced(process) else { return };
    let words: Vec<Term> = process.heap.stack()[..frames].to_vec();
    for index in 0..words.len().saturating_sub(SLOTS) {
        if words[index].raw() != own {
            continue;
        }
        let [module, function, arity, returns] = [1, 2, 3, 4].map(|slot| words[index + slot]);
        if returns.as_small().is_none_or(|returns| returns & EXCEPTION == 0) {
            continue;
        }
        let name = build::tuple(&mut process.heap, &[module, function, arity]);
        let value = build::tuple(&mut process.heap, &[class, reason]);
        vm.tell_tracer(process.pid, tracee, &[Term::atom(predefined::EXCEPTION_FROM), name, value]);
    }
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
            return go_as(s, code);
        }
        if make_room(&mut s, arity) == Outcome::Stopped {
            return;
        }
        let vm = &mut *(*s.m).vm;
        let place = Place::Code(s.ip.addr());
        let Some((name, point)) = vm.tracing.points.local.get_mut(&s.ip.addr()) else { return };
        if let Some(count) = &mut point.count
            && !count.is_paused
        {
            count.calls += 1;
        }
        let (name, code) = (*name, point.code);
        let tracee = traced(&*(*s.m).process);
        let local = if tracee.is_some() { point.local.clone() } else { None };
        let meta = point.meta.clone();
        let is_timed = point.time.is_some() && tracee.is_some();
        if local.is_none() && meta.is_none() && !is_timed {
            return go_as(s, code);
        }
        let arguments = core::slice::from_raw_parts(s.m.cast::<Term>(), arity).to_vec();
        let mut cx = s.context();
        if let Some(meta) = &meta {
            tell_meta(&mut cx, name, meta, &arguments);
        }
        let mut returns = 0;
        if let (Some(pattern), Some(tracee)) = (&local, tracee) {
            returns = tell_call(&mut cx, tracee, name, pattern, &arguments, Role::Own).returns;
            if tracee.flags.has(Flag::ReturnTo) {
                returns |= RETURN_TO;
            }
        }
        let mut before = None;
        if is_timed {
            before = begin_time(cx.vm, cx.process, place);
            if !is_measured(cx.vm, cx.process) {
                returns |= TIME;
            }
        }
        s.reload();
        if returns != 0 {
            push_frame(&mut s, name, returns, before);
        }
        go_as(s, code)
    }

    /// An entry whose calls are traced; the arguments are in the first X registers.
    fn global_breakpoint(s) {
        let export = &*s.ip.byte_sub(core::mem::offset_of!(Export, stub)).cast::<Export>();
        let name = (export.module, export.function, export.arity);
        let arity = export.arity as usize;
        if make_room(&mut s, arity) == Outcome::Stopped {
            return;
        }
        let vm = &mut *(*s.m).vm;
        let Some(point) = vm.tracing.points.global.get(&name).cloned() else {
            return super::call::unreachable(s.ip, s.hp, s.sp, s.m, s.fcalls);
        };
        let tracee = traced(&*(*s.m).process);
        if let Some(tracee) = tracee {
            let arguments = core::slice::from_raw_parts(s.m.cast::<Term>(), arity).to_vec();
            let mut cx = s.context();
            let returns = tell_call(&mut cx, tracee, name, &point.pattern, &arguments, Role::Own).returns;
            s.reload();
            if returns != 0 {
                push_frame(&mut s, name, returns, None);
            }
        }
        s.ip = core::ptr::with_exposed_provenance(point.address);
        go(s)
    }

    /// A traced call has returned; the value is in the first X register.
    fn return_trace(s) {
        let slot = |index: usize| s.sp.add(1 + index).cast::<Term>().read();
        let [module, function, arity, returns, before] = [0, 1, 2, 3, 4].map(slot);
        let value = s.x()[0];
        s.sp = s.sp.add(1 + SLOTS);
        let mut cx = s.context();
        let returns = returns.as_small().unwrap_or(0);
        if returns & TIME != 0 {
            end_time(cx.vm, cx.process, before.as_small().and_then(Place::from_raw));
        }
        if let Some(tracee) = traced(cx.process) {
            let own = cx.process.pid;
            if returns & RETURN != 0 {
                let name = build::tuple(cx.heap(), &[module, function, arity]);
                cx.vm.tell_tracer(own, tracee, &[Term::atom(predefined::RETURN_FROM), name, value]);
            }
            let next = cx.process.heap.stack().first().map_or(0, |word| word.raw());
            let is_last = next != return_address(cx.vm).addr() as u64;
            if returns & RETURN_TO != 0 && tracee.flags.has(Flag::ReturnTo) && is_last {
                let to = caller_term(&mut cx);
                cx.vm.tell_tracer(own, tracee, &[Term::atom(predefined::RETURN_TO), to]);
            }
        }
        s.reload();
        s.ip = &raw const (&(*(*s.m).vm).instructions)[super::RETURN];
        go(s)
    }
}
