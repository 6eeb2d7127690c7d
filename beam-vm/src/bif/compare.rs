// SPDX-License-Identifier: Apache-2.0
//! Comparison operators as functions.

use super::{BifResult, Context};
use crate::compare;
use crate::term::Term;

macro_rules! operators {
    ($($(#[$about:meta])* $name:ident: |$cx:ident, $a:ident, $b:ident| $holds:expr;)*) => {$(
        $(#[$about])*
        pub fn $name($cx: &mut Context<'_>, args: &[Term]) -> BifResult {
            let ($a, $b) = (args[0], args[1]);
            let _ = &$cx;
            Ok(Term::boolean($holds))
        }
    )*};
}

operators! {
    /// `=:=`
    same: |cx, a, b| compare::same(a, b);
    /// `=/=`
    different: |cx, a, b| !compare::same(a, b);
    /// `==`
    equal: |cx, a, b| compare::equal(a, b);
    /// `/=`
    unequal: |cx, a, b| !compare::equal(a, b);
    /// `<`
    less: |cx, a, b| compare::compare(&cx.vm.atoms, a, b).is_lt();
    /// `=<`
    at_most: |cx, a, b| compare::compare(&cx.vm.atoms, a, b).is_le();
    /// `>`
    greater: |cx, a, b| compare::compare(&cx.vm.atoms, a, b).is_gt();
    /// `>=`
    at_least: |cx, a, b| compare::compare(&cx.vm.atoms, a, b).is_ge();
}

/// `min/2`
pub fn min(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    Ok(if compare::compare(&cx.vm.atoms, args[0], args[1]).is_gt() { args[1] } else { args[0] })
}

/// `max/2`
pub fn max(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    Ok(if compare::compare(&cx.vm.atoms, args[0], args[1]).is_lt() { args[1] } else { args[0] })
}
