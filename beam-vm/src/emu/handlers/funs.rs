// SPDX-License-Identifier: Apache-2.0
//! Making and calling funs.
#![expect(unsafe_code, reason = "handlers work on registers and heap words")]

use super::calls::{enter, set_return_address};
use super::data::boxed;
use super::types::kind_of;
use crate::emu::dispatch::{State, go, handlers, next, slow};
use crate::emu::operand::{D, Dest, I2, I3, Lam, ListOf, N16, Source};
use crate::emu::{Machine, call};
use crate::term::{Export, Header, Kind, Term, layout};

/// If the term is a local fun of this arity: puts its environment behind the arguments and gives the address.
#[inline(always)]
pub(in crate::emu) unsafe fn prepare(s: &State, fun: Term, arity: usize) -> Option<*const u64> {
    // SAFETY: what is boxed begins with a header, and a fun has the words of its layout.
    unsafe {
        if !fun.is_boxed() {
            return None;
        }
        let object = core::ptr::with_exposed_provenance::<u64>(fun.raw() as usize - 2);
        let header = object.read();
        if header & 0x3F != (Kind::Fun as u64) << 2 || *object.add(layout::FUN_ARITY) as usize != arity {
            return None;
        }
        let free = *object.add(layout::FUN_FREE) as usize;
        let from = object.add(layout::FUN_ENV).cast::<Term>();
        let to = s.m.cast::<Term>().add(arity);
        for index in 0..free {
            // Volatile, so that few words are not copied by a call.
            to.add(index).write(from.add(index).read_volatile());
        }
        let entry = *object.add(layout::FUN_ENTRY) as usize;
        let address = core::ptr::with_exposed_provenance::<*const u64>(entry).read();
        Some(address)
    }
}

/// The address of an external fun of this arity.
#[inline(always)]
pub(in crate::emu) unsafe fn external(fun: Term, arity: usize) -> Option<*const u64> {
    // SAFETY: what is boxed begins with a header, and an external fun has the address of its entry.
    unsafe {
        if kind_of(fun) != Some(Kind::Export) {
            return None;
        }
        let entry = boxed(fun, layout::EXPORT_ENTRY).raw() as usize;
        let entry = &*core::ptr::with_exposed_provenance::<Export>(entry);
        (entry.arity as usize == arity).then(|| entry.address.get())
    }
}

handlers! {
    /// `make_fun3 Lambda Dst Env`; the heap words were reserved before.
    fn make_fun(s, op: I3<Lam, D, ListOf>) {
        let entry = op.a.entry();
        let env = op.c.get(&s);
        let at = s.hp;
        at.write(Header::new(Kind::Fun, layout::FUN_ENV - 1 + env.len()).raw());
        at.add(layout::FUN_ENTRY).write(op.a.0);
        at.add(layout::FUN_ENTRY + 1).write(0);
        at.add(layout::FUN_ARITY).write(u64::from(entry.arity));
        at.add(layout::FUN_FREE).write(env.len() as u64);
        at.add(layout::FUN_CREATOR).write(Term::pid((*(*s.m).process).pid).raw());
        for (index, variable) in env.iter().enumerate() {
            at.add(layout::FUN_ENV + index).cast::<Term>().write(variable.get(&s));
        }
        s.hp = at.add(layout::FUN_ENV + env.len());
        op.b.set(&s, Term::from_raw(at.expose_provenance() as u64 | 2));
        next!(s, op)
    }

    /// `call_fun Arity`, `call_fun2 Tag Arity Fun`: `Arity Fun`
    fn call_fun<A: Source>(s, op: I2<N16, A>) {
        let fun = op.b.get(&s);
        let Some(target) = prepare(&s, fun, usize::from(op.a.0)) else {
            slow!(s, call_other_fun::<A>)
        };
        set_return_address(&s, s.ip.add(size_of_val(op) / 8));
        enter!(s, target)
    }

    /// The same as a tail call: `Arity Fun Slots`, where the number of slots counts one more than a frame without any; 0 is no frame.
    fn call_fun_last<A: Source>(s, op: I3<N16, A, N16>) {
        let fun = op.b.get(&s);
        let Some(target) = prepare(&s, fun, usize::from(op.a.0)) else {
            slow!(s, call_other_fun_last::<A>)
        };
        s.sp = s.sp.add(usize::from(op.c.0));
        enter!(s, target)
    }
}

/// A call of what is no local fun of the arity.
#[cold]
#[inline(never)]
unsafe extern "sysv64" fn call_other_fun<A: Source>(
    ip: *const u64,
    hp: *mut u64,
    sp: *mut u64,
    m: *mut Machine,
    fcalls: isize,
) {
    let mut s = State { ip, hp, sp, m, fcalls };
    // SAFETY: as for the handler that has come here.
    unsafe {
        let op = &*ip.cast::<I2<N16, A>>();
        let fun = op.b.get(&s);
        let arity = usize::from(op.a.0);
        if let Some(target) = external(fun, arity) {
            set_return_address(&s, s.ip.add(size_of_val(op) / 8));
            s.ip = target;
            return call::enter(s);
        }
        // As stock does it: the call has begun, so the caller stands in the stack trace twice.
        set_return_address(&s, s.ip.add(size_of_val(op) / 8));
        call::raise_no_fun(s, fun, arity)
    }
}

/// A tail call of what is no local fun of the arity.
#[cold]
#[inline(never)]
unsafe extern "sysv64" fn call_other_fun_last<A: Source>(
    ip: *const u64,
    hp: *mut u64,
    sp: *mut u64,
    m: *mut Machine,
    fcalls: isize,
) {
    let mut s = State { ip, hp, sp, m, fcalls };
    // SAFETY: as for the handler that has come here.
    unsafe {
        let op = &*ip.cast::<I3<N16, A, N16>>();
        let fun = op.b.get(&s);
        let arity = usize::from(op.a.0);
        if let Some(target) = external(fun, arity) {
            s.sp = s.sp.add(usize::from(op.c.0));
            s.ip = target;
            return call::enter(s);
        }
        call::raise_no_fun(s, fun, arity)
    }
}
