// SPDX-License-Identifier: Apache-2.0
//! `and`, `or`, `xor`, `not`.

use super::{BifResult, Context, Raise};
use crate::term::Term;

fn both(args: &[Term]) -> Result<(bool, bool), Raise> {
    let value = |term: Term| term.as_boolean().ok_or(Raise::BADARG);
    Ok((value(args[0])?, value(args[1])?))
}

/// `and`
pub fn and(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    both(args).map(|(a, b)| Term::boolean(a && b))
}

/// `or`
pub fn or(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    both(args).map(|(a, b)| Term::boolean(a || b))
}

/// `xor`
pub fn xor(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    both(args).map(|(a, b)| Term::boolean(a != b))
}

/// `not`
pub fn not(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    args[0].as_boolean().map(|value| Term::boolean(!value)).ok_or(Raise::BADARG)
}
