// SPDX-License-Identifier: Apache-2.0
//! An encoder for the few x86-64 instructions that templates are made of, with labels.
//!
//! Specification: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2. Base registers are never `rsp`, `rbp`, `r12` or `r13`,
//! whose encodings are exceptions, because code has no use for them.

use alloc::vec::Vec;

/// A general register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reg(u8);

impl Reg {
    /// Scratch.
    pub const RAX: Self = Self(0);
    /// The machine: X registers.
    pub const RCX: Self = Self(1);
    /// The top of the stack: Y registers.
    pub const RDX: Self = Self(2);
    /// The top of the heap.
    pub const RSI: Self = Self(6);
    /// The instruction, where code is left; scratch otherwise.
    pub const RDI: Self = Self(7);
    /// Reductions.
    pub const R8: Self = Self(8);
    /// Scratch.
    pub const R9: Self = Self(9);
    /// Scratch.
    pub const R10: Self = Self(10);
    /// Scratch.
    pub const R11: Self = Self(11);

    /// Its bit in a set of registers.
    #[must_use]
    pub const fn bit(self) -> u16 {
        1 << self.0
    }

    const fn low(self) -> u8 {
        self.0 & 7
    }

    const fn high(self) -> u8 {
        self.0 >> 3
    }
}

/// A register for floating-point numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Xmm(pub u8);

/// A place in memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mem {
    /// The register that has the address.
    pub base: Reg,
    /// Bytes from there.
    pub disp: i32,
}

/// The place so many bytes from an address.
#[must_use]
pub const fn at(base: Reg, disp: i32) -> Mem {
    Mem { base, disp }
}

/// Operations of the arithmetic unit, by their numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Alu {
    Add = 0,
    Or = 1,
    And = 4,
    Sub = 5,
    Xor = 6,
    Cmp = 7,
}

/// Shifts, by their numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shift {
    Left = 4,
    Right = 5,
    RightSigned = 7,
}

/// Operations on floating-point numbers, by their opcodes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sse {
    Add = 0x58,
    Mul = 0x59,
    Sub = 0x5C,
    Div = 0x5E,
}

/// Conditions, by their numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cond {
    Overflow = 0,
    Below = 2,
    AboveOrEqual = 3,
    Equal = 4,
    NotEqual = 5,
    BelowOrEqual = 6,
    Above = 7,
    NotSign = 9,
    Less = 0xC,
    GreaterOrEqual = 0xD,
    LessOrEqual = 0xE,
    Greater = 0xF,
}

/// A place in the code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Label(u32);

/// A short jump that has yet to land.
#[derive(Debug)]
#[must_use]
pub struct Short(usize);

#[derive(Clone, Copy, Debug)]
enum Target {
    Label(Label),
    Address(u32),
}

#[derive(Clone, Copy, Debug)]
enum Form {
    /// The distance from the end of the field.
    Distance,
    /// The address itself.
    Address,
}

/// Four bytes to be filled in when the code has a place.
#[derive(Clone, Copy, Debug)]
struct Fixup {
    field: usize,
    form: Form,
    target: Target,
}

const UNBOUND: u32 = u32::MAX;

/// Machine code in the making.
#[derive(Debug, Default)]
pub struct Assembler {
    bytes: Vec<u8>,
    labels: Vec<u32>,
    fixups: Vec<Fixup>,
}

/// Operand size of 64 bits.
const WIDE: u8 = 8;
/// Operand size of 32 bits.
const NARROW: u8 = 0;

impl Assembler {
    /// A label that is not anywhere yet.
    pub fn label(&mut self) -> Label {
        self.labels.push(UNBOUND);
        Label(self.labels.len() as u32 - 1)
    }

    /// Puts a label here.
    pub fn bind(&mut self, label: Label) {
        debug_assert_eq!(self.labels[label.0 as usize], UNBOUND, "a label is at one place");
        self.labels[label.0 as usize] = self.bytes.len() as u32;
    }

    /// How many bytes there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Where a label is, if it is anywhere, in bytes.
    #[must_use]
    pub fn offset(&self, label: Label) -> Option<u32> {
        Some(self.labels[label.0 as usize]).filter(|offset| *offset != UNBOUND)
    }

