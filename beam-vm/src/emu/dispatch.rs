// SPDX-License-Identifier: Apache-2.0
//! How one instruction leads to the next.
//!
//! The main form is a tail call: each handler ends in a call of the next one with the same signature, which optimised code makes a
//! jump. Nothing guarantees it on stable Rust, so `cargo xtask ci` looks at the machine code. What cannot jump returns to the loop in [`enter`]
//! ([`resume`]), as unoptimised builds always do.
//! Both come from the same bodies: what differs is [`go`].
//!
//! In the main form the low half of an instruction's first word is the address of its handler, so programs are linked at fixed addresses
//! below 4 GiB; in the other it is the handler's number.
#![expect(unsafe_code, reason = "instructions are words in memory, and registers are addresses")]

use super::machine::Machine;

/// Does one instruction: where it is, top of the heap, top of the stack, the machine, and reductions that are left.
pub type Handler = unsafe extern "sysv64" fn(*const u64, *mut u64, *mut u64, *mut Machine, isize);

/// The registers of the virtual machine while an instruction is done. Handlers keep it in the processor's registers, which holds as long
/// as its address is given to nothing that is not inlined.
#[derive(Clone, Copy)]
pub struct State {
    /// The instruction.
    pub ip: *const u64,
    /// The top of the heap.
    pub hp: *mut u64,
    /// The top of the stack: the newest frame.
    pub sp: *mut u64,
    /// The machine; the X registers are at its beginning.
    pub m: *mut Machine,
    /// Reductions that are left.
    pub fcalls: isize,
}

/// Goes on with the instruction at `s.ip`.
///
/// # Safety
/// There has to be an instruction, and the registers have to be what it expects.
#[inline(always)]
#[cfg(voxoz_tail_calls)]
pub unsafe fn go(s: State) {
    // SAFETY: every first word of an instruction has the address of a handler in its low half.
    unsafe {
        let address = s.ip.cast::<u32>().read() as usize;
        let handler = core::mem::transmute::<usize, Handler>(address);
        handler(s.ip, s.hp, s.sp, s.m, s.fcalls);
    }
}

/// Goes on with the instruction at `s.ip` as if its first word led to `code`.
///
/// # Safety
/// The code is one that the first word of the instruction had.
#[inline(always)]
#[cfg(voxoz_tail_calls)]
unsafe fn go_as(s: State, code: u32) {
    // SAFETY: such a code is the address of a handler.
    unsafe {
        let handler = core::mem::transmute::<usize, Handler>(code as usize);
        handler(s.ip, s.hp, s.sp, s.m, s.fcalls);
    }
}

/// Goes on with the instruction at `s.ip` as if its first word led to `code`.
///
/// # Safety
/// The code is one that the first word of the instruction had.
#[inline(always)]
#[cfg(not(voxoz_tail_calls))]
unsafe fn go_as(s: State, code: u32) {
    // SAFETY: such a code is the number of a handler.
    unsafe { (super::table::SPECIFICS[code as usize].handler)(s.ip, s.hp, s.sp, s.m, s.fcalls) };
}

/// Makes the loop go on with the instruction at `s.ip`.
///
/// # Safety
/// There has to be an instruction, and the registers have to be what it expects.
#[inline(always)]
#[cfg(not(voxoz_tail_calls))]
pub unsafe fn go(s: State) {
    // SAFETY: as the caller promises.
    unsafe { resume(s) };
}

/// Makes [`enter`] go on with the instruction at `s.ip`, once all have returned to it. A function that gets the registers in any other way
/// than a handler does ends in this and not in [`go`]: its caller cannot jump to it, and what it called would never return.
///
/// # Safety
/// There has to be an instruction, and the registers have to be what it expects.
#[inline(always)]
pub unsafe fn resume(s: State) {
    // SAFETY: the machine is there while its instructions are done.
    unsafe { (*s.m).store(s) };
}

