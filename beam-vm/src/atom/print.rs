// SPDX-License-Identifier: Apache-2.0
//! Atoms as Erlang source writes them, by the rules of OTP 25's `io_lib:write_atom/1` and `io_lib:write_atom_as_latin1/1`.

use core::fmt::{self, Write};

/// Which characters may be written as they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Charset {
    /// Those of Latin-1, as `~w` and `~p` do it; others are escaped.
    Latin1,
    /// All, as `~tw` and `~tp` do it.
    Unicode,
}

/// The words that are no atoms unless they are quoted.
const RESERVED: &[&str] = &[
    "after", "and", "andalso", "band", "begin", "bnot", "bor", "bsl", "bsr", "bxor", "case", "catch", "cond",
    "div", "end", "fun", "if", "let", "not", "of", "or", "orelse", "receive", "rem", "try", "when", "xor",
];

/// A text that displays as an atom.
#[derive(Clone, Copy, Debug)]
pub struct Printed<'a> {
    text: &'a str,
    charset: Charset,
}

impl<'a> Printed<'a> {
    /// The atom of this text.
    #[must_use]
    pub fn new(text: &'a str, charset: Charset) -> Self {
        Self { text, charset }
    }
}

impl fmt::Display for Printed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !needs_quotes(self.text) {
            return f.write_str(self.text);
        }
        f.write_char('\'')?;
        self.text.chars().try_for_each(|character| write_quoted(f, character, self.charset))?;
        f.write_char('\'')
    }
}

/// Whether a text is no atom without quotes: OTP 25 takes letters of Latin-1 only.
fn needs_quotes(text: &str) -> bool {
    !text.starts_with(is_lower) || !text.chars().all(is_name) || RESERVED.contains(&text)
}

/// Whether an atom may begin with the character.
fn is_lower(character: char) -> bool {
    matches!(character, 'a'..='z' | 'ß'..='ö' | 'ø'..='ÿ')
}

/// Whether an atom may go on with the character.
fn is_name(character: char) -> bool {
    is_lower(character) || matches!(character, 'A'..='Z' | 'À'..='Ö' | 'Ø'..='Þ' | '0'..='9' | '_' | '@')
}

/// One character between the quotes.
fn write_quoted(f: &mut fmt::Formatter<'_>, character: char, charset: Charset) -> fmt::Result {
    let escape = match character {
        '\'' | '\\' => character,
        '\x08' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\x0b' => 'v',
        '\x0c' => 'f',
        '\r' => 'r',
        '\x1b' => 'e',
        '\x7f' => 'd',
        '\0'..='\x1f' | '\u{80}'..='\u{9f}' => return write!(f, "\\{:03o}", u32::from(character)),
        '\u{100}'.. if charset == Charset::Latin1 => return write!(f, "\\x{{{:X}}}", u32::from(character)),
        _ => return f.write_char(character),
    };
    write!(f, "\\{escape}")
}
