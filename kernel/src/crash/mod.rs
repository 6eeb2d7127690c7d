// SPDX-License-Identifier: Apache-2.0
//! The end of a kernel that cannot go on: a report on the console, and a domain that the toolstack sees as crashed.
//!
//! Where memory cannot be had, the virtual machine has the first word ([`last_words`]), as it has where a heap cannot grow. Otherwise
//! the report uses nothing that may be broken or in use at that moment: no heap, no buffers, and the console only through
//! [`Emergency`]. A crash within the report gets a line of its own, one within that line ends the domain at once.

mod backtrace;
mod exhaustion;
pub mod fault;
pub mod registers;

use core::fmt::{self, Write};
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicU8, Ordering};

use beam_vm::last_words::{self, Exhausted};
use drivers::memory::VirtAddr;

use self::fault::Fault;
use self::registers::Registers;
use crate::console::emergency::Emergency;
use crate::memory::PAGE_SIZE;
use crate::memory::lazy::Touch;
use crate::power::{self, End};
use crate::program::{self, Program};
use crate::{arguments, memory, traps};

/// How many reports have begun.
static REPORTS: AtomicU8 = AtomicU8::new(0);

/// Ends the domain after a panic. One because of memory that cannot be had is the end of the virtual machine first, if there is one: it
/// tells what it was doing and leaves its dump.
pub fn panicked(info: &PanicInfo<'_>) -> ! {
    if let Some(bytes) = exhaustion::bytes(&info.message()) {
        last_words::say(Exhausted::Other(bytes));
    }
    let registers = traps::capture();
    report(&format_args!("{info}"), &registers, None)
}

/// Ends the domain after an exception; for a page fault, `address` is what could not be used, and `touched` what has come of the try to put
/// a page there. Where there was no memory for it, the virtual machine has the first word here, too: its code is in such pages.
pub fn trapped(registers: &Registers, address: Option<VirtAddr>, touched: Touch) -> ! {
    let program = program::current();
    let fault = Fault {
        vector: registers.vector,
        error_code: registers.error_code,
        address,
        program: program.as_ref(),
    };
    // A call to an address that is no code has pushed its return address and nothing else.
    let caller = if fault.is_fetch() {
        program.as_ref().and_then(|program| traps::top_of_stack(registers, program))
    } else {
        None
    };
    match touched {
        Touch::NoMemory => {
            last_words::say(Exhausted::Other(PAGE_SIZE as u128));
            report(&"out of memory: no frame is free for a page of a large block", registers, caller)
        }
        Touch::Done | Touch::NotOurs => report(&fault, registers, caller),
    }
}

fn report(cause: &dyn fmt::Display, registers: &Registers, caller: Option<VirtAddr>) -> ! {
    let begun = REPORTS.fetch_add(1, Ordering::Relaxed);
    if begun < 2
        && let Some(mut console) = Emergency::take()
    {
        // Writing to the console does not fail.
        let _ = match begun {
            0 => write_report(&mut console, cause, registers, caller),
            _ => write_again(&mut console, cause, registers),
        };
        console.drain();
    }
    power::end(End::Crash)
}

/// The one line of a crash within the report: without it the first report would end in the middle, or not be seen at all.
fn write_again(console: &mut Emergency, cause: &dyn fmt::Display, registers: &Registers) -> fmt::Result {
    writeln!(console, "\n==== voxoz crashed in its report, at {:#x} ====", registers.rip)?;
    writeln!(console, "cause: {cause}")
}

fn write_report(
    console: &mut Emergency,
    cause: &dyn fmt::Display,
    registers: &Registers,
    caller: Option<VirtAddr>,
) -> fmt::Result {
    let program = program::current();
    writeln!(console, "\n==== voxoz crashed ====")?;
    writeln!(console, "cause: {cause}")?;
    writeln!(console, "registers:{registers}")?;
    writeln!(console, "backtrace:")?;
    if let Some(program) = &program {
        write_frame(console, program, VirtAddr(registers.rip as usize))?;
        let stack = program.stack_at(VirtAddr(registers.rsp as usize)).unwrap_or(program.stack.range());
        if program.fibers.iter().any(|fiber| stack == fiber.range()) {
            writeln!(console, "  (on a stack of operations on files)")?;
        }
        let callers = backtrace::walk(registers.rbp, stack);
        for address in caller.into_iter().chain(callers) {
            // The call itself is before the address to which it returns.
            write_frame(console, program, VirtAddr(address.0 - 1))?;
        }
    }
    if let Some(memory) = memory::statistics() {
        writeln!(console, "{memory}")?;
    }
    writeln!(console, "command line: {}", arguments::command_line())?;
    if let Some(program) = &program {
        writeln!(console, "build: {program}")?;
    }
    writeln!(console, "==== end of report ====")
}

fn write_frame(console: &mut Emergency, program: &Program, address: VirtAddr) -> fmt::Result {
    match program.symbol(address) {
        Some(symbol) => writeln!(console, "  {address} {} + {:#x}", symbol.name, symbol.offset),
        None => writeln!(console, "  {address}"),
    }
}
