// SPDX-License-Identifier: Apache-2.0
//! The modules that stock has in its executable. They are packed without their lines (`make_preload`), so a stack trace never says
//! where in one of them something was called.

/// Their names in order, as of OTP 25 to 28.
const NAMES: [&str; 22] = [
    "atomics",
    "counters",
    "erl_init",
    "erl_prim_loader",
    "erl_tracer",
    "erlang",
    "erts_code_purger",
    "erts_dirty_process_signal_handler",
    "erts_internal",
    "erts_literal_area_collector",
    "erts_trace_cleaner",
    "init",
    "persistent_term",
    "prim_buffer",
    "prim_eval",
    "prim_file",
    "prim_inet",
    "prim_net",
    "prim_socket",
    "prim_zip",
    "socket_registry",
    "zlib",
];

/// Whether stock has a module in its executable.
#[must_use]
pub fn is_preloaded(name: &str) -> bool {
    NAMES.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::{NAMES, is_preloaded};

    #[test]
    fn names_are_found() {
        assert!(NAMES.is_sorted() && NAMES.iter().all(|name| is_preloaded(name)));
        assert!(!is_preloaded("lists"));
    }
}