/// Makes [`enter`] go on with the instruction at `s.ip` as if its first word led to `code`: for a breakpoint, which stands there.
///
/// # Safety
/// As for [`resume`], and the code is one that the first word of the instruction had.
#[inline(always)]
pub unsafe fn resume_as(s: State, code: u32) {
    // SAFETY: the machine is there while its instructions are done.
    unsafe {
        (*s.m).goes_on_as = Some(code);
        resume(s);
    }
}

/// What the low half of an instruction's first word is for a handler.
#[cfg(voxoz_tail_calls)]
#[must_use]
pub fn code_of(handler: Handler, _number: u32) -> u32 {
    let address = handler as usize;
    u32::try_from(address).expect("the program is linked at fixed addresses below 4 GiB")
}

/// What the low half of an instruction's first word is for a handler.
#[cfg(not(voxoz_tail_calls))]
#[must_use]
pub fn code_of(_handler: Handler, number: u32) -> u32 {
    number
}

/// Does instructions until one stops the machine.
///
/// # Safety
/// The machine's stored state has to be one that an instruction left or that a process begins with.
#[cfg(voxoz_tail_calls)]
pub unsafe fn enter(machine: &mut Machine) {
    machine.stop = None;
    while machine.stop.is_none() {
        let state = machine.load();
        let code = machine.goes_on_as.take();
        // SAFETY: as the caller promises, and what returns has stored a state or stopped the machine.
        unsafe {
            match code {
                Some(code) => go_as(state, code),
                None => go(state),
            }
        }
    }
}

/// Does instructions until one stops the machine.
///
/// # Safety
/// The machine's stored state has to be one that an instruction left or that a process begins with.
#[cfg(not(voxoz_tail_calls))]
pub unsafe fn enter(machine: &mut Machine) {
    machine.stop = None;
    while machine.stop.is_none() {
        let s = machine.load();
        let code = machine.goes_on_as.take();
        // SAFETY: every first word of an instruction has the number of a handler in its low half, and so has a code in its place.
        unsafe { go_as(s, code.unwrap_or_else(|| s.ip.cast::<u32>().read())) };
    }
}

/// Declares the handlers of a file. `s` is the [`State`], `op` the instruction as it is laid out in memory.
macro_rules! handlers {
    ($(
        $(#[$about:meta])*
        fn $name:ident $(<$($kind:ident: $bound:path),*>)? ($s:ident, $op:ident: $layout:ty) $body:block
    )*) => {$(
        $(#[$about])*
        pub(in crate::emu) unsafe extern "sysv64" fn $name $(<$($kind: $bound),*>)? (
            ip: *const u64,
            hp: *mut u64,
            sp: *mut u64,
            m: *mut $crate::emu::Machine,
            fcalls: isize,
        ) {
            let mut $s = $crate::emu::dispatch::State { ip, hp, sp, m, fcalls };
            let _ = &mut $s;
            // SAFETY: the assembler has written an instruction of this layout here, the loader has checked its operands, and the
            // registers are those of the process that runs.
            unsafe {
                let $op = &*ip.cast::<$layout>();
                let _ = $op;
                $body
            }
        }
    )*};
}

/// Goes on with the instruction after this one.
macro_rules! next {
    ($s:ident, $op:ident) => {{
        $s.ip = $s.ip.add(size_of_val($op) / 8);
        return $crate::emu::dispatch::go($s);
    }};
}

/// Goes on elsewhere: `offset` words from this instruction.
macro_rules! jump {
    ($s:ident, $offset:expr) => {{
        $s.ip = $s.ip.offset($offset as isize);
        return $crate::emu::dispatch::go($s);
    }};
}

/// Goes on with a function of the same signature that is rarely needed, which does the rest of the instruction.
macro_rules! slow {
    ($s:ident, $function:expr) => {
        return $function($s.ip, $s.hp, $s.sp, $s.m, $s.fcalls)
    };
}

pub(super) use {handlers, jump, next, slow};
