// SPDX-License-Identifier: Apache-2.0
//! Loads every module of the OTP installation: there is no instruction in them that the machine lacks, and what comes out of a library is what
//! comes out of the file.
#![expect(unsafe_code, reason = "makes terms of the constants in code")]

use std::fs;
use std::path::{Path, PathBuf};

use beam_vm::code::Instance;
use beam_vm::compare;
use beam_vm::loader::{self, Library, LibraryBuilder};
use beam_vm::term::Term;
use beam_vm::vm::Vm;
use hosted::{CodePath, LinuxPlatform, OtpRoot, Settings};

/// The `.beam` files below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "beam") {
            found.push(path);
        }
    }
}

/// The modules of the installation.
fn modules() -> Vec<PathBuf> {
    let Some(root) = OtpRoot::find() else {
        println!("there is no OTP installation: nothing to load");
        return Vec::new();
    };
    let mut paths = Vec::new();
    files(&root.libraries(), &mut paths);
    paths.sort();
    assert!(!paths.is_empty(), "an installation has modules");
    paths
}

fn machine() -> Vm {
    let platform = LinuxPlatform::new(CodePath::default(), Settings::default());
    let mut vm = Vm::new(Box::new(platform)).expect("a machine");
    vm.use_machine_code();
    vm
}

/// Whether two words of code at the same place are the same but for where literals are.
fn are_same(vm: &Vm, a: u64, b: u64) -> bool {
    let is_literal = |word: u64| vm.literals.addresses().contains(&(word as usize & !7)) && word & 3 != 3;
    // SAFETY: the words point to literals of modules that are kept.
    a == b || is_literal(a) && is_literal(b) && unsafe { compare::same(Term::from_raw(a), Term::from_raw(b)) }
}

/// What is not the same in two instances of a module.
fn difference(vm: &Vm, file: &Instance, stored: &Instance) -> Option<String> {
    let (words, others) = (file.instructions(), stored.instructions());
    if words.len() != others.len() {
        return Some(format!("{} words, {} in the library", words.len(), others.len()));
    }
    if let Some(at) = (0..words.len()).find(|at| !are_same(vm, words[*at], others[*at])) {
        return Some(format!("word {at} is {:#x}, {:#x} in the library", words[at], others[at]));
    }
    let names = |instance: &Instance| {
        format!("{:?}{:?}", instance.functions(), instance.exports().collect::<Vec<_>>())
    };
    let lambdas = |instance: &Instance| instance.lambdas().map(core::ptr::from_ref).collect::<Vec<_>>();
    if names(file) != names(stored) || lambdas(file) != lambdas(stored) || file.md5() != stored.md5() {
        return Some("its tables".into());
    }
    let base = [file, stored].map(|instance| instance.addresses().start);
    let line = |at: usize| {
        [(file, base[0]), (stored, base[1])].map(|(instance, base)| instance.locate(base + 8 * at))
    };
    let at = (0..words.len()).step_by(7).find(|at| matches!(line(*at), [a, b] if a != b))?;
    Some(format!("the line of word {at}"))
}

#[test]
fn modules_of_a_library_are_those_of_files() {
    let paths = modules();
    // Their atoms get other numbers when they are loaded the other way round.
    let mut builder = LibraryBuilder::new().expect("a machine");
    let files: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).expect("a file")).collect();
    for (path, bytes) in paths.iter().zip(&files).rev() {
        builder.add(bytes).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    }
    let library = builder.build().leak();
    let mut vm = machine();
    for (path, bytes) in paths.iter().zip(&files) {
        vm.library = None;
        let file = loader::load(&mut vm, bytes.into(), None).expect("it was loaded for the library");
        vm.library = Some(Library::open(library).expect("a library that was just made"));
        let mut stored = loader::load(&mut vm, bytes.into(), None).expect("it is in the library");
        vm.complete(&mut stored);
        if let Some(what) = difference(&vm, &file, &stored) {
            panic!("{} differs: {what}", path.display());
        }
    }
}

#[test]
fn all_modules_of_the_installation_load() {
    let paths = modules();
    let mut vm = machine();
    let mut failures = Vec::new();
    for path in &paths {
        let bytes = fs::read(path).expect("a file that was listed can be read");
        if let Err(error) = loader::load(&mut vm, bytes.into(), None) {
            failures.push(format!("{}: {error}", path.display()));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {} do not load:\n{}",
        failures.len(),
        paths.len(),
        failures.join("\n")
    );
}
