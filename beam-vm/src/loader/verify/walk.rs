// SPDX-License-Identifier: Apache-2.0
//! The walk through a function: what each instruction needs, and what is known after it.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use super::code::{Body, Instructions, Line};
use super::facts::{Facts, Slot};
use super::{Check, Surroundings, Violation, Wanted};
use crate::atom::predefined;
use crate::beam_file::{GenericOp as G, Operand};
use crate::bif::{BifIndex, Kind};
use crate::loader::LoadError;
use crate::loader::translate::heap_words;
use crate::term::{Export, Term, View, layout};

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
        facts: None,
        checks,
    };
    walker.number_labels();
    loop {
        walker.again = false;
        walker.checks.truncate(before);
        walker.pass()?;
        if !walker.again {
            return Ok(());
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
            if self.begins_with(G::TRY_CASE) {
                // Only exceptions come here. What is above has called a function that never returns, as the compiler knows.
                self.not_reached(self.at);
            } else {
                self.meet(place, &above)?;
            }
        }
        self.facts = self.labels[place].as_deref().cloned();
        Ok(())
    }

    /// Whether the next instruction is this one.
    fn begins_with(&self, op: G) -> bool {
        let mut after = self.code.lines[self.at..self.body.lines.end].iter().map(|line| line.op);
        after.find(|op| *op != G::LABEL && *op != G::LINE) == Some(op)
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
        if facts.y.is_none() {
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
            Wanted::Nothing => (true, slot),
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

    fn no_frame(&mut self) -> Step {
        let facts = self.known();
        if facts.y.is_none() && !facts.frame_differs { Ok(()) } else { Err(Violation::FrameSize) }
    }

    fn frame(&mut self) -> Step {
        if self.known().y.is_some() { self.whole_frame() } else { Err(Violation::FrameSize) }
    }

    /// The frame is left.
    fn leave(&mut self, slots: Operand) -> Step {
        let facts = self.known();
        match facts.y.as_ref().map(|y| y.len() as u64) {
            Some(size) if Some(size) == number(slots) => {
                facts.y = None;
                Ok(())
            }
            _ => Err(Violation::FrameSize),
        }
    }

    fn make_frame(&mut self, slots: Operand, fill: Slot) -> Step {
        self.no_frame()?;
        let slots = number(slots).filter(|slots| *slots <= MOST_FRAME).ok_or(Violation::FrameSize)?;
        self.known().y = Some(vec![fill; slots as usize]);
        Ok(())
    }

    fn arguments(&mut self, count: u64) -> Step {
        if count <= 1024 && self.known().has_arguments(count as usize) {
            Ok(())
        } else {
            Err(Violation::Register)
        }
    }

    /// A call has returned: x0 has the result.
    fn returned(&mut self) {
        let facts = self.known();
        facts.x.clear();
        facts.x.push(Slot::ANY);
        facts.heap = 0;
        facts.builds = false;
    }

    fn call(&mut self, arity: u64) -> Step {
        self.frame()?;
        self.arguments(arity)?;
        self.raise()?;
        self.returned();
        Ok(())
    }

    fn local(&mut self, label: Operand, arity: u64) -> Step {
        let Operand::Label(label) = label else { return Err(Violation::Target) };
        let entry = self.entries.get(label.get()).copied().flatten();
        if entry.map(u64::from) == Some(arity) { Ok(()) } else { Err(Violation::Target) }
    }

    /// Nothing comes after this instruction.
    fn end(&mut self) -> Step {
        self.facts = None;
        Ok(())
    }

    fn import(&self, line: Line) -> Result<&'static Export, Violation> {
        self.surroundings.imports.get(line.reference as usize).copied().ok_or(Violation::Bif)
    }

    /// A BIF that is an instruction.
    fn bif(&self, line: Line, arity: u32) -> Step {
        let export = self.import(line)?;
        let index = BifIndex::from_raw(export.bif.get()).ok_or(Violation::Bif)?;
        let is_get = export.module == predefined::ERLANG && export.function == predefined::GET && arity == 1;
        if export.arity == arity && (index.entry().kind == Kind::Guard || is_get) {
            Ok(())
        } else {
            Err(Violation::Bif)
        }
    }

    /// A BIF fails; some never do, so they stand where registers of the frame are not set yet.
    fn fail_in_bif(&mut self, line: Line, label: Operand) -> Step {
        let export = self.import(line)?;
        let is_total = BifIndex::from_raw(export.bif.get()).is_some_and(|index| {
            let name = index.entry().function;
            matches!(name, "=:=" | "=/=" | "==" | "/=" | "<" | ">" | "=<" | ">=" | "get" | "self")
                || name.starts_with("is_") && export.arity == 1
        });
        if is_total && !matches!(label, Operand::Label(_)) { Ok(()) } else { self.fail(label) }
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
                self.jump(*label)?;
                self.end()
            }
            _ => self.calls(line, args, list),
        }
    }

    fn calls(&mut self, line: Line, args: &[Operand], list: &[Operand]) -> Step {
        match (line.op, args) {
            (G::CALL, [arity, label]) => {
                let arity = number(*arity).ok_or(Violation::Target)?;
                self.local(*label, arity)?;
                self.call(arity)
            }
            (G::CALL_LAST, [arity, label, slots]) => {
                let arity = number(*arity).ok_or(Violation::Target)?;
                self.local(*label, arity)?;
                self.arguments(arity)?;
                self.leave(*slots)?;
                self.end()
            }
            (G::CALL_ONLY, [arity, label]) => {
                let arity = number(*arity).ok_or(Violation::Target)?;
                self.local(*label, arity)?;
                self.arguments(arity)?;
                self.no_frame()?;
                self.end()
            }
            (G::CALL_EXT, _) => {
                let export = self.import(line)?;
                if never_returns(export) {
                    self.arguments(u64::from(export.arity))?;
                    self.raise()?;
                    return self.end();
                }
                self.call(u64::from(export.arity))
            }
            (G::CALL_EXT_LAST, [_, _, slots]) => {
                let export = self.import(line)?;
                self.arguments(u64::from(export.arity))?;
                self.raise()?;
                // What only raises leaves no frame.
                if !never_returns(export) {
                    self.leave(*slots)?;
                }
                self.end()
            }
            (G::CALL_EXT_ONLY, _) => {
                let export = self.import(line)?;
                self.arguments(u64::from(export.arity))?;
                self.raise()?;
                if !never_returns(export) {
                    self.no_frame()?;
                }
                self.end()
            }
            (G::APPLY, [arity]) => {
                self.call(number(*arity).filter(|arity| *arity <= 255).ok_or(Violation::Register)? + 2)
            }
            (G::APPLY_LAST, [arity, slots]) => {
                let arity = number(*arity).filter(|arity| *arity <= 255).ok_or(Violation::Register)?;
                self.arguments(arity + 2)?;
                self.raise()?;
                self.leave(*slots)?;
                self.end()
            }
            (G::CALL_FUN, [arity]) => {
                self.call(number(*arity).filter(|arity| *arity <= 255).ok_or(Violation::Register)? + 1)
            }
            (G::CALL_FUN2, [_, arity, fun]) => {
                self.read(*fun)?;
                self.call(number(*arity).filter(|arity| *arity <= 255).ok_or(Violation::Register)?)
            }
            (G::RETURN, _) => {
                self.no_frame()?;
                self.arguments(1)?;
                self.end()
            }
            (G::SEND, _) => {
                self.arguments(2)?;
                self.raise()?;
                self.returned();
                Ok(())
            }
            _ => self.frames(line, args, list),
        }
    }

    fn frames(&mut self, line: Line, args: &[Operand], list: &[Operand]) -> Step {
        match (line.op, args) {
            (G::ALLOCATE, [slots, live]) => {
                self.collect(*live)?;
                self.make_frame(*slots, Slot::UNSET)
            }
            (G::ALLOCATE_ZERO, [slots, live]) => {
                self.collect(*live)?;
                self.make_frame(*slots, Slot::ANY)
            }
            (G::ALLOCATE_HEAP, [slots, need, live]) => {
                self.collect(*live)?;
                self.reserve(*need)?;
                self.make_frame(*slots, Slot::UNSET)
            }
            (G::ALLOCATE_HEAP_ZERO, [slots, need, live]) => {
                self.collect(*live)?;
                self.reserve(*need)?;
                self.make_frame(*slots, Slot::ANY)
            }
            (G::TEST_HEAP, [need, live]) => {
                self.collect(*live)?;
                self.reserve(*need)
            }
            (G::DEALLOCATE, [slots]) => self.leave(*slots),
            (G::TRIM, [slots, left]) => {
                let (Some(slots), Some(left)) = (number(*slots), number(*left)) else {
                    return Err(Violation::FrameSize);
                };
                match &mut self.known().y {
                    Some(y) if slots.checked_add(left) == Some(y.len() as u64) => {
                        y.drain(..slots as usize);
                        Ok(())
                    }
                    _ => Err(Violation::FrameSize),
                }
            }
            (G::INIT, [register @ Operand::Y(_)]) => self.write(*register, Slot::ANY),
            (G::INIT_YREGS, _) => list.iter().try_for_each(|register| match register {
                Operand::Y(_) => self.write(*register, Slot::ANY),
                _ => Err(Violation::List),
            }),
            (G::CATCH | G::TRY, [register @ Operand::Y(_), Operand::Label(label)]) => {
                self.place_of(label.get() as u32).ok_or(Violation::Target)?;
                self.write(*register, Slot::catch(label.get() as u32))
            }
            (G::TRY_END, [register]) => self.end_catch(*register),
            (G::CATCH_END, [register]) => {
                self.end_catch(*register)?;
                if !self.known().has_outcome() {
                    return Err(Violation::Register);
                }
                self.returned();
                self.known().is_caught = false;
                Ok(())
            }
            (G::TRY_CASE, [register]) => {
                self.end_catch(*register)?;
                let facts = self.known();
                if !facts.is_caught || !(1..=3).all(|index| facts.x(index).is_term()) {
                    return Err(Violation::Register);
                }
                facts.x = vec![Slot::ANY; 3];
                facts.is_caught = false;
                Ok(())
            }
            (G::RAISE, [trace, value]) => {
                self.read_all(&[*trace, *value])?;
                // A class that is none is an error here, so it always raises.
                self.raise()?;
                self.end()
            }
            (G::RAW_RAISE, _) => {
                self.arguments(3)?;
                self.raise()?;
                self.returned();
                Ok(())
            }
            (G::BUILD_STACKTRACE, _) => {
                self.arguments(1)?;
                self.returned();
                Ok(())
            }
            (G::BADMATCH | G::CASE_END | G::TRY_CASE_END | G::BADRECORD, [value]) => {
                self.read(*value)?;
                self.raise()?;
                self.end()
            }
            (G::IF_END, _) => {
                self.raise()?;
                self.end()
            }
            _ => self.receives(line, args, list),
        }
    }

    fn end_catch(&mut self, register: Operand) -> Step {
        let Operand::Y(register) = register else { return Err(Violation::Catch) };
        let y = self.known().y.as_mut().ok_or(Violation::Catch)?;
        match y.get_mut(usize::from(register.index)) {
            Some(place) if place.handler().is_some() => {
                *place = Slot::ANY;
                Ok(())
            }
            _ => Err(Violation::Catch),
        }
    }

    fn receives(&mut self, line: Line, args: &[Operand], list: &[Operand]) -> Step {
        match (line.op, args) {
            (G::LOOP_REC, [label, into]) => {
                self.frame()?;
                self.known().x.clear();
                self.known().heap = 0;
                self.jump(*label)?;
                self.write(*into, Slot::ANY)
            }
            (G::LOOP_REC_END, [label]) => {
                self.known().x.clear();
                self.jump(*label)?;
                self.end()
            }
            (G::WAIT, [label]) => {
                self.frame()?;
                self.known().x.clear();
                self.known().heap = 0;
                self.jump(*label)?;
                self.end()
            }
            // The time is only used when nothing is waited for yet; after a message it may be gone, and is not looked into.
            (G::WAIT_TIMEOUT, [label, _]) => {
                self.frame()?;
                self.raise()?;
                self.known().x.clear();
                self.known().heap = 0;
                self.jump(*label)
            }
            (G::RECV_MARKER_BIND, [marker, reference]) => self.read_all(&[*marker, *reference]),
            (G::RECV_MARKER_CLEAR | G::RECV_MARKER_USE, [reference]) => self.read(*reference),
            (G::RECV_MARKER_RESERVE, [into]) => self.write(*into, Slot::ANY),
            _ => self.tests(line, args, list),
        }
    }

    fn tests(&mut self, line: Line, args: &[Operand], list: &[Operand]) -> Step {
        match (line.op, args) {
            (
                G::IS_LT | G::IS_GE | G::IS_EQ | G::IS_NE | G::IS_EQ_EXACT | G::IS_NE_EXACT | G::IS_FUNCTION2,
                [fail, a, b],
            ) => {
                self.read_all(&[*a, *b])?;
                self.jump(*fail)
            }
            (
                G::IS_INTEGER
                | G::IS_NUMBER
                | G::IS_ATOM
                | G::IS_PID
                | G::IS_REFERENCE
                | G::IS_PORT
                | G::IS_NIL
                | G::IS_BINARY
                | G::IS_LIST
                | G::IS_FUNCTION
                | G::IS_BOOLEAN
                | G::IS_BITSTR
                | G::IS_MAP,
                [fail, source],
            ) => {
                self.read(*source)?;
                self.jump(*fail)
            }
            (G::IS_NONEMPTY_LIST, [fail, source]) => self.test(*fail, *source, Slot::CONS),
            (G::IS_FLOAT, [fail, source]) => self.test(*fail, *source, Slot::FLOAT),
            (G::IS_TUPLE, [fail, source]) => self.test(*fail, *source, Slot::tuple(0)),
            (G::TEST_ARITY, [fail, source, arity]) | (G::IS_TAGGED_TUPLE, [fail, source, arity, _]) => {
                let arity = number(*arity).and_then(|arity| u32::try_from(arity).ok());
                let arity = arity.ok_or(Violation::Unknown)?;
                if line.op == G::IS_TAGGED_TUPLE && arity == 0 {
                    return Err(Violation::Unknown);
                }
                self.test(*fail, *source, Slot::tuple(arity))
            }
            (G::SELECT_VAL, [source, fail]) | (G::SELECT_VAL, [source, fail, _]) => {
                self.read(*source)?;
                for pair in pairs(list)? {
                    let [_, label @ Operand::Label(_)] = pair else { return Err(Violation::List) };
                    self.jump(*label)?;
                }
                self.jump(*fail)?;
                self.end()
            }
            (G::SELECT_TUPLE_ARITY, [source, fail, ..]) => {
                self.read(*source)?;
                self.jump(*fail)?;
                for pair in pairs(list)? {
                    let [arity, Operand::Label(label)] = pair else { return Err(Violation::List) };
                    let arity = number(*arity).and_then(|arity| u32::try_from(arity).ok());
                    let arity = arity.filter(|arity| *arity < 1 << 26).ok_or(Violation::List)?;
                    let before = self.known().clone();
                    self.refine(*source, Slot::tuple(arity));
                    let facts = self.known().clone();
                    self.jump_with(label.get() as u32, &facts)?;
                    self.facts = Some(before);
                }
                self.end()
            }
            (G::HAS_MAP_FIELDS, [fail, source, ..]) => {
                self.read(*source)?;
                self.read_all(list)?;
                self.jump(*fail)
            }
            (G::GET_MAP_ELEMENTS, [fail, source, ..]) => {
                self.read(*source)?;
                let mut failed = self.known().clone();
                for pair in pairs(list)? {
                    let [key, into] = pair else { return Err(Violation::List) };
                    self.read(*key)?;
                    self.write(*into, Slot::ANY)?;
                    // A key may be missing when others have been read: the registers have other terms then.
                    match into {
                        Operand::X(register) if failed.x(register.index).is_term() => {
                            failed.set_x(register.index, Slot::ANY);
                        }
                        Operand::Y(register) => {
                            let place =
                                failed.y.as_mut().and_then(|y| y.get_mut(usize::from(register.index)));
                            if let Some(place) = place.filter(|place| place.is_term()) {
                                *place = Slot::ANY;
                            }
                        }
                        _ => {}
                    }
                }
                match fail {
                    Operand::Label(label) => self.jump_with(label.get() as u32, &failed),
                    _ => Err(Violation::Target),
                }
            }
            _ => self.builds(line, args, list),
        }
    }

    /// A test after which more is known.
    fn test(&mut self, fail: Operand, source: Operand, then: Slot) -> Step {
        let now = self.slot(source)?;
        self.jump(fail)?;
        self.refine(source, now.and(then));
        Ok(())
    }

    fn builds(&mut self, line: Line, args: &[Operand], list: &[Operand]) -> Step {
        match (line.op, args) {
            (G::GET_LIST, [_, head, tail]) => {
                self.want(args, 0, Wanted::Cons)?;
                self.write(*head, Slot::ANY)?;
                self.write(*tail, Slot::ANY)
            }
            (G::GET_HD | G::GET_TL, [_, into]) => {
                self.want(args, 0, Wanted::Cons)?;
                self.write(*into, Slot::ANY)
            }
            (G::GET_TUPLE_ELEMENT, [_, index, into]) => {
                let index = number(*index).filter(|index| *index < 1 << 16).ok_or(Violation::Unknown)?;
                self.want(args, 0, Wanted::Tuple(index as u32 + 1))?;
                self.write(*into, Slot::ANY)
            }
            // The tuple is looked at when the program runs.
            (G::SET_TUPLE_ELEMENT, [new, tuple, _]) => self.read_all(&[*new, *tuple]),
            (G::PUT_LIST, [head, tail, into]) => {
                self.read_all(&[*head, *tail])?;
                self.take(layout::CONS_SIZE)?;
                self.write(*into, Slot::CONS)
            }
            (G::PUT_TUPLE2, [into, _]) => {
                self.read_all(list)?;
                self.take(1 + list.len())?;
                self.write(*into, Slot::tuple(list.len() as u32))
            }
            (G::UPDATE_RECORD, [_, size, _, into, _]) => {
                let size = number(*size).filter(|size| *size < 1 << 16).ok_or(Violation::Unknown)?;
                for pair in pairs(list)? {
                    let [place, value] = pair else { return Err(Violation::List) };
                    if !number(*place).is_some_and(|place| (1..=size).contains(&place)) {
                        return Err(Violation::List);
                    }
                    self.read(*value)?;
                }
                self.want(args, 2, Wanted::Tuple(size as u32))?;
                self.take(1 + size as usize)?;
                self.write(*into, Slot::tuple(size as u32))
            }
            (G::MAKE_FUN2, _) => {
                let free = self.free_variables(line)?;
                self.collect(Operand::Unsigned(u64::from(free)))?;
                self.returned();
                Ok(())
            }
            (G::MAKE_FUN3, [_, into, _]) => {
                if list.len() != usize::from(self.free_variables(line)?) {
                    return Err(Violation::List);
                }
                self.read_all(list)?;
                self.take(layout::FUN_ENV + list.len())?;
                self.write(*into, Slot::ANY)
            }
            (G::PUT_MAP_ASSOC | G::PUT_MAP_EXACT, [fail, source, into, live, _]) => {
                self.read(*source)?;
                if list.len() % 2 != 0 {
                    return Err(Violation::List);
                }
                self.read_all(list)?;
                self.collect(*live)?;
                self.fail(*fail)?;
                self.write(*into, Slot::ANY)
            }
            (G::BIF0, [_, into]) => {
                self.bif(line, 0)?;
                self.write(*into, Slot::ANY)
            }
            (G::BIF1, [fail, _, a, into]) => {
                self.bif(line, 1)?;
                self.read(*a)?;
                self.fail_in_bif(line, *fail)?;
                self.write(*into, Slot::ANY)
            }
            (G::BIF2, [fail, _, a, b, into]) => {
                self.bif(line, 2)?;
                self.read_all(&[*a, *b])?;
                self.fail_in_bif(line, *fail)?;
                self.write(*into, Slot::ANY)
            }
            (G::GC_BIF1 | G::GC_BIF2 | G::GC_BIF3, [fail, live, _, arguments @ .., into]) => {
                self.bif(line, arguments.len() as u32)?;
                self.read_all(arguments)?;
                self.collect(*live)?;
                self.fail(*fail)?;
                self.write(*into, Slot::ANY)
            }
            (G::FMOVE, [Operand::Float(_), into @ (Operand::X(_) | Operand::Y(_))]) => {
                self.take(layout::FLOAT_SIZE)?;
                self.write(*into, Slot::FLOAT)
            }
            (G::FMOVE, [_, Operand::Float(_)]) => self.want(args, 0, Wanted::Float),
            (G::FCONV, [source, _]) => {
                self.read(*source)?;
                self.raise()
            }
            (G::FADD | G::FSUB | G::FMUL | G::FDIV, _) => self.raise(),
            (G::FNEGATE, _) => Ok(()),
            _ => self.matches(line, args, list),
        }
    }

    fn free_variables(&self, line: Line) -> Result<u8, Violation> {
        let lambda = self.surroundings.file.lambdas().get(line.reference as usize);
        lambda.map(|lambda| lambda.free_variables).ok_or(Violation::Unknown)
    }

    fn matches(&mut self, line: Line, args: &[Operand], list: &[Operand]) -> Step {
        match (line.op, args) {
            (G::BS_START_MATCH3, [fail, source, live, into]) => {
                self.start_match(*fail, *source, *live, *into)
            }
            (G::BS_START_MATCH4, [fail, live, source, into]) => {
                self.start_match(*fail, *source, *live, *into)
            }
            (
                G::BS_GET_INTEGER2 | G::BS_GET_FLOAT2 | G::BS_GET_BINARY2,
                [fail, _, live, size, _, _, into],
            ) => {
                self.want(args, 1, Wanted::State)?;
                self.read(*size)?;
                self.collect(*live)?;
                self.target(*fail)?;
                self.write(*into, Slot::ANY)
            }
            (G::BS_SKIP_BITS2, [fail, _, size, ..]) => {
                self.want(args, 1, Wanted::State)?;
                self.read(*size)?;
                self.target(*fail)
            }
            (
                G::BS_TEST_TAIL2
                | G::BS_TEST_UNIT
                | G::BS_MATCH_STRING
                | G::BS_SKIP_UTF8
                | G::BS_SKIP_UTF16
                | G::BS_SKIP_UTF32,
                [fail, ..],
            ) => {
                self.want(args, 1, Wanted::State)?;
                self.target(*fail)
            }
            (G::BS_GET_UTF8 | G::BS_GET_UTF16 | G::BS_GET_UTF32, [fail, .., into]) => {
                self.want(args, 1, Wanted::State)?;
                self.target(*fail)?;
                self.write(*into, Slot::ANY)
            }
            (G::BS_GET_TAIL | G::BS_GET_POSITION, [_, into, live]) => {
                self.want(args, 0, Wanted::State)?;
                self.collect(*live)?;
                self.write(*into, Slot::ANY)
            }
            (G::BS_SET_POSITION, [_, position]) => {
                self.want(args, 0, Wanted::State)?;
                self.read(*position)
            }
            (G::BS_MATCH, [fail, ..]) => {
                self.want(args, 1, Wanted::State)?;
                self.commands(*fail, list)
            }
            _ => self.binaries(line, args, list),
        }
    }

    /// A label that has to be there.
    fn target(&mut self, label: Operand) -> Step {
        match label {
            Operand::Label(_) => self.jump(label),
            _ => Err(Violation::Target),
        }
    }

    fn start_match(&mut self, fail: Operand, source: Operand, live: Operand, into: Operand) -> Step {
        self.read(source)?;
        self.collect(live)?;
        self.fail(fail)?;
        self.write(into, Slot::STATE)
    }

    /// The commands of `bs_match`. What fails without a label raises.
    fn commands(&mut self, fail: Operand, mut list: &[Operand]) -> Step {
        let atoms = self.surroundings.file.atoms();
        while let [Operand::Atom(name), rest @ ..] = list {
            list = match (atoms.get(*name), rest) {
                (Some("ensure_at_least"), [_, _, rest @ ..]) => {
                    self.fail(fail)?;
                    rest
                }
                (Some("ensure_exactly" | "skip"), [size, rest @ ..]) => {
                    self.read(*size)?;
                    self.fail(fail)?;
                    rest
                }
                (Some("integer" | "binary"), [live, _, size, _, into, rest @ ..]) => {
                    self.read(*size)?;
                    self.collect(*live)?;
                    self.fail(fail)?;
                    self.write(*into, Slot::ANY)?;
                    rest
                }
                (Some("get_tail"), [live, _, into, rest @ ..]) => {
                    self.collect(*live)?;
                    self.write(*into, Slot::ANY)?;
                    rest
                }
                (Some("=:="), [_, _, value, rest @ ..]) => {
                    self.read(*value)?;
                    self.fail(fail)?;
                    rest
                }
                _ => return Err(Violation::List),
            };
        }
        if list.is_empty() { Ok(()) } else { Err(Violation::List) }
    }

    fn binaries(&mut self, line: Line, args: &[Operand], list: &[Operand]) -> Step {
        match (line.op, args) {
            (G::BS_CREATE_BIN, [fail, need, live, _, into, _]) => {
                for segment in list.chunks(6) {
                    let [_, _, _, _, value, size] = segment else { return Err(Violation::List) };
                    self.read_all(&[*value, *size])?;
                }
                self.collect(*live)?;
                self.fail(*fail)?;
                self.reserve(*need)?;
                self.write(*into, Slot::ANY)
            }
            (G::BS_INIT2 | G::BS_INIT_BITS, [fail, size, need, live, _, into]) => {
                self.read(*size)?;
                self.collect(*live)?;
                self.fail(*fail)?;
                self.reserve(*need)?;
                self.known().builds = true;
                self.write(*into, Slot::ANY)
            }
            (G::BS_APPEND, [fail, size, need, live, _, binary, _, into]) => {
                self.read_all(&[*size, *binary])?;
                self.collect(*live)?;
                self.fail(*fail)?;
                self.reserve(*need)?;
                self.known().builds = true;
                self.write(*into, Slot::ANY)
            }
            (G::BS_PRIVATE_APPEND, [fail, size, _, binary, _, into]) => {
                self.read_all(&[*size, *binary])?;
                self.fail(*fail)?;
                self.known().heap = 0;
                self.known().builds = true;
                self.write(*into, Slot::ANY)
            }
            (G::BS_INIT_WRITABLE, _) => {
                self.arguments(1)?;
                self.whole_frame()?;
                self.returned();
                Ok(())
            }
            (G::BS_PUT_INTEGER | G::BS_PUT_FLOAT | G::BS_PUT_BINARY, [fail, size, _, _, value]) => {
                self.read_all(&[*size, *value])?;
                self.segment(*fail)
            }
            (G::BS_PUT_UTF8 | G::BS_PUT_UTF16 | G::BS_PUT_UTF32, [fail, _, value]) => {
                self.read(*value)?;
                self.segment(*fail)
            }
            (G::BS_PUT_STRING, _) => self.segment(Operand::NoLabel),
            (G::BS_ADD, [fail, a, b, _, into]) => {
                self.read_all(&[*a, *b])?;
                self.fail(*fail)?;
                self.write(*into, Slot::ANY)
            }
            (G::BS_UTF8_SIZE | G::BS_UTF16_SIZE, [_, source, into]) => {
                self.read(*source)?;
                self.write(*into, Slot::ANY)
            }
            _ => Err(Violation::Unknown),
        }
    }

    fn segment(&mut self, fail: Operand) -> Step {
        if !self.known().builds {
            return Err(Violation::Segment);
        }
        self.fail(fail)
    }
}

fn number(operand: Operand) -> Option<u64> {
    match operand {
        Operand::Unsigned(number) => Some(number),
        _ => None,
    }
}

fn pairs(list: &[Operand]) -> Result<core::slice::ChunksExact<'_, Operand>, Violation> {
    let pairs = list.chunks_exact(2);
    if pairs.remainder().is_empty() { Ok(pairs) } else { Err(Violation::List) }
}

fn literal(term: Term) -> Slot {
    match term.view() {
        View::Cons(_) => Slot::CONS,
        View::Tuple(tuple) => Slot::tuple(tuple.len() as u32),
        View::Float(_) => Slot::FLOAT,
        _ => Slot::ANY,
    }
}

/// BIFs that only raise, after whose calls compilers write nothing.
fn never_returns(export: &Export) -> bool {
    use predefined as p;
    export.module == p::ERLANG
        && matches!(
            (export.function, export.arity),
            (p::ERROR, 1..=3) | (p::EXIT | p::THROW, 1) | (p::NIF_ERROR, 1 | 2)
        )
}
