// SPDX-License-Identifier: Apache-2.0
//! Expressions as trees, which can be written as Erlang and made smaller.

use std::collections::BTreeSet;
use std::fmt::Write;

/// A variable's number. Each binding has its own, so that no part of a program means another variable elsewhere.
pub type Variable = u32;

/// What an expression of a language can be replaced by, and still be one.
pub type Leaves = &'static [&'static str];

/// Erlang's.
const ERLANG: Leaves = &["0", "a", "[]", "1.5"];

/// A part of an expression.
#[derive(Clone, Debug)]
pub enum Piece {
    /// Erlang text.
    Text(&'static str),
    /// Erlang text that was made.
    Made(String),
    /// Another expression.
    Inner(Expression),
    /// An expression of another language, which stands in a string or has to be of a certain form.
    Apart(Leaves, Expression),
    /// The use of a variable.
    Use(Variable),
    /// A pattern that binds a variable for what follows in the same expression.
    Bind(Variable),
}

/// An expression: its parts in order.
#[derive(Clone, Debug, Default)]
pub struct Expression(pub Vec<Piece>);

impl Expression {
    /// An expression of one piece of text; without text, an empty one.
    pub fn text(text: &'static str) -> Self {
        Self(if text.is_empty() { Vec::new() } else { vec![Piece::Text(text)] })
    }

    /// An expression of text that was made.
    pub fn made(text: String) -> Self {
        Self(vec![Piece::Made(text)])
    }

    /// How many expressions it has in it, but empty ones.
    pub fn size(&self) -> usize {
        let parts = self.0.iter().map(|piece| match piece {
            Piece::Inner(inner) | Piece::Apart(_, inner) => inner.size(),
            _ => 0,
        });
        usize::from(!self.0.is_empty()) + parts.sum::<usize>()
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
                Piece::Inner(inner) | Piece::Apart(_, inner) => {
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
        self.smaller_among(ERLANG)
    }

    fn smaller_among(&self, leaves: Leaves) -> Vec<Self> {
        let mut all: Vec<Self> = self.inner().cloned().collect();
        let size = self.size();
        all.extend(leaves.iter().map(|leaf| Self::text(leaf)).filter(|leaf| leaf.size() < size));
        for (at, piece) in self.0.iter().enumerate() {
            let (smaller, wrap): (_, fn(Leaves, Self) -> Piece) = match piece {
                Piece::Inner(inner) => (inner.smaller_among(leaves), |_, inner| Piece::Inner(inner)),
                Piece::Apart(leaves, inner) => (inner.smaller_among(leaves), Piece::Apart),
                _ => continue,
            };
            let own = if let Piece::Apart(own, _) = piece { own } else { leaves };
            all.extend(smaller.into_iter().map(|smaller| {
                let mut pieces = self.0.clone();
                pieces[at] = wrap(own, smaller);
                Self(pieces)
            }));
        }
        all
    }
}
