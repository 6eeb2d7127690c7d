// SPDX-License-Identifier: Apache-2.0
//! Whether a panic is one of memory that cannot be had. On stable Rust a program without the standard library learns that from the text alone that
//! `alloc::alloc::handle_alloc_error` panics with.

use core::fmt::{self, Display, Write};

/// The beginning of a text, without a heap to keep it in.
struct Line {
    bytes: [u8; 48],
    len: usize,
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let place = self.bytes.get_mut(self.len..self.len + text.len()).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.len += text.len();
        Ok(())
    }
}

/// The bytes that could not be had, if that is what a panic says.
pub fn bytes(message: &dyn Display) -> Option<u128> {
    let mut line = Line { bytes: [0; 48], len: 0 };
    // What does not fit is another message.
    write!(line, "{message}").ok()?;
    let text = core::str::from_utf8(line.bytes.get(..line.len)?).ok()?;
    text.strip_prefix("memory allocation of ")?.strip_suffix(" bytes failed")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn only_memory_is_meant() {
        assert_eq!(bytes(&"memory allocation of 8000000000 bytes failed"), Some(8_000_000_000));
        assert_eq!(bytes(&format_args!("memory allocation of {} bytes failed", 16)), Some(16));
        assert_eq!(bytes(&"memory allocation of some bytes failed"), None);
        assert_eq!(bytes(&"index out of bounds: the len is 3 but the index is 7, which is too long"), None);
    }
}
