// SPDX-License-Identifier: Apache-2.0
//! What instructions refer to, and what only all of them together show.

use super::builder::{File, compact, words};
use crate::beam_file::{
    ChunkId, Fault, GenericOp, InstructionError, Lifetime, Module, Part, ReadError, Role, disassemble,
};

use std::string::ToString;

fn error(file: File) -> ReadError {
    Module::read(file.build()).unwrap_err()
}

#[track_caller]
fn assert_fault(body: &[u8], op: GenericOp, fault: Fault) {
    assert_eq!(
        error(File::new().with_body(body)),
        ReadError::Instruction(InstructionError { offset: 8, op: Some(op), fault })
    );
}

#[test]
fn the_table_is_closed() {
    assert_eq!(GenericOp::new(0), None);
    assert_eq!(GenericOp::new(185), None);
    assert_eq!(GenericOp::all().count(), 184);
    for op in GenericOp::all() {
        assert_eq!(GenericOp::new(op.number()), Some(op));
        assert_eq!(op.roles().len(), op.arity());
        let is_reference =
            |role: &&Role| matches!(role, Role::LabelHere | Role::Import | Role::Lambda | Role::LambdaOrAtom);
        assert!(op.roles().iter().filter(is_reference).count() < 2, "{op}");
    }
    let retired = GenericOp::all().filter(|op| op.lifetime() == Lifetime::Retired).count();
    let until_27 = GenericOp::all().filter(|op| op.lifetime() == Lifetime::Until27).count();
    assert_eq!((retired, until_27), (36, 8));
    assert_eq!((GenericOp::BS_MATCH.name(), GenericOp::BS_MATCH.arity()), ("bs_match", 3));
    assert_eq!(GenericOp::DEBUG_LINE.lifetime(), Lifetime::Since28);
}

#[test]
fn numbers_refer_to_what_is_there() {
    let op = |op: GenericOp, operands: &[u8]| [&[op.number()], operands].concat();
    assert!(Module::read(File::new().with_body(&op(GenericOp::CALL_EXT, &[0, 0])).build()).is_ok());
    assert_fault(&op(GenericOp::CALL_EXT, &[0, 0x10]), GenericOp::CALL_EXT, Fault::Import(1));
    assert_fault(&op(GenericOp::MAKE_FUN2, &[0]), GenericOp::MAKE_FUN2, Fault::Lambda(0));
    assert_fault(&op(GenericOp::CALL_FUN2, &[0, 0, 3]), GenericOp::CALL_FUN2, Fault::Lambda(0));
    assert_fault(&op(GenericOp::LABEL, &[0]), GenericOp::LABEL, Fault::Label(0));
    assert_fault(&op(GenericOp::LABEL, &[0x30]), GenericOp::LABEL, Fault::Label(3));
    let lines = File::new().with(ChunkId::LINES, words(&[0, 0, 0, 1, 0, 0x1100_0000]));
    let line = |index: u8| lines.clone().with_body(&op(GenericOp::LINE, &[index << 4]));
    assert!(Module::read(line(0).build()).is_ok() && Module::read(line(1).build()).is_ok());
    let fault = Fault::Line(2);
    assert_eq!(
        error(line(2)),
        ReadError::Instruction(InstructionError { offset: 8, op: Some(GenericOp::LINE), fault })
    );
}

/// The string table of these files has eight bytes.
#[test]
fn strings_are_in_the_string_table() {
    let put = |len, offset| {
        [&[GenericOp::BS_PUT_STRING.number()][..], &compact(0, len), &compact(0, offset)].concat()
    };
    let matched = |bits, offset| {
        [&[GenericOp::BS_MATCH_STRING.number(), 5, 3][..], &compact(0, bits), &compact(0, offset)].concat()
    };
    let built = |offset, len| {
        let segment = [&compact(2, 3)[..], &[0, 0x80, 2], &compact(0, offset), &compact(1, len)].concat();
        [&[GenericOp::BS_CREATE_BIN.number(), 5, 0, 0, 0x10, 3, 0x17, 0x60][..], &segment].concat()
    };
    for body in [
        put(8, 0),
        put(1, 7),
        put(0, 8),
        matched(64, 0),
        matched(1, 7),
        matched(9, 6),
        built(0, 8),
        built(8, 0),
    ] {
        assert_eq!(Module::read(File::new().with_body(&body).build()).err(), None);
    }
    let range = |offset, len| Fault::StringRange { offset, len };
    assert_fault(&put(9, 0), GenericOp::BS_PUT_STRING, range(0, 9));
    assert_fault(&put(1 << 62, 1), GenericOp::BS_PUT_STRING, range(1, 1 << 62));
    assert_fault(&matched(65, 0), GenericOp::BS_MATCH_STRING, range(0, 9));
    assert_fault(&matched(9, 7), GenericOp::BS_MATCH_STRING, range(7, 2));
    assert_fault(&matched(1, i64::MAX.into()), GenericOp::BS_MATCH_STRING, range(i64::MAX as u64, 1));
    assert_fault(&built(1, 8), GenericOp::BS_CREATE_BIN, range(1, 8));
    assert_fault(&built(0, -1), GenericOp::BS_CREATE_BIN, Fault::Operand { position: 5 });
}

#[test]
fn labels_stand_at_one_place() {
    let jump = [GenericOp::JUMP.number(), 0x25];
    let head = [1, 0x10, 2, 0x12, 0x22, 0];
    let without_entry = [&head[..], &jump, &[3]].concat();
    let file = File::new().with_code([0, 184, 3, 1], &without_entry).with(ChunkId::EXPORTS, words(&[0]));
    assert_eq!(error(file), ReadError::Corrupt(Part::Code, Fault::UndefinedLabel(2)));
    let file = File::new().with_code([0, 184, 3, 1], &[&head[..], &[3]].concat());
    assert_eq!(error(file), ReadError::Corrupt(Part::Exports, Fault::UndefinedLabel(2)));
    assert_fault(&[1, 0x10], GenericOp::LABEL, Fault::DuplicateLabel(1));
}

#[test]
fn a_file_with_damaged_instructions_can_be_opened() {
    let file = File::new().with_body(&[GenericOp::JUMP.number(), 0x35]);
    let module = Module::open(file.build()).expect("tables");
    let mut code = module.code();
    for _ in 0..3 {
        assert!(code.next().expect("an instruction").is_some());
    }
    assert_eq!(code.next().map(drop).unwrap_err().fault, Fault::Label(3));
    assert!(code.next().expect("an end").is_none());
    let text = disassemble(&module).to_string();
    let end = "  {label,2}.\n%% corrupt instruction at byte 8 (jump): label 3 is not one of the file's\n";
    assert!(text.ends_with(end), "{text}");
}
