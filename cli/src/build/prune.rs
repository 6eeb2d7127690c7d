// SPDX-License-Identifier: Apache-2.0
//! Leaving out modules that nothing in the image names.
//!
//! A module is named by any atom of its name: in another module's code or literals, in a word of the command line, in a configuration or
//! `.app` file. That errs on the side of keeping, since most atoms of such a name mean something else. What is missed are names that are
//! made at run time, of strings or of what comes from outside, which is why this is done on request only.
//!
//! The boot file tells a start in embedded mode to load every module of the release, so those that were left out are taken out of it.

use std::collections::{BTreeMap, BTreeSet};

use beam_vm::beam_file::Module;
use beam_vm::code::is_preloaded;

use super::layout::Layout;
use super::plan::Plan;
use crate::erlang::{self, Term, external};
use crate::failure::{Code, Failure};

/// Leaves modules out of a layout. Gives their names.
pub fn prune(plan: &Plan, layout: &mut Layout) -> Result<Vec<String>, Failure> {
    let paths: BTreeMap<String, String> =
        layout.files.keys().filter_map(|path| Some((module_of(path)?.to_owned(), path.clone()))).collect();
    let boot = boot_path(plan).filter(|path| layout.files.contains_key(path));
    let mut reached = roots(plan, layout, &paths, boot.as_deref())?;
    let mut open: Vec<String> = reached.iter().cloned().collect();
    while let Some(name) = open.pop() {
        let Some(file) = paths.get(&name).and_then(|path| layout.files.get(path)) else { continue };
        // Each was read before, when it was copied.
        let Ok(module) = Module::open(file.bytes.clone()) else { continue };
        for named in names(&module) {
            if paths.contains_key(&named) && reached.insert(named.clone()) {
                open.push(named);
            }
        }
    }
    let left_out: Vec<String> = paths.keys().filter(|name| !reached.contains(*name)).cloned().collect();
    for name in &left_out {
        layout.files.remove(&paths[name]);
    }
    if let Some(file) = boot.and_then(|path| layout.files.get_mut(&path)) {
        let kept = external::retain_loaded(&file.bytes, |module| !left_out.iter().any(|name| name == module));
        file.bytes = kept.map_err(unreadable)?;
    }
    Ok(left_out)
}

fn unreadable(why: erlang::TermError) -> Failure {
    Failure::new(Code::Build, "cannot read the boot file", why, "build the release again")
}

fn module_of(path: &str) -> Option<&str> {
    path.rsplit('/').next()?.strip_suffix(".beam")
}

fn boot_path(plan: &Plan) -> Option<String> {
    let flag = plan.arguments.iter().position(|word| word == "-boot")?;
    Some(format!("{}.boot", plan.arguments.get(flag + 1)?))
}

/// The modules that are there without being named by another one.
fn roots(
    plan: &Plan,
    layout: &Layout,
    paths: &BTreeMap<String, String>,
    boot: Option<&str>,
) -> Result<BTreeSet<String>, Failure> {
    let mut roots: BTreeSet<String> = paths.keys().filter(|name| is_preloaded(name)).cloned().collect();
    let mut add = |name: &str| {
        if paths.contains_key(name) {
            roots.insert(name.to_owned());
        }
    };
    for text in &plan.arguments {
        words(text).for_each(&mut add);
        // A plain word may be a name with letters that are none of an atom's.
        add(text);
    }
    for (path, file) in &layout.files {
        if path.ends_with(".app") {
            // What is started and what is configured; not the list of modules.
            let text = String::from_utf8_lossy(&file.bytes);
            let (before, after) = text.split_once("{modules").map_or((&*text, ""), |(before, after)| {
                (before, after.split_once(']').map_or("", |(_, rest)| rest))
            });
            words(before).chain(words(after)).for_each(&mut add);
        } else if path.ends_with(".config") {
            words(&String::from_utf8_lossy(&file.bytes)).for_each(&mut add);
        }
    }
    if let Some(file) = boot.and_then(|path| layout.files.get(path)) {
        let script = erlang::decode(&file.bytes).map_err(unreadable)?;
        let commands = script.tagged("script").and_then(|parts| parts.get(1)?.list()).unwrap_or_default();
        for command in commands {
            if command.atom() == Some("kernel_load_completed")
                || command.tagged("kernel_load_completed").is_some()
            {
                break;
            }
            if let Some([modules]) = command.tagged("primLoad") {
                modules.atoms().into_iter().for_each(&mut add);
            }
        }
        for command in commands {
            // Processes of the start: {kernelProcess, Name, {Module, Function, Arguments}}, and what is applied.
            for tag in ["kernelProcess", "apply"] {
                let parts = command.tagged(tag).unwrap_or_default();
                let modules = parts.iter().filter_map(|part| part.tuple()?.first()).filter_map(Term::atom);
                modules.for_each(&mut add);
            }
        }
    }
    Ok(roots)
}

/// What looks like atoms in a text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && !"_@.".contains(c)).filter(|word| !word.is_empty())
}

/// All atoms of a module: of its code, and of its literals.
fn names(module: &Module) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = module.atoms().iter().map(String::from).collect();
    for literal in module.literals().iter() {
        external::atoms_within(literal, |atom| {
            names.insert(atom.to_owned());
        });
    }
    names
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn words_are_atoms() {
        let found: Vec<&str> = words("[{a,[b_c,'Elixir.D'], \"e f\"}].").collect();
        assert_eq!(found, ["a", "b_c", "Elixir.D", "e", "f", "."]);
    }
}
