// SPDX-License-Identifier: Apache-2.0
//! Parentheses: groups of all kinds, options, conditions, subroutine calls, and references to groups (`pcrepattern`, from "Vertical bar"
//! to "Callouts").

use super::super::error::ErrorKind;
use super::super::options::Flags;
use super::super::program::{Again, GroupKind, Name, Op, Place, Type};
use super::branch::{Branch, Branches, Length, Needs, Varies};
use super::{Class, Parser};

/// The longest name of a group.
const LONGEST_NAME: usize = 32;
/// The most names.
const MOST_NAMES: usize = 10_000;
/// How deep groups nest: where OTP's guard of the stack stops a plain nest of them.
const DEEPEST: usize = 799;
/// The target of a call by a name, until all names are known.
pub(in super::super) const BY_NAME: u32 = u32::MAX;
/// The group of any call, in a condition.
const ANY_CALL: u16 = u16::MAX;

/// Which way a lookaround looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Look {
    /// It is none, or looks ahead.
    Ahead,
    /// It looks behind.
    Behind,
}

/// A group that is open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    /// Where it opens.
    open: usize,
    /// Where its last alternative so far begins: the group or an [`Op::Alternative`].
    last: usize,
    kind: GroupKind,
    look: Look,
    is_define: bool,
    number: u16,
    /// Whether it is referred to from inside, which makes it atomic.
    is_self_referring: bool,
    /// With `(?|`: the number of groups before it, and the most that an alternative has come to.
    reset: Option<(u32, u32)>,
    /// The options to go back to.
    flags: Flags,
    /// The branch around it.
    outer: Branch,
    varies: Varies,
    pub(super) branches: Branches,
}

impl Level {
    /// The whole pattern.
    pub(super) fn whole(flags: Flags) -> Self {
        Self {
            open: 0,
            last: 0,
            kind: GroupKind::Plain,
            look: Look::Ahead,
            is_define: false,
            number: 0,
            is_self_referring: false,
            reset: None,
            flags,
            outer: Branch::NEW,
            varies: Varies::No,
            branches: Branches::NEW,
        }
    }
}

/// What opens a group.
#[derive(Clone, Copy)]
struct Opening {
    kind: GroupKind,
    look: Look,
    is_reset: bool,
    number: u16,
}

impl Opening {
    const fn new(kind: GroupKind) -> Self {
        Self { kind, look: Look::Ahead, is_reset: false, number: 0 }
    }
}

fn group(kind: GroupKind, number: u16) -> Op {
    Op::Group { kind, again: Again::No, empty: false, number, next: 0, slot: 0 }
}

fn is_word(byte: u8) -> bool {
    Class::Word.has(byte)
}

impl<'p> Parser<'p> {
    /// What opens at the parenthesis at hand. Afterwards the last byte of what opens it is at hand.
    pub(super) fn parenthesis(&mut self) -> Result<(), ErrorKind> {
        if self.is_verb() {
            return self.verb();
        }
        if self.peek(1) != Some(b'?') {
            if self.flags.has(Flags::NO_AUTO_CAPTURE) {
                return self.open(Opening::new(GroupKind::Plain));
            }
            return self.open_capture();
        }
        self.pos += 2;
        match self.peek(0) {
            Some(b'|') => self.open(Opening { is_reset: true, ..Opening::new(GroupKind::Plain) }),
            Some(b':') => self.open(Opening::new(GroupKind::Plain)),
            Some(b'>') => self.open(Opening::new(GroupKind::Atomic)),
            Some(b'=') => self.open(Opening::new(GroupKind::Ahead)),
            Some(b'!') if self.peek(1) == Some(b')') => {
                self.pos += 1;
                self.previous = None;
                self.push(Op::Fail);
                Ok(())
            }
            Some(b'!') => self.open(Opening::new(GroupKind::NotAhead)),
            Some(b'(') => self.condition(),
            Some(b'<') => match self.peek(1) {
                Some(b'=') => {
                    self.pos += 1;
                    self.open(Opening { look: Look::Behind, ..Opening::new(GroupKind::Ahead) })
                }
                Some(b'!') => {
                    self.pos += 1;
                    self.open(Opening { look: Look::Behind, ..Opening::new(GroupKind::NotAhead) })
                }
                Some(byte) if is_word(byte) => self.named_group(b'>'),
                _ => {
                    self.pos += 1;
                    Err(ErrorKind::UnknownAfterLess)
                }
            },
            Some(b'\'') => self.named_group(b'\''),
            Some(b'C') => self.callout(),
            Some(b'P') => {
                self.pos += 1;
                match self.peek(0) {
                    Some(b'=') => self.name_reference(b')'),
                    Some(b'>') => self.named_call(b')'),
                    Some(b'<') => self.named_group(b'>'),
                    _ => Err(ErrorKind::UnknownAfterP),
                }
            }
            Some(b'&') => self.named_call(b')'),
            Some(b'R') => {
                self.pos += 1;
                if self.peek(0) != Some(b')') {
                    return Err(ErrorKind::RecursionUnterminated);
                }
                self.call(0);
                Ok(())
            }
            Some(b'-') if !self.peek(1).is_some_and(|byte| byte.is_ascii_digit()) => self.options(),
            Some(b'-' | b'+' | b'0'..=b'9') => self.numbered_call(b')'),
            _ => self.options(),
        }
    }

