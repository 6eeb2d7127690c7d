// SPDX-License-Identifier: Apache-2.0
//! Work on a stack of its own, which may pause in the middle of what it does: whoever has it done goes on meanwhile, and resumes it later.
//!
//! A switch keeps what a call keeps (System V ABI for AMD64, 3.2.1 and 3.2.3): rbx, rbp, rsp, r12 to r15, the control bits of mxcsr and the x87 control word. All
//! else is lost in any call, and a switch is one to both sides. Nothing runs at the same time, so nothing here is locked.
#![expect(unsafe_code, reason = "switches stacks")]

use alloc::boxed::Box;
use core::arch::naked_asm;
use core::cell::{Cell, UnsafeCell};
use core::ops::Range;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use drivers::memory::VirtAddr;

use crate::time::Instant;

/// Why work has paused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pause {
    /// There is no more of it.
    Idle,
    /// It waits for a device.
    Waits,
    /// It waits for another machine, for which nobody waits at the end.
    Network,
    /// It waits for what other work has taken.
    Taken,
    /// It has gone on for as long as it may at once.
    Breathes,
}

/// How work goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pace {
    /// It pauses when it has to wait, and after this moment.
    Until(Instant),
    /// It does not pause before there is no more of it, unless it waits for another machine or for other work.
    ToTheEnd,
}

/// What both sides know.
struct State {
    /// Where the stack of the side that does not run ends.
    other: Cell<usize>,
    pause: Cell<Pause>,
    pace: Cell<Pace>,
    /// Only used on the fiber's stack.
    work: UnsafeCell<Box<dyn FnMut()>>,
}

/// The fiber that runs.
static CURRENT: AtomicPtr<State> = AtomicPtr::new(ptr::null_mut());

/// A stack with work.
pub struct Fiber(&'static State);

impl Fiber {
    /// A fiber that does this each time it is resumed when it was idle.
    ///
    /// # Safety
    /// The stack has to be writable, aligned to 16 bytes at both ends, large enough for the work, and nobody else's for ever.
    #[must_use]
    pub unsafe fn new(stack: Range<VirtAddr>, work: Box<dyn FnMut()>) -> Self {
        // As the switch leaves a stack, the last first: a return address of 0 and a frame pointer of 0, at which backtraces end; where to go; rbp, rbx,
        // r12 to r15; mxcsr and the x87 control word as the ABI has them at the start of a program.
        const FIRST: [usize; 9] = [0x037f << 32 | 0x1f80, 0, 0, 0, 0, 0, 0, 0, 0];
        let mut first = FIRST;
        first[7] = entered as *const () as usize;
        let end = stack.end.0 - size_of_val(&first);
        // SAFETY: the words are the last of a stack that is writable and nobody's, as the caller promises.
        unsafe { (end as *mut [usize; 9]).write(first) };
        let state = State {
            other: Cell::new(end),
            pause: Cell::new(Pause::Idle),
            pace: Cell::new(Pace::ToTheEnd),
            work: UnsafeCell::new(work),
        };
        Self(Box::leak(Box::new(state)))
    }

    /// Lets the work go on, and tells why it has paused.
    ///
    /// # Panics
    /// On a fiber.
    pub fn resume(&mut self, pace: Pace) -> Pause {
        let state: &State = self.0;
        state.pace.set(pace);
        let before = CURRENT.swap(ptr::from_ref(state).cast_mut(), Ordering::Relaxed);
        assert!(before.is_null(), "a fiber runs on the stack of the kernel");
        // SAFETY: the other stack is the fiber's, as a switch or `new` has left it; it is not in use, since no fiber was running.
        unsafe { switch(&state.other) };
        CURRENT.store(ptr::null_mut(), Ordering::Relaxed);
        state.pause.get()
    }
}

fn current() -> Option<&'static State> {
    // SAFETY: the states of fibers are there for ever, and have no part that is changed but by cells.
    unsafe { CURRENT.load(Ordering::Relaxed).as_ref() }
}

