// SPDX-License-Identifier: Apache-2.0
//! From bytes to a term on a heap, some at a time.
//!
//! A stack of what is being built stands for recursion; tuples and lists are in their places before their elements are. A count in the bytes is believed only as far as there are bytes for all elements
//! that were announced and are still to come, so memory is in proportion to the input.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::compress::Inflater;
use super::places::{Cells, Elements};
use super::{DecodeError, tag};
use crate::atom::Atom;
use crate::code::LambdaName;
use crate::heap::Heap;
use crate::heap::build::{self, Node};
use crate::map;
use crate::number::float;
use crate::number::integer::{Integer, MAX_LIMBS, Sign};
use crate::term::{LocalPid, LocalPort, REF_NUMBERS_MAX, Term, View};
use crate::vm::Vm;

/// Whether decoding may make atoms and entries of functions: `safe` of `binary_to_term/2` forbids it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Names {
    /// New ones are made.
    New,
    /// All have to be there.
    Known,
}

/// Decodes bytes that are one term.
///
/// # Errors
/// [`DecodeError`], [`DecodeError::Trailing`] among them.
pub fn decode<H: Heap + ?Sized>(vm: &mut Vm, heap: &mut H, bytes: &[u8]) -> Result<Term, DecodeError> {
    let mut all = usize::MAX;
    let mut decode = |bytes: &[u8]| {
        let mut decoder = Decoder::new(bytes, Names::New)?;
        let result = decoder.run(vm, heap, bytes, &mut { usize::MAX });
        decoder.fill();
        Ok((result?.ok_or(DecodeError::Truncated)?, decoder))
    };
    if let Some(mut inflater) = Inflater::new(bytes)? {
        while !inflater.run(bytes, &mut all)? {}
        let used = inflater.used();
        let inflated = inflater.into_bytes();
        let (term, decoder) = decode(&inflated)?;
        decoder.expect_end(&inflated)?;
        return if used < bytes.len() { Err(DecodeError::Trailing) } else { Ok(term) };
    }
    let (term, decoder) = decode(bytes)?;
    if decoder.used() < bytes.len() { Err(DecodeError::Trailing) } else { Ok(term) }
}

/// A compound term that waits for terms.
enum Frame {
    /// A tuple, which is in its place already.
    Tuple(Elements),
    /// A list, which is in its place already.
    List(Cells),
    /// A map is made when its keys and values are there, which are kept in turn from `start` on.
    Map { start: usize, wanted: usize },
    /// A lambda is made when its creator and its free variables are there, which are kept from `start` on.
    Fun { name: Box<LambdaName>, start: usize, wanted: usize },
}

/// What has come of the bytes of a term.
enum Begun {
    /// A term, perhaps with places that are to be filled.
    Term(Term, Option<Frame>),
    /// A term that is to be made later.
    Later(Frame),
    /// A list without elements is its tail, which follows.
    Tail,
}

/// Bytes that are as much work as a small term.
const BYTES_A_TERM: usize = 32;

/// The largest arity of a tuple.
const TUPLE_LIMIT: usize = (1 << 24) - 1;

/// The largest first number of a reference of this node, and of all in the older form.
const REFERENCE_LIMIT: u32 = (1 << 18) - 1;

/// The largest creation in the older forms.
const OLD_CREATION_LIMIT: u8 = 3;

/// A term that is being decoded. The bytes are given anew each time, as are vm and heap.
pub struct Decoder {
    at: usize,
    names: Names,
    /// What maps and lambdas will be made of, that of the innermost last.
    values: Vec<Term>,
    frames: Vec<Frame>,
    /// The term, once its bytes have been begun.
    result: Option<Term>,
    /// Elements that were announced and are still to come.
    announced: usize,
    /// Atoms that came last, by [`place_of`] their bytes: in most terms names come again and again.
    recent: [Option<Atom>; RECENT],
}

/// How many atoms are remembered.
const RECENT: usize = 16;

/// Where the atom of a name is remembered.
fn place_of(name: &[u8]) -> usize {
    let [first, .., last] = name else { return 0 };
    (name.len() + usize::from(*first) + 5 * usize::from(*last)) % RECENT
}

