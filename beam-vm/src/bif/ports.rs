// SPDX-License-Identifier: Apache-2.0
//! Ports. What is wrong is told as an atom: `erlang.erl` raises the errors. Everything is done at once, so no answer comes as a message.

pub mod info;
pub mod open;

use alloc::vec::Vec;

use super::{BifResult, Context, Raise};
use crate::atom::{Atom, predefined};
use crate::heap::build;
use crate::iodata::Walk;
use crate::port::{PortData, Reach, State};
use crate::process::Parked;
use crate::term::{LocalPid, LocalPort, Term, View};
use crate::trace::Flag;

/// Elements of iodata that are taken in a reduction.
const ELEMENTS: usize = 16;

const BADARG: BifResult = Ok(Term::atom(predefined::BADARG));

impl Context<'_> {
    /// Whom a port can reach while this process calls.
    pub fn reach(&mut self) -> Reach<'_> {
        Reach { vm: self.vm, process: Some(self.process), has_ended: false, traced: None }
    }

    /// Works with a port. If that ends the process that calls, the BIF does not return.
    fn with_port(
        &mut self,
        id: LocalPort,
        work: impl FnOnce(&mut crate::port::Port, &mut Reach<'_>) -> Term,
    ) -> BifResult {
        let mut reach = self.reach();
        let result = reach.with(id, work);
        if reach.has_ended {
            return Err(Raise::Ended);
        }
        Ok(result.unwrap_or(Term::atom(predefined::BADARG)))
    }

    /// The port of an identifier or name, if it can be used.
    fn open_port(&self, term: Term) -> Option<LocalPort> {
        let id = match term.view() {
            View::Port(id) => id,
            View::Atom(name) => *self.vm.ports.names.get(&name)?,
            _ => return None,
        };
        self.vm.ports.get(id).filter(|port| port.state == State::Open).map(|port| port.id)
    }
}

/// Takes all bytes of iodata, some in each time slice.
fn bytes(cx: &mut Context<'_>, data: Term, args: &[Term]) -> Result<Option<Vec<u8>>, Raise> {
    if data.as_bits().is_some_and(|bits| bits.len() < 8) {
        // Less than a byte is nothing, as in stock.
        return Ok(Some(Vec::new()));
    }
    let (mut bytes, mut walk) = match cx.take_parked() {
        Some(Parked::Bytes(bytes, walk)) => (bytes, walk),
        _ => (Vec::new(), Walk::new(data)),
    };
    match cx.work(ELEMENTS, |_, budget| walk.run(budget, &mut |part| bytes.extend_from_slice(part))) {
        Ok(true) => Ok(Some(bytes)),
        Ok(false) => Err(cx.park(Parked::Bytes(bytes, walk), args)),
        Err(_) => Ok(None),
    }
}

/// `erts_internal:port_command/3`
pub fn port_command(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (mut is_forced, mut can_wait) = (false, true);
    let mut rest = args[2];
    while let Some(cell) = rest.as_cons() {
        match cell.head().as_atom() {
            Some(predefined::FORCE) => is_forced = true,
            Some(predefined::NOSUSPEND) => can_wait = false,
            _ => return Ok(Term::atom(predefined::BADOPT)),
        }
        rest = cell.tail();
    }
    if !rest.is_nil() {
        return Ok(Term::atom(predefined::BADOPT));
    }
    let Some(id) = cx.open_port(args[0]) else {
        cx.take_parked();
        return BADARG;
    };
    let Some(port) = cx.vm.ports.get_mut(id) else { return BADARG };
    if is_forced && !port.driver.can_be_forced() {
        return Ok(Term::atom(predefined::NOTSUP));
    }
    if port.is_busy && !is_forced && cx.process.extension().is_none_or(|extension| extension.parked.is_none())
    {
        if !can_wait {
            return Ok(Term::boolean(false));
        }
        port.waiting.push(cx.process.pid);
        cx.vm.tell_busy(cx.process.pid, Term::port(id));
        cx.process.set_arguments(args);
        return Err(Raise::Wait);
    }
    let Some(bytes) = bytes(cx, args[1], args)? else { return BADARG };
    cx.with_port(id, |port, reach| {
        port.command(reach, bytes);
        Term::boolean(true)
    })
}

