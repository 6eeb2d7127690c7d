// SPDX-License-Identifier: Apache-2.0
//! `erlang:prepare_loading/2`: stock does it in Erlang: what is no module as it stands is expanded by `zlib`, and then given to the loader. Here the loader
//! takes compressed modules itself, as one that the library has is found by its compressed bytes and need not be expanded.

use alloc::vec::Vec;

use crate::beam_file;
use crate::bif::{BifResult, Context, loading};
use crate::heap::build;
use crate::iodata::Walk;
use crate::term::Term;

/// `erlang:prepare_loading/2`
pub fn prepare_loading(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let code = match args[1].as_bits() {
        Some(_) => args[1],
        // `zlib` takes its compressed bytes in pieces as well; the loader takes nothing else in pieces.
        None => match compressed(args[1]).and_then(|bytes| beam_file::gunzip(&bytes)) {
            Some(bytes) => build::binary(cx.heap(), &bytes),
            None => args[1],
        },
    };
    loading::prepare_loading(cx, &[args[0], code])
}

/// The bytes of iodata.
fn compressed(term: Term) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut all = usize::MAX;
    Walk::new(term).run(&mut all, &mut |piece| bytes.extend_from_slice(piece)).ok()?;
    Some(bytes)
}
