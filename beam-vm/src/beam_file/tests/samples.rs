// SPDX-License-Identifier: Apache-2.0
//! Files as compilers write them: `sample.erl`, compiled by OTP 25, 27 and 29.
//!
//! 27 writes `bs_match` and version 3 of the types. 29 writes the atoms and the literals as 28 does, and a version of the
//! types that is to be ignored.

use std::string::{String, ToString};
use std::vec::Vec;

use crate::beam_file::{ChunkId, Export, GenericOp, Import, Lambda, Module, Operand, disassemble};

pub const OTP_25: &[u8] = include_bytes!("sample.beam");
pub const OTP_27: &[u8] = include_bytes!("sample_27.beam");
pub const OTP_29: &[u8] = include_bytes!("sample_29.beam");
pub const ALL: [&[u8]; 3] = [OTP_25, OTP_27, OTP_29];

fn modules() -> [Module; 3] {
    ALL.map(|bytes| Module::read(bytes.to_vec()).expect("a compiler's file"))
}

fn count(module: &Module, op: GenericOp) -> usize {
    let mut code = module.code();
    let mut count = 0;
    while let Some(instruction) = code.next().expect("a compiler's instruction") {
        count += usize::from(instruction.op == op);
    }
    count
}

#[test]
fn tables_are_what_the_source_says() {
    // `beam_lib:chunks("sample.beam", [exports])`, `lambdas` from `beam_disasm`.
    let exports = [
        "add/1",
        "area/2",
        "first/1",
        "module_info/0",
        "module_info/1",
        "name/1",
        "pack/2",
        "parse/1",
        "safe/1",
        "wait/0",
    ];
    for module in modules() {
        let atom = |index| module.atoms().get(index).expect("an atom");
        assert_eq!(module.name(), "sample");
        let show = |row: &Export| std::format!("{}/{}", atom(row.function), row.arity);
        let mut found: Vec<String> = module.exports().iter().map(show).collect();
        found.sort();
        assert_eq!(found, exports);
        assert_eq!(module.locals().iter().map(show).collect::<Vec<_>>(), ["-add/1-fun-0-/2"]);
        let show = |row: &Import| std::format!("{}:{}/{}", atom(row.module), atom(row.function), row.arity);
        let imports: Vec<String> = module.imports().iter().map(show).collect();
        assert!(
            imports.contains(&"lists:reverse/1".to_string())
                || imports.contains(&"lists:reverse/2".to_string())
        );
        let [Lambda { arity: 2, index: 0, free_variables: 1, function, .. }] = *module.lambdas() else {
            panic!("{:?}", module.lambdas());
        };
        assert_eq!(atom(function), "-add/1-fun-0-");
        // `term_to_binary(0.5)`.
        assert!(module.literals().iter().any(|term| term == [131, 70, 63, 224, 0, 0, 0, 0, 0, 0]));
        assert!(module.lines().is_present() && module.lines().file_count() == 1);
        assert_eq!(module.chunk(ChunkId::COMPILE_INFO).and_then(<[u8]>::first), Some(&131));
        assert_eq!(count(&module, GenericOp::FUNC_INFO), 11);
    }
}

#[test]
fn releases_differ_in_what_is_known() {
    let [otp_25, otp_27, otp_29] = modules();
    assert_eq!([&otp_25, &otp_27, &otp_29].map(|module| count(module, GenericOp::BS_MATCH)), [0, 1, 1]);
    assert!(otp_25.types().count() > 1 && otp_27.types().count() > 1);
    assert_eq!(otp_29.types().count(), 0);
    assert!(otp_25.atoms().iter().any(|text| text == "två"));
    assert!(otp_27.atoms().iter().eq(otp_29.atoms().iter()));
}

#[test]
fn large_integers_are_whole() {
    // `<<123456789012345678901234567890:104>>` and `<<-9223372036854775809:72>>`.
    let wanted: [&[u8]; 2] =
        [b"\x01\x8e\xe9\x0f\xf6\xc3\x73\xe0\xee\x4e\x3f\x0a\xd2", b"\xff\x7f\xff\xff\xff\xff\xff\xff\xff"];
    for module in modules() {
        let (mut code, integers) = (module.code(), module.code());
        let mut found = Vec::new();
        while let Some(instruction) = code.next().expect("an instruction") {
            found.extend(instruction.list().iter().filter_map(|operand| match operand {
                Operand::BigInteger(span) => Some(integers.big_integer(*span)),
                _ => None,
            }));
        }
        found.sort();
        assert_eq!(found, wanted);
    }
}

/// That the MD5 sum of these bytes is what `erts_internal:beamfile_module_md5/1` answers was checked on all files of OTP 25 and 27
/// with the example `read_beams`.
#[test]
fn the_checksum_covers_what_the_code_does() {
    let module = Module::read(OTP_25.to_vec()).expect("a module");
    let mut bytes = Vec::new();
    module.feed_checksum(|piece| bytes.extend_from_slice(piece));
    let ids = [ChunkId::ATOMS, ChunkId::CODE, ChunkId::STRINGS, ChunkId::IMPORTS, ChunkId::EXPORTS];
    let mut wanted = ids.map(|id| module.chunk(id).expect("a chunk")).concat();
    let lambdas = module.chunk(ChunkId::LAMBDAS).expect("a chunk");
    wanted.extend(&lambdas[..24]);
    wanted.extend([0; 4]);
    wanted.extend([ChunkId::LITERALS, ChunkId::META].map(|id| module.chunk(id).expect("a chunk")).concat());
    assert_eq!(bytes, wanted);
}

#[test]
fn text_is_that_of_the_compiler() {
    let text = disassemble(&Module::read(OTP_25.to_vec()).expect("a module")).to_string();
    // As in `erlc -S sample.erl`, apart from lambdas, literals and strings, and from `{test,…}` and `{bif,…}` around names.
    let parts = [
        "{module, sample}.  %% version = 0\n\n{exports, [",
        "\n\n{function, add, 1, 2}.\n  {label,1}.\n    {line,[{location,\"sample.erl\",6}]}.\n    \
         {func_info,{atom,sample},{atom,add},1}.\n  {label,2}.\n    {is_integer,{f,1},{x,0}}.\n    \
         {test_heap,{alloc,[{words,1},{floats,0},{funs,1}]},1}.\n    \
         {make_fun3,{lambda,0},{x,0},{list,[{x,0}]}}.\n    return.\n",
        "    {fmul,{f,0},{fr,0},{fr,1},{fr,0}}.\n    {fmove,{literal,0},{fr,1}}.\n",
        "{integer,-16#8000000000000001}",
        "{integer,16#18EE90FF6C373E0EE4E3F0AD2}",
        "    {move,{atom,'två'},{x,0}}.\n",
        "    {bs_match_string,{f,15},{x,1},24,{string,0}}.\n",
        "    {'try',{y,0},{f,22}}.\n",
        "    {is_eq_exact,{f,23},{tr,{x,0},{type,1}},{atom,error}}.\n",
        "    {line,[{location,\"other.hrl\",8}]}.\n",
        "{extfunc,erlang,error,1}",
    ];
    for part in parts {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(text.ends_with("    int_code_end.\n"));
}
