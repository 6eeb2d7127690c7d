// SPDX-License-Identifier: Apache-2.0
//! Module `erts_internal`, and what else OTP's own applications ask of the machine: what kinds of objects terms are, whether threads that are not
//! there would answer, and what stock says that was built without some of its parts.

use super::{BifResult, Context, Raise};
use crate::atom::predefined;
use crate::heap::build;
use crate::term::{Kind, Term, View, layout};

/// `erts_internal:term_type/1`: the kind of object, by stock's names.
pub fn term_type(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    let name = match args[0].view() {
        View::Small(_) => predefined::FIXNUM,
        View::Atom(_) => predefined::ATOM,
        View::Nil => predefined::NIL,
        View::Cons(_) => predefined::LIST,
        View::Tuple(_) => predefined::TUPLE,
        View::Big(_) => predefined::BIGNUM,
        View::Float(_) => predefined::HFLOAT,
        View::Map(map) if map.len() <= layout::MAP_SMALL_LIMIT => predefined::FLATMAP,
        View::Map(_) => predefined::HASHMAP,
        View::Bits(_) => match args[0].as_boxed().map(|boxed| boxed.header().kind()) {
            Some(Kind::RefcBinary) => predefined::REFC_BINARY,
            Some(Kind::SubBinary) => predefined::SUB_BINARY,
            _ => predefined::HEAP_BINARY,
        },
        View::Fun(_) => predefined::FUN,
        View::Export(_) => predefined::EXPORT,
        View::Pid(_) => predefined::PID,
        View::Port(_) => predefined::PORT,
        View::Reference(_) => predefined::REFERENCE,
        View::ExternalPid(_) => predefined::EXTERNAL_PID,
        View::ExternalPort(_) => predefined::EXTERNAL_PORT,
        View::ExternalReference(_) => predefined::EXTERNAL_REFERENCE,
        View::MapNode(_) | View::MatchState(_) | View::None => return Err(Raise::BADARG),
    };
    Ok(Term::atom(name))
}

/// `erts_internal:map_to_tuple_keys/1`: the keys of a small map, which other maps may share.
pub fn map_to_tuple_keys(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let Some(map) = args[0].as_map() else {
        let reason = build::tuple(cx.heap(), &[Term::atom(predefined::BADMAP), args[0]]);
        return Err(Raise::Error(reason));
    };
    if map.len() > layout::MAP_SMALL_LIMIT {
        return Err(Raise::BADARG);
    }
    let keys: alloc::vec::Vec<Term> = crate::map::pairs(map).into_iter().map(|(key, _)| key).collect();
    Ok(build::tuple(cx.heap(), &keys))
}

/// `erts_internal:is_process_executing_dirty/1`: there are no dirty schedulers.
pub fn is_process_executing_dirty(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    match args[0].view() {
        View::Pid(_) | View::ExternalPid(_) => Ok(Term::boolean(false)),
        _ => Err(Raise::BADARG),
    }
}

/// What only processes may call that stock starts for its dirty schedulers, or processes that control a connection to another node.
pub fn not_supported(_: &mut Context<'_>, _: &[Term]) -> BifResult {
    Err(Raise::error(predefined::NOTSUP))
}

/// What needs a handle of a connection; nobody has one as long as this node is not alive.
pub fn no_connection(_: &mut Context<'_>, _: &[Term]) -> BifResult {
    Err(Raise::BADARG)
}

/// `erts_internal:system_check/1`: who can ask is answered by the only scheduler.
pub fn system_check(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    match args[0].as_atom() {
        Some(predefined::SCHEDULERS) => Ok(Term::atom(predefined::OK)),
        _ => Err(Raise::BADARG),
    }
}

/// `erts_debug:lcnt_clear/0`, `lcnt_collect/0`: there are no locks to count.
pub fn no_lock_counters(_: &mut Context<'_>, _: &[Term]) -> BifResult {
    Ok(Term::atom(predefined::ERROR))
}

/// `erts_debug:lcnt_control/1,2`
pub fn no_lock_control(_: &mut Context<'_>, _: &[Term]) -> BifResult {
    Err(Raise::BADARG)
}
