// SPDX-License-Identifier: Apache-2.0
//! What `objdump --disassemble --demangle` says of functions: whom each calls, where it jumps, whether it dispatches.

use std::collections::BTreeMap;

use object::{Object, ObjectSection};

use super::flow;

/// Functions by their addresses.
pub type Functions = BTreeMap<u64, Function>;

/// A function.
#[derive(Debug, Default)]
pub struct Function {
    /// Its name without type parameters.
    pub name: String,
    /// The addresses that it calls.
    pub calls: Vec<u64>,
    /// The addresses that it jumps to.
    pub jumps: Vec<u64>,
    /// Whether it jumps to a handler whose address it has loaded, or was given.
    pub dispatches: bool,
    /// Where it calls such a handler, which never returns until the process stops.
    pub calls_next: Vec<u64>,
    /// Whether it saves registers, calls or returns.
    pub saves: bool,
}

/// An instruction as it is written, and where it is.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// Where it is.
    pub address: u64,
    /// What it is.
    pub text: &'a str,
}

/// Reads the functions whose names are wanted.
pub fn parse(text: &str, program: &[u8], is_wanted: impl Fn(&str) -> bool) -> Functions {
    let table = OffsetTable::read(program);
    let mut functions = Functions::new();
    let mut current: Option<(u64, Vec<Line<'_>>)> = None;
    let mut close = |current: &mut Option<(u64, Vec<Line<'_>>)>, name: &str| {
        if let Some((address, lines)) = current.take() {
            functions.insert(address, function(name, &lines, &table));
        }
    };
    let mut name = "";
    for line in text.lines() {
        if let Some((address, title)) = line.strip_suffix(">:").and_then(|line| line.split_once(" <")) {
            close(&mut current, name);
            if let (Ok(address), true) = (u64::from_str_radix(address, 16), is_wanted(title)) {
                name = title;
                current = Some((address, Vec::new()));
            }
        } else if let (Some((_, lines)), Some((place, instruction))) = (&mut current, line.split_once('\t'))
            && let Some(address) = address(place.trim().trim_end_matches(':'))
        {
            lines.push(Line { address, text: instruction.trim() });
        }
    }
    close(&mut current, name);
    functions
}

fn function(name: &str, lines: &[Line<'_>], table: &OffsetTable) -> Function {
    let mut function = Function { name: name.to_owned(), ..Function::default() };
    let indirect = flow::indirect(lines);
    for (index, line) in lines.iter().enumerate() {
        let (mnemonic, operands) = line.text.split_once(char::is_whitespace).unwrap_or((line.text, ""));
        let operands = operands.trim();
        let may_be_handler = indirect.get(&index).is_some_and(|origins| origins.is_handler());
        match mnemonic {
            // The kernel is compiled with frame pointers, which its backtraces follow.
            "push" if is_frame(operands, lines.get(index + 1)) => {}
            "push" | "ret" => function.saves = true,
            "call" => {
                function.saves = true;
                function.calls_next.extend(may_be_handler.then_some(line.address));
                function.calls.extend(target(operands, table));
            }
            _ if mnemonic.starts_with('j') => {
                function.dispatches |= may_be_handler;
                function.jumps.extend(target(operands, table));
            }
            _ => {}
        }
    }
    function
}

/// Whether a push is the beginning of a frame.
fn is_frame(pushed: &str, next: Option<&Line<'_>>) -> bool {
    pushed == "%rbp" && next.is_some_and(|next| next.text.split_whitespace().eq(["mov", "%rsp,%rbp"]))
}

/// `380400 <name>`, or `*0x1234(%rip)        # 448890 <…>` through the table of addresses.
fn target(operands: &str, table: &OffsetTable) -> Option<u64> {
    match operands.split_once('#') {
        Some((_, place)) => table.get(address(place)?),
        None => address(operands),
    }
}

/// The number before anything else.
pub fn address(text: &str) -> Option<u64> {
    u64::from_str_radix(text.split_whitespace().next()?, 16).ok()
}

/// The program's table of addresses, through which code that could be anywhere reaches its own functions.
struct OffsetTable {
    start: u64,
    words: Vec<u64>,
}

impl OffsetTable {
    fn read(program: &[u8]) -> Self {
        let section = object::File::parse(program).ok().and_then(|file| {
            let section = file.section_by_name(".got")?;
            Some((section.address(), section.data().ok()?.to_vec()))
        });
        let (start, bytes) = section.unwrap_or_default();
        let words = bytes.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().unwrap_or_default()));
        Self { start, words: words.collect() }
    }

    fn get(&self, address: u64) -> Option<u64> {
        self.words.get(usize::try_from(address.checked_sub(self.start)? / 8).ok()?).copied()
    }
}
