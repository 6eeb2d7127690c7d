// SPDX-License-Identifier: Apache-2.0
//! Reads a pattern (`pcrepattern`, as of PCRE 8.44) and writes its operations in the same pass.
//!
//! Groups that are open are on a stack of their own, so patterns may nest as deep as stock allows. PCRE reads a pattern twice, and some
//! errors are found the second time only: those are kept here until the pattern is read, and count if nothing else is wrong.

mod branch;
mod call;
mod class;
mod condition;
mod escape;
mod group;
mod quantifier;
mod verb;

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::error::{CompileError, ErrorKind};
use super::latin1::Class;
use super::options::{Bsr, Flags, Newline, Options};
use super::program::{Name, Op, Place, Type};
use super::set::{CharSet, Property};
use super::unicode::Category;
use branch::{Branch, Branches, Length, Needs, Varies};
use class::Letters;
use escape::{Escape, Within};
pub(super) use group::BY_NAME;
use group::{Level, Look};

/// The bytes that PCRE's compiled form may have.
const LARGEST: usize = 65535;

/// What has been read of a pattern.
pub struct Parser<'p> {
    text: &'p [u8],
    pos: usize,
    /// The options at this place.
    flags: Flags,
    /// What the pattern itself says for all of it.
    pub(super) seen: Flags,
    pub(super) newline: Newline,
    pub(super) bsr: Bsr,
    pub(super) match_limit: Option<u32>,
    pub(super) depth_limit: Option<u32>,
    pub(super) ops: Vec<Op>,
    pub(super) sets: Vec<CharSet>,
    pub(super) names: Vec<Name>,
    /// Names that references and verbs use, by their numbers in operations.
    pub(super) labels: Vec<Box<[u8]>>,
    /// Groups so far.
    pub(super) groups: u32,
    /// Which groups are complete, and of those, which can match nothing and how long they are.
    closed: Vec<Option<(bool, Length)>>,
    /// The group that is referred to with the highest number.
    top_reference: u32,
    /// The groups that are referred to: those below 32 by their bits, all others by the first.
    pub(super) referenced: u32,
    levels: Vec<Level>,
    branch: Branch,
    varies: Varies,
    /// Where the last item begins, if it may be repeated.
    previous: Option<usize>,
    late: Option<CompileError>,
    /// Names that are used, and where.
    wanted: Vec<(usize, Box<[u8]>)>,
    /// Numbers of groups that are used, and where.
    used_calls: Vec<(usize, u32)>,
    /// The estimated bytes of PCRE's compiled form.
    size: usize,
    pub(super) has_accept: bool,
    pub(super) has_prune_or_skip: bool,
}

/// What is known of a whole pattern.
pub struct Summary {
    /// What it begins with.
    pub first: Needs,
    /// What it needs.
    pub required: Needs,
    /// The options at its start.
    pub flags: Flags,
}

pub use branch::Needs as Need;

/// How many bytes a character of UTF-8 has, by the first.
#[must_use]
pub const fn utf8_len(first: u8) -> usize {
    match first {
        0xF0.. => 4,
        0xE0.. => 3,
        0xC0.. => 2,
        _ => 1,
    }
}

/// The character at a place of valid UTF-8, and its bytes; a byte that begins none stands for itself.
#[must_use]
#[inline]
pub fn decode(text: &[u8], pos: usize) -> Option<(u32, usize)> {
    let first = *text.get(pos)?;
    if first < 0xC0 {
        return Some((u32::from(first), 1));
    }
    let len = utf8_len(first);
    let rest = text.get(pos + 1..pos + len);
    let Some(rest) = rest else { return Some((u32::from(first), 1)) };
    let code = u32::from(first) & (0x7F >> len);
    Some((rest.iter().fold(code, |code, byte| code << 6 | u32::from(byte & 0x3F)), len))
}

