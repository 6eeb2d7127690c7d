// SPDX-License-Identifier: Apache-2.0
//! Terms where they stand: on stacks, in messages, as parts of objects. What points is written as the address of an object that the dump has
//! elsewhere (`H7F…`).

use core::fmt::{self, Write};

use super::Scene;
use super::sink::Sink;
use crate::term::{Term, View};

impl Scene<'_> {
    /// A term.
    pub(super) fn element(self, out: &mut Sink, term: Term) -> fmt::Result {
        if let Some(address) = address(term) {
            return write!(out, "H{address:X}");
        }
        match term.view() {
            View::Small(value) => write!(out, "I{value}"),
            View::Atom(atom) => {
                let text = self.vm.atoms.text(atom);
                write!(out, "A{:X}:{text}", text.len())
            }
            View::Pid(pid) => write!(out, "P<0.{}.{}>", pid.number(), pid.serial()),
            View::Port(port) => write!(out, "p<0.{}>", port.0),
            // The empty list, and what is no term at all.
            _ => out.write_char('N'),
        }
    }

    /// A term on a line of its own.
    pub(super) fn line(self, out: &mut Sink, term: Term) -> fmt::Result {
        self.element(out, term)?;
        out.write_char('\n')
    }

    /// Terms with commas between them.
    pub(super) fn sequence(self, out: &mut Sink, terms: &[Term]) -> fmt::Result {
        for (index, term) in terms.iter().enumerate() {
            if index > 0 {
                out.write_char(',')?;
            }
            self.element(out, *term)?;
        }
        Ok(())
    }
}

/// The address of what a term points to.
pub(super) fn address(term: Term) -> Option<usize> {
    match (term.as_cons(), term.as_boxed()) {
        (Some(cell), _) => Some(cell.address().addr().get()),
        (_, Some(boxed)) => Some(boxed.address().addr().get()),
        _ => None,
    }
}
