// SPDX-License-Identifier: Apache-2.0
//! Atoms in print, against what `io_lib:format("~w", [Atom])` and `"~tw"` of OTP 25 return; `~p` and `~tp` are the same.

use std::format;
use std::string::{String, ToString};

use crate::atom::{AtomLimit, AtomTable, Charset, Printed};

fn latin1(text: &str) -> String {
    Printed::new(text, Charset::Latin1).to_string()
}

fn unicode(text: &str) -> String {
    Printed::new(text, Charset::Unicode).to_string()
}

#[test]
fn words() {
    for (text, expected) in [
        ("", "''"),
        ("ok", "ok"),
        ("a b", "'a b'"),
        ("Aa", "'Aa'"),
        ("_a", "'_a'"),
        ("a@_9", "a@_9"),
        ("@", "'@'"),
        ("9a", "'9a'"),
        ("aß", "aß"),
        ("aÀÞ", "aÀÞ"),
        ("a×", "'a×'"),
        ("a\\b'\" d", "'a\\\\b\\'\" d'"),
        ("é\u{7f}\u{80}\u{9f}\u{a0}", "'é\\d\\200\\237\u{a0}'"),
        ("maybe", "maybe"),
        ("else", "else"),
        ("cond", "'cond'"),
        ("let", "'let'"),
    ] {
        assert_eq!(latin1(text), expected);
        assert_eq!(unicode(text), expected);
    }
}

#[test]
fn characters_beyond_latin1() {
    for (text, in_latin1, in_unicode) in [
        ("日本b", "'\\x{65E5}\\x{672C}b'", "'日本b'"),
        ("a日é\n", "'a\\x{65E5}é\\n'", "'a日é\\n'"),
        ("'\nあ\\È", "'\\'\\n\\x{3042}\\\\È'", "'\\'\\nあ\\\\È'"),
        ("\u{e000}", "'\\x{E000}'", "'\u{e000}'"),
        ("\u{fffe}", "'\\x{FFFE}'", "'\u{fffe}'"),
        ("\u{ffff}", "'\\x{FFFF}'", "'\u{ffff}'"),
        ("\u{10ffff}", "'\\x{10FFFF}'", "'\u{10ffff}'"),
    ] {
        assert_eq!(latin1(text), in_latin1);
        assert_eq!(unicode(text), in_unicode);
    }
}

/// `[W || W <- Words, erl_scan:reserved_word(W)]`.
#[test]
fn reserved_words_are_quoted() {
    let words = "after and andalso band begin bnot bor bsl bsr bxor case catch cond div end fun if let not of or orelse receive rem try \
        when xor";
    for word in words.split(' ') {
        assert_eq!(latin1(word), format!("'{word}'"));
    }
}

/// How a single character comes out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    Bare,
    Quoted,
    Octal,
    Letter(char),
    Hexadecimal,
}

impl Form {
    fn of(self, before: &str, character: char) -> String {
        let code = u32::from(character);
        match self {
            Self::Bare => format!("{before}{character}"),
            Self::Quoted => format!("'{before}{character}'"),
            Self::Octal => format!("'{before}\\{code:03o}'"),
            Self::Letter(letter) => format!("'{before}\\{letter}'"),
            Self::Hexadecimal => format!("'{before}\\x{{{code:X}}}'"),
        }
    }
}

/// `io_lib:format("~w", [list_to_atom([C])])` for all `C` up to 16#2FFF, by ranges.
const ALONE: &[(u32, u32, Form)] = &[
    (0, 7, Form::Octal),
    (8, 8, Form::Letter('b')),
    (9, 9, Form::Letter('t')),
    (10, 10, Form::Letter('n')),
    (11, 11, Form::Letter('v')),
    (12, 12, Form::Letter('f')),
    (13, 13, Form::Letter('r')),
    (14, 26, Form::Octal),
    (27, 27, Form::Letter('e')),
    (28, 31, Form::Octal),
    (32, 38, Form::Quoted),
    (39, 39, Form::Letter('\'')),
    (40, 91, Form::Quoted),
    (92, 92, Form::Letter('\\')),
    (93, 96, Form::Quoted),
    (97, 122, Form::Bare),
    (123, 126, Form::Quoted),
    (127, 127, Form::Letter('d')),
    (128, 159, Form::Octal),
    (160, 222, Form::Quoted),
    (223, 246, Form::Bare),
    (247, 247, Form::Quoted),
    (248, 255, Form::Bare),
    (256, 12287, Form::Hexadecimal),
];

/// `io_lib:format("~w", [list_to_atom([$a, C])])` where it differs from [`ALONE`].
const AFTER_A_LETTER: &[(u32, u32, Form)] = &[
    (48, 57, Form::Bare),
    (64, 90, Form::Bare),
    (95, 95, Form::Bare),
    (192, 214, Form::Bare),
    (216, 222, Form::Bare),
];

fn form(table: &[(u32, u32, Form)], character: char) -> Option<Form> {
    table
        .iter()
        .find(|(first, last, _)| (*first..=*last).contains(&u32::from(character)))
        .map(|(_, _, form)| *form)
}

#[test]
fn every_character_up_to_hiragana() {
    for character in '\0'..='\u{2fff}' {
        let alone = form(ALONE, character).unwrap();
        let after = form(AFTER_A_LETTER, character).unwrap_or(alone);
        for (before, expected) in [("", alone), ("a", after)] {
            let text = format!("{before}{character}");
            assert_eq!(latin1(&text), expected.of(before, character));
            let expected = if expected == Form::Hexadecimal { Form::Quoted } else { expected };
            assert_eq!(unicode(&text), expected.of(before, character));
        }
    }
}

#[test]
fn a_table_prints_its_atoms() {
    let mut table = AtomTable::new(AtomLimit::DEFAULT);
    let atom = table.insert("Elixir.Enum").unwrap();
    assert_eq!(table.print(atom, Charset::Unicode).to_string(), "'Elixir.Enum'");
}
