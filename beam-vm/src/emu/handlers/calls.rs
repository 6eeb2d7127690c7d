// SPDX-License-Identifier: Apache-2.0
//! Calls and returns. A call counts a reduction; when none is left it looks what else there is to do before it goes on.
#![expect(unsafe_code, reason = "handlers work on registers and heap words")]

use crate::emu::call;
use crate::emu::dispatch::{State, go, handlers, next, slow};
use crate::emu::operand::{Dest, E, I0, I1, I2, I3, I4, L, N16, N32, Source, X};
use crate::term::Term;

/// Goes on at the first instruction of a function.
macro_rules! enter {
    ($s:ident, $target:expr) => {{
        $s.ip = $target;
        $s.fcalls -= 1;
        if $s.fcalls <= 0 {
            slow!($s, call::out_of_reductions);
        }
        return go($s);
    }};
}

/// Goes on where the frame's owner was called from.
macro_rules! leave {
    ($s:ident) => {{
        $s.ip = $crate::emu::handlers::calls::take_return_address(&$s);
        $s.fcalls -= 1;
        if $s.fcalls <= 0 {
            slow!($s, call::out_of_reductions_at_return);
        }
        return go($s);
    }};
}

pub(super) use enter;

/// The return address in the newest frame, which takes it out: a stack trace shows the calls that are under way and no others.
#[inline(always)]
pub(in crate::emu) unsafe fn take_return_address(s: &State) -> *const u64 {
    // SAFETY: the frame's call has stored it.
    unsafe {
        let address = s.sp.read();
        s.sp.cast::<Term>().write(Term::NIL);
        core::ptr::with_exposed_provenance(address as usize)
    }
}

/// Stores a return address in the newest frame.
#[inline(always)]
pub(in crate::emu) unsafe fn set_return_address(s: &State, address: *const u64) {
    // SAFETY: every frame has the word.
    unsafe { s.sp.write(address.expose_provenance() as u64) };
}

handlers! {
    /// `call Arity Label`
    fn call(s, op: I2<N16, L>) {
        set_return_address(&s, s.ip.add(size_of_val(op) / 8));
        enter!(s, s.ip.offset(op.b.0 as isize))
    }

    /// `call_last Arity Label Slots`
    fn call_last(s, op: I3<N16, L, N16>) {
        s.sp = s.sp.add(usize::from(op.c.0) + 1);
        enter!(s, s.ip.offset(op.b.0 as isize))
    }

    /// `call_only Arity Label`
    fn call_only(s, op: I2<N16, L>) {
        enter!(s, s.ip.offset(op.b.0 as isize))
    }

    /// `move Src x0; call Arity Label`
    fn move_call<A: Source>(s, op: I3<A, X, L>) {
        op.b.set(&s, op.a.get(&s));
        set_return_address(&s, s.ip.add(size_of_val(op) / 8));
        enter!(s, s.ip.offset(op.c.0 as isize))
    }

    /// `move Src Dst; call_last Arity Label Slots`
    fn move_call_last<A: Source>(s, op: I4<A, X, L, N16>) {
        op.b.set(&s, op.a.get(&s));
        s.sp = s.sp.add(usize::from(op.d.0) + 1);
        enter!(s, s.ip.offset(op.c.0 as isize))
    }

    /// `move Src Dst; call_only Arity Label`
    fn move_call_only<A: Source>(s, op: I3<A, X, L>) {
        op.b.set(&s, op.a.get(&s));
        enter!(s, s.ip.offset(op.c.0 as isize))
    }

    /// `call_ext Arity Function`
    fn call_ext(s, op: I2<N16, E>) {
        set_return_address(&s, s.ip.add(size_of_val(op) / 8));
        enter!(s, op.b.export().address.get())
    }

    /// `call_ext_last Arity Function Slots`
    fn call_ext_last(s, op: I3<N16, E, N16>) {
        s.sp = s.sp.add(usize::from(op.c.0) + 1);
        enter!(s, op.b.export().address.get())
    }

    /// `call_ext_only Arity Function`
    fn call_ext_only(s, op: I2<N16, E>) {
        enter!(s, op.b.export().address.get())
    }

    /// `return`
    fn ret(s, op: I0) {
        leave!(s)
    }

    /// `deallocate Slots; return`
    fn deallocate_return(s, op: I1<N16>) {
        s.sp = s.sp.add(usize::from(op.a.0) + 1);
        leave!(s)
    }

    /// `move Src x0; return`
    fn move_return<A: Source>(s, op: I2<A, X>) {
        op.b.set(&s, op.a.get(&s));
        leave!(s)
    }

    /// `move Src x0; deallocate Slots; return`
    fn move_deallocate_return<A: Source>(s, op: I3<A, X, N16>) {
        op.b.set(&s, op.a.get(&s));
        s.sp = s.sp.add(usize::from(op.c.0) + 1);
        leave!(s)
    }

    /// `func_info Module Function Arity`: what a function without a clause that matches comes to.
    fn func_info(s, op: I3<crate::emu::operand::I, crate::emu::operand::I, N32>) {
        slow!(s, call::function_clause)
    }

    /// At the first instruction of a function that is still to be expanded.
    fn expand_function(s, op: I0) {
        slow!(s, call::expand_function);
    }

    /// Before the first instruction of a function without machine code: counts down to when its module gets some.
    fn count_call(s, op: I1<N32>) {
        let left = op.a.0;
        if left == 0 {
            slow!(s, call::called_often);
        }
        // The code is a module's own, where its calls are counted by nobody else.
        s.ip.cast_mut().cast::<u32>().add(1).write(left - 1);
        s.ip = s.ip.add(1);
        return go(s);
    }

    /// `apply Arity`: module and function are in the registers after the arguments.
    fn apply(s, op: I1<N16>) {
        slow!(s, call::apply)
    }

    /// `apply_last Arity Slots`
    fn apply_last(s, op: I2<N16, N16>) {
        slow!(s, call::apply_last)
    }

    /// `erlang:apply/2`
    fn apply_fun(s, op: I1<N16>) {
        slow!(s, call::apply_fun)
    }

    /// `erlang:apply/3`
    fn apply_list(s, op: I1<N16>) {
        slow!(s, call::apply_list)
    }

    /// What is at the address of an export entry that no module has: the error handler is called.
    fn undefined_function(s, op: I0) {
        slow!(s, call::undefined_function)
    }

    /// What is at the address of a lambda's entry whose module is gone: the error handler is called.
    fn undefined_lambda(s, op: I0) {
        slow!(s, call::undefined_lambda)
    }

    /// Where the first function of a process returns to.
    fn normal_exit(s, op: I0) {
        slow!(s, call::normal_exit)
    }

    /// Where a program of a compiler never comes.
    fn not_reached(s, op: I0) {
        slow!(s, call::not_as_promised)
    }

    /// `int_code_end`, and what no program reaches.
    fn unreachable(s, op: I0) {
        slow!(s, call::unreachable)
    }

    /// `nop`: tells whoever reads the code something, not the machine.
    fn nop(s, op: I0) {
        next!(s, op)
    }
}
