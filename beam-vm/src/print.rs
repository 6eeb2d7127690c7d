// SPDX-License-Identifier: Apache-2.0
//! Terms as text, as `erlang:display/1`, `pid_to_list/1` and their kin show them (`erts/emulator/beam/erl_printf_term.c`).
//!
//! It is not what `io_lib` writes: floats have six digits after the point, large maps show their nodes, and texts in lists are Latin-1, byte
//! for byte, beside atoms in UTF-8. So the result is bytes.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};

use crate::atom::{Atom, AtomTable};
use crate::number::float::{self, Form};
use crate::number::integer;
use crate::term::{Bits, Cons, External, Kind, Map, MapNode, REF_NUMBERS_MAX, Term, View};

/// What is still to be written, the next last.
enum Rest {
    Term(Term),
    Text(&'static str),
    Tail(Term),
}

/// A term that can be written.
#[derive(Clone, Copy)]
pub struct Printed<'a> {
    atoms: &'a AtomTable,
    node: Atom,
    term: Term,
}

/// Digits after the point of a float.
const FLOAT_DIGITS: i32 = 6;

impl<'a> Printed<'a> {
    /// A term, with the table of its atoms and the name of this node.
    #[must_use]
    pub fn new(atoms: &'a AtomTable, node: Atom, term: Term) -> Self {
        Self { atoms, node, term }
    }

    /// The bytes.
    #[must_use]
    pub fn to_bytes(self) -> Vec<u8> {
        let mut printer = Printer { atoms: self.atoms, node: self.node, out: Vec::new() };
        let mut stack = Vec::new();
        stack.push(Rest::Term(self.term));
        while let Some(rest) = stack.pop() {
            match rest {
                Rest::Text(text) => printer.text(text),
                Rest::Tail(term) => match term.view() {
                    View::Nil => printer.text("]"),
                    View::Cons(cell) => {
                        printer.text(",");
                        stack.push(Rest::Tail(cell.tail()));
                        stack.push(Rest::Term(cell.head()));
                    }
                    _ => {
                        printer.text("|");
                        stack.push(Rest::Text("]"));
                        stack.push(Rest::Term(term));
                    }
                },
                Rest::Term(term) => printer.one(term, &mut stack),
            }
        }
        printer.out
    }
}

impl fmt::Display for Printed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.to_bytes()))
    }
}

/// The text of an atom, in quotes unless it is a letter followed by letters, digits and underscores; reserved words stay as they are.
#[derive(Clone, Copy, Debug)]
pub struct PrintedAtom<'a>(pub &'a str);

impl fmt::Display for PrintedAtom<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text) = *self;
        let is_plain = text.starts_with(is_lower)
            && text
                .chars()
                .all(|char| is_lower(char) || is_upper(char) || char.is_ascii_digit() || char == '_');
        if is_plain {
            return f.write_str(text);
        }
        f.write_char('\'')?;
        for char in text.chars() {
            let escape = match char {
                '\'' | '\\' => char,
                '\n' => 'n',
                '\x0c' => 'f',
                '\t' => 't',
                '\r' => 'r',
                '\x08' => 'b',
                '\x0b' => 'v',
                '\0'..='\x1f' | '\x7f'..='\u{9f}' => {
                    write!(f, "\\{:03o}", u32::from(char))?;
                    continue;
                }
                _ => {
                    f.write_char(char)?;
                    continue;
                }
            };
            write!(f, "\\{escape}")?;
        }
        f.write_char('\'')
    }
}

struct Printer<'a> {
    atoms: &'a AtomTable,
    node: Atom,
    out: Vec<u8>,
}

impl Write for Printer<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text(text);
        Ok(())
    }
}

/// Writes what is formatted; a vector takes all.
macro_rules! put {
    ($printer:expr, $($text:tt)+) => { let _ = write!($printer, $($text)+); };
}

