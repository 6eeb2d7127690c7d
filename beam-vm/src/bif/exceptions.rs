// SPDX-License-Identifier: Apache-2.0
//! `error`, `nif_error`, `exit`, `throw`, `raise`.

use alloc::vec::Vec;

use super::{BifResult, Context, Raise};
use crate::atom::predefined;
use crate::heap::build;
use crate::term::{Term, View};

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

/// The map of the last `{error_info, Map}` of a list of options, unless there is something else in it.
fn error_info(options: Term) -> Option<Term> {
    let mut info = None;
    let mut rest = options;
    while let Some(cell) = rest.as_cons() {
        let pair = cell.head().as_tuple()?;
        match pair.elements() {
            [key, map] if *key == Term::atom(predefined::ERROR_INFO) && map.as_map().is_some() => {
                info = Some(*map)
            }
            _ => return None,
        }
        rest = cell.tail();
    }
    info.filter(|_| rest.is_nil())
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

/// An entry of a stack trace as stock completes it: module, function and arguments or arity, or a fun and arguments, with or without a
/// place. What stands for the arity is not looked at.
fn entry(cx: &mut Context<'_>, entry: Term) -> Option<Term> {
    let tuple = entry.as_tuple()?;
    let is_name = |module: Term, function: Term| module.is_atom() && function.is_atom();
    match *tuple.elements() {
        [module, function, _, place] if is_name(module, function) && place.is_list() => Some(entry),
        [module, function, arity] if is_name(module, function) => {
            Some(build::tuple(cx.heap(), &[module, function, arity, Term::NIL]))
        }
        [fun, arguments, place]
            if matches!(fun.view(), View::Fun(_) | View::Export(_))
                && arguments.is_list()
                && place.is_list() =>
        {
            Some(entry)
        }
        [fun, arguments] if matches!(fun.view(), View::Fun(_) | View::Export(_)) && arguments.is_list() => {
            Some(build::tuple(cx.heap(), &[fun, arguments, Term::NIL]))
        }
        _ => None,
    }
}

/// A stack trace with complete entries.
fn trace(cx: &mut Context<'_>, trace: Term) -> Option<Term> {
    let entries: Option<Vec<Term>> =
        super::lists::proper(trace)?.into_iter().map(|given| entry(cx, given)).collect();
    Some(build::list(cx.heap(), &entries?))
}

/// `raise/3`: what is no class or no stack trace gives `badarg` as a value.
pub fn raise(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let badarg = Ok(Term::atom(predefined::BADARG));
    let Some(class) = args[0].as_atom() else { return badarg };
    if !matches!(class, predefined::ERROR | predefined::EXIT | predefined::THROW) {
        return badarg;
    }
    let Some(trace) = trace(cx, args[2]) else { return badarg };
    cx.process.raised = [args[1], trace];
    Err(Raise::Again(class))
}
