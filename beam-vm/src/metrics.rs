// SPDX-License-Identifier: Apache-2.0
//! What the virtual machine and its platform count, in Prometheus' text format, version 0.0.4
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>). Numbers of the virtual machine have the names that the collectors of
//! `prometheus.erl` give them, so dashboards made for those show them; those of the platform begin with `voxoz`.

#[cfg(test)]
mod tests;

use alloc::format;
use alloc::string::String;
use core::fmt::Write;

use crate::platform::{Course, Fact, Record, Unit};
use crate::vm::Vm;

/// The text.
#[must_use]
pub fn text(vm: &mut Vm, facts: &Record) -> String {
    let mut page = Page::default();
    machine(&mut page, vm);
    page.record("voxoz", facts);
    page.0
}

fn machine(page: &mut Page, vm: &mut Vm) {
    let memory = vm.memory();
    page.family("erlang_vm_memory_bytes_total", Course::Gauge);
    for (kind, bytes) in [("processes", memory.of_processes()), ("system", memory.system())] {
        page.sample(&format!("erlang_vm_memory_bytes_total{{kind=\"{kind}\"}}"), bytes as u64);
    }
    page.family("erlang_vm_memory_system_bytes_total", Course::Gauge);
    let parts = [
        ("atom", memory.atoms.total),
        ("binary", memory.binaries),
        ("code", memory.code),
        ("ets", memory.tables),
    ];
    for (usage, bytes) in parts {
        page.sample(&format!("erlang_vm_memory_system_bytes_total{{usage=\"{usage}\"}}"), bytes as u64);
    }
    let (up, busy) = (vm.up() / 1_000_000, vm.busy() / 1_000_000);
    let (input, output) = vm.ports.traffic;
    let numbers = [
        ("erlang_vm_process_count", Course::Gauge, vm.processes.count() as u64),
        ("erlang_vm_process_limit", Course::Gauge, u64::from(vm.processes.limit())),
        ("erlang_vm_port_count", Course::Gauge, vm.ports.count() as u64),
        ("erlang_vm_port_limit", Course::Gauge, vm.ports.limit() as u64),
        ("erlang_vm_atom_count", Course::Gauge, u64::from(vm.atoms.count())),
        ("erlang_vm_atom_limit", Course::Gauge, u64::from(vm.atoms.limit().get())),
        ("erlang_vm_memory_ets_tables", Course::Gauge, vm.tables.iter().count() as u64),
        ("erlang_vm_statistics_bytes_received_total", Course::Counter, input),
        ("erlang_vm_statistics_bytes_output_total", Course::Counter, output),
        ("erlang_vm_statistics_context_switches", Course::Counter, vm.turns),
        ("erlang_vm_statistics_garbage_collection_number_of_gcs", Course::Counter, vm.collector.collections),
        ("erlang_vm_statistics_garbage_collection_words_reclaimed", Course::Counter, vm.collector.reclaimed),
        ("erlang_vm_statistics_reductions_total", Course::Counter, vm.reductions),
        ("erlang_vm_statistics_run_queues_length_total", Course::Gauge, vm.queue.len() as u64),
        ("erlang_vm_statistics_runtime_milliseconds", Course::Counter, busy),
        ("erlang_vm_statistics_wallclock_time_milliseconds", Course::Counter, up),
    ];
    for (name, course, value) in numbers {
        page.family(name, course);
        page.sample(name, value);
    }
}

#[derive(Default)]
struct Page(String);

impl Page {
    /// The head of all samples of a name.
    fn family(&mut self, name: &str, course: Course) {
        let course = match course {
            Course::Gauge => "gauge",
            Course::Counter => "counter",
        };
        self.line(format_args!("# TYPE {name} {course}"));
    }

    fn sample(&mut self, name: &str, value: impl core::fmt::Display) {
        self.line(format_args!("{name} {value}"));
    }

    fn line(&mut self, line: core::fmt::Arguments<'_>) {
        // A string takes all.
        let _ = writeln!(self.0, "{line}");
    }

    /// Numbers and flags; names are for people and are no numbers.
    fn record(&mut self, prefix: &str, facts: &Record) {
        for (name, fact) in facts {
            let name = format!("{prefix}_{name}");
            match fact {
                Fact::Record(facts) => self.record(&name, facts),
                Fact::List(things) => self.list(&name, things),
                _ => self.samples(&name, &[(None, fact)]),
            }
        }
    }

    /// All samples of a name stand together, so those of several things are collected name by name.
    fn list(&mut self, prefix: &str, things: &[(String, Record)]) {
        let Some((_, first)) = things.first() else { return };
        for (name, _) in first {
            let of_all = things.iter().filter_map(|(thing, facts)| {
                let (_, fact) = facts.iter().find(|(other, _)| other == name)?;
                Some((Some(thing.as_str()), fact))
            });
            self.samples(&format!("{prefix}_{name}"), &of_all.collect::<alloc::vec::Vec<_>>());
        }
    }

    fn samples(&mut self, name: &str, samples: &[(Option<&str>, &Fact)]) {
        let Some((_, first)) = samples.first() else { return };
        let (suffix, course) = match first {
            Fact::Number(_, unit, course) => {
                let unit = match unit {
                    Unit::Things => "",
                    Unit::Bytes => "_bytes",
                    Unit::Nanoseconds => "_seconds",
                };
                let total = if *course == Course::Counter { "_total" } else { "" };
                (format!("{unit}{total}"), *course)
            }
            Fact::Flag(_) => (String::new(), Course::Gauge),
            Fact::Text(_) | Fact::Record(_) | Fact::List(_) => return,
        };
        let name = format!("{name}{suffix}");
        self.family(&name, course);
        for (thing, fact) in samples {
            let sample = match thing {
                Some(thing) => format!("{name}{{name=\"{}\"}}", escaped(thing)),
                None => name.clone(),
            };
            match fact {
                Fact::Number(value, Unit::Nanoseconds, _) => {
                    self.sample(
                        &sample,
                        format_args!("{}.{:09}", value / 1_000_000_000, value % 1_000_000_000),
                    );
                }
                Fact::Number(value, ..) => self.sample(&sample, value),
                Fact::Flag(is_so) => self.sample(&sample, u8::from(*is_so)),
                Fact::Text(_) | Fact::Record(_) | Fact::List(_) => {}
            }
        }
    }
}

/// The value of a label.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
