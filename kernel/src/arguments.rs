// SPDX-License-Identifier: Apache-2.0
//! The arguments of the program: those that are embedded in the image, then those of Xen's command line.
//!
//! Xen's command line holds 1024 bytes at most, so long ones belong into the image (`voxoz pack --argument`). Both are split by the
//! same rules, see [`image::arguments`].

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::str::Utf8Error;

use image::arguments::{ArgumentError, Arguments, SplitError, split};
use image::{Image, ImageError, Section, SectionKind};

use crate::global::Global;

/// Why the arguments cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Error {
    /// The image's list is not what was packed.
    Image(ImageError),
    /// The image's list is malformed.
    Embedded(ArgumentError),
    /// The command line is not UTF-8.
    Encoding(Utf8Error),
    /// The command line cannot be split.
    Split(SplitError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image(error) => write!(f, "the arguments in the image are damaged: {error}"),
            Self::Embedded(error) => write!(f, "the arguments in the image cannot be read: {error}"),
            Self::Encoding(error) => write!(f, "the command line is not UTF-8: {error}"),
            Self::Split(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Error {}

/// The command line as it is, for the crash report.
static COMMAND_LINE: Global<&[u8]> = Global::new(&[]);

/// Keeps the command line: the bytes before the first zero.
pub fn install(buffer: &'static [u8]) {
    let length = buffer.iter().position(|byte| *byte == 0).unwrap_or(buffer.len());
    *COMMAND_LINE.borrow() = &buffer[..length];
}

/// The command line, for display; bytes that are no text are left out.
pub fn command_line() -> &'static str {
    let bytes = COMMAND_LINE.try_borrow().map_or(&[][..], |line| *line);
    match core::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => core::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
    }
}

/// The embedded arguments, then those of the command line.
///
/// # Errors
/// [`Error`].
pub fn collect(image: Option<&Image<'static>>) -> Result<Vec<String>, Error> {
    let is_list = |section: &Section<'_>| section.kind == SectionKind::ARGUMENTS;
    let embedded = image.and_then(|image| image.sections().find(is_list));
    if let Some(section) = &embedded {
        section.verify().map_err(Error::Image)?;
    }
    collect_from(embedded.map(|section| section.bytes), &COMMAND_LINE.borrow())
}

fn collect_from(embedded: Option<&[u8]>, line: &[u8]) -> Result<Vec<String>, Error> {
    let embedded = Arguments::parse(embedded.unwrap_or_default()).map_err(Error::Embedded)?;
    let line = core::str::from_utf8(line).map_err(Error::Encoding)?;
    let mut buffer = vec![0; line.len() + 1];
    let line = split(line, &mut buffer).map_err(Error::Split)?;
    Ok(embedded.iter().chain(line.iter()).map(ToString::to_string).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embedded_arguments_come_first() {
        let arguments = collect_from(Some(b"-name\0a b\0"), b"-x 'c d'").expect("well-formed");
        assert_eq!(arguments, ["-name", "a b", "-x", "c d"]);
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        assert!(matches!(collect_from(Some(b"no end"), b""), Err(Error::Embedded(_))));
        assert!(matches!(collect_from(None, b"\xff"), Err(Error::Encoding(_))));
        assert!(matches!(collect_from(None, b"'open"), Err(Error::Split(_))));
        assert_eq!(collect_from(None, b""), Ok(Vec::new()));
    }
}
