// SPDX-License-Identifier: Apache-2.0
//! `trace_pattern/3`: sets breakpoints and takes them away.

use alloc::rc::Rc;
use alloc::vec::Vec;

use super::{BADOPT, read_tracer};
use crate::atom::{Atom, predefined};
use crate::bif::match_specs::{self, Effects};
use crate::bif::{BifIndex, BifResult, Context, Raise};
use crate::copy;
use crate::heap::Fragment;
use crate::matchspec::{Action, Dialect};
use crate::term::Term;
use crate::trace::{Breakpoint, Count, EventPattern, Meta, Name, Pattern, Place, Times, Tracer};

const BAD_SPEC: Raise =
    Raise::ErrorWithCause(Term::atom(predefined::BADARG), Term::atom(predefined::MATCH_SPEC));
const BAD_FUNCTION: Raise =
    Raise::ErrorWithCause(Term::atom(predefined::BADARG), Term::atom(predefined::NONE));

/// What is asked for.
#[derive(Clone)]
pub(super) enum Wish {
    Clear,
    Set(Pattern),
    Restart,
    Pause,
}

impl Wish {
    /// What is to be set.
    pub(super) fn pattern(&self) -> Option<Pattern> {
        match self {
            Self::Set(pattern) => Some(pattern.clone()),
            _ => None,
        }
    }
}

/// Which kinds of breakpoints.
#[derive(Default)]
pub(super) struct Kinds {
    pub(super) global: bool,
    pub(super) local: bool,
    pub(super) meta: Option<Tracer>,
    pub(super) count: bool,
    pub(super) time: bool,
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
    if !rest.is_nil() || kinds.global && has_other {
        return Err(BADOPT);
    }
    kinds.global |= !has_other;
    Ok(kinds)
}

/// Whether an action suits what is traced: a message is sent and received outside of any call, and who receives it does not run.
fn suits(action: Action, event: Option<Atom>) -> bool {
    match event {
        Some(predefined::SEND) => !matches!(action, Action::Caller | Action::CallerLine),
        Some(predefined::RECEIVE) => {
            matches!(action, Action::Display | Action::Own | Action::ReturnTrace | Action::ExceptionTrace)
        }
        _ => true,
    }
}

fn wish(cx: &Context<'_>, specification: Term, event: Option<Atom>) -> Result<Wish, Raise> {
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
    if program.actions().any(|action| !suits(action, event)) {
        return Err(BAD_SPEC);
    }
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
#[derive(Clone, Copy)]
pub(super) struct Found {
    name: Name,
    place: Place,
    is_exported: bool,
}

pub(super) fn find(
    cx: &Context<'_>,
    module: Option<Atom>,
    function: Option<Atom>,
    arity: Option<u32>,
) -> Vec<Found> {
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
            let bif = export.and_then(|export| BifIndex::from_raw(export.bif.get()));
            let mut exports = instance.exports();
            let is_exported = exports.any(|(name, arity)| name == entry.name && arity == entry.arity);
            found.push(Found {
                name: (module, entry.name, entry.arity),
                place: bif.map_or_else(|| Place::Code(instance.address(entry.entry).addr()), Place::Bif),
                is_exported,
            });
        }
    }
    found
}

/// `erts_internal:trace_pattern/3`
pub fn trace_pattern(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let wish = wish(cx, args[1], args[0].as_atom())?;
    let kinds = kinds(cx, args[2])?;
    if let Some(event) = args[0].as_atom().filter(|event| *event != predefined::ON_LOAD) {
        return trace_event(cx, event, &wish, args[2]);
    }
    if args[0] == Term::atom(predefined::ON_LOAD) {
        return Ok(super::on_load::change(cx, &kinds, &wish));
    }
    let (module, function, arity) = target(args[0]).ok_or(BAD_FUNCTION)?;
    let is_counted = matches!(wish, Wish::Restart | Wish::Pause);
    if is_counted && !kinds.count && !kinds.time {
        return Err(BAD_SPEC);
    }
    let found = find(cx, module, function, arity);
    let mut count = 0;
    for function in found {
        count += usize::from(!kinds.global || function.is_exported);
        set(cx, &function, &kinds, &wish);
    }
    Ok(Term::count(count))
}

/// Sets a breakpoint or takes it away. Calls from elsewhere and breakpoints exclude each other, and the later one stays.
pub(super) fn set(cx: &mut Context<'_>, function: &Found, kinds: &Kinds, wish: &Wish) {
    let Found { name, place, is_exported } = *function;
    let is_set = !matches!(wish, Wish::Clear);
    match place {
        Place::Bif(bif) => cx.vm.change_bif_point(bif, |point| {
            if is_set && kinds.global {
                point.point = Breakpoint::default();
            }
            if is_set || kinds.global {
                point.global = if kinds.global && is_exported { wish.pattern() } else { None };
            }
            change(&mut point.point, kinds, wish);
        }),
        Place::Code(address) => {
            if kinds.global && is_set {
                cx.vm.change_breakpoint(name, address, |point| {
                    *point = Breakpoint { code: point.code, ..Breakpoint::default() };
                });
            }
            if kinds.global && is_exported {
                cx.vm.set_global_point(name, address, wish.pattern());
            } else if is_set {
                cx.vm.clear_global_point(name);
            }
            cx.vm.change_breakpoint(name, address, |point| change(point, kinds, wish));
        }
    }
}

/// Says of which messages is told.
fn trace_event(cx: &mut Context<'_>, event: Atom, wish: &Wish, flags: Term) -> BifResult {
    let pattern = match wish {
        Wish::Set(pattern) if flags.is_nil() => EventPattern { is_on: true, pattern: pattern.clone() },
        Wish::Clear if flags.is_nil() => EventPattern { is_on: false, pattern: Pattern::default() },
        _ => return Err(BAD_FUNCTION),
    };
    match event {
        predefined::SEND => cx.vm.tracing.sent = pattern,
        predefined::RECEIVE => cx.vm.tracing.received = pattern,
        _ => return Err(BAD_FUNCTION),
    }
    Ok(Term::count(1))
}

/// Changes a breakpoint.
fn change(point: &mut Breakpoint, kinds: &Kinds, wish: &Wish) {
    if kinds.local {
        point.local = wish.pattern();
    }
    if let Some(tracer) = kinds.meta {
        point.meta = wish.pattern().map(|pattern| Meta { tracer, pattern });
    }
    // To set what is set begins anew, and nothing but that makes one that is not there.
    if kinds.count {
        point.count = match (wish, point.count) {
            (Wish::Clear, _) | (Wish::Pause | Wish::Restart, None) => None,
            (Wish::Pause, Some(count)) => Some(Count { is_paused: true, ..count }),
            (Wish::Restart | Wish::Set(_), _) => Some(Count { calls: 0, is_paused: false }),
        };
    }
    if kinds.time {
        point.time = match (wish, point.time.take()) {
            (Wish::Clear, _) | (Wish::Pause | Wish::Restart, None) => None,
            (Wish::Pause, Some(times)) => Some(Times { is_paused: true, ..times }),
            (Wish::Restart | Wish::Set(_), _) => Some(Times::default()),
        };
    }
}
