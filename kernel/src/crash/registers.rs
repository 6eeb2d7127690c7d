// SPDX-License-Identifier: Apache-2.0
//! The registers at a crash, in the order in which the trap entry saves them.

use core::fmt;

/// General registers and the frame that Xen pushes; the layout is known to the assembly in `traps.rs`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
#[expect(missing_docs, reason = "the fields are the registers of their names")]
pub struct Registers {
    pub r15: u64,
    pub r14: u64,
    pub r13: u64,
    pub r12: u64,
    pub rbp: u64,
    pub rbx: u64,
    pub r11: u64,
    pub r10: u64,
    pub r9: u64,
    pub r8: u64,
    pub rax: u64,
    pub rcx: u64,
    pub rdx: u64,
    pub rsi: u64,
    pub rdi: u64,
    /// The exception's number.
    pub vector: u64,
    /// The exception's error code, zero where it has none.
    pub error_code: u64,
    pub rip: u64,
    pub cs: u64,
    pub rflags: u64,
    pub rsp: u64,
    pub ss: u64,
}

impl fmt::Display for Registers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = [
            [("rax", self.rax), ("rbx", self.rbx), ("rcx", self.rcx)],
            [("rdx", self.rdx), ("rsi", self.rsi), ("rdi", self.rdi)],
            [("rbp", self.rbp), ("rsp", self.rsp), ("rip", self.rip)],
            [("r8 ", self.r8), ("r9 ", self.r9), ("r10", self.r10)],
            [("r11", self.r11), ("r12", self.r12), ("r13", self.r13)],
            [("r14", self.r14), ("r15", self.r15), ("flg", self.rflags)],
        ];
        for row in rows {
            writeln!(f)?;
            for (name, value) in row {
                write!(f, "  {name} {value:016x}")?;
            }
        }
        Ok(())
    }
}
