// SPDX-License-Identifier: Apache-2.0
//! Calls of BIFs: as functions, and in guards and bodies as instructions.
#![expect(unsafe_code, reason = "handlers work on registers and heap words")]

use super::calls::set_return_address;
use super::maps::small_map;
use super::types::kind_of;
use crate::bif::{BifIndex, Raise};
use crate::emu::call;
use crate::emu::collect::Outcome;
use crate::emu::dispatch::{State, go, handlers, jump, next, slow};
use crate::emu::operand::{B, D, Dest, E, Fail, I1, I2, I3, I4, I5, N16, S, Source};
use crate::emu::trace::{self, Called};
use crate::emu::{Machine, exception, invoke};
use crate::term::{Kind, Term};

/// Does a BIF as a function, with the arguments in the first X registers; leaves its result there, and collects if that is due.
macro_rules! call {
    ($s:ident, $bif:expr, $arity:expr, $failed:path) => {
        // Where the process is counts for who asks which code it runs.
        $s.process().ip = $s.ip;
        let mut called = Called::UNTRACED;
        if (*(*$s.m).vm).tracing.looks_at_bifs {
            called = trace::bif_called($s.m, BifIndex($bif.0), $arity);
        }
        let result = invoke::bif($s.m, BifIndex($bif.0), $s.m.cast(), $arity);
        if called.is_traced() {
            trace::bif_returned($s.m, BifIndex($bif.0), called, result);
        }
        $s.reload();
        if result.is_none() {
            slow!($s, $failed)
        }
        $s.m.cast::<Term>().write(result);
    };
}

/// Does a BIF as an instruction, whose arguments are put aside, and goes on.
macro_rules! guard {
    ($s:ident, $op:ident, [$($argument:expr),+], $dst:expr) => {
        let arguments = (&raw mut (*$s.m).arguments).cast::<Term>();
        let mut arity = 0;
        $(
            arguments.add(arity).write($argument.get(&$s));
            arity += 1;
        )+
        $s.process();
        let result = invoke::bif($s.m, BifIndex($op.b.0), arguments, arity);
        $s.reload();
        if result.is_some() {
            $dst.set(&$s, result);
            call::look_soon(&mut $s);
            next!($s, $op)
        }
        if $op.a.0 != 0 {
            jump!($s, $op.a.0)
        }
        slow!($s, guard_failed)
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
        call!(s, op.a, usize::from(op.c.0), bif_failed);
        if call::after_bif(&mut s) == Outcome::Stopped {
            return;
        }
        next!(s, op)
    }

    /// A tail call of a BIF without a frame: `Bif Function Arity`
    fn call_bif_only(s, op: I3<B, E, N16>) {
        call!(s, op.a, usize::from(op.c.0), last_bif_failed);
        if call::after_bif(&mut s) == Outcome::Stopped {
            return;
        }
        leave!(s)
    }

    /// A tail call of a BIF with a frame: `Bif Function Arity Slots`
    fn call_bif_last(s, op: I4<B, E, N16, N16>) {
        call!(s, op.a, usize::from(op.c.0), framed_bif_failed);
        s.sp = s.sp.add(usize::from(op.d.0) + 1);
        if call::after_bif(&mut s) == Outcome::Stopped {
            return;
        }
        leave!(s)
    }

    /// What is at the address of a BIF's export entry.
    fn bif_stub(s, op: I1<B>) {
        call!(s, op.a, usize::from(BifIndex(op.a.0).entry().arity), last_bif_failed);
        if call::after_bif(&mut s) == Outcome::Stopped {
            return;
        }
        leave!(s)
    }

    /// `bif0`: `Bif Dst`; these cannot fail.
    fn guard_bif0(s, op: I2<B, D>) {
        s.process();
        let result = invoke::bif(s.m, BifIndex(op.a.0), s.m.cast(), 0);
        s.reload();
        if result.is_some() {
            op.b.set(&s, result);
        }
        next!(s, op)
    }

    /// `bif1`, `gc_bif1`: `Fail Bif A Dst`
    fn guard_bif1<A: Source, C: Dest>(s, op: I4<Fail, B, A, C>) {
        guard!(s, op, [op.c], op.d);
    }

    /// `bif2`, `gc_bif2`: `Fail Bif A B Dst`
    fn guard_bif2<A: Source, C: Source, F: Dest>(s, op: I5<Fail, B, A, C, F>) {
        guard!(s, op, [op.c, op.d], op.e);
    }

    /// `gc_bif3`: `Fail Bif A B C Dst`
    fn guard_bif3(s, op: crate::emu::operand::I6<Fail, B, S, S, S, D>) {
        guard!(s, op, [op.c, op.d, op.e], op.f);
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

/// Makes what goes on when a BIF that was called as a function has not returned. `op` is the beginning of each such instruction.
macro_rules! failures {
    ($($(#[$about:meta])* fn $name:ident($s:ident, $op:ident: $layout:ty) $before:block)*) => {$(
        $(#[$about])*
        #[cold]
        #[inline(never)]
        unsafe extern "sysv64" fn $name(
            ip: *const u64, hp: *mut u64, sp: *mut u64, m: *mut Machine, fcalls: isize,
        ) {
            let mut $s = State { ip, hp, sp, m, fcalls };
            let _ = &mut $s;
            // SAFETY: as for the handler that has come here.
            unsafe {
                let $op = &*ip.cast::<$layout>();
                if matches!((*m).raise, Raise::Trap(_)) {
                    $before
                }
                let bif = BifIndex($op.a.0);
                call::bif_has_not_returned($s, (*m).raise, bif, usize::from(bif.entry().arity))
            }
        }
    )*};
}

failures! {
    /// In [`call_bif`].
    fn bif_failed(s, op: I3<B, E, N16>) {
        set_return_address(&s, s.ip.add(size_of_val(op) / 8));
    }

    /// In a tail call without a frame.
    fn last_bif_failed(s, op: I1<B>) {}

    /// In a tail call with a frame.
    fn framed_bif_failed(s, op: I4<B, E, N16, N16>) {
        s.sp = s.sp.add(usize::from(op.d.0) + 1);
    }
}

/// A BIF as an instruction has failed, where no label says what then.
#[cold]
#[inline(never)]
unsafe extern "sysv64" fn guard_failed(
    ip: *const u64,
    hp: *mut u64,
    sp: *mut u64,
    m: *mut Machine,
    fcalls: isize,
) {
    // SAFETY: as for the handler that has come here; all these instructions begin with a label and the BIF.
    unsafe {
        let bif = BifIndex((*ip.cast::<I2<Fail, B>>()).b.0);
        let arguments = (*m).arguments;
        let arguments = &arguments[..usize::from(bif.entry().arity)];
        exception::raise_in_bif(State { ip, hp, sp, m, fcalls }, (*m).raise, bif, arguments)
    }
}
