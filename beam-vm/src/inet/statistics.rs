// SPDX-License-Identifier: Apache-2.0
//! What has gone through a socket: `inet:getstat/2`.

use alloc::vec::Vec;

use super::reply::{Answer, Failure};

/// Packets in one direction.
#[derive(Clone, Copy, Debug, Default)]
struct Flow {
    count: u32,
    bytes: u64,
    largest: u32,
    average: f64,
    /// How far sizes are from the average, on average.
    deviation: f64,
}

impl Flow {
    fn count(&mut self, bytes: usize) {
        // After the last number the average so far counts as the first packet.
        let count = self.count.checked_add(1).unwrap_or(1);
        let size = bytes as f64;
        self.average += (size - self.average) / f64::from(count);
        self.deviation += ((size - self.average) - self.deviation) / f64::from(count);
        self.largest = self.largest.max(u32::try_from(bytes).unwrap_or(u32::MAX));
        self.bytes += bytes as u64;
        self.count = count;
    }
}

/// Packets in both directions.
#[derive(Clone, Copy, Debug, Default)]
pub struct Statistics {
    received: Flow,
    sent: Flow,
}

impl Statistics {
    /// Counts a packet that has come.
    pub fn received(&mut self, bytes: usize) {
        self.received.count(bytes);
    }

    /// Counts a packet that goes.
    pub fn sent(&mut self, bytes: usize) {
        self.sent.count(bytes);
    }

    /// What is asked for: a byte for each item. `pending` bytes wait to be sent.
    ///
    /// # Errors
    /// [`Failure::Unknown`].
    pub fn answer(&self, items: &[u8], pending: usize) -> Answer {
        let mut data = Vec::new();
        for item in items {
            let value = match item {
                1 => self.received.count,
                2 => self.received.largest,
                3 => self.received.average as u32,
                4 => libm::fabs(self.received.deviation) as u32,
                5 => self.sent.count,
                6 => self.sent.largest,
                7 => self.sent.average as u32,
                8 => u32::try_from(pending).unwrap_or(u32::MAX),
                9 | 10 => {
                    let bytes = if *item == 9 { self.received.bytes } else { self.sent.bytes };
                    data.push(*item);
                    data.extend_from_slice(&bytes.to_be_bytes());
                    continue;
                }
                _ => return Err(Failure::Unknown),
            };
            data.push(*item);
            data.extend_from_slice(&value.to_be_bytes());
        }
        Ok(data)
    }
}
