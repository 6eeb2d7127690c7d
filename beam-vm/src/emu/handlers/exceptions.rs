// SPDX-License-Identifier: Apache-2.0
//! `catch`, `try`, and the instructions that raise. A handler finds [`Term::NONE`] in x0, the class in x1, reason or value in x2 and
//! the stack trace in its raw form in x3.
#![expect(unsafe_code, reason = "handlers work on registers and heap words")]

use crate::atom::predefined;
use crate::emu::dispatch::{handlers, next, slow};
use crate::emu::exception;
use crate::emu::operand::{Dest, I0, I1, I2, L, S, Source, Y};
use crate::term::Term;

handlers! {
    /// `catch Y Label`, `try Y Label`
    fn catch(s, op: I2<Y, L>) {
        let handler = s.ip.offset(op.b.0 as isize);
        op.a.set(&s, Term::catch(handler.expose_provenance() as u64));
        next!(s, op)
    }

    /// `catch_end Y`
    fn catch_end(s, op: I1<Y>) {
        op.a.set(&s, Term::NIL);
        if s.x()[0].is_none() {
            slow!(s, exception::catch_end)
        }
        next!(s, op)
    }

    /// `try_end Y`
    fn try_end(s, op: I1<Y>) {
        op.a.set(&s, Term::NIL);
        next!(s, op)
    }

    /// `try_case Y`
    fn try_case(s, op: I1<Y>) {
        op.a.set(&s, Term::NIL);
        let x = s.x();
        x[0] = x[1];
        x[1] = x[2];
        x[2] = x[3];
        next!(s, op)
    }

    /// `raise Trace Value`
    fn raise(s, op: I2<S, S>) {
        let x = s.x();
        (x[1], x[2]) = (op.b.get(&s), op.a.get(&s));
        x[0] = Term::atom(exception::class_of(x[2]));
        slow!(s, exception::raw_raise)
    }

    /// `raw_raise`: class, value and trace in x0 to x2.
    fn raw_raise(s, op: I0) {
        slow!(s, exception::raw_raise)
    }

    /// `build_stacktrace`: x0 from its raw form to what programs see.
    fn build_stacktrace(s, op: I0) {
        slow!(s, exception::build_stacktrace)
    }

    /// `badmatch Value`
    fn badmatch(s, op: I1<S>) {
        (*s.m).fault.reason = op.a.get(&s);
        (*s.m).fault.class = predefined::BADMATCH;
        slow!(s, exception::raise_pair)
    }

    /// `case_end Value`
    fn case_end(s, op: I1<S>) {
        (*s.m).fault.reason = op.a.get(&s);
        (*s.m).fault.class = predefined::CASE_CLAUSE;
        slow!(s, exception::raise_pair)
    }

    /// `try_case_end Value`
    fn try_case_end(s, op: I1<S>) {
        (*s.m).fault.reason = op.a.get(&s);
        (*s.m).fault.class = predefined::TRY_CLAUSE;
        slow!(s, exception::raise_pair)
    }

    /// `badrecord Value`
    fn badrecord(s, op: I1<S>) {
        (*s.m).fault.reason = op.a.get(&s);
        (*s.m).fault.class = predefined::BADRECORD;
        slow!(s, exception::raise_pair)
    }

    /// `if_end`
    fn if_end(s, op: I0) {
        slow!(s, exception::if_clause)
    }
}
