// SPDX-License-Identifier: Apache-2.0
//! `erlang:load_nif/2`: natives are in place when their module is loaded, so all there is to find out is whether the library is one of them.

use super::{BifResult, Context, Raise, lists};
use crate::atom::predefined;
use crate::heap::build;
use crate::native;
use crate::term::Term;

/// `erlang:load_nif/2`
pub fn load_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let letters = lists::proper(args[0]).ok_or(Raise::BADARG)?;
    let path: alloc::string::String = letters
        .into_iter()
        .map(|letter| letter.as_small().and_then(|value| char::from_u32(value as u32)))
        .collect::<Option<_>>()
        .ok_or(Raise::BADARG)?;
    let caller = cx.vm.code.instance_at(cx.process.ip.addr()).map(|instance| instance.module());
    let module = caller.map_or("", |module| cx.vm.atoms.text(module));
    if native::has_library(module, path.as_bytes()) {
        if let Some(module) = caller {
            native::loaded(cx.vm, module, args[1]);
        }
        return Ok(Term::atom(predefined::OK));
    }
    let text =
        alloc::format!("Failed to load NIF library: '{path}.so: this machine runs no native libraries'");
    let text = build::string(cx.heap(), &text);
    let reason = build::tuple(cx.heap(), &[Term::atom(predefined::LOAD_FAILED), text]);
    Ok(build::tuple(cx.heap(), &[Term::atom(predefined::ERROR), reason]))
}
