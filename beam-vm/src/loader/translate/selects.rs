// SPDX-License-Identifier: Apache-2.0
//! `select_val` and `select_tuple_arity`: as a table of targets where the values are in a row, as a sorted table where they are
//! immediates, as a chain of comparisons else.

use alloc::vec;
use alloc::vec::Vec;

use super::Translator;
use crate::emu::operand::Arg;
use crate::emu::table::Operation;
use crate::term::{Header, Kind, Term};

/// A table by place may have this many places for each value.
const SPARSE: usize = 4;

impl Translator<'_> {
    pub(super) fn select_val(&mut self, source: &Arg, fail: u32, pairs: &[Arg]) {
        let mut values: Vec<(Term, u32)> = Vec::with_capacity(pairs.len() / 2);
        for pair in pairs.chunks_exact(2) {
            if let [Arg::Const(value), Arg::Label(label)] = pair {
                values.push((*value, *label));
            }
        }
        if fail != 0 && self.jump_table(source, fail, &values) {
            return;
        }
        if fail != 0 && values.iter().all(|(value, _)| value.is_immediate()) {
            let targets = values.iter().map(|(value, label)| (value.raw(), *label)).collect();
            self.push(Operation::SelectVal, vec![source.clone(), Arg::Label(fail), Arg::Targets(targets)]);
            return;
        }
        for (value, label) in values {
            self.push(Operation::IsNeExact, vec![Arg::Label(label), source.clone(), Arg::Const(value)]);
        }
        self.push(Operation::Jump, vec![Arg::Label(fail)]);
    }

    fn jump_table(&mut self, source: &Arg, fail: u32, values: &[(Term, u32)]) -> bool {
        let small = |(value, label): &(Term, u32)| Some((value.as_small()?, *label));
        let mut numbers: Vec<(i64, u32)> = values.iter().filter_map(small).collect();
        if numbers.len() != values.len() || numbers.len() < 4 {
            return false;
        }
        // Where a value is there twice the first counts, as in a chain: it is set last.
        numbers.reverse();
        let first = numbers.iter().map(|(value, _)| *value).min().unwrap_or(0);
        let last = numbers.iter().map(|(value, _)| *value).max().unwrap_or(0);
        let (Ok(start), span) = (i32::try_from(first), last.wrapping_sub(first) as u64) else { return false };
        if span > (SPARSE * numbers.len()) as u64 {
            return false;
        }
        let mut labels = vec![fail; span as usize + 1];
        for (value, label) in numbers {
            labels[(value - first) as usize] = label;
        }
        let start = Arg::Number(u64::from(start as u32));
        self.push(Operation::JumpTable, vec![source.clone(), Arg::Label(fail), start, Arg::Labels(labels)]);
        true
    }

    pub(super) fn select_tuple_arity(&mut self, source: &Arg, fail: u32, pairs: &[Arg]) {
        let target = |pair: &[Arg]| match pair {
            [Arg::Number(arity), Arg::Label(label)] => {
                Some((Header::new(Kind::Tuple, *arity as usize).raw(), *label))
            }
            _ => None,
        };
        let targets = pairs.chunks_exact(2).filter_map(target).collect();
        self.push(Operation::SelectTupleArity, vec![source.clone(), Arg::Label(fail), Arg::Targets(targets)]);
    }
}
