// SPDX-License-Identifier: Apache-2.0
//! A match in progress: what `bs_start_match` makes and the other `bs_` instructions of a match move on.
#![expect(unsafe_code, reason = "moves the position in a match state on the heap")]

use core::ptr::NonNull;

use super::{Flags, half, utf};
use crate::heap::{ProcessHeap, WRITABLE, build};
use crate::number::integer::{self, Endian, Signedness, bits_limbs, from_bits};
use crate::term::{Bits, Boxed, Header, Kind, Term, layout};

/// A match state.
#[derive(Clone, Copy, Debug)]
pub struct Cursor(NonNull<u64>);

impl Cursor {
    /// The match state that a term is.
    #[must_use]
    pub fn of(term: Term) -> Option<Self> {
        let boxed = term.as_boxed()?;
        (boxed.header().kind() == Kind::MatchState).then(|| Self(boxed.address()))
    }

    /// The match state that a register has where no other term can be: the compiler has put one there.
    ///
    /// # Safety
    /// The term has to be a match state.
    #[inline(always)]
    #[must_use]
    pub unsafe fn known(term: Term) -> Self {
        let address = core::ptr::with_exposed_provenance_mut(term.raw() as usize - 2);
        // SAFETY: a match state is a boxed object, whose tag is 2.
        Self(unsafe { NonNull::new_unchecked(address) })
    }

    /// Begins to match a bitstring: writes a match state to the [`MATCH_SIZE`](layout::MATCH_SIZE) words at `to`. None if the term is
    /// no bitstring.
    ///
    /// # Safety
    /// There has to be room for the words.
    #[inline(always)]
    pub unsafe fn start(to: NonNull<u64>, term: Term) -> Option<Term> {
        let boxed = term.as_boxed()?;
        // SAFETY: a live bitstring has the words that its kind says.
        unsafe {
            let word = |index: usize| boxed.address().add(index).read();
            let (origin, from, bits) = match boxed.header().kind() {
                Kind::SubBinary => {
                    let packed = word(layout::SUB_BITS) as usize;
                    let from = 8 * word(layout::SUB_OFFSET) as usize + (packed >> 8 & 0xFF);
                    let bits = 8 * word(layout::SUB_BYTES) as usize + (packed & 0xFF);
                    let origin = word(layout::SUB_ORIGIN);
                    (Term::from_raw(origin).as_boxed()?, from, bits)
                }
                Kind::HeapBinary | Kind::RefcBinary => (boxed, 0, 8 * word(layout::HEAP_BYTES) as usize),
                _ => return None,
            };
            let base = if origin.header().kind() == Kind::RefcBinary {
                freeze(origin);
                origin.address().add(layout::REFC_DATA).read()
            } else {
                origin.address().add(layout::HEAP_DATA).as_ptr().expose_provenance() as u64
            };
            to.write(Header::new(Kind::MatchState, layout::MATCH_SIZE - 1).raw());
            to.add(layout::MATCH_ORIGIN).write(origin.term().raw());
            to.add(layout::MATCH_BASE).write(base);
            to.add(layout::MATCH_OFFSET).write(from as u64);
            to.add(layout::MATCH_END).write((from + bits) as u64);
            Some(Boxed::new(to).term())
        }
    }

    #[inline(always)]
    fn word(self, index: usize) -> u64 {
        // SAFETY: a live match state has these words.
        unsafe { self.0.add(index).read() }
    }

    /// The next bit, counted from the first byte of the original.
    #[inline(always)]
    #[must_use]
    pub fn position(self) -> usize {
        self.word(layout::MATCH_OFFSET) as usize
    }

    /// Goes to a position that the match has had.
    #[inline(always)]
    pub fn set_position(self, position: usize) {
        // SAFETY: a live match state has this word.
        unsafe { self.0.add(layout::MATCH_OFFSET).write(position as u64) };
    }

    /// Goes to a position that was noted. One that the bitstring does not have is its end.
    #[inline(always)]
    pub fn go_to(self, position: usize) {
        self.set_position(position.min(self.word(layout::MATCH_END) as usize));
    }

    /// How many bits are left.
    #[inline(always)]
    #[must_use]
    pub fn left(self) -> usize {
        self.word(layout::MATCH_END) as usize - self.position()
    }

    fn origin(self) -> Term {
        // SAFETY: this word of a match state is a term.
        unsafe { Term::from_raw(self.word(layout::MATCH_ORIGIN)) }
    }

