// SPDX-License-Identifier: Apache-2.0
//! Loading, deleting and purging of code, as `code_server` and `erts_code_purger` ask for it (`beam_bif_load.c`).
//!
//! Nothing else runs while modules are finished, so that several become current at once.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

use super::{BifResult, Context, Raise, lists};
use crate::atom::{Atom, predefined};
use crate::beam_file;
use crate::code::{PreparedCode, Purged};
use crate::heap::{MagicObject, build, magic_of};
use crate::loader;
use crate::term::{Bits, Term};

fn atom(term: Term) -> Result<Atom, Raise> {
    term.as_atom().ok_or(Raise::BADARG)
}

fn bits(term: Term) -> Result<Bits, Raise> {
    term.as_bits().filter(|bits| bits.is_binary()).ok_or(Raise::BADARG)
}

/// The bytes of a binary where they are, if they begin with a byte.
fn bytes(bits: &Bits) -> Cow<'_, [u8]> {
    match bits.as_bytes() {
        Some(bytes) => bytes.into(),
        None => bits.bytes().collect::<Vec<u8>>().into(),
    }
}

fn binary(term: Term) -> Result<Vec<u8>, Raise> {
    Ok(bytes(&bits(term)?).into_owned())
}

/// `{Tag, Value}`
fn pair(cx: &mut Context<'_>, tag: Atom, value: Term) -> Term {
    build::tuple(cx.heap(), &[Term::atom(tag), value])
}

/// `erts_internal:prepare_loading/2`
pub fn prepare_loading(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let module = atom(args[0])?;
    let bits = bits(args[1])?;
    let bytes = bytes(&bits);
    cx.vm.release_forgotten_code();
    cx.bump((bytes.len() / 100) as u32);
    match loader::load(cx.vm, bytes, Some(module)) {
        Ok(instance) => {
            let handle = cx.vm.code.prepared.insert(Box::new(instance));
            let numbers = cx.vm.new_reference();
            Ok(build::magic(cx.heap(), numbers, handle))
        }
        Err(error) => {
            let name = cx.vm.atoms.text(module);
            let text = format!("Error loading module {name}:\n  {}\n", error.report(&cx.vm.atoms));
            let (pid, leader) = (cx.process.pid, cx.process.group_leader);
            cx.vm.log(predefined::ERROR, pid, leader, "~s~n", &mut |heap| {
                alloc::vec![build::string(heap, &text)]
            });
            Ok(pair(cx, predefined::ERROR, Term::atom(predefined::BADFILE)))
        }
    }
}

/// The code that a reference stands for, if it was not loaded yet.
fn prepared(cx: &Context<'_>, term: Term) -> Result<PreparedCode, Raise> {
    match magic_of(term).as_deref() {
        Some(MagicObject::Prepared(number)) if cx.vm.code.prepared.get(*number).is_some() => Ok(*number),
        _ => Err(Raise::BADARG),
    }
}

fn has_on_load(cx: &Context<'_>, number: PreparedCode) -> bool {
    cx.vm.code.prepared.get(number).is_some_and(|instance| instance.on_load().is_some())
}

/// `erlang:has_prepared_code_on_load/1`
pub fn has_prepared_code_on_load(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let number = prepared(cx, args[0])?;
    Ok(Term::boolean(has_on_load(cx, number)))
}

/// `{Tag, Modules}`, the modules in stock's order: the last first.
fn exceptions(cx: &mut Context<'_>, tag: Atom, modules: &[Atom]) -> Term {
    let modules: Vec<Term> = modules.iter().rev().copied().map(Term::atom).collect();
    let list = build::list(cx.heap(), &modules);
    pair(cx, tag, list)
}

/// `erlang:finish_loading/1`
pub fn finish_loading(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let list = lists::proper(args[0]).ok_or(Raise::BADARG)?;
    let numbers: Vec<PreparedCode> =
        list.into_iter().map(|term| prepared(cx, term)).collect::<Result<_, _>>()?;
    if numbers.len() > 1 && numbers.iter().any(|number| has_on_load(cx, *number)) {
        return Err(Raise::SYSTEM_LIMIT);
    }
    let module_of =
        |number: &PreparedCode| cx.vm.code.prepared.get(*number).map(crate::code::Instance::module);
    let modules: Vec<Atom> = numbers.iter().filter_map(module_of).collect();
    let is_repeated = |place: usize| modules[..place].contains(&modules[place]);
    let duplicated: Vec<Atom> =
        (0..modules.len()).filter(|place| is_repeated(*place)).map(|place| modules[place]).collect();
    if !duplicated.is_empty() {
        return Ok(exceptions(cx, predefined::DUPLICATED, &duplicated));
    }
    let full: Vec<Atom> = modules.iter().copied().filter(|module| cx.vm.code.is_full(*module)).collect();
    if !full.is_empty() {
        return Ok(exceptions(cx, predefined::NOT_PURGED, &full));
    }
    let mut waiting = Vec::new();
    for number in numbers {
        let Some(instance) = cx.vm.code.prepared.take(number) else { continue };
        let module = instance.module();
        let installed = if instance.on_load().is_some() {
            waiting.push(module);
            cx.vm.code.install_for_on_load(instance)
        } else {
            cx.vm.code.install(instance)
        };
        installed.map_err(|_| Raise::BADARG)?;
        super::trace::loaded(cx, module);
    }
    if waiting.is_empty() {
        return Ok(Term::atom(predefined::OK));
    }
    Ok(exceptions(cx, predefined::ON_LOAD, &waiting))
}

