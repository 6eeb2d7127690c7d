// SPDX-License-Identifier: Apache-2.0
//! Modules without what only debuggers read, as `beam_lib:strip/1` leaves them, but with their attributes: programs look at those
//! (`behaviour`, and what libraries put there), and they are small.

use beam_vm::beam_file::{ChunkId, Module};

/// The chunks that stay: those that are loaded or go into a module's checksum, lines, types and attributes.
const KEPT: [&[u8; 4]; 12] = [
    b"Atom", b"AtU8", b"Code", b"StrT", b"ImpT", b"ExpT", b"FunT", b"LitT", b"Meta", b"Line", b"Type",
    b"Attr",
];

/// A module's file with the chunks that stay, in their order, neither compressed nor padded by more than it has to be.
pub fn strip(module: &Module) -> Vec<u8> {
    let mut form = b"BEAM".to_vec();
    for (ChunkId(name), bytes) in module.chunks() {
        if !KEPT.contains(&&name) {
            continue;
        }
        form.extend_from_slice(&name);
        form.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
        form.extend_from_slice(bytes);
        form.resize(form.len().next_multiple_of(4), 0);
    }
    let mut file = b"FOR1".to_vec();
    file.extend_from_slice(&(form.len() as u32).to_be_bytes());
    file.extend_from_slice(&form);
    file
}
