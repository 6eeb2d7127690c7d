// SPDX-License-Identifier: Apache-2.0
//! The headers of zlib (RFC 1950 section 2.2) and gzip (RFC 1952 section 2.3).

use super::stream::{Accepted, Inflate, Mode, Stop};
use crate::deflate::{Buffers, Sum};
use crate::hash::crc32;

/// Where in a header a stream is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Header {
    /// At its beginning.
    Magic,
    /// Before gzip's method and flags.
    Flags,
    /// Before the time.
    Time,
    /// Before the system that it comes from.
    System,
    /// Before the length of what is extra.
    ExtraLength,
    /// So many extra bytes follow.
    Extra(u16),
    /// In the name.
    Name,
    /// In the comment.
    Comment,
    /// Before the header's own sum.
    Checksum,
    /// Before the sum of what matches may refer to.
    DictionarySum,
    /// Until that is known.
    Dictionary,
}

/// The first bytes of gzip.
const GZIP: u32 = 0x8B1F;
/// The only method of compression.
const DEFLATE: u32 = 8;

const HAS_CHECKSUM: u16 = 1 << 9;
const HAS_EXTRA: u16 = 1 << 10;
const HAS_NAME: u16 = 1 << 11;
const HAS_COMMENT: u16 = 1 << 12;
const RESERVED: u16 = 7 << 13;

impl Inflate {
    /// Does a step of the header.
    pub(super) fn header(&mut self, header: Header, io: &mut Buffers<'_>) -> Result<(), Stop> {
        let next = match header {
            Header::Magic => return self.magic(io),
            Header::Flags => {
                self.flags = self.field(16, io)? as u16;
                if u32::from(self.flags & 0xFF) != DEFLATE || self.flags & RESERVED != 0 {
                    return Err(Stop::Bad);
                }
                Header::Time
            }
            Header::Time => {
                self.field(32, io)?;
                Header::System
            }
            Header::System => {
                self.field(16, io)?;
                Header::ExtraLength
            }
            Header::ExtraLength if self.flags & HAS_EXTRA == 0 => Header::Name,
            Header::ExtraLength => Header::Extra(self.field(16, io)? as u16),
            Header::Extra(left) => {
                let bytes = io.take(usize::from(left));
                self.add_to_header(bytes);
                if bytes.len() < usize::from(left) {
                    self.mode = Mode::Header(Header::Extra(left - bytes.len() as u16));
                    return Err(Stop::Input);
                }
                Header::Name
            }
            Header::Name => {
                self.text(HAS_NAME, io)?;
                Header::Comment
            }
            Header::Comment => {
                self.text(HAS_COMMENT, io)?;
                Header::Checksum
            }
            Header::Checksum => {
                if self.flags & HAS_CHECKSUM != 0 {
                    self.need(16, io)?;
                    if self.peek(16) != self.sum.value() & 0xFFFF {
                        return Err(Stop::Bad);
                    }
                    self.drop_bits(16);
                }
                self.sum = Sum::Crc(0);
                self.mode = Mode::Block;
                return Ok(());
            }
            Header::DictionarySum => {
                self.sum = Sum::Adler(self.number(32, io)?.swap_bytes());
                Header::Dictionary
            }
            Header::Dictionary if !self.has_dictionary => return Err(Stop::Dictionary),
            Header::Dictionary => {
                self.sum = Sum::Adler(1);
                self.mode = Mode::Block;
                return Ok(());
            }
        };
        self.mode = Mode::Header(next);
        Ok(())
    }

    /// Finds out which format it is.
    fn magic(&mut self, io: &mut Buffers<'_>) -> Result<(), Stop> {
        self.need(16, io)?;
        let magic = self.peek(16);
        if self.accepted != Accepted::Zlib && magic == GZIP {
            if self.window_bits == 0 {
                self.window_bits = 15;
            }
            self.sum = Sum::Crc(0);
            self.add_to_header(&(magic as u16).to_le_bytes());
            self.drop_bits(16);
            self.mode = Mode::Header(Header::Flags);
            return Ok(());
        }
        let is_zlib = self.accepted != Accepted::Gzip && (magic as u16).swap_bytes().is_multiple_of(31);
        let window_bits = (magic >> 4 & 0xF) as u8 + 8;
        if self.window_bits == 0 {
            self.window_bits = window_bits.min(15);
        }
        if !is_zlib || magic & 0xF != DEFLATE || window_bits > self.window_bits {
            return Err(Stop::Bad);
        }
        self.sum = Sum::Adler(1);
        let has_dictionary = magic & 0x2000 != 0;
        self.drop_bits(16);
        self.mode = if has_dictionary { Mode::Header(Header::DictionarySum) } else { Mode::Block };
        Ok(())
    }

    /// Reads a field of gzip's header, which is part of the header's sum.
    fn field(&mut self, bits: u32, io: &mut Buffers<'_>) -> Result<u32, Stop> {
        let value = self.number(bits, io)?;
        self.add_to_header(&value.to_le_bytes()[..bits as usize / 8]);
        Ok(value)
    }

    fn add_to_header(&mut self, bytes: &[u8]) {
        if let Sum::Crc(sum) = &mut self.sum {
            *sum = crc32(*sum, bytes);
        }
    }

    /// Skips a text that ends in 0, if there is one.
    fn text(&mut self, flag: u16, io: &mut Buffers<'_>) -> Result<(), Stop> {
        if self.flags & flag == 0 {
            return Ok(());
        }
        let rest = io.rest();
        let end = rest.iter().position(|byte| *byte == 0);
        let bytes = io.take(end.map_or(rest.len(), |end| end + 1));
        self.add_to_header(bytes);
        if end.is_some() { Ok(()) } else { Err(Stop::Input) }
    }
}
