// SPDX-License-Identifier: Apache-2.0
//! Where the address comes from that an indirect call or jump leads to.
//!
//! A handler's address is told by its width: it is half a word, and nothing else that is called is. The function may have loaded it, or
//! got it from its caller, and may have kept it on its stack meanwhile. So values are followed along the ways of the function, each with the set
//! of what it may be. A jump through a table may lead to whatever follows another jump.

use std::collections::{BTreeMap, BTreeSet};

use super::code::{Line, address};

/// What a value may be.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Origins(u8);

impl Origins {
    /// Half a word with which nothing was done; the other half is zero.
    const HALF: Self = Self(1);
    /// An argument as it came.
    const ARGUMENT: Self = Self(2);
    /// Anything else.
    const OTHER: Self = Self(4);

    const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a handler may be there.
    pub const fn is_handler(self) -> bool {
        self.0 & (Self::HALF.0 | Self::ARGUMENT.0) != 0
    }
}

/// How much of a register an operand names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Width {
    Whole,
    Half,
    Less,
}

/// The registers by number; the number in the name of the later ones is theirs.
const REGISTERS: [&str; 8] = ["ax", "cx", "dx", "bx", "sp", "bp", "si", "di"];
const AX: usize = 0;
const DX: usize = 2;
const SP: usize = 4;
const BP: usize = 5;

/// Those that carry arguments.
const ARGUMENTS: [usize; 6] = [7, 6, 2, 1, 8, 9];
/// Those that a call may change.
const SCRATCH: [usize; 9] = [0, 1, 2, 6, 7, 8, 9, 10, 11];

/// What begins the names of instructions that write to none of their operands.
const LOOKING: &[&str] = &["cmp", "test", "bt", "ucomis", "comis", "nop", "prefetch"];
/// Instructions with one operand that write to two registers.
const WIDE: &[&str] = &["mul", "imul", "div", "idiv"];

/// `%rax`, `%eax`, `%ax`, `%al`, `%r8`, `%r8d` and their like.
fn register(operand: &str) -> Option<(usize, Width)> {
    let name = operand.strip_prefix('%')?;
    if let Some(rest) = name.strip_prefix('r').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
        let digits = rest.trim_end_matches(char::is_alphabetic);
        let width = match &rest[digits.len()..] {
            "" => Width::Whole,
            "d" => Width::Half,
            _ => Width::Less,
        };
        return Some((digits.parse().ok()?, width));
    }
    let (rest, width) = match name.as_bytes() {
        [b'r', _, _] => (&name[1..], Width::Whole),
        [b'e', _, _] => (&name[1..], Width::Half),
        [_, b'l' | b'h'] | [_, _, b'l'] => (&name[..name.len() - 1], Width::Less),
        _ => (name, Width::Less),
    };
    let number = REGISTERS.iter().position(|known| *known == rest || known.strip_suffix('x') == Some(rest));
    Some((number?, width))
}

/// What is known at an instruction.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
struct State {
    registers: [Origins; 16],
    /// By their distance from where the stack was at the beginning.
    slots: BTreeMap<i64, Origins>,
    /// Where the stack is.
    top: i64,
    /// Where the frame is, if there is one.
    frame: Option<i64>,
}

impl State {
    fn at_beginning() -> Self {
        let mut state = Self { registers: [Origins::OTHER; 16], ..Self::default() };
        for argument in ARGUMENTS {
            state.registers[argument] = Origins::ARGUMENT;
        }
        state
    }

    /// Takes in what is known on another way to the same place. Tells whether that is news.
    fn join(&mut self, other: &Self) -> bool {
        let before = self.clone();
        for (own, other) in self.registers.iter_mut().zip(other.registers) {
            *own = own.or(other);
        }
        for (slot, other) in &other.slots {
            let own = self.slots.entry(*slot).or_default();
            *own = own.or(*other);
        }
        *self != before
    }

    /// A place on the stack: `0x8(%rsp)`, or the same from the frame.
    fn slot(&self, operand: &str) -> Option<i64> {
        let (offset, base) = operand.strip_suffix(')')?.split_once('(')?;
        let base = match register(base)? {
            (SP, Width::Whole) => self.top,
            (BP, Width::Whole) => self.frame?,
            _ => return None,
        };
        Some(base + number(offset)?)
    }

    /// What an operand has that is moved as it is.
    fn value(&self, operand: &str) -> Origins {
        match (register(operand), self.slot(operand)) {
            (Some((number, Width::Whole | Width::Half)), _) => self.registers[number],
            (_, Some(slot)) => self.slots.get(&slot).copied().unwrap_or(Origins::OTHER),
            _ => Origins::OTHER,
        }
    }

    fn set(&mut self, operand: &str, value: Origins) {
        if let Some((number, _)) = register(operand) {
            self.registers[number] = value;
        } else if let Some(slot) = self.slot(operand) {
            self.slots.insert(slot, value);
        }
    }

