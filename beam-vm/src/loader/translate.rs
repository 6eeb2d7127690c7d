// SPDX-License-Identifier: Apache-2.0
//! From the compiler's instructions to operations of the emulator.

mod bifs;
mod binaries;
mod bits;
mod segments;
mod selects;

use alloc::vec;
use alloc::vec::Vec;

use super::verify::{self, Check, Wanted};
use super::{LoadError, atom, peephole};
use crate::atom::Atom;
use crate::beam_file::{Allocation, GenericOp, Instruction, LineIndex, Module, Operand};
use crate::bif::BifIndex;
use crate::code::LambdaName;
use crate::emu::assemble::Op;
use crate::emu::operand::Arg;
use crate::emu::table::Operation;
use crate::heap::build;
use crate::native;
use crate::number::integer::{Bits, Endian, Signedness, bits_limbs, from_bits};
use crate::term::{Export, FunEntry, Term, layout};
use crate::vm::Vm;

/// What the instructions refer to.
pub struct Context<'a> {
    /// The module.
    pub module: Atom,
    /// The file's atoms by index.
    pub atoms: &'a [Atom],
    /// The file's literals by index.
    pub literals: &'a [Term],
    /// The module's MD5.
    pub md5: [u8; 16],
}

/// A function of the module.
pub struct Info {
    /// Its name.
    pub name: Atom,
    /// Its arity.
    pub arity: u32,
    /// Which operation its func_info is.
    pub op: usize,
    /// The label of its first instruction.
    pub entry: u32,
}

/// A module's operations.
#[derive(Default)]
pub struct Translation {
    /// The operations.
    pub ops: Vec<Op>,
    /// The functions in the order of the code.
    pub functions: Vec<Info>,
    /// From which operation on which line counts.
    pub lines: Vec<(usize, Option<LineIndex>)>,
    /// The entries of the functions that are called.
    pub imports: Vec<&'static Export>,
    /// The entries of the lambdas.
    pub lambdas: Vec<&'static FunEntry>,
    /// Which function is to be called before others may use the module.
    pub on_load: Option<usize>,
}

/// Translates the instructions of a module.
///
/// # Errors
/// Those of reading instructions, and [`LoadError::Unsupported`].
pub fn translate(vm: &mut Vm, file: &Module, context: &Context<'_>) -> Result<Translation, LoadError> {
    let mut translation = Translation { lambdas: lambdas(vm, file, context), ..Translation::default() };
    let imports = imports(vm, file, context);
    let surroundings = verify::Surroundings { file, imports: &imports, literals: context.literals };
    let (code, checks) = verify::verify(&surroundings)?;
    let mut checks = checks.iter().peekable();
    let mut translator = Translator {
        vm,
        file,
        context,
        imports: &imports,
        out: &mut translation,
        waits_for_entry: false,
        sets_frame: false,
        native: None,
        skips: false,
    };
    for (place, line) in code.lines.iter().enumerate() {
        let instruction = code.instruction(*line);
        while let Some(check) = checks.next_if(|check| check.line as usize == place) {
            if !translator.skips {
                translator.check(&instruction, check)?;
            }
        }
        translator.instruction(&instruction)?;
    }
    if translator.waits_for_entry {
        return Err(LoadError::Function);
    }
    translation.imports = imports;
    Ok(translation)
}

/// The functions that the module calls.
fn imports(vm: &mut Vm, file: &Module, context: &Context<'_>) -> Vec<&'static Export> {
    let export = |import: &crate::beam_file::Import| {
        let (module, function) = (atom(context.atoms, import.module), atom(context.atoms, import.function));
        vm.code.export(module, function, u32::from(import.arity))
    };
    file.imports().iter().map(export).collect()
}

fn lambdas(vm: &mut Vm, file: &Module, context: &Context<'_>) -> Vec<&'static FunEntry> {
    let old_uniq = u32::from_be_bytes([context.md5[0], context.md5[1], context.md5[2], context.md5[3]]) >> 5;
    let entry = |(index, lambda): (usize, &crate::beam_file::Lambda)| {
        let free = u32::from(lambda.free_variables);
        vm.code.lambda(&LambdaName {
            module: context.module,
            arity: u32::from(lambda.arity).saturating_sub(free),
            free,
            index: index as u32,
            old_index: lambda.index,
            old_uniq: if lambda.old_unique == 0 { old_uniq } else { lambda.old_unique },
            uniq: context.md5,
        })
    };
    file.lambdas().iter().enumerate().map(entry).collect()
}

struct Translator<'a> {
    vm: &'a mut Vm,
    file: &'a Module,
    context: &'a Context<'a>,
    imports: &'a [&'static Export],
    out: &'a mut Translation,
    /// Whether the next label is that of a function's first instruction.
    waits_for_entry: bool,
    /// Whether the next frame has all of its registers set when it is made.
    sets_frame: bool,
    /// What does the function that begins at the next label, if it is a native.
    native: Option<BifIndex>,
    /// Whether the instructions are those of a function that a native does.
    skips: bool,
}

