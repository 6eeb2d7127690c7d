// SPDX-License-Identifier: Apache-2.0
//! Instructions as text, in the manner of the compiler's `.S` files.
//!
//! Imports are written out as `{extfunc,M,F,A}` and lines with their file. Literals, lambdas and strings have their index, for
//! what is in them belongs to whoever knows terms.

mod text;

use alloc::string::{String, ToString};
use core::fmt::{self, Display, Formatter, Write};
use core::mem;

use super::module::Module;
use super::opcodes::GenericOp;
use text::{Named, Quoted, Shown};

/// The instructions of a module as text. If one is damaged, the text ends with a comment that says so.
pub fn disassemble(module: &Module) -> impl Display + '_ {
    fmt::from_fn(move |f| {
        write_head(module, f)?;
        write_instructions(module, f)
    })
}

fn write_head(module: &Module, f: &mut Formatter<'_>) -> fmt::Result {
    let atoms = module.atoms();
    writeln!(f, "{{module, {}}}.  %% version = 0\n", Quoted(module.name()))?;
    f.write_str("{exports, [")?;
    for (position, export) in module.exports().iter().enumerate() {
        let comma = if position == 0 { "" } else { "," };
        write!(f, "{comma}{{{},{}}}", Named(atoms, export.function), export.arity)?;
    }
    writeln!(f, "]}}.\n\n{{labels, {}}}.", module.code_header().labels)
}

/// A function is `label`, perhaps `line`, `func_info`, `label`, and its head needs the last of them. So a label waits, and
/// with it what may belong to the start of a function, until it is known.
fn write_instructions(module: &Module, f: &mut Formatter<'_>) -> fmt::Result {
    let mut code = module.code();
    let integers = module.code();
    let mut waiting = String::new();
    let mut function = None;
    loop {
        let instruction = match code.next() {
            Ok(Some(instruction)) => instruction,
            Ok(None) => return f.write_str(&waiting),
            Err(error) => return writeln!(f, "{waiting}%% {error}"),
        };
        let shown = Shown { module, integers: &integers, instruction };
        match (instruction.op, function.take(), instruction.label()) {
            (GenericOp::LABEL, Some(function), Some(entry)) => {
                writeln!(f, "\n\n{{function, {function}, {}}}.", entry.get())?;
                writeln!(f, "{}{shown}", mem::take(&mut waiting))?;
            }
            (GenericOp::LABEL, ..) => {
                f.write_str(&mem::take(&mut waiting))?;
                writeln!(waiting, "{shown}")?;
            }
            (GenericOp::LINE, ..) if !waiting.is_empty() => writeln!(waiting, "{shown}")?,
            (GenericOp::FUNC_INFO, ..) if !waiting.is_empty() => {
                writeln!(waiting, "{shown}")?;
                function = Some(shown.function().to_string());
            }
            _ => writeln!(f, "{}{shown}", mem::take(&mut waiting))?,
        }
    }
}
