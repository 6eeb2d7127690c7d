// SPDX-License-Identifier: Apache-2.0
//! A stack for walks over terms: the first places need no allocation, which is enough for most terms.

use alloc::vec::Vec;

/// Places that need no allocation.
const INLINE: usize = 12;

/// A stack of plain data.
pub(crate) struct InlineStack<T> {
    first: [Option<T>; INLINE],
    len: usize,
    rest: Vec<T>,
}

impl<T: Copy> InlineStack<T> {
    /// An empty stack.
    #[inline]
    pub(crate) const fn new() -> Self {
        Self { first: [None; INLINE], len: 0, rest: Vec::new() }
    }

    /// Puts one on top.
    #[inline]
    pub(crate) fn push(&mut self, value: T) {
        match self.first.get_mut(self.len) {
            Some(place) => {
                *place = Some(value);
                self.len += 1;
            }
            None => self.rest.push(value),
        }
    }

    /// Takes the top.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<T> {
        if !self.rest.is_empty() {
            return self.rest.pop();
        }
        self.len = self.len.checked_sub(1)?;
        self.first[self.len]
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::InlineStack;

    proptest! {
        #[test]
        fn it_is_a_stack(steps in prop::collection::vec(prop::option::weighted(0.6, any::<u8>()), 0..100)) {
            let (mut stack, mut model) = (InlineStack::new(), Vec::new());
            for step in steps {
                match step {
                    Some(value) => {
                        stack.push(value);
                        model.push(value);
                    }
                    None => prop_assert_eq!(stack.pop(), model.pop()),
                }
            }
        }
    }
}
