// SPDX-License-Identifier: Apache-2.0
//! The guest of the system tests: a kernel with many small programs, of which the command line names one by `test=NAME`.
//!
//! A program that ends well says `test NAME: ok` and powers off; one that does not panics, so that the bench sees a crashed domain and
//! the reason on its console.
#![no_std]
#![no_main]
#![deny(unsafe_code)]

extern crate alloc;

mod arguments;
mod crash;
mod echo;
mod entropy;
mod grants;
mod intrinsics;
mod memory;
mod power;
mod storage;
mod timers;
mod words;
mod xenbus;
mod xenstore;

use boot::kernel::Machine;
use boot::kernel::power::End;
use log::info;

boot::entry!(main);

/// A test program; it returns when it has ended well.
type Program = fn(&mut Machine);

/// Every program by its name.
const PROGRAMS: &[(&str, Program)] = &[
    ("arguments", arguments::run),
    ("echo", echo::run),
    ("entropy", entropy::run),
    ("execute-data", crash::execute_data),
    ("execute-heap", crash::execute_heap),
    ("grants", grants::run),
    ("intrinsics", intrinsics::run),
    ("memory", memory::run),
    ("overflow-stack", crash::overflow_stack),
    ("panic", crash::panic),
    ("panic-in-report", crash::panic_in_report),
    ("power", power::run),
    ("read-null", crash::read_null),
    ("storage", storage::run),
    ("timers", timers::run),
    ("write-constants", crash::write_constants),
    ("write-text", crash::write_text),
    ("xenbus", xenbus::run),
    ("xenstore", xenstore::run),
];

fn main(mut machine: Machine) -> ! {
    let name = machine.arguments.iter().find_map(|argument| argument.strip_prefix("test="));
    let Some((name, program)) = PROGRAMS.iter().find(|(program, _)| Some(*program) == name) else {
        panic!("there is no test program {name:?}");
    };
    program(&mut machine);
    info!("test {name}: ok");
    machine.end(End::Poweroff)
}

/// The value of the argument `NAME=value`, if it is there.
///
/// # Panics
/// When it is there and no number.
fn number(machine: &Machine, name: &str) -> Option<usize> {
    let value =
        machine.arguments.iter().find_map(|argument| argument.strip_prefix(name)?.strip_prefix('='))?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name}={value} is no number")))
}
