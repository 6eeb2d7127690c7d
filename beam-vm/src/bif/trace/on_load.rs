// SPDX-License-Identifier: Apache-2.0
//! `trace_pattern(on_load, _, _)`: the breakpoints that the functions of a module get when it is loaded (`erl_bif_trace.c`).

use super::patterns::{Kinds, Wish, find, set};
use crate::atom::{Atom, predefined};
use crate::bif::{BifResult, Context, Raise};
use crate::heap::build;
use crate::term::Term;
use crate::trace::{Meta, OnLoad, Pattern};

/// Says what functions get that are loaded from now on.
pub fn change(cx: &mut Context<'_>, kinds: &Kinds, wish: &Wish) -> Term {
    let before = core::mem::take(&mut cx.vm.tracing.on_load);
    let pattern = wish.pattern();
    cx.vm.tracing.on_load = match (kinds.global, wish) {
        // What is said of calls from elsewhere says nothing of breakpoints that are there.
        (true, Wish::Clear) if before.is_on && !before.is_global => before,
        (true, Wish::Clear) => OnLoad::default(),
        (true, _) => OnLoad { is_on: true, is_global: true, pattern, ..OnLoad::default() },
        (false, Wish::Clear) if before.is_global => before,
        (false, Wish::Clear) => {
            let mut after = before;
            after.is_local &= !kinds.local;
            if kinds.local {
                after.pattern = None;
            }
            if kinds.meta.is_some() {
                after.meta = None;
            }
            after.counts &= !kinds.count;
            after.times &= !kinds.time;
            after.is_on = after.is_local || after.meta.is_some() || after.counts || after.times;
            after
        }
        (false, _) => {
            let mut after = if before.is_global { OnLoad::default() } else { before };
            if kinds.local {
                after.is_local = true;
                after.pattern = pattern.clone();
            }
            if let Some(tracer) = kinds.meta {
                after.meta = Some(Meta { tracer, pattern: pattern.unwrap_or_default() });
            }
            let is_set = matches!(wish, Wish::Set(_));
            after.counts |= kinds.count && is_set;
            after.times |= kinds.time && is_set;
            after.is_on = after.is_local || after.meta.is_some() || after.counts || after.times;
            after
        }
    };
    Term::small_cut(0)
}

/// A module is loaded: its functions get their breakpoints.
pub fn loaded(cx: &mut Context<'_>, module: Atom) {
    let OnLoad { is_on, is_global, is_local, pattern, meta, counts, times } = cx.vm.tracing.on_load.clone();
    if !is_on {
        return;
    }
    let kinds = Kinds { global: is_global, local: is_local, count: counts, time: times, meta: None };
    let wish = Wish::Set(pattern.unwrap_or_default());
    for function in find(cx, Some(module), None, None) {
        if is_global || is_local || counts || times {
            set(cx, &function, &kinds, &wish);
        }
        if let Some(Meta { tracer, pattern }) = &meta {
            let kinds = Kinds { meta: Some(*tracer), ..Kinds::default() };
            set(cx, &function, &kinds, &Wish::Set(pattern.clone()));
        }
    }
}

/// `trace_info(on_load, _)`
pub fn info(cx: &mut Context<'_>, item: Atom) -> BifResult {
    let OnLoad { is_on, is_global, is_local, pattern, meta, counts, times } = cx.vm.tracing.on_load.clone();
    if !is_on {
        return Ok(build::tuple(cx.heap(), &[Term::atom(item), Term::boolean(false)]));
    }
    let traced = if is_global {
        predefined::GLOBAL
    } else if is_local {
        predefined::LOCAL
    } else {
        predefined::FALSE
    };
    let pattern: Option<Pattern> = (is_global || is_local).then(|| pattern.unwrap_or_default());
    let items: &[Atom] = match item {
        predefined::ALL => &[
            predefined::TRACED,
            predefined::MATCH_SPEC,
            predefined::META,
            predefined::META_MATCH_SPEC,
            predefined::CALL_COUNT,
        ],
        _ => &[item],
    };
    let mut pairs = alloc::vec::Vec::with_capacity(items.len());
    for name in items {
        let value = match *name {
            predefined::TRACED => Term::atom(traced),
            predefined::MATCH_SPEC => super::info::source(cx, pattern.as_ref()),
            predefined::META => meta.as_ref().map_or(Term::boolean(false), |meta| meta.tracer.term()),
            predefined::META_MATCH_SPEC => super::info::source(cx, meta.as_ref().map(|meta| &meta.pattern)),
            predefined::CALL_COUNT => Term::boolean(counts),
            predefined::CALL_TIME => Term::boolean(times),
            _ => return Err(Raise::BADARG),
        };
        pairs.push(build::tuple(cx.heap(), &[Term::atom(*name), value]));
    }
    if item == predefined::ALL {
        let list = build::list(cx.heap(), &pairs);
        return Ok(build::tuple(cx.heap(), &[Term::atom(item), list]));
    }
    Ok(pairs[0])
}
