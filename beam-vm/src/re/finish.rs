// SPDX-License-Identifier: Apache-2.0
//! Makes a program of what was read: names become numbers, calls get their targets, groups the slots that they need, and what is known
//! of the start of a match is written down.

use alloc::vec;
use alloc::vec::Vec;

use super::error::CompileError;
use super::latin1;
use super::lead;
use super::options::{Flags, Options};
use super::parse::{BY_NAME, Need, Parser};
use super::possess;
use super::program::{GroupKind, Name, Needed, Op, Program};
use super::start;

/// Compiles a pattern.
///
/// # Errors
/// What PCRE says, and where.
pub fn compile(text: &[u8], options: Options) -> Result<Program, CompileError> {
    let mut parser = Parser::new(text, options);
    let summary = parser.run()?;
    let mut names = core::mem::take(&mut parser.names);
    names.sort();
    let labels = core::mem::take(&mut parser.labels);
    let mut ops = core::mem::take(&mut parser.ops);
    let place = |label: u16| {
        let text = &labels[usize::from(label)];
        let first = names.partition_point(|name| name.text < *text);
        let count = names[first..].iter().take_while(|name| name.text == *text).count();
        (first as u16, count as u16)
    };
    let number = |names: &[Name], first: u16| names.get(usize::from(first)).map_or(0, |name| name.group);
    for op in &mut ops {
        *op = match *op {
            Op::NamedReference { name, caseless, .. } => match place(name) {
                (first, 1) => Op::Reference { group: number(&names, first), caseless },
                (name, count) => Op::NamedReference { name, count, caseless },
            },
            Op::IfName { name, .. } => match place(name) {
                (first, 1) => Op::IfGroup(number(&names, first)),
                (name, count) => Op::IfName { name, count },
            },
            Op::IfCallName { name, .. } => match place(name) {
                (first, 1) => Op::IfCall(number(&names, first)),
                (name, count) => Op::IfCallName { name, count },
            },
            Op::Call { number: label, target: BY_NAME } => {
                Op::Call { number: number(&names, place(label).0), target: 0 }
            }
            other => other,
        };
    }
    for op in &ops {
        if let Op::Reference { group, .. } = op {
            parser.referenced |= if *group < 32 { 1 << group } else { 1 };
        }
    }
    let slots = link(&mut ops, parser.groups);
    let mut flags = summary.flags | parser.seen;
    let varies_only =
        |need: Need, anchored: bool| !anchored || matches!(need, Need::Byte { varies: true, .. });
    let referenced = parser.referenced;
    if !flags.has(Flags::ANCHORED) && start::is_anchored(&ops, referenced, parser.has_prune_or_skip) {
        flags |= Flags::ANCHORED;
    }
    let anchored = flags.has(Flags::ANCHORED);
    let mut first = if anchored { Need::Nothing } else { summary.first };
    if !anchored && !first.is_byte() {
        first = start::asserted(&ops, flags);
        if !first.is_byte() && start::is_line_start(&ops, referenced, parser.has_prune_or_skip) {
            flags |= Flags::STARTLINE;
        }
    }
    let required = if !parser.has_accept && varies_only(summary.required, anchored) {
        summary.required
    } else {
        Need::Nothing
    };
    if !flags.has(Flags::NO_AUTO_POSSESS) {
        possess::run(&mut ops, &parser.sets, flags);
    }
    Ok(Program {
        options: Options { flags, newline: parser.newline, bsr: parser.bsr },
        groups: parser.groups as u16,
        slots,
        first: needed(first),
        leads: if first.is_byte() || anchored { None } else { lead::find(&ops, &parser.sets, flags) },
        required: needed(required),
        match_limit: parser.match_limit,
        depth_limit: parser.depth_limit,
        ops,
        sets: core::mem::take(&mut parser.sets),
        names,
        labels: labels.len() as u32,
    })
}

/// A byte that is needed, in both cases.
fn needed(need: Need) -> Option<Needed> {
    match need {
        Need::Byte { byte, caseless, .. } => {
            Some(Needed { byte, other: if caseless { latin1::other_case(byte) } else { byte } })
        }
        _ => None,
    }
}

/// Gives calls their targets and groups their slots; says how many slots there are.
fn link(ops: &mut [Op], groups: u32) -> u32 {
    let mut opens: Vec<u32> = vec![0; groups as usize + 1];
    let mut slots = 0;
    for (at, op) in ops.iter_mut().enumerate() {
        if let Op::Group { kind, empty, number, slot, .. } = op {
            if *kind == GroupKind::Capture
                && let Some(open) = opens.get_mut(usize::from(*number))
                && *open == 0
            {
                *open = at as u32;
            }
            if *empty {
                *slot = slots;
                slots += 1;
            }
        }
    }
    for op in ops {
        if let Op::Call { number, target } = op {
            *target = opens.get(usize::from(*number)).copied().unwrap_or(0);
        }
    }
    slots
}
