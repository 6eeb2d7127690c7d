// SPDX-License-Identifier: Apache-2.0
//! Terms as text, as `erlang:display/1` and the messages of the machine show them (`erl_printf_term.c`).

use alloc::vec::Vec;
use core::fmt::{self, Write};

use crate::atom::{AtomTable, Charset};
use crate::map;
use crate::number::float::{self, Form};
use crate::number::integer;
use crate::term::{Bits, Cons, External, Kind, REF_NUMBERS_MAX, Term, View};

/// What is still to be written.
enum Rest {
    Term(Term),
    Text(&'static str),
    Tail(Term),
}

/// A term that can be written.
#[derive(Clone, Copy)]
pub struct Printed<'a> {
    atoms: &'a AtomTable,
    term: Term,
}

impl<'a> Printed<'a> {
    /// A term with the table of its atoms.
    #[must_use]
    pub fn new(atoms: &'a AtomTable, term: Term) -> Self {
        Self { atoms, term }
    }
}

impl fmt::Display for Printed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut stack = Vec::new();
        stack.push(Rest::Term(self.term));
        while let Some(rest) = stack.pop() {
            match rest {
                Rest::Text(text) => f.write_str(text)?,
                Rest::Tail(term) => match term.view() {
                    View::Nil => f.write_char(']')?,
                    View::Cons(cell) => {
                        f.write_char(',')?;
                        stack.push(Rest::Tail(cell.tail()));
                        stack.push(Rest::Term(cell.head()));
                    }
                    _ => {
                        f.write_char('|')?;
                        stack.push(Rest::Text("]"));
                        stack.push(Rest::Term(term));
                    }
                },
                Rest::Term(term) => self.one(f, term, &mut stack)?,
            }
        }
        Ok(())
    }
}

/// The bytes of a list that is a text: printable and not empty.
fn text(cell: Cons) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = cell.term();
    while let Some(cell) = rest.as_cons() {
        let byte = u8::try_from(cell.head().as_small()?).ok()?;
        if !(byte.is_ascii_graphic() || byte == b' ' || byte.is_ascii_whitespace()) {
            return None;
        }
        bytes.push(byte);
        rest = cell.tail();
    }
    rest.is_nil().then_some(bytes)
}

fn write_text(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    f.write_char('"')?;
    for byte in bytes {
        match byte {
            b'"' => f.write_str("\\\"")?,
            b'\\' => f.write_str("\\\\")?,
            b'\n' => f.write_str("\\n")?,
            b'\t' => f.write_str("\\t")?,
            b'\r' => f.write_str("\\r")?,
            byte => f.write_char(char::from(*byte))?,
        }
    }
    f.write_char('"')
}

fn write_bits(f: &mut fmt::Formatter<'_>, bits: &Bits) -> fmt::Result {
    f.write_str("<<")?;
    if !bits.is_empty()
        && bits.is_binary()
        && bits.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
    {
        write_text(f, &bits.bytes().collect::<Vec<u8>>())?;
        return f.write_str(">>");
    }
    let last = bits.len() / 8;
    for (index, byte) in bits.bytes().enumerate() {
        let separator = if index == 0 { "" } else { "," };
        if index < last {
            write!(f, "{separator}{byte}")?;
        } else {
            let size = bits.len() % 8;
            write!(f, "{separator}{}:{size}", byte >> (8 - size))?;
        }
    }
    f.write_str(">>")
}

impl Printed<'_> {
    fn one(&self, f: &mut fmt::Formatter<'_>, term: Term, stack: &mut Vec<Rest>) -> fmt::Result {
        match term.view() {
            View::Small(value) => write!(f, "{value}"),
            View::Big(big) => {
                let mut out = alloc::vec![0; integer::format_bytes(big.integer(), 10)];
                let digits = integer::format(big.integer(), 10, &mut out);
                f.write_str(core::str::from_utf8(digits).unwrap_or_default())
            }
            View::Float(value) => match float::format(value, Form::DEFAULT) {
                Ok(text) => f.write_str(core::str::from_utf8(text.as_bytes()).unwrap_or_default()),
                Err(_) => write!(f, "{value}"),
            },
            View::Atom(atom) => write!(f, "{}", self.atoms.print(atom, Charset::Unicode)),
            View::Nil => f.write_str("[]"),
            View::Cons(cell) => {
                if let Some(bytes) = text(cell) {
                    return write_text(f, &bytes);
                }
                f.write_char('[')?;
                stack.push(Rest::Tail(cell.tail()));
                stack.push(Rest::Term(cell.head()));
                Ok(())
            }
            View::Tuple(tuple) => {
                f.write_char('{')?;
                stack.push(Rest::Text("}"));
                for (index, element) in tuple.elements().iter().enumerate().rev() {
                    stack.push(Rest::Term(*element));
                    if index > 0 {
                        stack.push(Rest::Text(","));
                    }
                }
                Ok(())
            }
            View::Map(map) => {
                f.write_str("#{")?;
                stack.push(Rest::Text("}"));
                for (index, (key, value)) in map::pairs(map).into_iter().enumerate().rev() {
                    stack.push(Rest::Term(value));
                    stack.push(Rest::Text("=>"));
                    stack.push(Rest::Term(key));
                    if index > 0 {
                        stack.push(Rest::Text(","));
                    }
                }
                Ok(())
            }
            View::Bits(bits) => write_bits(f, &bits),
            View::Pid(pid) => write!(f, "<0.{}.{}>", pid.0 & 0x7FFF, pid.0 >> 15),
            View::Port(port) => write!(f, "#Port<0.{}>", port.0),
            View::Reference(reference) => {
                f.write_str("#Ref<0")?;
                numbers(f, reference.numbers(&mut [0; REF_NUMBERS_MAX]))
            }
            View::Fun(fun) => {
                let entry = fun.entry();
                let module = self.atoms.print(entry.module, Charset::Unicode);
                write!(f, "#Fun<{module}.{}.{}>", entry.old_index, entry.old_uniq)
            }
            View::Export(export) => {
                let entry = export.entry();
                let name = |atom| self.atoms.print(atom, Charset::Unicode);
                write!(f, "fun {}:{}/{}", name(entry.module), name(entry.function), entry.arity)
            }
            View::ExternalPid(other) | View::ExternalPort(other) | View::ExternalReference(other) => {
                external(f, other)
            }
            View::MapNode(_) | View::MatchState(_) | View::None => f.write_str("<unknown>"),
        }
    }
}

fn numbers(f: &mut fmt::Formatter<'_>, numbers: &[u32]) -> fmt::Result {
    for number in numbers.iter().rev() {
        write!(f, ".{number}")?;
    }
    f.write_char('>')
}

fn external(f: &mut fmt::Formatter<'_>, other: External) -> fmt::Result {
    let node = other.node().index();
    match other.kind() {
        Kind::ExternalPid => write!(f, "<{node}.{}.{}>", other.data() as u32, other.data() >> 32),
        Kind::ExternalPort => write!(f, "#Port<{node}.{}>", other.data()),
        _ => {
            write!(f, "#Ref<{node}")?;
            numbers(f, other.numbers(&mut [0; REF_NUMBERS_MAX]))
        }
    }
}
