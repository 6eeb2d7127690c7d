// SPDX-License-Identifier: Apache-2.0
//! No place at all: for a machine whose own platform is in use elsewhere, and for structures that want one and are tested without a
//! machine.

use alloc::vec::Vec;

use super::Platform;

/// A platform that has nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoPlatform;

impl Platform for NoPlatform {
    fn monotonic(&mut self) -> u64 {
        0
    }

    fn system_time(&mut self) -> i64 {
        0
    }

    fn entropy(&mut self, _: &mut [u8]) {}

    fn write(&mut self, _: &[u8]) {}

    fn warn(&mut self, _: &str) {}

    fn park(&mut self, _: Option<u64>) {}

    fn module(&mut self, _: &str) -> Option<Vec<u8>> {
        None
    }
}
