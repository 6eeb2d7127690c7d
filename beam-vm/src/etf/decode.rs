// SPDX-License-Identifier: Apache-2.0
//! From bytes to a term on a heap.
//!
//! A stack of what is being built stands for recursion. A count in the bytes is believed only as far as there are bytes for that many
//! elements, so memory is in proportion to the input.

use alloc::vec::Vec;

use super::DecodeError;
use super::tag;
use crate::atom::Atom;
use crate::code::LambdaName;
use crate::heap::Heap;
use crate::heap::build::{self, Node};
use crate::map;
use crate::number::float;
use crate::number::integer::{Integer, Sign};
use crate::term::{LocalPid, LocalPort, Term, View};
use crate::vm::Vm;

/// A term, and how many bytes it took.
#[derive(Clone, Copy, Debug)]
pub struct Decoded {
    /// The term.
    pub term: Term,
    /// The bytes.
    pub used: usize,
}

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
    let decoded = decode_prefix(vm, heap, bytes, Names::New)?;
    if decoded.used < bytes.len() { Err(DecodeError::Trailing) } else { Ok(decoded.term) }
}

/// Decodes the term that bytes begin with.
///
/// # Errors
/// [`DecodeError`].
pub fn decode_prefix<H: Heap + ?Sized>(
    vm: &mut Vm,
    heap: &mut H,
    bytes: &[u8],
    names: Names,
) -> Result<Decoded, DecodeError> {
    match bytes {
        [tag::VERSION_MAGIC, tag::COMPRESSED, rest @ ..] => {
            let (size, stream) = rest.split_first_chunk::<4>().ok_or(DecodeError::Truncated)?;
            let size = u32::from_be_bytes(*size) as usize;
            let (inflated, used) = inflate(stream, size)?;
            let mut decoder = Decoder { vm, heap, bytes: &inflated, at: 0, names };
            let term = decoder.term()?;
            if decoder.at < inflated.len() {
                return Err(DecodeError::Malformed);
            }
            Ok(Decoded { term, used: 6 + used })
        }
        [tag::VERSION_MAGIC, ..] => {
            let mut decoder = Decoder { vm, heap, bytes, at: 1, names };
            let term = decoder.term()?;
            Ok(Decoded { term, used: decoder.at })
        }
        [other, ..] => Err(DecodeError::Version(*other)),
        [] => Err(DecodeError::Truncated),
    }
}

/// Expands a zlib stream to `size` bytes; gives them and how long the stream was.
fn inflate(stream: &[u8], size: usize) -> Result<(Vec<u8>, usize), DecodeError> {
    use miniz_oxide::inflate::TINFLStatus;
    use miniz_oxide::inflate::core::inflate_flags::{
        TINFL_FLAG_PARSE_ZLIB_HEADER, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
    };
    use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

    // No stream expands to more than about a thousand times its length.
    if size > stream.len().saturating_mul(1040) {
        return Err(DecodeError::Compressed);
    }
    let mut out = alloc::vec![0; size];
    let flags = TINFL_FLAG_PARSE_ZLIB_HEADER | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let (status, used, written) = decompress(&mut DecompressorOxide::new(), stream, &mut out, 0, flags);
    if status == TINFLStatus::Done && written == size {
        Ok((out, used))
    } else {
        Err(DecodeError::Compressed)
    }
}

/// A compound term that waits for elements.
enum Frame {
    Tuple(Vec<Term>, usize),
    /// The elements before the tail, and how many there are.
    List(Vec<Term>, usize),
    /// Keys and values in turn.
    Map(Vec<Term>, usize),
    /// A lambda: its name, and creator and free variables.
    Fun(LambdaName, Vec<Term>, usize),
}

