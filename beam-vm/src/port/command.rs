// SPDX-License-Identifier: Apache-2.0
//! What processes send to ports: `Port ! {Owner, {command, Data}}` and the like, and what the BIFs do that are made of the same.

use alloc::vec::Vec;

use super::{Farewell, Port, Reach, State};
use crate::atom::predefined;
use crate::heap::build;
use crate::iodata::Walk;
use crate::signal::Cause;
use crate::term::{LocalPid, LocalPort, Term};

/// What has become of a message to a port.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delivery {
    /// It was done, or there is no such port.
    Done,
    /// The port takes no more now.
    Busy,
}

/// What a message asks for.
enum Request {
    /// `close`
    Close,
    /// `{command, Data}`
    Command(Term),
    /// `{connect, Pid}`
    Connect(Term),
}

fn request(term: Term) -> Option<Request> {
    if term == Term::atom(predefined::CLOSE) {
        return Some(Request::Close);
    }
    let pair = term.as_tuple()?;
    let [what, of] = *pair.elements() else { return None };
    match what.as_atom()? {
        predefined::COMMAND => Some(Request::Command(of)),
        predefined::CONNECT => Some(Request::Connect(of)),
        _ => None,
    }
}

/// Who sends, as the message says, and what for.
fn parts(message: Term) -> Option<(LocalPid, Request)> {
    let pair = message.as_tuple()?;
    let [from, what] = *pair.elements() else { return None };
    Some((from.as_pid()?, request(what)?))
}

/// The bytes of iodata.
fn bytes_of(data: Term) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut budget = usize::MAX;
    Walk::new(data).run(&mut budget, &mut |part| bytes.extend_from_slice(part)).ok()?;
    Some(bytes)
}

impl Reach<'_> {
    /// Sends a message to a port.
    pub fn send_to_port(&mut self, id: LocalPort, message: Term) -> Delivery {
        self.with(id, |port, reach| port.receive(reach, message)).unwrap_or(Delivery::Done)
    }
}

impl Port {
    fn receive(&mut self, reach: &mut Reach<'_>, message: Term) -> Delivery {
        let Some(sender) = reach.caller().filter(|_| self.state == State::Open) else {
            return Delivery::Done;
        };
        let Some((from, request)) = parts(message).filter(|(from, _)| *from == self.connected) else {
            self.refuse(reach);
            return Delivery::Done;
        };
        match request {
            Request::Close => {
                self.farewell = Farewell::Owner;
                reach.trace_receive(&|_| Term::atom(predefined::CLOSE));
                self.close(reach, Term::atom(predefined::NORMAL));
            }
            Request::Command(_) if self.is_busy => {
                self.waiting.push(sender);
                return Delivery::Busy;
            }
            Request::Command(data) => match bytes_of(data) {
                Some(bytes) => {
                    if let Some(process) = reach.process.as_deref_mut() {
                        process.reductions_left -= (bytes.len() / 1024) as i64;
                    }
                    self.command(reach, bytes);
                }
                None => {
                    reach.vm.log_bad_output(&self.name);
                    self.refuse(reach);
                }
            },
            Request::Connect(to) => match to.as_pid() {
                Some(to) => {
                    self.connected = to;
                    let id = self.id;
                    reach.trace_connect(to);
                    reach.tell(from, |heap| {
                        build::tuple(heap, &[Term::port(id), Term::atom(predefined::CONNECTED)])
                    });
                }
                None => self.refuse(reach),
            },
        }
        Delivery::Done
    }

    /// Tells the owner that what somebody has sent makes no sense.
    fn refuse(&self, reach: &mut Reach<'_>) {
        reach.exit(self.id, self.connected, Term::atom(predefined::BADSIG), Cause::Exit);
    }
}