    /// Does an instruction.
    fn step(&mut self, mnemonic: &str, operands: &str) {
        let (source, target) = operands.rsplit_once(',').unwrap_or(("", operands));
        let (source, target) = (source.trim(), target.trim());
        match mnemonic {
            "push" => {
                self.top -= 8;
                self.slots.insert(self.top, self.value(target));
            }
            "pop" => {
                let value = self.slots.get(&self.top).copied().unwrap_or(Origins::OTHER);
                self.top += 8;
                self.set(target, value);
                if target == "%rbp" {
                    self.frame = None;
                }
            }
            "mov" | "movl" | "movq" | "movabs" if target == "%rbp" && source == "%rsp" => {
                self.frame = Some(self.top);
            }
            "sub" | "add" if target == "%rsp" => {
                let by = source.strip_prefix('$').and_then(number).unwrap_or(0);
                self.top += if mnemonic == "add" { by } else { -by };
            }
            "lea" if target == "%rsp" => self.top = self.slot(source).unwrap_or(self.top),
            "mov" | "movl" | "movq" | "movabs" => {
                let is_half =
                    [source, target].iter().any(|one| matches!(register(one), Some((_, Width::Half))));
                let is_less =
                    [source, target].iter().any(|one| matches!(register(one), Some((_, Width::Less))));
                let value = match (source.starts_with('$'), is_half, is_less) {
                    (true, ..) | (.., true) => Origins::OTHER,
                    (false, true, _) => Origins::HALF,
                    (false, false, _) => self.value(source),
                };
                self.set(target, value);
            }
            "call" => {
                for number in SCRATCH {
                    self.registers[number] = Origins::OTHER;
                }
            }
            _ if mnemonic.starts_with("cmov") => {
                let is_half = matches!(register(target), Some((_, Width::Half)));
                let value = if is_half { Origins::HALF } else { self.value(source) };
                self.set(target, self.value(target).or(value));
            }
            _ if mnemonic.starts_with("xchg") => {
                self.set(source, Origins::OTHER);
                self.set(target, Origins::OTHER);
            }
            _ if WIDE.contains(&mnemonic) && source.is_empty() => {
                self.registers[AX] = Origins::OTHER;
                self.registers[DX] = Origins::OTHER;
            }
            _ if mnemonic.starts_with('j') || LOOKING.iter().any(|name| mnemonic.starts_with(name)) => {}
            _ => self.set(target, Origins::OTHER),
        }
    }
}

/// `0x10`, `-0x8`, or nothing at all, which is 0.
fn number(text: &str) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    if digits.is_empty() {
        return Some(0);
    }
    let number = match digits.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok()?.cast_signed(),
        None => digits.parse().ok()?,
    };
    Some(sign * number)
}

/// An instruction's name and its operands.
pub fn parts<'a>(line: &Line<'a>) -> (&'a str, &'a str) {
    let (mnemonic, operands) = line.text.split_once(char::is_whitespace).unwrap_or((line.text, ""));
    (mnemonic, operands.split('#').next().unwrap_or_default().trim())
}

/// Whether what follows an instruction is not done after it.
fn ends(mnemonic: &str) -> bool {
    matches!(mnemonic, "jmp" | "ret" | "ud2" | "hlt")
}

/// What each indirect call and jump of a function may lead to, by the numbers of their lines.
pub fn indirect(lines: &[Line<'_>]) -> BTreeMap<usize, Origins> {
    let is_indirect = |line: &Line<'_>| {
        let (mnemonic, operands) = parts(line);
        matches!(mnemonic, "call" | "jmp") && operands.starts_with('*')
    };
    let mut found = BTreeMap::new();
    if !lines.iter().any(is_indirect) {
        return found;
    }
    let places: BTreeMap<u64, usize> =
        lines.iter().enumerate().map(|(index, line)| (line.address, index)).collect();
    let place_of = |operands: &str| address(operands).and_then(|address| places.get(&address).copied());
    let after_jumps: BTreeSet<usize> =
        (1..lines.len()).filter(|index| ends(parts(&lines[index - 1]).0)).collect();
    let mut known: BTreeMap<usize, State> = BTreeMap::from([(0, State::at_beginning())]);
    let joins: BTreeSet<usize> = lines
        .iter()
        .map(parts)
        .filter(|(mnemonic, _)| mnemonic.starts_with('j'))
        .filter_map(|(_, operands)| place_of(operands))
        .chain(after_jumps.iter().copied())
        .collect();
    let mut left = vec![0];
    while let Some(begin) = left.pop() {
        let mut state = known[&begin].clone();
        let mut go_to = |known: &mut BTreeMap<usize, State>, place: usize, state: &State| {
            let is_news = match known.get_mut(&place) {
                Some(there) => there.join(state),
                None => {
                    known.insert(place, state.clone());
                    true
                }
            };
            if is_news {
                left.push(place);
            }
        };
        for (index, line) in lines.iter().enumerate().skip(begin) {
            if index > begin && joins.contains(&index) {
                go_to(&mut known, index, &state);
                break;
            }
            let (mnemonic, operands) = parts(line);
            if is_indirect(line) {
                let target = state.value(operands.trim_start_matches('*'));
                let before = found.get(&index).copied().unwrap_or_default();
                found.insert(index, target.or(before));
                if mnemonic == "jmp" && !target.is_handler() && !operands.contains("(%rip)") {
                    for place in &after_jumps {
                        go_to(&mut known, *place, &state);
                    }
                }
            }
            if mnemonic.starts_with('j')
                && let Some(place) = place_of(operands)
            {
                go_to(&mut known, place, &state);
            }
            if ends(mnemonic) {
                break;
            }
            state.step(mnemonic, operands);
        }
    }
    found
}
