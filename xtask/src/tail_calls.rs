// SPDX-License-Identifier: Apache-2.0
//! Looks at the machine code of the virtual machine's instructions: `beam-vm/src/emu/dispatch.rs` needs each to end in a jump to the
//! next, and nothing in the language promises it.
//!
//! A function *goes on* when it jumps to a handler whose address it has loaded from an instruction or was given, or to a function that goes
//! on. Nobody but the loop may call one: each such call would stay on the native stack until the process stops. And the handlers that run
//! most may not save registers or call at all.

mod code;
mod flow;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use code::{Function, Functions};

use crate::build::{KERNEL, Profile};
use crate::context::Context;
use crate::failure::{During, Failure};
use crate::{packages, process};

/// Whose functions are looked at: handlers, and all that knows what a handler is.
const ROOM: &str = "beam_vm::emu::";

/// Where handlers are.
const HANDLERS: &str = "beam_vm::emu::handlers::";

/// Functions that may call what could be a handler, and why.
const CALLERS: &[(&str, &str)] = &[
    ("beam_vm::emu::dispatch::enter", "is the loop"),
    ("beam_vm::emu::run::run", "has the loop in it"),
    ("beam_vm::emu::invoke::operation", "is given what does an operator, which returns"),
];

/// The modules whose handlers run most.
const HOT: &[&str] = &["arithmetic", "calls", "compare", "data", "floats", "frames", "select", "types"];

/// How the names of slow paths end.
const SLOW: &[&str] = &["_rest", "_floats"];

/// Handlers among them that may save registers or call, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("data::get_list", "the general form has three registers of either kind"),
    ("data::get_tuple_element2", "the general form has three registers of either kind"),
    ("data::get_tuple_element3", "the general form has four registers of either kind"),
    ("data::init_yregs", "a loop over a list"),
    ("data::put_tuple2", "a loop over a list"),
    ("data::set_tuple_element", "checks what the loader cannot"),
    ("data::swap", "registers of either kind"),
    ("data::update_record", "copies any number of words"),
    ("arithmetic::increment_failed", "raises"),
    ("arithmetic::operator_failed", "raises"),
    ("floats::not_finite", "raises"),
    ("frames::allocate_heap_zero", "a loop, only in code of old compilers"),
    ("frames::allocate_zero", "a loop, only in code of old compilers"),
    ("select::select_tuple_arity", "a search"),
    ("select::select_val", "a search"),
    ("types::is_binary", "a binary may be part of another"),
    ("types::is_function2", "two operands of any kind"),
];

/// Carries out the check on the host's build and on the kernel's, which have the same handlers and are compiled with other flags.
pub fn run(context: &Context) -> Result<(), Failure> {
    packages::ensure(context, packages::BINUTILS)?;
    process::run(context.cargo().args(["build", "--quiet", "--release", "--package", "voxoz"]))?;
    let program = context.target().join("release/voxoz");
    check(&program, &disassemble(&program)?)?;
    KERNEL.build(context, Profile::Release)?;
    let program = KERNEL.linked(context, Profile::Release);
    let text = disassemble(&program)?;
    check(&program, &text)?;
    check_red_zone(&text)
}

fn disassemble(program: &Path) -> Result<String, Failure> {
    let mut objdump = Command::new("objdump");
    process::output(objdump.args(["--disassemble", "--demangle", "--no-show-raw-insn"]).arg(program))
}

/// The kernel is compiled without a red zone, the prebuilt `core` is not. A page fault that the kernel returns from would overwrite what a
/// function keeps below the stack pointer, so nothing that is linked may.
fn check_red_zone(text: &str) -> Result<(), Failure> {
    let Some(line) = text.lines().position(is_below_stack_pointer) else {
        println!("the kernel has nothing below its stack pointer");
        return Ok(());
    };
    let lines: Vec<&str> = text.lines().take(line + 1).collect();
    let function = lines.iter().rev().find(|line| line.ends_with(">:")).unwrap_or(&"");
    Err(Failure::new(
        "the kernel keeps something below its stack pointer",
        format!("{function}\n{}", lines[line]),
    )
    .help("kernel/src/traps.rs says why it must not; an own function in place of that of `core` helps"))
}

