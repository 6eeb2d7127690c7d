// SPDX-License-Identifier: Apache-2.0
//! Regular expressions as OTP 25 has them: the language, the errors and the limits of PCRE 8.44 with the options that module `re` gives it.
//!
//! A pattern is compiled to a [`Program`], which can be written to bytes and read back, and a [`Matcher`] applies it to a subject. Neither
//! knows of terms. A search counts its steps and can stop anywhere, so no pattern holds the scheduler; what it puts aside is bounded.

mod cache;
pub mod encode;
mod error;
mod finish;
mod job;
mod latin1;
mod lead;
mod matcher;
mod options;
mod parse;
mod possess;
mod program;
mod set;
mod start;
mod unicode;

#[cfg(test)]
mod tests;

pub use cache::Cache;
pub use error::{CompileError, ErrorKind};
pub use finish::compile;
pub use job::Job;
pub use matcher::{DEFAULT_LIMIT, LONGEST_SUBJECT, Matcher, Outcome, Settings};
pub use options::{Bsr, Flags, Newline, Options};
pub use program::{Name, Program};
