// SPDX-License-Identifier: Apache-2.0
//! Puts an exception into words: AMD64 Architecture Programmer's Manual, volume 2, chapter 8.

use core::fmt;

use drivers::memory::VirtAddr;

use crate::memory::layout::{
    AREA_BASE, AREA_LIMIT, CODE_BASE, CODE_LIMIT, DIRECT_MAP_BASE, DIRECT_MAP_LIMIT, FIXED_BASE, HEAP_BASE,
    HEAP_LIMIT, LAZY_BASE, LAZY_LIMIT,
};
use crate::program::Program;

/// The number of the page fault.
pub const PAGE_FAULT: u64 = 14;

const PRESENT: u64 = 1 << 0;
const WRITE: u64 = 1 << 1;
const FETCH: u64 = 1 << 4;

/// Exceptions that a guest can meet: number and name. The others are reserved or Xen's own.
const NAMES: &[(u64, &str)] = &[
    (0, "division by zero"),
    (1, "debug exception"),
    (3, "breakpoint"),
    (4, "overflow"),
    (5, "bound range exceeded"),
    (6, "invalid instruction"),
    (7, "FPU not available"),
    (10, "invalid task state"),
    (11, "segment not present"),
    (12, "stack segment fault"),
    (13, "general protection fault"),
    (PAGE_FAULT, "page fault"),
    (16, "x87 floating-point error"),
    (17, "misaligned access"),
    (18, "machine check"),
    (19, "SIMD floating-point error"),
    (21, "control protection fault"),
];

/// The exceptions for which a handler is installed.
pub fn vectors() -> impl Iterator<Item = u8> {
    NAMES.iter().map(|(vector, _)| *vector as u8)
}

/// What an exception says.
pub struct Fault<'a> {
    /// Its number.
    pub vector: u64,
    /// Its error code.
    pub error_code: u64,
    /// For a page fault, the address that could not be used.
    pub address: Option<VirtAddr>,
    /// The running program, to say what lies where.
    pub program: Option<&'a Program>,
}

impl Fault<'_> {
    /// Whether an instruction could not be fetched, so that rip is the address of no code.
    pub fn is_fetch(&self) -> bool {
        self.vector == PAGE_FAULT && self.error_code & FETCH != 0
    }

    /// What lies at `address`.
    fn place(&self, address: VirtAddr) -> &'static str {
        if let Some(program) = self.program {
            if program.text.contains(&address) {
                return "the kernel's text";
            }
            if program.rodata.contains(&address) || program.image_pages().contains(&address) {
                return "the kernel's constants";
            }
            let of_files =
                ("a stack of operations on files", "the guard page below a stack of operations on files");
            let [first, second] = program.fibers.map(|fiber| (fiber, of_files.0, of_files.1));
            let stacks = [
                (program.stack, "the kernel's stack", "the guard page below the kernel's stack"),
                first,
                second,
            ];
            for (stack, name, guard) in stacks {
                if stack.range().contains(&address) {
                    return name;
                }
                if (stack.guard..stack.range().start).contains(&address) {
                    return guard;
                }
            }
        }
        match address.0 {
            0..FIXED_BASE => "a null pointer, or near one",
            FIXED_BASE..DIRECT_MAP_BASE => "memory shared with Xen",
            CODE_BASE..CODE_LIMIT => "the machine code of modules",
            DIRECT_MAP_BASE..DIRECT_MAP_LIMIT => "the domain's memory",
            HEAP_BASE..HEAP_LIMIT => "the kernel's heap",
            LAZY_BASE..LAZY_LIMIT => "a large block",
            AREA_BASE..AREA_LIMIT => "the areas of the VM",
            _ => "no memory of the guest",
        }
    }
}

impl fmt::Display for Fault<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMES.iter().find(|(vector, _)| *vector == self.vector) {
            Some((_, name)) => write!(f, "{name}")?,
            None => write!(f, "exception {}", self.vector)?,
        }
        if self.vector != PAGE_FAULT {
            return write!(f, " (error code {:#x})", self.error_code);
        }
        let access = match self.error_code {
            code if code & FETCH != 0 => "execute",
            code if code & WRITE != 0 => "write",
            _ => "read",
        };
        let why = if self.error_code & PRESENT != 0 { "not allowed" } else { "not mapped" };
        match self.address {
            Some(address) => write!(f, ": {access} at {address}, {}: {why}", self.place(address)),
            None => write!(f, ": {access}, {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::Stack;
    use std::string::ToString;

    fn program() -> Program {
        Program {
            text: VirtAddr(0x10_0000)..VirtAddr(0x14_0000),
            rodata: VirtAddr(0x14_0000)..VirtAddr(0x15_0000),
            stack: Stack { guard: VirtAddr(0x16_0000), top: VirtAddr(0x1a_0000) },
            fibers: [Stack { guard: VirtAddr(0x1a_0000), top: VirtAddr(0x1b_0000) }; 2],
            image: &[],
            build_id: &[],
        }
    }

    fn page_fault(error_code: u64, address: usize) -> std::string::String {
        let program = program();
        let address = Some(VirtAddr(address));
        Fault { vector: PAGE_FAULT, error_code, address, program: Some(&program) }.to_string()
    }

    #[test]
    fn page_faults_say_what_was_tried_and_where() {
        let cases = [
            (0, 8, "page fault: read at 0x0000000000000008, a null pointer, or near one: not mapped"),
            (3, 0x10_0010, "page fault: write at 0x0000000000100010, the kernel's text: not allowed"),
            (3, 0x14_0010, "page fault: write at 0x0000000000140010, the kernel's constants: not allowed"),
            (0x15, 0x17_0000, "page fault: execute at 0x0000000000170000, the kernel's stack: not allowed"),
            (
                2,
                0x16_0ff8,
                "page fault: write at 0x0000000000160ff8, the guard page below the kernel's stack: not mapped",
            ),
        ];
        for (error_code, address, text) in cases {
            assert_eq!(page_fault(error_code, address), text);
        }
    }

    #[test]
    fn other_exceptions_have_their_names() {
        let fault = |vector| Fault { vector, error_code: 0, address: None, program: None }.to_string();
        assert_eq!(fault(6), "invalid instruction (error code 0x0)");
        assert_eq!(fault(15), "exception 15 (error code 0x0)");
    }
}
