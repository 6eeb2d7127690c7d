// SPDX-License-Identifier: Apache-2.0
//! What OTP asks of the inside of the machine and nobody else should (`erts_internal`, `erts_literal_area_collector`).
//!
//! There are no dirty schedulers, and literals that go are copied at once by whoever lets them go: what is there for either answers as where
//! there never is anything to do.

use super::{BifResult, Context, Raise};
use crate::atom::{Atom, predefined};
use crate::heap::build;
use crate::process::Process;
use crate::term::{Kind, Term, View};

/// `erts_internal:term_type/1`
pub fn term_type(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    Ok(Term::atom(match args[0].view() {
        View::Small(_) => predefined::FIXNUM,
        View::Big(_) => predefined::BIGNUM,
        View::Float(_) => predefined::HFLOAT,
        View::Atom(_) => predefined::ATOM,
        View::Nil => predefined::NIL,
        View::Cons(_) => predefined::LIST,
        View::Tuple(_) => predefined::TUPLE,
        View::Map(map) if map.is_flat() => predefined::FLATMAP,
        View::Map(_) => predefined::HASHMAP,
        View::MapNode(_) => predefined::HASHMAP_NODE,
        View::Bits(_) => match args[0].as_boxed().map(|boxed| boxed.header().kind()) {
            Some(Kind::HeapBinary) => predefined::HEAP_BINARY,
            Some(Kind::RefcBinary) => predefined::REFC_BINARY,
            _ => predefined::SUB_BINARY,
        },
        View::Fun(_) => predefined::FUN,
        View::Export(_) => predefined::EXPORT,
        View::Pid(_) => predefined::PID,
        View::Port(_) => predefined::PORT,
        View::Reference(_) => predefined::REFERENCE,
        View::ExternalPid(_) => predefined::EXTERNAL_PID,
        View::ExternalPort(_) => predefined::EXTERNAL_PORT,
        View::ExternalReference(_) => predefined::EXTERNAL_REFERENCE,
        View::MatchState(_) | View::None => return Err(Raise::BADARG),
    }))
}

/// `erts_internal:map_to_tuple_keys/1`
pub fn map_to_tuple_keys(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    match args[0].as_map() {
        Some(map) if map.is_flat() => Ok(map.flat_keys().term()),
        Some(_) => Err(Raise::BADARG),
        None => Err(Raise::About(predefined::BADMAP, args[0])),
    }
}

/// `erts_internal:is_process_executing_dirty/1`
pub fn is_process_executing_dirty(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    match args[0].view() {
        View::Pid(_) | View::ExternalPid(_) => Ok(Term::boolean(false)),
        _ => Err(Raise::BADARG),
    }
}

/// `erts_internal:check_dirty_process_code/2` and `erts_internal:dirty_process_handle_signals/1`: only those that handle the signals of dirty
/// processes may call these, and they are never asked to.
pub fn for_dirty_processes(_: &mut Context<'_>, _: &[Term]) -> BifResult {
    Err(Raise::error(predefined::NOTSUP))
}

/// `erts_internal:system_check/1`: schedulers that have to answer do, by being here.
pub fn system_check(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    match args[0].as_atom() {
        Some(predefined::SCHEDULERS) => Ok(Term::atom(predefined::OK)),
        _ => Err(Raise::BADARG),
    }
}

/// Whether a process is the machine's own collector of literals.
fn is_collector(process: &Process) -> bool {
    let (module, _, _): (Atom, Atom, u32) = process.initial_call;
    let is_system = process.extension().is_some_and(|extension| extension.is_system);
    is_system && module == predefined::ERTS_LITERAL_AREA_COLLECTOR
}

/// `erts_literal_area_collector:release_area_switch/0`: there never is an area.
pub fn release_area_switch(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    if is_collector(cx.process) { Ok(Term::boolean(false)) } else { Err(Raise::error(predefined::NOTSUP)) }
}

/// `erts_literal_area_collector:send_copy_request/3`: nobody has anything to copy, which the answer says.
pub fn send_copy_request(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    if !is_collector(cx.process) {
        return Err(Raise::error(predefined::NOTSUP));
    }
    let [pid, area, how] = *args else { return Err(Raise::BADARG) };
    if pid.as_pid().is_none() {
        return Err(Raise::BADARG);
    }
    let ok = Term::atom(predefined::OK);
    let request = build::tuple(cx.heap(), &[area, how, pid]);
    let answer = build::tuple(cx.heap(), &[Term::atom(predefined::COPY_LITERALS), request, ok]);
    cx.answer(answer);
    Ok(ok)
}
