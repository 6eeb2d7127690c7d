// SPDX-License-Identifier: Apache-2.0
//! What Unicode says of characters, in the version that PCRE 8.44 has (7.0): categories, scripts, cases, and what joins characters into
//! clusters. `\p`, letters in either case, and `\X` go by it.

mod breaks;
mod cases;
mod categories;
mod scripts;

#[cfg(test)]
mod tests;

pub use breaks::Break;
pub use categories::Category;
pub use scripts::Script;

/// Looks a character up in runs that are each a first character and, in the low bits, what it and those behind it are.
fn look_up(runs: &[u32], code: u32, bits: u32) -> u8 {
    let after = runs.partition_point(|run| run >> bits <= code);
    let run = after.checked_sub(1).and_then(|at| runs.get(at)).copied().unwrap_or(0);
    (run & ((1 << bits) - 1)) as u8
}

/// The category of a character.
#[must_use]
pub fn category(code: u32) -> Category {
    let index = usize::from(look_up(categories::RUNS, code, categories::BITS));
    Category::ALL.get(index).copied().unwrap_or(Category::Cn)
}

/// The script of a character.
#[must_use]
pub fn script(code: u32) -> Script {
    Script(look_up(scripts::RUNS, code, scripts::BITS))
}

/// How a character joins others.
#[must_use]
pub fn break_class(code: u32) -> Break {
    let index = usize::from(look_up(breaks::RUNS, code, breaks::BITS));
    Break::ALL.get(index).copied().unwrap_or(Break::Other)
}

/// All characters that are the same letter in some case, that one included; empty if there is no other.
#[must_use]
pub fn cases(code: u32) -> &'static [u32] {
    match cases::FORMS.binary_search_by_key(&code, |form| form.0) {
        Ok(at) => {
            let (_, start, len) = cases::FORMS[at];
            let start = usize::from(start);
            cases::LETTERS.get(start..start + usize::from(len)).unwrap_or_default()
        }
        Err(_) => &[],
    }
}

/// The characters from `from` to `to` that have another case.
pub fn cased_between(from: u32, to: u32) -> impl Iterator<Item = u32> {
    let start = cases::FORMS.partition_point(|form| form.0 < from);
    cases::FORMS[start..].iter().map(|form| form.0).take_while(move |code| *code <= to)
}