    /// The code as it has to be at an address. None if it refers to a label that is nowhere or does not reach.
    #[must_use]
    pub fn finish(mut self, address: u32) -> Option<Vec<u8>> {
        for Fixup { field, form, target } in &self.fixups {
            let target = match target {
                Target::Address(address) => i64::from(*address),
                Target::Label(label) => i64::from(address) + i64::from(self.offset(*label)?),
            };
            let value = match form {
                Form::Address => target,
                Form::Distance => target - (i64::from(address) + *field as i64 + 4),
            };
            let value = i32::try_from(value).ok()?;
            self.bytes[*field..field + 4].copy_from_slice(&value.to_le_bytes());
        }
        Some(self.bytes)
    }

    fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    fn imm32(&mut self, value: i32) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    fn field(&mut self, form: Form, target: Target) {
        self.fixups.push(Fixup { field: self.bytes.len(), form, target });
        self.imm32(0);
    }

    /// The prefix with a register's, an index's and a base's high bits, left out if it says nothing.
    fn rex(&mut self, wide: u8, reg: u8, index: u8, base: u8) {
        let bits = wide | reg << 2 | index << 1 | base;
        if bits != 0 {
            self.byte(0x40 | bits);
        }
    }

    fn registers(&mut self, reg: u8, rm: Reg) {
        self.byte(0xC0 | (reg & 7) << 3 | rm.low());
    }

    fn memory(&mut self, reg: u8, mem: Mem) {
        debug_assert!(!matches!(mem.base.low(), 4 | 5), "no base register with an encoding of its own");
        let reg = (reg & 7) << 3 | mem.base.low();
        match i8::try_from(mem.disp) {
            Ok(0) => self.byte(reg),
            Ok(disp) => {
                self.byte(0x40 | reg);
                self.byte(disp as u8);
            }
            Err(_) => {
                self.byte(0x80 | reg);
                self.imm32(mem.disp);
            }
        }
    }

    fn op_registers(&mut self, size: u8, opcode: u8, reg: Reg, rm: Reg) {
        self.rex(size, reg.high(), 0, rm.high());
        self.byte(opcode);
        self.registers(reg.low(), rm);
    }

    fn op_memory(&mut self, size: u8, opcode: u8, reg: Reg, mem: Mem) {
        self.rex(size, reg.high(), 0, mem.base.high());
        self.byte(opcode);
        self.memory(reg.low(), mem);
    }

    /// `dst := src`
    pub fn mov(&mut self, dst: Reg, src: Reg) {
        self.op_registers(WIDE, 0x89, src, dst);
    }

    /// `dst := src`, the low halves; the high half becomes 0.
    pub fn mov32(&mut self, dst: Reg, src: Reg) {
        self.op_registers(NARROW, 0x89, src, dst);
    }

    /// `dst := value`; flags are kept.
    pub fn mov_imm(&mut self, dst: Reg, value: u64) {
        if let Ok(value) = u32::try_from(value) {
            self.rex(NARROW, 0, 0, dst.high());
            self.byte(0xB8 | dst.low());
            self.imm32(value as i32);
        } else if let Ok(value) = i32::try_from(value as i64) {
            self.rex(WIDE, 0, 0, dst.high());
            self.byte(0xC7);
            self.registers(0, dst);
            self.imm32(value);
        } else {
            self.rex(WIDE, 0, 0, dst.high());
            self.byte(0xB8 | dst.low());
            self.bytes.extend_from_slice(&value.to_le_bytes());
        }
    }

    /// `dst := [mem]`
    pub fn load(&mut self, dst: Reg, mem: Mem) {
        self.op_memory(WIDE, 0x8B, dst, mem);
    }

    /// `dst := [mem]`, 32 bits; the high half becomes 0.
    pub fn load32(&mut self, dst: Reg, mem: Mem) {
        self.op_memory(NARROW, 0x8B, dst, mem);
    }

    /// `dst := [mem]`, 16 bits; the others become 0.
    pub fn load16(&mut self, dst: Reg, mem: Mem) {
        self.load_extended(0xB7, dst, mem);
    }

    /// `dst := [mem]`, 8 bits; the others become 0.
    pub fn load8(&mut self, dst: Reg, mem: Mem) {
        self.load_extended(0xB6, dst, mem);
    }

