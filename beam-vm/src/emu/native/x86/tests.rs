// SPDX-License-Identifier: Apache-2.0
//! The encoder says what GNU as says. Where as has a shorter form (`rax` with a long constant, indices with a short distance), the lines have operands without.

use super::*;
use crate::emu::native::x86::{Alu as A, Reg as R, Shift as S};

/// An instruction as the encoder writes it, as text, and as bytes.
type Line = (fn(&mut Assembler), &'static str, &'static [u8]);

const LINES: &[Line] = &[
    (|a| a.mov(R::RAX, R::RCX), "mov rax, rcx", &[0x48, 0x89, 0xC8]),
    (|a| a.mov(R::R9, R::RDI), "mov r9, rdi", &[0x49, 0x89, 0xF9]),
    (|a| a.mov32(R::R10, R::RAX), "mov r10d, eax", &[0x41, 0x89, 0xC2]),
    (|a| a.mov_imm(R::RDI, 0x1234_5678), "mov edi, 0x12345678", &[0xBF, 0x78, 0x56, 0x34, 0x12]),
    (|a| a.mov_imm(R::R11, 7), "mov r11d, 7", &[0x41, 0xBB, 0x07, 0x00, 0x00, 0x00]),
    (|a| a.mov_imm(R::RAX, (-5_i64) as u64), "mov rax, -5", &[0x48, 0xC7, 0xC0, 0xFB, 0xFF, 0xFF, 0xFF]),
    (
        |a| a.mov_imm(R::R9, 0x7F12_3456_789A_BCDE),
        "movabs r9, 0x7F123456789ABCDE",
        &[0x49, 0xB9, 0xDE, 0xBC, 0x9A, 0x78, 0x56, 0x34, 0x12, 0x7F],
    ),
    (|a| a.load(R::RAX, at(R::RCX, 0)), "mov rax, [rcx]", &[0x48, 0x8B, 0x01]),
    (|a| a.load(R::R9, at(R::RCX, 8)), "mov r9, [rcx+8]", &[0x4C, 0x8B, 0x49, 0x08]),
    (|a| a.load(R::R10, at(R::RDX, 512)), "mov r10, [rdx+512]", &[0x4C, 0x8B, 0x92, 0x00, 0x02, 0x00, 0x00]),
    (|a| a.load(R::RDI, at(R::R11, -2)), "mov rdi, [r11-2]", &[0x49, 0x8B, 0x7B, 0xFE]),
    (|a| a.load32(R::RAX, at(R::RDI, 0)), "mov eax, [rdi]", &[0x8B, 0x07]),
    (|a| a.load16(R::RAX, at(R::R9, 0)), "movzx eax, word ptr [r9]", &[0x41, 0x0F, 0xB7, 0x01]),
    (|a| a.load16(R::R11, at(R::RDI, 2)), "movzx r11d, word ptr [rdi+2]", &[0x44, 0x0F, 0xB7, 0x5F, 0x02]),
    (|a| a.load8(R::R10, at(R::RAX, 4)), "movzx r10d, byte ptr [rax+4]", &[0x44, 0x0F, 0xB6, 0x50, 0x04]),
    (|a| a.load8(R::RDI, at(R::RDI, 0)), "movzx edi, byte ptr [rdi]", &[0x0F, 0xB6, 0x3F]),
    (|a| a.store(at(R::RSI, 8), R::RAX), "mov [rsi+8], rax", &[0x48, 0x89, 0x46, 0x08]),
    (|a| a.store32(at(R::RSI, 16), R::R9), "mov [rsi+16], r9d", &[0x44, 0x89, 0x4E, 0x10]),
    (|a| a.store16(at(R::R10, 0), R::RAX), "mov [r10], ax", &[0x66, 0x41, 0x89, 0x02]),
    (|a| a.store16(at(R::RSI, 2), R::RDI), "mov [rsi+2], di", &[0x66, 0x89, 0x7E, 0x02]),
    (|a| a.store8(at(R::RSI, 2), R::RDI), "mov [rsi+2], dil", &[0x40, 0x88, 0x7E, 0x02]),
    (|a| a.store8(at(R::R10, 0), R::RDI), "mov [r10], dil", &[0x41, 0x88, 0x3A]),
    (|a| a.store8(at(R::RDI, 1), R::RAX), "mov [rdi+1], al", &[0x88, 0x47, 0x01]),
    (|a| a.store8(at(R::RDI, 1), R::R11), "mov [rdi+1], r11b", &[0x44, 0x88, 0x5F, 0x01]),
    (
        |a| a.store(at(R::RCX, 4096), R::R11),
        "mov [rcx+4096], r11",
        &[0x4C, 0x89, 0x99, 0x00, 0x10, 0x00, 0x00],
    ),
    (
        |a| a.store_imm(at(R::RDX, 0), -5),
        "mov qword ptr [rdx], -5",
        &[0x48, 0xC7, 0x02, 0xFB, 0xFF, 0xFF, 0xFF],
    ),
    (
        |a| a.store_imm(at(R::RCX, 136), 0x4B),
        "mov qword ptr [rcx+136], 0x4b",
        &[0x48, 0xC7, 0x81, 0x88, 0x00, 0x00, 0x00, 0x4B, 0x00, 0x00, 0x00],
    ),
    (|a| a.lea(R::RAX, at(R::RSI, 2)), "lea rax, [rsi+2]", &[0x48, 0x8D, 0x46, 0x02]),
    (|a| a.lea32(R::R10, at(R::R9, 1)), "lea r10d, [r9+1]", &[0x45, 0x8D, 0x51, 0x01]),
    (|a| a.alu(A::Add, R::RAX, R::R9), "add rax, r9", &[0x4C, 0x01, 0xC8]),
    (|a| a.alu(A::Cmp, R::R10, R::RDX), "cmp r10, rdx", &[0x49, 0x39, 0xD2]),
    (|a| a.alu32(A::And, R::R11, R::RDI), "and r11d, edi", &[0x41, 0x21, 0xFB]),
    (|a| a.alu_load(A::Cmp, R::R9, at(R::RAX, 0x40)), "cmp r9, [rax+0x40]", &[0x4C, 0x3B, 0x48, 0x40]),
    (|a| a.alu_imm(A::Sub, R::RDX, 16), "sub rdx, 16", &[0x48, 0x83, 0xEA, 0x10]),
    (|a| a.alu_imm(A::Cmp, R::R9, 1000), "cmp r9, 1000", &[0x49, 0x81, 0xF9, 0xE8, 0x03, 0x00, 0x00]),
    (|a| a.alu_imm(A::Xor, R::R11, -16), "xor r11, -16", &[0x49, 0x83, 0xF3, 0xF0]),
    (|a| a.alu32_imm(A::And, R::R10, 0x3F), "and r10d, 0x3f", &[0x41, 0x83, 0xE2, 0x3F]),
    (
        |a| a.alu32_imm(A::Cmp, R::R11, 0xFFE0_0000_u32 as i32),
        "cmp r11d, 0xffe00000",
        &[0x41, 0x81, 0xFB, 0x00, 0x00, 0xE0, 0xFF],
    ),
    (
        |a| a.alu_mem_imm(A::Cmp, at(R::RCX, 16), -5),
        "cmp qword ptr [rcx+16], -5",
        &[0x48, 0x83, 0x79, 0x10, 0xFB],
    ),
    (
        |a| a.alu_mem_imm(A::Cmp, at(R::R9, -2), 0x1000),
        "cmp qword ptr [r9-2], 0x1000",
        &[0x49, 0x81, 0x79, 0xFE, 0x00, 0x10, 0x00, 0x00],
    ),
    (|a| a.test8(R::RAX, 1), "test al, 1", &[0xA8, 0x01]),
    (|a| a.test8(R::RDI, 2), "test dil, 2", &[0x40, 0xF6, 0xC7, 0x02]),
    (|a| a.test8(R::R10, 15), "test r10b, 15", &[0x41, 0xF6, 0xC2, 0x0F]),
    (|a| a.test8_mem(at(R::R9, -2), 0x3F), "test byte ptr [r9-2], 0x3f", &[0x41, 0xF6, 0x41, 0xFE, 0x3F]),
    (|a| a.test(R::R11), "test r11, r11", &[0x4D, 0x85, 0xDB]),
    (|a| a.shift(S::Left, R::RAX, 4), "shl rax, 4", &[0x48, 0xC1, 0xE0, 0x04]),
    (|a| a.shift(S::Right, R::R9, 32), "shr r9, 32", &[0x49, 0xC1, 0xE9, 0x20]),
    (|a| a.shift(S::RightSigned, R::R10, 63), "sar r10, 63", &[0x49, 0xC1, 0xFA, 0x3F]),
    (|a| a.imul(R::RAX, R::R9), "imul rax, r9", &[0x49, 0x0F, 0xAF, 0xC1]),
    (|a| a.imul(R::R11, R::RDI), "imul r11, rdi", &[0x4C, 0x0F, 0xAF, 0xDF]),
    (|a| a.divide(R::R9), "cqo; idiv r9", &[0x48, 0x99, 0x49, 0xF7, 0xF9]),
    (|a| a.dec(R::R8), "dec r8", &[0x49, 0xFF, 0xC8]),
    (|a| a.bswap(R::RAX), "bswap rax", &[0x48, 0x0F, 0xC8]),
    (|a| a.bswap(R::R10), "bswap r10", &[0x49, 0x0F, 0xCA]),
    (|a| a.flip_bit(R::R9, 63), "btc r9, 63", &[0x49, 0x0F, 0xBA, 0xF9, 0x3F]),
    (
        |a| a.load_indexed(R::RAX, R::R9, R::R10, 0x100),
        "mov rax, [r9+r10*8+0x100]",
        &[0x4B, 0x8B, 0x84, 0xD1, 0x00, 0x01, 0x00, 0x00],
    ),
    (
        |a| a.store_indexed(R::RCX, R::RAX, 0x7FF, R::R11),
        "mov [rcx+rax*8+0x7ff], r11",
        &[0x4C, 0x89, 0x9C, 0xC1, 0xFF, 0x07, 0x00, 0x00],
    ),
    (
        |a| a.lea_indexed(R::RSI, R::RSI, R::R9, 0x108),
        "lea rsi, [rsi+r9*8+0x108]",
        &[0x4A, 0x8D, 0xB4, 0xCE, 0x08, 0x01, 0x00, 0x00],
    ),
    (|a| a.jmp_reg(R::RAX), "jmp rax", &[0xFF, 0xE0]),
    (|a| a.jmp_reg(R::R9), "jmp r9", &[0x41, 0xFF, 0xE1]),
    (
        |a| a.load_float(Xmm(0), at(R::RCX, 8192)),
        "movsd xmm0, [rcx+8192]",
        &[0xF2, 0x0F, 0x10, 0x81, 0x00, 0x20, 0x00, 0x00],
    ),
    (|a| a.store_float(at(R::R9, 8), Xmm(1)), "movsd [r9+8], xmm1", &[0xF2, 0x41, 0x0F, 0x11, 0x49, 0x08]),
    (|a| a.float_op(Sse::Add, Xmm(0), at(R::RCX, 8)), "addsd xmm0, [rcx+8]", &[0xF2, 0x0F, 0x58, 0x41, 0x08]),
    (
        |a| a.float_op(Sse::Div, Xmm(0), at(R::R10, 8)),
        "divsd xmm0, [r10+8]",
        &[0xF2, 0x41, 0x0F, 0x5E, 0x42, 0x08],
    ),
    (|a| a.float_registers(Sse::Mul, Xmm(0), Xmm(1)), "mulsd xmm0, xmm1", &[0xF2, 0x0F, 0x59, 0xC1]),
    (|a| a.float_registers(Sse::Sub, Xmm(1), Xmm(0)), "subsd xmm1, xmm0", &[0xF2, 0x0F, 0x5C, 0xC8]),
    (|a| a.compare_floats(Xmm(0), Xmm(1)), "ucomisd xmm0, xmm1", &[0x66, 0x0F, 0x2E, 0xC1]),
    (|a| a.float_of_int(Xmm(0), R::R9), "cvtsi2sd xmm0, r9", &[0xF2, 0x49, 0x0F, 0x2A, 0xC1]),
    (|a| a.bits_of_float(R::R10, Xmm(0)), "movq r10, xmm0", &[0x66, 0x49, 0x0F, 0x7E, 0xC2]),
    (|a| a.load_pair(Xmm(0), at(R::R9, -2)), "movups xmm0, [r9-2]", &[0x41, 0x0F, 0x10, 0x41, 0xFE]),
    (|a| a.store_pair(at(R::RSI, 16), Xmm(0)), "movups [rsi+16], xmm0", &[0x0F, 0x11, 0x46, 0x10]),
];

