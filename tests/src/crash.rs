// SPDX-License-Identifier: Apache-2.0
//! Each way to break the kernel ends in a report that says what happened and where, and in a domain that has crashed.

use lab::{Action, Reason};
use libtest_mimic::Failed;

use crate::trial::{LIMIT, Outcome, Run};
use crate::world::World;

/// Runs a program that must crash, and checks what every report has to hold.
fn crash(world: &World, program: &'static str, cause: &str) -> Result<Outcome, Failed> {
    let outcome = Run::new(program).to_end(&*world.lab()?)?;
    outcome.must_end(Reason::Crash)?;
    outcome.must_contain("==== voxoz crashed ====")?;
    outcome.must_contain(&format!("cause: {cause}"))?;
    for part in
        ["registers:", "  rax ", "backtrace:", "build: voxoz ", "build id ", "==== end of report ===="]
    {
        outcome.must_contain(part)?;
    }
    outcome.must_contain(&format!("command line: test={program}"))?;
    // The outermost frames of every program.
    outcome.must_contain(" test_guest::main + ")?;
    Ok(outcome)
}

pub fn panic(world: &World) -> Result<(), Failed> {
    let outcome = crash(world, "panic", "panicked at tests/guest/src/crash.rs")?;
    outcome.must_contain("the number is 7")?;
    outcome.must_contain(" test_guest::crash::second_caller + ")?;
    outcome.must_contain(" test_guest::crash::first_caller + ")
}

/// A report that crashes itself says so; neither is lost.
pub fn panic_in_report(world: &World) -> Result<(), Failed> {
    let outcome = Run::new("panic-in-report").to_end(&*world.lab()?)?;
    outcome.must_end(Reason::Crash)?;
    outcome.must_contain("==== voxoz crashed ====\ncause: panicked at tests/guest/src/crash.rs")?;
    outcome.must_contain("==== voxoz crashed in its report, at 0x")?;
    outcome.must_contain("this cannot be said twice")
}

pub fn null_read(world: &World) -> Result<(), Failed> {
    let cause = "page fault: read at 0x0000000000000010, a null pointer, or near one: not mapped";
    crash(world, "read-null", cause)?.must_contain(" test_guest::crash::read_null + ")
}

pub fn write_to_text(world: &World) -> Result<(), Failed> {
    let outcome = crash(world, "write-text", "page fault: write at ")?;
    outcome.must_contain(", the kernel's text: not allowed")?;
    outcome.must_contain(" test_guest::crash::write_text + ")
}

pub fn write_to_constants(world: &World) -> Result<(), Failed> {
    let outcome = crash(world, "write-constants", "page fault: write at ")?;
    outcome.must_contain(", the kernel's constants: not allowed")
}

pub fn jump_into_data(world: &World) -> Result<(), Failed> {
    let outcome = crash(world, "execute-data", "page fault: execute at ")?;
    outcome.must_contain(", the domain's memory: not allowed")?;
    outcome.must_contain(" test_guest::crash::call + ")
}

pub fn jump_into_heap(world: &World) -> Result<(), Failed> {
    let outcome = crash(world, "execute-heap", "page fault: execute at ")?;
    outcome.must_contain(", the kernel's heap: not allowed")?;
    outcome.must_contain(" test_guest::crash::execute_heap + ")
}

/// Xen cannot deliver an exception when there is no stack for it, so it ends the domain itself, without a report.
pub fn stack_overflow(world: &World) -> Result<(), Failed> {
    let outcome = Run::new("overflow-stack").to_end(&*world.lab()?)?;
    outcome.must_end(Reason::Crash)?;
    outcome.must_be_said_by_xen("domain_crash_sync called from entry.S")
}

/// `on_crash` of the domain's configuration applies: here the domain stays, to be looked at.
pub fn preserve(world: &World) -> Result<(), Failed> {
    let lab = world.lab()?;
    let mut spec = Run::new("panic").spec();
    spec.on_crash = Action::Preserve;
    let guest = lab.create(&spec)?;
    let end = guest.wait_end(LIMIT)?;
    let domain = lab.list()?.into_iter().find(|domain| domain.name == "panic");
    let state = domain.map(|domain| domain.state).unwrap_or_default();
    guest.destroy()?;
    if end.reason != Reason::Crash || !state.contains('c') {
        return Err(format!("the domain ended by {} and is in state {state:?}", end.reason).into());
    }
    Ok(())
}