    /// The next bits, if there are as many.
    #[must_use]
    pub fn peek(self, bits: usize) -> Option<Bits> {
        if bits > self.left() {
            return None;
        }
        let base = core::ptr::with_exposed_provenance(self.word(layout::MATCH_BASE) as usize);
        // SAFETY: the match state is within its original, whose first byte this is.
        Some(unsafe { Bits::new(base, self.position(), bits) })
    }

    /// Passes over bits.
    #[inline(always)]
    pub fn skip(self, bits: usize) -> Option<()> {
        if bits > self.left() {
            return None;
        }
        self.set_position(self.position() + bits);
        Some(())
    }

    /// The address of the byte in which a bit is.
    #[inline(always)]
    fn byte_at(self, at: usize) -> *const u8 {
        core::ptr::with_exposed_provenance(self.word(layout::MATCH_BASE) as usize + at / 8)
    }

    /// The most bits that [`small`](Self::small) reads: those that 8 bytes have from any bit of the first one on.
    pub const SMALL_MOST: usize = 57;

    /// An integer of 1 to [`SMALL_MOST`](Self::SMALL_MOST) bits; a little-endian one has whole bytes.
    #[inline(always)]
    pub fn small(self, bits: usize, flags: Flags) -> Option<Term> {
        let (at, end) = (self.position(), self.word(layout::MATCH_END) as usize);
        if bits > end - at {
            return None;
        }
        let first = self.byte_at(at);
        let mut word = 0;
        let mut shift = 64;
        for index in 0..(at % 8 + bits).div_ceil(8) {
            shift -= 8;
            // SAFETY: these are the bytes that the value touches; at most 8.
            word |= u64::from(unsafe { first.add(index).read() }) << shift;
        }
        self.set_position(at + bits);
        Some(value_of(word << (at % 8), bits, flags))
    }

    /// As [`small`](Self::small), where it is quick: before the last 8 bytes of the match. Else none, and nothing has happened.
    #[inline(always)]
    pub fn small_before_the_last(self, bits: usize, flags: Flags) -> Option<Term> {
        let (at, end) = (self.position(), self.word(layout::MATCH_END) as usize);
        if end - at < 64 {
            return None;
        }
        // SAFETY: the bytes of 64 bits from this position on are within the match.
        let word = u64::from_be_bytes(unsafe { self.byte_at(at).cast::<[u8; 8]>().read() });
        self.set_position(at + bits);
        Some(value_of(word << (at % 8), bits, flags))
    }

    /// A byte without sign.
    #[inline(always)]
    pub fn byte(self) -> Option<Term> {
        self.small(8, Flags::default())
    }

    /// A byte without sign, if the next bit is the first of a byte. Else none, and nothing has happened.
    #[inline(always)]
    pub fn whole_byte(self) -> Option<Term> {
        let (at, end) = (self.position(), self.word(layout::MATCH_END) as usize);
        if end - at < 8 || at % 8 != 0 {
            return None;
        }
        // SAFETY: the byte is within the match.
        let value = unsafe { self.byte_at(at).read() };
        self.set_position(at + 8);
        Some(Term::small_cut(i64::from(value)))
    }

    /// An integer of some bits.
    pub fn integer(self, heap: &mut ProcessHeap, bits: usize, flags: Flags) -> Option<Term> {
        let is_whole = flags.endian() == Endian::Big || bits.is_multiple_of(8);
        if (1..=Self::SMALL_MOST).contains(&bits) && is_whole {
            return self.small(bits, flags);
        }
        let view = self.peek(bits)?;
        let place = integer::Bits { start: view.offset(), len: bits };
        let mut few = [0; 4];
        let mut many;
        let limbs = bits_limbs(place);
        let out = if limbs <= few.len() {
            &mut few[..limbs]
        } else {
            many = alloc::vec![0; limbs];
            &mut many[..]
        };
        let extent = from_bits(view.touched(), place, flags.endian(), flags.signedness(), out).ok()?;
        let term = build::number(heap, extent.view(out));
        self.skip(bits)?;
        Some(term)
    }

    /// A float of 16, 32 or 64 bits; what is infinite or no number does not match.
    pub fn float(self, heap: &mut ProcessHeap, bits: usize, flags: Flags) -> Option<Term> {
        if !matches!(bits, 16 | 32 | 64) {
            // As on stock, a float without bits is 0.0.
            return (bits == 0).then(|| build::float(heap, 0.0));
        }
        let view = self.peek(bits)?;
        let mut bytes = [0; 8];
        let count = bits / 8;
        for (index, byte) in view.bytes().enumerate() {
            let place = if flags.endian() == Endian::Little { count - 1 - index } else { index };
            bytes[place] = byte;
        }
        let raw = u64::from_be_bytes(bytes) >> (64 - bits);
        let value = match bits {
            16 => half::from_bits(raw as u16)?,
            32 => f64::from(f32::from_bits(raw as u32)),
            _ => f64::from_bits(raw),
        };
        if !value.is_finite() {
            return None;
        }
        self.skip(bits)?;
        Some(build::float(heap, value))
    }

