// SPDX-License-Identifier: Apache-2.0
//! The walk through a function: what each instruction needs, and what is known after it.

mod bits;
mod control;
mod data;

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use super::code::{Body, Instructions, Line};
use super::facts::{Facts, Slot};
use super::{Check, Surroundings, Violation, Wanted};
use crate::beam_file::{GenericOp as G, Operand};
use crate::loader::LoadError;
use crate::loader::translate::heap_words;
use crate::term::{Export, Term, View};

/// The most words that an instruction may reserve: 128 MiB. Nobody builds so much without a loop.
const MOST_HEAP: u32 = 1 << 24;
/// The most Y registers.
const MOST_FRAME: u64 = 1024;

type Step = Result<(), Violation>;

/// Walks through a function until nothing new comes to light.
pub fn walk(
    code: &Instructions,
    body: &Body,
    surroundings: &Surroundings<'_>,
    entries: &[Option<u32>],
    checks: &mut Vec<Check>,
) -> Result<(), LoadError> {
    let before = checks.len();
    let mut walker = Walker {
        code,
        body,
        surroundings,
        entries,
        labels: vec![None; code.lines[body.lines.clone()].iter().filter(|line| line.op == G::LABEL).count()],
        numbers: Vec::new(),
        at: 0,
        again: false,
        fill: Slot::UNSET,
        results: Slot::UNSET,
        facts: None,
        checks,
    };
    walker.number_labels();
    loop {
        walker.again = false;
        walker.checks.truncate(before);
        match walker.pass() {
            Err(LoadError::Unsafe { violation: Violation::FrameUnset, .. }) if walker.fill == Slot::UNSET => {
                // The compiler knows that what may raise there does not. With frames that are set from the start nobody has to know.
                walker.fill = Slot::ANY;
                walker.labels.fill(None);
            }
            Err(LoadError::Unsafe { violation: Violation::Register, .. })
                if walker.results == Slot::UNSET =>
            {
                // The compiler knows that a BIF does not fail whose result is read where it has failed.
                walker.results = Slot::ANY;
                walker.labels.fill(None);
            }
            Err(error) => return Err(error),
            Ok(()) if walker.again => {}
            Ok(()) => return Ok(()),
        }
    }
}

struct Walker<'a> {
    code: &'a Instructions,
    body: &'a Body,
    surroundings: &'a Surroundings<'a>,
    /// For each label the arity of the function that begins there, if one does.
    entries: &'a [Option<u32>],
    /// What is known at the labels of the function, in their order.
    labels: Vec<Option<Box<Facts>>>,
    /// The labels of the function, in their order, and their lines.
    numbers: Vec<(u32, usize)>,
    /// The line.
    at: usize,
    /// Whether less is known at a label that was passed than was assumed.
    again: bool,
    /// What is in the registers of a frame that is made.
    fill: Slot,
    /// What is in the register for the result of a BIF that has failed, if there was no term before.
    results: Slot,
    /// What is known here; nothing if nobody comes here.
    facts: Option<Facts>,
    checks: &'a mut Vec<Check>,
}

