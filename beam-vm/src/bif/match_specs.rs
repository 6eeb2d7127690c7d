// SPDX-License-Identifier: Apache-2.0
//! Match specifications for programs: `erlang:match_spec_test/3`, `ets:match_spec_compile/1` and their kin; and what runs them here.

mod functions;

use alloc::rc::Rc;
use alloc::vec::Vec;

use super::processes::info::stack_text;
use super::trace::{change_other, change_own, process_token, read_flags, set_token, token_item};
use super::{BifResult, Context, Raise};
use crate::atom::{AtomTable, predefined};
use crate::emu::trace::{caller_line_term, caller_term};
use crate::heap::{MagicObject, ProcessHeap, build, magic_of};
use crate::matchspec::{self, Action, Dialect, FunctionIndex, Host, Program, Scratch, Subject};
use crate::print::Printed;
use crate::process::Parked;
use crate::term::{LocalPid, Term};
use crate::trace::{Flag, Flags};

/// What may be done to the traced process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effects {
    /// All.
    Real,
    /// Nothing: `match_spec_test`.
    None,
}

/// Runs programs for a process.
pub struct Caller<'a, 'b> {
    /// Where the BIF is called.
    pub cx: &'a mut Context<'b>,
    /// What actions may do.
    pub effects: Effects,
    /// Whether the return of the call is to be traced.
    pub traces_return: bool,
    /// Whether an exception that ends the call is to be traced.
    pub traces_exception: bool,
}

impl<'a, 'b> Caller<'a, 'b> {
    /// For objects of tables.
    pub fn new(cx: &'a mut Context<'b>) -> Self {
        Self { cx, effects: Effects::None, traces_return: false, traces_exception: false }
    }
}

impl Caller<'_, '_> {
    /// The process of an identifier or a name.
    fn whom(&self, term: Term) -> Option<LocalPid> {
        term.as_pid().or_else(|| self.cx.vm.registry.get(&term.as_atom()?).copied())
    }
}

impl Host for Caller<'_, '_> {
    fn heap(&mut self) -> (&mut ProcessHeap, &AtomTable) {
        (&mut self.cx.process.heap, &self.cx.vm.atoms)
    }

    fn call(&mut self, function: FunctionIndex, arguments: &[Term]) -> Option<Term> {
        functions::implementation(function)(self.cx, arguments).ok()
    }

