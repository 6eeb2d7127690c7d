// SPDX-License-Identifier: Apache-2.0
//! The sequence number of acknowledgements.
//!
//! When smoltcp sends anew what was not confirmed in time, it goes back to the first such byte, and its acknowledgements carry that
//! number from then on. Who has received these bytes finds such a segment outside of its window and does not look at it (RFC 9293,
//! section 3.10.7.4), so when the confirmations of both ends are lost at once, both send anew for ever, and neither hears the
//! other. A segment without data has to carry the number after the last byte that was ever sent (RFC 9293, section 3.8.1, SND.NXT), so
//! that is written into it here.

use crate::frame::{Packet, TCP};

const SEQUENCE: usize = 4;
const OFFSET: usize = 12;
const FLAGS: usize = 13;
const CHECKSUM: usize = 16;
const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;

/// The number after the last byte that one end of a connection has sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Highest(Option<u32>);

impl Highest {
    /// The number, if anything was sent.
    pub const fn number(self) -> Option<u32> {
        self.0
    }

    /// Notes what a segment carries, and corrects the number of one that carries nothing. `has_sum` says that its checksum stands
    /// there and has to follow.
    pub fn pass(&mut self, frame: &mut [u8], packet: &Packet, has_sum: bool) {
        if packet.protocol == TCP
            && let Some(segment) = frame.get_mut(packet.transport..packet.end)
        {
            // A header that is not whole is none of smoltcp's.
            let _ = self.pass_segment(segment, has_sum);
        }
    }

    fn pass_segment(&mut self, segment: &mut [u8], has_sum: bool) -> Option<()> {
        let header = usize::from(*segment.get(OFFSET)? >> 4) * 4;
        let flags = *segment.get(FLAGS)?;
        let field = segment.get(SEQUENCE..SEQUENCE + 4)?;
        let number = u32::from_be_bytes([field[0], field[1], field[2], field[3]]);
        let data = segment.len().checked_sub(header)? as u32;
        let length = data + u32::from(flags & FIN != 0) + u32::from(flags & SYN != 0);
        let end = number.wrapping_add(length);
        match self.0 {
            Some(highest) if is_before(end, highest) => {
                if length == 0 && flags & RST == 0 {
                    segment[SEQUENCE..SEQUENCE + 4].copy_from_slice(&highest.to_be_bytes());
                    if has_sum {
                        correct(segment, number, highest)?;
                    }
                }
            }
            _ => self.0 = Some(end),
        }
        Some(())
    }
}

/// Whether one number comes before another, in a circle of 2^32.
pub const fn is_before(one: u32, other: u32) -> bool {
    one.wrapping_sub(other).cast_signed() < 0
}

/// Lets the checksum follow a change (RFC 1624, equation 3).
fn correct(segment: &mut [u8], before: u32, after: u32) -> Option<()> {
    let field = segment.get_mut(CHECKSUM..CHECKSUM + 2)?;
    let halves = |number: u32| (number >> 16) + (number & 0xffff);
    let old = u32::from(!u16::from_be_bytes([field[0], field[1]]));
    let mut sum = old + halves(!before) + halves(after);
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    field.copy_from_slice(&(!(sum as u16)).to_be_bytes());
    Some(())
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;
    use crate::{checksum, frame};

    /// A segment over IPv4 with its checksum.
    fn segment(number: u32, flags: u8, data: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::from([0x45, 0, 0, 0, 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        bytes[2..4].copy_from_slice(&(40 + data.len() as u16).to_be_bytes());
        bytes.extend([0, 80, 0x12, 0x34]);
        bytes.extend(number.to_be_bytes());
        bytes.extend([0, 0, 0, 9, 0x50, flags, 1, 0, 0, 0, 0, 0]);
        bytes.extend(data);
        let packet = frame::packet(&bytes, 0).expect("a packet");
        assert!(checksum::begin(&mut bytes, &packet));
        let mut sum: u32 = 0;
        for pair in bytes[20..].chunks(2) {
            sum += u32::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]));
        }
        let sum = (sum >> 16) + (sum & 0xffff);
        let sum = !((sum >> 16) + (sum & 0xffff)) as u16;
        bytes[36..38].copy_from_slice(&sum.to_be_bytes());
        assert!(checksum::is_right(&bytes, &packet));
        bytes
    }

    fn pass(highest: &mut Highest, mut bytes: Vec<u8>) -> u32 {
        let packet = frame::packet(&bytes, 0).expect("a packet");
        highest.pass(&mut bytes, &packet, true);
        assert!(checksum::is_right(&bytes, &packet), "the checksum follows");
        u32::from_be_bytes(bytes[24..28].try_into().expect("four bytes"))
    }

    #[test]
    fn what_carries_nothing_has_the_number_after_all_that_was_sent() {
        const ACK: u8 = 0x10;
        let mut highest = Highest::default();
        let start = u32::MAX - 2;
        assert_eq!(pass(&mut highest, segment(start, SYN, b"")), start);
        assert_eq!(pass(&mut highest, segment(start + 1, ACK, b"hello")), start + 1);
        assert_eq!(
            pass(&mut highest, segment(start + 1, ACK, b"")),
            start.wrapping_add(6),
            "over the end of the circle"
        );
        assert_eq!(pass(&mut highest, segment(start + 1, ACK, b"hel")), start + 1, "what is sent anew stays");
        assert_eq!(pass(&mut highest, segment(start + 1, RST, b"")), start + 1);
        assert_eq!(pass(&mut highest, segment(3, ACK | FIN, b"")), 3);
        assert_eq!(pass(&mut highest, segment(3, ACK, b"")), 4);
    }
}
