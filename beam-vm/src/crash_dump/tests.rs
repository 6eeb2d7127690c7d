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
use crate::platform::Platform;
use crate::vm::Vm;

/// A console, on which time passes when somebody writes.
struct Console {
    said: Rc<RefCell<Vec<u8>>>,
    now: u64,
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

    fn module(&mut self, _: &str) -> Option<Vec<u8>> {
        None
    }
}

/// What a machine says that ends with a slogan, with variables set.
fn said(slogan: &str, variables: &[(&str, &str)]) -> String {
    let said = Rc::new(RefCell::new(Vec::new()));
    let mut vm = Vm::new(Box::new(Console { said: said.clone(), now: 0 })).expect("there is address space");
    for (name, value) in variables {
        vm.environment.insert(name.as_bytes().to_vec(), value.as_bytes().to_vec());
    }
    vm.crash(None, slogan);
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
