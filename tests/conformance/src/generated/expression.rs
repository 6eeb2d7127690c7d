// SPDX-License-Identifier: Apache-2.0
//! Expressions as trees, which can be written as Erlang and made smaller.

use std::collections::BTreeSet;
use std::fmt::Write;

/// A variable's number. Each binding has its own, so that no part of a program means another variable elsewhere.
pub type Variable = u32;

/// A part of an expression.
#[derive(Clone, Debug)]
pub enum Piece {
    /// Erlang text.
    Text(&'static str),
    /// Erlang text that was made.
    Made(String),
    /// Another expression.
    Inner(Expression),
    /// The use of a variable.
    Use(Variable),
    /// A pattern that binds a variable for what follows in the same expression.
    Bind(Variable),
}

/// An expression: its parts in order.
#[derive(Clone, Debug, Default)]
pub struct Expression(pub Vec<Piece>);

impl Expression {
    /// An expression of one piece of text.
    pub fn text(text: &'static str) -> Self {
        Self(vec![Piece::Text(text)])
    }

    /// How many expressions it has in it.
    pub fn size(&self) -> usize {
        1 + self.inner().map(Self::size).sum::<usize>()
    }

    fn inner(&self) -> impl Iterator<Item = &Self> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Inner(inner) => Some(inner),
            _ => None,
        })
    }

    /// Writes it. Variables that nobody has bound, which are left over when a tree is made smaller, become numbers.
    pub fn write(&self, out: &mut String, bound: &mut BTreeSet<Variable>) {
        // A comprehension uses its variables before it binds them.
        bound.extend(self.0.iter().filter_map(|piece| match piece {
            Piece::Bind(variable) => Some(*variable),
            _ => None,
        }));
        for piece in &self.0 {
            let _ = match piece {
                Piece::Text(text) => write!(out, "{text}"),
                Piece::Made(text) => write!(out, "{text}"),
                Piece::Inner(inner) => {
                    inner.write(out, bound);
                    Ok(())
                }
                Piece::Use(variable) if bound.contains(variable) => write!(out, "V{variable}"),
                Piece::Use(_) => write!(out, "0"),
                Piece::Bind(variable) => write!(out, "V{variable}"),
            };
        }
    }

    /// All expressions that are this one with a part replaced by something smaller.
    pub fn smaller(&self) -> Vec<Self> {
        let mut all: Vec<Self> = self.inner().cloned().collect();
        if self.size() > 1 {
            all.extend(["0", "a", "[]", "1.5"].map(Self::text));
        }
        for (at, piece) in self.0.iter().enumerate() {
            if let Piece::Inner(inner) = piece {
                all.extend(inner.smaller().into_iter().map(|smaller| {
                    let mut pieces = self.0.clone();
                    pieces[at] = Piece::Inner(smaller);
                    Self(pieces)
                }));
            }
        }
        all
    }
}