    fn open_capture(&mut self) -> Result<(), ErrorKind> {
        self.groups += 1;
        let number = u16::try_from(self.groups).map_err(|_| ErrorKind::TooLarge)?;
        if self.closed.len() <= usize::from(number) {
            self.closed.resize(usize::from(number) + 1, None);
        }
        self.open(Opening { number, ..Opening::new(GroupKind::Capture) })
    }

    fn open(&mut self, opening: Opening) -> Result<(), ErrorKind> {
        if self.levels.len() >= DEEPEST {
            self.pos += 1;
            return Err(ErrorKind::TooComplicated);
        }
        let open = self.ops.len();
        self.levels.push(Level {
            open,
            last: open,
            kind: opening.kind,
            look: opening.look,
            is_define: false,
            number: opening.number,
            is_self_referring: false,
            reset: opening.is_reset.then_some((self.groups, self.groups)),
            flags: self.flags,
            outer: self.branch,
            varies: self.varies,
            branches: Branches::NEW,
        });
        self.push(group(opening.kind, opening.number));
        self.begin_branch();
        Ok(())
    }

    fn begin_branch(&mut self) {
        self.branch = Branch::NEW;
        self.previous = None;
        if self.levels.last().is_some_and(|level| level.look == Look::Behind) {
            self.push(Op::Back(0));
        }
    }

    /// The group around the whole pattern.
    pub(super) fn open_whole(&mut self) {
        self.push(group(GroupKind::Plain, 0));
    }

    pub(super) fn close_whole(&mut self) {
        self.close_links();
        self.push(Op::End);
    }

    /// Links the last alternative of the innermost group to its end, which is written.
    fn close_links(&mut self) {
        let Some(level) = self.levels.last().copied() else { return };
        let end = self.ops.len();
        self.push(Op::Close { again: Again::No, back: (end - level.open) as u32 });
        let mut at = level.open;
        while at < end {
            match self.ops.get_mut(at) {
                Some(Op::Group { next, .. }) => {
                    if *next == 0 {
                        *next = (end - at) as u32;
                    }
                    at += *next as usize;
                }
                Some(Op::Alternative { next, end: distance }) => {
                    if *next == 0 {
                        *next = (end - at) as u32;
                    }
                    *distance = (end - at) as u32;
                    at += *next as usize;
                }
                _ => break,
            }
        }
    }

    /// The branch at hand is complete.
    pub(super) fn finish_branch(&mut self) {
        let branch = self.branch;
        let Some(level) = self.levels.last_mut() else { return };
        level.branches.add(&branch);
        level.branches.empty |= branch.accepted;
        if level.look == Look::Behind {
            match branch.length {
                Length::Fixed(length) => {
                    if let Some(op) = self.ops.get_mut(level.last + 1) {
                        *op = Op::Back(length);
                    }
                }
                Length::Not(why) => self.fail_late(why),
            }
        }
    }

