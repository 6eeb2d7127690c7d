// SPDX-License-Identifier: Apache-2.0
//! Terms as `file:consult/1` reads them: the reference manual's data types, comments, strings side by side.

use super::{DEEPEST, Term, TermError};

/// Reads the first term of a text. A full stop follows it, and perhaps more.
///
/// # Errors
/// [`TermError`]
pub fn parse(text: &str) -> Result<Term, TermError> {
    let mut reader = Reader { text: text.as_bytes(), at: 0 };
    let term = reader.term(0)?;
    reader.blanks();
    if reader.peek() == Some(b'.') { Ok(term) } else { Err(reader.error("there is no full stop")) }
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn error(&self, what: &'static str) -> TermError {
        TermError { what, position: self.at }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn next(&mut self) -> Result<u8, TermError> {
        let byte = self.peek().ok_or_else(|| self.error("the text ends early"))?;
        self.at += 1;
        Ok(byte)
    }

    /// Skips white space and comments.
    fn blanks(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b'%' => {
                    while self.peek().is_some_and(|byte| byte != b'\n') {
                        self.at += 1;
                    }
                }
                0..=b' ' => self.at += 1,
                _ => return,
            }
        }
    }

    /// Takes some bytes if they are next, after blanks.
    fn takes(&mut self, bytes: &[u8]) -> bool {
        self.blanks();
        let is_next = self.text[self.at..].starts_with(bytes);
        if is_next {
            self.at += bytes.len();
        }
        is_next
    }

    fn term(&mut self, depth: u32) -> Result<Term, TermError> {
        if depth > DEEPEST {
            return Err(self.error("the term is too deep"));
        }
        self.blanks();
        match self.next()? {
            b'[' => self.elements(b"]", depth).map(Term::List),
            b'{' => self.elements(b"}", depth).map(Term::Tuple),
            b'"' => {
                let mut text = self.quoted(b'"')?;
                while self.takes(b"\"") {
                    text.push_str(&self.quoted(b'"')?);
                }
                Ok(Term::Text(text))
            }
            b'\'' => self.quoted(b'\'').map(Term::Atom),
            b'<' if self.takes(b"<") => self.binary(),
            b'#' if self.takes(b"{") => {
                while !self.takes(b"}") {
                    self.term(depth + 1)?;
                    if !self.takes(b"=>") {
                        return Err(self.error("a map has no =>"));
                    }
                    self.term(depth + 1)?;
                    if !self.takes(b",") && !self.text[self.at..].starts_with(b"}") {
                        return Err(self.error("a map does not go on"));
                    }
                }
                Ok(Term::Other)
            }
            b'$' => {
                let byte = self.next()?;
                let character = if byte == b'\\' { self.escape()? } else { self.character(byte)? };
                Ok(Term::Integer(i64::from(u32::from(character))))
            }
            b'a'..=b'z' => {
                let start = self.at - 1;
                while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_@".contains(&byte)) {
                    self.at += 1;
                }
                Ok(Term::Atom(String::from_utf8_lossy(&self.text[start..self.at]).into_owned()))
            }
            byte @ (b'-' | b'+' | b'0'..=b'9') => self.number(byte),
            _ => {
                self.at -= 1;
                Err(self.error("no term begins like this"))
            }
        }
    }

    fn elements(&mut self, end: &[u8], depth: u32) -> Result<Vec<Term>, TermError> {
        let mut elements = Vec::new();
        while !self.takes(end) {
            if !elements.is_empty() && !self.takes(b",") && !self.takes(b"|") {
                return Err(self.error("a list or tuple does not go on"));
            }
            elements.push(self.term(depth + 1)?);
        }
        Ok(elements)
    }

    fn binary(&mut self) -> Result<Term, TermError> {
        let mut bytes = Vec::new();
        while !self.takes(b">>") {
            match self.term(DEEPEST)? {
                Term::Text(text) => bytes.extend_from_slice(text.as_bytes()),
                Term::Integer(number) => bytes.push(number as u8),
                _ => return Err(self.error("a binary has bytes and strings")),
            }
            self.takes(b"/utf8");
            self.takes(b",");
        }
        Ok(Term::Binary(bytes))
    }

    fn number(&mut self, first: u8) -> Result<Term, TermError> {
        let start = self.at - usize::from(first.is_ascii_digit());
        while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_#".contains(&byte)) {
            self.at += 1;
        }
        // A full stop ends the term unless a digit follows, as in a float.
        let is_float =
            self.peek() == Some(b'.') && self.text.get(self.at + 1).is_some_and(u8::is_ascii_digit);
        if is_float {
            self.at += 1;
            while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || b"+-".contains(&byte)) {
                self.at += 1;
            }
            return Ok(Term::Other);
        }
        let digits = String::from_utf8_lossy(&self.text[start..self.at]).replace('_', "");
        let (base, digits) = digits.split_once('#').unwrap_or(("10", &digits));
        let base = base.parse().ok().filter(|base| (2..=36).contains(base));
        let number = base.map(|base| i64::from_str_radix(digits, base));
        match number {
            Some(Ok(number)) if first == b'-' => Ok(Term::Integer(-number)),
            Some(Ok(number)) => Ok(Term::Integer(number)),
            _ if digits.len() > 12 && digits.bytes().all(|byte| byte.is_ascii_digit()) => Ok(Term::Other),
            _ => Err(self.error("this is no number")),
        }
    }

    fn quoted(&mut self, quote: u8) -> Result<String, TermError> {
        let mut text = String::new();
        loop {
            let byte = self.next()?;
            if byte == quote {
                return Ok(text);
            }
            text.push(if byte == b'\\' { self.escape()? } else { self.character(byte)? });
        }
    }

    /// The character that begins with a byte that was read.
    fn character(&mut self, first: u8) -> Result<char, TermError> {
        let start = self.at - 1;
        let length = match first {
            0..=0x7F => 1,
            0xC0..=0xDF => 2,
            0xE0..=0xEF => 3,
            _ => 4,
        };
        let character =
            self.text.get(start..start + length).and_then(|bytes| std::str::from_utf8(bytes).ok());
        let character = character.and_then(|text| text.chars().next());
        let character = character.ok_or_else(|| self.error("this is not UTF-8"))?;
        self.at = start + length;
        Ok(character)
    }

    fn escape(&mut self) -> Result<char, TermError> {
        let byte = self.next()?;
        Ok(match byte {
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'v' => '\x0B',
            b'b' => '\x08',
            b'f' => '\x0C',
            b'e' => '\x1B',
            b's' => ' ',
            b'd' => '\x7F',
            b'^' => char::from(self.next()? & 31),
            b'x' => {
                let digits = if self.takes_now(b'{') {
                    let start = self.at;
                    while self.next()? != b'}' {}
                    &self.text[start..self.at - 1]
                } else {
                    let start = self.at;
                    self.next()?;
                    self.next()?;
                    &self.text[start..self.at]
                };
                let number = std::str::from_utf8(digits).ok();
                let number = number.and_then(|digits| u32::from_str_radix(digits, 16).ok());
                number.and_then(char::from_u32).ok_or_else(|| self.error("there is no such character"))?
            }
            b'0'..=b'7' => {
                let mut number = u32::from(byte - b'0');
                for _ in 0..2 {
                    match self.peek() {
                        Some(digit @ b'0'..=b'7') => {
                            number = number * 8 + u32::from(digit - b'0');
                            self.at += 1;
                        }
                        _ => break,
                    }
                }
                char::from_u32(number).ok_or_else(|| self.error("there is no such character"))?
            }
            byte => self.character(byte)?,
        })
    }

    fn takes_now(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }
}

