// SPDX-License-Identifier: Apache-2.0
//! Errors as a person meets them: what failed, why, what to do; and the exit code that a script meets.

use std::fmt;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $variant:ident = $number:literal;)*) => {
        /// What an exit code says.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code {
            $($(#[doc = $doc])* $variant = $number,)*
        }

        /// The exit codes, for `--help`.
        pub const EXIT_CODES: &str = concat!(
            "Exit codes:\n  0  all went well\n",
            $("  ", $number, " ", $($doc,)* "\n",)*
        );
    };
}

codes! {
    /// the guest or a check failed
    Failed = 1;
    /// the command line is wrong
    Usage = 2;
    /// a file cannot be read, packed or written
    Build = 3;
    /// this machine lacks something
    Host = 4;
}

/// An error in three parts.
#[derive(Debug)]
pub struct Failure {
    code: Code,
    what: String,
    why: String,
    help: String,
}

impl Failure {
    /// What failed, why, and what to do about it.
    pub fn new(code: Code, what: impl Into<String>, why: impl fmt::Display, help: impl Into<String>) -> Self {
        Self { code, what: what.into(), why: why.to_string(), help: help.into() }
    }

    /// What the exit code says.
    pub fn code(&self) -> Code {
        self.code
    }

    /// Prints the error on standard error, in colour where that is wanted, and returns the exit code.
    pub fn report(&self) -> ExitCode {
        anstream::eprintln!("{self}");
        ExitCode::from(self.code() as u8)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
        let help = Style::new().bold().fg_color(Some(AnsiColor::Green.into()));
        writeln!(f, "{error}error:{error:#} {}", self.what)?;
        for line in self.why.lines() {
            writeln!(f, "  {line}")?;
        }
        write!(f, "{help}help:{help:#} {}", self.help)
    }
}

impl std::error::Error for Failure {}
