// SPDX-License-Identifier: Apache-2.0
//! The ways in which each fixture is compiled: the same program in other instructions.

/// A set of compiler options.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Variant {
    /// How tests call it.
    pub name: &'static str,
    /// Erlang terms, separated by commas.
    pub options: &'static str,
}

/// All variants. `r24` and `r23` give the instructions that Elixir and libraries compiled by older releases still bring.
pub const VARIANTS: &[Variant] = &[
    Variant { name: "plain", options: "" },
    Variant { name: "inline", options: "inline,{inline_size,200}" },
    Variant { name: "no_ssa_opt", options: "no_ssa_opt" },
    Variant { name: "no_type_opt", options: "no_type_opt" },
    Variant { name: "r24", options: "r24" },
    Variant { name: "r23", options: "r23" },
];
