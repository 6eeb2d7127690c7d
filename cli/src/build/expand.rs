// SPDX-License-Identifier: Apache-2.0
//! Expanding what is compressed, with the virtual machine's own reader of DEFLATE.

use beam_vm::deflate::Buffers;
use beam_vm::inflate::{Inflate, Progress};

/// Nothing is expanded to more than this: 4 GiB.
const MOST: usize = 4 << 30;

/// What is being expanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A bare stream, as in archives.
    Raw,
    /// A gzip file of any number of members.
    Gzip,
}

/// zlib's number for gzip with the largest window.
const GZIP_WINDOW: i64 = 16 + 15;

/// Expands bytes whole.
///
/// # Errors
/// Why it cannot be.
pub fn expand(packed: &[u8], format: Format) -> Result<Vec<u8>, &'static str> {
    const DAMAGED: &str = "what is compressed in it is damaged";
    const STEP: usize = 1 << 20;
    let new = || match format {
        Format::Raw => Ok(Inflate::raw()),
        Format::Gzip => Inflate::from_zlib(GZIP_WINDOW).map_err(|_| DAMAGED),
    };
    let mut stream = new()?;
    let mut out = Vec::new();
    let mut used = 0;
    loop {
        let filled = out.len();
        if filled > MOST {
            return Err("it would be larger than 4 GiB");
        }
        out.resize(filled + STEP, 0);
        let mut io = Buffers::new(&packed[used..], &mut out[filled..]);
        let progress = stream.run(&mut io).map_err(|_| DAMAGED)?;
        let (read, written) = (io.read(), io.written());
        used += read;
        out.truncate(filled + written);
        match progress {
            Progress::End
                if format == Format::Gzip
                    && used < packed.len()
                    && packed[used..].starts_with(&[0x1F, 0x8B]) =>
            {
                stream = new()?;
            }
            Progress::End => return Ok(out),
            Progress::NeedsDictionary(_) => return Err(DAMAGED),
            Progress::Done | Progress::Stuck if written == 0 && read == 0 => return Err("it ends early"),
            Progress::Done | Progress::Stuck => {}
        }
    }
}
