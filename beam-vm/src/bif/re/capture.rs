// SPDX-License-Identifier: Apache-2.0
//! What of a match is asked for: the option `capture`.

use alloc::vec::Vec;

use super::options::{self, RunOptions};
use crate::atom::predefined;
use crate::bif::{Context, Raise};
use crate::iodata::Walk;
use crate::re::{Flags, Matcher, Name, Program};
use crate::term::Term;

/// How groups are given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Where they are.
    Index,
    /// As lists of bytes.
    List,
    /// As binaries.
    Binary,
}

/// Which groups are given.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Which {
    /// None: only whether it matches.
    Nothing,
    /// From this one to the last that is set.
    From(usize),
    /// For each, the first of these that is set.
    These(Vec<Vec<usize>>),
}

/// What is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Capture {
    which: Which,
    /// How.
    pub kind: Kind,
}

/// The names of a pattern's groups; each once if names may be given twice.
pub fn names(program: &Program) -> Vec<&[u8]> {
    let mut names: Vec<&[u8]> = program.names.iter().map(|name| &*name.text).collect();
    if program.options.flags.has(Flags::DUPNAMES) {
        names.dedup();
    }
    names
}

/// The groups of a name. Where names may not be given twice, but were by an option inside of the pattern, it is the one that
/// a search by halves finds.
fn named(program: &Program, name: &[u8]) -> Vec<usize> {
    let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
    let number = |name: &Name| usize::from(name.group);
    if program.options.flags.has(Flags::DUPNAMES) {
        return program.names.iter().filter(|known| *known.text == *name).map(number).collect();
    }
    let (mut low, mut high) = (0, program.names.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        let known = &program.names[middle];
        match name.cmp(&known.text) {
            core::cmp::Ordering::Equal => return [number(known)].into(),
            core::cmp::Ordering::Greater => low = middle + 1,
            core::cmp::Ordering::Less => high = middle,
        }
    }
    Vec::new()
}

impl Capture {
    /// What options say.
    pub fn read(cx: &Context<'_>, options: &RunOptions, program: &Program) -> Result<Self, Raise> {
        let Some((values, kind)) = options.capture else {
            return Ok(Self { which: Which::From(0), kind: Kind::Index });
        };
        let kind = match kind.as_atom() {
            Some(predefined::INDEX) => Kind::Index,
            Some(predefined::LIST) => Kind::List,
            Some(predefined::BINARY) => Kind::Binary,
            _ => return Err(Raise::BADARG),
        };
        let which = match values.as_atom() {
            Some(predefined::ALL) => Which::From(0),
            Some(predefined::ALL_BUT_FIRST) => Which::From(1),
            Some(predefined::NONE) => Which::Nothing,
            Some(predefined::FIRST) => Which::These([[0].into()].into()),
            Some(predefined::ALL_NAMES) => match names(program) {
                names if names.is_empty() => Which::Nothing,
                names if program.options.flags.has(Flags::DUPNAMES) => {
                    Which::These(names.iter().map(|name| named(program, name)).collect())
                }
                _ => {
                    Which::These(program.names.iter().map(|name| [usize::from(name.group)].into()).collect())
                }
            },
            None if values.is_nil() => Which::Nothing,
            _ => Which::These(list(cx, values, program)?),
        };
        Ok(Self { which, kind })
    }

    /// The groups that are asked for, if any are.
    pub fn groups(&self, matcher: &Matcher, groups: u16) -> Option<Vec<Option<(usize, usize)>>> {
        match &self.which {
            Which::Nothing => None,
            Which::From(first) => {
                Some((*first..matcher.count(groups)).map(|number| matcher.group(number)).collect())
            }
            Which::These(these) => {
                let first_set = |numbers: &Vec<usize>| {
                    let mut known = numbers.iter().filter(|number| **number <= usize::from(groups));
                    known.find_map(|number| matcher.group(*number))
                };
                Some(these.iter().map(first_set).collect())
            }
        }
    }
}

/// Numbers and names.
fn list(cx: &Context<'_>, values: Term, program: &Program) -> Result<Vec<Vec<usize>>, Raise> {
    let mut these = Vec::new();
    let mut rest = values;
    while let Some(cell) = rest.as_cons() {
        let value = cell.head();
        rest = cell.tail();
        these.push(if let Some(number) = options::number(value) {
            [number as usize].into()
        } else if let Some(name) = value.as_atom() {
            named(program, cx.vm.atoms.text(name).as_bytes())
        } else if value.is_bitstring() || value.is_list() {
            let mut bytes = Vec::new();
            let mut budget = usize::MAX;
            Walk::new(value)
                .run(&mut budget, &mut |more| bytes.extend_from_slice(more))
                .map_err(|_| Raise::BADARG)?;
            named(program, &bytes)
        } else {
            return Err(Raise::BADARG);
        });
    }
    if rest.is_nil() && values.is_cons() { Ok(these) } else { Err(Raise::BADARG) }
}
