// SPDX-License-Identifier: Apache-2.0
//! What templates write with: machine code, and what is known at this point of it.
//!
//! A scratch register may have a copy of a virtual register; virtual registers in memory are always up to date, so code can be left anywhere.
//! Known are such copies, and which virtual registers have small integers. Both hold on the straight way from the last label. Where something
//! is known, code cannot be entered from outside; so that it can be after an instruction that a handler has done, what follows is
//! there a second time, out of the way, with nothing known ([`Emitter::begin_again`]).

use alloc::vec;
use alloc::vec::Vec;

use super::decode::{Instruction, Operand, Place, source};
use super::x86::{Alu, Assembler, Cond, Label, Mem, Reg, at};
use crate::emu::Machine;
use crate::emu::call;
use crate::emu::dispatch::Handler;
use crate::emu::operand::Bank;
use crate::heap::RESERVED;
use crate::term::Term;

/// The word of the empty list, which also is in a frame's first word while its owner calls nobody.
pub const NIL: i32 = Term::NIL.raw() as i64 as i32;
/// The four bits of a small integer's tag, all set.
pub const SMALL: u8 = 0xF;

/// Registers that code may use as it likes. The instruction's register comes last: code is left with it.
const SCRATCH: [Reg; 5] = [Reg::RAX, Reg::R9, Reg::R10, Reg::R11, Reg::RDI];

/// Where the quick way ends: the label, the instruction, and what comes then.
struct Exit {
    label: Label,
    instruction: Instruction,
    then: Then,
}

/// What an instruction comes to whose quick way does not do.
enum Then {
    /// What is at an address goes on with an instruction.
    GoTo(u32, u32),
    /// Another way is tried.
    Try(SecondWay),
}

/// Writes another way for an instruction. It ends in a jump.
pub type SecondWay = fn(&mut Emitter<'_>, &Instruction);

/// What there is of an instruction.
#[derive(Clone, Copy, Default)]
struct Places {
    /// Its code on the straight way.
    label: Option<Label>,
    /// Its code where nothing is known, if that is not the same.
    again: Option<Label>,
    /// Whether nothing is known on the straight way.
    is_entry: bool,
    /// Where its quick way ends.
    slow: Option<Label>,
}

/// A constant as an operand of 32 bits with a sign.
#[must_use]
pub fn short(word: u64) -> Option<i32> {
    i32::try_from(word as i64).ok()
}

/// The address of a handler, or of what has a handler's signature.
#[must_use]
pub fn address_of(handler: Handler) -> u32 {
    crate::emu::dispatch::code_of(handler, 0)
}

/// The word of a virtual register.
#[must_use]
pub fn mem(place: Place) -> Mem {
    let base = match place.bank {
        Bank::X => Reg::RCX,
        Bank::Y => Reg::RDX,
    };
    at(base, i32::from(place.offset))
}

/// A floating-point register.
#[must_use]
pub fn float(number: u16) -> Mem {
    at(Reg::RCX, core::mem::offset_of!(Machine, f) as i32 + 8 * i32::from(number))
}

/// The X register of a number.
#[must_use]
pub const fn x(index: u16) -> Place {
    Place { bank: Bank::X, offset: 8 * index }
}

/// Machine code of a module in the making.
pub struct Emitter<'w> {
    /// The code.
    pub asm: Assembler,
    /// The module's words.
    words: &'w [u64],
    /// Labels, by words of instructions.
    places: Vec<Places>,
    exits: Vec<Exit>,
    /// Copies of virtual registers.
    copies: Vec<(Place, Reg)>,
    /// Virtual registers with small integers.
    smalls: Vec<Place>,
    /// Registers that this instruction uses.
    pinned: u16,
    /// Which register is taken next.
    turn: usize,
    /// The instruction.
    current: Option<Instruction>,
    /// Whether it goes elsewhere, whatever happens.
    has_ended: bool,
}

impl<'w> Emitter<'w> {
    /// Nothing yet, for a module's words.
    pub fn new(words: &'w [u64], code_words: u32) -> Self {
        Self {
            asm: Assembler::default(),
            words,
            places: vec![Places::default(); code_words as usize],
            exits: Vec::new(),
            copies: Vec::new(),
            smalls: Vec::new(),
            pinned: 0,
            turn: 0,
            current: None,
            has_ended: false,
        }
    }

    /// Begins an instruction on the straight way.
    pub fn begin(&mut self, instruction: &Instruction) {
        let label = self.target(instruction.word);
        self.places[instruction.word as usize].is_entry = self.is_entry();
        self.asm.bind(label);
        self.start(instruction);
    }

