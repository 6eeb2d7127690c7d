// SPDX-License-Identifier: Apache-2.0
//! The options of `open_port/2`.

use alloc::vec::Vec;

use super::text::{characters, file_name};
use crate::atom::{Atom, AtomTable, predefined};
use crate::port::{AtEnd, Cut, Form, Framing, Lines};
use crate::term::Term;

/// Which way bytes go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ways {
    Both,
    In,
    Out,
}

/// A variable of an environment; without a value it is taken away.
pub(super) type Variable = (Vec<u8>, Option<Vec<u8>>);

/// What the options say.
pub(super) struct Options {
    packet: u8,
    line: usize,
    form: Form,
    ways: Option<Ways>,
    /// What becomes of the port at the end of its input.
    pub(super) at_end: AtEnd,
    /// The first of the descriptors that a program uses for input and output.
    pub(super) first_descriptor: u8,
    /// Whether a program's errors go where its output goes.
    pub(super) merges_errors: bool,
    /// Whether the owner wants the status of a program.
    pub(super) exit_status: bool,
    /// What `port_info(_, parallelism)` tells.
    pub(super) parallelism: bool,
    /// Arguments of a program.
    pub(super) arguments: Option<Vec<Vec<u8>>>,
    /// What a program is told that it is called.
    pub(super) name: Option<Vec<u8>>,
    /// Where a program is to run.
    pub(super) folder: Option<Term>,
    /// What is different in a program's environment.
    pub(super) environment: Vec<Variable>,
}

/// Bytes of a line if the option does not say.
const LINE: usize = 512;

impl Options {
    /// Reads a list of options; none if something is wrong with one.
    pub(super) fn read(atoms: &AtomTable, list: Term) -> Option<Self> {
        let mut all = Self {
            packet: 0,
            line: 0,
            form: Form::List,
            ways: None,
            at_end: AtEnd::Close,
            first_descriptor: 0,
            merges_errors: false,
            exit_status: false,
            parallelism: false,
            arguments: None,
            name: None,
            folder: None,
            environment: Vec::new(),
        };
        let mut rest = list;
        while let Some(cell) = rest.as_cons() {
            match cell.head().as_atom() {
                Some(flag) => all.flag(flag)?,
                None => {
                    let tuple = cell.head().as_tuple()?;
                    let [name, value] = *tuple.elements() else { return None };
                    all.value(atoms, name.as_atom()?, value)?;
                }
            }
            rest = cell.tail();
        }
        let excludes = all.line > 0 && all.packet > 0 || all.merges_errors && all.first_descriptor > 0;
        (rest.is_nil() && !excludes).then_some(all)
    }

    fn flag(&mut self, flag: Atom) -> Option<()> {
        match flag {
            predefined::STREAM => self.packet = 0,
            predefined::LINE => self.line = LINE,
            predefined::BINARY => self.form = Form::Binary,
            predefined::IN => {
                self.ways =
                    Some(if self.ways.is_none_or(|ways| ways == Ways::In) { Ways::In } else { Ways::Both })
            }
            predefined::OUT => {
                self.ways =
                    Some(if self.ways.is_none_or(|ways| ways == Ways::Out) { Ways::Out } else { Ways::Both });
            }
            predefined::EOF => self.at_end = AtEnd::Tell,
            predefined::USE_STDIO => self.first_descriptor = 0,
            predefined::NOUSE_STDIO => self.first_descriptor = 3,
            predefined::STDERR_TO_STDOUT => self.merges_errors = true,
            predefined::EXIT_STATUS => self.exit_status = true,
            predefined::HIDE | predefined::OVERLAPPED_IO => {}
            _ => return None,
        }
        Some(())
    }

    fn value(&mut self, atoms: &AtomTable, name: Atom, value: Term) -> Option<()> {
        match name {
            predefined::PACKET => {
                self.packet = value.as_small().filter(|bytes| matches!(bytes, 1 | 2 | 4))? as u8;
            }
            predefined::LINE => {
                self.line = usize::try_from(value.as_small()?).ok().filter(|limit| *limit > 0)?;
            }
            predefined::ENV => self.environment = environment(value)?,
            predefined::ARGS => {
                let all = crate::bif::lists::proper(value)?;
                self.arguments =
                    Some(all.into_iter().map(|one| file_name(atoms, one)).collect::<Option<_>>()?);
            }
            predefined::ARG0 => self.name = Some(file_name(atoms, value)?),
            predefined::CD => self.folder = Some(value),
            predefined::PARALLELISM => self.parallelism = value.as_boolean()?,
            predefined::BUSY_LIMITS_PORT | predefined::BUSY_LIMITS_MSGQ => limits(value)?,
            _ => return None,
        }
        Some(())
    }

    /// Whether the port reads.
    pub(super) fn reads(&self) -> bool {
        self.ways != Some(Ways::Out)
    }

    /// Whether the port writes.
    pub(super) fn writes(&self) -> bool {
        self.ways != Some(Ways::In)
    }

    /// Whether something is said that only programs have which are started by name.
    pub(super) fn has_arguments(&self) -> bool {
        self.arguments.is_some() || self.name.is_some()
    }

    /// How bytes become messages.
    pub(super) fn framing(&self) -> Framing {
        let cut = match (self.packet, self.line) {
            (0, 0) => Cut::Stream,
            (0, limit) => Cut::Lines(Lines::new(limit)),
            (header, _) => Cut::Packets(header, Vec::new()),
        };
        Framing { form: self.form, cut }
    }
}

/// `{Low, High}` or `disabled`: a driver here has limits of its own, as stock's drivers of descriptors have.
fn limits(value: Term) -> Option<()> {
    if value == Term::atom(predefined::DISABLED) {
        return Some(());
    }
    let pair = value.as_tuple()?;
    let [low, high] = *pair.elements() else { return None };
    (low.as_small()? > 0 && high.as_small()? > 0).then_some(())
}

/// Variables with and without values.
fn environment(list: Term) -> Option<Vec<Variable>> {
    let read = |entry: Term| {
        let pair = entry.as_tuple()?;
        let [name, value] = *pair.elements() else { return None };
        let name = characters(name).filter(|name| !name.contains(&b'='))?;
        match value.as_boolean() {
            Some(false) => Some((name, None)),
            // Without a value a variable is not there.
            _ => Some((name, Some(characters(value)?).filter(|value| !value.is_empty()))),
        }
    };
    crate::bif::lists::proper(list)?.into_iter().map(read).collect()
}
