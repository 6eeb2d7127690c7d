// SPDX-License-Identifier: Apache-2.0
//! Whose network and whose files a suite has here: each way is compared with the same run of stock, and has a record of its own.

use std::path::PathBuf;

use crate::context::Context;

/// A way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, clap::ValueEnum)]
pub enum Way {
    /// Sockets and files of the host
    #[default]
    Host,
    /// Sockets of a network stack of our own, as in a guest
    Net,
    /// The suite and what it writes on a volume of ours, as in a guest's /data
    Data,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Host, Self::Net, Self::Data];

    /// As it stands in the list, in names of folders and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Net => "net",
            Self::Data => "data",
        }
    }

    /// The way of a word of the list, `+net`.
    pub fn of_word(word: &str) -> Option<Self> {
        let name = word.strip_prefix('+')?;
        Self::ALL.into_iter().find(|way| way.name() == name)
    }

    /// The file with the record.
    pub fn record(self, context: &Context) -> PathBuf {
        context.root().join("docs").join(match self {
            Self::Host => "suites.csv",
            Self::Net => "suites-net.csv",
            Self::Data => "suites-data.csv",
        })
    }
}
