// SPDX-License-Identifier: Apache-2.0
//! Calls, frames, handlers, receives.

use alloc::vec;

use super::{Check, G, Line, MOST_FRAME, Operand, Slot, Step, Violation, Walker, Wanted, number};
use crate::atom::predefined;
use crate::term::Export;

impl Walker<'_> {
    pub(super) fn no_frame(&mut self) -> Step {
        let facts = self.known();
        if facts.y.is_none() && !facts.frame_differs { Ok(()) } else { Err(Violation::FrameSize) }
    }

    pub(super) fn frame(&mut self) -> Step {
        let facts = self.known();
        if facts.y.is_some() && !facts.frame_differs { self.whole_frame() } else { Err(Violation::FrameSize) }
    }

    /// The frame is left.
    pub(super) fn leave(&mut self, slots: Operand) -> Step {
        let facts = self.known();
        match facts.y.as_ref().map(|y| y.len() as u64) {
            Some(size) if Some(size) == number(slots) && !facts.frame_differs => {
                facts.y = None;
                Ok(())
            }
            _ => Err(Violation::FrameSize),
        }
    }

    pub(super) fn make_frame(&mut self, slots: Operand, fill: Slot) -> Step {
        self.no_frame()?;
        let slots = number(slots).filter(|slots| *slots <= MOST_FRAME).ok_or(Violation::FrameSize)?;
        self.known().y = Some(vec![fill; slots as usize]);
        Ok(())
    }

    /// A frame whose registers are set by the program.
    fn make_plain_frame(&mut self, slots: Operand) -> Step {
        if self.fill.is_set() {
            self.checks.push(Check { line: self.at as u32, operand: 0, wanted: Wanted::SetFrame });
        }
        self.make_frame(slots, self.fill)
    }

    pub(super) fn arguments(&mut self, count: u64) -> Step {
        if count <= 1024 && self.known().has_arguments(count as usize) {
            Ok(())
        } else {
            Err(Violation::Register)
        }
    }

    /// A call has returned: x0 has the result.
    pub(super) fn returned(&mut self) {
        let facts = self.known();
        facts.x.clear();
        facts.x.push(Slot::ANY);
        facts.heap = 0;
        facts.builds = false;
    }

    pub(super) fn call(&mut self, arity: u64) -> Step {
        self.frame()?;
        self.arguments(arity)?;
        self.raise()?;
        self.returned();
        Ok(())
    }

    pub(super) fn local(&mut self, label: Operand, arity: u64) -> Step {
        let Operand::Label(label) = label else { return Err(Violation::Target) };
        let entry = self.entries.get(label.get()).copied().flatten();
        if entry.map(u64::from) == Some(arity) { Ok(()) } else { Err(Violation::Target) }
    }

    pub(super) fn calls(&mut self, line: Line, args: &[Operand], list: &[Operand]) -> Step {
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

    pub(super) fn frames(&mut self, line: Line, args: &[Operand], list: &[Operand]) -> Step {
        match (line.op, args) {
            (G::ALLOCATE, [slots, live]) => {
                self.collect(*live)?;
                self.make_plain_frame(*slots)
            }
            (G::ALLOCATE_ZERO, [slots, live]) => {
                self.collect(*live)?;
                self.make_frame(*slots, Slot::ANY)
            }
            (G::ALLOCATE_HEAP, [slots, need, live]) => {
                self.collect(*live)?;
                self.reserve(*need)?;
                self.make_plain_frame(*slots)
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
                let facts = self.known();
                match &mut facts.y {
                    Some(y) if !facts.frame_differs && slots.checked_add(left) == Some(y.len() as u64) => {
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

    pub(super) fn end_catch(&mut self, register: Operand) -> Step {
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

    pub(super) fn receives(&mut self, line: Line, args: &[Operand], list: &[Operand]) -> Step {
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