impl Walker<'_> {
    fn number_labels(&mut self) {
        let lines = self.body.lines.clone();
        let labels = lines.filter(|at| self.code.lines[*at].op == G::LABEL);
        self.numbers = labels.map(|at| (self.code.lines[at].reference, at)).collect();
        self.numbers.sort_unstable();
    }

    /// One walk from the first instruction to the last.
    fn pass(&mut self) -> Result<(), LoadError> {
        self.facts = None;
        for at in self.body.lines.clone() {
            self.at = at;
            let line = self.code.lines[at];
            let step = self.line(line);
            step.map_err(|violation| violation.at(self.code, at))?;
        }
        if self.facts.is_some() {
            // The last function that is called never returns, as the compiler knows.
            self.not_reached(self.body.lines.end);
        }
        Ok(())
    }

    fn line(&mut self, line: Line) -> Step {
        if line.op == G::LABEL {
            return self.label(line.reference);
        }
        // What nobody comes to is not looked at, but there it has to mean something to be translated.
        if self.facts.is_none() {
            return Ok(());
        }
        self.instruction(line)
    }

    fn place_of(&self, label: u32) -> Option<(usize, usize)> {
        let place = self.numbers.binary_search_by_key(&label, |(label, _)| *label).ok()?;
        Some((place, self.numbers[place].1))
    }

    /// A label: what is known from above meets what jumps have brought.
    fn label(&mut self, label: u32) -> Step {
        let Some((place, _)) = self.place_of(label) else { return Err(Violation::Target) };
        if label == self.body.entry && self.at == self.body.info + 1 {
            let entry = Facts::at_entry(self.body.arity as usize);
            self.meet(place, &entry)?;
        }
        if let Some(above) = self.facts.take() {
            if self.is_handler(label) {
                // Only exceptions come here. What is above has called a function that never returns, as the compiler knows.
                self.not_reached(self.at);
            } else {
                self.meet(place, &above)?;
            }
        }
        self.facts = self.labels[place].as_deref().cloned();
        Ok(())
    }

    /// Whether a label is that of a `try`: its first instruction needs an exception.
    fn is_handler(&self, label: u32) -> bool {
        let Some((_, line)) = self.place_of(label) else { return false };
        let mut after = self.code.lines[line..self.body.lines.end].iter().map(|line| line.op);
        after.find(|op| *op != G::LABEL && *op != G::LINE) == Some(G::TRY_CASE)
    }

    /// The program is to end if it comes to a line.
    fn not_reached(&mut self, line: usize) {
        self.checks.push(Check { line: line as u32, operand: 0, wanted: Wanted::Nothing });
    }

    /// What a label knows meets what comes to it. Tells whether that is less than before.
    fn meet(&mut self, place: usize, facts: &Facts) -> Result<bool, Violation> {
        let Some(mut known) = self.labels[place].take() else {
            self.labels[place] = Some(Box::new(facts.clone()));
            return Ok(true);
        };
        if !known.has_frame_of(facts) {
            // From here on nothing is known of the frame, so whatever may raise there is looked at now.
            self.raise_with(&known)?;
            self.raise_with(facts)?;
        }
        let changed = known.meet(facts);
        self.labels[place] = Some(known);
        Ok(changed)
    }

    /// A jump that brings what is known.
    fn jump_with(&mut self, label: u32, facts: &Facts) -> Step {
        let (place, line) = self.place_of(label).ok_or(Violation::Target)?;
        // The func_info of the function is looked at here: most jumps to it come from behind.
        if line < self.body.info {
            return if facts.has_arguments(self.body.arity as usize) && facts.has_whole_frame() {
                self.raise_with(facts)
            } else {
                Err(Violation::Register)
            };
        }
        let changed = self.meet(place, facts)?;
        self.again |= changed && line <= self.at;
        Ok(())
    }

    fn known(&mut self) -> &mut Facts {
        self.facts.get_or_insert_default()
    }

    /// What is known goes to a label too.
    fn jump(&mut self, label: Operand) -> Step {
        match label {
            Operand::Label(label) => {
                let facts = self.known().clone();
                self.jump_with(label.get() as u32, &facts)
            }
            _ => Ok(()),
        }
    }

    /// The instruction may raise.
    fn raise(&mut self) -> Step {
        let facts = self.known().clone();
        self.raise_with(&facts)
    }

    fn raise_with(&mut self, facts: &Facts) -> Step {
        // Where frames differ it was looked at before.
        if facts.y.is_none() || facts.frame_differs {
            return Ok(());
        }
        if !facts.has_whole_frame() {
            return Err(Violation::FrameUnset);
        }
        match facts.handler() {
            Some(label) => {
                let at_handler = facts.at_handler();
                self.jump_with(label, &at_handler)
            }
            None => Ok(()),
        }
    }

    /// The instruction goes to a label if it fails, or raises.
    fn fail(&mut self, label: Operand) -> Step {
        match label {
            Operand::Label(_) => self.jump(label),
            _ => self.raise(),
        }
    }

    /// What an operand is.
    fn slot(&mut self, operand: Operand) -> Result<Slot, Violation> {
        let slot = match operand {
            Operand::X(register) => self.known().x(register.index),
            Operand::Y(register) => {
                let y = self.known().y.as_ref().ok_or(Violation::Frame)?;
                *y.get(usize::from(register.index)).ok_or(Violation::Frame)?
            }
            Operand::Literal(index) => {
                self.surroundings.literals.get(index.get()).map_or(Slot::ANY, |term| literal(*term))
            }
            _ => Slot::ANY,
        };
        if slot.is_term() { Ok(slot) } else { Err(Violation::Register) }
    }

    fn read(&mut self, operand: Operand) -> Step {
        self.slot(operand).map(drop)
    }

    fn read_all(&mut self, operands: &[Operand]) -> Step {
        operands.iter().try_for_each(|operand| self.read(*operand))
    }

    /// Something is put into a register.
    fn write(&mut self, operand: Operand, slot: Slot) -> Step {
        match operand {
            Operand::X(register) => {
                self.known().set_x(register.index, slot);
                Ok(())
            }
            Operand::Y(register) => {
                let y = self.known().y.as_mut().ok_or(Violation::Frame)?;
                let place = y.get_mut(usize::from(register.index)).ok_or(Violation::Frame)?;
                // A handler is taken away by what ends it alone.
                if place.handler().is_some() {
                    return Err(Violation::Catch);
                }
                *place = slot;
                Ok(())
            }
            _ => Err(Violation::Register),
        }
    }

    /// More is known of what is in a register.
    fn refine(&mut self, operand: Operand, slot: Slot) {
        match operand {
            Operand::X(register) => self.known().set_x(register.index, slot),
            Operand::Y(register) => {
                let place = self.known().y.as_mut().and_then(|y| y.get_mut(usize::from(register.index)));
                if let Some(place) = place {
                    *place = slot;
                }
            }
            _ => {}
        }
    }

    /// An operand has to be something; if that is not known, it is looked at when the program runs.
    fn want(&mut self, operands: &[Operand], place: usize, wanted: Wanted) -> Step {
        let operand = operands[place];
        let slot = self.slot(operand)?;
        let (is_known, then) = match wanted {
            Wanted::Cons => (slot == Slot::CONS, Slot::CONS),
            Wanted::Float => (slot == Slot::FLOAT, Slot::FLOAT),
            Wanted::State => (slot == Slot::STATE, Slot::STATE),
            Wanted::Nothing | Wanted::SetFrame | Wanted::SetRegister => (true, slot),
            Wanted::Tuple(elements) => (slot.has_element(elements.saturating_sub(1)), Slot::tuple(elements)),
        };
        if !is_known {
            self.checks.push(Check { line: self.at as u32, operand: place as u8, wanted });
            self.refine(operand, then);
        }
        Ok(())
    }

    /// The stack may be walked.
    fn whole_frame(&mut self) -> Step {
        if self.known().has_whole_frame() { Ok(()) } else { Err(Violation::FrameUnset) }
    }

    /// There may be a collection with this many X registers in use.
    fn collect(&mut self, live: Operand) -> Step {
        let live = number(live).filter(|live| *live <= 1023).ok_or(Violation::Register)? as usize;
        self.whole_frame()?;
        let facts = self.known();
        if !facts.has_arguments(live) {
            return Err(Violation::Register);
        }
        facts.x.truncate(live);
        facts.heap = 0;
        facts.builds = false;
        Ok(())
    }

    /// Words of the heap that an instruction reserves.
    fn reserve(&mut self, need: Operand) -> Step {
        let words = match need {
            Operand::Allocation(allocation) => heap_words(allocation),
            other => number(other).ok_or(Violation::Heap)?,
        };
        self.known().heap =
            u32::try_from(words).ok().filter(|words| *words <= MOST_HEAP).ok_or(Violation::Heap)?;
        Ok(())
    }

    /// Words of the heap that an instruction uses.
    fn take(&mut self, words: usize) -> Step {
        let facts = self.known();
        let left = u32::try_from(words).ok().and_then(|words| facts.heap.checked_sub(words));
        facts.heap = left.ok_or(Violation::Heap)?;
        Ok(())
    }

    /// Nothing comes after this instruction.
    fn end(&mut self) -> Step {
        self.facts = None;
        Ok(())
    }

    fn import(&self, line: Line) -> Result<&'static Export, Violation> {
        self.surroundings.imports.get(line.reference as usize).copied().ok_or(Violation::Bif)
    }

    fn instruction(&mut self, line: Line) -> Step {
        let code = self.code;
        let (args, list) = (code.operands(line), code.list(line));
        match (line.op, args) {
            (G::FUNC_INFO, _) => {
                self.arguments(u64::from(self.body.arity))?;
                self.raise()?;
                self.end()
            }
            (G::INT_CODE_END, _) => Err(Violation::End),
            (G::LINE | G::EXECUTABLE_LINE | G::DEBUG_LINE | G::NIF_START | G::ON_LOAD, _)
            | (
                G::FCLEARERROR | G::FCHECKERROR | G::RECV_MARK | G::RECV_SET | G::TIMEOUT | G::REMOVE_MESSAGE,
                _,
            ) => Ok(()),
            (G::MOVE, [from, to]) => {
                let slot = self.slot(*from)?;
                self.write(*to, slot)
            }
            (G::SWAP, [a, b]) => {
                let (first, second) = (self.slot(*a)?, self.slot(*b)?);
                self.write(*a, second)?;
                self.write(*b, first)
            }
            (G::JUMP, [label]) => {
                match label {
                    // Only exceptions go there: what was called before never returns.
                    Operand::Label(label) if self.is_handler(label.get() as u32) => self.not_reached(self.at),
                    _ => self.jump(*label)?,
                }
                self.end()
            }
            _ => self.calls(line, args, list),
        }
    }
}

fn number(operand: Operand) -> Option<u64> {
    match operand {
        Operand::Unsigned(number) => Some(number),
        _ => None,
    }
}

fn literal(term: Term) -> Slot {
    match term.view() {
        View::Cons(_) => Slot::CONS,
        View::Tuple(tuple) => Slot::tuple(tuple.len() as u32),
        View::Float(_) => Slot::FLOAT,
        _ => Slot::ANY,
    }
}
