// SPDX-License-Identifier: Apache-2.0
//! The functions that guards and bodies of match specifications may call: each once, by name and number of arguments.

use super::Effects;
use crate::bif::{BifFunction, match_specs};
use crate::bif::{arithmetic, binaries, compare, lists, logic, maps, node, tuples, types};
use crate::matchspec::{FunctionIndex, Functions, Places};

struct Function {
    name: &'static str,
    arity: usize,
    places: Places,
    implementation: BifFunction,
}

macro_rules! functions {
    ($($name:literal $arity:literal $places:ident => $room:ident::$function:ident;)*) => {
        static FUNCTIONS: &[Function] = &[$(
            Function {
                name: $name,
                arity: $arity,
                places: Places::$places,
                implementation: $room::$function,
            },
        )*];
    };
}

functions! {
    "*" 2 All => arithmetic::times;
    "+" 1 All => arithmetic::unary_plus;
    "+" 2 All => arithmetic::plus;
    "-" 1 All => arithmetic::unary_minus;
    "-" 2 All => arithmetic::minus;
    "/" 2 All => arithmetic::slash;
    "/=" 2 All => compare::unequal;
    "<" 2 All => compare::less;
    "=/=" 2 All => compare::different;
    "=:=" 2 All => compare::same;
    "=<" 2 All => compare::at_most;
    "==" 2 All => compare::equal;
    ">" 2 All => compare::greater;
    ">=" 2 All => compare::at_least;
    "abs" 1 All => arithmetic::abs;
    "band" 2 All => arithmetic::band_bif;
    "binary_part" 2 All => binaries::binary_part2;
    "binary_part" 3 All => binaries::binary_part3;
    "bit_size" 1 All => binaries::bit_size;
    "bnot" 1 All => arithmetic::bnot_bif;
    "bor" 2 All => arithmetic::bor_bif;
    "bsl" 2 All => arithmetic::bsl_bif;
    "bsr" 2 All => arithmetic::bsr_bif;
    "bxor" 2 All => arithmetic::bxor_bif;
    "byte_size" 1 All => binaries::byte_size;
    "div" 2 All => arithmetic::div;
    "element" 2 All => tuples::element;
    "float" 1 All => arithmetic::float;
    "get_tcw" 0 Trace => match_specs::trace_control_word;
    "hd" 1 All => lists::hd;
    "is_atom" 1 All => types::is_atom;
    "is_binary" 1 All => types::is_binary;
    "is_float" 1 All => types::is_float;
    "is_function" 1 All => types::is_function;
    "is_integer" 1 All => types::is_integer;
    "is_list" 1 All => types::is_list;
    "is_map" 1 All => types::is_map;
    "is_map_key" 2 All => maps::is_key;
    "is_number" 1 All => types::is_number;
    "is_pid" 1 All => types::is_pid;
    "is_port" 1 All => types::is_port;
    "is_record" 3 All => types::is_record3;
    "is_reference" 1 All => types::is_reference;
    "is_tuple" 1 All => types::is_tuple;
    "length" 1 All => lists::length;
    "map_get" 2 All => maps::get;
    "map_size" 1 All => maps::size;
    "node" 0 All => node::node;
    "node" 1 All => node::node_of;
    "not" 1 All => logic::not;
    "rem" 2 All => arithmetic::rem;
    "round" 1 All => arithmetic::round;
    "set_tcw" 1 TraceBody => match_specs::set_trace_control_word;
    "set_tcw_fake" 1 TraceBody => match_specs::keep_trace_control_word;
    "size" 1 All => tuples::size;
    "tl" 1 All => lists::tl;
    "trunc" 1 All => arithmetic::trunc;
    "xor" 2 All => logic::xor;
}

/// The functions of this table, as far as they may have effects.
pub struct Callable {
    /// What they may do.
    pub effects: Effects,
}

impl Functions for Callable {
    fn find(&self, name: &str, arity: usize) -> Option<(FunctionIndex, Places)> {
        // What would change the machine only looks like it where nothing is to be done.
        let is_fake = name == "set_tcw" && self.effects == Effects::None;
        let name = if is_fake { "set_tcw_fake" } else { name };
        let index = FUNCTIONS
            .binary_search_by(|function| (function.name, function.arity).cmp(&(name, arity)))
            .ok()?;
        Some((FunctionIndex(index as u8), FUNCTIONS[index].places))
    }
}

/// What does a function.
pub fn implementation(function: FunctionIndex) -> BifFunction {
    FUNCTIONS[usize::from(function.0)].implementation
}

#[cfg(test)]
mod tests {
    use super::FUNCTIONS;

    #[test]
    fn the_table_is_in_order() {
        assert!(FUNCTIONS.is_sorted_by_key(|function| (function.name, function.arity)));
        assert!(FUNCTIONS.len() < 256);
    }
}