    fn load_extended(&mut self, opcode: u8, dst: Reg, mem: Mem) {
        self.rex(NARROW, dst.high(), 0, mem.base.high());
        self.byte(0x0F);
        self.byte(opcode);
        self.memory(dst.low(), mem);
    }

    /// `[mem] := src`
    pub fn store(&mut self, mem: Mem, src: Reg) {
        self.op_memory(WIDE, 0x89, src, mem);
    }

    /// `[mem] := src`, 32 bits.
    pub fn store32(&mut self, mem: Mem, src: Reg) {
        self.op_memory(NARROW, 0x89, src, mem);
    }

    /// `[mem] := src`, 16 bits.
    pub fn store16(&mut self, mem: Mem, src: Reg) {
        self.byte(0x66);
        self.op_memory(NARROW, 0x89, src, mem);
    }

    /// `[mem] := src`, 8 bits.
    pub fn store8(&mut self, mem: Mem, src: Reg) {
        if src.high() == 0 && src.low() >= 4 && mem.base.high() == 0 {
            // Without a prefix these numbers are other registers.
            self.byte(0x40);
        }
        self.op_memory(NARROW, 0x88, src, mem);
    }

    /// `[mem] := value`, with its sign.
    pub fn store_imm(&mut self, mem: Mem, value: i32) {
        self.op_memory(WIDE, 0xC7, Reg(0), mem);
        self.imm32(value);
    }

    /// `dst := base + disp`; flags are kept.
    pub fn lea(&mut self, dst: Reg, mem: Mem) {
        self.op_memory(WIDE, 0x8D, dst, mem);
    }

    /// The same of the low halves.
    pub fn lea32(&mut self, dst: Reg, mem: Mem) {
        self.op_memory(NARROW, 0x8D, dst, mem);
    }

    /// `dst := dst op src`
    pub fn alu(&mut self, op: Alu, dst: Reg, src: Reg) {
        self.op_registers(WIDE, (op as u8) << 3 | 1, src, dst);
    }

    /// The same of the low halves.
    pub fn alu32(&mut self, op: Alu, dst: Reg, src: Reg) {
        self.op_registers(NARROW, (op as u8) << 3 | 1, src, dst);
    }

    /// `dst := dst op [mem]`
    pub fn alu_load(&mut self, op: Alu, dst: Reg, mem: Mem) {
        self.op_memory(WIDE, (op as u8) << 3 | 3, dst, mem);
    }

    fn alu_immediate(&mut self, size: u8, op: Alu, dst: Reg, value: i32) {
        self.rex(size, 0, 0, dst.high());
        if let Ok(value) = i8::try_from(value) {
            self.byte(0x83);
            self.registers(op as u8, dst);
            self.byte(value as u8);
        } else {
            self.byte(0x81);
            self.registers(op as u8, dst);
            self.imm32(value);
        }
    }

    /// `dst := dst op value`
    pub fn alu_imm(&mut self, op: Alu, dst: Reg, value: i32) {
        self.alu_immediate(WIDE, op, dst, value);
    }

    /// The same of the low half.
    pub fn alu32_imm(&mut self, op: Alu, dst: Reg, value: i32) {
        self.alu_immediate(NARROW, op, dst, value);
    }

    /// `[mem] := [mem] op value`
    pub fn alu_mem_imm(&mut self, op: Alu, mem: Mem, value: i32) {
        self.rex(WIDE, 0, 0, mem.base.high());
        if let Ok(value) = i8::try_from(value) {
            self.byte(0x83);
            self.memory(op as u8, mem);
            self.byte(value as u8);
        } else {
            self.byte(0x81);
            self.memory(op as u8, mem);
            self.imm32(value);
        }
    }

    /// Flags of the lowest byte `and` a value.
    pub fn test8(&mut self, reg: Reg, value: u8) {
        if reg == Reg::RAX {
            self.byte(0xA8);
            self.byte(value);
            return;
        }
        if reg.high() == 0 && reg.low() >= 4 {
            // Without a prefix these numbers are other registers.
            self.byte(0x40);
        } else {
            self.rex(NARROW, 0, 0, reg.high());
        }
        self.byte(0xF6);
        self.registers(0, reg);
        self.byte(value);
    }

