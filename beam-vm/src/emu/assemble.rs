// SPDX-License-Identifier: Apache-2.0
//! From operations with arguments to instructions: for each operation the first line of the [`table`] whose kinds of
//! operands take its arguments is chosen, labels become distances, and what does not fit into an instruction is placed behind the code.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use super::dispatch::code_of;
use super::operand::{Arg, Bank, Kind, register_word, x_offset, y_offset};
use super::table::{self, Operation, SPECIFICS, Specific};
use crate::term::Term;

/// An operation with its arguments.
#[derive(Clone, Debug)]
pub struct Op {
    /// What to do.
    pub operation: Operation,
    /// With what.
    pub args: Vec<Arg>,
}

/// Code, ready to be placed anywhere: it refers to itself by distances alone.
#[derive(Clone, Debug, Default)]
pub struct Assembled {
    /// Instructions, and behind them the words that they refer to.
    pub words: Box<[u64]>,
    /// The word and the number of each instruction.
    pub instructions: Vec<(u32, u16)>,
    /// Where each operation begins, in words.
    pub starts: Vec<u32>,
    /// Where each label is, in words; `u32::MAX` for those that are not there.
    pub labels: Vec<u32>,
    /// Words of instructions, without those behind them.
    pub code_words: u32,
    /// What is behind them, in order.
    pub blocks: Vec<Block>,
    /// The words behind them that are terms or registers, in order.
    pub constants: Vec<u32>,
}

/// Words behind the code that an instruction refers to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Block {
    /// The word that has their number.
    pub start: u32,
    /// The first word of the instruction.
    pub instruction: u32,
    /// Whether they are values in ascending order and as many targets.
    pub is_table: bool,
}

impl Assembled {
    /// Which instructions the words are.
    #[must_use]
    pub fn shape(&self) -> Shape {
        let mut has_label = vec![false; self.code_words as usize + 1];
        for word in self.labels.iter().filter(|word| **word <= self.code_words) {
            has_label[*word as usize] = true;
        }
        let line = |(word, number): &(u32, u16)| number << 1 | u16::from(has_label[*word as usize]);
        Shape { lines: self.instructions.iter().map(line).collect(), code_words: self.code_words }
    }
}

/// Which instructions the words of a module are, which cannot be seen by the words themselves when some lead elsewhere: for each its number
/// and whether a label stands there, in 16 bits.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    lines: Vec<u16>,
    code_words: u32,
}

/// An instruction of a [`Shape`].
#[derive(Clone, Copy, Debug)]
pub struct ShapeLine {
    /// Its first word.
    pub word: u32,
    /// Its number in the table.
    pub number: u16,
    /// Whether a label stands there.
    pub has_label: bool,
}

impl Shape {
    /// Words of instructions, without those behind them.
    #[must_use]
    pub const fn code_words(&self) -> u32 {
        self.code_words
    }

    /// How many instructions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// No instructions yet, with room for so many.
    #[must_use]
    pub fn with_capacity(count: usize, code_words: u32) -> Self {
        Self { lines: Vec::with_capacity(count), code_words }
    }

    /// Appends an instruction: twice its number, and one more if a label stands there.
    pub fn push(&mut self, line: u16) {
        self.lines.push(line);
    }

    /// The instructions in their order.
    pub fn lines(&self) -> impl Iterator<Item = ShapeLine> + '_ {
        self.lines.iter().scan(0_u32, |word, line| {
            let (at, number) = (*word, line >> 1);
            *word += size_in_words(SPECIFICS[usize::from(number)].kinds) as u32;
            Some(ShapeLine { word: at, number, has_label: line & 1 == 1 })
        })
    }
}

/// Why operations cannot be assembled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AssembleError {
    /// No instruction does this operation with these arguments.
    NoInstruction {
        /// The place of the operation.
        at: usize,
        /// The operation.
        operation: Operation,
    },
    /// A label that is used is not there.
    NoLabel(u32),
    /// The code is larger than distances can say.
    TooLarge,
}

impl fmt::Display for AssembleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoInstruction { at, operation } => {
                write!(f, "operation {at}: no instruction does {operation:?} with these arguments")
            }
            Self::NoLabel(label) => write!(f, "label {label} is used and not there"),
            Self::TooLarge => write!(f, "the code is larger than distances in it can say"),
        }
    }
}

impl core::error::Error for AssembleError {}

