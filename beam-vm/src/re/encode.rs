// SPDX-License-Identifier: Apache-2.0
//! The bytes of a compiled pattern, which programs keep, send and write into files: a mark, a version, a checksum, and numbers of seven bits
//! a byte. They may come back from anywhere, so what is read is looked at whole before it is used: a program that passes cannot lead
//! outside of itself.

use alloc::vec::Vec;

use super::options::{Bsr, Flags, Newline, Options};
use super::program::{Again, GroupKind, Mode, Name, Needed, Op, Place, Program, Type, Verb};
use super::set::{CharSet, Property};
use super::unicode::{Category, Script};

/// What the bytes begin with; the last is the version of the form.
const MARK: [u8; 4] = *b"VRE\x01";
/// The bytes of mark and checksum.
pub const HEAD: usize = 12;

/// The bytes are no compiled pattern of this version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotAProgram;

type Read<T> = Result<T, NotAProgram>;

/// Bytes that are being read.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn byte(&mut self) -> Read<u8> {
        let (first, rest) = self.0.split_first().ok_or(NotAProgram)?;
        self.0 = rest;
        Ok(*first)
    }

    /// A count of things that take at least a byte each.
    fn count(&mut self) -> Read<usize> {
        let count = u32::get(self)? as usize;
        if count <= self.0.len() { Ok(count) } else { Err(NotAProgram) }
    }
}

/// What has a form in bytes.
trait Code: Sized {
    fn put(&self, out: &mut Vec<u8>);
    fn get(input: &mut Input<'_>) -> Read<Self>;
}

impl Code for u32 {
    fn put(&self, out: &mut Vec<u8>) {
        let mut rest = *self;
        while rest >= 0x80 {
            out.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        out.push(rest as u8);
    }

    fn get(input: &mut Input<'_>) -> Read<Self> {
        let mut value = 0_u64;
        for shift in (0..35).step_by(7) {
            let byte = input.byte()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Self::try_from(value).map_err(|_| NotAProgram);
            }
        }
        Err(NotAProgram)
    }
}

impl Code for u16 {
    fn put(&self, out: &mut Vec<u8>) {
        u32::from(*self).put(out);
    }

    fn get(input: &mut Input<'_>) -> Read<Self> {
        Self::try_from(u32::get(input)?).map_err(|_| NotAProgram)
    }
}

impl Code for u8 {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(*self);
    }

    fn get(input: &mut Input<'_>) -> Read<Self> {
        input.byte()
    }
}

impl Code for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn get(input: &mut Input<'_>) -> Read<Self> {
        match input.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(NotAProgram),
        }
    }
}

impl<T: Code> Code for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn get(input: &mut Input<'_>) -> Read<Self> {
        if bool::get(input)? { T::get(input).map(Some) } else { Ok(None) }
    }
}

impl<T: Code> Code for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u32).put(out);
        self.iter().for_each(|item| item.put(out));
    }

    fn get(input: &mut Input<'_>) -> Read<Self> {
        let count = input.count()?;
        (0..count).map(|_| T::get(input)).collect()
    }
}

impl<A: Code, B: Code> Code for (A, B) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }

    fn get(input: &mut Input<'_>) -> Read<Self> {
        Ok((A::get(input)?, B::get(input)?))
    }
}

/// Gives each form of an enumeration its number.
macro_rules! code {
    ($type:ident: $($number:literal $form:ident $(($($item:ident: $of:ty),*))? $({$($field:ident: $as:ty),*})?;)*) => {
        impl Code for $type {
            fn put(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$form $(($($item),*))? $({$($field),*})? => {
                        out.push($number);
                        $($($item.put(out);)*)?
                        $($($field.put(out);)*)?
                    })*
                }
            }

            fn get(input: &mut Input<'_>) -> Read<Self> {
                match input.byte()? {
                    $($number => {
                        $($(let $item = <$of>::get(input)?;)*)?
                        $($(let $field = <$as>::get(input)?;)*)?
                        Ok(Self::$form $(($($item),*))? $({$($field),*})?)
                    })*
                    _ => Err(NotAProgram),
                }
            }
        }
    };
}

