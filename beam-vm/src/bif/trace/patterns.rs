// SPDX-License-Identifier: Apache-2.0
//! `trace_pattern/3`: sets breakpoints and takes them away.

use alloc::rc::Rc;
use alloc::vec::Vec;

use super::{BADOPT, read_tracer};
use crate::atom::{Atom, predefined};
use crate::bif::match_specs::{self, Effects};
use crate::bif::{BifResult, Context, Raise};
use crate::copy;
use crate::heap::Fragment;
use crate::matchspec::Dialect;
use crate::term::Term;
use crate::trace::{Count, Meta, Name, Pattern, Tracer};

const BAD_SPEC: Raise =
    Raise::ErrorWithCause(Term::atom(predefined::BADARG), Term::atom(predefined::MATCH_SPEC));
const BAD_FUNCTION: Raise =
    Raise::ErrorWithCause(Term::atom(predefined::BADARG), Term::atom(predefined::NONE));

/// What is asked for.
#[derive(Clone)]
enum Wish {
    Clear,
    Set(Pattern),
    Restart,
    Pause,
}

/// Which kinds of breakpoints.
#[derive(Default)]
struct Kinds {
    global: bool,
    local: bool,
    meta: Option<Tracer>,
    count: bool,
    time: bool,
}

fn kinds(cx: &Context<'_>, list: Term) -> Result<Kinds, Raise> {
    let mut kinds = Kinds::default();
    let mut rest = list;
    while let Some(cell) = rest.as_cons() {
        let head = cell.head();
        rest = cell.tail();
        match head.as_atom() {
            Some(predefined::GLOBAL) => kinds.global = true,
            Some(predefined::LOCAL) => kinds.local = true,
            Some(predefined::META) => kinds.meta = Some(Tracer::Process(cx.process.pid)),
            Some(predefined::CALL_COUNT) => kinds.count = true,
            Some(predefined::CALL_TIME) => kinds.time = true,
            Some(_) => return Err(BADOPT),
            None => match head.as_tuple().as_ref().map(|tuple| tuple.elements()) {
                Some([name, tracer @ ..]) if *name == Term::atom(predefined::META) => {
                    kinds.meta = Some(read_tracer(cx, tracer).ok_or(BADOPT)?);
                }
                _ => return Err(BADOPT),
            },
        }
    }
    let has_other = kinds.local || kinds.meta.is_some() || kinds.count || kinds.time;
    if !rest.is_nil() || kinds.global && has_other || kinds.time {
        return Err(BADOPT);
    }
    kinds.global |= !has_other;
    Ok(kinds)
}

fn wish(cx: &Context<'_>, specification: Term) -> Result<Wish, Raise> {
    match specification.as_atom() {
        Some(predefined::FALSE) => return Ok(Wish::Clear),
        Some(predefined::TRUE) => return Ok(Wish::Set(Pattern::default())),
        Some(predefined::RESTART) => return Ok(Wish::Restart),
        Some(predefined::PAUSE) => return Ok(Wish::Pause),
        _ => {}
    }
    if specification.is_nil() {
        return Ok(Wish::Set(Pattern::default()));
    }
    let program = match_specs::compile_with(cx, specification, Dialect::Trace, Effects::Real);
    let program = program.map_err(|_| BAD_SPEC)?;
    let mut block = Fragment::default();
    let source = copy::copy(specification, &mut block, &(0..0));
    Ok(Wish::Set(Pattern { program: Some(Rc::new(program)), source: Some(Rc::new((source, block))) }))
}

/// Module, function and arity, each a wildcard only if all after it are.
fn target(term: Term) -> Option<(Option<Atom>, Option<Atom>, Option<u32>)> {
    let tuple = term.as_tuple()?;
    let [module, function, arity] = tuple.elements() else { return None };
    let any = Term::atom(predefined::UNDERSCORE);
    let name = |term: Term| if term == any { Some(None) } else { term.as_atom().map(Some) };
    let (module, function) = (name(*module)?, name(*function)?);
    let arity = if *arity == any { None } else { Some(u32::try_from(arity.as_small()?).unwrap_or(u32::MAX)) };
    let is_gap = module.is_none() && function.is_some() || function.is_none() && arity.is_some();
    (!is_gap).then_some((module, function, arity))
}

/// A function that is to be traced: its name, where it is, and whether others may call it.
struct Found {
    name: Name,
    address: usize,
    is_exported: bool,
}

fn find(cx: &Context<'_>, module: Option<Atom>, function: Option<Atom>, arity: Option<u32>) -> Vec<Found> {
    let modules: Vec<Atom> = match module {
        Some(module) => [module].into(),
        None => cx.vm.code.loaded().collect(),
    };
    let mut found = Vec::new();
    for module in modules {
        let Some(instance) = cx.vm.code.current(module) else { continue };
        for entry in instance.functions() {
            let is_wanted = function.is_none_or(|name| name == entry.name)
                && arity.is_none_or(|arity| arity == entry.arity);
            if !is_wanted {
                continue;
            }
            let export = cx.vm.code.find_export(module, entry.name, entry.arity);
            // What is a BIF has a body that nobody calls.
            if export.is_some_and(|export| export.bif.get() != 0) {
                continue;
            }
            let mut exports = instance.exports();
            let is_exported = exports.any(|(name, arity)| name == entry.name && arity == entry.arity);
            found.push(Found {
                name: (module, entry.name, entry.arity),
                address: instance.address(entry.entry).addr(),
                is_exported,
            });
        }
    }
    found
}

/// `erts_internal:trace_pattern/3`
pub fn trace_pattern(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let wish = wish(cx, args[1])?;
    let kinds = kinds(cx, args[2])?;
    let (module, function, arity) = target(args[0]).ok_or(BAD_FUNCTION)?;
    let is_counted = matches!(wish, Wish::Restart | Wish::Pause);
    if is_counted && !kinds.count {
        return Err(BAD_SPEC);
    }
    let found = find(cx, module, function, arity);
    let mut count = 0;
    for function in found {
        if kinds.global {
            if function.is_exported {
                cx.vm.set_global_point(function.name, function.address, pattern(&wish));
                count += 1;
            }
            continue;
        }
        count += 1;
        let (name, address) = (function.name, function.address);
        cx.vm.clear_global_point(name);
        cx.vm.change_breakpoint(name, address, |point| {
            if kinds.local {
                point.local = pattern(&wish);
            }
            if let Some(tracer) = kinds.meta {
                point.meta = pattern(&wish).map(|pattern| Meta { tracer, pattern });
            }
            if kinds.count {
                let before = point.count.map_or(0, |count| count.calls);
                point.count = match &wish {
                    Wish::Clear => None,
                    Wish::Pause => point.count.map(|_| Count { calls: before, is_paused: true }),
                    Wish::Set(_) if point.count.is_some() => Some(Count { calls: before, is_paused: false }),
                    Wish::Restart | Wish::Set(_) => Some(Count { calls: 0, is_paused: false }),
                };
            }
        });
    }
    Ok(Term::count(count))
}

fn pattern(wish: &Wish) -> Option<Pattern> {
    match wish {
        Wish::Set(pattern) => Some(pattern.clone()),
        _ => None,
    }
}
