// SPDX-License-Identifier: Apache-2.0
//! Calls out of instructions. After a call that was given the address of a local the compiler does not end a handler in a jump, so what is
//! called here gets its arguments where they are in the machine and gives a word: a term, or [`Term::NONE`] when it has failed. Why is then in
//! [`Machine::raise`].
#![expect(unsafe_code, reason = "lends the process and the machine to one user at a time")]

use super::machine::Machine;
use crate::bif::{BifIndex, BifResult, Context, Raise};
use crate::heap::ProcessHeap;
use crate::term::Term;

/// An operation on two terms.
pub(super) type Binary = fn(&mut ProcessHeap, Term, Term) -> BifResult;

/// Does a BIF with the arguments that are at an address. The process has what registers had of its heap, and may have more afterwards.
///
/// # Safety
/// The BIF has to have as many arguments. No reference to the process or the machine's other parts may be in use.
#[inline(never)]
pub(super) unsafe fn bif(m: *mut Machine, bif: BifIndex, arguments: *const Term, arity: usize) -> Term {
    // SAFETY: the registers and arguments are a part of the machine that no BIF gets.
    unsafe {
        let result = match bif.entry().implementation {
            Some(function) => {
                let mut context = Context { vm: &mut *(*m).vm, process: &mut *(*m).process };
                function(&mut context, core::slice::from_raw_parts(arguments, arity))
            }
            None => Err(Raise::UNDEF),
        };
        word(m, result)
    }
}

/// Does an operation on two terms.
///
/// # Safety
/// As for [`bif`].
#[inline(never)]
pub(super) unsafe fn operation(m: *mut Machine, operation: Binary, a: Term, b: Term) -> Term {
    // SAFETY: as the caller promises.
    unsafe { word(m, operation(&mut (*(*m).process).heap, a, b)) }
}

/// The word that stands for a result.
///
/// # Safety
/// Nobody else may look at the machine.
#[inline(always)]
pub(super) unsafe fn word(m: *mut Machine, result: BifResult) -> Term {
    match result {
        Ok(term) => term,
        Err(raise) => {
            // SAFETY: as the caller promises.
            unsafe { (*m).raise = raise };
            Term::NONE
        }
    }
}
