// SPDX-License-Identifier: Apache-2.0
//! Instructions on maps. Small maps whose keys are found by their words are done here; the rest is in `map`. The keys of an instruction are
//! mostly in the order of those of the map, so each is looked for from where the one before was found.
#![expect(unsafe_code, reason = "handlers work on registers and heap words")]

use super::frames::bytes;
use super::types::is_kind;
use crate::atom::predefined;
use crate::bif::Raise;
use crate::emu::Machine;
use crate::emu::dispatch::{State, go, handlers, jump, next, slow};
use crate::emu::operand::{C, D, Dest, Fail, I3, I4, I5, L, ListOf, N16, S, Source};
use crate::emu::{call, exception, invoke};
use crate::heap::build;
use crate::map;
use crate::term::{Header, Kind, Term, layout};

/// A small map's words.
#[derive(Clone, Copy)]
pub(super) struct Small {
    /// The header; the count, the tuple of keys and the values follow.
    words: *const Term,
    /// The first key.
    keys: *const Term,
    len: usize,
}

/// The small map that a term is.
#[inline(always)]
pub(super) unsafe fn small_map(term: Term) -> Option<Small> {
    // SAFETY: what is boxed begins with a header, a map has a count, and a small one a tuple of as many keys and values.
    unsafe {
        if !is_kind(term, Kind::Map) {
            return None;
        }
        let words = core::ptr::with_exposed_provenance::<Term>(term.raw() as usize - 2);
        let count = words.add(layout::MAP_COUNT).read();
        if count.raw() > Term::count(layout::MAP_SMALL_LIMIT).raw() {
            return None;
        }
        let tuple = words.add(layout::MAP_KEYS).read();
        let keys = core::ptr::with_exposed_provenance::<Term>(tuple.raw() as usize - 2 + 8);
        Some(Small { words, keys, len: count.small_value() as usize })
    }
}

impl Small {
    /// Where the word of a key is, looked for from a place on, then before it.
    #[inline(always)]
    pub(super) unsafe fn place(self, key: Term, from: usize) -> Option<usize> {
        // SAFETY: there are as many keys.
        unsafe {
            let mut place = from;
            while place < self.len {
                if self.keys.add(place).read() == key {
                    return Some(place);
                }
                place += 1;
            }
            place = 0;
            while place < from {
                if self.keys.add(place).read() == key {
                    return Some(place);
                }
                place += 1;
            }
            None
        }
    }

    #[inline(always)]
    pub(super) unsafe fn value(self, place: usize) -> Term {
        // SAFETY: there are as many values as keys.
        unsafe { self.words.add(layout::MAP_VALUES + place).read() }
    }
}

/// Writes a register that stands in a list.
#[inline(always)]
unsafe fn set(s: &State, register: S, term: Term) {
    // SAFETY: the loader has checked that the list has registers here.
    unsafe {
        let base = if register.0 & 4 == 0 { s.m.cast::<u8>() } else { s.sp.cast::<u8>() };
        base.add((register.0 >> 3) as usize).cast::<Term>().write(term);
    }
}

/// Makes a small map with other values for keys that it has; goes elsewhere if one is not found by its word.
macro_rules! replace {
    ($s:ident, $op:ident, $rest:ident) => {{
        let old = $op.b.get(&$s);
        let Some(map) = small_map(old) else { slow!($s, $rest) };
        let words = layout::MAP_VALUES + map.len;
        if $s.free_bytes() < bytes(words) {
            slow!($s, $rest)
        }
        let copy = $s.hp.cast::<Term>();
        for index in 0..words {
            // Volatile, so that few words are not copied by a call.
            copy.add(index).write_volatile(map.words.add(index).read());
        }
        let pairs = $op.e.get(&$s).as_ptr_range();
        let (mut at, mut from) = (pairs.start, 0);
        let mut difference = 0;
        while at < pairs.end {
            let Some(place) = map.place((*at).get(&$s), from) else { slow!($s, $rest) };
            let value = (*at.add(1)).get(&$s);
            difference |= value.raw() ^ map.value(place).raw();
            copy.add(layout::MAP_VALUES + place).write(value);
            from = place + 1;
            at = at.add(2);
        }
        if difference == 0 {
            $op.c.set(&$s, old);
        } else {
            $op.c.set(&$s, Term::from_raw($s.hp.expose_provenance() as u64 | 2));
            $s.hp = $s.hp.add(words);
        }
        next!($s, $op)
    }};
}

