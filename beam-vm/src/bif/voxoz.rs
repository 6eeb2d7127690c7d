// SPDX-License-Identifier: Apache-2.0
//! The module `voxoz`: what a node can say of where it runs. Stock OTP has no such module, so a program that runs on both asks
//! `erlang:function_exported(voxoz, info, 0)` first.

use alloc::vec::Vec;

use super::{BifResult, Context, Raise};
use crate::atom::AtomError;
use crate::heap::build;
use crate::map;
use crate::metrics;
use crate::platform::{Fact, Record};
use crate::term::Term;

/// `voxoz:info/0`: a map of what the platform says. Times are in nanoseconds, names are binaries, and things of which there are several are
/// maps from their names.
pub fn info(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let facts = cx.vm.platform.facts();
    record(cx, &facts).map_err(|_| Raise::SYSTEM_LIMIT)
}

/// `voxoz:metrics/0`: the same and what the virtual machine counts, as text for Prometheus.
pub fn metrics(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let facts = cx.vm.platform.facts();
    let text = metrics::text(cx.vm, &facts);
    cx.bump((text.len() / 64) as u32);
    Ok(build::binary(cx.heap(), text.as_bytes()))
}

fn record(cx: &mut Context<'_>, facts: &Record) -> Result<Term, AtomError> {
    let mut pairs = Vec::with_capacity(facts.len());
    for (name, fact) in facts {
        let name = Term::atom(cx.vm.atoms.insert(name)?);
        pairs.push((name, term(cx, fact)?));
    }
    Ok(map::from_pairs(&mut cx.process.heap, &cx.vm.atoms, &pairs))
}

fn term(cx: &mut Context<'_>, fact: &Fact) -> Result<Term, AtomError> {
    Ok(match fact {
        Fact::Number(value, ..) => build::unsigned(cx.heap(), *value),
        Fact::Flag(is_so) => Term::boolean(*is_so),
        Fact::Text(text) => build::binary(cx.heap(), text.as_bytes()),
        Fact::Record(facts) => record(cx, facts)?,
        Fact::List(things) => {
            let mut pairs = Vec::with_capacity(things.len());
            for (name, facts) in things {
                let name = build::binary(cx.heap(), name.as_bytes());
                pairs.push((name, record(cx, facts)?));
            }
            map::from_pairs(&mut cx.process.heap, &cx.vm.atoms, &pairs)
        }
    })
}
