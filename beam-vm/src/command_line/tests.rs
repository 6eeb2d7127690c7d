// SPDX-License-Identifier: Apache-2.0
//! Command lines, with files and variables from a table.

use alloc::string::String;
use alloc::vec::Vec;

use super::{CommandLine, FlagError, Surroundings, read};

struct Given(&'static [(&'static str, &'static str)]);

impl Surroundings for Given {
    fn variable(&self, name: &str) -> Option<Vec<u8>> {
        self.0.iter().find(|(given, _)| *given == name).map(|(_, text)| text.as_bytes().to_vec())
    }

    fn file(&self, name: &[u8]) -> Result<Vec<u8>, String> {
        let name = core::str::from_utf8(name).expect("a name");
        self.variable(name).ok_or_else(|| "No such file or directory".into())
    }
}

fn line(words: &str, given: &'static [(&'static str, &'static str)]) -> Result<CommandLine, FlagError> {
    read(words.split_whitespace().map(|word| word.as_bytes().to_vec()).collect(), &Given(given))
}

fn texts(words: &[Vec<u8>]) -> Vec<&str> {
    words.iter().map(|word| core::str::from_utf8(word).expect("text")).collect()
}

#[test]
fn variables_come_before_and_after() {
    let given = &[("ERL_AFLAGS", "-a"), ("ERL_FLAGS", "-f \"x y\" +P 2048"), ("ERL_ZFLAGS", "-z")];
    let line = line("-noshell +S 1 -env A b -x -extra e -f +S", given).expect("flags");
    assert_eq!(texts(&line.arguments), ["-a", "-noshell", "-x", "-f", "x y", "-z"]);
    assert_eq!(texts(&line.extra), ["e", "-f", "+S"]);
    assert_eq!(line.emulator.process_limit, Some(2048));
    assert_eq!(line.variables.get(b"A".as_slice()), Some(&b"b".to_vec()));
    let all = line.for_init(b"/r", b"/r/bin", b"/h");
    assert_eq!(
        texts(&all[..11]),
        ["-root", "/r", "-bindir", "/r/bin", "-progname", "erl", "--", "-home", "/h", "--", "-a"]
    );
    assert_eq!(texts(&all[all.len() - 4..]), ["-extra", "e", "-f", "+S"]);
}

#[test]
fn without_input_there_is_no_shell() {
    assert_eq!(texts(&line("-noinput -x", &[]).expect("flags").arguments), ["-noshell", "-noinput", "-x"]);
    let read = |text| line(text, &[]).map(|line| texts(&line.arguments).join(" "));
    assert_eq!(read("-configfd 0 -x").expect("flags"), "-noshell -noinput -configfd 0 -x");
    assert_eq!(read("-configfd 3").expect("flags"), "-configfd 3");
}

#[test]
fn files_put_words_in() {
    let given = &[("f", "-x # no\n-args_file g"), ("g", "'1 2' +pc unicode"), ("h", "-args_file h")];
    let read = line("-a -args_file f -b", given).expect("flags");
    assert_eq!(texts(&read.arguments), ["-a", "-x", "1 2", "-b"]);
    assert!(read.emulator.prints_unicode);
    assert_eq!(line("-args_file h", given), Err(FlagError::Nested));
    let missing = FlagError::File("none".into(), "No such file or directory".into());
    assert_eq!(line("-args_file none", given), Err(missing));
}

#[test]
fn bad_flags_are_named() {
    assert_eq!(line("-env A", &[]), Err(FlagError::Missing("-env".into())));
    assert_eq!(line("-emu_flavor x", &[]), Err(FlagError::Flavor("x".into())));
    assert_eq!(line("-detached", &[]), Err(FlagError::Unsupported("-detached".into())));
}