    /// Flags of a byte in memory `and` a value.
    pub fn test8_mem(&mut self, mem: Mem, value: u8) {
        self.rex(NARROW, 0, 0, mem.base.high());
        self.byte(0xF6);
        self.memory(0, mem);
        self.byte(value);
    }

    /// Flags of a register.
    pub fn test(&mut self, reg: Reg) {
        self.op_registers(WIDE, 0x85, reg, reg);
    }

    /// Shifts a register.
    pub fn shift(&mut self, op: Shift, reg: Reg, count: u8) {
        self.rex(WIDE, 0, 0, reg.high());
        self.byte(0xC1);
        self.registers(op as u8, reg);
        self.byte(count);
    }

    /// `dst := dst * src`, signed.
    pub fn imul(&mut self, dst: Reg, src: Reg) {
        self.rex(WIDE, dst.high(), 0, src.high());
        self.byte(0x0F);
        self.byte(0xAF);
        self.registers(dst.low(), src);
    }

    /// `rax, rdx := rdx:rax div, rem reg`, signed, where `rdx` is the sign of `rax`.
    pub fn divide(&mut self, reg: Reg) {
        self.byte(0x48);
        self.byte(0x99);
        self.rex(WIDE, 0, 0, reg.high());
        self.byte(0xF7);
        self.registers(7, reg);
    }

    /// `reg := reg - 1`
    pub fn dec(&mut self, reg: Reg) {
        self.rex(WIDE, 0, 0, reg.high());
        self.byte(0xFF);
        self.registers(1, reg);
    }

    /// Turns the order of the bytes round.
    pub fn bswap(&mut self, reg: Reg) {
        self.rex(WIDE, 0, 0, reg.high());
        self.byte(0x0F);
        self.byte(0xC8 | reg.low());
    }

    /// Turns a bit over.
    pub fn flip_bit(&mut self, reg: Reg, bit: u8) {
        self.rex(WIDE, 0, 0, reg.high());
        self.byte(0x0F);
        self.byte(0xBA);
        self.registers(7, reg);
        self.byte(bit);
    }

    fn op_indexed(&mut self, opcode: u8, reg: Reg, base: Reg, index: Reg, disp: i32) {
        self.rex(WIDE, reg.high(), index.high(), base.high());
        self.byte(opcode);
        self.byte(0x84 | reg.low() << 3);
        self.byte(0xC0 | index.low() << 3 | base.low());
        self.imm32(disp);
    }

    /// `dst := [base + 8 * index + disp]`
    pub fn load_indexed(&mut self, dst: Reg, base: Reg, index: Reg, disp: i32) {
        self.op_indexed(0x8B, dst, base, index, disp);
    }

    /// `[base + 8 * index + disp] := src`
    pub fn store_indexed(&mut self, base: Reg, index: Reg, disp: i32, src: Reg) {
        self.op_indexed(0x89, src, base, index, disp);
    }

    /// `dst := base + 8 * index + disp`; flags are kept.
    pub fn lea_indexed(&mut self, dst: Reg, base: Reg, index: Reg, disp: i32) {
        self.op_indexed(0x8D, dst, base, index, disp);
    }

    /// `dst := [label + 4 * index]`, 32 bits.
    pub fn load32_table(&mut self, dst: Reg, table: Label, index: Reg) {
        self.rex(NARROW, dst.high(), index.high(), 0);
        self.byte(0x8B);
        self.byte(0x04 | dst.low() << 3);
        self.byte(0x85 | index.low() << 3);
        self.field(Form::Address, Target::Label(table));
    }

    /// The address of a label, as data.
    pub fn address(&mut self, label: Label) {
        self.field(Form::Address, Target::Label(label));
    }

    /// Goes on at a label.
    pub fn jmp(&mut self, label: Label) {
        self.byte(0xE9);
        self.field(Form::Distance, Target::Label(label));
    }

    /// Goes on at an address.
    pub fn jmp_to(&mut self, address: u32) {
        self.byte(0xE9);
        self.field(Form::Distance, Target::Address(address));
    }

