// SPDX-License-Identifier: Apache-2.0
//! The known failures: what differs from stock OTP today, with the reason. A line is `name: reason`, `variant/name: reason` or
//! `mode/name: reason`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The list.
#[derive(Debug, Default)]
pub struct KnownFailures(BTreeMap<String, String>);

impl KnownFailures {
    /// Reads the list.
    ///
    /// # Errors
    /// The file cannot be read, or a line is none.
    pub fn read(file: &Path) -> Result<Self, String> {
        let text =
            fs::read_to_string(file).map_err(|why| format!("cannot read {}: {why}", file.display()))?;
        let mut known = BTreeMap::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let Some((name, reason)) = line.split_once(": ") else {
                return Err(format!("{}: no reason is given: {line}", file.display()));
            };
            if known.insert(name.to_owned(), reason.to_owned()).is_some() {
                return Err(format!("{}: {name} is there twice", file.display()));
            }
        }
        Ok(Self(known))
    }

    /// Why a fixture fails in a mode or variant.
    #[must_use]
    pub fn reason(&self, ways: &[&str], fixture: &str) -> Option<&str> {
        let exact = ways.iter().find_map(|way| self.0.get(&format!("{way}/{fixture}")));
        exact.or_else(|| self.0.get(fixture)).map(String::as_str)
    }

    /// The entries that mean no fixture.
    pub fn strangers<'k>(&'k self, fixtures: &[String]) -> Vec<&'k str> {
        let names = self.0.keys().map(String::as_str);
        let fixture = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
        let others = ["compiler/", "script/", "terminal/"];
        let is_other = |name: &str| others.iter().any(|other| name.starts_with(other));
        names.filter(|name| !is_other(name) && !fixtures.contains(&fixture(name))).collect()
    }
}
