// SPDX-License-Identifier: Apache-2.0
//! Where a match may begin: PCRE's start optimisations, which programs can see through verbs and limits.

use super::super::options::{Flags, Newline};
use super::super::parse::utf8_len;
use super::super::program::Program;
use super::single::RUN;
use super::{Matcher, Phase, UNSET};

/// A required byte is looked for in subjects up to this length only.
const REQUIRED_WITHIN: usize = 1000;

/// More steps than a match takes that fails at its first character.
const FEW_STEPS: u32 = 200_000;

/// What looking for a start has come to.
pub enum Sought {
    /// A match is tried from here.
    Here,
    /// There is no match.
    Nowhere,
    /// The budget is used up.
    Paused,
}

impl Matcher {
    /// Looks for the next place where a match may begin, and begins there.
    pub(super) fn seek<const UTF: bool>(
        &mut self,
        program: &Program,
        text: &[u8],
        budget: &mut usize,
    ) -> Sought {
        let flags = program.options.flags;
        if !flags.has(Flags::NO_START_OPTIMIZE) {
            match self.skip_ahead::<UTF>(program, text, budget) {
                Sought::Here => {}
                other => return other,
            }
        }
        self.slots.fill(UNSET);
        self.stack.clear();
        self.barrier = 0;
        self.called.clear();
        self.saved.clear();
        self.calls = 0;
        self.skips = 0;
        self.depth = 0;
        self.pc = 0;
        self.pos = self.start;
        self.slots[0] = self.start as u32;
        self.phase = Phase::Execute;
        Sought::Here
    }

    fn skip_ahead<const UTF: bool>(&mut self, program: &Program, text: &[u8], budget: &mut usize) -> Sought {
        let flags = program.options.flags;
        let mut end = text.len();
        if flags.has(Flags::FIRSTLINE) {
            let mut at = self.start;
            while at < text.len() && self.newline.at(text, at, flags).is_none() {
                at += 1;
                while UTF && text.get(at).is_some_and(|byte| byte & 0xC0 == 0x80) {
                    at += 1;
                }
            }
            end = at;
        }
        if let Some(first) = program.first
            && !self.anchored
        {
            let window_end = end.min(self.seek.max(self.start).saturating_add(budget.saturating_mul(RUN)));
            let from = self.seek.max(self.start).min(end);
            let window = text.get(from..window_end).unwrap_or_default();
            let found = if first.byte == first.other {
                window.iter().position(|byte| *byte == first.byte)
            } else {
                window.iter().position(|byte| *byte == first.byte || *byte == first.other)
            };
            let looked = found.unwrap_or(window.len());
            *budget = budget.saturating_sub(looked / RUN);
            match found {
                Some(at) => self.start = from + at,
                None if window_end < end => {
                    self.seek = window_end;
                    *budget = 0;
                    return Sought::Paused;
                }
                None => self.start = end.max(self.start),
            }
            self.seek = self.start;
        } else if let Some(leads) = program.leads
            && self.may_skip_to_leads(flags)
        {
            let window_end = text.len().min(self.start.saturating_add(budget.saturating_mul(RUN)));
            let window = text.get(self.start..window_end).unwrap_or_default();
            let is_lead = |byte: &u8| leads[usize::from(byte >> 5)] >> (byte & 31) & 1 == 1;
            let found = window.iter().position(is_lead);
            let looked = found.unwrap_or(window.len());
            *budget = budget.saturating_sub(looked / RUN);
            self.start += looked;
            if found.is_none() {
                if window_end == text.len() {
                    return Sought::Nowhere;
                }
                *budget = 0;
                return Sought::Paused;
            }
        } else if flags.has(Flags::STARTLINE) && self.start > self.settings.offset && !self.anchored {
            let from = self.start;
            while self.start < end && self.newline.before(text, self.start, 0, flags).is_none() {
                self.start += 1;
                while UTF && text.get(self.start).is_some_and(|byte| byte & 0xC0 == 0x80) {
                    self.start += 1;
                }
                if (self.start - from) / RUN > *budget {
                    *budget = 0;
                    return Sought::Paused;
                }
            }
            *budget = budget.saturating_sub((self.start - from) / RUN);
            if self.start > from
                && text.get(self.start - 1) == Some(&b'\r')
                && text.get(self.start) == Some(&b'\n')
                && matches!(self.newline, Newline::Any | Newline::AnyCrLf)
                && self.start < end
            {
                self.start += 1;
            }
        }
        if let Some(required) = program.required
            && text.len().saturating_sub(self.start) < REQUIRED_WITHIN
        {
            let from = self.start + usize::from(program.first.is_some());
            if self.required_at.is_none_or(|at| from > at) {
                let rest = text.get(from..).unwrap_or_default();
                let found = rest.iter().position(|byte| *byte == required.byte || *byte == required.other);
                match found {
                    Some(at) => self.required_at = Some(from + at),
                    None => return Sought::Nowhere,
                }
            }
        }
        Sought::Here
    }

    /// Whether a place where no match can begin may be passed over without anybody seeing it.
    fn may_skip_to_leads(&self, flags: Flags) -> bool {
        let limits = self.settings.match_limit.min(self.settings.depth_limit);
        let splits = matches!(self.newline, Newline::Any | Newline::AnyCrLf | Newline::CrLf);
        !self.anchored
            && !flags.has(Flags::FIRSTLINE)
            && !flags.has(Flags::STARTLINE)
            && !splits
            && limits >= FEW_STEPS
    }

    /// Moves to the next start after there was no match, at least one character on. Says whether there is one.
    pub(super) fn next_start<const UTF: bool>(
        &mut self,
        program: &Program,
        text: &[u8],
        to: Option<usize>,
    ) -> bool {
        let flags = program.options.flags;
        let next = match to {
            Some(to) => to,
            None => {
                self.ignored_skips = 0;
                self.start + if UTF { text.get(self.start).map_or(1, |first| utf8_len(*first)) } else { 1 }
            }
        };
        if flags.has(Flags::FIRSTLINE) && self.newline.at(text, self.start, flags).is_some() {
            return false;
        }
        self.start = next;
        if self.anchored || self.start > text.len() {
            return false;
        }
        let splits = matches!(self.newline, Newline::Any | Newline::AnyCrLf | Newline::CrLf);
        if self.start > self.settings.offset
            && text.get(self.start - 1) == Some(&b'\r')
            && text.get(self.start) == Some(&b'\n')
            && !flags.has(Flags::HAS_CR_OR_LF)
            && splits
        {
            self.start += 1;
        }
        self.seek = self.start;
        self.phase = Phase::Seek;
        true
    }
}
