// SPDX-License-Identifier: Apache-2.0
//! What calls and returns come to when they are more than a jump: no reductions left, apply, a fun that is none, a function that nobody has,
//! a BIF that does not return.
#![expect(unsafe_code, reason = "handlers work on registers and heap words")]

use core::mem::offset_of;

use super::collect::{Outcome, collect};
use super::dispatch::{State, go, resume};
use super::exception;
use super::handlers::calls::set_return_address;
use super::handlers::funs;
use super::machine::Machine;
use super::operand::{I1, I2, I3, N16};
use super::run::Stop;
use super::trace::{self, Called};
use crate::atom::predefined;
use crate::bif::{BifIndex, Raise};
use crate::heap::build;
use crate::on_demand::Demanded;
use crate::term::{Export, FunEntry, Term, View};

/// Makes the next call look whether a collection is due, after an instruction that may have made much.
#[inline(always)]
pub(super) unsafe fn look_soon(s: &mut State) {
    // SAFETY: the process is there while it runs.
    unsafe {
        if (*(*s.m).process).heap.is_collection_due() && (*s.m).parked_reductions == 0 && s.fcalls > 1 {
            (*s.m).parked_reductions = s.fcalls;
            s.fcalls = 1;
        }
    }
}

/// After a BIF that was called as a function and has left its result in the first X register, which is the only one in use: collects if
/// that is due.
#[inline(always)]
pub(super) unsafe fn after_bif(s: &mut State) -> Outcome {
    // SAFETY: the process is there while it runs.
    unsafe {
        if (*(*s.m).process).heap.is_collection_due() {
            return collect(s, 0, 1);
        }
    }
    Outcome::GoOn
}

/// No reductions are left, or something asks for a look, with `live` X registers in use.
#[inline(always)]
unsafe fn look(mut s: State, live: usize) {
    // SAFETY: who comes here knows which registers are live.
    unsafe {
        let parked = core::mem::take(&mut (*s.m).parked_reductions);
        if parked > 0 {
            s.fcalls = parked;
            if (*(*s.m).process).heap.is_collection_due() && collect(&mut s, 0, live) == Outcome::Stopped {
                return;
            }
            if s.fcalls > 0 {
                return go(s);
            }
        }
        s.stop(live, Stop::Preempted)
    }
}

