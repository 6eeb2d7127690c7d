// SPDX-License-Identifier: Apache-2.0
//! Sending and receiving.
#![expect(unsafe_code, reason = "handlers work on registers and heap words")]

use crate::atom::predefined;
use crate::bif::messages::By;
use crate::bif::trace::{From, received};
use crate::bif::{Context, Raise, messages};
use crate::emu::Machine;
use crate::emu::call::slow_paths;
use crate::emu::dispatch::{State, go, handlers, jump, next, resume, slow};
use crate::emu::exception;
use crate::emu::invoke;
use crate::emu::operand::{D, Dest, I0, I1, I2, L, S, Source};
use crate::emu::run::Stop;
use crate::process::{MarkerId, RefNumbers, SavedCall};
use crate::term::{REF_NUMBERS_MAX, Term, View};

handlers! {
    /// `send`: x1 to x0.
    fn send(s, op: I0) {
        s.process();
        let sent = send_message(s.m);
        s.reload();
        if sent.is_none() {
            slow!(s, send_failed)
        }
        s.x()[0] = sent;
        s.fcalls -= 3;
        next!(s, op)
    }

    /// `loop_rec Empty Dst`: the next message that this `receive` has not seen.
    fn loop_rec(s, op: I2<L, D>) {
        let process = &*(*s.m).process;
        if let Some(term) = process.mailbox.peek() {
            op.b.set(&s, term);
            next!(s, op)
        }
        jump!(s, op.a.0)
    }

    /// `loop_rec_end Label`: the message is not wanted.
    fn loop_rec_end(s, op: I1<L>) {
        (*(*s.m).process).mailbox.refuse();
        s.fcalls -= 1;
        jump!(s, op.a.0)
    }

    /// `remove_message`
    fn remove_message(s, op: I0) {
        s.process();
        take_message(s.m);
        s.reload();
        crate::emu::call::look_soon(&mut s);
        next!(s, op)
    }

    /// `wait Label`: goes on at the label when there is another message.
    fn wait(s, op: I1<L>) {
        s.ip = s.ip.offset(op.a.0 as isize);
        s.stop(0, Stop::Waiting)
    }

    /// `wait_timeout Label Milliseconds`
    fn wait_timeout(s, op: I2<L, S>) {
        slow!(s, wait_for)
    }

    /// `timeout`: nothing came in time; the next `receive` begins at the first message.
    fn timeout(s, op: I0) {
        if (*(*s.m).vm).tracing.is_used {
            slow!(s, timeout_traced)
        }
        let process = &mut *(*s.m).process;
        process.timed_out = false;
        process.mailbox.restart();
        next!(s, op)
    }

    /// `recv_marker_reserve Dst`: where the mailbox ends before a reference is made.
    fn marker_reserve(s, op: I1<D>) {
        slow!(s, reserve)
    }

    /// `recv_marker_bind Marker Reference`
    fn marker_bind(s, op: I2<S, S>) {
        slow!(s, bind)
    }

    /// `recv_marker_clear Reference`
    fn marker_clear(s, op: I1<S>) {
        slow!(s, clear)
    }

    /// `recv_marker_use Reference`: what was there before the reference was made is not looked at.
    fn marker_use(s, op: I1<S>) {
        slow!(s, use_marker)
    }
}

/// The numbers of a reference that a marker can be for.
fn key(term: Term) -> Option<RefNumbers> {
    let View::Reference(reference) = term.view() else { return None };
    reference.numbers(&mut [0; REF_NUMBERS_MAX]).first_chunk::<3>().copied()
}