impl Translator<'_> {
    fn push(&mut self, operation: Operation, args: Vec<Arg>) {
        let joined = peephole::push(&mut self.out.ops, Op { operation, args });
        if joined > 0 {
            // A line that began at an operation that was joined begins where the joint one does.
            let last = self.out.ops.len() - 1;
            for (op, _) in self.out.lines.iter_mut().rev().take_while(|(op, _)| *op > last) {
                *op = last;
            }
        }
    }

    fn constant(&self, operand: Operand) -> Option<Term> {
        Some(match operand {
            Operand::Nil => Term::NIL,
            Operand::Atom(index) => Term::atom(atom(self.context.atoms, index)),
            Operand::Integer(value) => Term::small(value)?,
            Operand::Literal(index) => self.context.literals[index.get()],
            _ => return None,
        })
    }

    /// An operand as an argument. An integer that is not small becomes a literal of the module.
    fn arg(&mut self, instruction: &Instruction<'_>, operand: Operand) -> Result<Arg, LoadError> {
        Ok(match operand {
            Operand::X(register) => Arg::X(register.index),
            Operand::Y(register) => Arg::Y(register.index),
            Operand::Float(register) => Arg::F(register.get() as u16),
            Operand::Label(label) => Arg::Label(label.get() as u32),
            Operand::NoLabel => Arg::Label(0),
            Operand::Unsigned(number) => Arg::Number(number),
            Operand::Overflow => Arg::Number(u64::MAX),
            Operand::Allocation(allocation) => Arg::Number(heap_words(allocation)),
            Operand::Integer(value) => match Term::small(value) {
                Some(term) => Arg::Const(term),
                None => Arg::Const(self.integer(&value.to_be_bytes())?),
            },
            Operand::BigInteger(span) => {
                let bytes = self.file.code().big_integer(span);
                Arg::Const(self.integer(bytes)?)
            }
            Operand::List(_) => {
                let args = instruction.list().iter().map(|element| self.arg(instruction, *element));
                Arg::List(args.collect::<Result<_, _>>()?)
            }
            Operand::Nil | Operand::Atom(_) | Operand::Literal(_) => {
                Arg::Const(self.constant(operand).unwrap_or(Term::NIL))
            }
        })
    }

    /// An integer from its bytes in two's complement, as a literal that lives as long as the machine: there are few of them.
    fn integer(&mut self, bytes: &[u8]) -> Result<Term, LoadError> {
        let bits = Bits { start: 0, len: 8 * bytes.len() };
        let mut limbs = vec![0; bits_limbs(bits)];
        let extent = from_bits(bytes, bits, Endian::Big, Signedness::Signed, &mut limbs)
            .map_err(|_| LoadError::NoRoom)?;
        let value = extent.view(&limbs);
        let (vm, words) = (&mut *self.vm, 1 + value.limbs().len());
        let mut area = vm.literals.area(words, vm.platform.as_mut()).ok_or(LoadError::NoRoom)?;
        Ok(build::number(&mut area, value))
    }

    fn args(&mut self, instruction: &Instruction<'_>) -> Result<Vec<Arg>, LoadError> {
        let operands = instruction.operands();
        let mut args = Vec::with_capacity(operands.len());
        for operand in operands {
            args.push(self.arg(instruction, *operand)?);
        }
        Ok(args)
    }

    fn instruction(&mut self, instruction: &Instruction<'_>) -> Result<(), LoadError> {
        let op = instruction.op;
        if self.skips {
            if !matches!(op, GenericOp::FUNC_INFO | GenericOp::INT_CODE_END) {
                return self.leave_out(instruction);
            }
            self.skips = false;
        }
        match op {
            GenericOp::LABEL => {
                let Some(label) = instruction.label() else { return Ok(()) };
                let label = label.get() as u32;
                let is_entry = core::mem::take(&mut self.waits_for_entry);
                if is_entry && let Some(function) = self.out.functions.last_mut() {
                    function.entry = label;
                }
                self.push(Operation::Label, vec![Arg::Label(label)]);
                if let Some(native) = self.native.take() {
                    self.push(Operation::BifStub, vec![Arg::Bif(native)]);
                    self.skips = true;
                } else if is_entry && let Some(calls) = self.vm.calls_before_machine_code {
                    self.push(Operation::CountCall, vec![Arg::Number(u64::from(calls))]);
                }
                return Ok(());
            }
            GenericOp::LINE => {
                let at = self.out.ops.len();
                self.out.lines.push((at, instruction.line()));
                return Ok(());
            }
            GenericOp::ON_LOAD => {
                self.out.on_load = self.out.functions.len().checked_sub(1);
                return Ok(());
            }
            GenericOp::EXECUTABLE_LINE
            | GenericOp::DEBUG_LINE
            | GenericOp::NIF_START
            | GenericOp::FCLEARERROR
            | GenericOp::FCHECKERROR => return Ok(()),
            _ => {}
        }
        let args = self.args(instruction)?;
        if let Some(operation) = plain(op) {
            let operation = match operation {
                Operation::Allocate if core::mem::take(&mut self.sets_frame) => Operation::AllocateZero,
                Operation::AllocateHeap if core::mem::take(&mut self.sets_frame) => {
                    Operation::AllocateHeapZero
                }
                other => other,
            };
            self.push(operation, args);
            return Ok(());
        }
        self.special(instruction, args)
    }

    /// Leaves out an instruction of a function that a native does. Labels stay: the one before the next function is called where
    /// arguments do not fit, and all others are only jumped to from what is left out.
    fn leave_out(&mut self, instruction: &Instruction<'_>) -> Result<(), LoadError> {
        if let Some(label) = instruction.label() {
            self.push(Operation::Label, vec![Arg::Label(label.get() as u32)]);
        }
        Ok(())
    }

    /// A label of our own at the end of the code, one more than the file's, for what cannot fail.
    fn nowhere(&self) -> u32 {
        self.file.code_header().labels
    }

    /// What the verifier has left for run time.
    fn check(&mut self, instruction: &Instruction<'_>, check: &Check) -> Result<(), LoadError> {
        match check.wanted {
            Wanted::Nothing => {
                self.push(Operation::NotReached, Vec::new());
                return Ok(());
            }
            Wanted::SetFrame => {
                self.sets_frame = true;
                return Ok(());
            }
            _ => {}
        }
        let source = self.arg(instruction, instruction.operands()[usize::from(check.operand)])?;
        match check.wanted {
            Wanted::Nothing | Wanted::SetFrame => {}
            Wanted::SetRegister => self.push(Operation::Move, vec![Arg::Const(Term::NIL), source]),
            Wanted::Cons => self.push(Operation::EnsureCons, vec![source]),
            Wanted::Tuple(elements) => {
                self.push(Operation::EnsureTuple, vec![source, Arg::Number(u64::from(elements))]);
            }
            Wanted::Float => self.push(Operation::EnsureFloat, vec![source]),
            Wanted::State => self.push(Operation::EnsureState, vec![source]),
        }
        Ok(())
    }

    fn special(&mut self, instruction: &Instruction<'_>, args: Vec<Arg>) -> Result<(), LoadError> {
        let op = instruction.op;
        match (op, args.as_slice()) {
            (GenericOp::FUNC_INFO, [Arg::Const(_), Arg::Const(name), Arg::Number(arity)]) => {
                let Some(name) = name.as_atom() else { return Err(LoadError::Function) };
                let at = self.out.ops.len();
                self.out.functions.push(Info { name, arity: *arity as u32, op: at, entry: 0 });
                self.waits_for_entry = true;
                let atoms = &self.vm.atoms;
                let (module, function) = (atoms.text(self.context.module), atoms.text(name));
                self.native = native::find(module, function, *arity as u32);
                self.push(Operation::FuncInfo, args);
            }
            (GenericOp::INT_CODE_END, _) => {
                let nowhere = self.nowhere();
                self.push(Operation::Label, vec![Arg::Label(nowhere)]);
                self.push(Operation::Unreachable, Vec::new());
            }
            (GenericOp::TEST_HEAP, [words, live]) => {
                self.push(Operation::TestHeap, vec![words.clone(), live.clone()]);
            }
            (GenericOp::INIT, [Arg::Y(_)]) => self.push(Operation::InitY, args),
            (GenericOp::INIT_YREGS, [Arg::List(registers)]) => match registers.as_slice() {
                [] => {}
                [one] => self.push(Operation::InitY, vec![one.clone()]),
                [one, two] => self.push(Operation::InitY2, vec![one.clone(), two.clone()]),
                _ => self.push(Operation::InitYregs, args),
            },
            (GenericOp::PUT_TUPLE2, [into, Arg::List(elements)]) => {
                let mut flat = vec![into.clone()];
                match elements.as_slice() {
                    [_, _] => {
                        flat.extend_from_slice(elements);
                        self.push(Operation::PutPair, flat);
                    }
                    [_, _, _] => {
                        flat.extend_from_slice(elements);
                        self.push(Operation::PutTriple, flat);
                    }
                    _ => self.push(Operation::PutTuple2, args),
                }
            }
            (GenericOp::FMOVE, [Arg::F(_), _]) => self.push(Operation::Fstore, args),
            (GenericOp::FMOVE, [_, Arg::F(_)]) => self.push(Operation::Fload, args),
            (GenericOp::TEST_ARITY, [_, _, Arg::Number(arity)]) => {
                let wide = *arity > u64::from(u16::MAX);
                self.push(if wide { Operation::TestArityWide } else { Operation::IsTupleOfArity }, args);
            }
            (GenericOp::UPDATE_RECORD, [_, rest @ ..]) => self.push(Operation::UpdateRecord, rest.to_vec()),
            (GenericOp::CALL_FUN, [Arg::Number(arity)]) => {
                let fun = Arg::X(*arity as u16);
                self.push(Operation::CallFun, vec![args[0].clone(), fun]);
            }
            (GenericOp::CALL_FUN2, [_, arity, fun]) => {
                self.push(Operation::CallFun, vec![arity.clone(), fun.clone()]);
            }
            (GenericOp::MAKE_FUN2 | GenericOp::MAKE_FUN3, _) => self.make_fun(instruction, &args)?,
            (GenericOp::CALL_EXT | GenericOp::CALL_EXT_LAST | GenericOp::CALL_EXT_ONLY, _) => {
                self.external_call(instruction, &args)?;
            }
            (GenericOp::BIF0 | GenericOp::BIF1 | GenericOp::BIF2, _)
            | (GenericOp::GC_BIF1 | GenericOp::GC_BIF2 | GenericOp::GC_BIF3, _) => {
                self.bif(instruction, &args)?
            }
            (GenericOp::SELECT_VAL, [source, Arg::Label(fail), Arg::List(pairs)]) => {
                self.select_val(source, *fail, pairs);
            }
            (GenericOp::SELECT_TUPLE_ARITY, [source, Arg::Label(fail), Arg::List(pairs)]) => {
                self.select_tuple_arity(source, *fail, pairs);
            }
            _ => self.binary_or_map(instruction, args)?,
        }
        Ok(())
    }

    fn make_fun(&mut self, instruction: &Instruction<'_>, args: &[Arg]) -> Result<(), LoadError> {
        let index = instruction.lambda().ok_or(LoadError::Unsupported(instruction.op))?;
        let entry = self.out.lambdas[index.get()];
        let (into, env) = match args {
            [_, into, env @ Arg::List(_)] => (into.clone(), env.clone()),
            _ => {
                // `make_fun2` is like a call: it has reserved nothing before, and only the free variables are alive.
                let free = u64::from(entry.free);
                let words = Arg::Number(layout::FUN_ENV as u64 + free);
                self.push(Operation::TestHeap, vec![words, Arg::Number(free)]);
                (Arg::X(0), Arg::List((0..entry.free as u16).map(Arg::X).collect()))
            }
        };
        self.push(Operation::MakeFun, vec![Arg::Lambda(entry), into, env]);
        Ok(())
    }
}

