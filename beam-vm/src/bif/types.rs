// SPDX-License-Identifier: Apache-2.0
//! Type tests as functions.

use super::{BifResult, Context, Raise};
use crate::term::{Term, View};

macro_rules! tests {
    ($($(#[$about:meta])* $name:ident: $pattern:pat $(if $also:expr)? => ())*) => {$(
        $(#[$about])*
        pub fn $name(_: &mut Context<'_>, args: &[Term]) -> BifResult {
            Ok(Term::boolean(matches!(args[0].view(), $pattern $(if $also)?)))
        }
    )*};
}

tests! {
    /// `is_atom/1`
    is_atom: View::Atom(_) => ()
    /// `is_integer/1`
    is_integer: View::Small(_) | View::Big(_) => ()
    /// `is_float/1`
    is_float: View::Float(_) => ()
    /// `is_number/1`
    is_number: View::Small(_) | View::Big(_) | View::Float(_) => ()
    /// `is_list/1`
    is_list: View::Nil | View::Cons(_) => ()
    /// `is_tuple/1`
    is_tuple: View::Tuple(_) => ()
    /// `is_map/1`
    is_map: View::Map(_) => ()
    /// `is_binary/1`
    is_binary: View::Bits(bits) if bits.is_binary() => ()
    /// `is_bitstring/1`
    is_bitstring: View::Bits(_) => ()
    /// `is_pid/1`
    is_pid: View::Pid(_) | View::ExternalPid(_) => ()
    /// `is_port/1`
    is_port: View::Port(_) | View::ExternalPort(_) => ()
    /// `is_reference/1`
    is_reference: View::Reference(_) | View::ExternalReference(_) => ()
    /// `is_function/1`
    is_function: View::Fun(_) | View::Export(_) => ()
}

/// `is_boolean/1`
pub fn is_boolean(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    Ok(Term::boolean(args[0].as_boolean().is_some()))
}

/// `is_function/2`
pub fn is_function2(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    let arity = match args[1].view() {
        View::Small(arity) if arity >= 0 => arity,
        View::Big(big) if !big.is_negative() => i64::MAX,
        _ => return Err(Raise::BADARG),
    };
    Ok(Term::boolean(match args[0].view() {
        View::Fun(fun) => i64::from(fun.arity()) == arity,
        View::Export(export) => i64::from(export.entry().arity) == arity,
        _ => false,
    }))
}

/// `is_record/2`
pub fn is_record2(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    let tag = args[1].as_atom().ok_or(Raise::BADARG)?;
    let is_record =
        args[0].as_tuple().is_some_and(|tuple| tuple.elements().first() == Some(&Term::atom(tag)));
    Ok(Term::boolean(is_record))
}

/// `is_record/3`
pub fn is_record3(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    let tag = args[1].as_atom().ok_or(Raise::BADARG)?;
    let size = match args[2].view() {
        View::Small(size) if size >= 0 => size as usize,
        _ => return Err(Raise::BADARG),
    };
    let is_record = args[0]
        .as_tuple()
        .is_some_and(|tuple| tuple.len() == size && tuple.elements().first() == Some(&Term::atom(tag)));
    Ok(Term::boolean(is_record))
}
