// SPDX-License-Identifier: Apache-2.0
//! Parentheses: groups of all kinds, options, conditions, subroutine calls, and references to groups (`pcrepattern`, from "Vertical bar"
//! to "Callouts").

use super::super::error::ErrorKind;
use super::super::options::Flags;
use super::super::program::{Again, GroupKind, Name, Op, Place, Type};
use super::branch::{Branch, Branches, Length, Needs, Varies};
use super::{Class, Parser};

/// The longest name of a group.
pub(super) const LONGEST_NAME: usize = 32;
/// The most names.
const MOST_NAMES: usize = 10_000;
/// How deep groups nest: where OTP's guard of the stack stops a plain nest of them.
const DEEPEST: usize = 799;
/// The target of a call by a name, until all names are known.
pub(in super::super) const BY_NAME: u32 = u32::MAX;

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
    pub(super) open: usize,
    /// Where its last alternative so far begins: the group or an [`Op::Alternative`].
    pub(super) last: usize,
    pub(super) kind: GroupKind,
    pub(super) look: Look,
    pub(super) is_define: bool,
    pub(super) number: u16,
    /// Whether it is referred to from inside, which makes it atomic.
    pub(super) is_self_referring: bool,
    /// With `(?|`: the number of groups before it, and the most that an alternative has come to.
    pub(super) reset: Option<(u32, u32)>,
    /// The options to go back to.
    pub(super) flags: Flags,
    /// The branch around it.
    pub(super) outer: Branch,
    pub(super) varies: Varies,
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
pub(super) struct Opening {
    kind: GroupKind,
    look: Look,
    is_reset: bool,
    number: u16,
}

impl Opening {
    pub(super) const fn new(kind: GroupKind) -> Self {
        Self { kind, look: Look::Ahead, is_reset: false, number: 0 }
    }
}

fn group(kind: GroupKind, number: u16) -> Op {
    Op::Group { kind, again: Again::No, empty: false, number, next: 0, slot: 0 }
}

pub(super) fn is_word(byte: u8) -> bool {
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
            // With a quantifier behind it, it is an assertion like others, which can be repeated.
            Some(b'!') if self.peek(1) == Some(b')') && !self.is_quantifier_at(self.pos + 2) => {
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

    pub(super) fn open_capture(&mut self) -> Result<(), ErrorKind> {
        self.groups += 1;
        let number = u16::try_from(self.groups).map_err(|_| ErrorKind::TooLarge)?;
        if self.closed.len() <= usize::from(number) {
            self.closed.resize(usize::from(number) + 1, None);
        }
        self.open(Opening { number, ..Opening::new(GroupKind::Capture) })
    }

    pub(super) fn open(&mut self, opening: Opening) -> Result<(), ErrorKind> {
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

    pub(super) fn begin_branch(&mut self) {
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
    pub(super) fn close_links(&mut self) {
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
    pub(super) fn add_group(&mut self, level: &Level, branches: Branches) {
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
    pub(super) fn options(&mut self) -> Result<(), ErrorKind> {
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
    pub(super) fn callout(&mut self) -> Result<(), ErrorKind> {
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
    pub(super) fn named_group(&mut self, terminator: u8) -> Result<(), ErrorKind> {
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