/// How many words an instruction reserves.
pub(super) fn heap_words(allocation: Allocation) -> u64 {
    u64::from(allocation.words)
        + u64::from(allocation.floats) * layout::FLOAT_SIZE as u64
        + u64::from(allocation.funs) * layout::FUN_ENV as u64
}

/// The operations that have the arguments of their instructions as they are.
fn plain(op: GenericOp) -> Option<Operation> {
    use GenericOp as G;
    use Operation as O;
    Some(match op {
        G::CALL => O::Call,
        G::CALL_LAST => O::CallLast,
        G::CALL_ONLY => O::CallOnly,
        G::ALLOCATE => O::Allocate,
        G::ALLOCATE_HEAP => O::AllocateHeap,
        G::ALLOCATE_ZERO => O::AllocateZero,
        G::ALLOCATE_HEAP_ZERO => O::AllocateHeapZero,
        G::DEALLOCATE => O::Deallocate,
        G::RETURN => O::Return,
        G::TRIM => O::Trim,
        G::IS_LT => O::IsLt,
        G::IS_GE => O::IsGe,
        G::IS_EQ => O::IsEq,
        G::IS_NE => O::IsNe,
        G::IS_EQ_EXACT => O::IsEqExact,
        G::IS_NE_EXACT => O::IsNeExact,
        G::IS_INTEGER => O::IsInteger,
        G::IS_FLOAT => O::IsFloat,
        G::IS_NUMBER => O::IsNumber,
        G::IS_ATOM => O::IsAtom,
        G::IS_PID => O::IsPid,
        G::IS_REFERENCE => O::IsReference,
        G::IS_PORT => O::IsPort,
        G::IS_NIL => O::IsNil,
        G::IS_BINARY => O::IsBinary,
        G::IS_BITSTR => O::IsBitstr,
        G::IS_LIST => O::IsList,
        G::IS_NONEMPTY_LIST => O::IsNonemptyList,
        G::IS_TUPLE => O::IsTuple,
        G::IS_MAP => O::IsMap,
        G::IS_BOOLEAN => O::IsBoolean,
        G::IS_FUNCTION => O::IsFunction,
        G::IS_FUNCTION2 => O::IsFunction2,
        G::IS_TAGGED_TUPLE => O::IsTaggedTuple,
        G::JUMP => O::Jump,
        G::CATCH | G::TRY => O::Catch,
        G::CATCH_END => O::CatchEnd,
        G::TRY_END => O::TryEnd,
        G::TRY_CASE => O::TryCase,
        G::TRY_CASE_END => O::TryCaseEnd,
        G::RAISE => O::Raise,
        G::RAW_RAISE => O::RawRaise,
        G::BUILD_STACKTRACE => O::BuildStacktrace,
        G::BADMATCH => O::Badmatch,
        G::BADRECORD => O::Badrecord,
        G::IF_END => O::IfEnd,
        G::CASE_END => O::CaseEnd,
        G::MOVE => O::Move,
        G::SWAP => O::Swap,
        G::GET_LIST => O::GetList,
        G::GET_HD => O::GetHd,
        G::GET_TL => O::GetTl,
        G::GET_TUPLE_ELEMENT => O::GetTupleElement,
        G::SET_TUPLE_ELEMENT => O::SetTupleElement,
        G::PUT_LIST => O::PutList,
        G::APPLY => O::Apply,
        G::APPLY_LAST => O::ApplyLast,
        G::FCONV => O::Fconv,
        G::FADD => O::Fadd,
        G::FSUB => O::Fsub,
        G::FMUL => O::Fmul,
        G::FDIV => O::Fdiv,
        G::FNEGATE => O::Fnegate,
        _ => return None,
    })
}
