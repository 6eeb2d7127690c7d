// SPDX-License-Identifier: Apache-2.0
//! Libraries of small modules: what is in them is found, and what is damaged is not used. Those of OTP are in `hosted/tests/stock_modules.rs`.

use std::boxed::Box;
use std::vec::Vec;

use super::*;
use crate::beam_file::ChunkId;
use crate::beam_file::tests::builder::File;
use crate::code::Source;
use crate::platform::NoPlatform;

/// A module of which `f/0` returns 5.
fn module() -> File {
    File::new().with_body(&[64, 0x51, 0x03])
}

fn file() -> Vec<u8> {
    module().with(ChunkId::ATTRIBUTES, [131, 106].into()).build()
}

fn library() -> Vec<u8> {
    let mut builder = LibraryBuilder::new().expect("a machine");
    builder.add(&file()).expect("a module that is whole");
    builder.build()
}

fn machine(library: Vec<u8>) -> Result<Vm, LibraryError> {
    let mut vm = Vm::new(Box::new(NoPlatform)).expect("a machine");
    vm.library = Some(Library::open(library.leak())?);
    Ok(vm)
}

fn is_stored(vm: &Vm, module: Atom) -> bool {
    matches!(vm.code.current(module).expect("it is loaded").source, Source::Stored { .. })
}

#[test]
fn a_module_is_found_by_the_bytes_of_its_file() {
    let mut vm = machine(library()).expect("a library");
    let module = vm.load(file()).expect("a module that is whole");
    assert!(is_stored(&vm, module));
    let instance = vm.code.current(module).expect("it is loaded");
    assert_eq!(instance.chunk(ChunkId::ATTRIBUTES), Some(&[131, 106][..]));
    assert_eq!(instance.chunk(ChunkId::COMPILE_INFO), None);
    let exports: Vec<_> = instance.exports().map(|(name, arity)| (vm.atoms.text(name), arity)).collect();
    assert_eq!(exports, [("f", 0)]);
}

#[test]
fn another_file_of_the_same_module_is_not_in_the_library() {
    let mut vm = machine(library()).expect("a library");
    let module = vm.load(module().build()).expect("a module that is whole");
    assert!(!is_stored(&vm, module));
}

#[test]
fn a_module_of_another_name_is_refused_as_its_file_is() {
    let mut vm = machine(library()).expect("a library");
    let other = vm.atoms.insert("other").expect("a short atom");
    let error = super::super::load(&mut vm, file().into(), Some(other)).expect_err("it is m");
    assert!(matches!(error, LoadError::OtherModule(_)));
}

#[test]
fn the_same_modules_make_the_same_library() {
    assert_eq!(library(), library());
}

#[test]
fn a_library_says_what_it_has() {
    let library = library();
    let found = summary(&library).expect("a library");
    assert_eq!(found.modules, 1);
    assert!((HEADER..10 * library.len()).contains(&found.expanded), "{}", found.expanded);
    assert_eq!(summary(&library[..library.len() - 1]), Err(LibraryError::Damaged));
}

#[test]
fn a_damaged_library_is_not_used() {
    let whole = library();
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        let Ok(mut vm) = machine(damaged) else { continue };
        let module = vm.load(file()).expect("the file is whole");
        assert!(!is_stored(&vm, module), "byte {at}");
    }
    for len in 0..whole.len() {
        if let Ok(mut vm) = machine(whole[..len].to_vec()) {
            let module = vm.load(file()).expect("the file is whole");
            assert!(!is_stored(&vm, module), "{len} bytes");
        }
    }
}

#[test]
fn a_library_of_another_machine_is_refused() {
    let mut other = library();
    other[8] ^= 1;
    assert_eq!(machine(other).err(), Some(LibraryError::OtherMachine));
}

/// A machine that has loaded the module, where calls of its function go, and where its first instruction is.
fn loaded() -> (Vm, &'static Export, *const u64) {
    let mut vm = machine(library()).expect("a library");
    let module = vm.load(file()).expect("a module that is whole");
    let function = vm.atoms.insert("f").expect("a short atom");
    let export = vm.code.export(module, function, 0);
    let instance = vm.code.current(module).expect("it is loaded");
    let entry = instance.address(instance.functions()[0].entry);
    (vm, export, entry)
}

#[test]
fn a_way_in_is_where_its_function_is() {
    let (vm, export, entry) = loaded();
    let way = export.address.get();
    assert!(way != entry && export.is_bound());
    let location = vm.code.locate(way.addr());
    assert_eq!(location.as_ref().map(|location| location.function), Some(export.function));
    assert_eq!(location, vm.code.locate(entry.addr()));
    let instance = vm.code.instance_at(way.addr()).expect("it is of the module");
    assert_eq!(instance.offset(way.addr()), instance.offset(entry.addr()));
}

#[test]
fn a_function_is_expanded_when_it_is_called_and_called_directly_then() {
    let (mut vm, export, entry) = loaded();
    let way = export.address.get();
    assert_eq!(vm.expand_function(way), entry);
    assert_eq!(export.address.get(), entry);
    // Who was about to take the way comes there, too.
    assert_eq!(vm.expand_function(way), entry);
    vm.complete_at(entry.addr());
    assert_eq!(vm.expand_function(way), entry);
}

#[test]
fn a_module_that_is_complete_is_called_directly() {
    let (mut vm, export, entry) = loaded();
    vm.complete_at(entry.addr());
    assert_eq!(export.address.get(), entry);
    let instance = vm.code.instance_at(entry.addr()).expect("it is loaded");
    assert!(instance.stored.is_none());
}

#[test]
fn breakpoints_for_calls_from_elsewhere_find_the_function() {
    let (mut vm, export, entry) = loaded();
    let name = (export.module, export.function, export.arity);
    vm.set_global_point(name, entry.addr(), Some(crate::trace::Pattern::default()));
    assert!(vm.code.instance_at(entry.addr()).expect("it is loaded").stored.is_none());
    vm.clear_global_point(name);
    assert_eq!(export.address.get(), entry);
}
