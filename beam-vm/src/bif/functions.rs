// SPDX-License-Identifier: Apache-2.0
//! Funs and functions.

use super::{BifIndex, BifResult, Context, Raise, Releases};
use crate::atom::predefined;
use crate::gc::FunCount;
use crate::heap::build;
use crate::term::{Export, FunEntry, Term, View};

/// `make_fun/3`
pub fn make_fun(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (module, function) =
        (args[0].as_atom().ok_or(Raise::BADARG)?, args[1].as_atom().ok_or(Raise::BADARG)?);
    let arity = args[2].as_small().filter(|arity| (0..=255).contains(arity)).ok_or(Raise::BADARG)?;
    let export = cx.vm.code.export(module, function, arity as u32);
    Ok(build::export(cx.heap(), export))
}

/// `function_exported/3`
pub fn function_exported(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (module, function) =
        (args[0].as_atom().ok_or(Raise::BADARG)?, args[1].as_atom().ok_or(Raise::BADARG)?);
    let arity = args[2].as_small().filter(|arity| *arity >= 0).ok_or(Raise::BADARG)?;
    let export = u32::try_from(arity).ok().and_then(|arity| cx.vm.code.find_export(module, function, arity));
    Ok(Term::boolean(export.is_some_and(Export::is_bound)))
}

/// `is_builtin/3`
pub fn is_builtin(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (module, function) =
        (args[0].as_atom().ok_or(Raise::BADARG)?, args[1].as_atom().ok_or(Raise::BADARG)?);
    let arity = args[2].as_small().filter(|arity| *arity >= 0).ok_or(Raise::BADARG)?;
    // An instruction, which stock's emulator has as a function as well.
    if (module, function) == (predefined::ERLANG, predefined::APPLY) && matches!(arity, 2 | 3) {
        return Ok(Term::boolean(true));
    }
    let export = u32::try_from(arity).ok().and_then(|arity| cx.vm.code.find_export(module, function, arity));
    let bif = export.and_then(|export| BifIndex::from_raw(export.bif.get()));
    // The table has those of later releases too.
    let is_builtin = |bif: BifIndex| matches!(bif.entry().releases, Releases::All | Releases::Until25);
    Ok(Term::boolean(bif.is_some_and(is_builtin)))
}

/// `fun_info/2`
pub fn fun_info(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let item = args[1].as_atom().ok_or(Raise::BADARG)?;
    let value = match args[0].view() {
        View::Fun(fun) => {
            let entry = fun.entry();
            match item {
                predefined::MODULE => Term::atom(entry.module),
                predefined::TYPE => Term::atom(predefined::LOCAL),
                predefined::ARITY => Term::small_cut(i64::from(entry.arity)),
                predefined::PID => fun.creator(),
                predefined::INDEX => Term::small_cut(i64::from(entry.old_index)),
                predefined::NEW_INDEX => Term::small_cut(i64::from(entry.index)),
                predefined::UNIQ => Term::small_cut(i64::from(entry.old_uniq)),
                predefined::NEW_UNIQ => build::binary(cx.heap(), &entry.uniq),
                predefined::ENV => build::list(cx.heap(), fun.env()),
                predefined::NAME => fun_name(cx, entry),
                predefined::REFC => references(cx, entry),
                _ => return Err(Raise::BADARG),
            }
        }
        View::Export(export) => {
            let entry = export.entry();
            match item {
                predefined::MODULE => Term::atom(entry.module),
                predefined::TYPE => Term::atom(predefined::EXTERNAL),
                predefined::ARITY => Term::small_cut(i64::from(entry.arity)),
                predefined::NAME => Term::atom(entry.function),
                predefined::ENV => Term::NIL,
                predefined::PID
                | predefined::INDEX
                | predefined::NEW_INDEX
                | predefined::UNIQ
                | predefined::NEW_UNIQ
                | predefined::REFC => Term::atom(predefined::UNDEFINED),
                _ => return Err(Raise::BADARG),
            }
        }
        _ => return Err(Raise::BADARG),
    };
    Ok(build::tuple(cx.heap(), &[args[1], value]))
}

/// Words that a reduction pays for, when memory is walked.
const WORDS: usize = 1000;