/// Whether an operand of this kind can say the argument.
#[must_use]
pub fn accepts(kind: Kind, arg: &Arg) -> bool {
    match (kind, arg) {
        (Kind::X, Arg::X(_)) | (Kind::Y, Arg::Y(_)) | (Kind::R, Arg::F(_)) | (Kind::Fail, Arg::Label(_)) => {
            true
        }
        (Kind::D, Arg::X(_) | Arg::Y(_)) | (Kind::S, Arg::X(_) | Arg::Y(_) | Arg::Const(_)) => true,
        (Kind::I, Arg::Const(term)) => immediate(*term).is_some(),
        (Kind::C, Arg::Const(_)) | (Kind::N64, Arg::Number(_)) => true,
        (Kind::L, Arg::Label(label)) => *label != 0,
        (Kind::N16, Arg::Number(number)) => *number <= u64::from(u16::MAX),
        (Kind::N32, Arg::Number(number)) => *number <= u64::from(u32::MAX),
        (Kind::E, Arg::Export(_)) | (Kind::B, Arg::Bif(_)) | (Kind::Lam, Arg::Lambda(_)) => true,
        (Kind::Words, Arg::Data(_) | Arg::Targets(_) | Arg::Labels(_)) => true,
        (Kind::ListOf, Arg::List(list)) => {
            list.iter().all(|arg| matches!(arg, Arg::Data(_)) || source_word(arg).is_some())
        }
        _ => false,
    }
}

/// An immediate as the 32 bits of its word, if they are enough.
fn immediate(term: Term) -> Option<u32> {
    let word = term.raw() as i64;
    i32::try_from(word).ok().filter(|_| term.is_immediate()).map(|word| word as u32)
}

/// An argument as a word of a list.
fn source_word(arg: &Arg) -> Option<u64> {
    Some(match arg {
        Arg::X(index) => register_word(x_offset(*index), Bank::X),
        Arg::Y(index) => register_word(y_offset(*index), Bank::Y),
        Arg::Const(term) => term.raw(),
        // Numbers and labels in lists stand as small integers; the runtime of the instruction knows which they are.
        Arg::Number(number) => Term::small(i64::try_from(*number).ok()?)?.raw(),
        _ => return None,
    })
}

/// Chooses the instruction for an operation.
#[must_use]
pub fn choose(operation: Operation, args: &[Arg]) -> Option<usize> {
    table::range(operation).find(|index| {
        let kinds = SPECIFICS[*index].kinds;
        kinds.len() == args.len() && kinds.iter().zip(args).all(|(kind, arg)| accepts(*kind, arg))
    })
}

/// A word behind the code that is a distance from an instruction to a label.
struct Target {
    word: usize,
    instruction: usize,
    label: u32,
}

/// How an instruction lies in memory, at hand.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    code: u32,
    words: u8,
    count: u8,
    kinds: [Kind; MOST],
    offsets: [u8; MOST],
}

/// The most operands that an instruction has.
const MOST: usize = 6;

impl Layout {
    /// Those of all instructions, by number.
    #[must_use]
    pub fn all() -> Vec<Self> {
        SPECIFICS.iter().enumerate().map(|(number, specific)| Self::of(specific, number as u32)).collect()
    }

    fn of(specific: &Specific, number: u32) -> Self {
        let (mut kinds, mut offsets) = ([Kind::X; MOST], [0; MOST]);
        for (place, (kind, (offset, _))) in specific.kinds.iter().zip(places(specific.kinds)).enumerate() {
            (kinds[place], offsets[place]) = (*kind, offset as u8);
        }
        let (code, words) = (code_of(specific.handler, number), size_in_words(specific.kinds) as u8);
        Self { code, words, count: specific.kinds.len() as u8, kinds, offsets }
    }

    /// What the low half of its first word is for its handler.
    #[must_use]
    pub const fn code(&self) -> u32 {
        self.code
    }

    /// Its words.
    #[must_use]
    pub const fn words(&self) -> usize {
        self.words as usize
    }

    /// The kinds of its operands, and the bytes from its beginning to each.
    pub fn operands(&self) -> impl Iterator<Item = (Kind, usize)> + use<> {
        let Self { kinds, offsets, count, .. } = *self;
        kinds
            .into_iter()
            .zip(offsets)
            .take(usize::from(count))
            .map(|(kind, offset)| (kind, usize::from(offset)))
    }
}

