// SPDX-License-Identifier: Apache-2.0
//! Operands and the compact terms that they are written in.

use std::vec::Vec;

use super::builder::{File, compact, compact_bytes, words};
use crate::beam_file::{
    Allocation, ChunkId, Fault, GenericOp, InstructionError, Module, Operand, ReadError, Register, Span,
    TypeIndex,
};

const MOVE: u8 = GenericOp::MOVE.number();
const X0: u8 = 3;

/// A module with these instructions in its function.
fn file(body: &[u8]) -> File {
    let types = [&words(&[3, 2])[..], &[15, 255, 0, 32]].concat();
    let literals = words(&[0, 1, 0x0000_0002, 0x836a_0000]);
    File::new().with_body(body).with(ChunkId::TYPES, types).with(ChunkId::LITERALS, literals)
}

/// The operands of the only instruction in a function's body, those of its list behind.
fn operands(body: &[u8]) -> Result<Vec<Operand>, Fault> {
    match Module::read(file(body).build()) {
        Ok(module) => {
            let mut code = module.code();
            for _ in 0..3 {
                code.next().expect("the head of a function");
            }
            let instruction = code.next().expect("an instruction").expect("an instruction");
            Ok([instruction.operands(), instruction.list()].concat())
        }
        Err(ReadError::Instruction(InstructionError { fault, .. })) => Err(fault),
        Err(other) => panic!("{other}"),
    }
}

/// What a `move` to `x0` moves.
fn source(term: &[u8]) -> Result<Operand, Fault> {
    operands(&[&[MOVE], term, &[X0]].concat()).map(|operands| operands[0])
}

#[test]
fn integers_have_any_length() {
    for value in
        [0, 15, 16, 2047, 2048, -1, -128, -129, 32767, 32768, i64::MAX, i64::MIN, 1 << 59, -(1 << 59)]
    {
        assert_eq!(source(&compact(1, value.into())), Ok(Operand::Integer(value)), "{value}");
    }
    // Not in the shortest form, which is fine up to eight bytes and for one byte more.
    assert_eq!(source(&compact_bytes(1, &[0, 0, 0, 5])), Ok(Operand::Integer(5)));
    assert_eq!(
        source(&compact_bytes(1, &[0, 1, 2, 3, 4, 5, 6, 7, 8])),
        Ok(Operand::Integer(0x0102_0304_0506_0708))
    );
    assert_eq!(source(&compact_bytes(1, &[0; 9])), Err(Fault::Number));
    assert_eq!(source(&compact_bytes(1, &[0xff; 10])), Err(Fault::Number));
}

#[test]
fn large_integers_keep_their_bytes() {
    for len in [9, 16, 17, 24, 25, 2056, 2057, 70_000] {
        for first in [1, 0x7f, 0x80, 0xfe] {
            let mut bytes: Vec<u8> = (0..len).map(|at| at as u8).collect();
            bytes[0] = first;
            let module =
                Module::read(file(&[&[MOVE][..], &compact_bytes(1, &bytes), &[X0]].concat()).build());
            let module = module.expect("a module");
            let (mut code, integers) = (module.code(), module.code());
            let found = loop {
                let instruction = code.next().expect("an instruction").expect("a move");
                if let Some(Operand::BigInteger(span)) = instruction.operands().first() {
                    break integers.big_integer(*span);
                }
            };
            assert_eq!(found, bytes);
        }
    }
    let needless = [&[0, 0x80][..], &[7; 8]].concat();
    assert!(matches!(source(&compact_bytes(1, &needless)), Ok(Operand::BigInteger(Span { len: 10, .. }))));
}

#[test]
fn numbers_that_are_no_integers_have_no_sign() {
    let number =
        |term: &[u8]| operands(&[&[GenericOp::APPLY.number()], term].concat()).map(|operands| operands[0]);
    for value in [0, 15, 16, 2047, 2048, u64::from(u32::MAX), i64::MAX as u64] {
        assert_eq!(number(&compact(0, value.into())), Ok(Operand::Unsigned(value)));
    }
    assert_eq!(number(&compact_bytes(0, &[0xff, 0xff])), Ok(Operand::Unsigned(0xffff)));
    assert_eq!(number(&compact_bytes(0, &[0x80, 0, 0, 0, 0, 0, 0, 0])), Ok(Operand::Overflow));
    assert_eq!(number(&compact_bytes(0, &[1; 99])), Ok(Operand::Overflow));
    assert_eq!(number(&compact(1, 1)), Err(Fault::Operand { position: 0 }));
}

#[test]
fn lengths_of_lengths_end() {
    assert_eq!(source(&[0xff; 64]), Err(Fault::ExtendedTag(0)).or(Err(Fault::Number)));
    assert_eq!(source(&[0xf9, 0xf8, 0xf8, 0xf8]), Err(Fault::Number));
    assert!(matches!(source(&[0xf9, 0x78, 0xff, 0xff, 0xff, 0xff]), Err(Fault::Truncated { .. })));
    assert_eq!(source(&[0xf9, 1]), Err(Fault::Tag(1)));
}