macro_rules! slow_paths {
    ($($(#[$about:meta])* fn $name:ident($s:ident) $body:block)*) => {$(
        $(#[$about])*
        #[cold]
        #[inline(never)]
        pub(super) unsafe extern "sysv64" fn $name(
            ip: *const u64, hp: *mut u64, sp: *mut u64, m: *mut Machine, fcalls: isize,
        ) {
            let mut $s = State { ip, hp, sp, m, fcalls };
            let _ = &mut $s;
            // SAFETY: as for the handler that has come here.
            unsafe { $body }
        }
    )*};
}

pub(super) use slow_paths;

/// The arity of the function whose first instruction is at an address: it stands right before.
unsafe fn arity_before(ip: *const u64) -> usize {
    // SAFETY: every function's first instruction has its arity before it: in func_info, or in an entry before its stub.
    unsafe { *ip.cast::<u32>().sub(1) as usize }
}

slow_paths! {
    /// A function of a library is called for the first time.
    fn expand_function(s) {
        let vm = &mut *(*s.m).vm;
        s.ip = vm.expand_function(s.ip);
        go(s)
    }

    /// A function was called so often that its module gets machine code, to which the instruction may lead then.
    fn called_often(s) {
        let vm = &mut *(*s.m).vm;
        s.ip.cast_mut().cast::<u32>().add(1).write(vm.calls_before_machine_code.unwrap_or(u32::MAX));
        let before = s.ip.cast::<u32>().read();
        vm.make_machine_code(s.ip.addr());
        if s.ip.cast::<u32>().read() == before {
            // There is none: this call was counted, and is not told a second time to who traces it.
            s.ip = s.ip.add(1);
        }
        go(s)
    }

    /// A call with no reductions left; `ip` is at the function's first instruction.
    fn out_of_reductions(s) {
        let handler = super::table::Stubs::get();
        let code = s.ip.cast::<u32>().read();
        let passes_on = [handler.undefined_function, handler.undefined_lambda, handler.bif, handler.save_call];
        if passes_on.contains(&code) {
            // These look at what is behind the arguments, or count themselves.
            return go(s);
        }
        look(s, arity_before(s.ip))
    }

    /// A return with no reductions left.
    fn out_of_reductions_at_return(s) {
        look(s, 1)
    }

    /// No clause of a function matches; `ip` is at its func_info.
    fn function_clause(s) {
        let op = &*s.ip.cast::<I3<super::operand::I, super::operand::I, super::operand::N32>>();
        let arity = op.c.0 as usize;
        let module = Term::from_raw(i64::from(op.a.0) as u64);
        let function = Term::from_raw(i64::from(op.b.0) as u64);
        let arguments = core::slice::from_raw_parts(s.m.cast::<Term>(), arity);
        let process = s.process();
        let list = build::list(&mut process.heap, arguments);
        let first = build::tuple(&mut process.heap, &[module, function, list]);
        s.reload();
        exception::raise_with_first(s, Raise::error(predefined::FUNCTION_CLAUSE), first)
    }

    /// `apply`
    fn apply(s) {
        let op = &*s.ip.cast::<I1<N16>>();
        let arity = usize::from(op.a.0);
        if is_of_apply(&s, arity) {
            return apply_of_apply(s.ip, s.hp, s.sp, s.m, s.fcalls);
        }
        match apply_target(&mut s, arity) {
            Some(export) => {
                if let Some(bif) = raising(export) {
                    return raise_here(s, bif, arity);
                }
                set_return_address(&s, s.ip.add(size_of_val(op) / 8));
                s.ip = export.address.get();
                enter(s)
            }
            None => raise_no_names(s, arity),
        }
    }

    /// `apply` of `erlang:apply/3`: a handler of its own, since what makes a list of arguments keeps the caller from jumping on.
    fn apply_of_apply(s) {
        apply_to_list(s, s.ip.cast(), 0)
    }

    /// `apply_last` of `erlang:apply/3`.
    fn apply_last_of_apply(s) {
        let op = &*s.ip.cast::<I2<N16, N16>>();
        apply_to_list(s, s.ip.cast(), op.b.0 + 2)
    }

    /// `apply_last`
    fn apply_last(s) {
        let op = &*s.ip.cast::<I2<N16, N16>>();
        let arity = usize::from(op.a.0);
        if is_of_apply(&s, arity) {
            return apply_last_of_apply(s.ip, s.hp, s.sp, s.m, s.fcalls);
        }
        match apply_target(&mut s, arity) {
            Some(export) => {
                s.sp = s.sp.add(usize::from(op.b.0) + 1);
                if let Some(bif) = raising(export) {
                    return raise_here(s, bif, arity);
                }
                s.ip = export.address.get();
                enter(s)
            }
            None => raise_no_names(s, arity),
        }
    }

    /// `erlang:apply(Fun, Arguments)`; see [`apply_to`].
    fn apply_fun(s) {
        let op = &*s.ip.cast::<I1<N16>>();
        let (fun, list) = (s.x()[0], s.x()[1]);
        let arity = match spread(&s, list, MAX_ARGUMENTS - 1) {
            Ok(arity) => arity,
            Err(raise) => return exception::raise_in_operator(s, raise, predefined::APPLY, &[fun, list]),
        };
        match funs::prepare(&s, fun, arity).or_else(|| funs::external(fun, arity)) {
            Some(target) => apply_to(s, target, op, op.a.0),
            None => {
                if op.a.0 == 0 {
                    set_return_address(&s, s.ip.add(size_of_val(op) / 8));
                }
                raise_no_fun(s, fun, arity)
            }
        }
    }

    /// `erlang:apply(Module, Function, Arguments)`; see [`apply_to`].
    fn apply_list(s) {
        let op = s.ip.cast::<I1<N16>>();
        apply_to_list(s, op, (*op).a.0)
    }

    /// A function that no module has: `error_handler:undefined_function(M, F, Args)`, or whatever the process has said.
    fn undefined_function(s) {
        let export = &*s.ip.byte_sub(offset_of!(Export, stub)).cast::<Export>();
        trace::save_call(s.m, export);
        let arity = export.arity as usize;
        let arguments = core::slice::from_raw_parts(s.m.cast::<Term>(), arity);
        let context = s.context();
        let demanded = if context.vm.on_demand.is_some() && export.is_bound() {
            Demanded::Loaded
        } else {
            context.vm.demand(export.module, context.process.pid)
        };
        match demanded {
            Demanded::Loaded if export.is_bound() => {
                s.reload();
                s.ip = export.address.get();
                return go(s);
            }
            Demanded::Begins(first_call) => {
                let list = build::list(&mut context.process.heap, arguments);
                s.reload();
                let x = s.x();
                x[0] = Term::atom(export.module);
                x[1] = Term::atom(export.function);
                x[2] = list;
                s.ip = first_call;
                return go(s);
            }
            Demanded::Waits => {
                s.reload();
                return s.stop(arity, Stop::Preempted);
            }
            Demanded::Loaded | Demanded::Nothing => {}
        }
        let handler_module = context.process.error_handler();
        let handler = context.vm.code.export(handler_module, predefined::UNDEFINED_FUNCTION, 3);
        // Without a code server OTP's handler can only ask for what is not there, so the error is raised that it would end in.
        let asks_in_vain = context.vm.on_demand.is_some() && handler_module == predefined::ERROR_HANDLER;
        if asks_in_vain || !handler.is_bound() {
            let list = build::list(&mut context.process.heap, arguments);
            let first = [Term::atom(export.module), Term::atom(export.function), list];
            let first = build::tuple(&mut context.process.heap, &first);
            s.reload();
            return exception::raise_with_first_at_return(s, Raise::UNDEF, first);
        }
        let list = build::list(&mut context.process.heap, arguments);
        s.reload();
        let x = s.x();
        x[0] = Term::atom(export.module);
        x[1] = Term::atom(export.function);
        x[2] = list;
        s.ip = handler.address.get();
        enter(s)
    }

    /// A lambda whose module is gone: `error_handler:undefined_lambda(M, Fun, Args)`.
    fn undefined_lambda(s) {
        let entry: &'static FunEntry = &*s.ip.byte_sub(offset_of!(FunEntry, stub)).cast::<FunEntry>();
        let (arity, free) = (entry.arity as usize, entry.free as usize);
        let registers = core::slice::from_raw_parts(s.m.cast::<Term>(), arity + free);
        let context = s.context();
        let is_being_purged = context.vm.code.wait_for_purge(entry.module, context.process.pid);
        let (module, function) = if is_being_purged {
            (predefined::ERTS_CODE_PURGER, predefined::PENDING_PURGE_LAMBDA)
        } else {
            (context.process.error_handler(), predefined::UNDEFINED_LAMBDA)
        };
        let handler = context.vm.code.export(module, function, 3);
        let creator = Term::pid(context.process.pid);
        let fun = build::fun(&mut context.process.heap, entry, creator, &registers[arity..]);
        // The handler could only load the module, which is there and has no such lambda.
        if !is_being_purged && context.vm.code.current(entry.module).is_some() {
            let reason = [Term::atom(predefined::BADFUN), fun];
            let reason = build::tuple(&mut context.process.heap, &reason);
            s.reload();
            return exception::raise_with_first_at_return(s, Raise::Error(reason), Term::NIL);
        }
        let list = build::list(&mut context.process.heap, &registers[..arity]);
        s.reload();
        let x = s.x();
        x[0] = Term::atom(entry.module);
        x[1] = fun;
        x[2] = list;
        s.ip = handler.address.get();
        if is_being_purged {
            // The end of the purge resumes the process, which then calls the fun again.
            s.process().suspended += 1;
            return s.stop(3, Stop::Preempted);
        }
        enter(s)
    }

    /// The first function of a process has returned.
    fn normal_exit(s) {
        let process = s.process();
        process.exit_reason = Term::atom(predefined::NORMAL);
        (*s.m).stop = Some(Stop::Ended);
    }

    /// A term is not what the instructions after this one take it for: no compiler has written them, so the process ends at once.
    fn not_as_promised(s) {
        let process = s.process();
        process.exit_reason = Term::atom(predefined::BADFILE);
        (*s.m).stop = Some(Stop::Ended);
    }

    /// An instruction that no verified program reaches.
    fn unreachable(s) {
        exception::raise(s, Raise::error(predefined::INTERNAL_ERROR))
    }
}

/// The most elements of a list of arguments for `apply/3`. No function has more than 255, but one with fewer than registers is merely
/// not defined. `apply/2` keeps a register for the fun.
const MAX_ARGUMENTS: usize = 1023;

/// Puts the elements of a list into the first X registers; gives how many there are.
unsafe fn spread(s: &State, list: Term, most: usize) -> Result<usize, Raise> {
    let mut rest = list;
    let mut arity = 0;
    while let Some(cell) = rest.as_cons() {
        if arity == most {
            return Err(Raise::SYSTEM_LIMIT);
        }
        // SAFETY: there are more registers than arguments.
        unsafe { s.x()[arity] = cell.head() };
        arity += 1;
        rest = cell.tail();
    }
    if rest.is_nil() { Ok(arity) } else { Err(Raise::BADARG) }
}

/// Calls a function from `apply`: the frame is 0 for a call that is no tail call, 1 for a tail call without a frame, else two more than
/// the slots of the frame.
#[inline(always)]
unsafe fn apply_to(mut s: State, target: *const u64, op: *const I1<N16>, frame: u16) {
    // SAFETY: as for the handler that has come here.
    unsafe {
        match frame {
            0 => set_return_address(&s, op.add(1).cast()),
            1 => {}
            slots => s.sp = s.sp.add(usize::from(slots) - 1),
        }
        s.ip = target;
        enter(s)
    }
}

/// Whether `apply` with the arguments in registers is of `erlang:apply/3`.
#[inline(always)]
unsafe fn is_of_apply(s: &State, arity: usize) -> bool {
    // SAFETY: the registers are the machine's.
    arity == 3 && unsafe { is_apply(s.x()[3], s.x()[4]) }
}

#[inline(always)]
fn is_apply(module: Term, function: Term) -> bool {
    module == Term::atom(predefined::ERLANG) && function == Term::atom(predefined::APPLY)
}

/// Calls the function that the first three X registers name as `erlang:apply/3` has it. That may be `apply` itself, which leaves no trace: it is an
/// instruction, so what it fails with belongs to the function that has it (`apply` of stock's `beam_common.c`).
#[inline(always)]
unsafe fn apply_to_list(mut s: State, op: *const I1<N16>, frame: u16) {
    // SAFETY: as for the handler that has come here.
    unsafe {
        let mut arguments = [s.x()[0], s.x()[1], s.x()[2]];
        while is_apply(arguments[0], arguments[1])
            && let Some(inner) = three(arguments[2])
        {
            arguments = inner;
        }
        let [module, function, list] = arguments;
        let (Some(module), Some(function)) = (module.as_atom(), function.as_atom()) else {
            return exception::raise_in_operator(s, Raise::BADARG, predefined::APPLY, &arguments);
        };
        match spread(&s, list, MAX_ARGUMENTS) {
            Ok(arity) => {
                let export = s.context().vm.code.export(module, function, arity as u32);
                match raising(export) {
                    Some(bif) => {
                        s.sp = s.sp.add(usize::from(frame).saturating_sub(1));
                        raise_here(s, bif, arity)
                    }
                    None => apply_to(s, export.address.get(), op, frame),
                }
            }
            Err(raise) => exception::raise_in_operator(s, raise, predefined::APPLY, &arguments),
        }
    }
}

/// The elements of a list of three.
fn three(list: Term) -> Option<[Term; 3]> {
    let first = list.as_cons()?;
    let second = first.tail().as_cons()?;
    let third = second.tail().as_cons()?;
    third.tail().is_nil().then(|| [first.head(), second.head(), third.head()])
}

/// The BIF of an entry that does nothing but raise.
fn raising(export: &Export) -> Option<BifIndex> {
    use predefined as p;
    let raises = matches!((export.function, export.arity), (p::ERROR, 1..=3) | (p::EXIT | p::THROW, 1));
    let bif = BifIndex::from_raw(export.bif.get())?;
    (raises && export.module == p::ERLANG).then_some(bif)
}

/// Lets a BIF raise as if the instruction at `s.ip` had called it, even by a tail call: the function that applies what raises is in
/// the stack trace (`apply_bif_error_adjustment` of stock's `beam_common.c`).
#[cold]
#[inline(never)]
unsafe fn raise_here(mut s: State, bif: BifIndex, arity: usize) {
    // SAFETY: the arguments are in the registers, which are the machine's.
    unsafe {
        s.process().ip = s.ip;
        let mut called = Called::UNTRACED;
        if (*(*s.m).vm).tracing.looks_at_bifs {
            called = trace::bif_called(s.m, bif, arity);
        }
        super::invoke::bif(s.m, bif, s.m.cast(), arity);
        if called.is_traced() {
            trace::bif_returned(s.m, bif, called, Term::NONE);
        }
        s.reload();
        let arguments = core::slice::from_raw_parts(s.m.cast::<Term>(), arity);
        let raise = (*s.m).raise;
        exception::raise_in_bif(s, raise, bif, arguments)
    }
}

/// Counts the call and goes on at the function's first instruction, which is at `s.ip`.
#[inline(always)]
pub(super) unsafe fn enter(mut s: State) {
    // SAFETY: as the caller promises.
    unsafe {
        s.fcalls -= 1;
        if s.fcalls <= 0 {
            return out_of_reductions(s.ip, s.hp, s.sp, s.m, s.fcalls);
        }
        go(s)
    }
}

/// The function that `apply` means: module and function are in the registers behind the arguments.
unsafe fn apply_target(s: &mut State, arity: usize) -> Option<&'static Export> {
    // SAFETY: the registers are the machine's.
    unsafe {
        let (module, function) = (s.x()[arity].as_atom()?, s.x()[arity + 1].as_atom()?);
        Some(s.context().vm.code.export(module, function, arity as u32))
    }
}

/// A call of what are no names: it fails as `erlang:apply/3`, with the arguments in a list.
unsafe fn raise_no_names(mut s: State, arity: usize) {
    // SAFETY: the registers are the machine's.
    unsafe {
        let registers = core::slice::from_raw_parts(s.m.cast::<Term>(), arity + 2);
        let list = build::list(&mut s.process().heap, &registers[..arity]);
        s.reload();
        let arguments = [registers[arity], registers[arity + 1], list];
        exception::raise_in_operator(s, Raise::BADARG, predefined::APPLY, &arguments)
    }
}

/// A call of a term that is no fun, or one of another arity.
#[cold]
#[inline(never)]
pub(super) unsafe fn raise_no_fun(mut s: State, fun: Term, arity: usize) {
    // SAFETY: the registers are the machine's.
    unsafe {
        let arguments = core::slice::from_raw_parts(s.m.cast::<Term>(), arity);
        let process = s.process();
        let reason = match fun.view() {
            View::Export(_) | View::Fun(_) => {
                let list = build::list(&mut process.heap, arguments);
                let pair = build::tuple(&mut process.heap, &[fun, list]);
                build::tuple(&mut process.heap, &[Term::atom(predefined::BADARITY), pair])
            }
            _ => build::tuple(&mut process.heap, &[Term::atom(predefined::BADFUN), fun]),
        };
        s.reload();
        exception::raise_in_call(s, Raise::Error(reason))
    }
}

/// A BIF that was called as a function has not returned. If it traps, the return address is already where it belongs.
#[cold]
#[inline(never)]
pub(super) unsafe fn bif_has_not_returned(mut s: State, raise: Raise, bif: BifIndex, arity: usize) {
    // SAFETY: as for the handler that has come here.
    unsafe {
        match raise {
            Raise::Trap(export) => {
                let process = s.process();
                let live = process.arguments.len();
                s.x()[..live].copy_from_slice(&process.arguments);
                process.arguments.clear();
                if process.heap.is_collection_due() && collect(&mut s, 0, live) == Outcome::Stopped {
                    return;
                }
                s.ip = export.address.get();
                s.fcalls -= 1;
                resume(s)
            }
            Raise::Yield => {
                // What the BIF goes on with is among the roots.
                if s.process().heap.is_collection_due() && collect(&mut s, 0, 0) == Outcome::Stopped {
                    return;
                }
                let process = s.process();
                process.ip = s.ip;
                (*s.m).stop = Some(Stop::Preempted);
            }
            Raise::Wait => {
                let process = s.process();
                process.ip = s.ip;
                (*s.m).stop = Some(Stop::WaitingInBif);
            }
            Raise::Asleep => {
                let is_told = !(*(*s.m).process).mailbox.is_empty();
                (*s.m).stop = Some(if is_told { Stop::Preempted } else { Stop::Hibernating });
            }
            Raise::Ended => {
                s.process();
                (*s.m).stop = Some(Stop::Ended);
            }
            raise => {
                let arguments = core::slice::from_raw_parts(s.m.cast::<Term>(), arity);
                exception::raise_in_bif(s, raise, bif, arguments)
            }
        }
    }
}
