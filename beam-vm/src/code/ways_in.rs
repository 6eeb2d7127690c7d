// SPDX-License-Identifier: Apache-2.0
//! Ways into functions that are not there yet. A library's module has words for all of its functions, of which a start calls one in ten; pages of
//! words that nobody has written or read take no memory where the platform gives zeroed memory page by page. So that nothing is written to a function
//! before it is called, exports and lambdas lead to instructions of their own behind all others, side by side: the arity and the instruction that expands
//! the function and goes on there. Once that has happened they lead to the function itself.

use core::ops::Range;

/// Words of a way in: the arity, as before every first instruction, and the instruction.
const WORDS: u32 = 2;

/// The words of an instance that are ways in, those of exports before those of lambdas.
#[derive(Clone, Debug)]
pub(crate) struct WaysIn(Range<u32>);

impl WaysIn {
    /// So many, from a word on; none if words cannot be counted so far.
    pub fn new(start: u32, count: usize) -> Option<Self> {
        let words = u32::try_from(count).ok()?.checked_mul(WORDS)?;
        Some(Self(start..start.checked_add(words)?))
    }

    /// None: all functions are there.
    pub const fn none() -> Self {
        Self(0..0)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len() / WORDS as usize
    }

    /// How many words they have.
    pub fn words(&self) -> usize {
        self.0.len()
    }

    /// The word behind the last one.
    pub const fn end(&self) -> u32 {
        self.0.end
    }

    /// The word of the instruction of one.
    pub const fn instruction(&self, index: usize) -> u32 {
        self.0.start + WORDS * index as u32 + 1
    }

    /// Which one a word belongs to.
    pub fn index(&self, word: u32) -> Option<usize> {
        self.0.contains(&word).then(|| ((word - self.0.start) / WORDS) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::WaysIn;

    #[test]
    fn words_belong_to_their_way() {
        let ways = WaysIn::new(100, 3).expect("few words");
        assert_eq!((ways.count(), ways.end()), (3, 106));
        for index in 0..3 {
            assert_eq!(ways.index(ways.instruction(index)), Some(index));
        }
        assert_eq!((ways.index(99), ways.index(106), ways.index(100)), (None, None, Some(0)));
        assert!(WaysIn::new(u32::MAX - 4, 3).is_none());
        assert_eq!((WaysIn::none().count(), WaysIn::none().index(0)), (0, None));
    }
}