impl<'p> Parser<'p> {
    /// A parser of a pattern.
    pub fn new(text: &'p [u8], options: Options) -> Self {
        Self {
            text,
            pos: 0,
            flags: options.flags,
            seen: Flags::default(),
            newline: options.newline,
            bsr: options.bsr,
            match_limit: None,
            depth_limit: None,
            ops: Vec::new(),
            sets: Vec::new(),
            names: Vec::new(),
            labels: Vec::new(),
            groups: 0,
            closed: [None].into(),
            top_reference: 0,
            referenced: 0,
            levels: Vec::new(),
            branch: Branch::NEW,
            varies: Varies::No,
            previous: None,
            late: None,
            wanted: Vec::new(),
            used_calls: Vec::new(),
            size: 1,
            has_accept: false,
            has_prune_or_skip: false,
        }
    }

    /// Reads all of it.
    ///
    /// # Errors
    /// What PCRE says, and where.
    pub fn run(&mut self) -> Result<Summary, CompileError> {
        let never = self.flags.has(Flags::NEVER_UTF);
        self.leading();
        if self.is_utf() {
            if never {
                return Err(CompileError { kind: ErrorKind::UtfDisabled, offset: 0 });
            }
            let rest = self.text.get(self.pos..).unwrap_or_default();
            if let Err(error) = core::str::from_utf8(rest) {
                return Err(CompileError { kind: ErrorKind::InvalidUtf8, offset: error.valid_up_to() });
            }
        }
        if self.flags.has(Flags::NEWLINE_UNCLEAR) || self.flags.has(Flags::BSR_UNCLEAR) {
            return Err(CompileError { kind: ErrorKind::InconsistentNewline, offset: 0 });
        }
        let flags = self.flags;
        self.levels.push(Level::whole(self.flags));
        self.open_whole();
        let result = self.items();
        let error = match result {
            Err(kind) => Some(CompileError { kind, offset: self.pos }),
            Ok(()) => None,
        };
        let error = error.or_else(|| (self.size > LARGEST).then_some(self.at_end(ErrorKind::TooLarge)));
        let error = error.or_else(|| self.late_error());
        let missing = self.top_reference > self.groups;
        let error = error.or_else(|| missing.then_some(self.at_end(ErrorKind::NoSuchGroup)));
        if let Some(error) = error {
            return Err(error);
        }
        let branches = self.levels.last().map_or(Branches::NEW, |level| level.branches);
        Ok(Summary { first: branches.first, required: branches.required, flags })
    }

    /// The first of the errors that PCRE finds when it reads a pattern for the second time.
    fn late_error(&self) -> Option<CompileError> {
        let missing_name =
            self.wanted.iter().find(|(_, name)| !self.names.iter().any(|known| known.text == *name));
        let missing_group = self.used_calls.iter().find(|(_, number)| *number > self.groups);
        let offsets = missing_name.map(|(offset, _)| *offset).into_iter();
        let missing = offsets.chain(missing_group.map(|(offset, _)| *offset));
        let missing = missing.map(|offset| CompileError { kind: ErrorKind::NoSuchGroup, offset });
        self.late.into_iter().chain(missing).min_by_key(|error| error.offset)
    }

    fn at_end(&self, kind: ErrorKind) -> CompileError {
        CompileError { kind, offset: self.text.len() }
    }

