// SPDX-License-Identifier: Apache-2.0
//! The loader: from a module as its file describes it to code that the emulator does.
//!
//! The file's reader has checked every index and operand by itself. Here generic instructions become operations of the emulator
//! (`translate`), neighbours that have a common instruction are joined (`peephole`), and the assembler chooses the instructions.
//! Functions of other modules are named by entries that need not be there yet, so modules load in any order.

mod error;
mod library;
mod literals;
mod peephole;
mod translate;
mod verify;

#[cfg(test)]
mod tests;

pub use error::LoadError;
pub use library::{Library, LibraryBuilder, LibraryError, Stored, Summary, summary};

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;

use md5::{Digest, Md5};

use crate::atom::Atom;
use crate::beam_file::{AtomIndex, ChunkId, Module};
use crate::code::{Function, Instance, LineTable, Source, WaysIn, is_preloaded};
use crate::emu::assemble::{Assembled, Block, Shape, assemble};
use crate::etf::{self, DecodeError};
use crate::heap::Fragment;
use crate::term::{Export, FunEntry, Term};
use crate::vm::Vm;

/// Makes an instance of a module's file; it is not installed. `expected` is the name that the module has to have, if there is one. If the machine's
/// library has the module, it is taken from there.
///
/// # Errors
/// [`LoadError`]: the file is damaged, needs what is not here, or is of another module.
pub fn load(vm: &mut Vm, bytes: Cow<'_, [u8]>, expected: Option<Atom>) -> Result<Instance, LoadError> {
    match library::find(vm, &bytes, expected)? {
        Some(instance) => Ok(instance),
        None => {
            let made = make(vm, bytes.into_owned(), expected)?;
            let shape = if vm.native.is_some() { made.shape } else { Shape::default() };
            Ok(Instance { shape, ..made.instance })
        }
    }
}

/// An instance, and what is known of it while it is made.
struct Made {
    instance: Instance,
    /// The literals that the file has.
    literals: Vec<Term>,
    /// The functions that are called.
    exports: Vec<&'static Export>,
    shape: Shape,
    code_words: u32,
    blocks: Vec<Block>,
    constants: Vec<u32>,
}

/// Makes an instance of a module's file from nothing but the file.
fn make(vm: &mut Vm, bytes: Vec<u8>, expected: Option<Atom>) -> Result<Made, LoadError> {
    let file = Module::open(bytes).map_err(LoadError::File)?;
    let atoms = intern(vm, &file)?;
    let module = atoms[1];
    if expected.is_some_and(|expected| expected != module) {
        return Err(LoadError::OtherModule(module));
    }
    let md5 = checksum(&file);
    let (area, literals) = literals::build(vm, &file)?;
    let context = translate::Context { module, atoms: &atoms, literals: &literals, md5 };
    let parts = match assemble_module(vm, &file, &context) {
        Ok(parts) => parts,
        Err(error) => {
            // SAFETY: the operations that had the literals are gone.
            #[expect(unsafe_code, reason = "gives literals back that nobody has seen")]
            unsafe {
                vm.literals.release(area);
            }
            return Err(error);
        }
    };
    let code = parts.assembled;
    let shape = code.shape();
    let instance = Instance {
        module,
        words: code.words,
        shape: Shape::default(),
        stored: None,
        native: None,
        ways_in: WaysIn::none(),
        functions: parts.functions,
        exports: parts.exports,
        lambdas: parts.lambdas,
        lines: parts.lines,
        literals: area,
        md5,
        source: Source::File(Box::new(file)),
        on_load: parts.on_load,
    };
    let Assembled { code_words, blocks, constants, .. } = code;
    Ok(Made { instance, literals, exports: parts.imports, shape, code_words, blocks, constants })
}

