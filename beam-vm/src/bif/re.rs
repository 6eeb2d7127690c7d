// SPDX-License-Identifier: Apache-2.0
//! Module `re`, as far as stock does it in C (`erts/emulator/beam/erl_bif_re.c` of OTP 25): compiling, and running once. What is asked of
//! every match, and lists of characters above 255, are done in Erlang, to which these functions go on.
//!
//! A compiled pattern carries a binary of a form of our own. Its version is part of what `re:version/0` says, so that programs that keep
//! compiled patterns in files, as Elixir's do, compile them anew.

mod capture;
mod options;

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;

use super::{BifResult, Context, Raise};
use crate::atom::predefined;
use crate::heap::build;
use crate::iodata::Walk;
use crate::process::Parked;
use crate::re::{
    self, CompileError, Flags, Job, LONGEST_SUBJECT, Matcher, Newline, Outcome, Program, Settings,
};
use crate::term::{Bits, Term};
use capture::Capture;
use options::RunOptions;

/// What is said of the version: that of PCRE whose behaviour it is, and that of the form of compiled patterns.
const VERSION: &[u8] = b"8.44 2020-02-12 VRE-1";

/// Operations of the matcher in a reduction.
const OPERATIONS: usize = 16;
/// Bytes of a subject that are checked in a reduction.
const CHECKED: usize = 4096;
/// Bytes of a pattern that are compiled in a reduction.
const COMPILED: usize = 32;
/// Elements of iodata that are put together in a reduction.
const ELEMENTS: usize = 16;

/// `re:version/0`
pub fn version(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    Ok(build::binary(cx.heap(), VERSION))
}

/// A whole binary.
fn binary(term: Term) -> Option<Bits> {
    term.as_bits().filter(|bits| bits.is_binary())
}

/// The bytes of iodata.
fn bytes(cx: &mut Context<'_>, iodata: Term) -> Result<Vec<u8>, Raise> {
    let mut bytes = Vec::new();
    let mut walk = Walk::new(iodata);
    let mut budget = usize::MAX;
    walk.run(&mut budget, &mut |more| bytes.extend_from_slice(more)).map_err(|_| Raise::BADARG)?;
    cx.bump(((usize::MAX - budget) / ELEMENTS) as u32);
    Ok(bytes)
}

/// Compiles the text of a pattern. As in stock, a zero byte ends it.
fn program(
    cx: &mut Context<'_>,
    text: Term,
    options: re::Options,
) -> Result<Result<Program, CompileError>, Raise> {
    let bytes = bytes(cx, text)?;
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    cx.bump((text.len() / COMPILED) as u32);
    Ok(re::compile(text, options))
}

/// `{Text, Offset}`
fn compile_error(cx: &mut Context<'_>, error: CompileError) -> Term {
    let text = build::string(cx.heap(), error.kind.text());
    build::tuple(cx.heap(), &[text, Term::count(error.offset)])
}

/// `{re_pattern, Groups, Unicode, Crlf, Binary}`
fn pattern(cx: &mut Context<'_>, program: &Program, unicode: Unicode) -> Term {
    let form = re::encode::write(program);
    let form = build::binary(cx.heap(), &form);
    let is_crlf = matches!(program.options.newline, Newline::Any | Newline::AnyCrLf | Newline::CrLf);
    let elements = [
        Term::atom(predefined::RE_PATTERN),
        Term::count(usize::from(program.groups)),
        Term::count(usize::from(unicode == Unicode::Yes)),
        Term::count(usize::from(is_crlf)),
        form,
    ];
    build::tuple(cx.heap(), &elements)
}

/// Whether the option `unicode` was given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Unicode {
    No,
    Yes,
}

/// Whether a subject's characters were looked at before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Subject {
    Unknown,
    Known,
}

/// `re:compile/1,2`
pub fn compile(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let list = args.get(1).copied().unwrap_or(Term::NIL);
    let options = RunOptions::read(list).filter(|options| !options.is_for_running).ok_or(options::BADOPT)?;
    let unicode = if options.compile.flags.has(Flags::UTF) { Unicode::Yes } else { Unicode::No };
    if unicode == Unicode::Yes && binary(args[0]).is_none() {
        let export = cx.vm.code.export(predefined::RE, predefined::UCOMPILE, 2);
        return Err(cx.trap_to(export, &[args[0], list]));
    }
    match program(cx, args[0], options.compile)? {
        Ok(program) => {
            let pattern = pattern(cx, &program, unicode);
            Ok(build::tuple(cx.heap(), &[Term::atom(predefined::OK), pattern]))
        }
        Err(error) => {
            let error = compile_error(cx, error);
            Ok(build::tuple(cx.heap(), &[Term::atom(predefined::ERROR), error]))
        }
    }
}

