// SPDX-License-Identifier: Apache-2.0
//! Expanding what is compressed (zlib, RFC 1950; gzip, RFC 1952), within a bound that the caller sets.

use alloc::boxed::Box;
use alloc::vec::Vec;

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_PARSE_ZLIB_HEADER, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

use super::fault::Fault;
use super::reader::Reader;

/// No deflate stream becomes more than this many times its length (258 bytes for two bits).
const MOST_EXPANSION: usize = 1032;

/// Nothing is expanded to more than this. The largest module of OTP has about 4 MiB.
const MOST_EXPANDED: usize = 256 << 20;

/// The most that so many compressed bytes may become.
pub(super) fn most_expanded(packed: usize) -> usize {
    packed.saturating_mul(MOST_EXPANSION).min(MOST_EXPANDED)
}

const MAGIC: [u8; 2] = [0x1f, 0x8b];
const METHOD_DEFLATE: u8 = 8;
const FLAG_HEADER_CHECKSUM: u8 = 2;
const FLAG_EXTRA: u8 = 4;
const FLAG_NAME: u8 = 8;
const FLAG_COMMENT: u8 = 16;
const FLAGS_RESERVED: u8 = 0xe0;

/// Expands the zlib stream that `packed` starts with to at most `most` bytes. What follows the stream is ignored, as zlib's
/// `uncompress` does.
pub(super) fn zlib(packed: &[u8], most: usize) -> Result<Vec<u8>, Fault> {
    let mut out = Vec::new();
    expand(packed, &mut out, most, TINFL_FLAG_PARSE_ZLIB_HEADER)?;
    Ok(out)
}

/// Whether this starts as a gzip file does.
pub(super) fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// Expands a gzip file to at most `most` bytes: one member or several in a row.
pub(super) fn gzip(packed: &[u8], most: usize) -> Result<Vec<u8>, Fault> {
    let mut reader = Reader::new(packed);
    let mut out = Vec::new();
    while !reader.is_at_end() {
        skip_gzip_header(&mut reader)?;
        let start = out.len();
        let used = expand(&packed[reader.at()..], &mut out, most, 0)?;
        reader.take(used)?;
        let checksum = reader.u32()?.swap_bytes();
        let len = reader.u32()?.swap_bytes();
        let member = &out[start..];
        if crc32(member) != checksum || member.len() as u32 != len {
            return Err(Fault::Checksum);
        }
    }
    Ok(out)
}

fn skip_gzip_header(reader: &mut Reader<'_>) -> Result<(), Fault> {
    if reader.take(2)? != MAGIC || reader.u8()? != METHOD_DEFLATE {
        return Err(Fault::Compression);
    }
    let flags = reader.u8()?;
    if flags & FLAGS_RESERVED != 0 {
        return Err(Fault::Compression);
    }
    reader.take(6)?;
    if flags & FLAG_EXTRA != 0 {
        let len = reader.u16()?.swap_bytes();
        reader.take(usize::from(len))?;
    }
    for flag in [FLAG_NAME, FLAG_COMMENT] {
        if flags & flag != 0 {
            while reader.u8()? != 0 {}
        }
    }
    if flags & FLAG_HEADER_CHECKSUM != 0 {
        reader.take(2)?;
    }
    Ok(())
}

/// Appends one expanded stream to `out`, which grows as bytes come, and says how much of `packed` it was.
fn expand(packed: &[u8], out: &mut Vec<u8>, most: usize, flags: u32) -> Result<usize, Fault> {
    let mut state = Box::<DecompressorOxide>::default();
    let mut used = 0;
    let mut filled = out.len();
    loop {
        if filled == out.len() {
            let room = most.saturating_sub(filled).min(packed.len().max(filled).max(64));
            out.resize(filled + room, 0);
        }
        let flags = flags | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let (status, read, written) = decompress(&mut state, &packed[used..], out, filled, flags);
        used += read;
        filled += written;
        match status {
            TINFLStatus::Done => {
                out.truncate(filled);
                return Ok(used);
            }
            TINFLStatus::HasMoreOutput if filled >= most => return Err(Fault::Expansion { most }),
            TINFLStatus::HasMoreOutput => {}
            _ => return Err(Fault::Compression),
        }
    }
}

/// The checksum of gzip, four bits at a time: compressed modules are rare, so a small table is enough.
fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 16] = {
        let mut table = [0; 16];
        let mut index = 0;
        while index < 16 {
            let mut value = index as u32;
            let mut bit = 0;
            while bit < 4 {
                value = if value & 1 == 1 { value >> 1 ^ 0xedb8_8320 } else { value >> 1 };
                bit += 1;
            }
            table[index] = value;
            index += 1;
        }
        table
    };
    !bytes.iter().fold(!0, |mut sum, byte| {
        sum ^= u32::from(*byte);
        sum = TABLE[(sum & 15) as usize] ^ sum >> 4;
        TABLE[(sum & 15) as usize] ^ sum >> 4
    })
}