impl Decoder {
    /// Bytes, compressed or not, of which nothing is decoded yet. Those that come out of an [`Inflater`] begin with the version as well.
    ///
    /// # Errors
    /// When the bytes are not of a version that is known.
    pub fn new(bytes: &[u8], names: Names) -> Result<Self, DecodeError> {
        match bytes.first() {
            Some(&tag::VERSION_MAGIC) => Ok(Self {
                at: 1,
                names,
                values: Vec::new(),
                frames: Vec::new(),
                result: None,
                announced: 0,
                recent: [None; RECENT],
            }),
            Some(other) => Err(DecodeError::Version(*other)),
            None => Err(DecodeError::Truncated),
        }
    }

    /// How many bytes were used.
    #[must_use]
    pub fn used(&self) -> usize {
        self.at
    }

    /// Fails when there are more bytes.
    ///
    /// # Errors
    /// [`DecodeError::Malformed`].
    pub fn expect_end(&self, bytes: &[u8]) -> Result<(), DecodeError> {
        if self.at < bytes.len() { Err(DecodeError::Malformed) } else { Ok(()) }
    }

    /// Fills the places that are still empty, when the heap is kept though the bytes were wrong.
    fn fill(&mut self) {
        for frame in &mut self.frames {
            match frame {
                Frame::Tuple(elements) => {
                    while !elements.is_full() {
                        elements.put(Term::NIL);
                    }
                }
                Frame::List(cells) => {
                    while !cells.is_full() {
                        cells.put(Term::NIL);
                    }
                }
                Frame::Map { .. } | Frame::Fun { .. } => {}
            }
        }
    }

    /// Does work for about `budget` small terms, and counts it down. Gives the term when it is done.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn run<H: Heap + ?Sized>(
        &mut self,
        vm: &mut Vm,
        heap: &mut H,
        bytes: &[u8],
        budget: &mut usize,
    ) -> Result<Option<Term>, DecodeError> {
        let mut step = Step { decoder: self, vm, heap, bytes, budget };
        step.run()
    }
}

/// A decoder at work.
struct Step<'a, H: Heap + ?Sized> {
    decoder: &'a mut Decoder,
    vm: &'a mut Vm,
    heap: &'a mut H,
    bytes: &'a [u8],
    budget: &'a mut usize,
}

impl<'a, H: Heap + ?Sized> Step<'a, H> {
    fn run(&mut self) -> Result<Option<Term>, DecodeError> {
        while self.decoder.result.is_none() || !self.decoder.frames.is_empty() {
            if *self.budget == 0 {
                return Ok(None);
            }
            *self.budget -= 1;
            let was_announced = usize::from(!self.decoder.frames.is_empty());
            self.decoder.announced -= was_announced;
            match self.begin()? {
                Begun::Term(term, frame) => {
                    self.deliver(term)?;
                    self.decoder.frames.extend(frame);
                }
                Begun::Later(frame) => self.open(frame)?,
                Begun::Tail => self.decoder.announced += was_announced,
            }
        }
        Ok(self.decoder.result)
    }

    /// Puts a term where it belongs. What is complete by that is put where it belongs in turn.
    ///
    /// The last value of a map may have places that are to be filled still; its keys are complete.
    fn deliver(&mut self, term: Term) -> Result<(), DecodeError> {
        let mut term = term;
        loop {
            match self.decoder.frames.last_mut() {
                None => {
                    self.decoder.result = Some(term);
                    return Ok(());
                }
                Some(Frame::Tuple(elements)) => {
                    elements.put(term);
                    if elements.is_full() {
                        self.decoder.frames.pop();
                    }
                    return Ok(());
                }
                Some(Frame::List(cells)) => {
                    cells.put(term);
                    if cells.is_full() {
                        self.decoder.frames.pop();
                    }
                    return Ok(());
                }
                Some(Frame::Map { start, wanted } | Frame::Fun { start, wanted, .. }) => {
                    self.decoder.values.push(term);
                    if self.decoder.values.len() - *start < *wanted {
                        return Ok(());
                    }
                    term = self.finish()?;
                }
            }
        }
    }

    /// Begins a map or a lambda, which may be complete already.
    fn open(&mut self, frame: Frame) -> Result<(), DecodeError> {
        let is_complete = matches!(frame, Frame::Map { wanted: 0, .. });
        self.decoder.frames.push(frame);
        if is_complete {
            let term = self.finish()?;
            self.deliver(term)?;
        }
        Ok(())
    }

    fn left(&self) -> usize {
        self.bytes.len() - self.decoder.at
    }

