// SPDX-License-Identifier: Apache-2.0
//! The options of `re:compile/2` and `re:run/3`. Both read all of them, and then refuse those of the other.

use crate::atom::predefined;
use crate::bif::Raise;
use crate::re::{self, Bsr, Flags, Newline, Settings};
use crate::term::Term;

/// `badarg` because of an option.
pub const BADOPT: Raise =
    Raise::ErrorWithCause(Term::atom(predefined::BADARG), Term::atom(predefined::BADOPT));

/// What options say.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunOptions {
    /// How to compile.
    pub compile: re::Options,
    /// How to run.
    pub run: Settings,
    /// What ends a line when a compiled pattern is run.
    pub newline: Option<Newline>,
    newlines: u8,
    /// What `\R` matches then.
    pub bsr: Option<Bsr>,
    /// What to capture, and how to give it.
    pub capture: Option<(Term, Term)>,
    /// Whether all matches are asked for.
    pub global: bool,
    /// Whether limits and wrong patterns are told.
    pub reports: bool,
    /// Whether there is an option for compiling alone.
    pub is_for_compiling: bool,
    /// Whether there is an option for running alone.
    pub is_for_running: bool,
}

/// A number as stock's C code takes it.
pub fn number(term: Term) -> Option<u32> {
    term.as_small()
        .and_then(|number| i32::try_from(number).ok())
        .and_then(|number| u32::try_from(number).ok())
}

impl RunOptions {
    /// The options of a list.
    pub fn read(list: Term) -> Option<Self> {
        let mut options = Self::default();
        let mut rest = list;
        while let Some(cell) = rest.as_cons() {
            options.option(cell.head())?;
            rest = cell.tail();
        }
        options.join_newlines();
        rest.is_nil().then_some(options)
    }

    /// What the line ends come to that were asked for: PCRE numbers them, and stock joins the bits of the numbers.
    fn join_newlines(&mut self) {
        let newline = match self.newlines {
            0 => return,
            1 => Newline::Cr,
            2 => Newline::Lf,
            3 => Newline::CrLf,
            4 => Newline::Any,
            5 => Newline::AnyCrLf,
            _ => {
                self.compile.flags |= Flags::NEWLINE_UNCLEAR;
                return;
            }
        };
        self.compile.newline = newline;
        self.newline = Some(newline);
    }

    fn option(&mut self, option: Term) -> Option<()> {
        if let Some(tuple) = option.as_tuple() {
            return self.pair(tuple.elements());
        }
        let name = option.as_atom()?;
        let flag = match name {
            predefined::ANCHORED => {
                self.compile.flags |= Flags::ANCHORED;
                self.run.anchored = true;
                return Some(());
            }
            predefined::BSR_ANYCRLF | predefined::BSR_UNICODE => {
                let bsr = if name == predefined::BSR_ANYCRLF { Bsr::AnyCrLf } else { Bsr::Unicode };
                if self.bsr.is_some_and(|other| other != bsr) {
                    self.compile.flags |= Flags::BSR_UNCLEAR;
                }
                // A compiled pattern that is asked for both takes this one.
                let both = if self.bsr == Some(Bsr::AnyCrLf) { Bsr::AnyCrLf } else { bsr };
                self.compile.bsr = both;
                self.bsr = Some(both);
                return Some(());
            }
            predefined::NOTEMPTY => return self.running(|options| &mut options.run.not_empty),
            predefined::NOTEMPTY_ATSTART => {
                return self.running(|options| &mut options.run.not_empty_at_start);
            }
            predefined::NOTBOL => return self.running(|options| &mut options.run.not_bol),
            predefined::NOTEOL => return self.running(|options| &mut options.run.not_eol),
            predefined::GLOBAL => return self.running(|options| &mut options.global),
            predefined::REPORT_ERRORS => return self.running(|options| &mut options.reports),
            predefined::CASELESS => Flags::CASELESS,
            predefined::DOLLAR_ENDONLY => Flags::DOLLAR_ENDONLY,
            predefined::DOTALL => Flags::DOTALL,
            predefined::DUPNAMES => Flags::DUPNAMES,
            predefined::EXTENDED => Flags::EXTENDED,
            predefined::FIRSTLINE => Flags::FIRSTLINE,
            predefined::MULTILINE => Flags::MULTILINE,
            predefined::NEVER_UTF => Flags::NEVER_UTF,
            predefined::NO_AUTO_CAPTURE => Flags::NO_AUTO_CAPTURE,
            predefined::NO_START_OPTIMIZE => Flags::NO_START_OPTIMIZE,
            predefined::UCP => Flags::UCP,
            predefined::UNGREEDY => Flags::UNGREEDY,
            predefined::UNICODE => Flags::UTF,
            _ => return None,
        };
        self.compile.flags |= flag;
        self.is_for_compiling = true;
        Some(())
    }

    fn running(&mut self, switch: fn(&mut Self) -> &mut bool) -> Option<()> {
        *switch(self) = true;
        self.is_for_running = true;
        Some(())
    }

    fn pair(&mut self, elements: &[Term]) -> Option<()> {
        let (name, value) = match *elements {
            [name, value] => (name.as_atom()?, value),
            [name, values, kind] if name == Term::atom(predefined::CAPTURE) => {
                self.capture = Some((values, kind));
                self.is_for_running = true;
                return Some(());
            }
            _ => return None,
        };
        match name {
            predefined::CAPTURE => self.capture = Some((value, Term::atom(predefined::INDEX))),
            predefined::OFFSET => self.run.offset = number(value)? as usize,
            predefined::MATCH_LIMIT => self.run.match_limit = number(value)?,
            predefined::MATCH_LIMIT_RECURSION => self.run.depth_limit = number(value)?,
            predefined::NEWLINE => {
                self.newlines |= match value.as_atom()? {
                    predefined::CR => 1,
                    predefined::LF => 2,
                    predefined::CRLF => 3,
                    predefined::ANY => 4,
                    predefined::ANYCRLF => 5,
                    _ => return None,
                };
                return Some(());
            }
            _ => return None,
        }
        self.is_for_running = true;
        Some(())
    }
}
