// SPDX-License-Identifier: Apache-2.0
//! Dumps on a platform that has no files, and the limits of the environment. What OTP's viewer reads of one is tested where there is OTP.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;

use super::sink::Limits;
use crate::halt::Halt;
use crate::last_words::Exhausted;
use crate::platform::{DumpPlace, Platform};
use crate::vm::Vm;

/// A console, on which time passes when somebody writes.
struct Console {
    said: Rc<RefCell<Vec<u8>>>,
    now: u64,
    place: DumpPlace,
}

impl Platform for Console {
    fn monotonic(&mut self) -> u64 {
        self.now
    }

    fn system_time(&mut self) -> i64 {
        1_795_718_606_000_000_000
    }

    fn entropy(&mut self, _: &mut [u8]) {}

    fn write(&mut self, bytes: &[u8]) {
        self.now += 1_000_000_000;
        self.said.borrow_mut().extend_from_slice(bytes);
    }

    fn warn(&mut self, _: &str) {}

    fn park(&mut self, _: Option<u64>) {}

    fn dump_place(&self) -> DumpPlace {
        self.place
    }

    fn module(&mut self, _: &str) -> Option<Vec<u8>> {
        None
    }
}

/// What a machine says that ends with a slogan, with variables set.
fn said(slogan: &str, variables: &[(&str, &str)]) -> String {
    said_by(DumpPlace::Console, variables, |vm| vm.crash(None, slogan))
}

/// What a machine says that ends like this, with its dump at a place. There are no files.
fn said_by(place: DumpPlace, variables: &[(&str, &str)], end: impl FnOnce(&mut Vm)) -> String {
    let said = Rc::new(RefCell::new(Vec::new()));
    let console = Console { said: said.clone(), now: 0, place };
    let mut vm = Vm::new(Box::new(console)).expect("there is address space");
    for (name, value) in variables {
        vm.environment.insert(name.as_bytes().to_vec(), value.as_bytes().to_vec());
    }
    end(&mut vm);
    assert_eq!(vm.halted, Some(Halt::Crashed));
    let bytes = said.borrow().clone();
    String::from_utf8(bytes).expect("text")
}

#[test]
fn a_console_gets_it_between_two_lines() {
    let said = said("why\nnot", &[]);
    let begin = "why\r\nnot\r\n-----BEGIN ERL_CRASH_DUMP-----\n=erl_crash_dump:0.5\nThu Nov 26 18:43:26 2026\nSlogan: why\nnot\nSystem version: Erlang/OTP 25 ";
    assert!(said.starts_with(begin), "{said}");
    assert!(said.ends_with("\n=end\n-----END ERL_CRASH_DUMP-----\n"));
    let sections: Vec<&str> = said.lines().filter(|line| line.starts_with('=')).collect();
    let expected = [
        "=erl_crash_dump:0.5",
        "=scheduler:1",
        "=memory",
        "=index_table:atom_tab",
        "=index_table:module_code",
        "=index_table:export_list",
        "=hash_table:process_reg",
        "=allocated_areas",
        "=node:'nonode@nohost'",
        "=no_distribution",
        "=loaded_modules",
        "=persistent_terms",
        "=literals",
        "=atoms",
    ];
    // The last atoms are among the first: `=` is one, and so are the operators that begin with it.
    assert_eq!(sections[..expected.len()], expected);
}

#[test]
fn a_console_gets_what_no_file_takes() {
    const PLACE: DumpPlace = DumpPlace::FileOrConsole("/data/dump");
    let slogan = |vm: &mut Vm| vm.crash(None, "why");
    let is_whole = |said: &str, begin: &str| {
        assert!(said.starts_with(begin), "{said}");
        assert!(said.ends_with("\n=end\n-----END ERL_CRASH_DUMP-----\n"));
    };
    let tried = "why\r\n\r\nCrash dump is being written to: /data/dump...failed: erofs\r\n-----BEGIN ERL_CRASH_DUMP-----\n";
    is_whole(&said_by(PLACE, &[], slogan), tried);
    let named = [("ERL_CRASH_DUMP", "/data/dump")];
    is_whole(&said_by(DumpPlace::Console, &named, slogan), tried);
    is_whole(&said_by(DumpPlace::FileOrConsole("/other"), &named, slogan), tried);
    // As stock's.
    let nowhere = said_by(DumpPlace::File("erl_crash.dump"), &[], slogan);
    assert_eq!(nowhere, "why\r\n\r\nCrash dump is being written to: erl_crash.dump...");
}

#[test]
fn a_machine_without_memory_leaves_files_alone() {
    let place = DumpPlace::FileOrConsole("/data/dump");
    let memory = |vm: &mut Vm| vm.crash_exhausted(None, Exhausted::Heap(8));
    for variables in [&[][..], &[("ERL_CRASH_DUMP", "/data/dump")]] {
        let said = said_by(place, variables, memory);
        assert!(!said.contains("is being written") && said.contains("\n=end\n"), "{said}");
    }
    let atoms = said_by(place, &[], |vm| vm.crash_exhausted(None, Exhausted::Atoms(8)));
    assert!(atoms.contains("is being written to: /data/dump...failed"), "{atoms}");
}

#[test]
fn bytes_and_seconds_are_limited() {
    let short = said("why", &[("ERL_CRASH_DUMP_BYTES", "50")]);
    let end = "-----BEGIN ERL_CRASH_DUMP-----\n=erl_crash_dump:0.5\nThu Nov 26 18:43:26 2026\nSloga\n=abort:CRASH DUMP SIZE LIMIT REACHED\n-----END ERL_CRASH_DUMP-----\n";
    assert!(short.ends_with(end), "{short}");
    let slow = said("why", &[("ERL_CRASH_DUMP_SECONDS", "1")]);
    assert!(slow.len() < said("why", &[]).len() && !slow.contains("\n=end\n"), "{slow}");
    assert_eq!(said("why", &[("ERL_CRASH_DUMP_SECONDS", "0")]), "why\r\n");
    assert_eq!(said("why", &[("ERL_CRASH_DUMP_BYTES", "0")]), "why\r\n");
}

#[test]
fn numbers_of_the_environment_are_read_as_stock_reads_them() {
    let limits = |name: &str, text: &str| {
        Limits::of(&BTreeMap::from([(name.as_bytes().to_vec(), text.as_bytes().to_vec())]))
    };
    let none = Limits::of(&BTreeMap::new());
    assert!(none.is_some());
    for text in ["", "abc", "0", "0x1", "-0"] {
        assert_eq!(limits("ERL_CRASH_DUMP_SECONDS", text), None, "{text}");
    }
    assert_eq!(limits("ERL_CRASH_DUMP_SECONDS", "-1"), none);
    assert_ne!(limits("ERL_CRASH_DUMP_SECONDS", " 3x"), none);
    for text in ["", "5x", "-1", "x"] {
        assert_eq!(limits("ERL_CRASH_DUMP_BYTES", text), none, "{text}");
    }
    assert_eq!(limits("ERL_CRASH_DUMP_BYTES", " 0"), None);
    assert_ne!(limits("ERL_CRASH_DUMP_BYTES", "+50"), none);
}
