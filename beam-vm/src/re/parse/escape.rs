// SPDX-License-Identifier: Apache-2.0
//! What follows a backslash (`pcrepattern`, "Backslash").

use super::super::error::ErrorKind;
use super::super::options::Flags;
use super::super::set::Property;
use super::super::unicode::{Category, Script};
use super::Parser;

/// Where an escape stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Within {
    /// Between brackets.
    Class,
    /// Elsewhere.
    Pattern,
}

/// What an escape stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Escape {
    /// A character.
    Char(u32),
    /// What a group has matched.
    Reference(u32),
    /// A letter that means something: the one after the backslash.
    Letter(u8),
}

/// The letters that mean something.
const LETTERS: &[u8] = b"ABCDEGHKNPQRSVWXZbdghkpsvwz";

impl Parser<'_> {
    /// Reads an escape whose backslash is at hand. Afterwards its last byte is at hand.
    pub(super) fn escape(&mut self, within: Within) -> Result<Escape, ErrorKind> {
        self.pos += 1;
        let Some(byte) = self.peek(0) else { return Err(ErrorKind::BackslashAtEnd) };
        if byte >= 0x80 && self.is_utf() {
            let code = self.char_here();
            self.pos += super::utf8_len(byte) - 1;
            return Ok(Escape::Char(code));
        }
        match byte {
            b'a' => Ok(Escape::Char(7)),
            b'e' => Ok(Escape::Char(27)),
            b'f' => Ok(Escape::Char(12)),
            b'n' => Ok(Escape::Char(10)),
            b'r' => Ok(Escape::Char(13)),
            b't' => Ok(Escape::Char(9)),
            b'l' | b'L' | b'u' | b'U' => Err(ErrorKind::NotSupportedEscape),
            b'g' if within == Within::Class => Ok(Escape::Char(u32::from(b'g'))),
            b'g' => self.reference_escape(),
            b'1'..=b'9' => self.digits_escape(within),
            b'0' => Ok(Escape::Char(self.octal(2))),
            b'o' => self.braced_octal(),
            b'x' => self.hexadecimal(),
            b'c' => self.control(),
            b'N' if within == Within::Pattern
                && self.peek(1) == Some(b'{')
                && !self.is_counted_at(self.pos + 2) =>
            {
                Err(ErrorKind::NotSupportedEscape)
            }
            _ if LETTERS.contains(&byte) => Ok(Escape::Letter(byte)),
            _ if byte.is_ascii_alphanumeric() && self.flags.has(Flags::EXTRA) => {
                Err(ErrorKind::UnknownEscape)
            }
            _ => Ok(Escape::Char(u32::from(byte))),
        }
    }

    /// `\g`
    fn reference_escape(&mut self) -> Result<Escape, ErrorKind> {
        if matches!(self.peek(1), Some(b'<' | b'\'')) {
            return Ok(Escape::Letter(b'g'));
        }
        let is_braced = self.peek(1) == Some(b'{');
        if is_braced {
            let mut at = self.pos + 2;
            while matches!(self.text.get(at), Some(b'-' | b'0'..=b'9')) {
                at += 1;
            }
            if !matches!(self.text.get(at), None | Some(b'}')) {
                return Ok(Escape::Letter(b'k'));
            }
            self.pos += 1;
        }
        let is_relative = self.peek(1) == Some(b'-');
        if is_relative {
            self.pos += 1;
        }
        let mut number = 0_u32;
        while let Some(digit @ b'0'..=b'9') = self.peek(1) {
            if number > i32::MAX as u32 / 10 - 1 {
                while matches!(self.peek(1), Some(b'0'..=b'9')) {
                    self.pos += 1;
                }
                return Err(ErrorKind::NumberTooBig);
            }
            number = number * 10 + u32::from(digit - b'0');
            self.pos += 1;
        }
        if is_braced {
            self.pos += 1;
            if self.peek(0) != Some(b'}') {
                return Err(ErrorKind::MalformedReference);
            }
        }
        if number == 0 {
            return Err(ErrorKind::ReferenceZero);
        }
        if is_relative {
            return match self.groups.checked_sub(number) {
                Some(before) => Ok(Escape::Reference(before + 1)),
                None => Err(ErrorKind::NoSuchGroup),
            };
        }
        Ok(Escape::Reference(number))
    }

    /// A backslash and digits: a group, or a character in octal.
    fn digits_escape(&mut self, within: Within) -> Result<Escape, ErrorKind> {
        let first = self.peek(0).unwrap_or(b'0');
        if within == Within::Pattern {
            let start = self.pos;
            let mut number = u32::from(first - b'0');
            while let Some(digit @ b'0'..=b'9') = self.peek(1) {
                if number > i32::MAX as u32 / 10 - 1 {
                    while matches!(self.peek(1), Some(b'0'..=b'9')) {
                        self.pos += 1;
                    }
                    return Err(ErrorKind::NumberTooBig);
                }
                number = number * 10 + u32::from(digit - b'0');
                self.pos += 1;
            }
            if number < 8 || number <= self.groups {
                return Ok(Escape::Reference(number));
            }
            self.pos = start;
        }
        if first >= b'8' {
            return Ok(Escape::Char(u32::from(first)));
        }
        let code = self.octal(2);
        if code > 0xFF && !self.is_utf() {
            return Err(ErrorKind::OctalTooLarge);
        }
        Ok(Escape::Char(code))
    }

    /// The octal digit at hand and up to `more` behind it.
    fn octal(&mut self, more: usize) -> u32 {
        let mut code = self.peek(0).map_or(0, |digit| u32::from(digit - b'0'));
        for _ in 0..more {
            let Some(digit @ b'0'..=b'7') = self.peek(1) else { break };
            code = code * 8 + u32::from(digit - b'0');
            self.pos += 1;
        }
        code
    }

    /// `\o{`
    fn braced_octal(&mut self) -> Result<Escape, ErrorKind> {
        if self.peek(1) != Some(b'{') {
            return Err(ErrorKind::OctalBrace);
        }
        if self.peek(2) == Some(b'}') {
            return Err(ErrorKind::DigitsMissing);
        }
        self.braced(8, ErrorKind::NonOctal)
    }

    /// `\x`
    fn hexadecimal(&mut self) -> Result<Escape, ErrorKind> {
        if self.peek(1) != Some(b'{') {
            let mut code = 0;
            for _ in 0..2 {
                let Some(digit) = self.peek(1).and_then(|digit| char::from(digit).to_digit(16)) else {
                    break;
                };
                code = code * 16 + digit;
                self.pos += 1;
            }
            return Ok(Escape::Char(code));
        }
        if self.peek(2) == Some(b'}') {
            self.pos += 2;
            return Err(ErrorKind::DigitsMissing);
        }
        self.braced(16, ErrorKind::NonHex)
    }

    /// Digits in braces.
    fn braced(&mut self, base: u32, wrong: ErrorKind) -> Result<Escape, ErrorKind> {
        let limit = if self.is_utf() { 0x10_FFFF } else { 0xFF };
        self.pos += 2;
        let mut code = 0_u32;
        while let Some(digit) = self.peek(0).and_then(|digit| char::from(digit).to_digit(base)) {
            self.pos += 1;
            code = code * base + digit;
            if code > limit {
                while self.peek(0).is_some_and(|digit| char::from(digit).is_digit(base)) {
                    self.pos += 1;
                }
                return Err(ErrorKind::CharacterTooLarge);
            }
        }
        if self.peek(0) != Some(b'}') {
            return Err(wrong);
        }
        if self.is_utf() && matches!(code, 0xD800..=0xDFFF) {
            return Err(ErrorKind::Surrogate);
        }
        Ok(Escape::Char(code))
    }

    /// `\c`
    fn control(&mut self) -> Result<Escape, ErrorKind> {
        self.pos += 1;
        match self.peek(0) {
            None => Err(ErrorKind::ControlAtEnd),
            Some(byte) if !byte.is_ascii() => Err(ErrorKind::ControlNotAscii),
            Some(byte) => Ok(Escape::Char(u32::from(byte.to_ascii_uppercase() ^ 0x40))),
        }
    }

    /// `\p` or `\P`, which is at hand. Gives the property and whether it is turned round. Afterwards its last byte is at hand.
    pub(super) fn property(&mut self) -> Result<(Property, bool), ErrorKind> {
        let mut turned = self.peek(0) == Some(b'P');
        self.pos += 1;
        let Some(byte) = self.peek(0) else { return Err(ErrorKind::MalformedProperty) };
        if byte != b'{' {
            let property = named(core::slice::from_ref(&byte)).ok_or(ErrorKind::UnknownProperty)?;
            return Ok((property, turned));
        }
        if self.peek(1) == Some(b'^') {
            turned = !turned;
            self.pos += 1;
        }
        // PCRE keeps 50 bytes of a name at most.
        let start = self.pos + 1;
        for len in 0..49 {
            self.pos += 1;
            match self.peek(0) {
                None => return Err(ErrorKind::MalformedProperty),
                Some(0) => return Err(ErrorKind::MalformedProperty),
                Some(b'}') => {
                    let name = self.text.get(start..start + len).unwrap_or_default();
                    return Ok((named(name).ok_or(ErrorKind::UnknownProperty)?, turned));
                }
                Some(_) => {}
            }
        }
        Err(ErrorKind::MalformedProperty)
    }
}

/// The property of a name.
fn named(name: &[u8]) -> Option<Property> {
    let property = match name {
        b"Any" => Property::Any,
        b"L&" => Property::Cased,
        b"Xan" => Property::Alnum,
        b"Xsp" | b"Xps" => Property::Space,
        b"Xwd" => Property::Word,
        b"Xuc" => Property::Ucn,
        [letter @ (b'C' | b'L' | b'M' | b'N' | b'P' | b'S' | b'Z')] => Property::Major(*letter),
        _ => {
            if let Some(at) = Category::NAMES.iter().position(|known| known.as_bytes() == name) {
                return Category::ALL.get(at).copied().map(Property::Category);
            }
            let at = Script::NAMES.iter().position(|known| known.as_bytes() == name)?;
            Property::Script(Script(at as u8))
        }
    };
    Some(property)
}