    fn act(&mut self, action: Action, arguments: &[Term]) -> Option<Term> {
        match action {
            Action::Own => Some(Term::pid(self.cx.process.pid)),
            Action::ReturnTrace => {
                self.traces_return = true;
                Some(Term::boolean(true))
            }
            Action::ExceptionTrace => {
                self.traces_exception = true;
                Some(Term::boolean(true))
            }
            Action::Display => {
                let mut text = Printed::new(&self.cx.vm.atoms, self.cx.vm.node.name, arguments[0]).to_bytes();
                text.push(b'\n');
                self.cx.vm.platform.write(&text);
                Some(Term::boolean(true))
            }
            Action::Caller if self.effects == Effects::Real => Some(caller_term(self.cx)),
            Action::CallerLine if self.effects == Effects::Real => Some(caller_line_term(self.cx)),
            // A BIF that runs a specification was called by nobody.
            Action::Caller | Action::CallerLine => Some(Term::atom(predefined::UNDEFINED)),
            Action::IsSeqTrace => Some(Term::boolean(process_token(self.cx.process).is_some())),
            Action::GetSeqToken => Some(match process_token(self.cx.process) {
                Some(token) => token.term(self.cx.heap()),
                None => Term::NIL,
            }),
            // What is not to change anything says what it finds.
            Action::SetSeqToken if self.effects == Effects::None => token_item(self.cx, arguments[0]).ok(),
            Action::SetSeqToken => {
                let [item, value] = *arguments else { return None };
                set_token(self.cx, item, value).ok().map(|_| Term::boolean(true))
            }
            Action::Silent => {
                if self.effects == Effects::Real
                    && let Some(is_silent) = arguments[0].as_boolean()
                {
                    let silent = Flags::of(Flag::Silent);
                    let (clear, set) = if is_silent { (Flags::NONE, silent) } else { (silent, Flags::NONE) };
                    change_own(self.cx, clear, set, None);
                }
                Some(Term::boolean(true))
            }
            Action::EnableTrace if arguments.len() == 1 => {
                let flags = Flags::named(arguments[0].as_atom()?)?;
                change_own(self.cx, Flags::NONE, flags, None);
                Some(Term::boolean(true))
            }
            Action::DisableTrace if arguments.len() == 1 => {
                let flags = Flags::named(arguments[0].as_atom()?)?;
                change_own(self.cx, flags, Flags::NONE, None);
                Some(Term::boolean(true))
            }
            Action::Trace if arguments.len() == 2 => {
                let clear = read_flags(self.cx, arguments[0])?;
                let set = read_flags(self.cx, arguments[1])?;
                let tracer = set.tracer.or(clear.tracer);
                Some(Term::boolean(change_own(self.cx, clear.flags, set.flags, tracer)))
            }
            Action::EnableTrace => {
                let pid = self.whom(arguments[0])?;
                let flags = Flags::named(arguments[1].as_atom()?)?;
                let tracer = self.cx.process.tracee().and_then(|tracee| tracee.tracer);
                change_other(self.cx, pid, Flags::NONE, flags, tracer)?;
                Some(Term::boolean(true))
            }
            Action::DisableTrace => {
                let pid = self.whom(arguments[0])?;
                let flags = Flags::named(arguments[1].as_atom()?)?;
                change_other(self.cx, pid, flags, Flags::NONE, None)?;
                Some(Term::boolean(true))
            }
            Action::Trace => {
                let pid = self.whom(arguments[0])?;
                let clear = read_flags(self.cx, arguments[1])?;
                let set = read_flags(self.cx, arguments[2])?;
                let own = self.cx.process.tracee().and_then(|tracee| tracee.tracer);
                let tracer = set.tracer.or(clear.tracer).or(own);
                Some(Term::boolean(change_other(self.cx, pid, clear.flags, set.flags, tracer)?))
            }
            Action::ProcessDump => {
                let text = stack_text(self.cx);
                Some(build::binary(self.cx.heap(), text.as_bytes()))
            }
        }
    }
}

/// Compiles a specification.
///
/// # Errors
/// What is wrong with it.
pub fn compile_with(
    cx: &Context<'_>,
    specification: Term,
    dialect: Dialect,
    effects: Effects,
) -> Result<Program, Vec<Vec<u8>>> {
    let functions = functions::Callable { effects };
    matchspec::compile(&cx.vm.atoms, cx.vm.node.name, specification, dialect, &functions)
}

/// Compiles a specification for tables.
///
/// # Errors
/// `badarg`.
pub fn compile_for_table(cx: &Context<'_>, specification: Term) -> Result<Rc<Program>, Raise> {
    compile_with(cx, specification, Dialect::Table, Effects::None).map(Rc::new).map_err(|_| Raise::BADARG)
}

/// The program that a reference stands for.
#[must_use]
pub fn program_of(term: Term) -> Option<Rc<Program>> {
    match &*magic_of(term)? {
        MagicObject::MatchProgram(program) => Some(Rc::clone(program)),
        _ => None,
    }
}

/// A reference that stands for a program.
pub fn program_reference(cx: &mut Context<'_>, program: Rc<Program>) -> Term {
    let numbers = cx.vm.new_reference();
    build::magic(cx.heap(), numbers, Rc::new(MagicObject::MatchProgram(program)))
}