/// A compiled pattern as programs give it: whether it is for Unicode, and the binary.
fn compiled(term: Term) -> Option<(Unicode, Term)> {
    let tuple = term.as_tuple()?;
    let [tag, groups, unicode, crlf, form] = *tuple.elements() else { return None };
    let is_one = tag == Term::atom(predefined::RE_PATTERN) && groups.is_small() && crlf.is_small();
    let unicode = if unicode.as_small()? == 0 { Unicode::No } else { Unicode::Yes };
    (is_one && form.is_bitstring()).then_some((unicode, form))
}

/// The program of a binary.
fn read(cx: &mut Context<'_>, form: Term) -> Result<Rc<Program>, Raise> {
    let bits = binary(form).ok_or(Raise::BADARG)?;
    let copied: Vec<u8>;
    let bytes = match bits.as_bytes() {
        Some(bytes) => bytes,
        None => {
            copied = bits.bytes().collect();
            &copied
        }
    };
    if let Some(known) = cx.vm.patterns.find(bytes) {
        return Ok(known);
    }
    let program = Rc::new(re::encode::read(bytes).map_err(|_| Raise::BADARG)?);
    cx.vm.patterns.keep(bytes, &program);
    Ok(program)
}

/// `re:run/2,3`
pub fn run(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let options = args.get(2).copied().unwrap_or(Term::NIL);
    run_with(cx, args, options, Subject::Unknown)
}

/// `re:internal_run/4`
pub fn internal_run(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let subject = if args[3].as_boolean().ok_or(Raise::BADARG)? { Subject::Unknown } else { Subject::Known };
    run_with(cx, args, args[2], subject)
}

/// Runs a pattern, or goes on with it.
fn run_with(cx: &mut Context<'_>, args: &[Term], list: Term, known: Subject) -> BifResult {
    let options = RunOptions::read(list).ok_or(options::BADOPT)?;
    if let Some(Parked::Match(job)) = cx.take_parked() {
        return go_on(cx, args, *job, &options);
    }
    let [subject, given] = [args[0], args[1]];
    let wants_lists = options.capture.is_some_and(|(_, kind)| kind == Term::atom(predefined::LIST));
    let to_urun = |cx: &mut Context<'_>| {
        let export = cx.vm.code.export(predefined::RE, predefined::URUN, 3);
        cx.trap_to(export, &[subject, given, list])
    };
    let needs_erlang = binary(subject).is_none() || (wants_lists && !options.global);
    let is_pattern = given.as_tuple().is_some_and(|tuple| tuple.len() == 5);
    let program = if is_pattern {
        if options.is_for_compiling || options.compile.flags.has(Flags::NEWLINE_UNCLEAR) {
            return Err(Raise::BADARG);
        }
        let (unicode, form) = compiled(given).ok_or(Raise::BADARG)?;
        if unicode == Unicode::Yes && needs_erlang {
            return Err(to_urun(cx));
        }
        if options.global {
            let more = build::tuple(cx.heap(), &[list, Term::boolean(false)]);
            let export = cx.vm.code.export(predefined::RE, predefined::GRUN, 3);
            return Err(cx.trap_to(export, &[subject, given, more]));
        }
        read(cx, form)?
    } else {
        if !given.is_bitstring() && !given.is_list() {
            return Err(Raise::BADARG);
        }
        let unicode = if options.compile.flags.has(Flags::UTF) { Unicode::Yes } else { Unicode::No };
        if unicode == Unicode::Yes && (binary(given).is_none() || needs_erlang) {
            return Err(to_urun(cx));
        }
        let program = match program(cx, given, options.compile)? {
            Ok(program) => program,
            Err(error) if options.reports => {
                let error = compile_error(cx, error);
                let error = build::tuple(cx.heap(), &[Term::atom(predefined::COMPILE), error]);
                return Ok(build::tuple(cx.heap(), &[Term::atom(predefined::ERROR), error]));
            }
            Err(_) => return Err(Raise::BADARG),
        };
        if options.global {
            let pattern = pattern(cx, &program, unicode);
            let needs_clean = Term::boolean(options.is_for_compiling);
            let more = build::tuple(cx.heap(), &[list, needs_clean, given]);
            let export = cx.vm.code.export(predefined::RE, predefined::GRUN, 3);
            return Err(cx.trap_to(export, &[subject, pattern, more]));
        }
        Rc::new(program)
    };
    let job = begin(cx, subject, program, &options, known)?;
    go_on(cx, args, job, &options)
}

