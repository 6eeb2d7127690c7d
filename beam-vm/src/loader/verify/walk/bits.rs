// SPDX-License-Identifier: Apache-2.0
//! Matching and building of binaries.

use super::{G, Line, Operand, Slot, Step, Violation, Walker, Wanted};

impl Walker<'_> {
    pub(super) fn matches(&mut self, line: Line, args: &[Operand], list: &[Operand]) -> Step {
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
    pub(super) fn target(&mut self, label: Operand) -> Step {
        match label {
            Operand::Label(_) => self.jump(label),
            _ => Err(Violation::Target),
        }
    }

    pub(super) fn start_match(
        &mut self,
        fail: Operand,
        source: Operand,
        live: Operand,
        into: Operand,
    ) -> Step {
        self.read(source)?;
        self.collect(live)?;
        self.fail(fail)?;
        self.write(into, Slot::STATE)
    }

    /// The commands of `bs_match`. What fails without a label raises.
    pub(super) fn commands(&mut self, fail: Operand, mut list: &[Operand]) -> Step {
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

    pub(super) fn binaries(&mut self, line: Line, args: &[Operand], list: &[Operand]) -> Step {
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

    pub(super) fn segment(&mut self, fail: Operand) -> Step {
        if !self.known().builds {
            return Err(Violation::Segment);
        }
        self.fail(fail)
    }
}
