// SPDX-License-Identifier: Apache-2.0
//! Special forms: what looks like a function in a guard or a body and is none.

use super::Dialect;
use super::expression::Part;
use super::problems::Problems;
use super::program::Action;
use crate::term::Term;

/// A special form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Special {
    And,
    AndAlso,
    Const,
    Message,
    Or,
    OrElse,
    Act(Action),
}

/// What is wrong with the use of a form.
pub(super) enum Misuse {
    Dialect,
    Guard,
    Count,
}

/// How many arguments a form has, and how stock tells of another number.
struct Arguments {
    least: usize,
    most: usize,
    text: &'static str,
}

const WITHOUT: &str = "without arguments";
const WITH: &str = "with arguments";
const WRONG: &str = "with wrong number of arguments";

impl Special {
    /// The form of a name.
    pub(super) fn find(name: &str) -> Option<Self> {
        Some(match name {
            "and" => Self::And,
            "andalso" | "andthen" => Self::AndAlso,
            "caller" => Self::Act(Action::Caller),
            "caller_line" => Self::Act(Action::CallerLine),
            "const" => Self::Const,
            "disable_trace" => Self::Act(Action::DisableTrace),
            "display" => Self::Act(Action::Display),
            "enable_trace" => Self::Act(Action::EnableTrace),
            "exception_trace" => Self::Act(Action::ExceptionTrace),
            "get_seq_token" => Self::Act(Action::GetSeqToken),
            "is_seq_trace" => Self::Act(Action::IsSeqTrace),
            "message" => Self::Message,
            "or" => Self::Or,
            "orelse" => Self::OrElse,
            "process_dump" => Self::Act(Action::ProcessDump),
            "return_trace" => Self::Act(Action::ReturnTrace),
            "self" => Self::Act(Action::Own),
            "set_seq_token" => Self::Act(Action::SetSeqToken),
            "silent" => Self::Act(Action::Silent),
            "trace" => Self::Act(Action::Trace),
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::And => "and",
            Self::AndAlso => "andalso",
            Self::Const => "const",
            Self::Message => "message",
            Self::Or => "or",
            Self::OrElse => "orelse",
            Self::Act(action) => match action {
                Action::Caller => "caller",
                Action::CallerLine => "caller_line",
                Action::DisableTrace => "disable_trace",
                Action::Display => "display",
                Action::EnableTrace => "enable_trace",
                Action::ExceptionTrace => "exception_trace",
                Action::GetSeqToken => "get_seq_token",
                Action::IsSeqTrace => "is_seq_trace",
                Action::ProcessDump => "process_dump",
                Action::ReturnTrace => "return_trace",
                Action::Own => "self",
                Action::SetSeqToken => "set_seq_token",
                Action::Silent => "silent",
                Action::Trace => "trace",
            },
        }
    }

    fn arguments(self) -> Arguments {
        let (least, most, text) = match self {
            Self::And | Self::AndAlso | Self::Or | Self::OrElse => (1, usize::MAX, WITHOUT),
            Self::Const => (1, 1, "with more than one argument"),
            Self::Message => (1, 1, WRONG),
            Self::Act(action) => match action {
                Action::Display | Action::Silent => (1, 1, WRONG),
                Action::DisableTrace | Action::EnableTrace => (1, 2, WRONG),
                Action::SetSeqToken => (2, 2, WRONG),
                Action::Trace => (2, 3, WRONG),
                _ => (0, 0, WITH),
            },
        };
        Arguments { least, most, text }
    }

    /// Whether the form may be used so.
    pub(super) fn check(self, dialect: Dialect, part: Part, count: usize) -> Result<(), Misuse> {
        let is_everywhere = match self {
            Self::Message => false,
            Self::Act(action) => action == Action::Own,
            _ => true,
        };
        if !is_everywhere && dialect == Dialect::Table {
            return Err(Misuse::Dialect);
        }
        if !is_everywhere && part == Part::Guard && self != Self::Act(Action::IsSeqTrace) {
            return Err(Misuse::Guard);
        }
        let Arguments { least, most, .. } = self.arguments();
        if (least..=most).contains(&count) { Ok(()) } else { Err(Misuse::Count) }
    }
}

impl Misuse {
    /// Tells what is wrong.
    pub(super) fn tell(self, special: Special, term: Term, problems: &mut Problems<'_>) {
        // Stock names another form here.
        let is_token = special == Special::Act(Action::SetSeqToken);
        let name = if is_token { "set_seq_trace" } else { special.name() };
        match self {
            Self::Dialect => {
                problems.add(&alloc::format!("Special form '{name}' used in wrong dialect."));
            }
            Self::Guard => {
                problems.add(&alloc::format!("Special form '{name}' called in guard context."));
            }
            Self::Count => {
                let (name, text) = (special.name(), special.arguments().text);
                problems.add_term(&alloc::format!("Special form '{name}' called {text} in "), term, ".");
            }
        }
    }
}