    /// The next bits as a bitstring.
    pub fn part(self, heap: &mut ProcessHeap, bits: usize) -> Option<Term> {
        if bits > self.left() {
            return None;
        }
        let term = build::sub_bits(heap, self.origin(), self.position(), bits);
        self.skip(bits)?;
        Some(term)
    }

    /// All that is left as a bitstring; the position stays.
    pub fn tail(self, heap: &mut ProcessHeap) -> Term {
        build::sub_bits(heap, self.origin(), self.position(), self.left())
    }

    /// Whether the next bits are those of some bytes; then they are passed over.
    pub fn string(self, bytes: &[u8], bits: usize) -> Option<()> {
        let view = self.peek(bits)?;
        let whole = bits / 8;
        let same = view.bytes().take(whole).eq(bytes.iter().copied().take(whole));
        let rest = bits % 8;
        let same_rest =
            rest == 0 || view.byte(whole) == bytes.get(whole).map_or(0, |byte| byte & !(0xFF >> rest));
        if same && same_rest { self.skip(bits) } else { None }
    }

    /// A code point in UTF-8.
    pub fn utf8(self) -> Option<u32> {
        let (at, left) = (self.position(), self.left() / 8);
        if at.is_multiple_of(8) {
            // SAFETY: these bytes are within the match.
            let bytes = unsafe { core::slice::from_raw_parts(self.byte_at(at), left.min(4)) };
            let (value, len) = utf::decode_utf8(bytes)?;
            self.set_position(at + 8 * len);
            return Some(value);
        }
        let view = self.peek(8 * left.min(4))?;
        let mut bytes = [0; 4];
        let count = view.len() / 8;
        for (place, byte) in bytes.iter_mut().zip(view.bytes()) {
            *place = byte;
        }
        let (value, len) = utf::decode_utf8(&bytes[..count])?;
        self.skip(8 * len)?;
        Some(value)
    }

    fn unit16(self, position: usize, flags: Flags) -> Option<u32> {
        let view = self.peek(position + 16)?;
        let (first, second) = (u32::from(view.byte(position / 8)), u32::from(view.byte(position / 8 + 1)));
        Some(if flags.endian() == Endian::Little { second << 8 | first } else { first << 8 | second })
    }

    /// A code point in UTF-16.
    pub fn utf16(self, flags: Flags) -> Option<u32> {
        let first = self.unit16(0, flags)?;
        match first {
            0xD800..0xDC00 => {
                let second = self.unit16(16, flags).filter(|second| (0xDC00..0xE000).contains(second))?;
                self.skip(32)?;
                Some(0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00))
            }
            0xDC00..0xE000 => None,
            value => {
                self.skip(16)?;
                Some(value)
            }
        }
    }

    /// A code point in UTF-32.
    pub fn utf32(self, flags: Flags) -> Option<u32> {
        let (first, second) = (self.unit16(0, flags)?, self.unit16(16, flags)?);
        let value =
            if flags.endian() == Endian::Little { second << 16 | first } else { first << 16 | second };
        let value = utf::code_point(u64::from(value))?;
        self.skip(32)?;
        Some(value)
    }
}

/// The integer that the upper bits of a word are.
#[inline(always)]
fn value_of(upper: u64, bits: usize, flags: Flags) -> Term {
    let upper = if flags.endian() == Endian::Little {
        (upper >> (64 - bits) << (64 - bits)).swap_bytes() << (64 - bits)
    } else {
        upper
    };
    Term::small_cut(match flags.signedness() {
        Signedness::Signed => upper as i64 >> (64 - bits),
        Signedness::Unsigned => (upper >> (64 - bits)) as i64,
    })
}

/// Nobody may append in place to a binary that is matched: its bytes could move.
#[inline(always)]
fn freeze(origin: Boxed) {
    // SAFETY: a live refc binary has this word.
    unsafe {
        let flags = origin.address().add(layout::REFC_FLAGS);
        if flags.read() & WRITABLE != 0 {
            flags.write(flags.read() & !WRITABLE);
        }
    }
}
