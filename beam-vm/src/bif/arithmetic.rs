// SPDX-License-Identifier: Apache-2.0
//! Stand-in until the room lands.
#![expect(missing_docs, reason = "stand-in")]
use super::Raise;
use crate::heap::ProcessHeap;
use crate::term::Term;
macro_rules! two { ($($n:ident)*) => { $(pub fn $n(_: &mut ProcessHeap, _: Term, _: Term) -> Result<Term, Raise> { unimplemented!() })* } }
two! { add subtract multiply quotient remainder band bor bxor bsl bsr }
pub fn bnot(_: &mut ProcessHeap, _: Term) -> Result<Term, Raise> {
    unimplemented!()
}
pub fn to_float(_: Term) -> Option<f64> {
    unimplemented!()
}
