// SPDX-License-Identifier: Apache-2.0
//! Calls of BIFs: as functions, and in guards and bodies as instructions.
#![expect(unsafe_code, reason = "handlers work on registers and heap words")]

use super::calls::set_return_address;
use super::maps::small_map;
use super::types::kind_of;
use crate::bif::{BifIndex, Raise};
use crate::emu::call;
use crate::emu::collect::Outcome;
use crate::emu::dispatch::{State, go, handlers, next, slow};
use crate::emu::operand::{B, D, Dest, E, Fail, I1, I2, I3, I4, I5, N16, S, Source};
use crate::emu::{Machine, exception};
use crate::term::{Kind, Term};

/// Does a BIF with the arguments in the first X registers.
#[inline(always)]
unsafe fn invoke(s: &mut State, bif: B, arity: usize) -> Result<Term, Raise> {
    // SAFETY: the registers are a part of the machine that no BIF gets.
    unsafe {
        let Some(function) = BifIndex(bif.0).entry().implementation else { return Err(Raise::UNDEF) };
        let arguments = core::slice::from_raw_parts(s.m.cast::<Term>(), arity);
        // Where a process is, for those that ask.
        (*(*s.m).process).ip = s.ip;
        let mut context = s.context();
        // Where the process is counts for who asks which code it runs.
        context.process.ip = s.ip;
        let result = function(&mut context, arguments);
        s.reload();
        result
    }
}

/// Does a BIF as an instruction, with any arguments.
#[inline(always)]
unsafe fn guard(s: &mut State, bif: B, arguments: &[Term]) -> Result<Term, Raise> {
    // SAFETY: the arguments are copies.
    unsafe {
        let Some(function) = BifIndex(bif.0).entry().implementation else { return Err(Raise::UNDEF) };
        let mut context = s.context();
        let result = function(&mut context, arguments);
        s.reload();
        result
    }
}

/// The end of a BIF as an instruction.
macro_rules! finish {
    ($s:ident, $op:ident, $result:expr, $dst:expr, $bif:expr, $arguments:expr) => {
        match $result {
            Ok(term) => {
                $dst.set(&$s, term);
                call::look_soon(&mut $s);
                next!($s, $op)
            }
            Err(_) if $op.a.0 != 0 => {
                $s.ip = $s.ip.offset($op.a.0 as isize);
                go($s)
            }
            Err(raise) => exception::raise_in_bif($s, raise, BifIndex($bif.0), $arguments),
        }
    };
}

/// Goes on where the frame's owner was called from. Without reductions that is left to a `return` of its own: after a call with the
/// address of a local, the compiler jumps to what [`go`] finds, but not to a function that it knows.
macro_rules! leave {
    ($s:ident) => {{
        if $s.fcalls > 1 {
            $s.fcalls -= 1;
            $s.ip = super::calls::take_return_address(&$s);
        } else {
            $s.ip = &raw const (&(*(*$s.m).vm).instructions)[crate::emu::RETURN];
        }
        return go($s);
    }};
}

