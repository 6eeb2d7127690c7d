// SPDX-License-Identifier: Apache-2.0
//! Messages through the xenstore page: two byte rings and a few words of state
//! (`struct xenstore_domain_interface`).
//!
//! Nothing here waits. What does not fit the ring stays queued and goes out piece by piece; what has arrived in
//! part is kept until the rest comes, which is never more than one message.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::mem::offset_of;
use core::sync::atomic::Ordering;

use xen_hypervisor_sys::io::xs_wire as sys;
use xen_hypervisor_sys::io::xs_wire::XenstoreDomainInterface as Interface;

use super::error::Broken;
use super::wire::{Header, Message, PAYLOAD_MAX};
use crate::byte_ring::{Layout, Reader, Writer};
use crate::doorbell::Doorbell;
use crate::shared::SharedPage;

/// From the guest to xenstored.
pub const REQUESTS: Layout = Layout::new(
    offset_of!(Interface, req),
    sys::XENSTORE_RING_SIZE as u32,
    offset_of!(Interface, req_cons),
    offset_of!(Interface, req_prod),
);

/// From xenstored to the guest.
pub const REPLIES: Layout = Layout::new(
    offset_of!(Interface, rsp),
    sys::XENSTORE_RING_SIZE as u32,
    offset_of!(Interface, rsp_cons),
    offset_of!(Interface, rsp_prod),
);

/// Where the words of state lie.
pub(crate) const FEATURES: usize = offset_of!(Interface, server_features);
pub(crate) const CONNECTION: usize = offset_of!(Interface, connection);
pub(crate) const ERROR: usize = offset_of!(Interface, error);

/// The guest's end of the xenstore page.
#[derive(Debug)]
pub struct Transport<B> {
    page: SharedPage,
    bell: B,
    /// The rings, once xenstored says that they are connected.
    rings: Option<(Writer, Reader)>,
    /// Messages that are not wholly in the ring, with their request's id.
    outgoing: VecDeque<(u32, Vec<u8>)>,
    /// Bytes of the first of them that are.
    sent: usize,
    /// Bytes that were read and not yet made into messages.
    chunk: VecDeque<u8>,
    header: Option<Header>,
}

impl<B: Doorbell> Transport<B> {
    /// A transport on the page that `start_info` names.
    pub fn new(page: SharedPage, bell: B) -> Self {
        Self {
            page,
            bell,
            rings: None,
            outgoing: VecDeque::new(),
            sent: 0,
            chunk: VecDeque::with_capacity(2 * sys::XENSTORE_RING_SIZE),
            header: None,
        }
    }

    /// Queues a message, header and all.
    pub fn queue(&mut self, request: u32, frame: Vec<u8>) {
        self.outgoing.push_back((request, frame));
    }

    /// Whether the message of this request is not wholly sent, so that nobody can have answered it.
    pub fn is_queued(&self, request: u32) -> bool {
        self.outgoing.iter().any(|(queued, _)| *queued == request)
    }

    /// Moves bytes both ways, at most a ring's worth inwards. True when any moved.
    pub fn pump(&mut self) -> Result<bool, Broken> {
        if !self.is_connected()? {
            return Ok(false);
        }
        let page = &self.page;
        let (requests, replies) =
            self.rings.get_or_insert_with(|| (Writer::new(REQUESTS, page), Reader::new(REPLIES, page)));

        let mut moved = false;
        while let Some((_, frame)) = self.outgoing.front() {
            let count = requests.write(page, &frame[self.sent..])?;
            moved |= count > 0;
            self.sent += count;
            if self.sent < frame.len() {
                break;
            }
            self.outgoing.pop_front();
            self.sent = 0;
        }

        let mut bytes = [0; sys::XENSTORE_RING_SIZE];
        let count = replies.read(page, &mut bytes)?;
        self.chunk.extend(&bytes[..count]);
        moved |= count > 0;

        if moved {
            self.bell.ring();
        }
        Ok(moved)
    }

    /// The next message that has arrived whole.
    pub fn next_message(&mut self) -> Result<Option<Message>, Broken> {
        let header = match self.header {
            Some(header) => header,
            None => {
                let Some(header) = take_header(&mut self.chunk) else {
                    return Ok(None);
                };
                if header.len as usize > PAYLOAD_MAX {
                    return Err(Broken::TooLong { len: header.len });
                }
                *self.header.insert(header)
            }
        };
        if self.chunk.len() < header.len as usize {
            return Ok(None);
        }
        self.header = None;
        Ok(Some(Message { header, payload: self.chunk.drain(..header.len as usize).collect() }))
    }

    /// Bytes held for messages that are on their way, for those who watch over memory.
    pub fn buffered(&self) -> usize {
        self.chunk.len() + self.outgoing.iter().map(|(_, frame)| frame.len()).sum::<usize>()
    }

    /// Gives up what is queued in either direction.
    pub fn abandon(&mut self) {
        self.outgoing = VecDeque::new();
        self.chunk = VecDeque::new();
        self.header = None;
    }

    /// Reads the words of state. Until the ring is connected for the first time nothing else on the page is
    /// valid, which happens when somebody has asked for a reset before us. Later only we could ask for one, and
    /// do not: a ring that is not connected then has been left.
    fn is_connected(&self) -> Result<bool, Broken> {
        let features = self.page.load_u32(FEATURES, Ordering::Acquire);
        let state = self.page.load_u32(CONNECTION, Ordering::Acquire);
        if self.rings.is_none() && state == sys::XENSTORE_RECONNECT {
            return Ok(false);
        }
        if features & sys::XENSTORE_SERVER_FEATURE_ERROR != 0 {
            let code = self.page.load_u32(ERROR, Ordering::Acquire);
            if code != sys::XENSTORE_ERROR_NONE {
                return Err(Broken::Deactivated { code });
            }
        }
        if features & sys::XENSTORE_SERVER_FEATURE_RECONNECTION != 0 && state != sys::XENSTORE_CONNECTED {
            return Err(Broken::Disconnected { state });
        }
        Ok(true)
    }
}

/// Takes a header off the queue, if it is there whole.
fn take_header(chunk: &mut VecDeque<u8>) -> Option<Header> {
    if chunk.len() < Header::SIZE {
        return None;
    }
    let mut bytes = [0; Header::SIZE];
    for (byte, front) in bytes.iter_mut().zip(chunk.drain(..Header::SIZE)) {
        *byte = front;
    }
    Some(Header::decode(&bytes))
}
