// SPDX-License-Identifier: Apache-2.0
//! What is wrong with a match specification, in stock's words.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::atom::{Atom, AtomTable};
use crate::print::Printed;
use crate::term::Term;

/// Bytes of a text at most.
const LIMIT: usize = 99;

/// The problems of a specification, in the order in which they were found.
pub(super) struct Problems<'a> {
    pub(super) atoms: &'a AtomTable,
    pub(super) node: Atom,
    pub(super) texts: Vec<Vec<u8>>,
}

impl Problems<'_> {
    /// Adds a text.
    pub(super) fn add(&mut self, text: &str) {
        self.texts.push(text.as_bytes().to_vec());
    }

    /// Adds that a variable has no value.
    pub(super) fn unbound(&mut self, number: u32) {
        let text: String = format!("Variable ${number} is unbound.");
        self.add(&text);
    }

    /// Adds a text with a term between two parts.
    pub(super) fn add_term(&mut self, before: &str, term: Term, after: &str) {
        let mut text = before.as_bytes().to_vec();
        text.extend(Printed::new(self.atoms, self.node, term).to_bytes());
        text.extend_from_slice(after.as_bytes());
        text.truncate(LIMIT);
        self.texts.push(text);
    }
}