code! { Newline: 0 Lf; 1 Cr; 2 CrLf; 3 AnyCrLf; 4 Any; }
code! { Bsr: 0 Unicode; 1 AnyCrLf; }
code! { GroupKind: 0 Plain; 1 Capture; 2 Atomic; 3 Ahead; 4 NotAhead; 5 Condition; }
code! { Again: 0 No; 1 Greedy; 2 Lazy; 3 Possessive; 4 PossessiveOrNone; }
code! { Mode: 0 Greedy; 1 Lazy; 2 Possessive; }
code! { Verb: 0 Commit; 1 Prune; 2 Skip; 3 Then; }
code! {
    Type: 0 NotNewline; 1 Any; 2 Byte; 3 Digit; 4 NotDigit; 5 Space; 6 NotSpace; 7 Word; 8 NotWord; 9 Horizontal; 10 NotHorizontal;
    11 Vertical; 12 NotVertical;
}
code! {
    Place: 0 LineStart; 1 AnyLineStart; 2 LineEnd; 3 AnyLineEnd; 4 SubjectStart; 5 SubjectEndOrNewline; 6 SubjectEnd; 7 DollarEnd;
    8 SearchStart; 9 WordEdge; 10 NotWordEdge; 11 WordEdgeUcp; 12 NotWordEdgeUcp;
}
code! {
    Property: 0 Any; 1 Cased; 2 Major(letter: u8); 3 Category(category: Category); 4 Script(script: Script); 5 Alnum; 6 Space; 7 Word;
    8 Ucn; 9 Graph; 10 Print; 11 Punct;
}
code! {
    Op: 0 End; 1 Accept; 2 Fail; 3 At(place: Place); 4 Keep; 5 Char(code: u32); 6 Either(one: u32, two: u32); 7 Not(code: u32);
    8 Neither(one: u32, two: u32); 9 Type(kind: Type); 10 Set(set: u32); 11 Newline; 12 Cluster;
    13 Repeat { min: u16, max: u32, mode: Mode };
    14 Reference { group: u16, caseless: bool };
    15 NamedReference { name: u16, count: u16, caseless: bool };
    16 RepeatReference { min: u16, max: u32, mode: Mode };
    17 Group { kind: GroupKind, again: Again, empty: bool, number: u16, next: u32, slot: u32 };
    18 Alternative { next: u32, end: u32 };
    19 Close { again: Again, back: u32 };
    20 Leave(number: u16); 21 Optional; 22 OptionalLazy; 23 Skip; 24 Back(count: u32);
    25 Call { number: u16, target: u32 };
    26 IfGroup(number: u16);
    27 IfName { name: u16, count: u16 };
    28 IfCall(number: u16);
    29 IfCallName { name: u16, count: u16 };
    30 Define; 31 Verb(verb: Verb); 32 SkipTo(label: u32); 33 Mark(label: u32);
}

impl Code for Category {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(*self as u8);
    }

    fn get(input: &mut Input<'_>) -> Read<Self> {
        Self::ALL.get(usize::from(input.byte()?)).copied().ok_or(NotAProgram)
    }
}

impl Code for Script {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(self.0);
    }

    fn get(input: &mut Input<'_>) -> Read<Self> {
        input.byte().map(Self)
    }
}

impl Code for Needed {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend([self.byte, self.other]);
    }

    fn get(input: &mut Input<'_>) -> Read<Self> {
        Ok(Self { byte: input.byte()?, other: input.byte()? })
    }
}

impl Code for Name {
    fn put(&self, out: &mut Vec<u8>) {
        (self.text.len() as u32).put(out);
        out.extend_from_slice(&self.text);
        self.group.put(out);
    }

    fn get(input: &mut Input<'_>) -> Read<Self> {
        let len = input.count()?;
        let (text, rest) = input.0.split_at(len);
        let text = text.into();
        input.0 = rest;
        Ok(Self { text, group: u16::get(input)? })
    }
}

impl Code for [u32; 8] {
    fn put(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|word| out.extend(word.to_le_bytes()));
    }

    fn get(input: &mut Input<'_>) -> Read<Self> {
        let mut words = [0; 8];
        for word in &mut words {
            *word = u32::from_le_bytes([input.byte()?, input.byte()?, input.byte()?, input.byte()?]);
        }
        Ok(words)
    }
}

impl Code for CharSet {
    fn put(&self, out: &mut Vec<u8>) {
        self.bits.put(out);
        self.ranges.put(out);
        self.properties.put(out);
        self.inverted.put(out);
    }

    fn get(input: &mut Input<'_>) -> Read<Self> {
        Ok(Self {
            bits: Code::get(input)?,
            ranges: Vec::get(input)?,
            properties: Vec::get(input)?,
            inverted: bool::get(input)?,
        })
    }
}

impl Code for Program {
    fn put(&self, out: &mut Vec<u8>) {
        self.options.flags.bits().put(out);
        self.options.newline.put(out);
        self.options.bsr.put(out);
        self.groups.put(out);
        self.slots.put(out);
        self.first.put(out);
        self.leads.put(out);
        self.required.put(out);
        self.match_limit.put(out);
        self.depth_limit.put(out);
        self.ops.put(out);
        self.sets.put(out);
        self.names.put(out);
        self.labels.put(out);
    }