    fn start(&mut self, instruction: &Instruction) {
        self.pinned = 0;
        self.current = Some(*instruction);
        self.has_ended = false;
    }

    /// Begins an instruction for the second time, with nothing known.
    pub fn begin_again(&mut self, instruction: &Instruction) {
        self.forget();
        let label = self.asm.label();
        self.places[instruction.word as usize].again = Some(label);
        self.asm.bind(label);
        self.start(instruction);
    }

    /// The instruction's code on the straight way.
    pub fn target(&mut self, word: u32) -> Label {
        let Self { places, asm, .. } = self;
        *places[word as usize].label.get_or_insert_with(|| asm.label())
    }

    /// The instruction's code where nothing is known.
    pub fn entry(&mut self, word: u32) -> Option<Label> {
        let Places { label, again, is_entry, .. } = self.places[word as usize];
        if is_entry { label } else { again }
    }

    /// Whether an instruction has an end of its quick way.
    pub fn is_left(&self, word: u32) -> bool {
        self.places[word as usize].slow.is_some()
    }

    /// Goes on with the next instruction after a second way.
    pub fn go_on_after(&mut self, instruction: &Instruction) {
        match self.entry(instruction.end) {
            Some(label) => self.asm.jmp(label),
            None => {
                let ip = self.address(instruction.end);
                self.asm.mov_imm(Reg::RDI, ip);
                self.asm.load32(Reg::RAX, at(Reg::RDI, 0));
                self.asm.jmp_reg(Reg::RAX);
            }
        }
    }

    /// The address of an instruction.
    pub fn address(&self, word: u32) -> u64 {
        (&raw const self.words[word as usize]).expose_provenance() as u64
    }

