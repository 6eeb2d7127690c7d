// SPDX-License-Identifier: Apache-2.0
//! Zero values as constants, made without `unsafe`: the ground of every structure's `zeroed`.

use core::ptr::null_mut;

/// A type with a value of which every field is zero.
pub(crate) trait Zeroed {
    /// That value.
    const ZERO: Self;
}

macro_rules! zeroed_integers {
    ($($ty:ty)*) => {
        $(impl Zeroed for $ty {
            const ZERO: Self = 0;
        })*
    };
}

zeroed_integers!(u8 u16 u32 u64 i8 i16 i32 i64);

impl<T> Zeroed for *mut T {
    const ZERO: Self = null_mut();
}

impl<T: Zeroed, const N: usize> Zeroed for [T; N] {
    const ZERO: Self = [const { T::ZERO }; N];
}
