// SPDX-License-Identifier: Apache-2.0
//! The entries of a folder, as `Rreaddir` has them: identity, the place of the next one, kind, name.

use alloc::vec::Vec;

use super::error::Malformed;
use super::field::{Field, Input, Qid};
use crate::walk::NAME;

/// An entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// What has the name.
    pub qid: Qid,
    /// Where the next one is.
    pub next: u64,
    /// What it is, as Linux has it in folders.
    pub kind: u8,
    /// The name.
    pub name: Vec<u8>,
}

/// Whether something is a name.
#[must_use]
pub fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && name.len() <= NAME && !name.iter().any(|byte| matches!(byte, 0 | b'/'))
}

/// Reads entries.
///
/// # Errors
/// [`Malformed`].
pub fn decode(data: &[u8]) -> Result<Vec<Entry>, Malformed> {
    let mut input = Input(data);
    let mut entries = Vec::new();
    while !input.0.is_empty() {
        let (qid, next, kind) = (input.field()?, input.field()?, input.field()?);
        let name: &[u8] = input.field()?;
        if !is_name(name) {
            return Err(Malformed::Name);
        }
        entries.push(Entry { qid, next, kind, name: name.to_vec() });
    }
    Ok(entries)
}

/// Writes an entry, if it has room up to `limit` bytes. False when not.
pub fn encode(entry: &Entry, out: &mut Vec<u8>, limit: usize) -> bool {
    let before = out.len();
    entry.qid.put(out);
    entry.next.put(out);
    entry.kind.put(out);
    entry.name.as_slice().put(out);
    if out.len() > limit {
        out.truncate(before);
        return false;
    }
    true
}