    /// The words that an instruction refers to.
    pub fn table(&self, count: u32) -> &'w [u64] {
        let at = count as usize;
        &self.words[at + 1..][..self.words[at] as usize]
    }

    /// The sources that an instruction refers to.
    pub fn list(&self, count: u32) -> impl ExactSizeIterator<Item = Operand> + use<'w> {
        self.table(count).iter().map(|word| source(*word))
    }

    /// Forgets what is known: others come here too, or nobody does.
    pub fn forget(&mut self) {
        self.copies.clear();
        self.smalls.clear();
    }

    /// Says that nobody comes to what is written next but by its label.
    pub fn end(&mut self) {
        self.forget();
        self.has_ended = true;
    }

    /// Whether what is written next comes after the instruction.
    pub const fn flows_on(&self) -> bool {
        !self.has_ended
    }

    /// Whether nothing is known, so that others may come here.
    pub const fn is_entry(&self) -> bool {
        self.copies.is_empty() && self.smalls.is_empty()
    }

    /// Forgets what is known of Y registers: the frame is another.
    pub fn forget_frame(&mut self) {
        self.copies.retain(|(place, _)| place.bank == Bank::X);
        self.smalls.retain(|place| place.bank == Bank::X);
    }

    fn current(&self) -> Instruction {
        self.current.expect("code is written for an instruction")
    }

    /// Where this instruction is done by its handler instead. Nothing may have been changed until there.
    pub fn slow(&mut self) -> Label {
        let current = self.current();
        self.slow_or(Then::GoTo(current.word, address_of(current.specific.handler)))
    }

    /// Where another way is tried for this instruction. This has to be asked for before [`Emitter::slow`].
    pub fn second(&mut self, way: SecondWay) -> Label {
        self.slow_or(Then::Try(way))
    }

    fn slow_or(&mut self, then: Then) -> Label {
        let word = self.current().word as usize;
        if let Some(label) = self.places[word].slow {
            return label;
        }
        let label = self.exit(then);
        self.places[word].slow = Some(label);
        label
    }

    /// Where this instruction is done by its handler, from its second way.
    pub fn give_up(&mut self) -> Label {
        let current = self.current();
        self.exit(Then::GoTo(current.word, address_of(current.specific.handler)))
    }

    fn exit(&mut self, then: Then) -> Label {
        let label = self.asm.label();
        let instruction = self.current();
        self.exits.push(Exit { label, instruction, then });
        label
    }

    /// Leaves the code for this instruction.
    pub fn leave(&mut self) {
        let current = self.current();
        self.go_to(current.word, address_of(current.specific.handler));
        self.end();
    }

    fn go_to(&mut self, word: u32, address: u32) {
        let ip = self.address(word);
        self.asm.mov_imm(Reg::RDI, ip);
        self.asm.jmp_to(address);
    }

    /// Puts what comes after the ends of quick ways behind the code.
    pub fn finish_exits(&mut self) {
        while !self.exits.is_empty() {
            for Exit { label, instruction, then } in core::mem::take(&mut self.exits) {
                self.asm.bind(label);
                match then {
                    Then::GoTo(word, address) => self.go_to(word, address),
                    Then::Try(way) => {
                        self.forget();
                        self.start(&instruction);
                        way(self, &instruction);
                    }
                }
            }
        }
    }

    /// A register to write to, used by nobody else in this instruction.
    pub fn scratch(&mut self) -> Reg {
        let free = |reg: &Reg| self.pinned & reg.bit() == 0;
        let has_copy = |reg: &Reg| self.copies.iter().any(|(_, other)| other == reg);
        let turns = (0..SCRATCH.len()).map(|step| SCRATCH[(self.turn + step) % SCRATCH.len()]);
        let chosen = SCRATCH
            .into_iter()
            .find(|reg| free(reg) && !has_copy(reg))
            .or_else(|| turns.into_iter().find(free))
            .expect("no template needs more registers than there are");
        self.turn += 1;
        self.claim(chosen);
        chosen
    }

    /// Takes a register to write to.
    pub fn claim(&mut self, reg: Reg) {
        self.pinned |= reg.bit();
        self.copies.retain(|(_, other)| *other != reg);
    }

    /// Gives a register back within an instruction; what it has is forgotten.
    pub fn release(&mut self, reg: Reg) {
        self.pinned &= !reg.bit();
    }

    /// A register that has the operand. It may have copies of others as well, so it is not to be written to.
    pub fn value(&mut self, operand: Operand) -> Reg {
        match operand {
            Operand::Place(place) => {
                if let Some((_, reg)) = self.copies.iter().find(|(other, _)| *other == place) {
                    let reg = *reg;
                    self.pinned |= reg.bit();
                    return reg;
                }
                let reg = self.scratch();
                self.asm.load(reg, mem(place));
                self.copies.push((place, reg));
                reg
            }
            Operand::Const(word) => {
                let reg = self.scratch();
                self.asm.mov_imm(reg, word);
                reg
            }
            _ => unreachable!("only terms have values"),
        }
    }

    /// A register with the operand's value that may be written to.
    pub fn fresh(&mut self, operand: Operand) -> Reg {
        let copy = match operand {
            Operand::Place(place) => {
                self.copies.iter().find(|(other, _)| *other == place).map(|(_, reg)| *reg)
            }
            _ => None,
        };
        if let Some(source) = copy {
            let was = self.pinned;
            self.pinned |= source.bit();
            let reg = self.scratch();
            self.pinned = was | reg.bit();
            self.asm.mov(reg, source);
            return reg;
        }
        let reg = self.scratch();
        match operand {
            Operand::Place(place) => self.asm.load(reg, mem(place)),
            Operand::Const(word) => self.asm.mov_imm(reg, word),
            _ => unreachable!("only terms have values"),
        }
        reg
    }

    fn overwritten(&mut self, place: Place) {
        self.copies.retain(|(other, _)| *other != place);
        self.smalls.retain(|other| *other != place);
    }

    /// Puts a register's value into a virtual register.
    pub fn write(&mut self, place: Place, reg: Reg) {
        self.asm.store(mem(place), reg);
        self.overwritten(place);
        self.copies.push((place, reg));
    }

    /// Puts a known term into a virtual register.
    pub fn write_const(&mut self, place: Place, word: u64) {
        if let Some(value) = short(word) {
            self.asm.store_imm(mem(place), value);
            self.overwritten(place);
        } else {
            let reg = self.scratch();
            self.asm.mov_imm(reg, word);
            self.write(place, reg);
        }
        if is_small(word) {
            self.smalls.push(place);
        }
    }

    /// Says that a virtual register has a small integer.
    pub fn note_small(&mut self, place: Place) {
        if !self.smalls.contains(&place) {
            self.smalls.push(place);
        }
    }

    /// Whether an operand is known to be a small integer.
    pub fn is_small(&self, operand: Operand) -> bool {
        match operand {
            Operand::Place(place) => self.smalls.contains(&place),
            Operand::Const(word) => is_small(word),
            _ => false,
        }
    }

    /// `move`
    pub fn copy(&mut self, from: Operand, to: Place) {
        match from {
            Operand::Const(word) => self.write_const(to, word),
            from => {
                let small = self.is_small(from);
                let reg = self.value(from);
                self.write(to, reg);
                if small {
                    self.note_small(to);
                }
                self.release(reg);
            }
        }
    }

    /// Puts an operand into a word of memory that is no virtual register.
    pub fn store(&mut self, to: Mem, from: Operand) {
        if let Operand::Const(word) = from
            && let Some(value) = short(word)
        {
            self.asm.store_imm(to, value);
            return;
        }
        let reg = self.value(from);
        self.asm.store(to, reg);
        self.release(reg);
    }

    /// Goes elsewhere unless all of the operands are small integers. Constants have to be.
    pub fn check_small(&mut self, operands: &[Operand], slow: Label) {
        let mut unknown = operands.iter().copied().filter(|operand| !self.is_small(*operand));
        let (first, second) = (unknown.next(), unknown.next());
        debug_assert!(unknown.next().is_none(), "two operands at most");
        let Some(first) = first else { return };
        let a = self.value(first);
        let tag = match second.filter(|second| *second != first) {
            None => {
                let tag = self.scratch();
                self.asm.lea32(tag, at(a, 1));
                tag
            }
            Some(second) => {
                let b = self.value(second);
                let tag = self.scratch();
                self.asm.mov32(tag, a);
                self.asm.alu32(Alu::And, tag, b);
                self.asm.alu32_imm(Alu::Add, tag, 1);
                tag
            }
        };
        self.asm.test8(tag, SMALL);
        self.asm.jcc(Cond::NotEqual, slow);
        self.release(tag);
        for operand in [Some(first), second] {
            if let Some(Operand::Place(place)) = operand {
                self.note_small(place);
            }
        }
    }

    /// Compares an operand with a constant.
    pub fn compare_const(&mut self, operand: Operand, word: u64) {
        let copy = match operand {
            Operand::Place(place) => {
                self.copies.iter().find(|(other, _)| *other == place).map(|(_, reg)| *reg)
            }
            _ => None,
        };
        match (operand, short(word)) {
            (Operand::Place(place), Some(value)) if copy.is_none() => {
                self.asm.alu_mem_imm(Alu::Cmp, mem(place), value);
            }
            (operand, Some(value)) => {
                let reg = self.value(operand);
                self.asm.alu_imm(Alu::Cmp, reg, value);
            }
            (operand, None) => {
                let reg = self.value(operand);
                let other = self.value(Operand::Const(word));
                self.asm.alu(Alu::Cmp, reg, other);
            }
        }
    }

    /// Goes elsewhere unless so many words are free.
    pub fn check_room(&mut self, words: usize, slow: Label) {
        let reg = self.scratch();
        self.asm.lea(reg, at(Reg::RSI, 8 * (words + RESERVED) as i32));
        self.asm.alu(Alu::Cmp, reg, Reg::RDX);
        self.asm.jcc(Cond::Above, slow);
        self.release(reg);
    }

    /// Makes a tagged pointer to the top of the heap and takes so many words there.
    pub fn take_heap(&mut self, words: usize, tag: i32) -> Reg {
        let reg = self.scratch();
        self.asm.lea(reg, at(Reg::RSI, tag));
        self.asm.alu_imm(Alu::Add, Reg::RSI, 8 * words as i32);
        reg
    }

    /// Stores a return address in the newest frame: the instruction at a word.
    pub fn set_return(&mut self, word: u32) {
        let address = self.address(word);
        let reg = self.scratch();
        self.asm.mov_imm(reg, address);
        self.asm.store(at(Reg::RDX, 0), reg);
    }

    /// Counts a call and goes on at a function of this module.
    pub fn enter(&mut self, word: u32) {
        let exit = self.exit(Then::GoTo(word, address_of(call::out_of_reductions)));
        let target = self.target(word);
        self.asm.dec(Reg::R8);
        self.asm.jcc(Cond::LessOrEqual, exit);
        self.asm.jmp(target);
        self.end();
    }

    /// Counts a call and goes on at the instruction whose address is in `rdi`.
    pub fn enter_elsewhere(&mut self) {
        self.count_and_go(call::out_of_reductions);
    }

    /// Goes on where the newest frame says.
    pub fn return_to_caller(&mut self) {
        self.asm.load(Reg::RDI, at(Reg::RDX, 0));
        self.asm.store_imm(at(Reg::RDX, 0), NIL);
        self.count_and_go(call::out_of_reductions_at_return);
    }

    fn count_and_go(&mut self, out_of_reductions: Handler) {
        self.asm.dec(Reg::R8);
        self.asm.jcc_to(Cond::LessOrEqual, address_of(out_of_reductions));
        self.asm.load32(Reg::RAX, at(Reg::RDI, 0));
        self.asm.jmp_reg(Reg::RAX);
        self.end();
    }
}

/// Whether a word is a small integer.
#[must_use]
pub const fn is_small(word: u64) -> bool {
    word as u8 & SMALL == SMALL
}