    fn get(input: &mut Input<'_>) -> Read<Self> {
        Ok(Self {
            options: Options {
                flags: Flags::from_bits(u32::get(input)?).ok_or(NotAProgram)?,
                newline: Newline::get(input)?,
                bsr: Bsr::get(input)?,
            },
            groups: u16::get(input)?,
            slots: u32::get(input)?,
            first: Option::get(input)?,
            leads: Option::get(input)?,
            required: Option::get(input)?,
            match_limit: Option::get(input)?,
            depth_limit: Option::get(input)?,
            ops: Vec::get(input)?,
            sets: Vec::get(input)?,
            names: Vec::get(input)?,
            labels: u32::get(input)?,
        })
    }
}

/// A sum that changes with every byte (FNV-1a, of eight bytes at a time).
fn checksum(bytes: &[u8]) -> u64 {
    let mut sum = 0xCBF2_9CE4_8422_2325_u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        sum = (sum ^ u64::from_le_bytes(word)).wrapping_mul(0x0100_0000_01B3);
        sum ^= sum >> 29;
    }
    sum ^ bytes.len() as u64
}

/// The bytes of a program.
#[must_use]
pub fn write(program: &Program) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEAD + 4 * program.ops.len() + 40 * program.sets.len());
    out.extend(MARK);
    out.extend([0; 8]);
    program.put(&mut out);
    seal(&mut out);
    out
}

/// Writes the checksum of what follows the head.
pub fn seal(bytes: &mut [u8]) {
    if let Some((head, rest)) = bytes.split_at_mut_checked(HEAD) {
        head[MARK.len()..].copy_from_slice(&checksum(rest).to_le_bytes());
    }
}

/// The program of some bytes.
///
/// # Errors
/// [`NotAProgram`].
pub fn read(bytes: &[u8]) -> Result<Program, NotAProgram> {
    let rest = bytes.strip_prefix(&MARK).ok_or(NotAProgram)?;
    let (sum, rest) = rest.split_first_chunk::<8>().ok_or(NotAProgram)?;
    if u64::from_le_bytes(*sum) != checksum(rest) {
        return Err(NotAProgram);
    }
    let mut input = Input(rest);
    let program = Program::get(&mut input)?;
    if input.0.is_empty() && is_sound(&program) { Ok(program) } else { Err(NotAProgram) }
}

/// Whether all that operations refer to is there, and what follows them is what they expect.
fn is_sound(program: &Program) -> bool {
    // A watched group is an operation, so there are no more slots than operations.
    let is_bounded = program.slots as usize <= program.ops.len() && program.ops.last() == Some(&Op::End);
    let names = |name: u16, count: u16| usize::from(name) + usize::from(count) <= program.names.len();
    let has_group = |number: u16| number > 0 && number <= program.groups;
    let at = |place: usize| program.ops.get(place).copied();
    let is_sound = |(place, op): (usize, &Op)| match *op {
        Op::Set(set) => (set as usize) < program.sets.len(),
        Op::Repeat { min, max, .. } => {
            u32::from(min) <= max
                && matches!(
                    at(place + 1),
                    Some(
                        Op::Char(_)
                            | Op::Either(..)
                            | Op::Not(_)
                            | Op::Neither(..)
                            | Op::Type(_)
                            | Op::Set(_)
                            | Op::Newline
                            | Op::Cluster
                    )
                )
        }
        Op::RepeatReference { min, max, .. } => {
            u32::from(min) <= max
                && matches!(at(place + 1), Some(Op::Reference { .. } | Op::NamedReference { .. }))
        }
        Op::Reference { group, .. } | Op::IfGroup(group) | Op::Leave(group) => has_group(group),
        Op::NamedReference { name, count, .. }
        | Op::IfName { name, count }
        | Op::IfCallName { name, count } => names(name, count),
        Op::Group { kind, number, next, slot, empty, .. } => {
            let slot_is_there = !empty || slot < program.slots;
            let number_is_there = if kind == GroupKind::Capture { has_group(number) } else { number == 0 };
            let leads_on =
                matches!(at(place + next as usize), Some(Op::Alternative { .. } | Op::Close { .. }));
            next > 0 && slot_is_there && number_is_there && leads_on
        }
        Op::Alternative { next, end } => {
            next > 0
                && end > 0
                && matches!(at(place + next as usize), Some(Op::Alternative { .. } | Op::Close { .. }))
                && matches!(at(place + end as usize), Some(Op::Close { .. }))
        }
        Op::Close { back, .. } => {
            back > 0
                && place
                    .checked_sub(back as usize)
                    .is_some_and(|open| matches!(at(open), Some(Op::Group { .. })))
        }
        Op::Optional | Op::OptionalLazy | Op::Skip => matches!(at(place + 1), Some(Op::Group { .. })),
        Op::Call { number, target } => {
            number <= program.groups && matches!(at(target as usize), Some(Op::Group { .. }))
        }
        Op::SkipTo(label) | Op::Mark(label) => label < program.labels,
        _ => true,
    };
    is_bounded
        && program.ops.iter().enumerate().all(is_sound)
        && program.names.iter().all(|name| has_group(name.group))
}
