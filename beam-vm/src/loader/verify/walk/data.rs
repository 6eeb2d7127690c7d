// SPDX-License-Identifier: Apache-2.0
//! Tests, terms that are taken apart and built, arithmetic.

use super::{Check, G, Line, Operand, Slot, Step, Violation, Walker, Wanted, number};
use crate::atom::predefined;
use crate::bif::{BifIndex, Kind};
use crate::term::layout;

impl Walker<'_> {
    /// A BIF that is an instruction.
    pub(super) fn bif(&self, line: Line, arity: u32) -> Step {
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
    pub(super) fn fail_in_bif(&mut self, line: Line, label: Operand) -> Step {
        let export = self.import(line)?;
        let is_total = BifIndex::from_raw(export.bif.get()).is_some_and(|index| {
            let name = index.entry().function;
            matches!(name, "=:=" | "=/=" | "==" | "/=" | "<" | ">" | "=<" | ">=" | "get" | "self")
                || name.starts_with("is_") && export.arity == 1
        });
        if is_total && !matches!(label, Operand::Label(_)) { Ok(()) } else { self.fail(label) }
    }

    /// The register for the result of a BIF that may fail, the last operand, is set before the call, where a compiler reads it though the BIF has failed.
    fn set_result(&mut self, fail: Operand, operands: &[Operand]) -> Step {
        let Some((into, before)) = operands.split_last() else { return Ok(()) };
        // An argument that the result takes the place of has to stay.
        let is_kept = !before.iter().any(|operand| is_same_register(*operand, *into));
        let is_needed = self.results.is_term() && matches!(fail, Operand::Label(_)) && is_kept;
        if !is_needed || self.slot(*into) != Err(Violation::Register) {
            return Ok(());
        }
        self.checks.push(Check {
            line: self.at as u32,
            operand: before.len() as u8,
            wanted: Wanted::SetRegister,
        });
        self.write(*into, self.results)
    }

    pub(super) fn tests(&mut self, line: Line, args: &[Operand], list: &[Operand]) -> Step {
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
    pub(super) fn test(&mut self, fail: Operand, source: Operand, then: Slot) -> Step {
        let now = self.slot(source)?;
        self.jump(fail)?;
        self.refine(source, now.and(then));
        Ok(())
    }

    pub(super) fn builds(&mut self, line: Line, args: &[Operand], list: &[Operand]) -> Step {
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
                if !list.len().is_multiple_of(2) {
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
                self.set_result(*fail, args)?;
                self.fail_in_bif(line, *fail)?;
                self.write(*into, Slot::ANY)
            }
            (G::BIF2, [fail, _, a, b, into]) => {
                self.bif(line, 2)?;
                self.read_all(&[*a, *b])?;
                self.set_result(*fail, args)?;
                self.fail_in_bif(line, *fail)?;
                self.write(*into, Slot::ANY)
            }
            (G::GC_BIF1 | G::GC_BIF2 | G::GC_BIF3, [fail, live, _, arguments @ .., into]) => {
                self.bif(line, arguments.len() as u32)?;
                self.read_all(arguments)?;
                self.collect(*live)?;
                self.set_result(*fail, args)?;
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

    pub(super) fn free_variables(&self, line: Line) -> Result<u8, Violation> {
        let lambda = self.surroundings.file.lambdas().get(line.reference as usize);
        lambda.map(|lambda| lambda.free_variables).ok_or(Violation::Unknown)
    }
}

/// Whether two operands are one register, whatever the compiler says of its type.
fn is_same_register(a: Operand, b: Operand) -> bool {
    match (a, b) {
        (Operand::X(a), Operand::X(b)) | (Operand::Y(a), Operand::Y(b)) => a.index == b.index,
        _ => false,
    }
}

fn pairs(list: &[Operand]) -> Result<core::slice::ChunksExact<'_, Operand>, Violation> {
    let pairs = list.chunks_exact(2);
    if pairs.remainder().is_empty() { Ok(pairs) } else { Err(Violation::List) }
}