/// How many funs there are of a lambda, and one more for its code. Compressed tables and what waits outside of processes is not looked at.
fn references(cx: &mut Context<'_>, entry: &FunEntry) -> Term {
    let mut count = FunCount::new(entry);
    count.look_at(cx.process);
    cx.vm.processes.places().flatten().for_each(|process| count.look_at(process));
    for table in cx.vm.tables.iter().filter(|table| !table.options.is_compressed) {
        table.each(|object| count.look_into(object.term()));
    }
    cx.vm.persistent.areas().for_each(|area| count.look_at_literals(area));
    cx.bump((count.words / WORDS) as u32);
    build::unsigned(cx.heap(), (count.funs + usize::from(entry.is_bound())) as u64)
}

/// The name of a lambda's function; the empty list when its code is not there.
fn fun_name(cx: &Context<'_>, entry: &FunEntry) -> Term {
    let location = cx.vm.code.locate(entry.address.get().addr());
    location.map_or(Term::NIL, |location| Term::atom(location.function))
}

/// `fun_info_mfa/1`
pub fn fun_info_mfa(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (module, name, arity) = match args[0].view() {
        View::Fun(fun) => {
            let entry = fun.entry();
            (entry.module, fun_name(cx, entry), entry.arity)
        }
        View::Export(export) => {
            let entry = export.entry();
            (entry.module, Term::atom(entry.function), entry.arity)
        }
        _ => return Err(Raise::BADARG),
    };
    Ok(build::tuple(cx.heap(), &[Term::atom(module), name, Term::count(arity as usize)]))
}

/// `module_loaded/1`
pub fn module_loaded(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let module = args[0].as_atom().ok_or(Raise::BADARG)?;
    Ok(Term::boolean(cx.vm.code.current(module).is_some()))
}

/// `get_module_info/1`
pub fn module_info(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let module = args[0].as_atom().ok_or(Raise::BADARG)?;
    let items = [
        predefined::MODULE,
        predefined::EXPORTS,
        predefined::ATTRIBUTES,
        predefined::COMPILE,
        predefined::MD5,
    ];
    let mut pairs = alloc::vec::Vec::new();
    for item in items {
        let value = info(cx, module, item)?;
        pairs.push(build::tuple(cx.heap(), &[Term::atom(item), value]));
    }
    Ok(build::list(cx.heap(), &pairs))
}

/// `get_module_info/2`
pub fn module_info2(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (module, item) = (args[0].as_atom().ok_or(Raise::BADARG)?, args[1].as_atom().ok_or(Raise::BADARG)?);
    info(cx, module, item)
}

fn info(cx: &mut Context<'_>, module: crate::atom::Atom, item: crate::atom::Atom) -> BifResult {
    use crate::beam_file::ChunkId;

    let instance = cx.vm.code.current(module).ok_or(Raise::BADARG)?;
    let chunk = match item {
        predefined::MODULE => return Ok(Term::atom(module)),
        predefined::MD5 => {
            let md5 = instance.md5();
            return Ok(build::binary(cx.heap(), &md5));
        }
        predefined::EXPORTS | predefined::FUNCTIONS => {
            let names: alloc::vec::Vec<_> = if item == predefined::EXPORTS {
                // Stock lists the last one of the file first.
                instance.exports().rev().collect()
            } else {
                instance.functions().iter().map(|function| (function.name, function.arity)).collect()
            };
            let heap = cx.heap();
            let pair = |(name, arity): (crate::atom::Atom, u32)| {
                build::tuple(heap, &[Term::atom(name), Term::small_cut(i64::from(arity))])
            };
            let pairs: alloc::vec::Vec<Term> = names.into_iter().map(pair).collect();
            return Ok(build::list(cx.heap(), &pairs));
        }
        predefined::NIFS | predefined::NATIVE_ADDRESSES => return Ok(Term::NIL),
        predefined::NATIVE => return Ok(Term::boolean(false)),
        predefined::ATTRIBUTES => ChunkId::ATTRIBUTES,
        predefined::COMPILE => ChunkId::COMPILE_INFO,
        _ => return Err(Raise::BADARG),
    };
    let bytes = instance.chunk(chunk).unwrap_or_default().to_vec();
    if bytes.is_empty() {
        return Ok(Term::NIL);
    }
    crate::etf::decode(cx.vm, &mut cx.process.heap, &bytes).map_err(|_| Raise::BADARG)
}