    #[inline]
    fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, _) =
            self.bytes[self.decoder.at..].split_at_checked(count).ok_or(DecodeError::Truncated)?;
        self.decoder.at += count;
        *self.budget = self.budget.saturating_sub(count / BYTES_A_TERM);
        Ok(taken)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let taken = *self.bytes[self.decoder.at..].first_chunk().ok_or(DecodeError::Truncated)?;
        self.decoder.at += N;
        Ok(taken)
    }

    #[inline]
    fn u8(&mut self) -> Result<u8, DecodeError> {
        Ok(self.array::<1>()?[0])
    }

    #[inline]
    fn u16(&mut self) -> Result<u16, DecodeError> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    #[inline]
    fn u32(&mut self) -> Result<u32, DecodeError> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    /// Announces terms that are still to come: each takes a byte at least.
    #[inline]
    fn announce(&mut self, count: usize) -> Result<(), DecodeError> {
        let announced = self.decoder.announced.checked_add(count).ok_or(DecodeError::Truncated)?;
        if announced > self.left() {
            return Err(DecodeError::Truncated);
        }
        self.decoder.announced = announced;
        Ok(())
    }

    fn tuple(&mut self, count: usize) -> Result<Begun, DecodeError> {
        self.announce(count)?;
        let (term, elements) = Elements::tuple(self.heap, count);
        Ok(Begun::Term(term, (!elements.is_full()).then_some(Frame::Tuple(elements))))
    }

    fn list(&mut self, count: usize) -> Result<Begun, DecodeError> {
        if count == 0 {
            return Ok(Begun::Tail);
        }
        self.announce(count + 1)?;
        let (term, cells) = Cells::list(self.heap, count);
        Ok(Begun::Term(term, Some(Frame::List(cells))))
    }

    /// Makes the innermost map or lambda, for which everything is there.
    fn finish(&mut self) -> Result<Term, DecodeError> {
        let (term, start) = match self.decoder.frames.pop() {
            Some(Frame::Map { start, wanted }) => {
                *self.budget = self.budget.saturating_sub(wanted / 2);
                let parts = &self.decoder.values[start..];
                (map::from_parts(self.heap, &self.vm.atoms, parts).ok_or(DecodeError::DuplicateKey)?, start)
            }
            Some(Frame::Fun { name, start, .. }) => {
                let parts = &self.decoder.values[start..];
                let (creator, free) = parts.split_first().ok_or(DecodeError::Malformed)?;
                if !matches!(creator.view(), View::Pid(_) | View::ExternalPid(_)) {
                    return Err(DecodeError::Malformed);
                }
                let entry = self.vm.code.lambda(&name);
                (build::fun(self.heap, entry, *creator, free), start)
            }
            _ => unreachable!("a tuple or a list is made first"),
        };
        self.decoder.values.truncate(start);
        Ok(term)
    }

    /// Decodes a term, or begins a compound one.
    fn begin(&mut self) -> Result<Begun, DecodeError> {
        let first = self.u8()?;
        let term = match first {
            tag::SMALL_INTEGER => Term::small_cut(i64::from(self.u8()?)),
            tag::INTEGER => Term::small_cut(i64::from(self.u32()? as i32)),
            tag::NEW_FLOAT => {
                let value = f64::from_be_bytes(self.array()?);
                if !value.is_finite() {
                    return Err(DecodeError::Malformed);
                }
                build::float(self.heap, value)
            }
            tag::FLOAT => {
                let text = self.take(31)?;
                let value = float::parse(text).map_err(|_| DecodeError::Malformed)?;
                build::float(self.heap, value)
            }
            tag::SMALL_BIG => {
                let len = usize::from(self.u8()?);
                self.big(len)?
            }
            tag::LARGE_BIG => {
                let len = self.u32()? as usize;
                self.big(len)?
            }
            tag::ATOM | tag::SMALL_ATOM | tag::ATOM_UTF8 | tag::SMALL_ATOM_UTF8 => {
                Term::atom(self.atom_after(first)?)
            }
            tag::NIL => Term::NIL,
            tag::STRING => {
                let len = usize::from(self.u16()?);
                let bytes = self.take(len)?;
                build::byte_list(self.heap, bytes)
            }
            tag::BINARY => {
                let len = self.u32()? as usize;
                let bytes = self.take(len)?;
                build::binary(self.heap, bytes)
            }
            tag::BIT_BINARY => {
                let len = self.u32()? as usize;
                let bits = usize::from(self.u8()?);
                let bytes = self.take(len)?;
                if bits > 8 || (len == 0) != (bits == 0) {
                    return Err(DecodeError::Malformed);
                }
                build::bitstring(self.heap, bytes, (8 * len + bits).saturating_sub(8))
            }
            tag::SMALL_TUPLE => {
                let count = usize::from(self.u8()?);
                return self.tuple(count);
            }
            tag::LARGE_TUPLE => {
                let count = self.u32()? as usize;
                if count > TUPLE_LIMIT {
                    return Err(DecodeError::Malformed);
                }
                return self.tuple(count);
            }
            tag::LIST => {
                let count = self.u32()? as usize;
                return self.list(count);
            }
            tag::MAP => {
                let wanted = 2 * self.u32()? as usize;
                self.announce(wanted)?;
                return Ok(Begun::Later(Frame::Map { start: self.decoder.values.len(), wanted }));
            }
            tag::EXPORT => self.export()?,
            tag::NEW_FUN => return self.fun(),
            tag::PID | tag::NEW_PID => {
                let name = self.atom()?;
                let (number, serial) = (self.u32()?, self.u32()?);
                let creation = self.creation(first == tag::PID)?;
                self.pid(Node { name, creation }, number, serial)?
            }
            tag::PORT | tag::NEW_PORT | tag::V4_PORT => {
                let name = self.atom()?;
                let number = if first == tag::V4_PORT {
                    u64::from_be_bytes(self.array()?)
                } else {
                    u64::from(self.u32()?)
                };
                let creation = self.creation(first == tag::PORT)?;
                self.port(Node { name, creation }, number)?
            }
            tag::REFERENCE => {
                let (name, number) = (self.atom()?, self.u32()?);
                let creation = self.creation(true)?;
                self.reference(Node { name, creation }, &[number], REFERENCE_LIMIT)?
            }
            tag::NEW_REFERENCE | tag::NEWER_REFERENCE => {
                let count = usize::from(self.u16()?);
                if !(1..=REF_NUMBERS_MAX).contains(&count) {
                    return Err(DecodeError::Malformed);
                }
                let name = self.atom()?;
                let creation = self.creation(first == tag::NEW_REFERENCE)?;
                let mut numbers = [0; REF_NUMBERS_MAX];
                for number in &mut numbers[..count] {
                    *number = self.u32()?;
                }
                let limit = if first == tag::NEW_REFERENCE { REFERENCE_LIMIT } else { u32::MAX };
                self.reference(Node { name, creation }, &numbers[..count], limit)?
            }
            other => return Err(DecodeError::Tag(other)),
        };
        Ok(Begun::Term(term, None))
    }

    fn big(&mut self, len: usize) -> Result<Term, DecodeError> {
        let negative = self.u8()? != 0;
        let bytes = self.take(len)?;
        if len > 8 * MAX_LIMBS {
            return Err(DecodeError::Malformed);
        }
        let sign = if negative { Sign::Negative } else { Sign::Positive };
        if len <= 8 {
            let mut limb = [0; 8];
            limb[..len].copy_from_slice(bytes);
            return Ok(build::number(self.heap, Integer::new(sign, &[u64::from_le_bytes(limb)])));
        }
        let mut limbs = Vec::with_capacity(len.div_ceil(8));
        for chunk in bytes.chunks(8) {
            let mut limb = [0; 8];
            limb[..chunk.len()].copy_from_slice(chunk);
            limbs.push(u64::from_le_bytes(limb));
        }
        Ok(build::number(self.heap, Integer::new(sign, &limbs)))
    }

    fn atom(&mut self) -> Result<Atom, DecodeError> {
        let first = self.u8()?;
        self.atom_after(first)
    }

    fn atom_after(&mut self, first: u8) -> Result<Atom, DecodeError> {
        let len = match first {
            tag::ATOM | tag::ATOM_UTF8 => usize::from(self.u16()?),
            tag::SMALL_ATOM | tag::SMALL_ATOM_UTF8 => usize::from(self.u8()?),
            other => return Err(DecodeError::Tag(other)),
        };
        let bytes = self.take(len)?;
        let is_utf8 = matches!(first, tag::ATOM_UTF8 | tag::SMALL_ATOM_UTF8);
        let atoms = &mut self.vm.atoms;
        let place = place_of(bytes);
        if let Some(atom) = self.decoder.recent[place]
            && atoms.bytes(atom) == bytes
            && (is_utf8 || bytes.is_ascii())
        {
            return Ok(atom);
        }
        let atom = match (self.decoder.names, is_utf8) {
            (Names::New, true) => atoms.insert_utf8(bytes).map_err(DecodeError::Atom),
            (Names::New, false) => atoms.insert_latin1(bytes).map_err(DecodeError::Atom),
            (Names::Known, true) => atoms.find_utf8(bytes).ok_or(DecodeError::UnknownAtom),
            (Names::Known, false) => atoms.find_latin1(bytes).ok_or(DecodeError::UnknownAtom),
        }?;
        self.decoder.recent[place] = Some(atom);
        Ok(atom)
    }

    /// The older forms have a byte of which two bits may be set.
    fn creation(&mut self, is_old: bool) -> Result<u32, DecodeError> {
        if !is_old {
            return self.u32();
        }
        let creation = self.u8()?;
        if creation > OLD_CREATION_LIMIT { Err(DecodeError::Malformed) } else { Ok(u32::from(creation)) }
    }

    fn is_local(&self, node: Node) -> bool {
        node == self.vm.node
    }

    fn pid(&mut self, node: Node, number: u32, serial: u32) -> Result<Term, DecodeError> {
        if self.is_local(node) {
            return LocalPid::new(number, serial).map(Term::pid).ok_or(DecodeError::Malformed);
        }
        Ok(build::external_pid(self.heap, node, number, serial))
    }

    fn port(&mut self, node: Node, number: u64) -> Result<Term, DecodeError> {
        if !self.is_local(node) {
            return Ok(build::external_port(self.heap, node, number));
        }
        if number > LocalPort::NUMBER_MAX {
            return Err(DecodeError::Malformed);
        }
        Ok(Term::port(LocalPort(number)))
    }

    /// A reference of this node has three numbers, or two more that are the process of an alias.
    fn reference(&mut self, node: Node, numbers: &[u32], limit: u32) -> Result<Term, DecodeError> {
        let is_local = self.is_local(node);
        if numbers[0] > if is_local { REFERENCE_LIMIT } else { limit } {
            return Err(DecodeError::Malformed);
        }
        if !is_local {
            return Ok(build::external_reference(self.heap, node, numbers));
        }
        let mut first = [0; 3];
        for (place, number) in first.iter_mut().zip(numbers) {
            *place = *number;
        }
        match numbers.get(3..) {
            None | Some([]) => Ok(build::reference(self.heap, first, None)),
            Some([pid, 0]) if *pid >> 28 == 0 => Ok(build::reference(self.heap, first, Some(LocalPid(*pid)))),
            _ => Err(DecodeError::Malformed),
        }
    }

    /// A small integer within a fun or function.
    fn small(&mut self) -> Result<i64, DecodeError> {
        let term = match self.u8()? {
            tag::SMALL_INTEGER => return Ok(i64::from(self.u8()?)),
            tag::INTEGER => return Ok(i64::from(self.u32()? as i32)),
            tag::SMALL_BIG => {
                let len = usize::from(self.u8()?);
                self.big(len)?
            }
            other => return Err(DecodeError::Tag(other)),
        };
        term.as_small().ok_or(DecodeError::Malformed)
    }

    fn export(&mut self) -> Result<Term, DecodeError> {
        let (module, function) = (self.atom()?, self.atom()?);
        let arity = i32::try_from(self.small()?)
            .ok()
            .and_then(|arity| u32::try_from(arity).ok())
            .ok_or(DecodeError::Malformed)?;
        let entry = match self.decoder.names {
            Names::New => self.vm.code.export(module, function, arity),
            Names::Known => {
                self.vm.code.find_export(module, function, arity).ok_or(DecodeError::UnknownAtom)?
            }
        };
        Ok(build::export(self.heap, entry))
    }

    fn fun(&mut self) -> Result<Begun, DecodeError> {
        self.u32()?;
        let arity = u32::from(self.u8()?);
        let uniq = self.array::<16>()?;
        let index = self.u32()?;
        let free = self.u32()?;
        let module = self.atom()?;
        let old_index = self.small()? as u32;
        let old_uniq = self.small()? as u32;
        if free > 255 {
            return Err(DecodeError::Malformed);
        }
        let name = LambdaName { module, arity, free, index, old_index, old_uniq, uniq };
        let wanted = 1 + free as usize;
        self.announce(wanted)?;
        Ok(Begun::Later(Frame::Fun { name: Box::new(name), start: self.decoder.values.len(), wanted }))
    }
}
