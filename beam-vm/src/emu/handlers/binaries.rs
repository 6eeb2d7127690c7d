// SPDX-License-Identifier: Apache-2.0
//! Instructions of the bit syntax: matching, construction, and construction as compilers before OTP 25 wrote it.
//!
//! What a match needs and nothing else is done in the handlers themselves. Longer work is done by functions that return: they get the
//! machine's registers as five words and leave heap and stack in the process, so that no address of a handler's own is given away, which would
//! make its last call a call.

pub mod construct;
pub mod fields;
pub mod matching;
mod room;
pub mod segments;
pub mod stepwise;

/// Words that the object of one matching instruction takes on the heap: the longest heap binary, which is longer than a part of another.
const OBJECT_WORDS: usize =
    crate::term::layout::HEAP_DATA + crate::term::layout::HEAP_BINARY_LIMIT.div_ceil(8);

/// Calls a function that may work on the process and gives a word; takes heap and stack from the process again. They are stored before, since
/// the function need not do so.
macro_rules! outside {
    ($s:ident, $function:expr) => {{
        $s.process();
        let word = $function($s.ip, $s.hp, $s.sp, $s.m, $s.fcalls);
        $s.reload();
        word
    }};
}

use outside;
