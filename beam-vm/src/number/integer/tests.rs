// SPDX-License-Identifier: Apache-2.0
//! Integers against the answers of OTP 25, and against num-bigint.

mod bench;
mod limits;
mod properties;
mod stock;

use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

use super::{Extent, Integer, Sign};

/// An integer that owns its limbs.
#[derive(Clone, Debug)]
struct Owned(Sign, Vec<u64>);

impl Owned {
    fn view(&self) -> Integer<'_> {
        Integer::new(self.0, &self.1)
    }

    /// From text in radix 16, limb by limb, so that no code under test is used.
    fn from_hex(text: &str) -> Self {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => (Sign::Negative, digits),
            None => (Sign::Positive, text),
        };
        let limb = |part: &[u8]| u64::from_str_radix(str::from_utf8(part).unwrap(), 16).unwrap();
        Owned(sign, digits.as_bytes().rchunks(16).map(limb).collect())
    }
}

fn to_hex(a: Integer<'_>) -> String {
    let Some((top, rest)) = a.limbs().split_last() else { return "0".into() };
    let sign = if a.sign() == Sign::Negative { "-" } else { "" };
    let rest: String = rest.iter().rev().map(|limb| format!("{limb:016X}")).collect();
    format!("{sign}{top:X}{rest}")
}

/// Runs an operation in a place of just the size that it has asked for, filled with rubbish, and owns the result.
fn run<E>(limbs: usize, operation: impl FnOnce(&mut [u64]) -> Result<Extent, E>) -> Result<Owned, E> {
    let mut place = vec![0xdead_beef_dead_beef; limbs];
    let extent = operation(&mut place)?;
    let result = extent.view(&place);
    assert_eq!(Integer::new(result.sign(), result.limbs()), result, "the result is not normalised");
    Ok(Owned(result.sign(), result.limbs().into()))
}

/// The lines of a section of a table of answers.
pub fn section<'t>(table: &'t str, name: &str) -> impl Iterator<Item = &'t str> {
    let header = format!("[{name}]");
    let mut lines = table.lines().skip_while(move |line| *line != header).skip(1).peekable();
    assert!(lines.peek().is_some(), "no section {name}");
    lines.take_while(|line| !line.is_empty()).filter(|line| !line.starts_with('#'))
}