    /// A bar.
    pub(super) fn next_alternative(&mut self) -> Result<(), ErrorKind> {
        self.finish_branch();
        let at = self.ops.len();
        let groups = self.groups;
        if let Some(level) = self.levels.last_mut() {
            if let Some(Op::Group { next, .. } | Op::Alternative { next, .. }) = self.ops.get_mut(level.last)
            {
                *next = (at - level.last) as u32;
            }
            level.last = at;
            if let Some((start, most)) = &mut level.reset {
                *most = groups.max(*most);
                self.groups = *start;
            }
        }
        self.push(Op::Alternative { next: 0, end: 0 });
        self.begin_branch();
        Ok(())
    }

    /// A closing parenthesis.
    pub(super) fn close_parenthesis(&mut self) -> Result<(), ErrorKind> {
        if self.levels.len() <= 1 {
            return Err(ErrorKind::UnmatchedParenthesis);
        }
        self.finish_branch();
        self.close_links();
        let Some(level) = self.levels.pop() else { return Ok(()) };
        if let Some((_, most)) = level.reset {
            self.groups = self.groups.max(most);
        }
        self.flags = level.flags;
        let mut branches = level.branches;
        if level.kind == GroupKind::Condition {
            if level.is_define {
                if branches.count > 1 {
                    self.fail_late(ErrorKind::DefineBranches);
                }
            } else if branches.count > 2 {
                self.fail_late(ErrorKind::ConditionBranches);
            }
            if branches.count == 1 {
                branches.first = Needs::Nothing;
                branches.required = Needs::Nothing;
                branches.empty = true;
                branches.length = if level.is_define { Length::ZERO } else { Length::VARIES };
            }
        }
        if level.kind == GroupKind::Capture
            && let Some(entry) = self.closed.get_mut(usize::from(level.number))
            && entry.is_none()
        {
            *entry = Some((branches.empty, branches.length));
        }
        if level.is_self_referring {
            self.wrap(level.open, GroupKind::Atomic);
        }
        self.branch = level.outer;
        self.add_group(&level, branches);
        // What a condition asks for is no item.
        let asks = self.levels.last().is_some_and(|outer| {
            outer.kind == GroupKind::Condition && outer.last == outer.open && level.open == outer.open + 1
        });
        self.previous = if asks { None } else { Some(level.open) };
        Ok(())
    }

    /// What a complete group says of the branch around it.
    fn add_group(&mut self, level: &Level, branches: Branches) {
        let varies = level.varies;
        let branch = &mut self.branch;
        branch.zero_required = branch.required;
        branch.zero_first = branch.first;
        branch.group_set_first = false;
        match level.kind {
            GroupKind::Ahead if level.look == Look::Ahead => {
                if branches.required.is_byte() {
                    branch.required = branches.required;
                }
                branch.add(Length::ZERO, true);
            }
            GroupKind::Ahead | GroupKind::NotAhead => branch.add(Length::ZERO, true),
            _ => {
                let mut required = branches.required;
                if branch.first == Needs::Unset && branches.first != Needs::Unset {
                    if branches.first.is_byte() {
                        branch.first = branches.first;
                        branch.group_set_first = true;
                    } else {
                        branch.first = Needs::Nothing;
                    }
                    branch.zero_first = Needs::Nothing;
                } else if branches.first.is_byte() && !required.is_byte() {
                    required = branches.first.varying(varies);
                }
                if required.is_byte() {
                    branch.required = required;
                }
                branch.add(branches.length, branches.empty);
            }
        }
    }