/// `match_spec_test/3`
pub fn match_spec_test(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let dialect = match args[2].as_atom() {
        Some(predefined::TRACE) if args[0].is_list() => Dialect::Trace,
        Some(predefined::TABLE) => Dialect::Table,
        _ => return Err(Raise::BADARG),
    };
    let program = match compile_with(cx, args[1], dialect, Effects::None) {
        Ok(program) => program,
        Err(problems) => {
            let problems = problem_list(cx, &problems);
            return Ok(build::tuple(cx.heap(), &[Term::atom(predefined::ERROR), problems]));
        }
    };
    let mut arguments = Vec::new();
    let mut rest = args[0];
    while let Some(cell) = rest.as_cons() {
        arguments.push(cell.head());
        rest = cell.tail();
    }
    let subject = match dialect {
        Dialect::Table => Subject::Term(args[0]),
        Dialect::Trace => Subject::Arguments(&arguments),
    };
    let mut caller = Caller::new(cx);
    let result = program.run(&mut caller, subject, &mut Scratch::default());
    let (traces_return, traces_exception) = (caller.traces_return, caller.traces_exception);
    let mut flags = Vec::new();
    if result.is_some() && traces_return {
        flags.push(Term::atom(predefined::RETURN_TRACE));
    }
    if result.is_some() && traces_exception {
        flags.push(Term::atom(predefined::EXCEPTION_TRACE));
    }
    let flags = build::list(cx.heap(), &flags);
    let result = result.unwrap_or(Term::boolean(false));
    Ok(build::tuple(cx.heap(), &[Term::atom(predefined::OK), result, flags, Term::NIL]))
}

/// The list of problems for programs.
fn problem_list(cx: &mut Context<'_>, problems: &[Vec<u8>]) -> Term {
    let pairs: Vec<Term> = problems
        .iter()
        .map(|text| {
            let text = build::byte_list(cx.heap(), text);
            build::tuple(cx.heap(), &[Term::atom(predefined::ERROR), text])
        })
        .collect();
    build::list(cx.heap(), &pairs)
}

/// `match_spec_compile/1`
pub fn match_spec_compile(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let program = compile_for_table(cx, args[0])?;
    Ok(program_reference(cx, program))
}

/// `is_compiled_ms/1`
pub fn is_compiled(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    Ok(Term::boolean(program_of(args[0]).is_some()))
}

/// A run over a list: what is left of it, and the results so far, the newest first.
pub struct ListRun {
    rest: Term,
    results: Term,
}

impl ListRun {
    /// Shows all places that hold terms.
    pub fn roots(&mut self, visit: &mut dyn FnMut(&mut Term)) {
        visit(&mut self.rest);
        visit(&mut self.results);
    }
}

/// `match_spec_run_r/3`
pub fn match_spec_run_r(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let program = program_of(args[1]).ok_or(Raise::BADARG)?;
    let mut run = match cx.take_parked() {
        Some(Parked::ListRun(run)) => run,
        _ => ListRun { rest: args[0], results: args[2] },
    };
    let mut scratch = Scratch::default();
    while let Some(cell) = run.rest.as_cons() {
        run.rest = cell.tail();
        let result = program.run(&mut Caller::new(cx), Subject::Term(cell.head()), &mut scratch);
        if let Some(result) = result {
            run.results = build::cons(cx.heap(), result, run.results);
        }
        cx.bump(1);
        if cx.is_out_of_reductions() {
            return Err(cx.park(Parked::ListRun(run), args));
        }
    }
    if run.rest.is_nil() { Ok(run.results) } else { Err(Raise::BADARG) }
}

/// `get_tcw` of match specifications.
pub fn trace_control_word(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    Ok(Term::count(cx.vm.settings.trace_control_word as usize))
}

/// `set_tcw` of match specifications.
pub fn set_trace_control_word(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let before = trace_control_word(cx, args)?;
    cx.vm.settings.trace_control_word = word(args[0])?;
    Ok(before)
}

/// `set_tcw_fake` of match specifications.
pub fn keep_trace_control_word(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    word(args[0])?;
    trace_control_word(cx, args)
}

fn word(term: Term) -> Result<u32, Raise> {
    term.as_small().and_then(|word| u32::try_from(word).ok()).ok_or(Raise::BADARG)
}
