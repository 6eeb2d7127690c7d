// SPDX-License-Identifier: Apache-2.0
//! What a program has come to, as a text that both sides write: a line that says how it has ended, and its result.

use std::fmt::Write;

use beam_vm::script::Outcome;

use crate::stock::STUCK;

/// The text of an outcome in the virtual machine.
pub fn text(outcome: &Outcome) -> Vec<u8> {
    match outcome {
        Outcome::Returned(text) => [b"returned\n", text.as_slice()].concat(),
        Outcome::Raised(text) => [b"raised\n", text.as_slice()].concat(),
        Outcome::Killed(reason) => format!("killed\n{reason}\n").into_bytes(),
        Outcome::Halted(status) => format!("halted\n{status}\n").into_bytes(),
        Outcome::Stuck => STUCK.to_vec(),
    }
}

/// How much of a text is shown at most: the rest of a long one says nothing more.
const SHOWN: usize = 6000;

/// Says where two texts part, and shows both.
pub fn difference(stock: &[u8], here: &[u8]) -> String {
    let common = stock.iter().zip(here).take_while(|(a, b)| a == b).count();
    let line = stock[..common].iter().filter(|byte| **byte == b'\n').count() + 1;
    let mut report = format!("the outcomes differ in line {line}, after {common} bytes\n");
    for (side, text) in [("stock", stock), ("here", here)] {
        let from = common.saturating_sub(SHOWN / 2);
        let to = text.len().min(from + SHOWN);
        let _ = writeln!(report, "--- {side}\n{}", String::from_utf8_lossy(&text[from..to]).trim_end());
    }
    report
}