    /// All items up to the end of the pattern.
    fn items(&mut self) -> Result<(), ErrorKind> {
        let mut quoted = false;
        while let Some(byte) = self.peek(0) {
            if quoted {
                if self.rest().starts_with(b"\\E") {
                    quoted = false;
                    self.pos += 2;
                    continue;
                }
                let code = self.char_here();
                self.pos += self.char_len();
                self.literal(code);
                continue;
            }
            if self.flags.has(Flags::EXTENDED) {
                if Class::Space.has(byte) {
                    self.pos += 1;
                    continue;
                }
                if byte == b'#' {
                    self.skip_comment();
                    continue;
                }
            }
            if self.rest().starts_with(b"(?#") {
                let Some(len) = self.rest().iter().position(|byte| *byte == b')') else {
                    self.pos = self.text.len();
                    return Err(ErrorKind::CommentUnterminated);
                };
                self.pos += len + 1;
                continue;
            }
            match byte {
                b'\\' => quoted = self.escaped_item()?,
                b'[' => self.bracket()?,
                b'(' => self.parenthesis()?,
                b')' => self.close_parenthesis()?,
                b'|' => self.next_alternative()?,
                b'*' | b'+' | b'?' => self.quantifier()?,
                b'{' if self.is_counted_at(self.pos + 1) => self.quantifier()?,
                b'^' => {
                    let place = if self.flags.has(Flags::MULTILINE) {
                        if self.branch.first == Needs::Unset {
                            self.branch.first = Needs::Nothing;
                            self.branch.zero_first = Needs::Nothing;
                        }
                        Place::AnyLineStart
                    } else {
                        Place::LineStart
                    };
                    self.place(place);
                }
                b'$' => {
                    let place = if self.flags.has(Flags::MULTILINE) {
                        Place::AnyLineEnd
                    } else if self.flags.has(Flags::DOLLAR_ENDONLY) {
                        Place::DollarEnd
                    } else {
                        Place::LineEnd
                    };
                    self.place(place);
                }
                b'.' => {
                    let kind = if self.flags.has(Flags::DOTALL) { Type::Any } else { Type::NotNewline };
                    self.single(Op::Type(kind));
                }
                _ => {
                    let code = self.char_here();
                    self.pos += self.char_len() - 1;
                    self.note_line_end(code);
                    self.literal(code);
                }
            }
            self.pos += 1;
        }
        if self.levels.len() > 1 {
            return Err(ErrorKind::MissingParenthesis);
        }
        self.finish_branch();
        self.close_whole();
        Ok(())
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.pos + ahead).copied()
    }

    fn rest(&self) -> &'p [u8] {
        self.text.get(self.pos..).unwrap_or_default()
    }

    pub(super) fn is_utf(&self) -> bool {
        self.flags.has(Flags::UTF)
    }

    /// The character at hand.
    fn char_here(&self) -> u32 {
        if self.is_utf() {
            decode(self.text, self.pos).map_or(0, |(code, _)| code)
        } else {
            self.peek(0).map_or(0, u32::from)
        }
    }

    /// Its bytes.
    fn char_len(&self) -> usize {
        if self.is_utf() { self.peek(0).map_or(1, utf8_len) } else { 1 }
    }

    /// Keeps an error that counts if there is no other.
    fn fail_late(&mut self, kind: ErrorKind) {
        self.late.get_or_insert(CompileError { kind, offset: self.pos });
    }

    fn note_line_end(&mut self, code: u32) {
        if code == 10 || code == 13 {
            self.seen |= Flags::HAS_CR_OR_LF;
        }
    }

    /// Skips a comment up to the end of its line.
    fn skip_comment(&mut self) {
        self.pos += 1;
        while self.pos < self.text.len() {
            if let Some(len) = self.newline.at(self.text, self.pos, self.flags) {
                self.pos += len;
                return;
            }
            self.pos += self.char_len();
        }
        self.pos = self.text.len();
    }

    fn intern(&mut self, set: CharSet) -> u32 {
        if let Some(at) = self.sets.iter().position(|known| *known == set) {
            return at as u32;
        }
        self.sets.push(set);
        (self.sets.len() - 1) as u32
    }

    /// The number of a name.
    fn label(&mut self, text: &[u8]) -> u32 {
        if let Some(at) = self.labels.iter().position(|known| **known == *text) {
            return at as u32;
        }
        self.labels.push(text.into());
        (self.labels.len() - 1) as u32
    }

    fn push(&mut self, op: Op) {
        self.size = self.size.saturating_add(self.size_of(op));
        self.ops.push(op);
    }

    /// A place: nothing that can be repeated.
    fn place(&mut self, place: Place) {
        self.previous = None;
        self.push(Op::At(place));
    }

    /// A character that is not one certain byte.
    fn single(&mut self, op: Op) {
        self.branch.some_character();
        let length = match op {
            Op::Newline | Op::Cluster => Length::VARIES,
            Op::Type(Type::Byte) if self.is_utf() => Length::Not(ErrorKind::AnyByteInLookbehind),
            _ => Length::Fixed(1),
        };
        self.branch.add(length, false);
        self.previous = Some(self.ops.len());
        self.push(op);
    }

    /// A character that stands for itself.
    fn literal(&mut self, code: u32) {
        let op = match self.same_letters(code) {
            Letters::One => Op::Char(code),
            Letters::Two(other) => Op::Either(code, other),
            Letters::More(all) => {
                let mut set = CharSet::default();
                for code in all {
                    set.add_range(*code, *code);
                }
                set.normalise();
                if self.branch.first == Needs::Unset {
                    self.branch.first = Needs::Nothing;
                    self.branch.zero_first = Needs::Nothing;
                }
                let index = self.intern(set);
                self.branch.add(Length::Fixed(1), false);
                self.previous = Some(self.ops.len());
                self.push(Op::Set(index));
                return;
            }
        };
        self.literal_needs(code);
        self.branch.add(Length::Fixed(1), false);
        self.previous = Some(self.ops.len());
        self.push(op);
    }

    /// What a literal character says of the branch.
    fn literal_needs(&mut self, code: u32) {
        let caseless = self.flags.has(Flags::CASELESS);
        let mut bytes = [0; 4];
        let bytes = if self.is_utf() {
            char::from_u32(code).map_or(&b"?"[..], |char| char.encode_utf8(&mut bytes).as_bytes())
        } else {
            bytes[0] = code as u8;
            &bytes[..1]
        };
        let can_say = bytes.len() == 1 || !caseless;
        let (lead, last) = (bytes[0], bytes[bytes.len() - 1]);
        let required = Needs::Byte { byte: last, caseless, varies: self.varies == Varies::Yes };
        let branch = &mut self.branch;
        if branch.first == Needs::Unset {
            branch.zero_first = Needs::Nothing;
            branch.zero_required = branch.required;
            if can_say {
                branch.first = Needs::Byte { byte: lead, caseless, varies: false };
                if bytes.len() > 1 {
                    branch.required = required;
                }
            } else {
                branch.first = Needs::Nothing;
                branch.required = Needs::Nothing;
            }
        } else {
            branch.zero_first = branch.first;
            branch.zero_required = branch.required;
            if can_say {
                branch.required = required;
            }
        }
    }

    /// An escape. Says whether it begins a quotation. Afterwards its last byte is at hand.
    fn escaped_item(&mut self) -> Result<bool, ErrorKind> {
        let escape = self.escape(Within::Pattern)?;
        let letter = match escape {
            Escape::Char(code) => {
                self.note_line_end(code);
                self.literal(code);
                return Ok(false);
            }
            Escape::Reference(number) => {
                self.group_reference(number);
                return Ok(false);
            }
            Escape::Letter(letter) => letter,
        };
        let ucp = self.flags.has(Flags::UCP);
        match letter {
            b'Q' => {
                if self.peek(1) == Some(b'\\') && self.peek(2) == Some(b'E') {
                    self.pos += 2;
                    return Ok(false);
                }
                return Ok(true);
            }
            b'E' => {}
            b'k' => self.name_reference_escape()?,
            b'g' => self.call_escape()?,
            b'A' => self.place(Place::SubjectStart),
            b'G' => self.place(Place::SearchStart),
            b'Z' => self.place(Place::SubjectEndOrNewline),
            b'z' => self.place(Place::SubjectEnd),
            b'b' => self.place(if ucp { Place::WordEdgeUcp } else { Place::WordEdge }),
            b'B' => self.place(if ucp { Place::NotWordEdgeUcp } else { Place::NotWordEdge }),
            b'K' => {
                self.branch.some_character();
                self.previous = None;
                self.push(Op::Keep);
            }
            b'p' | b'P' => {
                let (property, turned) = self.property()?;
                self.property_item(property, turned);
            }
            b'd' | b'D' if ucp => self.property_item(Property::Category(Category::Nd), letter == b'D'),
            b's' | b'S' if ucp => self.property_item(Property::Space, letter == b'S'),
            b'w' | b'W' if ucp => self.property_item(Property::Word, letter == b'W'),
            b'X' => self.single(Op::Cluster),
            b'R' => self.single(Op::Newline),
            b'C' => self.single(Op::Type(Type::Byte)),
            b'd' => self.single(Op::Type(Type::Digit)),
            b'D' => self.single(Op::Type(Type::NotDigit)),
            b's' => self.single(Op::Type(Type::Space)),
            b'S' => self.single(Op::Type(Type::NotSpace)),
            b'w' => self.single(Op::Type(Type::Word)),
            b'W' => self.single(Op::Type(Type::NotWord)),
            b'h' => self.single(Op::Type(Type::Horizontal)),
            b'H' => self.single(Op::Type(Type::NotHorizontal)),
            b'v' => self.single(Op::Type(Type::Vertical)),
            b'V' => self.single(Op::Type(Type::NotVertical)),
            _ => self.single(Op::Type(Type::NotNewline)),
        }
        Ok(false)
    }

    /// A property outside of a class.
    fn property_item(&mut self, property: Property, turned: bool) {
        let mut set = CharSet { inverted: false, ..CharSet::default() };
        for byte in 0..=255 {
            if property.has(u32::from(byte)) != turned {
                set.add_byte(byte);
            }
        }
        set.properties.push((property, turned));
        let index = self.intern(set);
        self.single(Op::Set(index));
    }

    /// A class, or what stands for the edges of a word.
    fn bracket(&mut self) -> Result<(), ErrorKind> {
        let rest = self.rest();
        let look = if rest.starts_with(b"[[:<:]]") {
            Look::Ahead
        } else if rest.starts_with(b"[[:>:]]") {
            Look::Behind
        } else {
            return self.class();
        };
        self.word_edge(look);
        self.pos += 6;
        Ok(())
    }

    /// The bytes that an operation has in PCRE's compiled form.
    fn size_of(&self, op: Op) -> usize {
        let len = |code: u32| if self.is_utf() { char::from_u32(code).map_or(1, char::len_utf8) } else { 1 };
        match op {
            Op::Char(code) | Op::Either(code, _) | Op::Not(code) | Op::Neither(code, _) => 1 + len(code),
            Op::Set(index) => match self.sets.get(index as usize) {
                Some(set) if set.properties.is_empty() && set.ranges.is_empty() => 33,
                Some(set) if set.properties.len() == 1 && set.ranges.is_empty() => 3,
                Some(set) => 36 + 3 * set.properties.len() + 5 * set.ranges.len(),
                None => 0,
            },
            Op::Repeat { min, max, .. } => match (min, max) {
                (0 | 1, super::program::UNLIMITED) | (0, 1) => 0,
                (min, max) if u32::from(min) == max || min == 0 => 2,
                _ => 6,
            },
            Op::Group { kind: super::program::GroupKind::Capture, .. } | Op::NamedReference { .. } => 5,
            Op::Group { .. }
            | Op::Alternative { .. }
            | Op::Close { .. }
            | Op::Back(_)
            | Op::Call { .. }
            | Op::Reference { .. }
            | Op::IfGroup(_)
            | Op::IfCall(_)
            | Op::Leave(_) => 3,
            Op::IfName { .. } | Op::IfCallName { .. } | Op::RepeatReference { .. } => 5,
            Op::Mark(label) | Op::SkipTo(label) => {
                3 + self.labels.get(label as usize).map_or(0, |text| text.len())
            }
            _ => 1,
        }
    }
}
