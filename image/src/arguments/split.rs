// SPDX-License-Identifier: Apache-2.0
//! The splitter of a command line. It writes each argument, unquoted, with a zero byte after it.

use core::fmt;

use super::Arguments;

/// Why a line cannot be split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitError {
    /// A quote is opened and never closed.
    UnclosedQuote {
        /// The quote, `'` or `"`.
        quote: char,
        /// The byte of the line at which it is opened, counted from 0.
        position: usize,
    },
    /// The line ends with a backslash that has nothing to take as it is.
    TrailingBackslash,
    /// The line has a zero byte in it.
    Zero {
        /// Where, counted from 0.
        position: usize,
    },
    /// The buffer is too small.
    BufferTooSmall {
        /// A size that is surely enough.
        enough: usize,
    },
}

impl fmt::Display for SplitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnclosedQuote { quote, position } => {
                write!(f, "the quote {quote} at byte {position} of the command line is never closed")
            }
            Self::TrailingBackslash => {
                f.write_str("the command line ends with a backslash that has nothing after it")
            }
            Self::Zero { position } => {
                write!(f, "the command line has a zero byte at {position}")
            }
            Self::BufferTooSmall { enough } => {
                write!(f, "the buffer for the arguments is too small; {enough} bytes are enough")
            }
        }
    }
}

impl core::error::Error for SplitError {}

/// Where the splitter is.
#[derive(Clone, Copy)]
enum State {
    /// Between arguments.
    Between,
    /// In an argument, outside of quotes.
    Within,
    /// In quotes that were opened at a position.
    Quoted { quote: char, position: usize },
}

/// Splits a command line into arguments, which are written to `buffer`. `line.len() + 1` bytes are always enough.
///
/// # Errors
/// When a quote is not closed, a backslash ends the line, the line has a zero byte, or the buffer is too small.
pub fn split<'b>(line: &str, buffer: &'b mut [u8]) -> Result<Arguments<'b>, SplitError> {
    let mut output = Output { buffer, length: 0, enough: line.len() + 1 };
    let mut state = State::Between;
    let mut characters = line.char_indices().peekable();
    while let Some((position, character)) = characters.next() {
        state = match (state, character) {
            (_, '\0') => return Err(SplitError::Zero { position }),
            (State::Quoted { quote, .. }, _) if character == quote => State::Within,
            (State::Quoted { quote: '"', .. }, '\\') => {
                let taken = characters.next_if(|&(_, next)| matches!(next, '"' | '\\'));
                output.push(taken.map_or('\\', |(_, next)| next))?;
                state
            }
            (State::Quoted { .. }, _) => {
                output.push(character)?;
                state
            }
            (_, '\'' | '"') => State::Quoted { quote: character, position },
            (_, '\\') => {
                let (position, next) = characters.next().ok_or(SplitError::TrailingBackslash)?;
                if next == '\0' {
                    return Err(SplitError::Zero { position });
                }
                output.push(next)?;
                State::Within
            }
            (State::Between, _) if character.is_whitespace() => State::Between,
            (State::Within, _) if character.is_whitespace() => {
                output.push('\0')?;
                State::Between
            }
            _ => {
                output.push(character)?;
                State::Within
            }
        };
    }
    match state {
        State::Between => {}
        State::Within => output.push('\0')?,
        State::Quoted { quote, position } => return Err(SplitError::UnclosedQuote { quote, position }),
    }
    let Output { buffer, length, enough } = output;
    // Only whole characters and zero bytes were written.
    Arguments::parse(&buffer[..length]).map_err(|_| SplitError::BufferTooSmall { enough })
}

/// The part of the buffer that has been written.
struct Output<'b> {
    buffer: &'b mut [u8],
    length: usize,
    enough: usize,
}

impl Output<'_> {
    fn push(&mut self, character: char) -> Result<(), SplitError> {
        let end = self.length + character.len_utf8();
        let room = self.buffer.get_mut(self.length..end);
        character.encode_utf8(room.ok_or(SplitError::BufferTooSmall { enough: self.enough })?);
        self.length = end;
        Ok(())
    }
}
