// SPDX-License-Identifier: Apache-2.0
//! Instructions of the bit syntax: matching, and construction one segment an instruction.

use alloc::vec;
use alloc::vec::Vec;

use super::super::LoadError;
use super::Translator;
use crate::atom::predefined;
use crate::beam_file::{GenericOp, Instruction};
use crate::bits::{Cursor, Flags};
use crate::emu::operand::Arg;
use crate::emu::table::Operation;
use crate::number::integer::{Endian, Signedness};
use crate::term::Term;

/// A number as a term, a term as it is.
pub(super) fn as_source(arg: &Arg) -> Arg {
    match arg {
        Arg::Number(number) => {
            // What is not small is more than any size can be; the largest small integer is too.
            let small = i64::try_from(*number).ok().and_then(Term::small);
            Arg::Const(small.unwrap_or(Term::small_cut(Term::SMALL_MAX)))
        }
        other => other.clone(),
    }
}

/// A number of bits: as it is if it fits into half a word.
fn length(bits: &Arg) -> Arg {
    match bits {
        Arg::Number(number) if *number > u64::from(u32::MAX) => as_source(bits),
        other => other.clone(),
    }
}

/// A size that is known, in units.
pub(super) fn known(arg: &Arg) -> Option<u64> {
    match arg {
        Arg::Number(number) => Some(*number),
        Arg::Const(term) => term.as_small().and_then(|value| u64::try_from(value).ok()),
        _ => None,
    }
}

fn is_atom(arg: &Arg, atom: crate::atom::Atom) -> bool {
    matches!(arg, Arg::Const(term) if *term == Term::atom(atom))
}

fn number(arg: &Arg) -> u64 {
    if let Arg::Number(number) = arg { *number } else { 0 }
}

/// Unit and flags as one operand.
fn unit_and_flags(unit: &Arg, flags: &Arg) -> Arg {
    Arg::Number(number(unit) << 8 | number(flags) & 0xFF)
}

/// Bytes as words, the first byte lowest.
pub(super) fn string_words(bytes: &[u8]) -> Vec<u64> {
    let word = |chunk: &[u8]| {
        chunk.iter().enumerate().fold(0, |word, (index, byte)| word | u64::from(*byte) << (8 * index))
    };
    bytes.chunks(8).map(word).collect()
}

