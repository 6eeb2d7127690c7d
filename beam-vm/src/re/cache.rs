// SPDX-License-Identifier: Apache-2.0
//! Programs that were read not long ago, by their bytes: a compiled pattern is run again and again, and reading it takes longer than many a
//! search.

use alloc::boxed::Box;
use alloc::rc::Rc;

use super::Program;

/// How many are kept.
const KEPT: usize = 64;

/// A program and its bytes.
type Entry = (Box<[u8]>, Rc<Program>);

/// The programs that are kept.
#[derive(Debug)]
pub struct Cache {
    entries: [Option<Entry>; KEPT],
}

impl Default for Cache {
    fn default() -> Self {
        Self { entries: [const { None }; KEPT] }
    }
}

/// The place of a program: by its checksum, which its bytes begin with.
fn place(bytes: &[u8]) -> usize {
    bytes.iter().take(12).fold(0_usize, |place, byte| place.wrapping_mul(31) + usize::from(*byte)) % KEPT
}

impl Cache {
    /// The program of some bytes, if it is kept.
    #[must_use]
    pub fn find(&self, bytes: &[u8]) -> Option<Rc<Program>> {
        let (known, program) = self.entries[place(bytes)].as_ref()?;
        (**known == *bytes).then(|| Rc::clone(program))
    }

    /// Keeps the program of some bytes.
    pub fn keep(&mut self, bytes: &[u8], program: &Rc<Program>) {
        self.entries[place(bytes)] = Some((bytes.into(), Rc::clone(program)));
    }
}
