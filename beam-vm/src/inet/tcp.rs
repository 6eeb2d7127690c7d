// SPDX-License-Identifier: Apache-2.0
//! The driver of streams: listeners and connections.

mod accept;
mod connect;
mod end;
mod receive;
mod send;

pub(crate) use end::{flush, stop};
pub(crate) use send::output;

use alloc::vec::Vec;

use super::control::{self, command};
use super::message;
use super::options::After;
use super::reply::{self, Answer, Failure};
use super::socket::{WATERMARKS, Watermarks};
use super::{Due, Inet, Status};
use crate::platform::{Errno, Interest, Shutdown, SocketKind};
use crate::port::{Backlog, ControlError, Driver, Port, Reach, State};
use crate::timer::TimerId;
use receive::Input;

/// What happens when a sender has waited long enough.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SendTimeout {
    /// It is told.
    Tell,
    /// It is told, and the connection is closed.
    Close,
}

/// What is still to be told of the end of a connection, to who asks next.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Untold {
    /// Who receives gets `closed` instead of `enotconn`.
    receiver: bool,
    /// Who sends does.
    sender: bool,
    /// Both get `econnreset` instead.
    was_reset: bool,
}

/// The state of the driver.
#[derive(Debug)]
pub struct Tcp {
    /// What all sockets have.
    pub inet: Inet,
    /// What is to be sent.
    pub backlog: Backlog,
    /// Where senders begin to wait, and go on.
    pub bytes: Watermarks,
    /// How long a sender waits, in milliseconds.
    pub send_timeout: Option<u32>,
    /// What happens then.
    pub after_timeout: SendTimeout,
    /// Whether what is sent is kept until others have had their turn.
    pub delays: bool,
    /// Whether programs are told of resets.
    pub shows_reset: bool,
    /// Whether what was not sent is given up when the port closes.
    pub drops_when_closed: bool,
    /// What has come and was not given yet.
    input: Input,
    /// The other end sends no more, but the port goes on.
    is_read_closed: bool,
    /// The owner has been told that it is closed.
    is_close_told: bool,
    /// What is closed once all is sent.
    pending_shutdown: Option<Shutdown>,
    /// Nothing more is sent, because the program wants it so.
    is_shut: bool,
    untold: Untold,
    /// For the sender that waits.
    send_timer: Option<TimerId>,
    /// For what is kept.
    delay_timer: Option<TimerId>,
}

impl Default for Tcp {
    fn default() -> Self {
        Self::new(Inet::new(SocketKind::Stream))
    }
}

impl Tcp {
    fn new(inet: Inet) -> Self {
        Self {
            inet,
            backlog: Backlog::default(),
            bytes: WATERMARKS,
            send_timeout: None,
            after_timeout: SendTimeout::Tell,
            delays: false,
            shows_reset: false,
            drops_when_closed: false,
            input: Input::default(),
            is_read_closed: false,
            is_close_told: false,
            pending_shutdown: None,
            is_shut: false,
            untold: Untold::default(),
            send_timer: None,
            delay_timer: None,
        }
    }

    /// What is to be told of the socket.
    fn interest(&self, state: State) -> Interest {
        if self.inet.is_ignored {
            return Interest { read: false, write: false };
        }
        let is_asked = !self.inet.requests.is_empty();
        let hears = self.inet.active.is_any() && !self.is_read_closed;
        let read = match self.inet.status {
            Status::Closed | Status::Open | Status::Connecting => false,
            Status::Connected => state == State::Open && (is_asked || hears),
            Status::Listening => is_asked,
        };
        let has_output = !self.backlog.is_empty() && self.delay_timer.is_none();
        Interest { read, write: has_output || self.inet.status == Status::Connecting }
    }

    /// The program wants to hear of what comes again.
    pub(super) fn listen_again(&mut self) {
        self.is_read_closed = false;
    }
}

/// The driver of a port that has this one.
fn state(port: &mut Port) -> Option<&mut Tcp> {
    match &mut port.driver {
        Driver::Tcp(tcp) => Some(tcp),
        _ => None,
    }
}