impl Translator<'_> {
    /// Bytes of the module's strings; the file's reader has checked that they are there.
    pub(super) fn string(&self, offset: usize, bytes: usize) -> &[u8] {
        self.file.strings().get(offset..offset + bytes).unwrap_or_default()
    }

    pub(super) fn bit_syntax(
        &mut self,
        instruction: &Instruction<'_>,
        args: &[Arg],
    ) -> Result<(), LoadError> {
        use GenericOp as G;
        use Operation as O;
        let (operation, args) = match (instruction.op, args) {
            (G::BS_START_MATCH3, [fail, source, live, into]) => {
                (O::BsStartMatch, vec![fail.clone(), source.clone(), live.clone(), into.clone()])
            }
            (G::BS_START_MATCH4, [fail, live, source, into]) => {
                // An atom says why it cannot fail.
                let fail = if let Arg::Label(_) = fail { fail.clone() } else { Arg::Label(0) };
                (O::BsStartMatch, vec![fail, source.clone(), live.clone(), into.clone()])
            }
            (G::BS_GET_INTEGER2, [fail, state, live, size, unit, flags, into]) => {
                let field = Field { fail, state, live, size, unit, flags: Flags(number(flags) as u8), into };
                return self.get_integer(&field);
            }
            (G::BS_GET_FLOAT2, [fail, state, live, size, unit, flags, into]) => {
                let sized = [fail.clone(), state.clone(), live.clone(), as_source(size)];
                let args = sized.into_iter().chain([unit_and_flags(unit, flags), into.clone()]);
                (O::BsGetFloat, args.collect())
            }
            (G::BS_GET_BINARY2, [fail, state, live, size, unit, flags, into]) => {
                if is_atom(size, predefined::ALL) {
                    let args = vec![fail.clone(), state.clone(), live.clone(), unit.clone(), into.clone()];
                    (O::BsGetBinaryAll, args)
                } else {
                    let sized = [fail.clone(), state.clone(), live.clone(), as_source(size)];
                    let args = sized.into_iter().chain([unit_and_flags(unit, flags), into.clone()]);
                    (O::BsGetBinary, args.collect())
                }
            }
            (G::BS_SKIP_BITS2, [fail, state, size, unit, _]) => {
                if is_atom(size, predefined::ALL) {
                    (O::BsSkipAll, vec![fail.clone(), state.clone(), unit.clone()])
                } else {
                    let bits = known(size).and_then(|size| size.checked_mul(number(unit)));
                    return self.skip(fail, state, bits, size, unit);
                }
            }
            (G::BS_TEST_TAIL2, [fail, state, bits]) => {
                (O::BsTestTail, vec![fail.clone(), state.clone(), length(bits)])
            }
            (G::BS_TEST_UNIT, [fail, state, unit]) => {
                (O::BsTestUnit, vec![fail.clone(), state.clone(), unit.clone()])
            }
            (G::BS_MATCH_STRING, [fail, state, bits, Arg::Number(offset)]) => {
                let bytes = self.string(*offset as usize, number(bits).div_ceil(8) as usize);
                let words = Arg::Data(string_words(bytes));
                (O::BsMatchString, vec![fail.clone(), state.clone(), bits.clone(), words])
            }
            (G::BS_GET_TAIL, _) => (O::BsGetTail, args.to_vec()),
            (G::BS_GET_POSITION, _) => (O::BsGetPosition, args.to_vec()),
            (G::BS_SET_POSITION, _) => (O::BsSetPosition, args.to_vec()),
            (G::BS_GET_UTF8, [fail, state, _, _, into]) => {
                (O::BsGetUtf8, vec![fail.clone(), state.clone(), into.clone()])
            }
            (G::BS_GET_UTF16, [fail, state, _, flags, into]) => {
                (O::BsGetUtf16, vec![fail.clone(), state.clone(), flags.clone(), into.clone()])
            }
            (G::BS_GET_UTF32, [fail, state, _, flags, into]) => {
                (O::BsGetUtf32, vec![fail.clone(), state.clone(), flags.clone(), into.clone()])
            }
            (G::BS_SKIP_UTF8, [fail, state, ..]) => (O::BsSkipUtf8, vec![fail.clone(), state.clone()]),
            (G::BS_SKIP_UTF16, [fail, state, _, flags]) => {
                (O::BsSkipUtf16, vec![fail.clone(), state.clone(), flags.clone()])
            }
            (G::BS_SKIP_UTF32, [fail, state, _, flags]) => {
                (O::BsSkipUtf32, vec![fail.clone(), state.clone(), flags.clone()])
            }
            (G::BS_MATCH, [fail, state, Arg::List(commands)]) => {
                return self.bs_match(instruction.op, fail, state, commands);
            }
            (G::BS_CREATE_BIN, [fail, words, live, _, into, Arg::List(segments)]) => {
                let segments = self.segments(instruction.op, segments)?;
                let args = vec![fail.clone(), words.clone(), live.clone(), into.clone(), segments];
                (O::BsCreateBin, args)
            }
            (op, args) => return self.build_stepwise(op, args),
        };
        self.push(operation, args);
        Ok(())
    }

    fn skip(
        &mut self,
        fail: &Arg,
        state: &Arg,
        bits: Option<u64>,
        size: &Arg,
        unit: &Arg,
    ) -> Result<(), LoadError> {
        match bits.filter(|bits| *bits <= u64::from(u32::MAX)) {
            Some(bits) => {
                self.push(Operation::BsSkipBits, vec![fail.clone(), state.clone(), Arg::Number(bits)])
            }
            None => {
                let args = vec![fail.clone(), state.clone(), as_source(size), unit.clone()];
                self.push(Operation::BsSkipBits, args);
            }
        }
        Ok(())
    }

    fn get_integer(&mut self, field: &Field<'_>) -> Result<(), LoadError> {
        let Field { fail, state, live, size, unit, flags, into } = field;
        let bits = known(size).and_then(|size| size.checked_mul(number(unit)));
        let is_little = flags.endian() == Endian::Little;
        match bits {
            Some(8) if flags.signedness() == Signedness::Unsigned => {
                let args = vec![(*fail).clone(), (*state).clone(), (*into).clone()];
                self.push(Operation::BsGetByte, args);
            }
            Some(bits @ 1..)
                if bits <= Cursor::SMALL_MOST as u64 && (!is_little || bits.is_multiple_of(8)) =>
            {
                let sized = [(*fail).clone(), (*state).clone(), Arg::Number(bits)];
                let args = sized.into_iter().chain([Arg::Number(u64::from(flags.0)), (*into).clone()]);
                let is_plain = !is_little && flags.signedness() == Signedness::Unsigned;
                let operation = if is_plain { Operation::BsGetUnsigned } else { Operation::BsGetSmall };
                self.push(operation, args.collect());
            }
            _ => {
                let sized = [(*fail).clone(), (*state).clone(), (*live).clone(), as_source(size)];
                let both = Arg::Number(number(unit) << 8 | u64::from(flags.0));
                self.push(
                    Operation::BsGetInteger,
                    sized.into_iter().chain([both, (*into).clone()]).collect(),
                );
            }
        }
        Ok(())
    }

    /// `bs_match`: commands one after the other, each an instruction of its own. A command that fails leaves the position where it was before it.
    fn bs_match(
        &mut self,
        op: GenericOp,
        fail: &Arg,
        state: &Arg,
        commands: &[Arg],
    ) -> Result<(), LoadError> {
        // Commands that cannot fail may stand without a label.
        let fail = &if let Arg::Label(0) = fail { Arg::Label(self.nowhere()) } else { fail.clone() };
        let mut rest = commands;
        while let [Arg::Const(name), tail @ ..] = rest {
            let name = name.as_atom().ok_or(LoadError::Unsupported(op))?;
            rest = self.command(op, fail, state, name, tail)?;
        }
        if rest.is_empty() { Ok(()) } else { Err(LoadError::Unsupported(op)) }
    }

    /// One command of `bs_match`; gives what follows it.
    fn command<'a>(
        &mut self,
        op: GenericOp,
        fail: &Arg,
        state: &Arg,
        name: crate::atom::Atom,
        args: &'a [Arg],
    ) -> Result<&'a [Arg], LoadError> {
        use Operation as O;
        let (operation, ops, rest) = match (name, args) {
            (predefined::ENSURE_AT_LEAST, [bits, unit, rest @ ..]) => {
                (O::BsEnsureAtLeast, vec![fail.clone(), state.clone(), length(bits), unit.clone()], rest)
            }
            (predefined::ENSURE_EXACTLY, [bits, rest @ ..]) => {
                (O::BsTestTail, vec![fail.clone(), state.clone(), length(bits)], rest)
            }
            (predefined::SKIP, [bits, rest @ ..]) => {
                self.skip(fail, state, known(bits), bits, &Arg::Number(1))?;
                return Ok(rest);
            }
            (predefined::INTEGER, [live, flags, size, unit, into, rest @ ..]) => {
                let flags = self.flags(flags);
                self.get_integer(&Field { fail, state, live, size, unit, flags, into })?;
                return Ok(rest);
            }
            (predefined::BINARY, [live, _, size, unit, into, rest @ ..]) => {
                let sized = [fail.clone(), state.clone(), live.clone(), as_source(size)];
                let args = sized.into_iter().chain([Arg::Number(number(unit) << 8), into.clone()]);
                (O::BsGetBinary, args.collect(), rest)
            }
            (predefined::GET_TAIL, [live, _, into, rest @ ..]) => {
                (O::BsGetTail, vec![state.clone(), into.clone(), live.clone()], rest)
            }
            (predefined::EXACTLY_EQUAL, [_, bits, value, rest @ ..]) => {
                let args = vec![fail.clone(), state.clone(), bits.clone(), as_source(value)];
                (O::BsEqualBits, args, rest)
            }
            _ => return Err(LoadError::Unsupported(op)),
        };
        self.push(operation, ops);
        Ok(rest)
    }

    /// Flags that stand as a list of atoms in a literal.
    pub(super) fn flags(&self, list: &Arg) -> Flags {
        let mut flags = Flags::default();
        let Arg::Const(term) = list else { return Flags(number(list) as u8) };
        let mut rest = *term;
        while let Some(cell) = rest.as_cons() {
            flags = match cell.head().as_atom() {
                Some(predefined::LITTLE) => flags.with(Flags::LITTLE),
                Some(predefined::SIGNED) => flags.with(Flags::SIGNED),
                Some(predefined::NATIVE) => flags.with(Flags::NATIVE),
                _ => flags,
            };
            rest = cell.tail();
        }
        flags
    }

    /// Instructions that compilers before OTP 25 write.
    fn build_stepwise(&mut self, op: GenericOp, args: &[Arg]) -> Result<(), LoadError> {
        use GenericOp as G;
        use Operation as O;
        let (operation, args) = match (op, args) {
            (G::BS_INIT_WRITABLE, []) => (O::BsInitWritable, Vec::new()),
            (G::BS_INIT2 | G::BS_INIT_BITS, [fail, size, words, live, _, into]) => {
                let unit = if op == G::BS_INIT2 { 8 } else { 1 };
                let sized = [fail.clone(), as_source(size), words.clone(), live.clone()];
                (O::BsInit, sized.into_iter().chain([Arg::Number(unit), into.clone()]).collect())
            }
            (G::BS_ADD, [fail, first, second, unit, into]) => {
                (O::BsAdd, vec![fail.clone(), first.clone(), second.clone(), unit.clone(), into.clone()])
            }
            (G::BS_APPEND, [fail, bits, words, live, unit, bin, _, into]) => {
                let both = Arg::Number(number(unit) << 16 | number(live) & 0xFFFF);
                let sized = [fail.clone(), as_source(bits), words.clone(), both];
                (O::BsAppend, sized.into_iter().chain([bin.clone(), into.clone()]).collect())
            }
            (G::BS_PRIVATE_APPEND, [fail, bits, unit, bin, _, into]) => {
                let sized = [fail.clone(), as_source(bits), unit.clone()];
                (O::BsPrivateAppend, sized.into_iter().chain([bin.clone(), into.clone()]).collect())
            }
            (G::BS_PUT_BINARY, [fail, size, unit, _, value]) if is_atom(size, predefined::ALL) => {
                (O::BsPutBinaryAll, vec![fail.clone(), unit.clone(), value.clone()])
            }
            (G::BS_PUT_INTEGER | G::BS_PUT_FLOAT | G::BS_PUT_BINARY, [fail, size, unit, flags, value]) => {
                let operation = match op {
                    G::BS_PUT_INTEGER => O::BsPutInteger,
                    G::BS_PUT_FLOAT => O::BsPutFloat,
                    _ => O::BsPutBinary,
                };
                let args = vec![fail.clone(), as_source(size), unit_and_flags(unit, flags), value.clone()];
                (operation, args)
            }
            (G::BS_PUT_STRING, [Arg::Number(bytes), Arg::Number(offset)]) => {
                let words = string_words(self.string(*offset as usize, *bytes as usize));
                (O::BsPutString, vec![Arg::Number(8 * *bytes), Arg::Data(words)])
            }
            (G::BS_PUT_UTF8, _) => (O::BsPutUtf8, args.to_vec()),
            (G::BS_PUT_UTF16, _) => (O::BsPutUtf16, args.to_vec()),
            (G::BS_PUT_UTF32, _) => (O::BsPutUtf32, args.to_vec()),
            (G::BS_UTF8_SIZE, [_, source, into]) => (O::BsUtf8Size, vec![source.clone(), into.clone()]),
            (G::BS_UTF16_SIZE, [_, source, into]) => (O::BsUtf16Size, vec![source.clone(), into.clone()]),
            _ => return Err(LoadError::Unsupported(op)),
        };
        self.push(operation, args);
        Ok(())
    }
}

/// The operands of an integer to be matched.
struct Field<'a> {
    fail: &'a Arg,
    state: &'a Arg,
    live: &'a Arg,
    size: &'a Arg,
    unit: &'a Arg,
    flags: Flags,
    into: &'a Arg,
}
