// SPDX-License-Identifier: Apache-2.0
//! `persistent_term`.

use alloc::vec::Vec;

use super::{BifResult, Context, Raise};
use crate::atom::predefined;
use crate::heap::{LiteralArea, build};
use crate::map;
use crate::term::Term;

/// `get/1`
pub fn get(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    cx.vm.persistent.get(args[0]).ok_or(Raise::BADARG)
}

/// `get/2`
pub fn get_or(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    Ok(cx.vm.persistent.get(args[0]).unwrap_or(args[1]))
}

/// `get/0`
pub fn get_all(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let pairs: Vec<Term> = cx.vm.persistent.pairs().collect();
    Ok(build::list(cx.heap(), &pairs))
}

/// `put/2`
pub fn put(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let vm = &mut *cx.vm;
    let before = vm.persistent.put(&mut vm.literals, vm.platform.as_mut(), args[0], args[1]);
    if let Some(area) = before.map_err(|_| Raise::SYSTEM_LIMIT)? {
        retire(cx, area);
    }
    Ok(Term::atom(predefined::OK))
}

/// `erase/1`
pub fn erase(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let area = cx.vm.persistent.take(args[0]);
    let was_there = area.is_some();
    if let Some(area) = area {
        retire(cx, area);
    }
    Ok(Term::boolean(was_there))
}

/// `erts_internal:erase_persistent_terms/0`
pub fn erase_all(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let areas: Vec<LiteralArea> = cx.vm.persistent.take_all().collect();
    for area in areas {
        retire(cx, area);
    }
    Ok(Term::boolean(true))
}

/// `info/0`
pub fn info(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let (count, bytes) = (cx.vm.persistent.count(), 8 * cx.vm.persistent.words());
    let pairs = [
        (Term::atom(predefined::COUNT), Term::count(count)),
        (Term::atom(predefined::MEMORY), Term::count(bytes)),
    ];
    Ok(map::from_pairs(&mut cx.process.heap, &cx.vm.atoms, &pairs))
}

#[expect(unsafe_code, reason = "gives literals back")]
fn retire(cx: &mut Context<'_>, area: LiteralArea) {
    // SAFETY: only processes have got terms of the area, and of the one that runs nothing is used after this BIF but its result, which is an
    // atom, and what is on its heap and stack.
    unsafe { cx.vm.retire_literals(area, cx.process) };
}
