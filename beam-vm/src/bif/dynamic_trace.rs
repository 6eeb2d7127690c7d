// SPDX-License-Identifier: Apache-2.0
//! The tags of dynamic tracing, as stock has them that was built without it (`erl_bif_trace.c`): there is no tag, and what would get one
//! stays as it is. OTP's files are opened and read under such tags.

use super::{BifResult, Context, Raise};
use crate::atom::predefined;
use crate::term::Term;

/// `erlang:dt_put_tag/1`, `dt_get_tag/0`, `dt_get_tag_data/0`
pub fn no_tag(_: &mut Context<'_>, _: &[Term]) -> BifResult {
    Ok(Term::atom(predefined::UNDEFINED))
}

/// `erlang:dt_prepend_vm_tag_data/1`, `dt_append_vm_tag_data/1`
pub fn as_it_is(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    Ok(args[0])
}

/// `erlang:dt_spread_tag/1`
pub fn spread_tag(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    args[0].as_boolean().map(|_| Term::boolean(true)).ok_or(Raise::BADARG)
}

/// `erlang:dt_restore_tag/1`
pub fn restore_tag(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    if args[0] == Term::boolean(true) { Ok(args[0]) } else { Err(Raise::BADARG) }
}
