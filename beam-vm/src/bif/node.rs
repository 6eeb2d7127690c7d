// SPDX-License-Identifier: Apache-2.0
//! This node: its name, others, references and unique integers.

use alloc::vec::Vec;

use hashbrown::HashSet;

use super::lists::proper;
use super::{BifResult, Context, Raise};
use crate::atom::{Atom, predefined};
use crate::heap::build;
use crate::term::{Term, View};

/// `node/0`
pub fn node(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    Ok(Term::atom(cx.vm.node.name))
}

/// `node/1`
pub fn node_of(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    match args[0].view() {
        View::Pid(_) | View::Port(_) | View::Reference(_) => Ok(Term::atom(cx.vm.node.name)),
        View::ExternalPid(other) | View::ExternalPort(other) | View::ExternalReference(other) => {
            Ok(Term::atom(other.node()))
        }
        _ => Err(Raise::BADARG),
    }
}

/// Kinds of nodes: whether this one is among them.
fn includes_this(kinds: Term) -> Result<bool, Raise> {
    let kinds = match kinds.view() {
        View::Atom(_) => Vec::from([kinds]),
        _ => proper(kinds).ok_or(Raise::BADARG)?,
    };
    let mut kept = HashSet::new();
    for kind in kinds {
        match kind.as_atom() {
            Some(kind @ (predefined::THIS | predefined::KNOWN)) => {
                kept.insert(kind);
            }
            Some(predefined::VISIBLE | predefined::HIDDEN | predefined::CONNECTED) => {}
            _ => return Err(Raise::BADARG),
        }
    }
    Ok(!kept.is_empty())
}

/// `nodes/0`: no other node is connected.
pub fn nodes(_: &mut Context<'_>, _: &[Term]) -> BifResult {
    Ok(Term::NIL)
}

/// `nodes/1`
pub fn nodes1(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let this: &[Term] = if includes_this(args[0])? { &[Term::atom(cx.vm.node.name)] } else { &[] };
    Ok(build::list(cx.heap(), this))
}

/// `nodes/2`: with a map of what is asked about each.
pub fn nodes2(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let includes_this = includes_this(args[0])?;
    let map = args[1].as_map().ok_or(Raise::BADARG)?;
    let mut infos: Vec<(Atom, Term)> = Vec::new();
    for (key, value) in crate::map::pairs(map) {
        let wanted = value.as_boolean().ok_or(Raise::BADARG)?;
        let info = match key.as_atom() {
            Some(key @ predefined::CONNECTION_ID) => (key, Term::atom(predefined::UNDEFINED)),
            Some(key @ predefined::NODE_TYPE) => (key, Term::atom(predefined::THIS)),
            _ => return Err(Raise::BADARG),
        };
        if wanted {
            infos.push(info);
        }
    }
    if !includes_this {
        return Ok(Term::NIL);
    }
    let node = Term::atom(cx.vm.node.name);
    let heap = cx.heap();
    let keys: Vec<Term> = infos.iter().map(|(key, _)| Term::atom(*key)).collect();
    let values: Vec<Term> = infos.iter().map(|(_, value)| *value).collect();
    let keys = build::tuple(heap, &keys);
    let map = build::flat_map(heap, keys, &values);
    let pair = build::tuple(heap, &[node, map]);
    Ok(build::list(heap, &[pair]))
}

/// `monitor_node/2,3`: this node is not alive, so there is only itself to watch, which does not go away.
pub fn monitor_node(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let mut options = args.get(2).copied().unwrap_or(Term::NIL);
    let node = args[0].as_atom();
    while let Some(cell) = options.as_cons()
        && cell.head() == Term::atom(predefined::ALLOW_PASSIVE_CONNECT)
    {
        options = cell.tail();
    }
    if !options.is_nil() {
        return Err(Raise::ErrorWithCause(Term::atom(predefined::BADARG), Term::atom(predefined::BADOPT)));
    }
    let node = node.ok_or(Raise::BADARG)?;
    if node != cx.vm.node.name {
        return Err(Raise::error(predefined::NOTALIVE));
    }
    args[1].as_boolean().map(|_| Term::boolean(true)).ok_or(Raise::BADARG)
}

/// `erts_internal:get_creation/0`
pub fn creation(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let creation = u64::from(cx.vm.node.creation);
    Ok(build::unsigned(cx.heap(), creation))
}

/// `make_ref/0`
pub fn make_ref(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let numbers = cx.vm.new_reference();
    Ok(build::reference(cx.heap(), numbers, None))
}

/// `unique_integer/0`
pub fn unique_integer(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    Ok(unique(cx, Term::SMALL_MIN))
}

/// `unique_integer/1`: one counter serves all kinds, so each is also monotonic.
pub fn unique_integer1(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let mut first = Term::SMALL_MIN;
    for option in proper(args[0]).ok_or(Raise::BADARG)? {
        match option.as_atom() {
            Some(predefined::POSITIVE) => first = 0,
            Some(predefined::MONOTONIC) => {}
            _ => return Err(Raise::BADARG),
        }
    }
    Ok(unique(cx, first))
}

fn unique(cx: &mut Context<'_>, first: i64) -> Term {
    cx.vm.unique += 1;
    let value = i128::from(first) + i128::from(cx.vm.unique);
    build::wide(cx.heap(), value)
}

/// `net_kernel:dflag_unicode_io/1`: whether the node of a process takes Unicode, as this one does; no other is connected.
pub fn dflag_unicode_io(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    match args[0].view() {
        View::Pid(_) => Ok(Term::boolean(true)),
        View::ExternalPid(_) => Ok(Term::boolean(false)),
        _ => Err(Raise::BADARG),
    }
}
