// SPDX-License-Identifier: Apache-2.0
//! The modules that stock has in its executable. They are packed without their lines (`make_preload`), so a stack trace never says
//! where in one of them something was called.

/// Whether a preloaded module is loaded here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Presence {
    /// Nothing works without it.
    Needed,
    /// Some releases of OTP have it.
    IfThere,
    /// It is left out, in the way that stock has for systems without `socket`: `erl_init` looks whether `prim_socket` is loaded.
    LeftOut,
}

/// Those of OTP 25 to 28, in the order in which stock loads them.
pub const PRELOADED: [(&str, Presence); 22] = [
    ("erts_code_purger", Presence::Needed),
    ("erl_init", Presence::Needed),
    ("init", Presence::Needed),
    ("prim_buffer", Presence::Needed),
    ("prim_eval", Presence::Needed),
    ("prim_inet", Presence::Needed),
    ("prim_file", Presence::Needed),
    ("zlib", Presence::Needed),
    ("socket_registry", Presence::LeftOut),
    ("prim_socket", Presence::LeftOut),
    ("prim_net", Presence::LeftOut),
    ("prim_zip", Presence::Needed),
    ("erl_prim_loader", Presence::Needed),
    ("erlang", Presence::Needed),
    ("erts_internal", Presence::Needed),
    ("erl_tracer", Presence::Needed),
    ("erts_literal_area_collector", Presence::Needed),
    ("erts_dirty_process_signal_handler", Presence::Needed),
    ("erts_trace_cleaner", Presence::IfThere),
    ("atomics", Presence::Needed),
    ("counters", Presence::Needed),
    ("persistent_term", Presence::Needed),
];

/// Whether stock has a module in its executable.
#[must_use]
pub fn is_preloaded(name: &str) -> bool {
    PRELOADED.iter().any(|(preloaded, _)| *preloaded == name)
}

#[cfg(test)]
mod tests {
    use super::is_preloaded;

    #[test]
    fn names_are_found() {
        assert!(is_preloaded("erlang") && is_preloaded("prim_socket"));
        assert!(!is_preloaded("lists"));
    }
}