/// What becomes of a module's instructions.
struct Parts {
    assembled: Assembled,
    functions: Vec<Function>,
    exports: Vec<(Atom, u32, u32)>,
    imports: Vec<&'static Export>,
    lambdas: Vec<(&'static FunEntry, u32)>,
    lines: LineTable,
    on_load: Option<u32>,
}

fn assemble_module(vm: &mut Vm, file: &Module, context: &translate::Context<'_>) -> Result<Parts, LoadError> {
    let atoms = context.atoms;
    let translation = translate::translate(vm, file, context)?;
    let assembled = assemble(&translation.ops, file.code_header().labels + 1).map_err(LoadError::Assemble)?;
    let functions = functions(&translation, &assembled)?;
    let exports = exports(file, atoms, &assembled)?;
    let lambdas = lambdas(file, &translation.lambdas, &assembled)?;
    let name = vm.atoms.text(context.module);
    let lines =
        if is_preloaded(name) { LineTable::none() } else { line_table(file, name, &translation, &assembled) };
    let on_load = translation.on_load.map(|function| functions[function].entry);
    check_information(vm, file)?;
    Ok(Parts { assembled, functions, exports, imports: translation.imports, lambdas, lines, on_load })
}

/// Whether what `module_info/1` tells is terms.
fn check_information(vm: &mut Vm, file: &Module) -> Result<(), LoadError> {
    for id in [ChunkId::ATTRIBUTES, ChunkId::COMPILE_INFO] {
        // An empty chunk is none.
        let Some(bytes) = file.chunk(id).filter(|bytes| !bytes.is_empty()) else { continue };
        match etf::decode(vm, &mut Fragment::default(), bytes) {
            // Stock does not mind what comes after the term.
            Ok(_) | Err(DecodeError::Trailing) => {}
            Err(_) => return Err(LoadError::Information(id)),
        }
    }
    Ok(())
}

/// The file's atoms by their indices; index 0 stands for the empty list and has no atom.
fn intern(vm: &mut Vm, file: &Module) -> Result<Vec<Atom>, LoadError> {
    let mut atoms = Vec::with_capacity(file.atoms().count() + 1);
    atoms.push(crate::atom::predefined::NO_TEXT);
    for text in file.atoms().iter() {
        atoms.push(vm.atoms.insert(text).map_err(LoadError::Atom)?);
    }
    Ok(atoms)
}

fn atom(atoms: &[Atom], index: AtomIndex) -> Atom {
    atoms[index.get()]
}

/// The MD5 sum of what the code depends on.
pub fn checksum(file: &Module) -> [u8; 16] {
    let mut sum = Md5::new();
    file.feed_checksum(|bytes| sum.update(bytes));
    sum.finalize().into()
}

fn functions(translation: &translate::Translation, code: &Assembled) -> Result<Vec<Function>, LoadError> {
    let function = |info: &translate::Info| {
        let entry = label(code, info.entry)?;
        Ok(Function { name: info.name, arity: info.arity, start: code.starts[info.op], entry })
    };
    translation.functions.iter().map(function).collect()
}

fn label(code: &Assembled, label: u32) -> Result<u32, LoadError> {
    match code.labels.get(label as usize) {
        Some(word) if *word < code.code_words => Ok(*word),
        _ => Err(LoadError::Label(label)),
    }
}

fn exports(file: &Module, atoms: &[Atom], code: &Assembled) -> Result<Vec<(Atom, u32, u32)>, LoadError> {
    let export = |export: &crate::beam_file::Export| {
        let word = label(code, export.label.get() as u32)?;
        Ok((atom(atoms, export.function), u32::from(export.arity), word))
    };
    file.exports().iter().map(export).collect()
}

fn lambdas(
    file: &Module,
    entries: &[&'static FunEntry],
    code: &Assembled,
) -> Result<Vec<(&'static FunEntry, u32)>, LoadError> {
    let place = |(lambda, entry): (&crate::beam_file::Lambda, &&'static FunEntry)| {
        Ok((*entry, label(code, lambda.label.get() as u32)?))
    };
    file.lambdas().iter().zip(entries).map(place).collect()
}

fn line_table(
    file: &Module,
    module: &str,
    translation: &translate::Translation,
    code: &Assembled,
) -> LineTable {
    use alloc::format;
    use alloc::string::String;

    let mut files: Vec<String> = Vec::with_capacity(file.lines().file_count() + 1);
    files.push(format!("{module}.erl"));
    let names = (1..=file.lines().file_count() as u32).filter_map(crate::beam_file::FileIndex::from_number);
    files.extend(names.map(|index| match file.lines().file(index) {
        Some(name) if !name.is_empty() => String::from(name),
        _ => format!("{module}.erl"),
    }));
    let place = |index| {
        let line = file.lines().get(index)?;
        let file = line.file.map_or(0, |file| file.get() as u32);
        Some(crate::code::Place { file, line: line.number })
    };
    let starts = translation.lines.iter().map(|(op, line)| {
        let start = code.starts.get(*op).copied().unwrap_or(code.code_words);
        (start, line.and_then(place))
    });
    LineTable::new(&files, starts)
}
