// SPDX-License-Identifier: Apache-2.0
//! `error`, `nif_error`, `exit`, `throw`, `raise`.

use super::{BifResult, Context, Raise};
use crate::atom::predefined;
use crate::term::Term;

/// `error/1`
pub fn error1(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    Err(Raise::Error(args[0]))
}

/// `error/2`: the arguments stand in the stack trace.
pub fn error2(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    cx.process.raised = [args[1], Term::NIL];
    Err(Raise::ErrorWith(args[0]))
}

/// `error/3`: so does what explains the error.
pub fn error3(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    cx.process.raised = [args[1], error_info(args[2]).unwrap_or(Term::NIL)];
    Err(Raise::ErrorWith(args[0]))
}

/// The map of `{error_info, Map}`, if it is all that a list of options has.
fn error_info(options: Term) -> Option<Term> {
    let cell = options.as_cons().filter(|cell| cell.tail().is_nil())?;
    let pair = cell.head().as_tuple()?;
    match pair.elements() {
        [key, info] if *key == Term::atom(predefined::ERROR_INFO) && info.as_map().is_some() => Some(*info),
        _ => None,
    }
}

/// `nif_error/1`, `nif_error/2`
pub fn nif_error(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    Err(Raise::Error(args[0]))
}

/// `exit/1`
pub fn exit(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    Err(Raise::Exit(args[0]))
}

/// `throw/1`
pub fn throw(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    Err(Raise::Throw(args[0]))
}

/// Whether a term is a stack trace as programs see it.
fn is_trace(trace: Term) -> bool {
    let mut rest = trace;
    while let Some(cell) = rest.as_cons() {
        let Some(entry) = cell.head().as_tuple() else { return false };
        let is_entry = match entry.elements() {
            [fun, arguments] => fun.as_fun().is_some() && (arguments.is_list() || arguments.is_small()),
            [fun, arguments, place] if fun.as_fun().is_some() => {
                (arguments.is_list() || arguments.is_small()) && place.is_list()
            }
            [module, function, arguments] => {
                module.is_atom() && function.is_atom() && (arguments.is_list() || arguments.is_small())
            }
            [module, function, arguments, place] => {
                module.is_atom()
                    && function.is_atom()
                    && (arguments.is_list() || arguments.is_small())
                    && place.is_list()
            }
            _ => false,
        };
        if !is_entry {
            return false;
        }
        rest = cell.tail();
    }
    rest.is_nil()
}

/// `raise/3`: what is no class or no stack trace gives `badarg` as a value.
pub fn raise(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    match args[0].as_atom() {
        Some(class @ (predefined::ERROR | predefined::EXIT | predefined::THROW)) if is_trace(args[2]) => {
            cx.process.raised = [args[1], args[2]];
            Err(Raise::Again(class))
        }
        _ => Ok(Term::atom(predefined::BADARG)),
    }
}