/// A search that has not begun.
fn begin(
    cx: &mut Context<'_>,
    subject: Term,
    program: Rc<Program>,
    options: &RunOptions,
    known: Subject,
) -> Result<Job, Raise> {
    // A wrong specification is an error even when there is no match.
    Capture::read(cx, options, &program)?;
    let bits = binary(subject);
    let copied = match &bits {
        Some(bits) if bits.as_bytes().is_some() => None,
        _ => Some(bytes(cx, subject)?),
    };
    let text = copied.as_deref().or_else(|| bits.as_ref()?.as_bytes()).unwrap_or_default();
    if text.len() > LONGEST_SUBJECT || options.run.offset > text.len() {
        return Err(Raise::BADARG);
    }
    if known == Subject::Unknown && program.options.flags.has(Flags::UTF) {
        cx.bump((text.len() / CHECKED) as u32);
        let is_valid = core::str::from_utf8(text).is_ok_and(|text| text.is_char_boundary(options.run.offset));
        if !is_valid {
            return Err(Raise::BADARG);
        }
    }
    let settings = Settings { newline: options.newline, bsr: options.bsr, ..options.run };
    let matcher = Matcher::new(&program, settings);
    Ok(Job { program, subject: copied, matcher })
}

/// Searches as long as there is time.
fn go_on(cx: &mut Context<'_>, args: &[Term], mut job: Job, options: &RunOptions) -> BifResult {
    let subject = args[0];
    let outcome = {
        let bits = binary(subject);
        let text = job.subject.as_deref().or_else(|| bits.as_ref()?.as_bytes()).unwrap_or_default();
        let most = cx.vm.loop_limits.patterns;
        cx.work_at_most(most, OPERATIONS, |_, budget| job.matcher.run(&job.program, text, budget))
    };
    let limit = match outcome {
        Outcome::Match => return result(cx, subject, &job, options),
        Outcome::Paused => return Err(cx.park(Parked::Match(Box::new(job)), args)),
        Outcome::MatchLimit => predefined::MATCH_LIMIT,
        Outcome::DepthLimit => predefined::MATCH_LIMIT_RECURSION,
        Outcome::NoMatch | Outcome::Loop => return Ok(Term::atom(predefined::NOMATCH)),
    };
    if !options.reports {
        return Ok(Term::atom(predefined::NOMATCH));
    }
    Ok(build::tuple(cx.heap(), &[predefined::ERROR, limit].map(Term::atom)))
}

/// What a match gives.
fn result(cx: &mut Context<'_>, subject: Term, job: &Job, options: &RunOptions) -> BifResult {
    let capture = Capture::read(cx, options, &job.program)?;
    let Some(wanted) = capture.groups(&job.matcher, job.program.groups) else {
        return Ok(Term::atom(predefined::MATCH));
    };
    let bits = binary(subject);
    let mut list = Term::NIL;
    for group in wanted.into_iter().rev() {
        let text = job.subject.as_deref().or_else(|| bits.as_ref()?.as_bytes()).unwrap_or_default();
        let (from, to) = group.unwrap_or((0, 0));
        let part = text.get(from..to.max(from)).unwrap_or_default();
        let heap = &mut cx.process.heap;
        let element = match capture.kind {
            capture::Kind::Index => {
                let pair = match group {
                    Some((from, to)) => [Term::count(from), Term::small_cut(to as i64 - from as i64)],
                    None => [Term::small_cut(-1), Term::count(0)],
                };
                build::tuple(heap, &pair)
            }
            capture::Kind::List => build::byte_list(heap, part),
            capture::Kind::Binary if bits.is_some() && group.is_some() => {
                build::sub_bits(heap, subject, 8 * from, 8 * part.len())
            }
            capture::Kind::Binary => build::binary(heap, part),
        };
        list = build::cons(heap, element, list);
    }
    Ok(build::tuple(cx.heap(), &[Term::atom(predefined::MATCH), list]))
}

/// `re:inspect/2`
pub fn inspect(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (_, form) = compiled(args[0]).ok_or(Raise::BADARG)?;
    if args[1] != Term::atom(predefined::NAMELIST) {
        return Err(Raise::BADARG);
    }
    let program = read(cx, form)?;
    let names = capture::names(&program);
    let list = names.iter().rev().fold(Term::NIL, |list, name| {
        let name = build::binary(cx.heap(), name);
        build::cons(cx.heap(), name, list)
    });
    Ok(build::tuple(cx.heap(), &[Term::atom(predefined::NAMELIST), list]))
}
