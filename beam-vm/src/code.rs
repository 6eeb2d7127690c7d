// SPDX-License-Identifier: Apache-2.0
//! Stand-in until the room lands.
#![expect(missing_docs, reason = "stand-in")]
use crate::atom::Atom;
use crate::term::Export;
use alloc::string::String;
pub struct Location {
    pub module: Atom,
    pub function: Atom,
    pub arity: u32,
    pub line: Option<(String, u32)>,
}
pub struct Code;
impl Code {
    pub fn export(&mut self, _: Atom, _: Atom, _: u32) -> &'static Export {
        unimplemented!()
    }
    pub fn find_export(&self, _: Atom, _: Atom, _: u32) -> Option<&'static Export> {
        unimplemented!()
    }
    pub fn locate(&self, _: usize) -> Option<Location> {
        unimplemented!()
    }
}
