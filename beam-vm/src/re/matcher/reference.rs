// SPDX-License-Identifier: Apache-2.0
//! References to what a group has matched (`pcrepattern`, "Back references").

use super::super::latin1;
use super::super::program::{Op, Program};
use super::super::unicode;
use super::single::char_at;
use super::{Matcher, UNSET};

impl Matcher {
    /// Whether a group is set.
    pub(super) fn is_set(&self, group: u16) -> bool {
        group > 0 && self.slots.get(2 * usize::from(group)).is_some_and(|end| *end != UNSET)
    }

    /// What a reference refers to, if its group is set.
    pub(super) fn referred(&self, program: &Program, op: Op) -> Option<(usize, usize)> {
        match op {
            Op::Reference { group, .. } if group > 0 => self.group(usize::from(group)),
            Op::NamedReference { name, count, .. } => {
                let names = program.names.get(usize::from(name)..usize::from(name) + usize::from(count));
                let set = names?.iter().find(|name| self.is_set(name.group))?;
                self.group(usize::from(set.group))
            }
            _ => None,
        }
    }

    /// Whether the same text is at a place, and where it ends.
    pub(super) fn same<const UTF: bool>(
        &self,
        op: Op,
        referred: (usize, usize),
        text: &[u8],
        pos: usize,
    ) -> Option<usize> {
        let wanted = text.get(referred.0..referred.1)?;
        let (Op::Reference { caseless, .. } | Op::NamedReference { caseless, .. }) = op else { return None };
        if !caseless {
            return text.get(pos..)?.starts_with(wanted).then_some(pos + wanted.len());
        }
        let (mut at, mut pos) = (0, pos);
        while let Some((one, len)) = char_at::<UTF>(wanted, at) {
            let (two, other_len) = char_at::<UTF>(text, pos)?;
            let is_same = one == two
                || if UTF {
                    unicode::cases(one).contains(&two)
                } else {
                    u32::from(latin1::other_case(one as u8)) == two
                };
            if !is_same {
                return None;
            }
            at += len;
            pos += other_len;
        }
        Some(pos)
    }
}