handlers! {
    /// A call of a BIF: `Bif Function Arity`
    fn call_bif(s, op: I3<B, E, N16>) {
        let result = invoke(&mut s, op.a, usize::from(op.c.0));
        match result {
            Ok(term) => {
                s.x()[0] = term;
                if call::after_bif(&mut s) == Outcome::Stopped {
                    return;
                }
                next!(s, op)
            }
            Err(raise) => {
                if matches!(raise, Raise::Trap(_)) {
                    set_return_address(&s, s.ip.add(size_of_val(op) / 8));
                }
                call::bif_has_not_returned(s, raise, BifIndex(op.a.0), usize::from(op.c.0))
            }
        }
    }

    /// A tail call of a BIF without a frame: `Bif Function Arity`
    fn call_bif_only(s, op: I3<B, E, N16>) {
        let result = invoke(&mut s, op.a, usize::from(op.c.0));
        match result {
            Ok(term) => {
                s.x()[0] = term;
                if call::after_bif(&mut s) == Outcome::Stopped {
                    return;
                }
                leave!(s)
            }
            Err(raise) => call::bif_has_not_returned(s, raise, BifIndex(op.a.0), usize::from(op.c.0)),
        }
    }

    /// A tail call of a BIF with a frame: `Bif Function Arity Slots`
    fn call_bif_last(s, op: I4<B, E, N16, N16>) {
        let result = invoke(&mut s, op.a, usize::from(op.c.0));
        match result {
            Ok(term) => {
                s.x()[0] = term;
                s.sp = s.sp.add(usize::from(op.d.0) + 1);
                if call::after_bif(&mut s) == Outcome::Stopped {
                    return;
                }
                leave!(s)
            }
            Err(raise @ Raise::Trap(_)) => {
                s.sp = s.sp.add(usize::from(op.d.0) + 1);
                call::bif_has_not_returned(s, raise, BifIndex(op.a.0), usize::from(op.c.0))
            }
            Err(raise) => call::bif_has_not_returned(s, raise, BifIndex(op.a.0), usize::from(op.c.0)),
        }
    }

    /// What is at the address of a BIF's export entry.
    fn bif_stub(s, op: I1<B>) {
        let arity = usize::from(BifIndex(op.a.0).entry().arity);
        let result = invoke(&mut s, op.a, arity);
        match result {
            Ok(term) => {
                s.x()[0] = term;
                if call::after_bif(&mut s) == Outcome::Stopped {
                    return;
                }
                leave!(s)
            }
            Err(raise) => call::bif_has_not_returned(s, raise, BifIndex(op.a.0), arity),
        }
    }

    /// `bif0`: `Bif Dst`; these cannot fail.
    fn guard_bif0(s, op: I2<B, D>) {
        if let Ok(term) = guard(&mut s, op.a, &[]) {
            op.b.set(&s, term);
        }
        next!(s, op)
    }

    /// `bif1`, `gc_bif1`: `Fail Bif A Dst`
    fn guard_bif1<A: Source, C: Dest>(s, op: I4<Fail, B, A, C>) {
        let arguments = [op.c.get(&s)];
        finish!(s, op, guard(&mut s, op.b, &arguments), op.d, op.b, &arguments)
    }

    /// `bif2`, `gc_bif2`: `Fail Bif A B Dst`
    fn guard_bif2<A: Source, C: Source, F: Dest>(s, op: I5<Fail, B, A, C, F>) {
        let arguments = [op.c.get(&s), op.d.get(&s)];
        finish!(s, op, guard(&mut s, op.b, &arguments), op.e, op.b, &arguments)
    }

    /// `gc_bif3`: `Fail Bif A B C Dst`
    fn guard_bif3(s, op: crate::emu::operand::I6<Fail, B, S, S, S, D>) {
        let arguments = [op.c.get(&s), op.d.get(&s), op.e.get(&s)];
        finish!(s, op, guard(&mut s, op.b, &arguments), op.f, op.b, &arguments)
    }

    /// `self/0`
    fn self_pid<A: Dest>(s, op: I1<A>) {
        op.a.set(&s, Term::pid((*(*s.m).process).pid));
        next!(s, op)
    }

    /// `hd/1`: `Fail Bif A Dst`
    fn hd<A: Source, C: Dest>(s, op: I4<Fail, B, A, C>) {
        let list = op.c.get(&s);
        if list.is_cons() {
            op.d.set(&s, super::data::cell(list, 0));
            next!(s, op)
        }
        slow!(s, guard_bif1_rest::<A, C>)
    }

    /// `tl/1`: `Fail Bif A Dst`
    fn tl<A: Source, C: Dest>(s, op: I4<Fail, B, A, C>) {
        let list = op.c.get(&s);
        if list.is_cons() {
            op.d.set(&s, super::data::cell(list, 1));
            next!(s, op)
        }
        slow!(s, guard_bif1_rest::<A, C>)
    }

    /// `tuple_size/1`: `Fail Bif A Dst`
    fn tuple_size<A: Source, C: Dest>(s, op: I4<Fail, B, A, C>) {
        let tuple = op.c.get(&s);
        if kind_of(tuple) == Some(Kind::Tuple) {
            let header = super::data::boxed(tuple, 0).raw();
            op.d.set(&s, Term::small_cut((header >> 6) as i64));
            next!(s, op)
        }
        slow!(s, guard_bif1_rest::<A, C>)
    }

    /// `map_get/2`: `Fail Bif Key Map Dst`
    fn map_get<A: Source, C: Source, F: Dest>(s, op: I5<Fail, B, A, C, F>) {
        if let Some(map) = small_map(op.d.get(&s)) && let Some(place) = map.place(op.c.get(&s), 0) {
            op.e.set(&s, map.value(place));
            next!(s, op)
        }
        slow!(s, guard_bif2_rest::<A, C, F>)
    }

    /// `is_map_key/2`: `Fail Bif Key Map Dst`
    fn is_map_key<A: Source, C: Source, F: Dest>(s, op: I5<Fail, B, A, C, F>) {
        let key = op.c.get(&s);
        if let Some(map) = small_map(op.d.get(&s)) {
            let place = map.place(key, 0);
            if place.is_some() || key.is_immediate() {
                op.e.set(&s, Term::boolean(place.is_some()));
                next!(s, op)
            }
        }
        slow!(s, guard_bif2_rest::<A, C, F>)
    }

    /// `element/2`: `Fail Bif Index Tuple Dst`
    fn element<A: Source, C: Source, F: Dest>(s, op: I5<Fail, B, A, C, F>) {
        let (index, tuple) = (op.c.get(&s), op.d.get(&s));
        if index.is_small() && kind_of(tuple) == Some(Kind::Tuple) {
            let (index, header) = (index.small_value() as u64, super::data::boxed(tuple, 0).raw());
            if index.wrapping_sub(1) < header >> 6 {
                op.e.set(&s, super::data::boxed(tuple, index as usize));
                next!(s, op)
            }
        }
        slow!(s, guard_bif2_rest::<A, C, F>)
    }
}

/// A BIF of one argument that has an instruction of its own, the long way.
#[cold]
#[inline(never)]
unsafe extern "sysv64" fn guard_bif1_rest<A: Source, C: Dest>(
    ip: *const u64,
    hp: *mut u64,
    sp: *mut u64,
    m: *mut Machine,
    fcalls: isize,
) {
    // SAFETY: the instruction is laid out as the general one.
    unsafe { guard_bif1::<A, C>(ip, hp, sp, m, fcalls) }
}

/// A BIF of two arguments that has an instruction of its own, the long way.
#[cold]
#[inline(never)]
unsafe extern "sysv64" fn guard_bif2_rest<A: Source, C: Source, F: Dest>(
    ip: *const u64,
    hp: *mut u64,
    sp: *mut u64,
    m: *mut Machine,
    fcalls: isize,
) {
    // SAFETY: the instruction is laid out as the general one.
    unsafe { guard_bif2::<A, C, F>(ip, hp, sp, m, fcalls) }
}
