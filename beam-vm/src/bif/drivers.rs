// SPDX-License-Identifier: Apache-2.0
//! `erl_ddll`: drivers cannot be loaded here, so the answers are those of stock for the drivers that it has and for libraries that are
//! not there.

use alloc::vec::Vec;

use super::{BifResult, Context, Raise, lists};
use crate::atom::{Atom, predefined};
use crate::heap::build;
use crate::port::Name;
use crate::process::Message;
use crate::term::Term;

/// What stock says when it cannot open a library.
const NO_LIBRARY: &str = "cannot open shared object file: No such file or directory";
/// The number of that error.
const NO_LIBRARY_ERROR: i64 = -10;

/// Whether there is a driver of a name, which is an atom or a list of characters.
fn is_there(cx: &Context<'_>, name: Term) -> Result<bool, Raise> {
    let bytes: Vec<u8> = match name.as_atom() {
        Some(atom) => cx.vm.atoms.text(atom).as_bytes().to_vec(),
        None => {
            let elements =
                lists::proper(name).filter(|elements| !elements.is_empty()).ok_or(Raise::BADARG)?;
            let byte = |term: Term| term.as_small().and_then(|value| u8::try_from(value).ok());
            elements.into_iter().map(byte).collect::<Option<_>>().ok_or(Raise::BADARG)?
        }
    };
    Ok(Name::of_stock().any(|text| text.as_bytes() == bytes))
}

fn error(cx: &mut Context<'_>, reason: Term) -> Term {
    build::tuple(cx.heap(), &[Term::atom(predefined::ERROR), reason])
}

/// `loaded_drivers/0`
pub fn loaded_drivers(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let names: Vec<Term> = Name::of_stock().map(|text| build::string(cx.heap(), text)).collect();
    let names = build::list(cx.heap(), &names);
    Ok(build::tuple(cx.heap(), &[Term::atom(predefined::OK), names]))
}

/// `info/2`
pub fn info(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    if !is_there(cx, args[0])? {
        return Err(Raise::BADARG);
    }
    match args[1].as_atom() {
        Some(predefined::LINKED_IN_DRIVER) => Ok(Term::boolean(true)),
        Some(predefined::PERMANENT) => Ok(Term::boolean(false)),
        Some(
            predefined::PROCESSES
            | predefined::DRIVER_OPTIONS
            | predefined::PORT_COUNT
            | predefined::AWAITING_LOAD
            | predefined::AWAITING_UNLOAD,
        ) => Ok(Term::atom(predefined::LINKED_IN_DRIVER)),
        _ => Err(Raise::BADARG),
    }
}

/// Whether a list has options alone of those that are named.
fn are_options(list: Term, is_option: impl Fn(Term) -> bool) -> bool {
    lists::proper(list).is_some_and(|options| options.into_iter().all(is_option))
}

/// Whether a term is a pair of an atom and one of some atoms.
fn is_pair(term: Term, name: Atom, values: &[Atom]) -> bool {
    let Some(pair) = term.as_tuple() else { return false };
    matches!(*pair.elements(), [key, value]
        if key == Term::atom(name) && value.as_atom().is_some_and(|value| values.contains(&value)))
}

const PENDING: [Atom; 2] = [predefined::PENDING, predefined::PENDING_DRIVER];

/// `try_load/3`
pub fn try_load(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let is_option = |option: Term| {
        let of_driver = option.as_tuple().is_some_and(|pair| match *pair.elements() {
            [name, list] if name == Term::atom(predefined::DRIVER_OPTIONS) => {
                are_options(list, |option| option == Term::atom(predefined::KILL_PORTS))
            }
            _ => false,
        });
        of_driver
            || is_pair(option, predefined::MONITOR, &PENDING)
            || is_pair(option, predefined::RELOAD, &PENDING)
    };
    let is_path = args[0].is_list() || args[0].is_atom() || args[0].is_bitstring();
    let is_there = is_there(cx, args[1])?;
    if !is_path || !are_options(args[2], is_option) {
        return Err(Raise::BADARG);
    }
    if is_there {
        return Ok(error(cx, Term::atom(predefined::LINKED_IN_DRIVER)));
    }
    let reason = [Term::atom(predefined::OPEN_ERROR), Term::small_cut(NO_LIBRARY_ERROR)];
    let reason = build::tuple(cx.heap(), &reason);
    Ok(error(cx, reason))
}

/// `try_unload/2`
pub fn try_unload(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let is_option = |option: Term| {
        option == Term::atom(predefined::KILL_PORTS) || is_pair(option, predefined::MONITOR, &PENDING)
    };
    let is_there = is_there(cx, args[0])?;
    if !are_options(args[1], is_option) {
        return Err(Raise::BADARG);
    }
    let reason = if is_there { predefined::LINKED_IN_DRIVER } else { predefined::NOT_LOADED };
    Ok(error(cx, Term::atom(reason)))
}

/// `monitor/2`: what is asked for is so for ever, so the answer comes at once.
pub fn monitor(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    if args[0] != Term::atom(predefined::DRIVER) {
        return Err(Raise::BADARG);
    }
    let pair = args[1].as_tuple().ok_or(Raise::BADARG)?;
    let [name, when] = *pair.elements() else { return Err(Raise::BADARG) };
    let is_there = is_there(cx, name)?;
    match when.as_atom() {
        Some(predefined::LOADED | predefined::UNLOADED | predefined::UNLOADED_ONLY) => {}
        _ => return Err(Raise::BADARG),
    }
    let numbers = cx.vm.new_reference();
    let reference = build::reference(cx.heap(), numbers, None);
    let (tag, what) = match is_there {
        true => (predefined::UP, predefined::PERMANENT),
        false => (predefined::UPPER_DOWN, predefined::UNLOADED),
    };
    let message = [Term::atom(tag), reference, Term::atom(predefined::DRIVER), name, Term::atom(what)];
    let term = build::tuple(cx.heap(), &message);
    cx.process.mailbox.push(&mut cx.vm.nodes, Message::of_machine(term, None));
    Ok(reference)
}

/// `demonitor/1`
pub fn demonitor(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    match args[0].view() {
        crate::term::View::Reference(_) => Ok(Term::boolean(true)),
        _ => Err(Raise::BADARG),
    }
}

/// `format_error_int/1`
pub fn format_error(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let reason = args[0].as_tuple().ok_or(Raise::BADARG)?;
    match *reason.elements() {
        [kind, number]
            if kind == Term::atom(predefined::OPEN_ERROR) && number.as_small() == Some(NO_LIBRARY_ERROR) =>
        {
            Ok(build::string(cx.heap(), NO_LIBRARY))
        }
        _ => Err(Raise::BADARG),
    }
}