/// `erlang:call_on_load_function/1`
pub fn call_on_load_function(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let entry = cx.vm.code.on_load_entry(atom(args[0])?).ok_or(Raise::BADARG)?;
    Err(cx.trap_to(entry, &[]))
}

/// `erlang:finish_after_on_load/2`
pub fn finish_after_on_load(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let module = atom(args[0])?;
    if cx.vm.code.on_load_entry(module).is_none() {
        return Err(Raise::BADARG);
    }
    let is_kept = args[1].as_boolean().ok_or(Raise::BADARG)?;
    if is_kept && !cx.vm.code.finish_on_load(module) {
        return Err(Raise::BADARG);
    }
    if !is_kept {
        cx.vm.refuse_demanded(module);
    }
    Ok(Term::boolean(true))
}

/// `erts_internal:purge_module/2`, for the process `erts_code_purger` alone.
pub fn purge_module(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    if cx.vm.registry.get(&predefined::ERTS_CODE_PURGER) != Some(&cx.process.pid) {
        return Err(Raise::error(predefined::NOTSUP));
    }
    let module = atom(args[0])?;
    match atom(args[1])? {
        predefined::PREPARE => Ok(Term::boolean(cx.vm.code.prepare_purge(module))),
        predefined::PREPARE_ON_LOAD => Ok(Term::boolean(cx.vm.code.prepare_purge_of_on_load(module))),
        predefined::COMPLETE => {
            let purged = cx.vm.code.complete_purge(module).ok_or(Raise::BADARG)?;
            cx.vm.forget_points(module);
            end_purge(cx, purged);
            Ok(Term::boolean(true))
        }
        predefined::ABORT => {
            let purged = cx.vm.code.abort_purge(module).ok_or(Raise::BADARG)?;
            end_purge(cx, purged);
            Ok(Term::boolean(false))
        }
        _ => Err(Raise::BADARG),
    }
}

fn end_purge(cx: &mut Context<'_>, purged: Purged) {
    if let Some(literals) = purged.literals {
        // SAFETY: the code is gone, so only processes have its literals, and of the one that runs nothing is used after this BIF but
        // its result, which is an atom, and what is on its heap and stack.
        #[expect(unsafe_code, reason = "gives literals back")]
        unsafe {
            cx.vm.retire_literals(literals, cx.process);
        }
    }
    for pid in purged.waiters {
        cx.vm.resume(pid, 1);
    }
}

/// `erlang:delete_module/1`
pub fn delete_module(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let module = atom(args[0])?;
    if !cx.vm.code.is_known(module) {
        return Ok(Term::atom(predefined::UNDEFINED));
    }
    match cx.vm.code.delete(module) {
        Ok(_) => Ok(Term::boolean(true)),
        Err(_) => {
            let text = format!("Module {} must be purged before loading\n", cx.vm.atoms.text(module));
            let (pid, leader) = (cx.process.pid, cx.process.group_leader);
            cx.vm.log(predefined::ERROR, pid, leader, "~s~n", &mut |heap| {
                alloc::vec![build::string(heap, &text)]
            });
            Err(Raise::BADARG)
        }
    }
}

/// `erlang:check_old_code/1`
pub fn check_old_code(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    Ok(Term::boolean(cx.vm.code.has_old(atom(args[0])?)))
}

/// `erts_internal:check_process_code/1`: whether the process itself runs old code.
pub fn check_process_code(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let module = atom(args[0])?;
    cx.bump((cx.process.heap.stack_words() / 100) as u32);
    Ok(Term::boolean(cx.vm.code.runs_old(module, cx.process)))
}

/// `erlang:loaded/0`: the last one first, as stock lists them.
pub fn loaded(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let modules: Vec<Term> = cx.vm.code.known().rev().map(Term::atom).collect();
    Ok(build::list(cx.heap(), &modules))
}

/// `erlang:pre_loaded/0`
pub fn pre_loaded(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let modules: Vec<Term> = cx.vm.code.preloaded.iter().rev().copied().map(Term::atom).collect();
    Ok(build::list(cx.heap(), &modules))
}

/// `erts_internal:beamfile_chunk/2`: the bytes of a chunk, or `undefined`.
pub fn beamfile_chunk(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let file = bits(args[0])?;
    let name = lists::proper(args[1]).ok_or(Raise::BADARG)?;
    let name: [Term; 4] = name.try_into().map_err(|_| Raise::BADARG)?;
    let mut letters = [0; 4];
    for (letter, term) in letters.iter_mut().zip(name) {
        *letter = term.as_small().and_then(|value| u8::try_from(value).ok()).ok_or(Raise::BADARG)?;
    }
    Ok(match beam_file::chunk_of(&bytes(&file), letters) {
        Some(chunk) => build::binary(cx.heap(), chunk),
        None => Term::atom(predefined::UNDEFINED),
    })
}

/// `erts_internal:beamfile_module_md5/1`: the checksum of a module's file, or `undefined`, which is also that of a compressed one.
pub fn beamfile_module_md5(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let file = binary(args[0])?;
    cx.bump((file.len() / 1000) as u32);
    let module = if beam_file::is_gzip(&file) { None } else { beam_file::Module::open(file).ok() };
    Ok(match module {
        Some(module) => build::binary(cx.heap(), &loader::checksum(&module)),
        None => Term::atom(predefined::UNDEFINED),
    })
}
