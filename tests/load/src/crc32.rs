// SPDX-License-Identifier: Apache-2.0
//! The sum CRC-32 (ISO-HDLC), which Erlang has as `erlang:crc32/1`.

/// The polynomial 0x04c11db7, bits reversed.
const POLYNOMIAL: u32 = 0xedb8_8320;

const TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut rest, mut bit) = (byte as u32, 0);
        while bit < 8 {
            rest = if rest & 1 == 1 { rest >> 1 ^ POLYNOMIAL } else { rest >> 1 };
            bit += 1;
        }
        table[byte] = rest;
        byte += 1;
    }
    table
}

/// The sum of the bytes so far.
#[derive(Clone, Copy, Default, Debug)]
pub struct Crc32(u32);

impl Crc32 {
    /// Takes more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        let sum = bytes.iter().fold(!self.0, |sum, byte| TABLE[usize::from(sum as u8 ^ byte)] ^ sum >> 8);
        self.0 = !sum;
    }

    /// The sum.
    pub const fn value(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Crc32;

    #[test]
    fn the_sum_is_that_of_others() {
        let mut sum = Crc32::default();
        sum.update(b"12345");
        sum.update(b"6789");
        assert_eq!(sum.value(), 0xcbf4_3926);
    }
}
