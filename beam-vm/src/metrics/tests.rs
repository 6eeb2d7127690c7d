// SPDX-License-Identifier: Apache-2.0
//! The lines that facts become.

use std::boxed::Box;
use std::string::ToString;
use std::vec;

use super::{Fact, Page};
use crate::platform::{NoPlatform, Platform};
use crate::vm::Vm;

/// A place whose clock has run for an hour before the machine is made, as that of a Xen host has.
struct Late;

impl Platform for Late {
    fn monotonic(&mut self) -> u64 {
        3_600_000_000_000
    }

    fn system_time(&mut self) -> i64 {
        0
    }

    fn entropy(&mut self, _: &mut [u8]) {}

    fn write(&mut self, _: &[u8]) {}

    fn warn(&mut self, _: &str) {}

    fn park(&mut self, _: Option<u64>) {}

    fn module(&mut self, name: &str) -> Option<vec::Vec<u8>> {
        NoPlatform.module(name)
    }
}

#[test]
fn the_clock_begins_with_the_machine() {
    let mut vm = Vm::new(Box::new(Late)).expect("a machine");
    let text = super::text(&mut vm, &vec![]);
    for name in ["wallclock_time", "runtime"] {
        let line = std::format!("\nerlang_vm_statistics_{name}_milliseconds 0\n");
        assert!(text.contains(&line), "{text}");
    }
}

#[test]
fn facts_are_lines_with_units_and_labels() {
    let vif = |bytes| vec![("is_up", Fact::Flag(true)), ("received", Fact::bytes_counted(bytes))];
    let facts = vec![
        ("version", Fact::Text("1".to_string())),
        ("steal", Fact::time_counted(1_020_000_003)),
        ("memory", Fact::Record(vec![("free", Fact::bytes(4096))])),
        ("vif", Fact::List(vec![("a\"b".to_string(), vif(1)), ("eth1".to_string(), vif(2))])),
        ("disk", Fact::List(vec![])),
    ];
    let mut page = Page::default();
    page.record("voxoz", &facts);
    let lines = "# TYPE voxoz_steal_seconds_total counter
voxoz_steal_seconds_total 1.020000003
# TYPE voxoz_memory_free_bytes gauge
voxoz_memory_free_bytes 4096
# TYPE voxoz_vif_is_up gauge
voxoz_vif_is_up{name=\"a\\\"b\"} 1
voxoz_vif_is_up{name=\"eth1\"} 1
# TYPE voxoz_vif_received_bytes_total counter
voxoz_vif_received_bytes_total{name=\"a\\\"b\"} 1
voxoz_vif_received_bytes_total{name=\"eth1\"} 2
";
    assert_eq!(page.0, lines);
}
