// SPDX-License-Identifier: Apache-2.0
//! Type tests: each goes on if the term is of the type, else to its label.
#![expect(unsafe_code, reason = "handlers work on registers and heap words")]

use super::data::boxed;
use crate::atom::predefined;
use crate::emu::call;
use crate::emu::dispatch::{handlers, jump, next, slow};
use crate::emu::operand::{I, I1, I2, I3, I4, L, N16, N32, S, Source};
use crate::term::{Header, Kind, Term};

/// The kind of what a term points to.
#[inline(always)]
pub(super) unsafe fn kind_of(term: Term) -> Option<Kind> {
    if !term.is_boxed() {
        return None;
    }
    // SAFETY: what is boxed begins with a header.
    unsafe { Header::from_raw(boxed(term, 0).raw()).map(Header::kind) }
}

/// Whether a term points to something of a kind.
#[inline(always)]
pub(super) unsafe fn is_kind(term: Term, kind: Kind) -> bool {
    // SAFETY: what is boxed begins with a header.
    term.is_boxed() && unsafe { boxed(term, 0).raw() & 0x3F == (kind as u64) << 2 }
}

#[inline(always)]
unsafe fn kind_in(term: Term, kinds: u32) -> bool {
    // SAFETY: what is boxed begins with a header.
    term.is_boxed() && unsafe { kinds >> (boxed(term, 0).raw() >> 2 & 0xF) & 1 == 1 }
}

const fn set(kinds: &[Kind]) -> u32 {
    let mut bits = 0;
    let mut index = 0;
    while index < kinds.len() {
        bits |= 1 << kinds[index] as u32;
        index += 1;
    }
    bits
}

const BIGS: u32 = set(&[Kind::BigPositive, Kind::BigNegative]);
const NUMBERS: u32 = set(&[Kind::BigPositive, Kind::BigNegative, Kind::Float]);
const BITSTRINGS: u32 = set(&[Kind::HeapBinary, Kind::RefcBinary, Kind::SubBinary]);
const FUNS: u32 = set(&[Kind::Fun, Kind::Export]);
const REFERENCES: u32 = set(&[Kind::Reference, Kind::ExternalReference]);

unsafe fn is_binary_term(term: Term) -> bool {
    term.as_bits().is_some_and(crate::term::Bits::is_binary)
}

/// Makes a handler of a test of one term.
macro_rules! tests {
    ($($(#[$about:meta])* $name:ident: |$term:ident| $test:expr;)*) => {
        handlers! {$(
            $(#[$about])*
            fn $name<A: Source>(s, op: I2<L, A>) {
                let $term = op.b.get(&s);
                if $test { next!(s, op) }
                jump!(s, op.a.0)
            }
        )*}
    };
}

tests! {
    /// `is_integer`
    is_integer: |term| term.is_small() || kind_in(term, BIGS);
    /// `is_float`
    is_float: |term| is_kind(term, Kind::Float);
    /// `is_number`
    is_number: |term| term.is_small() || kind_in(term, NUMBERS);
    /// `is_atom`
    is_atom: |term| term.is_atom();
    /// `is_boolean`
    is_boolean: |term| term == Term::atom(predefined::TRUE) || term == Term::atom(predefined::FALSE);
    /// `is_nil`
    is_nil: |term| term.is_nil();
    /// `is_list`
    is_list: |term| term.is_list();
    /// `is_nonempty_list`
    is_nonempty_list: |term| term.is_cons();
    /// `is_tuple`
    is_tuple: |term| is_kind(term, Kind::Tuple);
    /// `is_map`
    is_map: |term| is_kind(term, Kind::Map);
    /// `is_bitstr`
    is_bitstr: |term| kind_in(term, BITSTRINGS);
    /// `is_binary`
    is_binary: |term| kind_in(term, BITSTRINGS) && is_binary_term(term);
    /// `is_function`
    is_function: |term| kind_in(term, FUNS);
    /// `is_pid`
    is_pid: |term| term.as_pid().is_some() || is_kind(term, Kind::ExternalPid);
    /// `is_port`
    is_port: |term| term.as_port().is_some() || is_kind(term, Kind::ExternalPort);
    /// `is_reference`
    is_reference: |term| kind_in(term, REFERENCES);
}

/// Whether a term is a fun of an arity, as `is_function/2` asks.
pub fn has_arity(fun: Term, arity: Term) -> bool {
    let has = if let Some(local) = fun.as_fun() {
        local.arity()
    } else if let Some(export) = fun.as_export() {
        export.entry().arity
    } else {
        return false;
    };
    arity.as_small() == Some(i64::from(has))
}

handlers! {
    /// `is_function2 Fail Fun Arity`
    fn is_function2(s, op: I3<L, S, S>) {
        if has_arity(op.b.get(&s), op.c.get(&s)) { next!(s, op) }
        jump!(s, op.a.0)
    }

    /// What the loader does not know for a cons cell.
    fn ensure_cons<A: Source>(s, op: I1<A>) {
        if op.a.get(&s).is_cons() { next!(s, op) }
        slow!(s, call::not_as_promised)
    }

    /// What the loader does not know for a tuple with as many elements: `Src Elements`
    fn ensure_tuple<A: Source>(s, op: I2<A, N32>) {
        let term = op.a.get(&s);
        if is_kind(term, Kind::Tuple) && boxed(term, 0).raw() >> 6 >= u64::from(op.b.0) { next!(s, op) }
        slow!(s, call::not_as_promised)
    }

    /// What the loader does not know for a float.
    fn ensure_float(s, op: I1<S>) {
        if is_kind(op.a.get(&s), Kind::Float) { next!(s, op) }
        slow!(s, call::not_as_promised)
    }

    /// What the loader does not know for a match state.
    fn ensure_state<A: Source>(s, op: I1<A>) {
        if is_kind(op.a.get(&s), Kind::MatchState) { next!(s, op) }
        slow!(s, call::not_as_promised)
    }

    /// `test_arity` of a tuple with very many elements.
    fn test_arity_wide(s, op: I3<L, S, N32>) {
        let term = op.b.get(&s);
        if term.is_boxed() && boxed(term, 0).raw() == Header::new(Kind::Tuple, op.c.0 as usize).raw() {
            next!(s, op)
        }
        jump!(s, op.a.0)
    }

    /// `is_tuple` and `test_arity`: `Fail Src Arity`
    fn is_tuple_of_arity<A: Source>(s, op: I3<L, A, N16>) {
        let term = op.b.get(&s);
        if term.is_boxed() && boxed(term, 0).raw() == Header::new(Kind::Tuple, usize::from(op.c.0)).raw() {
            next!(s, op)
        }
        jump!(s, op.a.0)
    }

    /// `is_tagged_tuple Fail Src Arity Tag`
    fn is_tagged_tuple<A: Source>(s, op: I4<L, A, N16, I>) {
        let term = op.b.get(&s);
        if term.is_boxed()
            && boxed(term, 0).raw() == Header::new(Kind::Tuple, usize::from(op.c.0)).raw()
            && boxed(term, 1) == op.d.get(&s)
        {
            next!(s, op)
        }
        jump!(s, op.a.0)
    }
}