fn is_below_stack_pointer(line: &str) -> bool {
    let Some((before, _)) = line.split_once("(%rsp)") else { return false };
    before.trim_end_matches(|digit: char| digit.is_ascii_hexdigit()).ends_with("-0x")
}

fn check(program: &Path, text: &str) -> Result<(), Failure> {
    let during = || format!("cannot look at the machine code of {}", program.display());
    let bytes = std::fs::read(program).during(during)?;
    let functions = code::parse(text, &bytes, |name| name.starts_with(ROOM));
    if functions.len() < 100 {
        return Err(Failure::new(during(), format!("it has only {} of the functions", functions.len())));
    }
    let findings = findings(&functions);
    if findings.is_empty() {
        println!("{} functions of the emulator end in jumps", functions.len());
        return Ok(());
    }
    Err(Failure::new("the compiler has not made all jumps", findings.join("\n"))
        .help("beam-vm/src/emu/dispatch.rs says what keeps a call from being a jump"))
}

fn findings(functions: &Functions) -> Vec<String> {
    let going = goes_on(functions);
    let mut findings = BTreeSet::new();
    for (address, function) in functions {
        let may_call = CALLERS.iter().any(|(caller, _)| *caller == function.name);
        let others = function.calls.iter().filter(|called| *called != address && !may_call);
        for called in others.filter(|called| going.contains(called)) {
            findings.insert(format!("{} calls {}, which goes on", function.name, functions[called].name));
        }
        for place in function.calls_next.iter().filter(|_| !may_call) {
            findings.insert(format!("{} calls the next instruction at {place:x}", function.name));
        }
        if is_hot(&function.name) && function.saves {
            findings.insert(format!("{} saves registers or calls", function.name));
        }
    }
    findings.into_iter().collect()
}

fn is_hot(name: &str) -> bool {
    let Some(handler) = name.strip_prefix(HANDLERS) else { return false };
    let is_exception = EXCEPTIONS.iter().any(|(exception, _)| *exception == handler);
    let hot = HOT.iter().any(|module| handler.split("::").next() == Some(module));
    let is_slow = SLOW.iter().any(|end| handler.ends_with(end));
    hot && !is_slow && !is_exception
}

/// The functions that go on.
fn goes_on(functions: &BTreeMap<u64, Function>) -> BTreeSet<u64> {
    let mut going: BTreeSet<u64> =
        functions.iter().filter(|(_, function)| function.dispatches).map(|(address, _)| *address).collect();
    loop {
        let more: Vec<u64> = functions
            .iter()
            .filter(|(address, function)| {
                !going.contains(address)
                    && function.jumps.iter().chain(&function.calls).any(|to| going.contains(to))
            })
            .map(|(address, _)| *address)
            .collect();
        if more.is_empty() {
            return going;
        }
        going.extend(more);
    }
}

#[cfg(test)]
mod tests {
    use super::{check_red_zone, code, findings};

    /// A handler that dispatches, one that jumps to it, one that calls it, and a helper that uses a jump table.
    const TEXT: &str = "
0000000000001000 <beam_vm::emu::handlers::data::mov>:
    1000:\tmovzwl 0x4(%rdi),%eax
    1004:\tmov    0x8(%rdi),%r9d
    1008:\tjmp    *%r9

0000000000002000 <beam_vm::emu::call::enter>:
    2000:\tjmp    1000 <beam_vm::emu::handlers::data::mov>

0000000000003000 <beam_vm::emu::call::apply>:
    3000:\tpush   %rbx
    3001:\tcall   2000 <beam_vm::emu::call::enter>
    3006:\tret

0000000000004000 <beam_vm::emu::exception::kind>:
    4000:\tmovslq (%rcx,%rax,4),%rax
    4004:\tadd    %rcx,%rax
    4007:\tjmp    *%rax

0000000000005000 <beam_vm::emu::handlers::data::get_hd>:
    5000:\tpush   %rbx
    5001:\tcall   4000 <beam_vm::emu::exception::kind>
    5006:\tjmp    *%rax

0000000000006000 <beam_vm::emu::handlers::receive::send>:
    6000:\tmov    (%rdi),%eax
    6002:\tcall   *%rax
    6004:\tret
";

