// SPDX-License-Identifier: Apache-2.0
//! `os`: the environment, which is a copy of the machine's own, and what the machine is to whoever looks after it.

use alloc::vec::Vec;

use super::file_names::encoded;
use super::{BifResult, Context, Raise};
use crate::atom::predefined;
use crate::heap::build;
use crate::platform::Disposition;
use crate::port::signals;
use crate::term::Term;

/// The bytes of a name or value, which are those of a name of a file.
fn text(cx: &Context<'_>, term: Term) -> Result<Vec<u8>, Raise> {
    encoded(term, cx.vm.file_names).ok_or(Raise::BADARG)
}

fn name(cx: &Context<'_>, term: Term) -> Result<Vec<u8>, Raise> {
    text(cx, term).and_then(|name| if name.contains(&b'=') { Err(Raise::BADARG) } else { Ok(name) })
}

/// A list of the characters of bytes in UTF-8, or of the bytes if they are no UTF-8.
fn characters(cx: &mut Context<'_>, bytes: &[u8]) -> Term {
    match core::str::from_utf8(bytes) {
        Ok(text) => build::string(cx.heap(), text),
        Err(_) => build::byte_list(cx.heap(), bytes),
    }
}

/// `getenv/1`
pub fn getenv(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let name = name(cx, args[0])?;
    let value = cx.vm.environment.get(&name).cloned();
    Ok(value.map_or(Term::boolean(false), |value| characters(cx, &value)))
}

/// `putenv/2`
pub fn putenv(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (name, value) = (name(cx, args[0])?, text(cx, args[1])?);
    cx.vm.environment.insert(name, value);
    Ok(Term::boolean(true))
}

/// `unsetenv/1`
pub fn unsetenv(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let name = name(cx, args[0])?;
    cx.vm.environment.remove(&name);
    Ok(Term::boolean(true))
}

/// `env/0`
pub fn env(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let variables: Vec<_> =
        cx.vm.environment.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let mut pairs = Vec::with_capacity(variables.len());
    for (name, value) in variables {
        let pair = [characters(cx, &name), characters(cx, &value)];
        pairs.push(build::tuple(cx.heap(), &pair));
    }
    Ok(build::list(cx.heap(), &pairs))
}

/// `getpid/0`
pub fn getpid(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let number = alloc::format!("{}", cx.vm.platform.identity());
    Ok(build::string(cx.heap(), &number))
}

/// `badarg` because of an option, and `error_info` says so.
const BADOPT: Raise = Raise::ErrorWithCause(Term::atom(predefined::BADARG), Term::atom(predefined::BADOPT));

/// `set_signal/2`
pub fn set_signal(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let signal = args[0].as_atom().and_then(signals::named).ok_or(Raise::BADARG)?;
    let disposition = match args[1].as_atom() {
        Some(predefined::DEFAULT) => Disposition::Default,
        Some(predefined::IGNORE) => Disposition::Ignore,
        Some(predefined::HANDLE) => Disposition::Tell,
        _ => return Err(BADOPT),
    };
    cx.vm.handle_signal(signal, disposition);
    Ok(Term::atom(predefined::OK))
}
