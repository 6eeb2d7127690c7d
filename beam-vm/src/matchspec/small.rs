// SPDX-License-Identifier: Apache-2.0
//! Functions of two small integers, which most guards are made of. They are done in place; what is not of this kind is left to the function.

use crate::term::Term;

/// What is done with two small integers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Small {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    And,
    Or,
    Less,
    Greater,
    AtMost,
    AtLeast,
    Equal,
    Different,
}

impl Small {
    /// What a function of two arguments does with small integers.
    pub(super) fn find(name: &str) -> Option<Self> {
        Some(match name {
            "+" => Self::Add,
            "-" => Self::Subtract,
            "*" => Self::Multiply,
            "div" => Self::Divide,
            "rem" => Self::Remainder,
            "band" => Self::And,
            "bor" => Self::Or,
            "<" => Self::Less,
            ">" => Self::Greater,
            "=<" => Self::AtMost,
            ">=" => Self::AtLeast,
            "==" | "=:=" => Self::Equal,
            "/=" | "=/=" => Self::Different,
            _ => return None,
        })
    }

    /// The value for two terms; none if they are not small, or their value is not.
    #[inline]
    pub(super) fn of(self, a: Term, b: Term) -> Option<Term> {
        if !(a.is_small() && b.is_small()) {
            return self.of_immediates(a, b);
        }
        let (a, b) = (a.small_value(), b.small_value());
        let value = match self {
            Self::Add => a + b,
            Self::Subtract => a - b,
            Self::Multiply => a.checked_mul(b)?,
            Self::Divide => a.checked_div(b)?,
            Self::Remainder => a.checked_rem(b)?,
            Self::And => a & b,
            Self::Or => a | b,
            Self::Less => return Some(Term::boolean(a < b)),
            Self::Greater => return Some(Term::boolean(a > b)),
            Self::AtMost => return Some(Term::boolean(a <= b)),
            Self::AtLeast => return Some(Term::boolean(a >= b)),
            Self::Equal => return Some(Term::boolean(a == b)),
            Self::Different => return Some(Term::boolean(a != b)),
        };
        Term::small(value)
    }

    /// Immediates are equal if they are the same.
    fn of_immediates(self, a: Term, b: Term) -> Option<Term> {
        let are_immediate = a.is_immediate() && b.is_immediate();
        match self {
            Self::Equal if are_immediate => Some(Term::boolean(a == b)),
            Self::Different if are_immediate => Some(Term::boolean(a != b)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Small;
    use crate::atom::predefined;
    use crate::term::Term;

    #[test]
    fn what_is_not_small_is_left_to_the_function() {
        let number = |value| Term::small(value).expect("it is small");
        let of = |name, a, b| Small::find(name).and_then(|small| small.of(a, b));
        assert_eq!(of("+", number(2), number(-5)), Some(number(-3)));
        assert_eq!(of("+", number(Term::SMALL_MAX), number(1)), None);
        assert_eq!(of("*", number(Term::SMALL_MAX), number(1 << 20)), None);
        assert_eq!(of("div", number(-7), number(2)), Some(number(-3)));
        assert_eq!(of("rem", number(-7), number(2)), Some(number(-1)));
        assert_eq!(of("rem", number(1), number(0)), None);
        assert_eq!(of("div", number(Term::SMALL_MIN), number(-1)), None);
        assert_eq!(of("=<", number(1), number(1)), Some(Term::boolean(true)));
        let (ok, error) = (Term::atom(predefined::OK), Term::atom(predefined::ERROR));
        assert_eq!(of("=:=", ok, ok), Some(Term::boolean(true)));
        assert_eq!(of("/=", ok, error), Some(Term::boolean(true)));
        assert_eq!(of("<", ok, error), None);
        assert_eq!(of("length", ok, error), None);
    }
}
