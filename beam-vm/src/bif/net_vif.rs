// SPDX-License-Identifier: Apache-2.0
//! The module `net_vif`, as LING had it: an interface's frames for a process. Stock OTP has no such module.

use alloc::vec::Vec;

use super::lists::proper;
use super::ports::{open, port_close};
use super::{BifResult, Context, Raise};
use crate::atom::{Atom, predefined};
use crate::heap::build;
use crate::term::{LocalPort, Term};

/// `net_vif:open/1`
pub fn open_1(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    open_2(cx, &[args[0], Term::NIL])
}

/// `net_vif:open(Interface, Options)`: `{ok, Port}` or `{error, Reason}`. The options are those of a port, and `{mailbox_limit, N}`: what comes while
/// so many messages wait at the owner is lost.
pub fn open_2(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let opened = opened(cx, args[0], args[1]);
    let (tag, value) = match opened {
        Ok(port) => (predefined::OK, Term::port(port)),
        Err(reason) => (predefined::ERROR, Term::atom(reason)),
    };
    Ok(build::tuple(cx.heap(), &[Term::atom(tag), value]))
}

/// `net_vif:close/1`
pub fn close(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let closed = port_close(cx, args)?;
    if closed.as_atom() == Some(predefined::BADARG) { Err(Raise::BADARG) } else { Ok(closed) }
}

fn opened(cx: &mut Context<'_>, interface: Term, options: Term) -> Result<LocalPort, Atom> {
    let all = proper(options).ok_or(predefined::BADARG)?;
    let (mut limit, mut rest) = (None, Vec::new());
    for option in all {
        match mailbox_limit(option) {
            Some(value) => limit = Some(value.ok_or(predefined::BADARG)?),
            None => rest.push(option),
        }
    }
    let rest = build::list(cx.heap(), &rest);
    open::open_vif(cx, interface, rest, limit)
}

/// The number of `{mailbox_limit, N}`, if an option is that.
fn mailbox_limit(option: Term) -> Option<Option<usize>> {
    let tuple = option.as_tuple()?;
    let [name, value] = *tuple.elements() else { return None };
    (name.as_atom()? == predefined::MAILBOX_LIMIT).then(|| usize::try_from(value.as_small()?).ok())
}