/// The same for commands.
fn own(port: &mut Port) -> Result<&mut Tcp, Failure> {
    state(port).ok_or(Failure::INVALID)
}

/// Says what is to be told of the socket from now on.
fn watch(port: &mut Port, reach: &mut Reach<'_>) {
    let (id, how_far) = (port.id, port.state);
    let Some(own) = state(port) else { return };
    let Some(socket) = own.inet.socket else { return };
    let interest = own.interest(how_far);
    reach.watch_socket(id, socket, interest);
}

/// Does a command.
///
/// # Errors
/// [`ControlError`].
pub(crate) fn control(
    port: &mut Port,
    reach: &mut Reach<'_>,
    operation: u32,
    data: &[u8],
) -> Result<Vec<u8>, ControlError> {
    let number = operation.wrapping_sub(control::BASE);
    let answer = match number {
        command::OPEN => control::open(port, reach, data),
        command::FDOPEN => control::adopt(port, reach, data),
        command::CLOSE => {
            end::end_requests(port, reach);
            end::close(port, reach);
            Ok(Vec::new())
        }
        command::LISTEN => accept::listen(port, reach, data),
        command::ACCEPT => accept::accept(port, reach, data),
        command::CONNECT => connect::connect(port, reach, data),
        command::TCP_RECV => receive::request(port, reach, data),
        command::TCP_UNRECV => receive::put_back(port, reach, data),
        command::TCP_SHUTDOWN => shutdown(port, reach, data),
        // `file` reads and sends then.
        command::TCP_SENDFILE => Err(Failure::Posix(Errno::ENOTSUP)),
        _ => control::control(port, reach, number, data, after_options),
    };
    watch(port, reach);
    reply::encode(answer)
}

fn after_options(port: &mut Port, reach: &mut Reach<'_>, then: After) {
    match then {
        After::Nothing => {}
        After::Deliver => receive::deliver_what_is_there(port, reach),
        After::Read => receive::read(port, reach),
        After::TellPassive => port.tell_about(reach, message::TCP.passive),
        After::TellClosed => end::tell_closed(port, reach),
    }
}

/// Closes ways of the connection, after what is still to be sent.
fn shutdown(port: &mut Port, reach: &mut Reach<'_>, data: &[u8]) -> Answer {
    let own = own(port)?;
    let socket = own.inet.socket.filter(|_| own.inet.status == Status::Connected);
    let socket = socket.ok_or(Failure::Posix(Errno::ENOTCONN))?;
    let how = match data {
        [0] => Shutdown::Read,
        [1] => Shutdown::Write,
        [2] => Shutdown::Both,
        _ => return Err(Failure::INVALID),
    };
    if how != Shutdown::Read && !own.backlog.is_empty() {
        own.pending_shutdown = Some(how);
        return Ok(Vec::new());
    }
    own.is_shut |= how != Shutdown::Read;
    reach.sockets().ok_or(Failure::INVALID)?.shutdown(socket, how)?;
    Ok(Vec::new())
}

/// Does what the socket is ready for.
pub(crate) fn ready(port: &mut Port, reach: &mut Reach<'_>, ready: Interest) {
    match state(port).map(|own| own.inet.status) {
        Some(Status::Connecting) => connect::ended(port, reach),
        Some(Status::Listening) => accept::ready(port, reach),
        Some(Status::Connected) => {
            if ready.write {
                send::write(port, reach);
            }
            let wants = |own: &mut Tcp, state| own.interest(state).read;
            let how_far = port.state;
            if ready.read && state(port).is_some_and(|own| wants(own, how_far)) {
                receive::read(port, reach);
            }
        }
        _ => {}
    }
    watch(port, reach);
}

/// Does what a timer was set for.
pub(crate) fn due(port: &mut Port, reach: &mut Reach<'_>, due: Due) {
    match due {
        Due::Request(id) => end::request_due(port, reach, id),
        Due::Send => send::waited(port, reach),
        Due::Delayed => {
            if let Some(own) = state(port) {
                own.delay_timer = None;
                send::write(port, reach);
            }
        }
    }
    watch(port, reach);
}