impl Frame {
    /// Takes an element; whether that was the last one.
    fn take(&mut self, term: Term) -> bool {
        let (elements, wanted) = match self {
            Self::Tuple(elements, wanted) | Self::Map(elements, wanted) | Self::Fun(_, elements, wanted) => {
                (elements, *wanted)
            }
            Self::List(elements, wanted) => (elements, *wanted + 1),
        };
        elements.push(term);
        elements.len() == wanted
    }
}

struct Decoder<'a, H: Heap + ?Sized> {
    vm: &'a mut Vm,
    heap: &'a mut H,
    bytes: &'a [u8],
    at: usize,
    names: Names,
}

impl<H: Heap + ?Sized> Decoder<'_, H> {
    fn take(&mut self, count: usize) -> Result<&[u8], DecodeError> {
        let end = self.at.checked_add(count).ok_or(DecodeError::Truncated)?;
        let bytes = self.bytes.get(self.at..end).ok_or(DecodeError::Truncated)?;
        self.at = end;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        self.take(N)?.try_into().map_err(|_| DecodeError::Truncated)
    }

    fn u8(&mut self) -> Result<u8, DecodeError> {
        Ok(self.array::<1>()?[0])
    }

    fn u16(&mut self) -> Result<u16, DecodeError> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    fn u32(&mut self) -> Result<u32, DecodeError> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    /// A count of elements that take a byte each at least.
    fn count(&mut self, each: usize) -> Result<usize, DecodeError> {
        let count = self.u32()? as usize;
        if count.saturating_mul(each) > self.bytes.len() - self.at {
            Err(DecodeError::Truncated)
        } else {
            Ok(count)
        }
    }

    fn term(&mut self) -> Result<Term, DecodeError> {
        let mut stack: Vec<Frame> = Vec::new();
        loop {
            let mut done = match self.begin()? {
                Begun::Whole(term) => term,
                Begun::Compound(frame) => {
                    stack.push(frame);
                    continue;
                }
            };
            loop {
                let Some(frame) = stack.last_mut() else { return Ok(done) };
                if !frame.take(done) {
                    break;
                }
                let Some(frame) = stack.pop() else { return Ok(done) };
                done = self.finish(frame)?;
            }
        }
    }

    fn finish(&mut self, frame: Frame) -> Result<Term, DecodeError> {
        Ok(match frame {
            Frame::Tuple(elements, _) => build::tuple(self.heap, &elements),
            Frame::List(mut elements, _) => {
                let tail = elements.pop().unwrap_or(Term::NIL);
                build::list_before(self.heap, &elements, tail)
            }
            Frame::Map(elements, count) => {
                let pairs: Vec<(Term, Term)> =
                    elements.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
                let term = map::from_pairs(self.heap, &self.vm.atoms, &pairs);
                if term.as_map().is_none_or(|map| map.len() != count / 2) {
                    return Err(DecodeError::DuplicateKey);
                }
                term
            }
            Frame::Fun(name, elements, _) => {
                let entry = self.vm.code.lambda(&name);
                build::fun(self.heap, entry, elements[0], &elements[1..])
            }
        })
    }

    fn begin(&mut self) -> Result<Begun, DecodeError> {
        let first = self.u8()?;
        let whole = match first {
            tag::SMALL_INTEGER => Term::small_cut(i64::from(self.u8()?)),
            tag::INTEGER => Term::small_cut(i64::from(self.u32()? as i32)),
            tag::NEW_FLOAT => self.finite(f64::from_be_bytes)?,
            tag::FLOAT => {
                let text = self.array::<31>()?;
                let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
                let value = float::parse(&text[..end]).map_err(|_| DecodeError::Malformed)?;
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
                self.at -= 1;
                Term::atom(self.atom()?)
            }
            tag::NIL => Term::NIL,
            tag::STRING => {
                let len = usize::from(self.u16()?);
                let bytes = self.take(len)?.to_vec();
                build::byte_list(self.heap, &bytes)
            }
            tag::BINARY => {
                let len = self.count(1)?;
                let bytes = self.take(len)?.to_vec();
                build::binary(self.heap, &bytes)
            }
            tag::BIT_BINARY => {
                let len = self.u32()? as usize;
                let bits = usize::from(self.u8()?);
                let bytes = self.take(len)?.to_vec();
                if bits > 8 || (len == 0) != (bits == 0) {
                    return Err(DecodeError::Malformed);
                }
                build::bitstring(self.heap, &bytes, if len == 0 { 0 } else { 8 * (len - 1) + bits })
            }
            tag::SMALL_TUPLE => {
                let count = usize::from(self.u8()?);
                return self.compound(count, Frame::Tuple);
            }
            tag::LARGE_TUPLE => {
                let count = self.count(1)?;
                return self.compound(count, Frame::Tuple);
            }
            tag::LIST => {
                let count = self.count(1)?;
                return Ok(Begun::Compound(Frame::List(Vec::with_capacity(count + 1), count)));
            }
            tag::MAP => {
                let count = 2 * self.count(2)?;
                return self.compound(count, Frame::Map);
            }
            tag::EXPORT => self.export()?,
            tag::NEW_FUN => return self.fun(),
            tag::PID | tag::NEW_PID => {
                let node = self.atom()?;
                let (number, serial) = (self.u32()?, self.u32()?);
                let creation = self.creation(first == tag::NEW_PID)?;
                self.pid(Node { name: node, creation }, number, serial)
            }
            tag::PORT | tag::NEW_PORT | tag::V4_PORT => {
                let node = self.atom()?;
                let number = if first == tag::V4_PORT {
                    u64::from_be_bytes(self.array()?)
                } else {
                    u64::from(self.u32()?)
                };
                let creation = self.creation(first != tag::PORT)?;
                let node = Node { name: node, creation };
                if self.is_local(node) {
                    Term::port(LocalPort(number))
                } else {
                    build::external_port(self.heap, node, number)
                }
            }
            tag::REFERENCE | tag::NEW_REFERENCE | tag::NEWER_REFERENCE => self.reference(first)?,
            other => return Err(DecodeError::Tag(other)),
        };
        Ok(Begun::Whole(whole))
    }

    fn compound(&mut self, count: usize, frame: fn(Vec<Term>, usize) -> Frame) -> Result<Begun, DecodeError> {
        if count > self.bytes.len() - self.at {
            return Err(DecodeError::Truncated);
        }
        let frame = frame(Vec::with_capacity(count), count);
        if count > 0 { Ok(Begun::Compound(frame)) } else { Ok(Begun::Whole(self.finish(frame)?)) }
    }

    fn finite(&mut self, read: fn([u8; 8]) -> f64) -> Result<Term, DecodeError> {
        let value = read(self.array()?);
        if value.is_finite() { Ok(build::float(self.heap, value)) } else { Err(DecodeError::Malformed) }
    }

    fn big(&mut self, len: usize) -> Result<Term, DecodeError> {
        let negative = self.u8()? != 0;
        let bytes = self.take(len)?;
        let mut limbs = Vec::with_capacity(len.div_ceil(8));
        for chunk in bytes.chunks(8) {
            let mut limb = [0; 8];
            limb[..chunk.len()].copy_from_slice(chunk);
            limbs.push(u64::from_le_bytes(limb));
        }
        let sign = if negative { Sign::Negative } else { Sign::Positive };
        Ok(build::number(self.heap, Integer::new(sign, &limbs)))
    }

    fn atom(&mut self) -> Result<Atom, DecodeError> {
        let first = self.u8()?;
        let len = match first {
            tag::ATOM | tag::ATOM_UTF8 => usize::from(self.u16()?),
            tag::SMALL_ATOM | tag::SMALL_ATOM_UTF8 => usize::from(self.u8()?),
            other => return Err(DecodeError::Tag(other)),
        };
        let bytes = self.take(len)?.to_vec();
        let is_utf8 = matches!(first, tag::ATOM_UTF8 | tag::SMALL_ATOM_UTF8);
        let atoms = &mut self.vm.atoms;
        match (self.names, is_utf8) {
            (Names::New, true) => atoms.insert_utf8(&bytes).map_err(DecodeError::Atom),
            (Names::New, false) => atoms.insert_latin1(&bytes).map_err(DecodeError::Atom),
            (Names::Known, true) => atoms.find_utf8(&bytes).ok_or(DecodeError::UnknownAtom),
            (Names::Known, false) => atoms.find_latin1(&bytes).ok_or(DecodeError::UnknownAtom),
        }
    }

    fn creation(&mut self, is_long: bool) -> Result<u32, DecodeError> {
        if is_long { self.u32() } else { Ok(u32::from(self.u8()? & 3)) }
    }

    fn is_local(&self, node: Node) -> bool {
        node.name == self.vm.node.name && (node.creation == self.vm.node.creation || node.creation == 0)
    }

    fn pid(&mut self, node: Node, number: u32, serial: u32) -> Term {
        if self.is_local(node) {
            Term::pid(LocalPid(number & 0x7FFF | serial << 15))
        } else {
            build::external_pid(self.heap, node, number, serial)
        }
    }

    fn reference(&mut self, first: u8) -> Result<Term, DecodeError> {
        let (node, creation, count) = if first == tag::REFERENCE {
            let node = self.atom()?;
            (node, None, 1)
        } else {
            let count = usize::from(self.u16()?);
            let node = self.atom()?;
            let creation = self.creation(first == tag::NEWER_REFERENCE)?;
            (node, Some(creation), count)
        };
        if !(1..=5).contains(&count) {
            return Err(DecodeError::Malformed);
        }
        let mut numbers = [0; 5];
        for number in &mut numbers[..count] {
            *number = self.u32()?;
        }
        let creation = match creation {
            Some(creation) => creation,
            None => self.creation(false)?,
        };
        let node = Node { name: node, creation };
        Ok(match numbers[..count] {
            [a, b, c] if self.is_local(node) => build::reference(self.heap, [a, b, c], None),
            [a, b, c, pid, _] if self.is_local(node) => {
                build::reference(self.heap, [a, b, c], Some(LocalPid(pid)))
            }
            ref numbers => build::external_reference(self.heap, node, numbers),
        })
    }

    /// A term that has to be of a kind, within a fun or function.
    fn small(&mut self) -> Result<Term, DecodeError> {
        match self.begin()? {
            Begun::Whole(term) => Ok(term),
            Begun::Compound(_) => Err(DecodeError::Malformed),
        }
    }

    fn export(&mut self) -> Result<Term, DecodeError> {
        let (module, function) = (self.atom()?, self.atom()?);
        let arity = self
            .small()?
            .as_small()
            .and_then(|arity| u8::try_from(arity).ok())
            .ok_or(DecodeError::Malformed)?;
        let entry = match self.names {
            Names::New => self.vm.code.export(module, function, u32::from(arity)),
            Names::Known => self
                .vm
                .code
                .find_export(module, function, u32::from(arity))
                .ok_or(DecodeError::UnknownAtom)?,
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
        let number = |term: Term| match term.view() {
            View::Small(value) => u32::try_from(value).map_err(|_| DecodeError::Malformed),
            _ => Err(DecodeError::Malformed),
        };
        let old_index = self.small().and_then(number)?;
        let old_uniq = self.small().and_then(number)?;
        if free > 255 {
            return Err(DecodeError::Malformed);
        }
        let name = LambdaName { module, arity, free, index, old_index, old_uniq, uniq };
        let count = 1 + free as usize;
        Ok(Begun::Compound(Frame::Fun(name, Vec::with_capacity(count), count)))
    }
}

/// What a tag begins.
enum Begun {
    Whole(Term),
    Compound(Frame),
}