handlers! {
    /// `has_map_fields Fail Map Keys`
    fn has_map_fields(s, op: I3<L, S, ListOf>) {
        let Some(map) = small_map(op.b.get(&s)) else { slow!(s, has_map_fields_rest) };
        let mut from = 0;
        for key in op.c.get(&s) {
            let key = key.get(&s);
            match map.place(key, from) {
                Some(place) => from = place + 1,
                None if key.is_immediate() => jump!(s, op.a.0),
                None => slow!(s, has_map_fields_rest),
            }
        }
        next!(s, op)
    }

    /// `get_map_elements Fail Map [Key, Dst]` with a key that is an immediate: `Fail Map Key Dst`
    fn get_map_element<A: Source, B: Source, C: Dest>(s, op: I4<L, A, B, C>) {
        let Some(map) = small_map(op.b.get(&s)) else { slow!(s, get_map_element_rest::<A, B, C>) };
        match map.place(op.c.get(&s), 0) {
            Some(place) => {
                op.d.set(&s, map.value(place));
                next!(s, op)
            }
            None => jump!(s, op.a.0),
        }
    }

    /// `get_map_elements Fail Map [Key, Dst…]` with keys that are immediates
    fn get_map_elements_immediate(s, op: I3<L, S, ListOf>) {
        let Some(map) = small_map(op.b.get(&s)) else { slow!(s, get_map_elements) };
        let pairs = op.c.get(&s).as_ptr_range();
        let (mut at, mut from) = (pairs.start, 0);
        while at < pairs.end {
            let Some(place) = map.place(Term::from_raw((*at).0), from) else { jump!(s, op.a.0) };
            set(&s, *at.add(1), map.value(place));
            from = place + 1;
            at = at.add(2);
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

    /// A map from nothing with keys that are known: `Keys Dst Values`
    fn new_map(s, op: I3<C, D, ListOf>) {
        let values = op.c.get(&s);
        if s.free_bytes() < bytes(layout::MAP_VALUES + values.len()) {
            slow!(s, new_map_rest)
        }
        let at = s.hp;
        at.write(Header::new(Kind::Map, layout::MAP_VALUES - 1 + values.len()).raw());
        at.add(layout::MAP_COUNT).write(Term::count(values.len()).raw());
        at.add(layout::MAP_KEYS).write(op.a.0);
        s.hp = at.add(layout::MAP_VALUES);
        for value in values {
            s.hp.cast::<Term>().write(value.get(&s));
            s.hp = s.hp.add(1);
        }
        op.b.set(&s, Term::from_raw(at.expose_provenance() as u64 | 2));
        next!(s, op)
    }

    /// `put_map_assoc Fail Map Dst Live [Key, Value…]`
    fn put_map_assoc(s, op: I5<Fail, S, D, N16, ListOf>) {
        replace!(s, op, assoc)
    }

    /// `put_map_exact Fail Map Dst Live [Key, Value…]`
    fn put_map_exact(s, op: I5<Fail, S, D, N16, ListOf>) {
        replace!(s, op, exact)
    }
}

#[cold]
#[inline(never)]
unsafe extern "sysv64" fn has_map_fields_rest(
    ip: *const u64,
    hp: *mut u64,
    sp: *mut u64,
    m: *mut Machine,
    fcalls: isize,
) {
    let mut s = State { ip, hp, sp, m, fcalls };
    // SAFETY: as for the handler that has come here.
    unsafe {
        let op = &*ip.cast::<I3<L, S, ListOf>>();
        let atoms = &(*(*s.m).vm).atoms;
        let map = op.b.get(&s).as_map();
        let has =
            map.is_some_and(|map| op.c.get(&s).iter().all(|key| map::get(atoms, map, key.get(&s)).is_some()));
        s.ip = s.ip.offset(if has { (size_of_val(op) / 8) as isize } else { op.a.0 as isize });
        go(s)
    }
}

#[inline(never)]
unsafe extern "sysv64" fn get_map_element_rest<A: Source, B: Source, C: Dest>(
    ip: *const u64,
    hp: *mut u64,
    sp: *mut u64,
    m: *mut Machine,
    fcalls: isize,
) {
    let mut s = State { ip, hp, sp, m, fcalls };
    // SAFETY: as for the handler that has come here.
    unsafe {
        let op = &*ip.cast::<I4<L, A, B, C>>();
        let atoms = &(*(*s.m).vm).atoms;
        match op.b.get(&s).as_map().and_then(|map| map::get(atoms, map, op.c.get(&s))) {
            Some(value) => {
                op.d.set(&s, value);
                next!(s, op)
            }
            None => jump!(s, op.a.0),
        }
    }
}

#[cold]
#[inline(never)]
unsafe extern "sysv64" fn new_map_rest(
    ip: *const u64,
    hp: *mut u64,
    sp: *mut u64,
    m: *mut Machine,
    fcalls: isize,
) {
    let mut s = State { ip, hp, sp, m, fcalls };
    // SAFETY: as for the handler that has come here.
    unsafe {
        let op = &*ip.cast::<I3<C, D, ListOf>>();
        let mut values = [Term::NIL; layout::MAP_SMALL_LIMIT];
        let sources = op.c.get(&s);
        for (value, source) in values.iter_mut().zip(sources) {
            *value = source.get(&s);
        }
        let map = build::flat_map(&mut s.process().heap, Term::from_raw(op.a.0), &values[..sources.len()]);
        s.reload();
        op.b.set(&s, map);
        call::look_soon(&mut s);
        next!(s, op)
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

/// Whether keys have to be there before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    Any,
    Required,
}

/// Does `put_map_assoc` or `put_map_exact` with any map and any keys.
#[inline(always)]
unsafe fn put(mut s: State, presence: Presence) {
    // SAFETY: as for the handlers.
    unsafe {
        let op = &*s.ip.cast::<I5<Fail, S, D, N16, ListOf>>();
        s.process();
        let result = changed(s.ip, s.sp, s.m, presence);
        s.reload();
        if result.is_some() {
            op.c.set(&s, result);
            call::look_soon(&mut s);
            next!(s, op)
        }
        if op.a.0 != 0 {
            jump!(s, op.a.0)
        }
        slow!(s, put_failed)
    }
}

/// The map that [`put`] gives; see [`invoke`].
#[inline(never)]
unsafe fn changed(ip: *const u64, sp: *mut u64, m: *mut Machine, presence: Presence) -> Term {
    // SAFETY: as for the handlers. The state has all that operands look at.
    unsafe {
        let op = &*ip.cast::<I5<Fail, S, D, N16, ListOf>>();
        let process = &mut *(*m).process;
        let s = State { ip, hp: process.heap.top, sp, m, fcalls: 0 };
        let term = op.b.get(&s);
        let pairs = op.e.get(&s).chunks_exact(2);
        let pairs = pairs.map(|pair| (pair[0].get(&s), pair[1].get(&s)));
        let (atoms, heap) = (&(*(*m).vm).atoms, &mut process.heap);
        let raise = match (term.as_map(), presence) {
            (None, _) => Raise::About(predefined::BADMAP, term),
            (Some(map), Presence::Any) => return map::put_all(heap, atoms, map, pairs),
            (Some(map), Presence::Required) => {
                match pairs.clone().find(|(key, _)| map::get(atoms, map, *key).is_none()) {
                    Some((key, _)) => Raise::About(predefined::BADKEY, key),
                    None => return map::put_all(heap, atoms, map, pairs),
                }
            }
        };
        invoke::word(m, Err(raise))
    }
}

#[cold]
#[inline(never)]
unsafe extern "sysv64" fn put_failed(
    ip: *const u64,
    hp: *mut u64,
    sp: *mut u64,
    m: *mut Machine,
    fcalls: isize,
) {
    // SAFETY: as for the handler that has come here.
    unsafe { exception::raise(State { ip, hp, sp, m, fcalls }, (*m).raise) }
}