slow_paths! {
    /// `send` of what cannot be sent, or to whom nothing can be.
    fn send_failed(s) {
        let (raise, arguments) = ((*s.m).raise, [s.x()[0], s.x()[1]]);
        match raise {
            Raise::Wait => {
                // The arguments are among the roots; the instruction is done again.
                let process = s.process();
                process.ip = s.ip;
                (*s.m).stop = Some(Stop::WaitingInBif);
                return;
            }
            Raise::Ended => {
                s.process();
                (*s.m).stop = Some(Stop::Ended);
                return;
            }
            _ => {}
        }
        match crate::bif::BifIndex::find("erlang", "send", 2) {
            Some(bif) => exception::raise_in_bif(s, raise, bif, &arguments),
            None => exception::raise(s, raise),
        }
    }

    /// See [`timeout`].
    fn timeout_traced(s) {
        let cx = s.context();
        cx.process.timed_out = false;
        cx.process.mailbox.restart();
        cx.process.save_call(SavedCall::Timeout);
        received(cx.vm, cx.process, From::Clock, Term::atom(predefined::TIMEOUT));
        s.reload();
        s.ip = s.ip.add(size_of::<I0>() / 8);
        resume(s)
    }

    /// See [`marker_reserve`].
    fn reserve(s) {
        let op = &*s.ip.cast::<I1<D>>();
        let marker = (*(*s.m).process).mailbox.reserve_marker();
        op.a.set(&s, Term::small_cut(i64::from(marker.0)));
        s.ip = s.ip.add(size_of_val(op) / 8);
        resume(s)
    }

    /// See [`marker_bind`].
    fn bind(s) {
        let op = &*s.ip.cast::<I2<S, S>>();
        if let (Some(marker), Some(key)) = (op.a.get(&s).as_small(), key(op.b.get(&s))) {
            (*(*s.m).process).mailbox.bind_marker(MarkerId(marker as u32), key);
        }
        s.ip = s.ip.add(size_of_val(op) / 8);
        resume(s)
    }

    /// See [`marker_clear`].
    fn clear(s) {
        let op = &*s.ip.cast::<I1<S>>();
        if let Some(key) = key(op.a.get(&s)) {
            (*(*s.m).process).mailbox.clear_marker(key);
        }
        s.ip = s.ip.add(size_of_val(op) / 8);
        resume(s)
    }

    /// See [`marker_use`].
    fn use_marker(s) {
        let op = &*s.ip.cast::<I1<S>>();
        if let Some(key) = key(op.a.get(&s)) {
            (*(*s.m).process).mailbox.use_marker(key);
        }
        s.ip = s.ip.add(size_of_val(op) / 8);
        resume(s)
    }
}

/// Sends what is in x1 to whom is in x0; gives no term if that fails, and why is in the machine.
#[inline(never)]
unsafe fn send_message(m: *mut Machine) -> Term {
    // SAFETY: the registers are a part of the machine that sending does not touch.
    unsafe {
        let (to, message) = ((*m).x[0], (*m).x[1]);
        let mut context = Context { vm: &mut *(*m).vm, process: &mut *(*m).process };
        let result = messages::send_or_wait(&mut context, to, message, By::Instruction, &[to, message]);
        invoke::word(m, result.map(|_| message))
    }
}

/// Takes out the message that the current `receive` has seen last, and its timer.
#[inline(never)]
unsafe fn take_message(m: *mut Machine) {
    // SAFETY: nobody else looks at the process or the machine's other parts.
    unsafe {
        let (vm, process) = (&mut *(*m).vm, &mut *(*m).process);
        if let Some((term, token)) = process.mailbox.receive(&mut vm.nodes, &mut process.heap)
            && vm.tracing.is_used
        {
            if vm.tracing.detours.is_on() {
                process.save_call(SavedCall::Receive);
            }
            if vm.tracing.sequential.is_used {
                vm.take_token(process, term, token);
            }
        }
        process.timed_out = false;
        process.waits_forever = false;
        if let Some(timer) = process.timeout.take() {
            vm.timers.cancel(timer);
        }
    }
}

#[inline(never)]
unsafe extern "sysv64" fn wait_for(
    ip: *const u64,
    hp: *mut u64,
    sp: *mut u64,
    m: *mut Machine,
    fcalls: isize,
) {
    let mut s = State { ip, hp, sp, m, fcalls };
    // SAFETY: as for the handler that has come here.
    unsafe {
        let op = &*ip.cast::<I2<L, S>>();
        let after = op.b.get(&s);
        let context = s.context();
        if context.process.timed_out {
            s.reload();
            s.ip = s.ip.add(size_of_val(op) / 8);
            return go(s);
        }
        let waits = context.process.timeout.is_some() || context.process.waits_forever;
        if !waits && after == Term::atom(predefined::INFINITY) {
            context.process.waits_forever = true;
        } else if !waits {
            let milliseconds = after.as_small().and_then(|value| u32::try_from(value).ok());
            match milliseconds {
                Some(0) => {
                    s.reload();
                    s.ip = s.ip.add(size_of_val(op) / 8);
                    return go(s);
                }
                Some(milliseconds) => {
                    let timer = context.vm.set_timeout(context.process.pid, u64::from(milliseconds));
                    context.process.timeout = Some(timer);
                }
                None => {
                    // The next `receive` begins at the first message.
                    context.process.mailbox.restart();
                    s.reload();
                    return exception::raise(s, Raise::error(predefined::TIMEOUT_VALUE));
                }
            }
        }
        s.reload();
        s.ip = s.ip.offset(op.a.0 as isize);
        s.stop(0, Stop::Waiting)
    }
}
