// SPDX-License-Identifier: Apache-2.0
//! Something that was found, for a person and for a program.

use std::collections::BTreeSet;

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// What uses it fails.
    Lacking,
    /// Somebody should look whether it is used.
    Note,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What it is.
    pub what: String,
    /// Which modules or applications it is about.
    pub who: BTreeSet<String>,
}

/// So many are named for a person.
const SHOWN: usize = 4;

impl Finding {
    /// A line for a person.
    pub fn text(&self) -> String {
        let (word, colour) = match self.severity {
            Severity::Lacking => ("lacks", AnsiColor::Red),
            Severity::Note => ("note ", AnsiColor::Yellow),
        };
        let style = Style::new().fg_color(Some(colour.into()));
        let mut who: Vec<&str> = self.who.iter().take(SHOWN).map(String::as_str).collect();
        let more = self.who.len().saturating_sub(SHOWN);
        let rest = format!("{more} more");
        if more > 0 {
            who.push(&rest);
        }
        let who = if who.is_empty() { String::new() } else { format!(" ({})", who.join(", ")) };
        format!("  {style}{word}{style:#}  {}{who}", self.what)
    }

    /// An object for a program.
    pub fn json(&self) -> Value {
        let severity = match self.severity {
            Severity::Lacking => "lacking",
            Severity::Note => "note",
        };
        json!({"severity": severity, "what": self.what, "who": self.who})
    }
}

#[cfg(test)]
mod tests {
    use super::{Finding, Severity};

    #[test]
    fn many_are_counted() {
        let who = ["a", "b", "c", "d", "e", "f"].map(String::from).into();
        let finding = Finding { severity: Severity::Note, what: "x".into(), who };
        assert!(finding.text().ends_with("  x (a, b, c, d, 2 more)"), "{}", finding.text());
    }
}
