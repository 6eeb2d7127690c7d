// SPDX-License-Identifier: Apache-2.0
//! Modules without what only debuggers read, as `beam_lib:strip/1` leaves them, but with their attributes: programs look at those
//! (`behaviour`, and what libraries put there), and they are small.
//!
//! They are compressed as the compiler does with its option `compressed`: whoever reads modules, `beam_lib` and the loader among them, takes that, and a
//! module that is in the library is found by these bytes without being expanded.

use beam_vm::beam_file::{ChunkId, Module};
use beam_vm::deflate::{Buffers, Deflate, Flush, Format, Level, Options, Progress};

/// The chunks that stay: those that are loaded or go into a module's checksum, lines, types and attributes.
const KEPT: [&[u8; 4]; 12] = [
    b"Atom", b"AtU8", b"Code", b"StrT", b"ImpT", b"ExpT", b"FunT", b"LitT", b"Meta", b"Line", b"Type",
    b"Attr",
];

/// A module's file with the chunks that stay, in their order, not padded by more than it has to be, and compressed.
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
    gzip(&file)
}

/// How many bytes a file has when it is expanded, if it is compressed: gzip says so at the end.
pub fn expanded(file: &[u8]) -> Option<u32> {
    file.starts_with(&[0x1F, 0x8B]).then_some(())?;
    file.last_chunk().map(|length| u32::from_le_bytes(*length))
}

/// The bytes as gzip makes them (RFC 1952), without a name or a time.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut stream = Deflate::new(&Options::zlib(Level::BEST).format(Format::Gzip));
    // Stored blocks are the worst that a stream can be made of.
    let mut packed = vec![0; bytes.len() + bytes.len() / 1000 + 64];
    let mut io = Buffers::new(bytes, &mut packed);
    let mut budget = usize::MAX;
    let end = stream.run(&mut io, Flush::Finish, &mut budget);
    debug_assert_eq!(end, Ok(Progress::End), "there is room for all");
    let written = io.written();
    packed.truncate(written);
    packed
}
