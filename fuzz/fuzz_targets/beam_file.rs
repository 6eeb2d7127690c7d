// SPDX-License-Identifier: Apache-2.0
//! Files that claim to be compiled modules, whole or chunk by chunk.
//!
//! Whatever is read can be walked through: what the instructions refer to is there.
#![no_main]

use std::fmt::{self, Write};

use beam_vm::beam_file::{Module, Operand, disassemble};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    File(&'a [u8]),
    /// The chunks of a file that is framed well.
    Chunks(Vec<(Name, &'a [u8])>),
    /// The instructions of a file whose tables are fine.
    Instructions {
        labels: u8,
        functions: u8,
        instructions: &'a [u8],
    },
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Name {
    Atoms,
    Latin1Atoms,
    Code,
    Strings,
    Imports,
    Exports,
    Locals,
    Lambdas,
    Literals,
    Lines,
    Types,
}

impl Name {
    fn bytes(self) -> &'static [u8; 4] {
        match self {
            Self::Atoms => b"AtU8",
            Self::Latin1Atoms => b"Atom",
            Self::Code => b"Code",
            Self::Strings => b"StrT",
            Self::Imports => b"ImpT",
            Self::Exports => b"ExpT",
            Self::Locals => b"LocT",
            Self::Lambdas => b"FunT",
            Self::Literals => b"LitT",
            Self::Lines => b"Line",
            Self::Types => b"Type",
        }
    }
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn file(chunks: &[(Name, &[u8])]) -> Vec<u8> {
    let mut form = b"BEAM".to_vec();
    for (name, bytes) in chunks {
        form.extend(name.bytes());
        form.extend(words(&[bytes.len() as u32]));
        form.extend(*bytes);
        form.resize(form.len().next_multiple_of(4), 0);
    }
    [b"FOR1", &words(&[form.len() as u32])[..], &form].concat()
}

/// Takes text and forgets it.
struct Nowhere;

impl Write for Nowhere {
    fn write_str(&mut self, _: &str) -> fmt::Result {
        Ok(())
    }
}

fn walk(bytes: Vec<u8>) {
    let Ok(module) = Module::open(bytes.clone()) else {
        assert!(Module::read(bytes).is_err());
        return;
    };
    let lines = module.lines();
    let (mut code, integers) = (module.code(), module.code());
    let is_whole = loop {
        let instruction = match code.next() {
            Ok(Some(instruction)) => instruction,
            Ok(None) => break true,
            Err(_) => break false,
        };
        assert_eq!(instruction.operands().len(), instruction.op.arity());
        assert!(instruction.import().is_none_or(|index| index.get() < module.imports().len()));
        assert!(instruction.lambda().is_none_or(|index| index.get() < module.lambdas().len()));
        assert!(instruction.string().is_none_or(|offset| offset.get() <= module.strings().len()));
        assert!(!lines.is_present() || instruction.line().is_none_or(|index| lines.get(index).is_some()));
        for operand in instruction.operands().iter().chain(instruction.list()) {
            match *operand {
                Operand::Atom(atom) => assert!(module.atoms().get(atom).is_some()),
                Operand::Literal(index) => assert!(module.literals().get(index).is_some()),
                Operand::Label(label) => assert!(label.get() < module.code_header().labels as usize),
                Operand::BigInteger(span) => assert!(integers.big_integer(span).len() > 8),
                Operand::X(register) | Operand::Y(register) => {
                    assert!(register.hint.is_none_or(|index| module.types().get(index).is_some()));
                }
                _ => {}
            }
        }
    };
    write!(Nowhere, "{}", disassemble(&module)).expect("text");
    assert!(is_whole || Module::read(bytes).is_err());
}

fuzz_target!(|input: Input<'_>| match input {
    Input::File(bytes) => walk(bytes.to_vec()),
    Input::Chunks(chunks) => walk(file(&chunks)),
    Input::Instructions { labels, functions, instructions } => {
        let head = words(&[16, 0, 184, labels.into(), functions.into()]);
        let code = [&head, instructions].concat();
        walk(file(&[
            (Name::Code, &code),
            (Name::Atoms, b"\0\0\0\x03\x01m\x01f\x06string"),
            (Name::Imports, &words(&[1, 1, 2, 0])),
            (Name::Exports, &words(&[0])),
            (Name::Lambdas, &words(&[1, 2, 0, 1, 0, 0, 0])),
            (Name::Strings, b"12345678"),
            (Name::Literals, &words(&[0, 1, 2, 0x836a_0000])),
            (Name::Lines, b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\x11"),
            (Name::Types, b"\0\0\0\x03\0\0\0\x02\x0f\xff\0\x20"),
        ]));
    }
});