fn bytes(write: impl FnOnce(&mut Assembler)) -> Vec<u8> {
    let mut assembler = Assembler::default();
    write(&mut assembler);
    assembler.finish(0x4000_0000).expect("all labels are somewhere")
}

#[test]
fn instructions_are_those_of_gnu_as() {
    for (write, text, expected) in LINES {
        assert_eq!(bytes(write), *expected, "{text}");
    }
}

#[test]
fn jumps_go_to_labels_and_addresses() {
    let code = bytes(|a| {
        let (before, behind) = (a.label(), a.label());
        a.bind(before);
        a.jmp(behind);
        a.jcc(Cond::NotEqual, before);
        a.bind(behind);
        a.jmp_to(0x3000_0000);
        a.jcc_to(Cond::LessOrEqual, 0x4000_0000);
    });
    let expected = [
        &[0xE9, 6, 0, 0, 0][..],
        &[0x0F, 0x85, 0xF5, 0xFF, 0xFF, 0xFF],
        &[0xE9, 0xF0, 0xFF, 0xFF, 0xEF],
        &[0x0F, 0x8E, 0xEA, 0xFF, 0xFF, 0xFF],
    ];
    assert_eq!(code, expected.concat());
}

#[test]
fn short_jumps_land() {
    let code = bytes(|a| {
        let (over, on) = (a.jcc_short(Cond::Equal), a.jmp_short());
        a.land(over);
        a.dec(R::R8);
        a.land(on);
    });
    assert_eq!(code, [0x74, 2, 0xEB, 3, 0x49, 0xFF, 0xC8]);
}

#[test]
fn tables_have_addresses() {
    let code = bytes(|a| {
        let (table, first) = (a.label(), a.label());
        a.bind(first);
        a.load32_table(R::R9, table, R::R10);
        a.bind(table);
        a.address(first);
    });
    assert_eq!(code, [0x46, 0x8B, 0x0C, 0x95, 8, 0, 0, 0x40, 0, 0, 0, 0x40]);
}

#[test]
fn what_is_nowhere_or_too_far_is_no_code() {
    let mut assembler = Assembler::default();
    let label = assembler.label();
    assembler.jmp(label);
    assert!(assembler.finish(0x4000_0000).is_none());
    let mut assembler = Assembler::default();
    assembler.jmp_to(0xF000_0000);
    assert!(assembler.finish(0x1000_0000).is_none());
}