/// The operand of a kind that is so many bytes from the beginning of an instruction.
#[must_use]
pub fn read_operand(words: &[u64], instruction: usize, kind: Kind, offset: usize) -> u64 {
    let value = words[instruction + offset / 8] >> (8 * (offset % 8));
    let size = kind.size();
    if size == 8 { value } else { value & ((1 << (8 * size)) - 1) }
}

/// What is to be placed behind the code, and which operand of which instruction refers to it.
struct Behind {
    instruction: usize,
    offset: usize,
    words: Vec<u64>,
    targets: Vec<(usize, u32)>,
    /// Which of the words are terms or registers.
    constants: Vec<u32>,
    is_table: bool,
}

impl Behind {
    /// Words of which none is a term, a register or a target.
    fn plain(instruction: usize, offset: usize, words: Vec<u64>) -> Self {
        Self { instruction, offset, words, targets: Vec::new(), constants: Vec::new(), is_table: false }
    }
}

/// Assembles operations. `labels` is one more than the highest label.
///
/// # Errors
/// [`AssembleError`]; a loader that has verified its module gets [`AssembleError::NoInstruction`] only for what the table lacks.
pub fn assemble(ops: &[Op], labels: u32) -> Result<Assembled, AssembleError> {
    // Most instructions are two words.
    let mut words: Vec<u64> = Vec::with_capacity(2 * ops.len());
    let mut out = Assembled { labels: vec![u32::MAX; labels as usize], ..Assembled::default() };
    out.starts.reserve_exact(ops.len());
    out.instructions.reserve_exact(ops.len());
    let mut references: Vec<(usize, usize, u32)> = Vec::new();
    let mut behind: Vec<Behind> = Vec::new();
    for (at, op) in ops.iter().enumerate() {
        let position = u32::try_from(words.len()).map_err(|_| AssembleError::TooLarge)?;
        out.starts.push(position);
        if let (Operation::Label, [Arg::Label(label)]) = (op.operation, op.args.as_slice()) {
            let place = out.labels.get_mut(*label as usize).ok_or(AssembleError::NoLabel(*label))?;
            *place = position;
            continue;
        }
        let chosen = choose(op.operation, &op.args)
            .ok_or(AssembleError::NoInstruction { at, operation: op.operation })?;
        out.instructions.push((position, chosen as u16));
        encode(&mut words, &SPECIFICS[chosen], chosen, &op.args, &mut references, &mut behind);
    }
    out.code_words = u32::try_from(words.len()).map_err(|_| AssembleError::TooLarge)?;
    let mut targets = Vec::new();
    for block in behind {
        let start = words.len();
        patch(&mut words, block.instruction, block.offset, distance(block.instruction, start)?);
        out.blocks.push(Block {
            start: start as u32,
            instruction: block.instruction as u32,
            is_table: block.is_table,
        });
        out.constants.extend(block.constants.iter().map(|place| (start + 1) as u32 + place));
        words.push(block.words.len() as u64);
        words.extend(block.words);
        for (index, label) in block.targets {
            targets.push(Target { word: start + 1 + index, instruction: block.instruction, label });
        }
    }
    for (instruction, offset, label) in references {
        let to = label_at(&out.labels, label)?;
        patch(&mut words, instruction, offset, distance(instruction, to)?);
    }
    for target in targets {
        let to = label_at(&out.labels, target.label)?;
        words[target.word] = i64::from(distance(target.instruction, to)?) as u64;
    }
    out.words = words.into_boxed_slice();
    Ok(out)
}

fn label_at(labels: &[u32], label: u32) -> Result<usize, AssembleError> {
    match labels.get(label as usize) {
        Some(position) if *position != u32::MAX => Ok(*position as usize),
        _ => Err(AssembleError::NoLabel(label)),
    }
}

fn distance(from: usize, to: usize) -> Result<i32, AssembleError> {
    i32::try_from(to as i64 - from as i64).map_err(|_| AssembleError::TooLarge)
}

/// Writes a distance into the operand that was left at 0.
fn patch(words: &mut [u64], instruction: usize, offset: usize, value: i32) {
    put(words, instruction, offset, 4, u64::from(value as u32));
}

/// Writes an operand of `size` bytes into words that have none there.
pub fn put(words: &mut [u64], instruction: usize, offset: usize, size: usize, value: u64) {
    let word = &mut words[instruction + offset / 8];
    *word |= value << (8 * (offset % 8))
        & if size == 8 { u64::MAX } else { ((1 << (8 * size)) - 1) << (8 * (offset % 8)) };
}

