// SPDX-License-Identifier: Apache-2.0
//! A case of a generated program: an expression over arguments whose values the compiler does not know.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::expression::Expression;

/// Arguments of a case.
pub const ARGUMENTS: u32 = 3;

/// A case: an expression over `V0` and so on, and the arguments.
#[derive(Clone, Debug)]
pub struct Case {
    /// The expression.
    pub body: Expression,
    /// The arguments.
    pub arguments: Vec<Expression>,
}

impl Case {
    /// Writes the two functions of the case.
    pub fn write(&self, number: usize, out: &mut String) {
        let parameters: Vec<String> = (0..ARGUMENTS).map(|number| format!("V{number}")).collect();
        let _ = write!(out, "c{number}() ->\n    b{number}(");
        for (index, argument) in self.arguments.iter().enumerate() {
            out.push_str(if index > 0 { ", ?MODULE:id(" } else { "?MODULE:id(" });
            argument.write(out, &mut BTreeSet::new());
            out.push(')');
        }
        let _ = write!(out, ").\n\nb{number}({}) ->\n    ", parameters.join(", "));
        self.body.write(out, &mut (0..ARGUMENTS).collect());
        out.push_str(".\n\n");
    }

    /// How many expressions it has in it.
    pub fn size(&self) -> usize {
        self.body.size() + self.arguments.iter().map(Expression::size).sum::<usize>()
    }

    /// All that are this one with a part replaced by something smaller, the smallest first.
    pub fn smaller(&self) -> Vec<Self> {
        let bodies = self.body.smaller().into_iter().map(|body| Self { body, ..self.clone() });
        let mut all: Vec<Self> = bodies.collect();
        for (index, argument) in self.arguments.iter().enumerate() {
            for smaller in argument.smaller() {
                let mut case = self.clone();
                case.arguments[index] = smaller;
                all.push(case);
            }
        }
        all.retain(|other| other.size() < self.size());
        all.sort_by_key(Self::size);
        all
    }
}
