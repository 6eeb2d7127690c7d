// SPDX-License-Identifier: Apache-2.0
//! What generated programs are about.

use super::case::{ARGUMENTS, Case};
use super::grammar::Generator;
use super::{match_spec, regex, zlib};
use crate::variant::{VARIANTS, Variant};

/// Cases in a module.
const CASES: usize = 200;

/// A topic.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Topic {
    /// The language itself.
    Language,
    /// Regular expressions.
    Regex,
    /// Match specifications and tables.
    MatchSpec,
    /// Compressed streams.
    Zlib,
}

impl Topic {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Language, Self::Regex, Self::MatchSpec, Self::Zlib];

    /// The module of a seed.
    pub fn module(self, seed: u64) -> String {
        match self {
            Self::Language => format!("seed_{seed}"),
            Self::Regex => format!("regex_{seed}"),
            Self::MatchSpec => format!("match_spec_{seed}"),
            Self::Zlib => format!("zlib_{seed}"),
        }
    }

    /// How a seed's program is compiled: each way has its turn where it matters.
    pub fn variant(self, seed: u64) -> Variant {
        match self {
            Self::Language => VARIANTS[(seed % VARIANTS.len() as u64) as usize],
            Self::Regex | Self::MatchSpec | Self::Zlib => VARIANTS[0],
        }
    }

    /// The cases of a seed.
    pub fn cases(self, seed: u64) -> Vec<Case> {
        match self {
            Self::Language => {
                let mut generator = Generator::new(seed);
                let make = |_| {
                    let (body, arguments) = generator.case(ARGUMENTS);
                    Case { body, arguments }
                };
                (0..CASES).map(make).collect()
            }
            Self::Regex => {
                let mut generator = regex::Generator::new(seed);
                (0..CASES).map(|_| generator.case()).collect()
            }
            Self::MatchSpec => {
                let mut generator = match_spec::Generator::new(seed);
                (0..CASES).map(|_| generator.case()).collect()
            }
            Self::Zlib => {
                let mut generator = zlib::Generator::new(seed);
                (0..CASES).map(|_| generator.case()).collect()
            }
        }
    }

    /// The function that is run to see what a case comes to by itself. Stack traces are compared where the language is the topic.
    pub fn function(self, number: usize) -> String {
        match self {
            Self::Language => format!("c{number}"),
            Self::Regex | Self::MatchSpec | Self::Zlib => format!("a{number}"),
        }
    }

    /// Functions that cases call.
    pub fn helpers(self) -> &'static str {
        match self {
            Self::Language | Self::Regex => "",
            Self::MatchSpec => match_spec::HELPERS,
            Self::Zlib => zlib::HELPERS,
        }
    }
}