/// The bytes from the beginning of an instruction to each of its operands, and to its end: C's layout.
fn places(kinds: &[Kind]) -> impl Iterator<Item = (usize, usize)> {
    kinds.iter().scan(4_usize, |end, kind| {
        let offset = end.next_multiple_of(kind.size());
        *end = offset + kind.size();
        Some((offset, *end))
    })
}

/// The bytes from the beginning of an instruction to each of its operands, and its words.
pub(super) fn layout(kinds: &[Kind]) -> (Vec<usize>, usize) {
    (places(kinds).map(|(offset, _)| offset).collect(), size_in_words(kinds))
}

/// The words of an instruction.
fn size_in_words(kinds: &[Kind]) -> usize {
    places(kinds).last().map_or(4, |(_, end)| end).div_ceil(8)
}

fn encode(
    words: &mut Vec<u64>,
    specific: &Specific,
    number: usize,
    args: &[Arg],
    references: &mut Vec<(usize, usize, u32)>,
    behind: &mut Vec<Behind>,
) {
    let start = words.len();
    words.resize(start + size_in_words(specific.kinds), 0);
    put(words, start, 0, 4, u64::from(code_of(specific.handler, number as u32)));
    for ((kind, arg), (offset, _)) in specific.kinds.iter().zip(args).zip(places(specific.kinds)) {
        let value = match (kind, arg) {
            (Kind::X, Arg::X(index)) => u64::from(x_offset(*index)),
            (Kind::Y, Arg::Y(index)) => u64::from(y_offset(*index)),
            (Kind::D, Arg::X(index)) => u64::from(x_offset(*index)),
            (Kind::D, Arg::Y(index)) => u64::from(y_offset(*index) | 1),
            (Kind::S, arg) => source_word(arg).unwrap_or(Term::NIL.raw()),
            (Kind::I, Arg::Const(term)) => u64::from(immediate(*term).unwrap_or(0)),
            (Kind::C, Arg::Const(term)) => term.raw(),
            (Kind::R, Arg::F(index)) => u64::from(*index),
            (Kind::N16 | Kind::N32 | Kind::N64, Arg::Number(number)) => *number,
            (Kind::E, Arg::Export(export)) => core::ptr::from_ref(*export).expose_provenance() as u64,
            (Kind::Lam, Arg::Lambda(entry)) => core::ptr::from_ref(*entry).expose_provenance() as u64,
            (Kind::B, Arg::Bif(bif)) => u64::from(bif.0),
            (Kind::L | Kind::Fail, Arg::Label(label)) => {
                if *label != 0 {
                    references.push((start, offset, *label));
                }
                0
            }
            (Kind::Words, Arg::Data(data)) => {
                behind.push(Behind::plain(start, offset, data.clone()));
                0
            }
            (Kind::Words, Arg::Targets(pairs)) => {
                let mut sorted = pairs.clone();
                sorted.sort_unstable_by_key(|(value, _)| *value);
                let mut data: Vec<u64> = sorted.iter().map(|(value, _)| *value).collect();
                data.resize(2 * sorted.len(), 0);
                let targets =
                    sorted.iter().enumerate().map(|(index, (_, label))| (sorted.len() + index, *label));
                behind.push(Behind {
                    targets: targets.collect(),
                    constants: (0..sorted.len() as u32).collect(),
                    is_table: true,
                    ..Behind::plain(start, offset, data)
                });
                0
            }
            (Kind::Words, Arg::Labels(labels)) => {
                let targets = labels.iter().copied().enumerate().collect();
                behind.push(Behind { targets, ..Behind::plain(start, offset, vec![0; labels.len()]) });
                0
            }
            (Kind::ListOf, Arg::List(list)) => {
                let mut data = Vec::with_capacity(list.len());
                let mut constants = Vec::new();
                for arg in list {
                    match arg {
                        Arg::Data(words) => data.extend_from_slice(words),
                        arg => {
                            constants.push(data.len() as u32);
                            data.push(source_word(arg).unwrap_or(Term::NIL.raw()));
                        }
                    }
                }
                behind.push(Behind { constants, ..Behind::plain(start, offset, data) });
                0
            }
            _ => 0,
        };
        put(words, start, offset, kind.size(), value);
    }
}