    /// `(?i)`, `(?i:`
    fn options(&mut self) -> Result<(), ErrorKind> {
        let mut flags = self.flags;
        let mut sets = true;
        loop {
            let flag = match self.peek(0) {
                Some(b')' | b':') => break,
                Some(b'-') => {
                    sets = false;
                    self.pos += 1;
                    continue;
                }
                Some(b'J') => {
                    self.seen |= Flags::J_CHANGED;
                    Flags::DUPNAMES
                }
                Some(b'i') => Flags::CASELESS,
                Some(b'm') => Flags::MULTILINE,
                Some(b's') => Flags::DOTALL,
                Some(b'x') => Flags::EXTENDED,
                Some(b'U') => Flags::UNGREEDY,
                Some(b'X') => Flags::EXTRA,
                _ => return Err(ErrorKind::UnknownAfterQuestion),
            };
            flags = if sets { flags | flag } else { flags.without(flag) };
            self.pos += 1;
        }
        if self.peek(0) == Some(b')') {
            self.flags = flags;
            self.previous = None;
            return Ok(());
        }
        self.open(Opening::new(GroupKind::Plain))?;
        self.flags = flags;
        Ok(())
    }

    /// `(?C`
    fn callout(&mut self) -> Result<(), ErrorKind> {
        let mut number = 0_u32;
        self.pos += 1;
        while let Some(digit @ b'0'..=b'9') = self.peek(0) {
            number = number.saturating_mul(10).saturating_add(u32::from(digit - b'0'));
            self.pos += 1;
        }
        if self.peek(0) != Some(b')') {
            return Err(ErrorKind::CalloutUnterminated);
        }
        if number > 255 {
            return Err(ErrorKind::CalloutTooBig);
        }
        self.previous = None;
        Ok(())
    }

    /// A group with a name; what opens the name is at hand.
    fn named_group(&mut self, terminator: u8) -> Result<(), ErrorKind> {
        let name = self.name()?;
        if self.peek(0) != Some(terminator) {
            return Err(ErrorKind::NameUnterminated);
        }
        if self.names.len() >= MOST_NAMES {
            return Err(ErrorKind::TooManyNames);
        }
        if name.len() > LONGEST_NAME {
            return Err(ErrorKind::NameTooLong);
        }
        let next = self.groups + 1;
        let mut is_known = false;
        for known in &self.names {
            if *known.text == *name {
                if u32::from(known.group) == next {
                    is_known = true;
                    break;
                }
                if !self.flags.has(Flags::DUPNAMES) {
                    return Err(ErrorKind::DuplicateName);
                }
            } else if u32::from(known.group) == next {
                return Err(ErrorKind::DifferentNames);
            }
        }
        if !is_known {
            self.names.push(Name { text: name.into(), group: next as u16 });
        }
        self.open_capture()
    }

