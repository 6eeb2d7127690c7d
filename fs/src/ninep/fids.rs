// SPDX-License-Identifier: Apache-2.0
//! The numbers by which the server knows what this end has in hand: a bounded pool, of which each is given back once the server has let go.

use alloc::vec::Vec;

use super::field::Fid;
use crate::Errno;

/// The root of the tree, as long as there is a connection.
pub const ROOT: Fid = Fid(0);

/// How many there are besides the root.
pub const MOST: u32 = 65_536;

/// The pool.
#[derive(Debug, Default)]
pub struct Fids {
    /// Those that were in use and are not.
    free: Vec<Fid>,
    /// How many were ever in use.
    used: u32,
}

impl Fids {
    /// One that is free.
    ///
    /// # Errors
    /// `EMFILE`: there is none.
    pub fn take(&mut self) -> Result<Fid, Errno> {
        if let Some(fid) = self.free.pop() {
            return Ok(fid);
        }
        if self.used == MOST {
            return Err(Errno::EMFILE);
        }
        self.used += 1;
        Ok(Fid(ROOT.0 + self.used))
    }

    /// It is free again.
    pub fn give(&mut self, fid: Fid) {
        debug_assert!(fid != ROOT && !self.free.contains(&fid), "{fid:?} is given back once");
        self.free.push(fid);
    }

    /// How many are in use.
    pub fn in_use(&self) -> usize {
        self.used as usize - self.free.len()
    }
}
