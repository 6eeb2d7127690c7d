// SPDX-License-Identifier: Apache-2.0
//! The literals of a module: terms in an area of their own.

use alloc::vec::Vec;

use super::LoadError;
use crate::beam_file::Module;
use crate::copy;
use crate::etf;
use crate::heap::{Fragment, LiteralArea};
use crate::term::Term;
use crate::vm::Vm;

/// Decodes all literals of a file.
///
/// # Errors
/// [`LoadError::Literal`] and [`LoadError::NoRoom`].
pub fn build(vm: &mut Vm, file: &Module) -> Result<(LiteralArea, Vec<Term>), LoadError> {
    let mut fragment = Fragment::default();
    let mut terms = Vec::with_capacity(file.literals().count());
    for bytes in file.literals().iter() {
        terms.push(etf::decode(vm, &mut fragment, bytes).map_err(LoadError::Literal)?);
    }
    let literals = vm.literals.addresses();
    let words = terms.iter().map(|term| copy::size_of(*term, &literals)).sum();
    let mut area = vm.literals.area(words, vm.platform.as_mut()).ok_or(LoadError::NoRoom)?;
    for term in &mut terms {
        *term = copy::copy(*term, &mut area, &literals);
    }
    Ok((area, terms))
}
