// SPDX-License-Identifier: Apache-2.0
//! A search that a process waits for: what its BIF needs when it goes on.

use alloc::rc::Rc;
use alloc::vec::Vec;

use super::{Matcher, Program};

/// A search under way.
#[derive(Debug)]
pub struct Job {
    /// What is applied.
    pub program: Rc<Program>,
    /// The bytes of the subject, unless those of the argument are used as they are.
    pub subject: Option<Vec<u8>>,
    /// How far it has come.
    pub matcher: Matcher,
}
