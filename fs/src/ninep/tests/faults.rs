// SPDX-License-Identifier: Apache-2.0
//! A server that says anything at all: nothing panics, nothing has no end, and what it says is not believed.

use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::server::attached;
use crate::memory::User;
use crate::ninep::message::{HEADER, Reply, Request};
use crate::ninep::{Lost, Transport};
use crate::steps::{Random, apply, step};

/// A server whose answers are noise behind a header that is right, mostly.
struct Noise {
    random: Random,
    coming: Vec<u8>,
    /// Whether it has agreed on the protocol and attached.
    begun: u32,
}

impl Transport for Noise {
    fn message_limit(&self) -> u32 {
        8192
    }

    fn send(&mut self, message: &[u8]) -> Result<(), Lost> {
        let (tag, request) = Request::decode(message).expect("the client keeps to the protocol");
        let mut out = Vec::new();
        match request {
            Request::Version { msize, version } if self.begun == 0 => {
                self.begun = 1;
                Reply::Version { msize, version }.encode(tag, &mut out);
            }
            Request::Attach { .. } if self.begun == 1 => {
                self.begun = 2;
                let qid = crate::ninep::field::Qid { kind: 0x80, version: 0, path: 1 };
                Reply::Attach { qid }.encode(tag, &mut out);
            }
            _ => {
                let random = &mut self.random;
                let count = [0, 2, 4, 13, 15, 17, 28, 153, random.below(400)][random.below(9) as usize];
                let kind = if random.below(8) == 0 { random.next() as u8 } else { message[4] + 1 };
                let small = random.below(2) == 0;
                let fields = (0..count).map(|_| if small { random.below(3) } else { random.next() } as u8);
                let fields: Vec<u8> = fields.collect();
                let size = (HEADER + fields.len()) as u32 + u32::from(random.below(30) == 0);
                out = [&size.to_le_bytes()[..], &[kind], &tag.to_le_bytes(), &fields].concat();
            }
        }
        self.coming.extend(out);
        Ok(())
    }

    fn receive(&mut self, into: &mut [u8]) -> Result<usize, Lost> {
        if self.random.below(50) == 0 {
            return Err(Lost::TimedOut);
        }
        let count = into.len().min(self.coming.len());
        into[..count].copy_from_slice(&self.coming[..count]);
        self.coming.drain(..count);
        if count == 0 { Err(Lost::Gone) } else { Ok(count) }
    }

    fn reconnect(&mut self) -> Result<(), Lost> {
        self.coming.clear();
        self.begun = 0;
        Ok(())
    }
}

proptest! {
    #[test]
    fn noise_is_not_believed(seed in any::<u64>()) {
        let noise = Noise { random: Random(seed), coming: vec![], begun: 0 };
        let mut random = Random(!seed);
        let mounted = attached(noise, User::default());
        if let Ok(mut system) = mounted {
            let mut open = Vec::new();
            for _ in 0..60 {
                let step = step(&mut random);
                apply(&mut system, &mut open, &step);
            }
        }
    }
}
