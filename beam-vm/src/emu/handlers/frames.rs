// SPDX-License-Identifier: Apache-2.0
//! Frames and heap room.
#![expect(unsafe_code, reason = "handlers work on registers and heap words")]

use crate::emu::collect;
use crate::emu::dispatch::{handlers, next, slow};
use crate::emu::operand::{I1, I2, I3, N16, N32};
use crate::heap::RESERVED;
use crate::term::Term;

/// Bytes that have to be free for a number of words.
#[inline(always)]
pub(super) const fn bytes(words: usize) -> usize {
    8 * (words + RESERVED)
}

handlers! {
    /// `allocate Slots Live`: a frame of so many Y registers, whose contents are set by the program before anybody looks.
    fn allocate(s, op: I2<N16, N16>) {
        let words = usize::from(op.a.0) + 1;
        if s.free_bytes() < bytes(words) {
            slow!(s, collect::for_frame);
        }
        s.sp = s.sp.sub(words);
        s.sp.cast::<Term>().write(Term::NIL);
        next!(s, op)
    }

    /// `allocate_heap Slots Words Live`
    fn allocate_heap(s, op: I3<N16, N32, N16>) {
        let words = usize::from(op.a.0) + 1;
        if s.free_bytes() < bytes(words + op.b.0 as usize) {
            slow!(s, collect::for_frame_and_heap);
        }
        s.sp = s.sp.sub(words);
        s.sp.cast::<Term>().write(Term::NIL);
        next!(s, op)
    }

    /// `allocate_zero Slots Live`
    fn allocate_zero(s, op: I2<N16, N16>) {
        let words = usize::from(op.a.0) + 1;
        if s.free_bytes() < bytes(words) {
            slow!(s, collect::for_frame);
        }
        s.sp = s.sp.sub(words);
        for index in 0..words {
            s.sp.cast::<Term>().add(index).write(Term::NIL);
        }
        next!(s, op)
    }

    /// `allocate_heap_zero Slots Words Live`
    fn allocate_heap_zero(s, op: I3<N16, N32, N16>) {
        let words = usize::from(op.a.0) + 1;
        if s.free_bytes() < bytes(words + op.b.0 as usize) {
            slow!(s, collect::for_frame_and_heap);
        }
        s.sp = s.sp.sub(words);
        for index in 0..words {
            s.sp.cast::<Term>().add(index).write(Term::NIL);
        }
        next!(s, op)
    }

    /// `test_heap Words Live`
    fn test_heap(s, op: I2<N32, N16>) {
        if s.free_bytes() < bytes(op.a.0 as usize) {
            slow!(s, collect::for_heap);
        }
        next!(s, op)
    }

    /// `deallocate Slots`
    fn deallocate(s, op: I1<N16>) {
        s.sp = s.sp.add(usize::from(op.a.0) + 1);
        next!(s, op)
    }

    /// `trim Slots Remaining`: the lower registers go, so the return address moves up.
    fn trim(s, op: I2<N16, N16>) {
        let address = s.sp.read();
        s.sp = s.sp.add(usize::from(op.a.0));
        s.sp.write(address);
        next!(s, op)
    }
}