    /// A name behind what is at hand. Afterwards what follows it is at hand.
    fn name(&mut self) -> Result<&'p [u8], ErrorKind> {
        self.pos += 1;
        if self.peek(0).is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(ErrorKind::NameBeginsWithDigit);
        }
        let start = self.pos;
        while self.peek(0).is_some_and(is_word) {
            self.pos += 1;
        }
        Ok(self.text.get(start..self.pos).unwrap_or_default())
    }

    /// A name that is used and may come later; what opens it is at hand. Afterwards what closes it is.
    fn used_name(&mut self, terminator: u8) -> Result<u32, ErrorKind> {
        let name = self.name()?;
        if name.is_empty() {
            return Err(ErrorKind::NameExpected);
        }
        if self.peek(0) != Some(terminator) {
            return Err(ErrorKind::NameUnterminated);
        }
        if name.len() > LONGEST_NAME {
            return Err(ErrorKind::NameTooLong);
        }
        self.wanted.push((self.pos, name.into()));
        Ok(self.label(name))
    }

    /// A reference to a group by its number.
    pub(super) fn group_reference(&mut self, number: u32) {
        if self.branch.first == Needs::Unset {
            self.branch.first = Needs::Nothing;
        }
        self.branch.zero_first = self.branch.first;
        self.branch.zero_required = self.branch.required;
        self.top_reference = self.top_reference.max(number);
        self.refer_to_open(number);
        self.referenced |= if number < 32 { 1 << number } else { 1 };
        self.branch.add(Length::VARIES, true);
        self.previous = Some(self.ops.len());
        let caseless = self.flags.has(Flags::CASELESS);
        self.push(Op::Reference { group: number.min(u32::from(u16::MAX)) as u16, caseless });
    }

    /// A group that is open may be referred to.
    fn refer_to_open(&mut self, number: u32) {
        for level in &mut self.levels {
            level.is_self_referring |= number > 0 && u32::from(level.number) == number;
        }
    }

    /// `\k`
    pub(super) fn name_reference_escape(&mut self) -> Result<(), ErrorKind> {
        let (terminator, ahead) = match self.peek(1) {
            Some(b'<') => (b'>', 1),
            Some(b'\'') => (b'\'', 1),
            Some(b'{') => (b'}', 1),
            // `\g{name}` comes here with its brace.
            _ => return Err(ErrorKind::MalformedNameReference),
        };
        self.pos += ahead;
        self.name_reference(terminator)
    }

    /// A reference by a name; what opens the name is at hand.
    fn name_reference(&mut self, terminator: u8) -> Result<(), ErrorKind> {
        let label = self.used_name(terminator)?;
        for at in 0..self.names.len() {
            if self.names[at].text == self.labels[label as usize] {
                self.refer_to_open(u32::from(self.names[at].group));
            }
        }
        if self.branch.first == Needs::Unset {
            self.branch.first = Needs::Nothing;
        }
        self.branch.zero_first = self.branch.first;
        self.branch.zero_required = self.branch.required;
        self.branch.add(Length::VARIES, true);
        self.previous = Some(self.ops.len());
        let caseless = self.flags.has(Flags::CASELESS);
        self.push(Op::NamedReference { name: label as u16, count: 0, caseless });
        Ok(())
    }

    /// `\g<` and `\g'`
    pub(super) fn call_escape(&mut self) -> Result<(), ErrorKind> {
        let terminator = if self.peek(1) == Some(b'<') { b'>' } else { b'\'' };
        let mut at = self.pos + 2;
        let mut is_number = true;
        while let Some(byte) = self.text.get(at).filter(|byte| **byte != terminator) {
            let is_sign = at == self.pos + 2 && matches!(byte, b'+' | b'-');
            if !(byte.is_ascii_digit() || is_sign) {
                is_number = false;
            }
            at += 1;
        }
        if at >= self.text.len() {
            return Err(ErrorKind::MalformedReference);
        }
        self.pos += 1;
        if is_number && at > self.pos + 1 {
            self.pos += 1;
            return self.numbered_call(terminator);
        }
        self.named_call(terminator)
    }

    /// A call by a number, whose sign or first digit is at hand.
    fn numbered_call(&mut self, terminator: u8) -> Result<(), ErrorKind> {
        let sign = self.peek(0).filter(|byte| matches!(byte, b'+' | b'-'));
        if sign.is_some() {
            self.pos += 1;
            if !self.peek(0).is_some_and(|byte| byte.is_ascii_digit()) {
                return Err(if sign == Some(b'+') {
                    ErrorKind::DigitExpected
                } else {
                    ErrorKind::UnknownAfterQuestion
                });
            }
        }
        let number = self.number()?;
        if self.peek(0) != Some(terminator) {
            return Err(ErrorKind::RecursionUnterminated);
        }
        let number = match sign {
            None => number,
            Some(_) if number == 0 => return Err(ErrorKind::ReferenceZero),
            Some(b'+') => number.saturating_add(self.groups),
            Some(_) => match self.groups.checked_sub(number) {
                Some(before) => before + 1,
                None => return Err(ErrorKind::NoSuchGroup),
            },
        };
        self.call(number);
        Ok(())
    }

    /// Digits. Afterwards what follows them is at hand.
    fn number(&mut self) -> Result<u32, ErrorKind> {
        let mut number = 0_u32;
        while let Some(digit @ b'0'..=b'9') = self.peek(0) {
            if number > i32::MAX as u32 / 10 - 1 {
                while self.peek(0).is_some_and(|byte| byte.is_ascii_digit()) {
                    self.pos += 1;
                }
                return Err(ErrorKind::NumberTooBig);
            }
            number = number * 10 + u32::from(digit - b'0');
            self.pos += 1;
        }
        Ok(number)
    }

    /// A call by a name; what opens the name is at hand.
    fn named_call(&mut self, terminator: u8) -> Result<(), ErrorKind> {
        let label = self.used_name(terminator)?;
        let known = self.names.iter().filter(|name| *name.text == *self.labels[label as usize]);
        match known.map(|name| name.group).min() {
            Some(number) => self.call(u32::from(number)),
            None => {
                self.before_call();
                self.branch.pinned |= self.branch.empty_before;
                self.push(Op::Call { number: label as u16, target: BY_NAME });
            }
        }
        Ok(())
    }

    /// A call of a group.
    fn call(&mut self, number: u32) {
        self.used_calls.push((self.pos, number));
        let first_open = if number == 0 {
            Some(0)
        } else {
            self.levels.iter().position(|level| u32::from(level.number) == number)
        };
        let closed =
            usize::try_from(number).ok().and_then(|number| self.closed.get(number).copied().flatten());
        let within_condition = self.levels.iter().any(|level| level.kind == GroupKind::Condition);
        if let Some(first_open) = first_open
            && closed.is_none()
            && !within_condition
        {
            // PCRE looks at what an assertion begins with, whichever branch the call is in.
            let is_empty_to = |level: &Level| {
                let first = match level.kind {
                    GroupKind::Ahead | GroupKind::NotAhead => {
                        level.branches.count == 0 || level.branches.first_empty
                    }
                    _ => true,
                };
                first && level.outer.empty
            };
            let inside = self.levels.get(first_open + 1..).unwrap_or_default();
            let is_empty_so_far = self.branch.empty && inside.iter().all(is_empty_to);
            if is_empty_so_far {
                self.fail_late(ErrorKind::RecursionForever);
            }
        }
        self.before_call();
        if let Some((empty, length)) = closed {
            self.branch.empty = self.branch.pinned || self.branch.empty_before && empty;
            self.branch.item_empty = empty;
            if !self.branch.accepted {
                self.branch.length = self.branch.length_before.plus(length);
                self.branch.item = length;
            }
        } else {
            self.branch.pinned |= self.branch.empty_before;
        }
        self.push(Op::Call { number: number.min(u32::from(u16::MAX)) as u16, target: 0 });
    }

    fn before_call(&mut self) {
        if self.branch.first == Needs::Unset {
            self.branch.first = Needs::Nothing;
        }
        self.branch.zero_first = self.branch.first;
        self.branch.zero_required = self.branch.required;
        self.branch.add(Length::VARIES, true);
        self.previous = Some(self.ops.len());
    }

    /// `(?(`; the second parenthesis is at hand.
    fn condition(&mut self) -> Result<(), ErrorKind> {
        let rest = self.rest();
        let mut after = rest;
        if let Some(callout) = rest.strip_prefix(b"(?C") {
            let digits = callout.iter().take_while(|byte| byte.is_ascii_digit()).count();
            match callout.get(digits) {
                Some(b')') => after = callout.get(digits + 1..).unwrap_or_default(),
                _ => return Err(ErrorKind::AssertionExpected),
            }
            if !is_assertion(after) {
                return Err(ErrorKind::AssertionExpected);
            }
        }
        if is_assertion(after) {
            self.pos += rest.len() - after.len();
            self.pos -= 1;
            return self.open(Opening::new(GroupKind::Condition));
        }
        self.pos += 1;
        let mut is_call = false;
        let mut terminator = None;
        let mut sign = None;
        match self.peek(0) {
            Some(b'R') if self.peek(1) == Some(b'&') => {
                is_call = true;
                self.pos += 2;
            }
            Some(b'<') => {
                terminator = Some(b'>');
                self.pos += 1;
            }
            Some(b'\'') => {
                terminator = Some(b'\'');
                self.pos += 1;
            }
            Some(byte @ (b'-' | b'+')) => {
                sign = Some(byte);
                self.pos += 1;
            }
            _ => {}
        }
        let start = self.pos;
        let number = if self.peek(0).is_some_and(|byte| byte.is_ascii_digit()) {
            Some(self.number()?)
        } else {
            if !self.peek(0).is_some_and(is_word) {
                return Err(ErrorKind::AssertionExpected);
            }
            while self.peek(0).is_some_and(is_word) {
                self.pos += 1;
            }
            None
        };
        let text = self.text;
        let name = text.get(start..self.pos).unwrap_or_default();
        if let Some(terminator) = terminator {
            if self.peek(0) != Some(terminator) {
                return Err(ErrorKind::MalformedCondition);
            }
            self.pos += 1;
        }
        if self.peek(0) != Some(b')') {
            return Err(ErrorKind::MalformedCondition);
        }
        let groups = self.groups;
        self.open(Opening::new(GroupKind::Condition))?;
        // Errors from here on are found behind the parenthesis.
        self.pos += 1;
        let op = self.condition_op(number, sign, name, is_call, groups, terminator);
        self.pos -= 1;
        if op == Op::Define
            && let Some(level) = self.levels.last_mut()
        {
            level.is_define = true;
        }
        self.push(op);
        Ok(())
    }

    /// What tests a condition.
    fn condition_op(
        &mut self,
        number: Option<u32>,
        sign: Option<u8>,
        name: &[u8],
        is_call: bool,
        groups: u32,
        terminator: Option<u8>,
    ) -> Op {
        if let Some(number) = number {
            let number = match sign {
                None if number == 0 => {
                    self.fail_late(ErrorKind::ConditionZero);
                    1
                }
                None => number,
                Some(b'+') => number.saturating_add(groups),
                Some(_) => (groups + 1).saturating_sub(number),
            };
            self.used_calls.push((self.pos, if number == 0 { u32::MAX } else { number }));
            return Op::IfGroup(number.min(u32::from(u16::MAX)) as u16);
        }
        let is_known = self.names.iter().any(|known| *known.text == *name);
        if is_call {
            let label = self.label(name);
            self.wanted.push((self.pos, name.into()));
            return Op::IfCallName { name: label as u16, count: 0 };
        }
        if !is_known && terminator.is_none() {
            if let Some(digits) = name.strip_prefix(b"R") {
                if !digits.iter().all(u8::is_ascii_digit) {
                    self.fail_late(ErrorKind::NoSuchGroup);
                }
                let number = digits.iter().fold(0_u32, |number, digit| {
                    number.saturating_mul(10).saturating_add(u32::from(digit.wrapping_sub(b'0')))
                });
                let number = if number == 0 { ANY_CALL } else { number.min(u32::from(ANY_CALL) - 1) as u16 };
                return Op::IfCall(number);
            }
            if name == b"DEFINE" {
                return Op::Define;
            }
        }
        let label = self.label(name);
        self.wanted.push((self.pos, name.into()));
        Op::IfName { name: label as u16, count: 0 }
    }

    /// `[[:<:]]` and `[[:>:]]`
    pub(super) fn word_edge(&mut self, look: Look) {
        self.place(Place::WordEdge);
        let open = self.ops.len();
        self.push(group(GroupKind::Ahead, 0));
        if look == Look::Behind {
            self.push(Op::Back(1));
        }
        self.push(Op::Type(Type::Word));
        let back = (self.ops.len() - open) as u32;
        self.push(Op::Close { again: Again::No, back });
        if let Some(Op::Group { next, .. }) = self.ops.get_mut(open) {
            *next = back;
        }
        self.branch.zero_first = self.branch.first;
        self.branch.zero_required = self.branch.required;
        self.branch.add(Length::ZERO, true);
        self.previous = Some(open);
    }

    /// Ends the groups that are open, for `(*ACCEPT)`.
    pub(super) fn close_open_groups(&mut self) {
        for at in (0..self.levels.len()).rev() {
            let number = self.levels[at].number;
            if number > 0 {
                self.push(Op::Leave(number));
            }
        }
    }
}

/// Whether an assertion begins here.
fn is_assertion(rest: &[u8]) -> bool {
    [&b"(?="[..], b"(?!", b"(?<=", b"(?<!"].iter().any(|start| rest.starts_with(start))
}
