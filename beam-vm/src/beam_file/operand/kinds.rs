// SPDX-License-Identifier: Apache-2.0
//! Which operands can play which role.

use super::Operand;
use crate::beam_file::opcodes::Role;

/// A set of the variants of [`Operand`].
#[derive(Clone, Copy)]
pub(super) struct Kinds(u16);

impl Kinds {
    const UNSIGNED: Self = Self(1);
    const OVERFLOW: Self = Self(1 << 1);
    const CONSTANT: Self = Self(1 << 2);
    const ATOM: Self = Self(1 << 3);
    const REGISTER: Self = Self(1 << 4);
    const FLOAT: Self = Self(1 << 5);
    const LABEL: Self = Self(1 << 6);
    const ALLOCATION: Self = Self(1 << 7);
    const LIST: Self = Self(1 << 8);

    const NUMBER: Self = Self::UNSIGNED.or(Self::OVERFLOW);
    const SOURCE: Self = Self::CONSTANT.or(Self::ATOM).or(Self::REGISTER);

    pub(super) const fn overlaps(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The variant that this is.
    pub(super) const fn of(operand: Operand) -> Self {
        match operand {
            Operand::Unsigned(_) => Self::UNSIGNED,
            Operand::Overflow => Self::OVERFLOW,
            Operand::Integer(_) | Operand::BigInteger(_) | Operand::Nil | Operand::Literal(_) => {
                Self::CONSTANT
            }
            Operand::Atom(_) => Self::ATOM,
            Operand::X(_) | Operand::Y(_) => Self::REGISTER,
            Operand::Float(_) => Self::FLOAT,
            Operand::Label(_) | Operand::NoLabel => Self::LABEL,
            Operand::Allocation(_) => Self::ALLOCATION,
            Operand::List(_) => Self::LIST,
        }
    }

    /// The variants that can play this role.
    pub(super) const fn allowed(role: Role) -> Self {
        match role {
            Role::Any => Self(!Self::LIST.0),
            Role::Number => Self::NUMBER,
            Role::HeapNeed => Self::NUMBER.or(Self::ALLOCATION),
            Role::Size => Self::NUMBER.or(Self::SOURCE),
            Role::LabelHere | Role::Import | Role::Lambda | Role::StringOffset | Role::Line => Self::UNSIGNED,
            Role::Label => Self::LABEL,
            Role::LabelOrAtom => Self::LABEL.or(Self::ATOM),
            Role::LambdaOrAtom => Self::UNSIGNED.or(Self::ATOM),
            Role::Atom => Self::ATOM,
            Role::Source => Self::SOURCE,
            Role::Destination => Self::REGISTER,
            Role::FloatRegister => Self::FLOAT,
            Role::FloatSource => Self::SOURCE.or(Self::FLOAT),
            Role::FloatDestination => Self::REGISTER.or(Self::FLOAT),
            Role::List => Self::LIST,
        }
    }
}