/// Pauses the work that calls. False if it may not, as it is on no fiber or nobody can go on without it.
pub fn pause(why: Pause) -> bool {
    match current() {
        Some(state) if state.pace.get() != Pace::ToTheEnd || matches!(why, Pause::Network | Pause::Taken) => {
            leave(state, why);
            true
        }
        _ => false,
    }
}

/// Whether the work that calls has gone on for as long as it may, if it is on a fiber.
#[must_use]
pub fn is_over(now: impl FnOnce() -> Instant) -> bool {
    match current().map(|state| state.pace.get()) {
        Some(Pace::Until(until)) => now() >= until,
        Some(Pace::ToTheEnd) | None => false,
    }
}

fn leave(state: &State, why: Pause) {
    state.pause.set(why);
    // SAFETY: this runs on the fiber, and the other stack is that of whoever has resumed it, who waits in `resume`.
    unsafe { switch(&state.other) };
}

/// The first function on a fiber's stack.
extern "sysv64" fn entered() -> ! {
    let state = current().expect("a fiber is entered when it is resumed");
    loop {
        // SAFETY: nobody else uses the work, and this does not call itself.
        unsafe { (*state.work.get())() };
        leave(state, Pause::Idle);
    }
}

/// Leaves this stack, whose end is put where the other's is, and goes on there; returns when somebody switches back.
///
/// # Safety
/// The cell holds the end of a stack that a switch has left and nobody has gone back to, or of a new one that looks the same.
#[unsafe(naked)]
unsafe extern "sysv64" fn switch(other: &Cell<usize>) {
    naked_asm!(
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "sub rsp, 8",
        "stmxcsr [rsp]",
        "fnstcw [rsp + 4]",
        "mov rax, [rdi]",
        "mov [rdi], rsp",
        "mov rsp, rax",
        "ldmxcsr [rsp]",
        "fldcw [rsp + 4]",
        "add rsp, 8",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
    )
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use alloc::rc::Rc;
    use core::cell::RefCell;
    use std::sync::Mutex;
    use std::vec;
    use std::vec::Vec;

    const SOON: Pace = Pace::Until(Instant(10));

    /// There is one current fiber in the kernel, so one test at a time has fibers.
    pub static ALONE: Mutex<()> = Mutex::new(());

    /// A stack for a fiber.
    pub fn stack() -> Range<VirtAddr> {
        let stack: &'static mut [u128] = Vec::leak(vec![0; 32 << 10]);
        let stack = stack.as_mut_ptr_range();
        VirtAddr(stack.start as usize)..VirtAddr(stack.end as usize)
    }

    #[test]
    fn work_pauses_and_goes_on() {
        let _alone = ALONE.lock();
        let said = Rc::new(RefCell::new(Vec::new()));
        let of_work = Rc::clone(&said);
        let mut round = 0;
        let work = move || {
            round += 1;
            let half = f64::from(round) / 2.0;
            for step in 0..3 {
                of_work.borrow_mut().push(half * f64::from(step));
                if is_over(|| Instant(20)) {
                    pause(Pause::Breathes);
                }
            }
            assert!(pause(Pause::Waits) || round == 2);
        };
        // SAFETY: the memory is leaked for this.
        let mut fiber = unsafe { Fiber::new(stack(), Box::new(work)) };
        assert!(!pause(Pause::Waits), "this is no fiber");
        let pauses = [Pause::Breathes, Pause::Breathes, Pause::Breathes, Pause::Waits, Pause::Idle];
        for (number, expected) in pauses.into_iter().enumerate() {
            assert_eq!(fiber.resume(SOON), expected, "{number}");
            said.borrow_mut().push(100.0);
        }
        assert_eq!(*said.borrow(), [0.0, 100.0, 0.5, 100.0, 1.0, 100.0, 100.0, 100.0]);
        said.borrow_mut().clear();
        assert_eq!(fiber.resume(Pace::ToTheEnd), Pause::Idle);
        assert_eq!(*said.borrow(), [0.0, 1.0, 2.0]);
    }
}