/// `erts_internal:port_control/3`
pub fn port_control(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let Some(id) = cx.open_port(args[0]) else { return BADARG };
    let Some(operation) = args[1].as_small().and_then(|value| u32::try_from(value).ok()) else {
        return BADARG;
    };
    let Some(bytes) = bytes(cx, args[2], args)? else { return BADARG };
    let mut answer = None;
    let result = cx.with_port(id, |port, reach| {
        reach.trace_receive(&|heap| {
            let data = build::binary(heap, &bytes);
            let data = build::tuple(heap, &[Term::count(operation as usize), data]);
            build::tuple(heap, &[Term::atom(predefined::CONTROL), data])
        });
        answer = port.control(reach, operation, &bytes).ok();
        Term::NIL
    })?;
    match answer {
        Some(bytes) => Ok(build::byte_list(cx.heap(), &bytes)),
        None if result.is_nil() => BADARG,
        None => Ok(result),
    }
}

/// `erts_internal:port_call/3`: none of the drivers has such calls.
pub fn port_call(_: &mut Context<'_>, _: &[Term]) -> BifResult {
    BADARG
}

/// `erts_internal:port_close/1`
pub fn port_close(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let Some(id) = cx.open_port(args[0]) else { return BADARG };
    cx.with_port(id, |port, reach| {
        reach.trace_receive(&|_| Term::atom(predefined::CLOSE));
        port.close(reach, Term::atom(predefined::NORMAL));
        Term::boolean(true)
    })
}

/// `erts_internal:port_connect/2`: the new owner is linked to the port, the old one stays so.
pub fn port_connect(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let Some(id) = cx.open_port(args[0]) else { return BADARG };
    let Some(pid) = args[1].as_pid() else { return BADARG };
    cx.with_port(id, |port, reach| {
        let Some(process) = reach.find(pid) else { return Term::atom(predefined::BADARG) };
        process.links.insert(id);
        port.links.insert(pid);
        port.connected = pid;
        reach.trace_connect(pid);
        reach.trace_connected();
        Term::boolean(true)
    })
}

/// `ports/0`
pub fn ports(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let ports: Vec<Term> = cx.vm.ports.ids().into_iter().map(Term::port).collect();
    cx.bump((ports.len() / 20) as u32);
    Ok(build::list(cx.heap(), &ports))
}

/// `port_set_data/2`
pub fn port_set_data(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let id = cx.open_port(args[0]).ok_or(Raise::BADARG)?;
    let port = cx.vm.ports.get_mut(id).ok_or(Raise::BADARG)?;
    port.data = PortData::of(args[1]);
    Ok(Term::boolean(true))
}

/// `port_get_data/1`
pub fn port_get_data(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let id = cx.open_port(args[0]).ok_or(Raise::BADARG)?;
    let port = cx.vm.ports.get(id).ok_or(Raise::BADARG)?;
    let literals = cx.vm.literals.addresses();
    Ok(crate::copy::copy(port.data.term(), &mut cx.process.heap, &literals))
}

/// `register/2` of a port; gives the cause if that cannot be.
pub(super) fn register(cx: &mut Context<'_>, name: Atom, id: LocalPort) -> Result<(), Atom> {
    let port = cx.vm.ports.get_mut(id).filter(|port| port.state == State::Open).ok_or(predefined::NONE)?;
    if port.registered.is_some() {
        return Err(predefined::REGISTERED_NAME);
    }
    port.registered = Some(name);
    let tracee = port.tracee;
    cx.vm.ports.names.insert(name, id);
    cx.vm.trace_port(id, tracee, Flag::Ports, &[Term::atom(predefined::REGISTER), Term::atom(name)]);
    Ok(())
}

/// `link/1` of a port; gives whether it is there.
pub(super) fn link(cx: &mut Context<'_>, id: LocalPort) -> bool {
    let own = cx.process.pid;
    let Some(port) = cx.vm.ports.get_mut(id).filter(|port| port.state == State::Open) else { return false };
    port.links.insert(own);
    cx.process.links.insert(id);
    let tracee = port.tracee;
    cx.vm.trace_port(id, tracee, Flag::Ports, &[Term::atom(predefined::GETTING_LINKED), Term::pid(own)]);
    true
}

/// `unlink/1` of a port.
pub(super) fn unlink(cx: &mut Context<'_>, id: LocalPort) {
    let own: LocalPid = cx.process.pid;
    if cx.process.links.remove(id)
        && let Some(port) = cx.vm.ports.get_mut(id)
    {
        port.links.remove(own);
        let tracee = port.tracee;
        let event = [Term::atom(predefined::GETTING_UNLINKED), Term::pid(own)];
        cx.vm.trace_port(id, tracee, Flag::Ports, &event);
    }
}

/// `exit/2` of a port.
pub(super) fn exit(cx: &mut Context<'_>, id: LocalPort, reason: Term) -> BifResult {
    let is_open = cx.vm.ports.get(id).is_some_and(|port| port.state == State::Open);
    if is_open {
        cx.with_port(id, |port, reach| {
            port.exit_signal(reach, reason);
            Term::boolean(true)
        })?;
    }
    Ok(Term::boolean(true))
}
