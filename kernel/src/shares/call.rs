// SPDX-License-Identifier: Apache-2.0
//! The bytes of a tree over the guest's own TCP.

use core::net::SocketAddr;

use fs::ninep::Lost;
use net::{Error, Family, Kind, Options, SendBuffer, SocketNumber, Stack};

use super::line::{Line, Stage};

/// Bytes that are taken from a socket at once.
const PIECE: usize = 16 << 10;

/// Bytes of a socket's buffers.
const BUFFER: usize = 256 << 10;

/// A server of the network.
pub struct Call {
    server: SocketAddr,
    socket: Option<SocketNumber>,
}

impl Call {
    /// A server that nobody has called yet.
    pub const fn new(server: SocketAddr) -> Self {
        Self { server, socket: None }
    }

    /// Carries what there is to carry. Says whether there was something.
    pub fn carry(&mut self, line: &Line, stack: &mut Stack) -> bool {
        match line.stage() {
            Stage::Closed => {
                self.hang_up(stack);
                false
            }
            Stage::Wanted => {
                self.hang_up(stack);
                self.call(line, stack)
            }
            Stage::Opening => match self.socket.map(|socket| stack.outcome(socket)) {
                Some(Err(Error::NotNow)) => false,
                Some(Ok(())) => turn(line, Stage::Open),
                Some(Err(error)) => close(line, error),
                None => close(line, Error::NotConnected),
            },
            Stage::Open => self.exchange(line, stack),
        }
    }

    fn hang_up(&mut self, stack: &mut Stack) {
        if let Some(socket) = self.socket.take() {
            stack.close(socket);
        }
    }

    fn call(&mut self, line: &Line, stack: &mut Stack) -> bool {
        let family = if self.server.is_ipv4() { Family::V4 } else { Family::V6 };
        let socket = stack.open(family, Kind::Stream);
        let options = Options {
            no_delay: true,
            send_buffer: SendBuffer::Bytes(BUFFER),
            receive_buffer: BUFFER,
            ..Options::default()
        };
        let called = stack.set_options(socket, options).and_then(|()| stack.connect(socket, self.server));
        self.socket = Some(socket);
        match called {
            Ok(()) | Err(Error::NotNow) => turn(line, Stage::Opening),
            // There may be a way when an address was leased.
            Err(Error::Unreachable | Error::AddressNotAvailable | Error::NoBuffers) => {
                self.hang_up(stack);
                false
            }
            Err(error) => close(line, error),
        }
    }

    fn exchange(&mut self, line: &Line, stack: &mut Stack) -> bool {
        let Some(socket) = self.socket else { return close(line, Error::NotConnected) };
        let sent = line.take_out(|pieces| stack.send(socket, pieces));
        let mut any = match sent {
            Ok(count) => count > 0,
            Err(Error::NotNow) => false,
            Err(error) => return close(line, error),
        };
        let mut piece = [0; PIECE];
        while line.has_room() {
            match stack.receive(socket, &mut piece) {
                // Nothing more will come; what has come is read first.
                Ok(0) => return close(line, Error::NotConnected),
                Ok(count) => {
                    line.put_in(&piece[..count]);
                    any = true;
                }
                Err(Error::NotNow) => break,
                Err(error) => return close(line, error),
            }
        }
        any
    }
}

fn turn(line: &Line, stage: Stage) -> bool {
    line.turn(stage);
    true
}

fn close(line: &Line, why: Error) -> bool {
    line.close(match why {
        Error::Refused => Lost::Refused,
        Error::TimedOut => Lost::TimedOut,
        Error::Unreachable => Lost::Unreachable,
        _ => Lost::Gone,
    });
    true
}