    #[test]
    fn calls_of_what_goes_on_are_found() {
        let functions = code::parse(TEXT, &[], |_| true);
        let expected = [
            "beam_vm::emu::call::apply calls beam_vm::emu::call::enter, which goes on",
            "beam_vm::emu::handlers::data::get_hd saves registers or calls",
            "beam_vm::emu::handlers::receive::send calls the next instruction at 6002",
        ];
        assert_eq!(findings(&functions), expected);
    }

    /// What a function does with the address that is its second argument, and whether that is the call of a handler.
    const CALLS: &[(&str, &[&str])] = &[
        ("as half a word", &["mov    %esi,%eax", "call   *%rax"]),
        ("as a word", &["call   *%rsi"]),
        ("later", &["push   %r14", "mov    %esi,%r14d", "call   9000 <f>", "call   *%r14"]),
        (
            "from the stack",
            &[
                "sub    $0x18,%rsp",
                "mov    %esi,0x8(%rsp)",
                "push   %rbx",
                "call   9000 <f>",
                "mov    0x10(%rsp),%ecx",
                "call   *%rcx",
            ],
        ),
        ("from the stack at once", &["sub    $0x18,%rsp", "mov    %rsi,0x8(%rsp)", "call   *0x8(%rsp)"]),
        (
            "on one of two ways",
            &[
                "mov    0x10(%rdi),%rax",
                "test   %rdx,%rdx",
                "je     1018 <f+0x18>",
                "mov    %esi,%eax",
                "nop",
                "nop",
                "call   *%rax",
            ],
        ),
        (
            "behind a table",
            &[
                "mov    %esi,%r14d",
                "movslq (%rcx,%rdx,4),%rax",
                "add    %rcx,%rax",
                "jmp    *%rax",
                "call   *%r14",
            ],
        ),
    ];

    /// Calls of what is no handler.
    const OTHERS: &[(&str, &[&str])] = &[
        ("a method", &["mov    0x18(%rsi),%rax", "call   *%rax"]),
        ("a method at once", &["call   *0x18(%rsi)"]),
        ("what a call gave", &["call   9000 <f>", "call   *%rax"]),
        ("what is known", &["mov    $0x4000,%eax", "call   *%rax"]),
        (
            "what was kept of it",
            &["push   %rbx", "mov    0x20(%rdi),%rbx", "call   9000 <f>", "call   *%rbx"],
        ),
        ("what replaced it", &["mov    %esi,%eax", "lea    (%rax,%rdx,1),%rax", "call   *%rax"]),
    ];

    fn finds_a_call(function: &str, lines: &[&str]) -> bool {
        let mut text = format!("0000000000001000 <{function}>:\n");
        for (index, line) in lines.iter().enumerate() {
            text += &format!("    {:x}:\t{line}\n", 0x1000 + 4 * index);
        }
        let findings = findings(&code::parse(&text, &[], |_| true));
        findings.iter().any(|finding| finding.contains(" calls the next instruction at "))
    }

    #[test]
    fn calls_of_a_handler_that_was_given_are_found() {
        for (what, lines) in CALLS {
            assert!(finds_a_call("beam_vm::emu::trace::breakpoint", lines), "{what}");
        }
        for (what, lines) in OTHERS {
            assert!(!finds_a_call("beam_vm::emu::trace::breakpoint", lines), "{what}");
        }
    }

    #[test]
    fn the_loop_may_call_handlers() {
        assert!(!finds_a_call("beam_vm::emu::run::run", CALLS[0].1));
    }

    #[test]
    fn what_lies_below_the_stack_pointer_is_found() {
        assert!(check_red_zone(TEXT).is_ok());
        let above =
            "0000000000001000 <f>:\n    1000:\tmov    %rax,0x8(%rsp)\n    1004:\tmov -0x8(%rbp),%rax\n";
        assert!(check_red_zone(above).is_ok());
        let below = format!("{above}0000000000002000 <g>:\n    2000:\tmov    %rax,-0x10(%rsp)\n");
        let failure = check_red_zone(&below).unwrap_err().to_string();
        assert!(failure.contains("<g>:") && failure.contains("-0x10(%rsp)"), "{failure}");
    }
}
