// SPDX-License-Identifier: Apache-2.0
//! What `objdump --disassemble --demangle` says of functions: whom each calls, where it jumps, whether it dispatches.

use std::collections::BTreeMap;

use object::{Object, ObjectSection};

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
    /// Whether it jumps to a handler that it has loaded from an instruction.
    pub dispatches: bool,
    /// Whether it calls a handler that it has loaded from an instruction, which never returns until the process stops.
    pub calls_next: bool,
    /// Whether it saves registers, calls or returns.
    pub saves: bool,
}

/// Reads the functions whose names are wanted.
pub fn parse(text: &str, program: &[u8], is_wanted: impl Fn(&str) -> bool) -> Functions {
    let table = OffsetTable::read(program);
    let mut functions = Functions::new();
    let mut current: Option<(u64, Vec<&str>)> = None;
    let mut close = |current: &mut Option<(u64, Vec<&str>)>, name: &str| {
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
        } else if let (Some((_, lines)), Some((_, instruction))) = (&mut current, line.split_once('\t')) {
            lines.push(instruction.trim());
        }
    }
    close(&mut current, name);
    functions
}

fn function(name: &str, lines: &[&str], table: &OffsetTable) -> Function {
    let mut function = Function { name: name.to_owned(), ..Function::default() };
    for (index, line) in lines.iter().enumerate() {
        let (mnemonic, operands) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let operands = operands.trim();
        match mnemonic {
            // The kernel is compiled with frame pointers, which its backtraces follow.
            "push" if is_frame(operands, lines.get(index + 1)) => {}
            "push" | "ret" => function.saves = true,
            "call" => {
                function.saves = true;
                match operands.strip_prefix("*%") {
                    Some(register) => function.calls_next |= is_loaded(&lines[..index], register),
                    None => function.calls.extend(target(operands, table)),
                }
            }
            "jmp" => match operands.strip_prefix("*%") {
                Some(register) => function.dispatches |= is_loaded(&lines[..index], register),
                None => function.jumps.extend(target(operands, table)),
            },
            _ if mnemonic.starts_with('j') => function.jumps.extend(target(operands, table)),
            _ => {}
        }
    }
    function
}

/// Whether a push is the beginning of a frame.
fn is_frame(pushed: &str, next: Option<&&str>) -> bool {
    pushed == "%rbp" && next.is_some_and(|next| next.split_whitespace().eq(["mov", "%rsp,%rbp"]))
}

/// `380400 <name>`, or `*0x1234(%rip)        # 448890 <…>` through the table of addresses.
fn target(operands: &str, table: &OffsetTable) -> Option<u64> {
    let address = |text: &str| u64::from_str_radix(text.split_whitespace().next()?, 16).ok();
    match operands.split_once('#') {
        Some((_, place)) => table.get(address(place)?),
        None => address(operands),
    }
}

/// Whether the last write to a register is a load of 32 bits: an instruction's handler. A jump table's entry is added to its base.
fn is_loaded(lines: &[&str], register: &str) -> bool {
    let half = match register.strip_prefix('r') {
        Some(number) if number.starts_with(|c: char| c.is_ascii_digit()) => format!("%{register}d"),
        Some(name) => format!("%e{name}"),
        None => return false,
    };
    let whole = format!("%{register}");
    for line in lines.iter().rev() {
        let Some((mnemonic, operands)) = line.split_once(char::is_whitespace) else { continue };
        let Some((source, written)) = operands.trim().rsplit_once(',') else { continue };
        if written == half || written == whole {
            return mnemonic == "mov" && written == half && source.ends_with(')');
        }
    }
    false
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