impl Printer<'_> {
    fn text(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn one(&mut self, term: Term, stack: &mut Vec<Rest>) {
        match term.view() {
            View::Small(value) => {
                put!(self, "{value}");
            }
            View::Big(big) => {
                let mut digits = alloc::vec![0; integer::format_bytes(big.integer(), 10)];
                self.out.extend_from_slice(integer::format(big.integer(), 10, &mut digits));
            }
            View::Float(value) => {
                if let Ok(text) = float::format(value, Form::Scientific(FLOAT_DIGITS)) {
                    self.out.extend_from_slice(text.as_bytes());
                }
            }
            View::Atom(atom) => self.atom(atom),
            View::Nil => self.text("[]"),
            View::Cons(cell) => match string(cell) {
                Some(bytes) => self.string(&bytes),
                None => {
                    self.text("[");
                    stack.push(Rest::Tail(cell.tail()));
                    stack.push(Rest::Term(cell.head()));
                }
            },
            View::Tuple(tuple) => {
                self.text("{");
                sequence(tuple.elements(), stack);
            }
            View::Map(map) if map.is_flat() => self.flat_map(map, stack),
            View::Map(map) => {
                put!(self, "#<{:x}>{{", map.root_bitmap());
                sequence(map.root_children(), stack);
            }
            View::MapNode(node) => self.node(node, stack),
            View::Bits(bits) => self.bits(&bits),
            View::Pid(pid) => {
                put!(self, "<0.{}.{}>", pid.number(), pid.serial());
            }
            View::Port(port) => {
                put!(self, "#Port<0.{}>", port.0);
            }
            View::Reference(reference) => {
                self.text("#Ref<0");
                self.numbers(reference.numbers(&mut [0; REF_NUMBERS_MAX]));
            }
            View::Fun(fun) => {
                let entry = fun.entry();
                self.text("#Fun<");
                self.text(self.atoms.text(entry.module));
                put!(self, ".{}.{}>", entry.old_index as i32, entry.old_uniq as i32);
            }
            View::Export(export) => {
                let entry = export.entry();
                self.text("fun ");
                self.atom(entry.module);
                self.text(":");
                self.atom(entry.function);
                put!(self, "/{}", entry.arity);
            }
            View::ExternalPid(other) | View::ExternalPort(other) | View::ExternalReference(other) => {
                self.external(other);
            }
            View::MatchState(_) => self.text("#MatchState"),
            View::None => self.text("<unknown>"),
        }
    }

    fn atom(&mut self, atom: Atom) {
        put!(self, "{}", PrintedAtom(self.atoms.text(atom)));
    }

    fn string(&mut self, bytes: &[u8]) {
        self.out.push(b'"');
        for byte in bytes {
            match byte {
                b'"' => self.text("\\\""),
                b'\n' => self.text("\\n"),
                byte => self.out.push(*byte),
            }
        }
        self.out.push(b'"');
    }

    fn bits(&mut self, bits: &Bits) {
        self.text("<<");
        if !bits.is_empty() && bits.is_binary() && bits.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            let bytes: Vec<u8> = bits.bytes().collect();
            self.string(&bytes);
            return self.text(">>");
        }
        let last = bits.len() / 8;
        for (index, byte) in bits.bytes().enumerate() {
            let separator = if index == 0 { "" } else { "," };
            if index < last {
                put!(self, "{separator}{byte}");
            } else {
                let size = bits.len() % 8;
                put!(self, "{separator}{}:{size}", byte >> (8 - size));
            }
        }
        self.text(">>");
    }

    fn flat_map(&mut self, map: Map, stack: &mut Vec<Rest>) {
        self.text("#{");
        stack.push(Rest::Text("}"));
        let keys = map.flat_keys();
        for (index, (key, value)) in keys.elements().iter().zip(map.flat_values()).enumerate().rev() {
            stack.push(Rest::Term(*value));
            stack.push(Rest::Text("=>"));
            stack.push(Rest::Term(*key));
            if index > 0 {
                stack.push(Rest::Text(","));
            }
        }
    }

    fn node(&mut self, node: MapNode, stack: &mut Vec<Rest>) {
        put!(self, "<{:x}>{{", node.bitmap());
        sequence(node.children(), stack);
    }

    fn numbers(&mut self, numbers: &[u32]) {
        for number in numbers.iter().rev() {
            put!(self, ".{number}");
        }
        self.text(">");
    }

    /// A node is told by the number of its name. One with this node's name is 0, whatever its creation.
    fn external(&mut self, other: External) {
        let node = if other.node() == self.node { 0 } else { other.node().index() };
        match other.kind() {
            Kind::ExternalPid => {
                put!(self, "<{node}.{}.{}>", other.data() as u32, other.data() >> 32);
            }
            Kind::ExternalPort => {
                put!(self, "#Port<{node}.{}>", other.data());
            }
            _ => {
                put!(self, "#Ref<{node}");
                self.numbers(other.numbers(&mut [0; REF_NUMBERS_MAX]));
            }
        }
    }
}

/// Terms with commas between them, and a brace behind them.
fn sequence(terms: &[Term], stack: &mut Vec<Rest>) {
    stack.push(Rest::Text("}"));
    for (index, term) in terms.iter().enumerate().rev() {
        stack.push(Rest::Term(*term));
        if index > 0 {
            stack.push(Rest::Text(","));
        }
    }
}

/// The bytes of a list that is a text: printable in Latin-1.
fn string(cell: Cons) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = cell.term();
    while let Some(cell) = rest.as_cons() {
        let byte = u8::try_from(cell.head().as_small()?).ok()?;
        if !matches!(byte, b'\n' | b'\t' | b'\r' | b' '..=b'~' | 0xA0..) {
            return None;
        }
        bytes.push(byte);
        rest = cell.tail();
    }
    rest.is_nil().then_some(bytes)
}

fn is_lower(char: char) -> bool {
    matches!(char, 'a'..='z' | 'ß'..='ö' | 'ø'..='ÿ')
}

fn is_upper(char: char) -> bool {
    matches!(char, 'A'..='Z' | 'À'..='Ö' | 'Ø'..='Þ')
}