#[test]
fn registers_end_at_1023() {
    let register = |index| Register { index, hint: None };
    assert_eq!(source(&compact(3, 1023)), Ok(Operand::X(register(1023))));
    assert_eq!(source(&compact(4, 1023)), Ok(Operand::Y(register(1023))));
    assert_eq!(source(&compact(3, 1024)), Err(Fault::Register(1024)));
    assert_eq!(source(&compact(4, 1 << 40)), Err(Fault::Register(1 << 40)));
    assert_eq!(source(&compact_bytes(3, &[1; 9])), Err(Fault::Number));
    let float = |index| operands(&[&[GenericOp::FMOVE.number(), X0, 0x27][..], &compact(0, index)].concat());
    assert!(matches!(float(1023).as_deref(), Ok([_, Operand::Float(found)]) if found.get() == 1023));
    assert_eq!(float(1024), Err(Fault::Register(1024)));
}

#[test]
fn typed_registers_carry_a_hint() {
    let typed = |register: &[u8], index| source(&[&[0x57], register, &compact(0, index)].concat());
    let x1 = |hint| Ok(Operand::X(Register { index: 1, hint }));
    assert_eq!(typed(&[0x13], 0), x1(None));
    assert_eq!(typed(&[0x13], 1), x1(TypeIndex::new(1)));
    assert_eq!(typed(&[0x13], 2), Err(Fault::Type(2)));
    assert_eq!(typed(&[0x12], 1), Err(Fault::Tag(2)));
    let stripped = file(&[MOVE, 0x57, 0x13, 0x70, X0]).without(ChunkId::TYPES);
    assert!(Module::read(stripped.build()).is_ok());
}

#[test]
fn atoms_and_literals_are_in_their_tables() {
    assert_eq!(source(&compact(2, 0)), Ok(Operand::Nil));
    assert!(matches!(source(&compact(2, 3)), Ok(Operand::Atom(atom)) if atom.get() == 3));
    assert_eq!(source(&compact(2, 4)), Err(Fault::Atom(4)));
    assert!(matches!(source(&[0x47, 0]), Ok(Operand::Literal(literal)) if literal.get() == 0));
    assert_eq!(source(&[0x47, 0x10]), Err(Fault::Literal(1)));
}

#[test]
fn labels_are_below_the_number_of_labels() {
    let jump =
        |term: &[u8]| operands(&[&[GenericOp::JUMP.number()], term].concat()).map(|operands| operands[0]);
    assert!(matches!(jump(&compact(5, 2)), Ok(Operand::Label(label)) if label.get() == 2));
    assert_eq!(jump(&compact(5, 0)), Ok(Operand::NoLabel));
    assert_eq!(jump(&compact(5, 3)), Err(Fault::Label(3)));
    assert_eq!(jump(&compact(2, 1)), Err(Fault::Operand { position: 0 }));
}

#[test]
fn allocation_lists_add_up() {
    let need = |term: &[u8]| {
        operands(&[&[GenericOp::TEST_HEAP.number()], term, &[0]].concat()).map(|operands| operands[0])
    };
    let list = |pairs: &[[u32; 2]]| {
        let terms = pairs.iter().flatten().flat_map(|number| compact(0, (*number).into()));
        [&[0x37][..], &compact(0, pairs.len() as i128), &terms.collect::<Vec<_>>()].concat()
    };
    let allocation = |words, floats, funs| Ok(Operand::Allocation(Allocation { words, floats, funs }));
    assert_eq!(need(&compact(0, 5)), Ok(Operand::Unsigned(5)));
    assert_eq!(need(&list(&[[0, 1], [1, 2], [2, 3]])), allocation(1, 2, 3));
    assert_eq!(need(&list(&[[0, 1], [0, 2]])), allocation(3, 0, 0));
    assert_eq!(need(&list(&[])), allocation(0, 0, 0));
    assert_eq!(need(&list(&[[3, 1]])), Err(Fault::Number));
    assert_eq!(need(&list(&[[0, 1]; 4])), Err(Fault::Number));
    assert_eq!(need(&list(&[[2, Allocation::MOST], [2, 1]])), Err(Fault::Number));
    assert_eq!(need(&list(&[[2, u32::MAX]])), Err(Fault::Number));
}

#[test]
fn lists_are_last_and_hold_no_lists() {
    let tuple = |list: &[u8]| operands(&[&[GenericOp::PUT_TUPLE2.number(), X0], list].concat());
    let found = tuple(&[0x17, 0x20, 0x11, 0x02]);
    assert_eq!(
        found.as_ref().map(|found| &found[1..]),
        Ok(&[Operand::List(2), Operand::Integer(1), Operand::Nil][..])
    );
    assert_eq!(tuple(&[0x17, 0x10, 0x17, 0x00]), Err(Fault::ExtendedTag(1)));
    assert_eq!(source(&[0x17, 0x00]), Err(Fault::Operand { position: 0 }));
    assert!(matches!(tuple(&[&[0x17][..], &compact(0, 1 << 30)].concat()), Err(Fault::TooMany { .. })));
    assert_eq!(tuple(&[&[0x17][..], &compact(0, 1 << 40)].concat()), Err(Fault::Number));
}

#[test]
fn what_no_compiler_writes_is_refused() {
    assert_eq!(source(&compact(6, 65)), Err(Fault::Tag(6)));
    assert_eq!(source(&[0x07, 0, 0, 0, 0, 0, 0, 0, 0]), Err(Fault::ExtendedTag(0)));
    assert_eq!(source(&compact(7, 6)), Err(Fault::ExtendedTag(6)));
}