    /// Goes on at a label if a condition holds.
    pub fn jcc(&mut self, cond: Cond, label: Label) {
        self.byte(0x0F);
        self.byte(0x80 | cond as u8);
        self.field(Form::Distance, Target::Label(label));
    }

    /// Goes on at an address if a condition holds.
    pub fn jcc_to(&mut self, cond: Cond, address: u32) {
        self.byte(0x0F);
        self.byte(0x80 | cond as u8);
        self.field(Form::Distance, Target::Address(address));
    }

    /// Goes on where a register says.
    pub fn jmp_reg(&mut self, reg: Reg) {
        self.rex(NARROW, 0, 0, reg.high());
        self.byte(0xFF);
        self.registers(4, reg);
    }

    /// Goes on a little ahead if a condition holds: where [`Assembler::land`] is called, at most 127 bytes away.
    pub fn jcc_short(&mut self, cond: Cond) -> Short {
        self.byte(0x70 | cond as u8);
        self.byte(0);
        Short(self.bytes.len())
    }

    /// Where a short jump goes.
    pub fn land(&mut self, short: Short) {
        let Short(from) = short;
        let distance = self.bytes.len() - from;
        debug_assert!(distance <= 127, "short jumps are short");
        self.bytes[from - 1] = distance as u8;
    }

    /// Goes on a little ahead, as [`Assembler::jcc_short`].
    pub fn jmp_short(&mut self) -> Short {
        self.byte(0xEB);
        self.byte(0);
        Short(self.bytes.len())
    }

    fn sse(&mut self, prefix: u8, opcode: u8, reg: Xmm, mem: Mem) {
        self.byte(prefix);
        self.rex(NARROW, 0, 0, mem.base.high());
        self.byte(0x0F);
        self.byte(opcode);
        self.memory(reg.0, mem);
    }

    /// `dst := [mem]`, a floating-point number.
    pub fn load_float(&mut self, dst: Xmm, mem: Mem) {
        self.sse(0xF2, 0x10, dst, mem);
    }

    /// `[mem] := src`, a floating-point number.
    pub fn store_float(&mut self, mem: Mem, src: Xmm) {
        self.sse(0xF2, 0x11, src, mem);
    }

    /// `dst := dst op [mem]`, floating-point numbers.
    pub fn float_op(&mut self, op: Sse, dst: Xmm, mem: Mem) {
        self.sse(0xF2, op as u8, dst, mem);
    }

    /// `dst := dst op src`, floating-point numbers.
    pub fn float_registers(&mut self, op: Sse, dst: Xmm, src: Xmm) {
        for byte in [0xF2, 0x0F, op as u8] {
            self.byte(byte);
        }
        self.registers(dst.0, Reg(src.0));
    }

    /// Sets the flags as for integers without sign.
    pub fn compare_floats(&mut self, a: Xmm, b: Xmm) {
        for byte in [0x66, 0x0F, 0x2E] {
            self.byte(byte);
        }
        self.registers(a.0, Reg(b.0));
    }

    /// `dst := src`, from an integer.
    pub fn float_of_int(&mut self, dst: Xmm, src: Reg) {
        self.byte(0xF2);
        self.rex(WIDE, 0, 0, src.high());
        self.byte(0x0F);
        self.byte(0x2A);
        self.registers(dst.0, src);
    }

    /// `dst := src`, bit by bit.
    pub fn bits_of_float(&mut self, dst: Reg, src: Xmm) {
        self.byte(0x66);
        self.rex(WIDE, 0, 0, dst.high());
        self.byte(0x0F);
        self.byte(0x7E);
        self.registers(src.0, dst);
    }

    /// Two words: `dst := [mem]`.
    pub fn load_pair(&mut self, dst: Xmm, mem: Mem) {
        self.rex(NARROW, 0, 0, mem.base.high());
        self.byte(0x0F);
        self.byte(0x10);
        self.memory(dst.0, mem);
    }

    /// Two words: `[mem] := src`.
    pub fn store_pair(&mut self, mem: Mem, src: Xmm) {
        self.rex(NARROW, 0, 0, mem.base.high());
        self.byte(0x0F);
        self.byte(0x11);
        self.memory(src.0, mem);
    }
}

#[cfg(test)]
mod tests;
