// SPDX-License-Identifier: Apache-2.0
//! The process dictionary.

use alloc::vec::Vec;

use super::{BifResult, Context};
use crate::atom::predefined;
use crate::compare;
use crate::heap::build;
use crate::term::Term;

fn or_undefined(value: Option<Term>) -> Term {
    value.unwrap_or(Term::atom(predefined::UNDEFINED))
}

/// `get/1`
pub fn get(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    Ok(or_undefined(
        cx.process.extension().and_then(|extension| extension.dictionary.get(&cx.vm.atoms, args[0])),
    ))
}

/// `put/2`
pub fn put(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    Ok(or_undefined(cx.process.extension_mut().dictionary.put(&cx.vm.atoms, args[0], args[1])))
}

/// `erase/1`
pub fn erase(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    if cx.process.extension().is_none() {
        return Ok(Term::atom(predefined::UNDEFINED));
    }
    Ok(or_undefined(cx.process.extension_mut().dictionary.erase(&cx.vm.atoms, args[0])))
}

fn pairs(cx: &Context<'_>) -> Vec<(Term, Term)> {
    cx.process.extension().map(|extension| extension.dictionary.pairs().collect()).unwrap_or_default()
}

fn pair_list(cx: &mut Context<'_>, pairs: &[(Term, Term)]) -> Term {
    let heap = cx.heap();
    let tuples: Vec<Term> = pairs.iter().map(|(key, value)| build::tuple(heap, &[*key, *value])).collect();
    build::list(heap, &tuples)
}

/// `get/0`
pub fn get_all(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let pairs = pairs(cx);
    Ok(pair_list(cx, &pairs))
}

/// `erase/0`
pub fn erase_all(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let pairs = pairs(cx);
    if !pairs.is_empty() {
        cx.process.extension_mut().dictionary.clear();
    }
    Ok(pair_list(cx, &pairs))
}

/// `get_keys/0`
pub fn get_keys(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let keys: Vec<Term> = pairs(cx).into_iter().map(|(key, _)| key).collect();
    Ok(build::list(cx.heap(), &keys))
}

/// `get_keys/1`
pub fn get_keys_of(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let pairs = pairs(cx);
    let with_value = pairs.into_iter().filter(|(_, value)| compare::same(*value, args[0]));
    let keys: Vec<Term> = with_value.map(|(key, _)| key).collect();
    Ok(build::list(cx.heap(), &keys))
}
