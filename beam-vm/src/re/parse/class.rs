// SPDX-License-Identifier: Apache-2.0
//! Classes in brackets (`pcrepattern`, "Square brackets and character classes" and "POSIX character classes").

use super::super::error::ErrorKind;
use super::super::latin1::{self, Class};
use super::super::options::Flags;
use super::super::program::Op;
use super::super::set::{CharSet, Property};
use super::super::unicode::{self, Category};
use super::Parser;
use super::escape::{Escape, Within};

/// A class that is being read.
struct Builder {
    set: CharSet,
    /// Characters above 255 or properties were named.
    is_wide: bool,
    /// A complement was named, which takes in all above 255.
    takes_wide: bool,
    /// The only character that was named.
    only: Option<u32>,
    /// How many things were named.
    items: u32,
}

impl Parser<'_> {
    /// The class whose bracket is at hand. Afterwards its closing bracket is.
    pub(super) fn class(&mut self) -> Result<(), ErrorKind> {
        if let Some(kind @ (b':' | b'.' | b'=')) = self.peek(1)
            && self.posix_end(self.pos).is_some()
        {
            return Err(if kind == b':' {
                ErrorKind::PosixOutsideClass
            } else {
                ErrorKind::CollatingElement
            });
        }
        let mut negated = false;
        self.pos += 1;
        loop {
            match self.peek(0) {
                Some(b'\\') if self.peek(1) == Some(b'E') => self.pos += 2,
                Some(b'\\') if self.rest().starts_with(b"\\Q\\E") => self.pos += 4,
                Some(b'^') if !negated => {
                    negated = true;
                    self.pos += 1;
                }
                _ => break,
            }
        }
        let mut class =
            Builder { set: CharSet::default(), is_wide: false, takes_wide: false, only: None, items: 0 };
        let mut quoted = false;
        let mut is_first = true;
        loop {
            let Some(byte) = self.peek(0) else { return Err(ErrorKind::ClassUnterminated) };
            if byte == b']' && !quoted && !is_first {
                break;
            }
            is_first = false;
            self.class_item(byte, &mut class, &mut quoted)?;
            self.pos += 1;
        }
        self.finish_class(class, negated);
        Ok(())
    }

    /// One thing in a class. Afterwards its last byte is at hand.
    fn class_item(&mut self, byte: u8, class: &mut Builder, quoted: &mut bool) -> Result<(), ErrorKind> {
        if *quoted && byte == b'\\' && self.peek(1) == Some(b'E') {
            *quoted = false;
            self.pos += 1;
            return Ok(());
        }
        let mut code = self.char_here();
        let mut len = self.char_len();
        if !*quoted {
            if byte == b'['
                && matches!(self.peek(1), Some(b':' | b'.' | b'='))
                && let Some(end) = self.posix_end(self.pos)
            {
                return self.posix_class(class, end);
            }
            if byte == b'\\' {
                match self.escape(Within::Class)? {
                    Escape::Char(char) => code = char,
                    Escape::Letter(b'b') => code = 8,
                    Escape::Letter(b'N') => return Err(ErrorKind::NotNewlineInClass),
                    Escape::Letter(b'E') => return Ok(()),
                    Escape::Letter(b'Q') => {
                        if self.peek(1) == Some(b'\\') && self.peek(2) == Some(b'E') {
                            self.pos += 2;
                        } else {
                            *quoted = true;
                        }
                        return Ok(());
                    }
                    Escape::Letter(letter) => {
                        if self.class_escape(letter, class)? {
                            return Ok(());
                        }
                        if self.flags.has(Flags::EXTRA) {
                            return Err(ErrorKind::ClassEscape);
                        }
                        code = u32::from(letter);
                    }
                    Escape::Reference(_) => {}
                }
                len = 1;
            }
        }
        self.pos += len - 1;
        let before = self.pos;
        self.note_line_end(code);
        while self.peek(1) == Some(b'\\') && self.peek(2) == Some(b'E') {
            *quoted = false;
            self.pos += 2;
        }
        if *quoted || self.peek(1) != Some(b'-') {
            self.pos = if *quoted { before } else { self.pos };
            self.add_char(class, code);
            return Ok(());
        }
        self.pos += 2;
        while self.rest().starts_with(b"\\E") {
            self.pos += 2;
        }
        while self.rest().starts_with(b"\\Q") {
            self.pos += 2;
            if self.rest().starts_with(b"\\E") {
                self.pos += 2;
                continue;
            }
            *quoted = true;
            break;
        }
        match self.peek(0) {
            None => {
                self.pos = before;
                *quoted = false;
                self.add_char(class, code);
                return Ok(());
            }
            Some(b']') if !*quoted => {
                self.pos = before;
                self.add_char(class, code);
                return Ok(());
            }
            Some(b'[')
                if !*quoted
                    && matches!(self.peek(1), Some(b':' | b'.' | b'='))
                    && self.posix_end(self.pos).is_some() =>
            {
                return Err(ErrorKind::InvalidRange);
            }
            _ => {}
        }
        let mut to = self.char_here();
        if !*quoted && self.peek(0) == Some(b'\\') {
            match self.escape(Within::Class)? {
                Escape::Char(char) => to = char,
                Escape::Letter(b'b') => to = 8,
                _ => return Err(ErrorKind::InvalidRange),
            }
        } else {
            self.pos += self.char_len() - 1;
        }
        if to < code {
            return Err(ErrorKind::RangeOrder);
        }
        if to == code {
            self.add_char(class, code);
            return Ok(());
        }
        self.note_line_end(to);
        self.add_range(class, code, to);
        class.items += 2;
        Ok(())
    }

    fn add_char(&self, class: &mut Builder, code: u32) {
        class.items += 1;
        class.only = Some(code);
        self.add_range(class, code, code);
    }

    fn add_range(&self, class: &mut Builder, from: u32, to: u32) {
        let to = if self.is_utf() { to } else { to.min(255) };
        if self.flags.has(Flags::CASELESS) {
            if self.is_utf() {
                for code in unicode::cased_between(from, to) {
                    for other in unicode::cases(code) {
                        class.is_wide |= *other > 255;
                        class.set.add_range(*other, *other);
                    }
                }
            } else {
                for byte in from..=to {
                    class.set.add_byte(latin1::other_case(byte as u8));
                }
            }
        }
        class.is_wide |= to > 255;
        class.set.add_range(from, to);
    }

    /// `\d` and the like. Says whether the letter is one of those.
    fn class_escape(&mut self, letter: u8, class: &mut Builder) -> Result<bool, ErrorKind> {
        let ucp = self.flags.has(Flags::UCP);
        match letter {
            b'd' | b'D' if ucp => {
                self.add_property(class, Property::Category(Category::Nd), letter == b'D');
            }
            b's' | b'S' if ucp => self.add_property(class, Property::Space, letter == b'S'),
            b'w' | b'W' if ucp => self.add_property(class, Property::Word, letter == b'W'),
            b'd' => class.add_bits(Class::Digit, true),
            b'D' => class.add_bits(Class::Digit, false),
            b's' => class.add_bits(Class::Space, true),
            b'S' => class.add_bits(Class::Space, false),
            b'w' => class.add_bits(Class::Word, true),
            b'W' => class.add_bits(Class::Word, false),
            b'h' | b'H' => self.add_spaces(class, latin1::is_horizontal, letter == b'H'),
            b'v' | b'V' => self.add_spaces(class, latin1::is_vertical, letter == b'V'),
            b'p' | b'P' => {
                let (property, turned) = self.property()?;
                self.add_property(class, property, turned);
            }
            _ => return Ok(false),
        }
        class.items += 2;
        Ok(true)
    }

    fn add_property(&self, class: &mut Builder, property: Property, turned: bool) {
        class.is_wide = true;
        for byte in 0..=255 {
            if property.has(u32::from(byte)) != turned {
                class.set.add_byte(byte);
            }
        }
        class.set.properties.push((property, turned));
    }

    /// `\h`, `\v` and their complements.
    fn add_spaces(&self, class: &mut Builder, is_one: fn(u32) -> bool, turned: bool) {
        let last = if self.is_utf() { 0x10_FFFF } else { 255 };
        // All of them are below this.
        let limit = 0x3001.min(last);
        let mut start = None;
        for code in 0..=limit {
            match (is_one(code) != turned, start) {
                (true, None) => start = Some(code),
                (false, Some(from)) => {
                    class.set.add_range(from, code - 1);
                    start = None;
                }
                _ => {}
            }
        }
        if let Some(from) = start {
            class.set.add_range(from, if turned { last } else { limit });
        }
        class.is_wide |= self.is_utf();
    }

    /// A POSIX class whose bracket is at hand and whose colon at the end is at `end`. Afterwards its closing bracket is at hand.
    fn posix_class(&mut self, class: &mut Builder, end: usize) -> Result<(), ErrorKind> {
        if self.peek(1) != Some(b':') {
            return Err(ErrorKind::CollatingElement);
        }
        self.pos += 2;
        let negated = self.peek(0) == Some(b'^');
        if negated {
            self.pos += 1;
        }
        let name = self.text.get(self.pos..end).unwrap_or_default();
        let known = Class::NAMES.iter().find(|(known, _)| known.as_bytes() == name);
        let Some((_, mut kind)) = known.copied() else { return Err(ErrorKind::UnknownPosixClass) };
        if self.flags.has(Flags::CASELESS) && matches!(kind, Class::Lower | Class::Upper) {
            kind = Class::Alpha;
        }
        class.items += 2;
        self.pos = end + 1;
        if self.flags.has(Flags::UCP) {
            let property = match kind {
                Class::Alpha => Some(Property::Major(b'L')),
                Class::Lower => Some(Property::Category(Category::Ll)),
                Class::Upper => Some(Property::Category(Category::Lu)),
                Class::Alnum => Some(Property::Alnum),
                Class::Cntrl => Some(Property::Category(Category::Cc)),
                Class::Digit => Some(Property::Category(Category::Nd)),
                Class::Space => Some(Property::Space),
                Class::Word => Some(Property::Word),
                Class::Graph => Some(Property::Graph),
                Class::Print => Some(Property::Print),
                Class::Punct => Some(Property::Punct),
                Class::Blank => {
                    self.add_spaces(class, latin1::is_horizontal, negated);
                    return Ok(());
                }
                Class::Ascii | Class::Xdigit => None,
            };
            if let Some(property) = property {
                self.add_property(class, property, negated);
                return Ok(());
            }
        }
        class.add_bits(kind, !negated);
        Ok(())
    }

    /// Where `[:` at a place ends: the colon.
    fn posix_end(&self, start: usize) -> Option<usize> {
        let terminator = *self.text.get(start + 1)?;
        let mut at = start + 2;
        loop {
            match (*self.text.get(at)?, self.text.get(at + 1).copied()) {
                (b'\\', Some(b']' | b'\\')) => at += 1,
                (b']', _) => return None,
                (b'[', Some(next)) if next == terminator => return None,
                (byte, Some(b']')) if byte == terminator => return Some(at),
                _ => {}
            }
            at += 1;
        }
    }

    fn finish_class(&mut self, class: Builder, negated: bool) {
        if let (Some(code), 1) = (class.only, class.items) {
            if negated {
                self.not_char(code);
            } else {
                self.literal(code);
            }
            return;
        }
        let mut set = class.set;
        if negated {
            for word in &mut set.bits {
                *word = !*word;
            }
        }
        if class.is_wide && (!set.properties.is_empty() || !class.takes_wide) {
            if class.takes_wide && !negated && !self.flags.has(Flags::UCP) {
                set.ranges.push((256, 0x10_FFFF));
            }
            set.inverted = negated;
        } else {
            set.ranges.clear();
            set.properties.clear();
            set.inverted = class.takes_wide != negated;
        }
        set.normalise();
        let index = self.intern(set);
        self.single(Op::Set(index));
    }

    /// `[^x]`
    fn not_char(&mut self, code: u32) {
        let op = match self.same_letters(code) {
            Letters::One => Op::Not(code),
            Letters::Two(other) => Op::Neither(code, other),
            Letters::More(all) => {
                let mut set = CharSet { inverted: true, ..CharSet::default() };
                for code in all {
                    set.add_range(*code, *code);
                }
                for word in &mut set.bits {
                    *word = !*word;
                }
                set.normalise();
                Op::Set(self.intern(set))
            }
        };
        self.single(op);
    }

    /// The letters that count as the same one.
    pub(super) fn same_letters(&self, code: u32) -> Letters {
        if !self.flags.has(Flags::CASELESS) {
            return Letters::One;
        }
        if !self.is_utf() {
            return match u8::try_from(code).map(latin1::other_case) {
                Ok(other) if u32::from(other) != code => Letters::Two(u32::from(other)),
                _ => Letters::One,
            };
        }
        match unicode::cases(code) {
            [] => Letters::One,
            [one, two] => Letters::Two(if *one == code { *two } else { *one }),
            more => Letters::More(more),
        }
    }
}

/// The letters that count as the same one.
pub(super) enum Letters {
    /// None but itself.
    One,
    /// One other.
    Two(u32),
    /// These, itself among them.
    More(&'static [u32]),
}

impl Builder {
    fn add_bits(&mut self, kind: Class, wanted: bool) {
        self.takes_wide |= !wanted;
        for byte in 0..=255 {
            if kind.has(byte) == wanted {
                self.set.add_byte(byte);
            }
        }
    }
}
