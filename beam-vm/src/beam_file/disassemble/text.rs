// SPDX-License-Identifier: Apache-2.0
//! The text of one instruction, of its operands and of atoms.

use core::fmt::{self, Display, Formatter};

use crate::beam_file::atoms::Atoms;
use crate::beam_file::code::{Code, Instruction};
use crate::beam_file::index::AtomIndex;
use crate::beam_file::module::Module;
use crate::beam_file::opcodes::{GenericOp, Role};
use crate::beam_file::operand::{Allocation, Operand, Register};

/// An instruction on a line, indented as in a `.S` file.
pub(super) struct Shown<'a> {
    pub(super) module: &'a Module,
    pub(super) integers: &'a Code<'a>,
    pub(super) instruction: Instruction<'a>,
}

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let op = self.instruction.op;
        f.write_str(if op == GenericOp::LABEL { "  " } else { "    " })?;
        if op.arity() == 0 {
            return write!(f, "{}.", Quoted(op.name()));
        }
        write!(f, "{{{}", Quoted(op.name()))?;
        for (operand, role) in self.instruction.operands().iter().zip(op.roles()) {
            f.write_str(",")?;
            self.write_in_role(f, *operand, *role)?;
        }
        f.write_str("}.")
    }
}

impl Shown<'_> {
    fn write_in_role(&self, f: &mut Formatter<'_>, operand: Operand, role: Role) -> fmt::Result {
        match (role, operand) {
            (Role::Import, _) => self.write_import(f),
            (Role::Line, _) => self.write_line(f),
            (Role::Lambda | Role::LambdaOrAtom, Operand::Unsigned(index)) => write!(f, "{{lambda,{index}}}"),
            (Role::StringOffset, Operand::Unsigned(offset)) => write!(f, "{{string,{offset}}}"),
            (_, operand) => self.write_operand(f, operand),
        }
    }

    /// The name and arity in a `func_info`, as the head of a function has them.
    pub(super) fn function(&self) -> impl Display {
        fmt::from_fn(|f| match *self.instruction.operands() {
            [_, Operand::Atom(name), Operand::Unsigned(arity)] => {
                write!(f, "{}, {arity}", Named(self.module.atoms(), name))
            }
            _ => Ok(()),
        })
    }

    fn write_operand(&self, f: &mut Formatter<'_>, operand: Operand) -> fmt::Result {
        match operand {
            Operand::Unsigned(number) => number.fmt(f),
            Operand::Overflow => f.write_str("overflow"),
            Operand::Integer(number) => write!(f, "{{integer,{number}}}"),
            Operand::BigInteger(span) => {
                write!(f, "{{integer,{}}}", Hexadecimal(self.integers.big_integer(span)))
            }
            Operand::Nil => f.write_str("nil"),
            Operand::Atom(atom) => write!(f, "{{atom,{}}}", Named(self.module.atoms(), atom)),
            Operand::Literal(index) => write!(f, "{{literal,{}}}", index.get()),
            Operand::X(register) => write_register(f, 'x', register),
            Operand::Y(register) => write_register(f, 'y', register),
            Operand::Float(register) => write!(f, "{{fr,{}}}", register.get()),
            Operand::Label(label) => write!(f, "{{f,{}}}", label.get()),
            Operand::NoLabel => f.write_str("{f,0}"),
            Operand::Allocation(Allocation { words, floats, funs }) => {
                write!(f, "{{alloc,[{{words,{words}}},{{floats,{floats}}},{{funs,{funs}}}]}}")
            }
            Operand::List(_) => {
                f.write_str("{list,[")?;
                for (position, element) in self.instruction.list().iter().enumerate() {
                    f.write_str(if position == 0 { "" } else { "," })?;
                    self.write_operand(f, *element)?;
                }
                f.write_str("]}")
            }
        }
    }

    fn write_import(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let import = self.instruction.import().and_then(|index| self.module.imports().get(index.get()));
        let Some(import) = import else {
            return f.write_str("{extfunc}");
        };
        let atoms = self.module.atoms();
        let (module, function) = (Named(atoms, import.module), Named(atoms, import.function));
        write!(f, "{{extfunc,{module},{function},{}}}", import.arity)
    }

    fn write_line(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let lines = self.module.lines();
        let Some(line) = self.instruction.line().and_then(|index| lines.get(index)) else {
            return f.write_str("[]");
        };
        let name = line.file.and_then(|file| lines.file(file)).filter(|name| !name.is_empty());
        match name {
            Some(name) => write!(f, "[{{location,{name:?},{}}}]", line.number),
            None => {
                let name = fmt::from_fn(|f| write!(f, "{}.erl", self.module.name().escape_debug()));
                write!(f, "[{{location,\"{name}\",{}}}]", line.number)
            }
        }
    }
}

fn write_register(f: &mut Formatter<'_>, kind: char, register: Register) -> fmt::Result {
    match register.hint {
        Some(hint) => write!(f, "{{tr,{{{kind},{}}},{{type,{}}}}}", register.index, hint.get()),
        None => write!(f, "{{{kind},{}}}", register.index),
    }
}

/// An atom by its index.
pub(super) struct Named<'a>(pub(super) &'a Atoms, pub(super) AtomIndex);

impl Display for Named<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Quoted(self.0.get(self.1).unwrap_or_default()).fmt(f)
    }
}

/// An atom's text, in quotes where Erlang wants them.
pub(super) struct Quoted<'a>(pub(super) &'a str);

const RESERVED: &[&str] = &[
    "after", "and", "andalso", "band", "begin", "bnot", "bor", "bsl", "bsr", "bxor", "case", "catch", "cond",
    "div", "else", "end", "fun", "if", "let", "maybe", "not", "of", "or", "orelse", "receive", "rem", "try",
    "when", "xor",
];

impl Quoted<'_> {
    fn is_plain(&self) -> bool {
        let mut characters = self.0.chars();
        characters.next().is_some_and(|first| first.is_ascii_lowercase())
            && characters.all(|next| next.is_ascii_alphanumeric() || matches!(next, '_' | '@'))
            && !RESERVED.contains(&self.0)
    }
}

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.is_plain() {
            return f.write_str(self.0);
        }
        f.write_str("'")?;
        for character in self.0.chars() {
            match character {
                '\'' | '\\' => write!(f, "\\{character}")?,
                '\n' => f.write_str("\\n")?,
                control if control.is_control() => write!(f, "\\x{{{:x}}}", u32::from(control))?,
                other => write!(f, "{other}")?,
            }
        }
        f.write_str("'")
    }
}

/// A large integer in two's complement, in base 16: base 10 would take time in the square of its length.
struct Hexadecimal<'a>(&'a [u8]);

impl Display for Hexadecimal<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let is_negative = self.0.first().is_some_and(|first| first & 0x80 != 0);
        // Negating inverts what is before the last byte that is not zero, and negates that byte.
        let last = self.0.iter().rposition(|byte| *byte != 0).unwrap_or(0);
        f.write_str(if is_negative { "-16#" } else { "16#" })?;
        let mut is_leading = true;
        for (position, byte) in self.0.iter().enumerate() {
            let byte = match is_negative {
                true if position < last => !byte,
                true => byte.wrapping_neg(),
                false => *byte,
            };
            match (is_leading, byte) {
                (true, 0) => {}
                (true, _) => write!(f, "{byte:X}")?,
                (false, _) => write!(f, "{byte:02X}")?,
            }
            is_leading &= byte == 0;
        }
        Ok(())
    }
}