#[cfg(test)]
mod tests {
    use super::super::Term;
    use super::parse;

    #[test]
    fn an_application_file_is_read() {
        let text = "%% coding: utf-8\n{application, 'my app',\n [{vsn,\"1.\" \"2\"}, % x\n  {modules,[a,b_c@d]},\n  \
                    {env,[{x,#{a=>1.5e-3,\"k\"=>[]}},{y,<<\"ab\",3>>},{z,[1|2]},{n,-16#fF},{c,$\\n}]},{'big',123456789012345678901234567890},{f,2.0}]}.\n";
        let term = parse(text).expect("a term");
        let [name, properties] = term.tagged("application").expect("its tag") else { panic!("two elements") };
        assert_eq!(name.atom(), Some("my app"));
        assert_eq!(properties.property("vsn").and_then(Term::text), Some("1.2"));
        assert_eq!(properties.property("modules").expect("modules").atoms(), ["a", "b_c@d"]);
        let env = properties.property("env").expect("env");
        assert_eq!(env.property("y"), Some(&Term::Binary(b"ab\x03".to_vec())));
        assert_eq!(env.property("n"), Some(&Term::Integer(-255)));
        assert_eq!(env.property("c"), Some(&Term::Integer(10)));
        assert_eq!(properties.property("big"), Some(&Term::Other));
    }

    #[test]
    fn damage_is_told_with_its_place() {
        assert_eq!(parse("{a,").expect_err("no term").to_string(), "the text ends early at byte 3");
        assert_eq!(parse("[a b].").expect_err("no term").position, 3);
        assert_eq!(parse("A.").expect_err("no term").what, "no term begins like this");
        assert_eq!(parse("a").expect_err("no term").what, "there is no full stop");
        assert!(parse(&format!("{}.", "[".repeat(10_000))).is_err());
        for text in ["", "\"\\x{110000}\".", "\"\u{e9}", "<<a>>.", "#{a}.", "$", "\"\\x", "-.", "99#1."] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(
            parse("\"\\x{e9}\u{e9}\\351\\^A\".").expect("a term").text(),
            Some("\u{e9}\u{e9}\u{e9}\x01")
        );
    }
}
