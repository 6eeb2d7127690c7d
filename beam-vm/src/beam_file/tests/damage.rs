// SPDX-License-Identifier: Apache-2.0
//! Damaged files, beside what OTP 25.2.3 says of them.
//!
//! The texts are what stock logs after `Error loading module sample:` for `erlang:prepare_loading(sample, Bytes)`, where `Bytes` is
//! `sample.beam` with its chunks changed as here through `beam_lib:all_chunks/1` and `beam_lib:build_module/1`. The answer is
//! `{error,badfile}` each time that there is a text. For instructions stock names the function and the specific
//! instruction it had come to in front; that part is not compared.

use std::string::ToString;
use std::vec::Vec;

use super::builder::{File, words};
use super::samples::OTP_25;
use crate::beam_file::{ChunkId, Fault, InstructionError, Module, Part, ReadError};

fn sample() -> File {
    File::from_bytes(OTP_25)
}

/// What is reported; nothing if the file is fine.
fn report(bytes: Vec<u8>) -> Option<std::string::String> {
    Module::read(bytes).err().map(|error| error.report(25).to_string())
}

#[track_caller]
fn assert_reports(file: &File, stock: &[&str]) {
    let ours = report(file.build());
    assert_eq!(ours.as_deref(), stock.first().copied());
}

/// The instructions' header and what follows it.
fn code_parts() -> ([u32; 4], Vec<u8>) {
    let chunk = sample().get(ChunkId::CODE);
    let word = |at: usize| u32::from_be_bytes(chunk[at..at + 4].try_into().expect("a word"));
    ([word(4), word(8), word(12), word(16)], chunk[20..].to_vec())
}

#[test]
fn the_container_is_at_fault() {
    for bytes in [&b""[..], b"FOR2", &OTP_25[..10], &OTP_25[..OTP_25.len() - 8]] {
        assert_eq!(report(bytes.to_vec()).as_deref(), Some("corrupt file header"));
    }
    assert_eq!(report([OTP_25, b"junkjunk"].concat()), None);
}

#[test]
fn a_chunk_is_missing() {
    let stock: [(ChunkId, &[&str]); 11] = [
        (ChunkId::ATOMS, &["missing atom table"]),
        (ChunkId::CODE, &["missing code chunk"]),
        (ChunkId::IMPORTS, &["missing import table"]),
        (ChunkId::EXPORTS, &["missing export table"]),
        (ChunkId::META, &[]),
        (ChunkId::LOCALS, &[]),
        (ChunkId::ATTRIBUTES, &[]),
        (ChunkId::COMPILE_INFO, &[]),
        (ChunkId::DEBUG_INFO, &[]),
        (ChunkId::LINES, &[]),
        (ChunkId::TYPES, &[]),
    ];
    for (id, stock) in stock {
        assert_reports(&sample().without(id), stock);
    }
    assert_reports(&sample().without(ChunkId::ATOMS).without(ChunkId::CODE), &["missing code chunk"]);
    assert_reports(&sample().without(ChunkId::EXPORTS).without(ChunkId::IMPORTS), &["missing import table"]);
    let damaged = sample().without(ChunkId::EXPORTS).with(ChunkId::IMPORTS, b"\0".to_vec());
    assert_reports(&damaged, &["corrupt import table"]);
}

#[test]
fn a_chunk_is_cut_in_half_or_one_byte() {
    let stock: [(ChunkId, &[&str]); 10] = [
        (ChunkId::ATOMS, &["corrupt atom table"]),
        (ChunkId::IMPORTS, &["corrupt import table"]),
        (ChunkId::EXPORTS, &["corrupt export table"]),
        (ChunkId::LAMBDAS, &["corrupt lambda table"]),
        (ChunkId::LITERALS, &["corrupt literal table"]),
        (ChunkId::LINES, &["corrupt line table"]),
        (ChunkId::TYPES, &["corrupt type table"]),
        (ChunkId::LOCALS, &[]),
        (ChunkId::DEBUG_INFO, &[]),
        (ChunkId::META, &[]),
    ];
    for (id, stock) in stock {
        assert_reports(&sample().map(id, |chunk| chunk[..chunk.len() / 2].to_vec()), stock);
        assert_reports(&sample().with(id, b"\0".to_vec()), stock);
    }
    assert_reports(&sample().with(ChunkId::CODE, b"\0".to_vec()), &["corrupt code chunk"]);
    let half = sample().map(ChunkId::CODE, |chunk| chunk[..chunk.len() / 2].to_vec());
    assert_reports(&half, &["invalid opcode"]);
}

