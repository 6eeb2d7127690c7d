// SPDX-License-Identifier: Apache-2.0
//! Expanding what is compressed (zlib, RFC 1950; gzip, RFC 1952), within a bound that the caller sets.

use alloc::vec::Vec;

use super::fault::Fault;
use super::reader::Reader;
use crate::deflate::Buffers;
use crate::hash::crc32;
use crate::inflate::{Inflate, Progress};

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
    expand(Inflate::zlib(), packed, &mut out, most)?;
    Ok(out)
}

/// Whether this starts as a gzip file does.
#[must_use]
pub fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// Expands a gzip file, if it is one and undamaged.
#[must_use]
pub fn gunzip(packed: &[u8]) -> Option<Vec<u8>> {
    if is_gzip(packed) { gzip(packed, most_expanded(packed.len())).ok() } else { None }
}

/// Expands a gzip file to at most `most` bytes: one member or several in a row.
pub(super) fn gzip(packed: &[u8], most: usize) -> Result<Vec<u8>, Fault> {
    let mut reader = Reader::new(packed);
    let mut out = Vec::new();
    while !reader.is_at_end() {
        skip_gzip_header(&mut reader)?;
        let start = out.len();
        let used = expand(Inflate::raw(), &packed[reader.at()..], &mut out, most)?;
        reader.take(used)?;
        let checksum = reader.u32()?.swap_bytes();
        let len = reader.u32()?.swap_bytes();
        let member = &out[start..];
        if crc32(0, member) != checksum || member.len() as u32 != len {
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
fn expand(mut stream: Inflate, packed: &[u8], out: &mut Vec<u8>, most: usize) -> Result<usize, Fault> {
    let (mut used, mut filled) = (0, out.len());
    loop {
        if filled == out.len() {
            let room = most.saturating_sub(filled).min(packed.len().max(filled).max(64));
            out.resize(filled + room, 0);
        }
        let mut io = Buffers::new(&packed[used..], &mut out[filled..]);
        let progress = stream.run(&mut io).map_err(|_| Fault::Compression)?;
        used += io.read();
        filled += io.written();
        match progress {
            Progress::End => {
                out.truncate(filled);
                return Ok(used);
            }
            Progress::Done | Progress::Stuck if filled < out.len() => return Err(Fault::Compression),
            Progress::Stuck if filled >= most => return Err(Fault::Expansion { most }),
            Progress::Done | Progress::Stuck => {}
            Progress::NeedsDictionary(_) => return Err(Fault::Compression),
        }
    }
}
