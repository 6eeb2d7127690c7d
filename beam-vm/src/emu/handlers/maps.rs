// SPDX-License-Identifier: Apache-2.0
//! Instructions on maps.
#![expect(unsafe_code, reason = "handlers work on registers and heap words")]

use crate::atom::predefined;
use crate::bif::Raise;
use crate::emu::Machine;
use crate::emu::dispatch::{State, go, handlers, jump, next, slow};
use crate::emu::operand::{D, Dest, Fail, I3, I5, L, ListOf, N16, S, Source};
use crate::emu::{call, exception};
use crate::heap::build;
use crate::map;
use crate::term::Term;

/// Writes a register that stands in a list.
unsafe fn set(s: &State, register: S, term: Term) {
    // SAFETY: the loader has checked that the list has registers here.
    unsafe {
        let base = if register.0 & 4 == 0 { s.m.cast::<u8>() } else { s.sp.cast::<u8>() };
        base.add((register.0 >> 3) as usize).cast::<Term>().write(term);
    }
}

handlers! {
    /// `has_map_fields Fail Map Keys`
    fn has_map_fields(s, op: I3<L, S, ListOf>) {
        let atoms = &(*(*s.m).vm).atoms;
        let Some(map) = op.b.get(&s).as_map() else { jump!(s, op.a.0) };
        for key in op.c.get(&s) {
            if map::get(atoms, map, key.get(&s)).is_none() {
                jump!(s, op.a.0)
            }
        }
        next!(s, op)
    }

    /// `get_map_elements Fail Map [Key, Dst…]`
    fn get_map_elements(s, op: I3<L, S, ListOf>) {
        let atoms = &(*(*s.m).vm).atoms;
        let Some(map) = op.b.get(&s).as_map() else { jump!(s, op.a.0) };
        for pair in op.c.get(&s).chunks_exact(2) {
            match map::get(atoms, map, pair[0].get(&s)) {
                Some(value) => set(&s, pair[1], value),
                None => jump!(s, op.a.0),
            }
        }
        next!(s, op)
    }

    /// `put_map_assoc Fail Map Dst Live [Key, Value…]`
    fn put_map_assoc(s, op: I5<Fail, S, D, N16, ListOf>) {
        slow!(s, assoc)
    }

    /// `put_map_exact Fail Map Dst Live [Key, Value…]`
    fn put_map_exact(s, op: I5<Fail, S, D, N16, ListOf>) {
        slow!(s, exact)
    }
}

#[inline(never)]
unsafe extern "sysv64" fn assoc(ip: *const u64, hp: *mut u64, sp: *mut u64, m: *mut Machine, fcalls: isize) {
    // SAFETY: as for the handler that has come here.
    unsafe { put(State { ip, hp, sp, m, fcalls }, Presence::Any) }
}

#[inline(never)]
unsafe extern "sysv64" fn exact(ip: *const u64, hp: *mut u64, sp: *mut u64, m: *mut Machine, fcalls: isize) {
    // SAFETY: as for the handler that has come here.
    unsafe { put(State { ip, hp, sp, m, fcalls }, Presence::Required) }
}

/// Whether keys have to be there already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    Any,
    Required,
}

#[inline(always)]
unsafe fn put(mut s: State, presence: Presence) {
    // SAFETY: as for the handlers.
    unsafe {
        let op = &*s.ip.cast::<I5<Fail, S, D, N16, ListOf>>();
        let mut term = op.b.get(&s);
        let pairs: alloc::vec::Vec<(Term, Term)> =
            op.e.get(&s).chunks_exact(2).map(|pair| (pair[0].get(&s), pair[1].get(&s))).collect();
        let context = s.context();
        let (atoms, heap) = (&context.vm.atoms, &mut context.process.heap);
        let mut failure = None;
        if term.as_map().is_none() {
            let reason = build::tuple(heap, &[Term::atom(predefined::BADMAP), term]);
            failure = Some(Raise::Error(reason));
        }
        if failure.is_none()
            && presence == Presence::Any
            && pairs.len() > 4
            && term.as_map().is_some_and(crate::term::Map::is_empty)
        {
            term = map::from_pairs(heap, atoms, &pairs);
        } else if failure.is_none() {
            for (key, value) in pairs {
                let Some(current) = term.as_map() else { break };
                if presence == Presence::Required && map::get(atoms, current, key).is_none() {
                    let reason = build::tuple(heap, &[Term::atom(predefined::BADKEY), key]);
                    failure = Some(Raise::Error(reason));
                    break;
                }
                term = map::put(heap, atoms, current, key, value);
            }
        }
        s.reload();
        match failure {
            None => {
                op.c.set(&s, term);
                call::look_soon(&mut s);
                next!(s, op)
            }
            Some(_) if op.a.0 != 0 => {
                s.ip = s.ip.offset(op.a.0 as isize);
                go(s)
            }
            Some(raise) => exception::raise(s, raise),
        }
    }
}