#[test]
fn the_header_of_the_code_is_at_fault() {
    let (header, code) = code_parts();
    let with = |change: fn(&mut [u32; 4])| {
        let mut header = header;
        change(&mut header);
        sample().with_code(header, &code)
    };
    assert_reports(&with(|header| header[0] = 1), &["corrupt code chunk"]);
    assert_reports(&with(|header| header[1] = u32::MAX), &[]);
    assert_reports(&with(|header| header[2] += 1), &[]);
    assert_reports(&with(|header| header[3] = 0), &["too many functions in module (header said 0)"]);
    assert_reports(&with(|header| header[3] += 1), &["too few functions (11) in module (header said 12)"]);
    assert_reports(&with(|header| header[3] -= 1), &["too many functions in module (header said 10)"]);
    // Stock says this with its own highest opcode, 180.
    let text = "This BEAM file was compiled for a later version of the runtime system than the current (Erlang/OTP 25).\n  \
                To fix this, please re-compile this module with an Erlang/OTP 25 compiler.\n  \
                (Use of opcode 185; this emulator supports only up to 184.)\n";
    assert_reports(&with(|header| header[1] = 185), &[text]);
    // Of these three stock dies.
    let [format, opcode, _, functions] = header;
    for labels in [0, i32::MAX as u32, u32::MAX] {
        let file = sample().with_code([format, opcode, labels, functions], &code);
        assert_reports(&file, &["corrupt code chunk"]);
    }
    let [format, opcode, labels, functions] = header;
    let longer = [&words(&[20, format, opcode, labels, functions, 0])[..], &code].concat();
    assert_reports(&sample().with(ChunkId::CODE, longer), &[]);
    let shorter = [&words(&[12, format, opcode, labels])[..], &code].concat();
    assert_reports(&sample().with(ChunkId::CODE, shorter), &["corrupt code chunk"]);
}

#[test]
fn an_instruction_is_at_fault() {
    let (header, code) = code_parts();
    let with = |prefix: &[u8]| sample().with_code(header, &[prefix, &code].concat());
    assert_reports(&with(&[0]), &["invalid opcode"]);
    assert_reports(&with(&[185]), &["invalid opcode"]);
    // An atom, a register and a tag that do not exist.
    assert_reports(&with(&[64, 0xea, 0xff, 3]), &["invalid opcode"]);
    assert_reports(&with(&[64, 0x8b, 0, 3]), &["invalid opcode"]);
    assert_reports(&with(&[64, 6, 3]), &["invalid opcode"]);
    assert_reports(&with(&[1, 0x10]), &["label 1 defined more than once"]);
    assert_reports(&sample().with_code(header, &code[..code.len() - 1]), &["invalid opcode"]);
    assert_reports(&sample().with_code(header, &[&code[..], &[255; 3]].concat()), &[]);
    assert_reports(&sample().without(ChunkId::LITERALS), &["invalid opcode"]);
}

#[test]
fn a_table_is_at_fault() {
    let patch = |id: ChunkId, at: usize, word: u32| {
        sample().map(id, |mut chunk| {
            chunk[at..at + 4].copy_from_slice(&word.to_be_bytes());
            chunk
        })
    };
    let append = |id: ChunkId, bytes: &[u8]| sample().map(id, |chunk| [&chunk[..], bytes].concat());
    assert_reports(&patch(ChunkId::ATOMS, 0, 999), &["corrupt atom table"]);
    assert_reports(&patch(ChunkId::ATOMS, 0, 0), &["corrupt atom table"]);
    assert_reports(&append(ChunkId::ATOMS, b"xx"), &[]);
    assert_reports(&patch(ChunkId::IMPORTS, 12, 256), &["corrupt import table"]);
    assert_reports(&append(ChunkId::IMPORTS, b"1234"), &[]);
    assert_reports(&patch(ChunkId::EXPORTS, 8, 256), &["corrupt export table"]);
    assert_reports(&append(ChunkId::LAMBDAS, b"1234"), &["corrupt lambda table"]);
    assert_reports(&append(ChunkId::LITERALS, b"1234"), &[]);
    assert_reports(&patch(ChunkId::LINES, 0, 1), &[]);
    assert_reports(&patch(ChunkId::LINES, 4, 3), &[]);
    assert_reports(&patch(ChunkId::TYPES, 0, 9), &[]);
    let size = sample().get(ChunkId::LITERALS)[3];
    assert_reports(&patch(ChunkId::LITERALS, 0, u32::from(size) + 1), &[]);
    assert_reports(&patch(ChunkId::LITERALS, 0, u32::from(size) - 1), &["corrupt literal table"]);
}

/// Stock lets these pass, or dies of them, and reads where nothing is when the code runs.
#[test]
fn more_is_checked_than_on_stock() {
    let patch = |id: ChunkId, at: usize, word: u32| {
        sample().map(id, |mut chunk| {
            chunk[at..at + 4].copy_from_slice(&word.to_be_bytes());
            chunk
        })
    };
    let error = |file: File| Module::read(file.build()).unwrap_err();
    let corrupt = |part, fault| ReadError::Corrupt(part, fault);
    assert_eq!(error(patch(ChunkId::IMPORTS, 4, 0)), corrupt(Part::Imports, Fault::Atom(0)));
    assert_eq!(error(patch(ChunkId::LAMBDAS, 8, 999)), corrupt(Part::Lambdas, Fault::Arity(999)));
    assert_eq!(error(patch(ChunkId::EXPORTS, 12, 999)), corrupt(Part::Exports, Fault::Label(999)));
    let InstructionError { op, fault, .. } = match error(sample().without(ChunkId::STRINGS)) {
        ReadError::Instruction(error) => error,
        other => panic!("{other}"),
    };
    assert_eq!(op.map(|op| op.name()), Some("bs_match_string"));
    assert_eq!(fault, Fault::StringRange { offset: 0, len: 3 });
}
