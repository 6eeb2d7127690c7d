// SPDX-License-Identifier: Apache-2.0
//! What can be said of a socket.

/// Which ways of a connection are closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shutdown {
    /// Nothing more is received.
    Read,
    /// Nothing more is sent.
    Write,
    /// Both.
    Both,
}

/// What is said of a socket. An accepted connection has what its listener had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Small pieces are sent at once, not gathered until the other end has answered (RFC 896).
    pub no_delay: bool,
    /// The other end is asked now and then whether it is still there.
    pub keep_alive: bool,
    /// Another socket may have had the address before.
    pub reuse_address: bool,
    /// Datagrams may go to all hosts of a net.
    pub broadcast: bool,
    /// A socket of version 6 is none of version 4.
    pub v6_only: bool,
    /// How many routers a packet may pass.
    pub time_to_live: u8,
    /// How much may wait to be sent; it is settled when a connection is made.
    pub send_buffer: SendBuffer,
    /// Bytes that wait to be read; it is settled when a connection is made.
    pub receive_buffer: usize,
    /// Seconds for which closing waits for what was not sent: 0 gives the connection up.
    pub linger: Option<u32>,
}

/// How much may wait to be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SendBuffer {
    /// What the path is worth, as far as that was found out (Linux: `tcp_sndbuf_expand`).
    Tuned,
    /// So many bytes.
    Bytes(usize),
}

impl SendBuffer {
    /// The most bytes that may wait.
    #[must_use]
    pub const fn most(self) -> usize {
        match self {
            Self::Tuned => SEND_BUFFER_MOST,
            Self::Bytes(bytes) => bytes,
        }
    }
}

/// Bytes that may wait to be sent on any path: four of the largest packets that a device cuts into segments, so that there are some to go while others
/// are on their way.
pub const SEND_BUFFER_LEAST: usize = 256 * 1024;
/// Bytes that may wait on the longest and widest path: what keeps a device's ring of 256 pages full.
const SEND_BUFFER_MOST: usize = 1024 * 1024;
/// Bytes that wait to be read if nobody says otherwise: what keeps a link of some Gbit/s and a tenth of a millisecond busy.
pub const RECEIVE_BUFFER: usize = 64 * 1024;
/// Bytes of datagrams that wait, either way, if nobody says otherwise: memory is kept for all of them.
const DATAGRAMS_BUFFER: usize = 32 * 1024;
/// The fewest bytes of a buffer.
pub const BUFFER_MIN: usize = 2 * 1024;
/// The most.
pub const BUFFER_MAX: usize = 4 * 1024 * 1024;

impl Default for Options {
    /// Those of a socket for connections of which nothing was said.
    fn default() -> Self {
        Self {
            no_delay: false,
            keep_alive: false,
            reuse_address: false,
            broadcast: false,
            v6_only: false,
            time_to_live: 64,
            send_buffer: SendBuffer::Tuned,
            receive_buffer: RECEIVE_BUFFER,
            linger: None,
        }
    }
}

impl Options {
    /// Bytes of both buffers at most.
    pub(crate) const fn buffers(&self) -> usize {
        self.send_buffer.most() + self.receive_buffer
    }

    /// Those of a socket for datagrams of which nothing was said.
    #[must_use]
    pub fn of_datagrams() -> Self {
        Self {
            send_buffer: SendBuffer::Bytes(DATAGRAMS_BUFFER),
            receive_buffer: DATAGRAMS_BUFFER,
            ..Self::default()
        }
    }
}
