// SPDX-License-Identifier: Apache-2.0
//! Natives: functions of OTP's own modules that stock does in libraries in C (NIFs). Those of a module are in place from when it is loaded:
//! the loader leaves out the bodies of functions that the [`table`] knows. So `erlang:load_nif/2` has nothing to do but to say so.
//!
//! One function is done here that stock does in Erlang, for a reason: [`erlang`].
//!
//! Libraries of other modules cannot be loaded: there is no C here.

pub mod asn1rt;
pub mod erlang;
pub mod prim_buffer;
pub mod prim_file;
pub mod table;
pub mod zlib;

use table::NATIVES;

use crate::atom::{Atom, predefined};
use crate::bif::{BifIndex, table::BIFS};
use crate::term::Term;
use crate::vm::Vm;

/// The native of a name, if it is here.
#[must_use]
pub fn find(module: &str, function: &str, arity: u32) -> Option<BifIndex> {
    let start = NATIVES.partition_point(|entry| entry.module < module);
    let of_module = NATIVES[start..].iter().take_while(|entry| entry.module == module);
    let mut numbered = of_module.enumerate();
    let found = numbered.find(|(_, entry)| entry.function == function && u32::from(entry.arity) == arity);
    let (place, entry) = found?;
    entry.implementation?;
    Some(BifIndex((BIFS.len() + start + place) as u32))
}

/// Tells the natives of a module what it has loaded them with: the second argument of `erlang:load_nif/2`.
pub fn loaded(vm: &mut Vm, module: Atom, information: Term) {
    if module == predefined::PRIM_FILE {
        vm.file_janitor = information.as_pid();
    }
}

/// Whether a library is that of a module's natives: it is named as the module is.
#[must_use]
pub fn has_library(module: &str, path: &[u8]) -> bool {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
    name == module.as_bytes() && NATIVES.iter().any(|entry| entry.module == module)
}

#[cfg(test)]
mod tests {
    use super::table::NATIVES;

    #[test]
    fn natives_are_in_order() {
        let key = |index: usize| (NATIVES[index].module, NATIVES[index].function, NATIVES[index].arity);
        for index in 1..NATIVES.len() {
            assert!(key(index - 1) < key(index), "{:?}", key(index));
        }
    }

    #[test]
    fn a_library_is_named_as_its_module() {
        assert!(super::has_library("zlib", b"zlib"));
        assert!(super::has_library("asn1rt_nif", b"/usr/lib/erlang/lib/asn1/priv/lib/asn1rt_nif"));
        assert!(!super::has_library("zlib", b"/x/other"));
        assert!(!super::has_library("lists", b"lists"));
    }
}
