// SPDX-License-Identifier: Apache-2.0
//! What stock answers that was built without some of its parts, or that has nobody whom a function is for.

use super::{BifResult, Context, Raise};
use crate::atom::predefined;
use crate::term::Term;

/// What only processes may call that control a connection to another node.
pub fn not_supported(_: &mut Context<'_>, _: &[Term]) -> BifResult {
    Err(Raise::error(predefined::NOTSUP))
}

/// What needs a handle of a connection; nobody has one as long as this node is not alive.
pub fn no_connection(_: &mut Context<'_>, _: &[Term]) -> BifResult {
    Err(Raise::BADARG)
}

/// `erts_debug:lcnt_clear/0`, `lcnt_collect/0`: there are no locks to count.
pub fn no_lock_counters(_: &mut Context<'_>, _: &[Term]) -> BifResult {
    Ok(Term::atom(predefined::ERROR))
}

/// `erts_debug:lcnt_control/1,2`
pub fn no_lock_control(_: &mut Context<'_>, _: &[Term]) -> BifResult {
    Err(Raise::BADARG)
}
