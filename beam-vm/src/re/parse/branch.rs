// SPDX-License-Identifier: Apache-2.0
//! What is known of a branch while it is read: the characters that a match of it begins with and needs, its length if that is fixed, and
//! whether it can match nothing. Each item adds to it, and a group gives the sum of its branches to the one around it.

use super::super::error::ErrorKind;

/// A character that a match begins with or needs, as far as it is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Needs {
    /// Nothing was read yet that could say.
    #[default]
    Unset,
    /// There is no such character.
    Nothing,
    /// This byte, perhaps in either case; `varies` says that its place behind the first one is not fixed.
    Byte {
        /// The byte.
        byte: u8,
        /// Whether it may be in either case.
        caseless: bool,
        /// Whether something of varying length is before it.
        varies: bool,
    },
}

impl Needs {
    /// Whether it is a byte.
    pub fn is_byte(self) -> bool {
        matches!(self, Self::Byte { .. })
    }

    /// The same, with `varies` set too if that is the case.
    pub fn varying(self, by: Varies) -> Self {
        match self {
            Self::Byte { byte, caseless, varies } => {
                Self::Byte { byte, caseless, varies: varies || by == Varies::Yes }
            }
            other => other,
        }
    }

    /// The same, as if its place were fixed.
    pub fn fixed(self) -> Self {
        match self {
            Self::Byte { byte, caseless, .. } => Self::Byte { byte, caseless, varies: false },
            other => other,
        }
    }
}

/// Whether something of varying length was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Varies {
    /// No.
    #[default]
    No,
    /// Yes.
    Yes,
}

/// The length of what a branch matches, in characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Length {
    /// Always the same.
    Fixed(u32),
    /// Not the same, or not to be known: why a lookbehind cannot have it.
    Not(ErrorKind),
}

impl Length {
    /// Nothing.
    pub const ZERO: Self = Self::Fixed(0);
    /// A length that varies.
    pub const VARIES: Self = Self::Not(ErrorKind::LookbehindNotFixed);

    /// The sum.
    pub fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Fixed(one), Self::Fixed(two)) => one.checked_add(two).map_or(Self::VARIES, Self::Fixed),
            (Self::Not(why), _) | (_, Self::Not(why)) => Self::Not(why),
        }
    }

    /// So many times.
    pub fn times(self, count: u32) -> Self {
        match self {
            Self::Fixed(one) => one.checked_mul(count).map_or(Self::VARIES, Self::Fixed),
            not => not,
        }
    }
}

/// What is known of a branch.
#[derive(Clone, Copy, Debug)]
pub struct Branch {
    /// What a match begins with.
    pub first: Needs,
    /// What it needs behind that.
    pub required: Needs,
    /// The same without the last item.
    pub zero_first: Needs,
    /// The same without the last item.
    pub zero_required: Needs,
    /// Its length.
    pub length: Length,
    /// Its length without the last item.
    pub length_before: Length,
    /// The length of the last item.
    pub item: Length,
    /// Whether it can match nothing.
    pub empty: bool,
    /// The same without the last item.
    pub empty_before: bool,
    /// Whether it counts as able to match nothing whatever follows: PCRE looks no further behind a call of a group that is not complete.
    pub pinned: bool,
    /// The same without the last item.
    pub pinned_before: bool,
    /// Whether the last item can match nothing.
    pub item_empty: bool,
    /// Whether `(*ACCEPT)` has ended it, so that nothing more counts for the length.
    pub accepted: bool,
    /// Whether the group that was the last item has set what the branch begins with.
    pub group_set_first: bool,
}

impl Branch {
    /// A branch of which nothing was read.
    pub const NEW: Self = Self {
        first: Needs::Unset,
        required: Needs::Unset,
        zero_first: Needs::Unset,
        zero_required: Needs::Unset,
        length: Length::ZERO,
        length_before: Length::ZERO,
        item: Length::ZERO,
        empty: true,
        empty_before: true,
        pinned: false,
        pinned_before: false,
        item_empty: true,
        accepted: false,
        group_set_first: false,
    };

    /// Adds an item of a length.
    pub fn add(&mut self, length: Length, empty: bool) {
        self.length_before = self.length;
        self.empty_before = self.empty;
        self.item = length;
        self.item_empty = empty;
        self.pinned_before = self.pinned;
        if !self.accepted {
            self.length = self.length.plus(length);
        }
        self.empty = self.pinned || self.empty && empty;
    }

    /// The last item matches a character that is not one certain byte.
    pub fn some_character(&mut self) {
        if self.first == Needs::Unset {
            self.first = Needs::Nothing;
        }
        self.zero_first = self.first;
        self.zero_required = self.required;
    }

    /// The last item is repeated.
    pub fn repeat(&mut self, min: u32, max: u32) {
        if !self.accepted {
            let item = if min == max { self.item.times(min) } else { Length::VARIES };
            self.length = self.length_before.plus(item);
        }
        if min == 0 {
            self.pinned = self.pinned_before;
            self.empty = self.empty_before;
            self.first = self.zero_first;
            self.required = self.zero_required;
        }
    }
}

/// What is known of the branches of a group together.
#[derive(Clone, Copy, Debug)]
pub struct Branches {
    /// How many there are.
    pub count: u32,
    /// What a match of all of them begins with.
    pub first: Needs,
    /// What it needs behind that.
    pub required: Needs,
    /// Their length.
    pub length: Length,
    /// Whether one can match nothing.
    pub empty: bool,
    /// Whether the first one can.
    pub first_empty: bool,
}

impl Branches {
    /// None.
    pub const NEW: Self = Self {
        count: 0,
        first: Needs::Unset,
        required: Needs::Unset,
        length: Length::ZERO,
        empty: false,
        first_empty: false,
    };

    /// Adds one.
    pub fn add(&mut self, branch: &Branch) {
        self.empty |= branch.empty;
        self.count += 1;
        if self.count == 1 {
            self.first = branch.first;
            self.required = branch.required;
            self.length = branch.length;
            self.first_empty = branch.empty;
            return;
        }
        self.length = match (self.length, branch.length) {
            (Length::Not(why), _) | (_, Length::Not(why)) => Length::Not(why),
            (one, two) if one == two => one,
            _ => Length::VARIES,
        };
        let mut required = branch.required;
        if self.first.fixed() != branch.first.fixed() {
            if self.first.is_byte() && !self.required.is_byte() {
                self.required = self.first;
            }
            self.first = Needs::Nothing;
        }
        if !self.first.is_byte() && branch.first.is_byte() && !required.is_byte() {
            required = branch.first;
        }
        if self.required.fixed() == required.fixed() {
            if let Needs::Byte { varies: true, .. } = required {
                self.required = self.required.varying(Varies::Yes);
            }
        } else {
            self.required = Needs::Nothing;
        }
    }
}
