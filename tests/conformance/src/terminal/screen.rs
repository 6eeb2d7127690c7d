// SPDX-License-Identifier: Apache-2.0
//! The screen of a terminal: what a reader would see after all that was written to it, lines that have left it at the top included. It knows
//! what OTP's line editor and Elixir's shell write (ECMA-48 and xterm's wrapping of full lines); of anything else it shows the sequence, so that it is
//! a difference and not lost.

/// Columns of the terminal.
pub const COLUMNS: usize = 120;

/// Lines of the terminal.
pub const ROWS: usize = 40;

/// The screen.
#[derive(Debug, Default)]
pub struct Screen {
    lines: Vec<Vec<char>>,
    row: usize,
    column: usize,
    /// Bytes of a character or sequence that has not ended.
    pending: Vec<u8>,
}

/// What the first bytes that are left are.
enum Token {
    Char(char),
    /// A control sequence: its parameters and final byte.
    Control(Vec<usize>, u8),
    /// One that this terminal does not have.
    Unknown(String),
}

impl Screen {
    /// Takes what was written.
    pub fn write(&mut self, bytes: &[u8]) {
        let mut input = std::mem::take(&mut self.pending);
        input.extend_from_slice(bytes);
        let mut rest = input.as_slice();
        while let Some((token, length)) = token(rest) {
            rest = &rest[length..];
            match token {
                Token::Char(char) => self.put(char),
                Token::Control(parameters, last) => self.control(&parameters, last),
                Token::Unknown(text) => text.chars().for_each(|char| self.put(char)),
            }
        }
        self.pending = rest.to_vec();
    }

    fn top(&self) -> usize {
        self.lines.len().saturating_sub(ROWS)
    }

    fn line(&mut self) -> &mut Vec<char> {
        if self.lines.len() <= self.row {
            self.lines.resize(self.row + 1, Vec::new());
        }
        &mut self.lines[self.row]
    }

    fn put(&mut self, char: char) {
        match char {
            '\r' => self.column = 0,
            '\n' => self.row += 1,
            '\x08' => self.column = self.column.min(COLUMNS - 1).saturating_sub(1),
            '\t' => self.column = (self.column / 8 * 8 + 8).min(COLUMNS - 1),
            '\x07' => (),
            _ => {
                // A full line is left only when one more character comes.
                if self.column >= COLUMNS {
                    (self.row, self.column) = (self.row + 1, 0);
                }
                let column = self.column;
                let line = self.line();
                if line.len() <= column {
                    line.resize(column + 1, ' ');
                }
                line[column] = char;
                self.column += 1;
                return;
            }
        }
        self.line();
    }

    fn control(&mut self, parameters: &[usize], last: u8) {
        let first = parameters.first().copied().unwrap_or(0);
        let count = first.max(1);
        let column = self.column.min(COLUMNS - 1);
        match last {
            b'A' => self.row = self.row.saturating_sub(count).max(self.top()),
            b'B' => self.row = (self.row + count).min(self.top() + ROWS - 1),
            b'C' => self.column = (column + count).min(COLUMNS - 1),
            b'D' => self.column = column.saturating_sub(count),
            b'G' => self.column = (count - 1).min(COLUMNS - 1),
            b'H' => {
                self.row = self.top() + count.min(ROWS) - 1;
                self.column = parameters.get(1).map_or(0, |column| column.max(&1) - 1).min(COLUMNS - 1);
            }
            b'J' if first == 0 => {
                self.line().truncate(column);
                self.lines.truncate(self.row + 1);
            }
            b'J' => {
                let top = self.top();
                self.lines.iter_mut().skip(top).for_each(Vec::clear);
            }
            b'K' => self.line().truncate(column),
            b'P' => {
                let line = self.line();
                let end = (column + count).min(line.len());
                if column < end {
                    line.drain(column..end);
                }
            }
            b'@' => {
                let line = self.line();
                if column < line.len() {
                    line.splice(column..column, std::iter::repeat_n(' ', count));
                    line.truncate(COLUMNS);
                }
            }
            // Colours and modes.
            _ => (),
        }
        self.line();
    }

    /// What stands before the cursor in its line.
    pub fn before_cursor(&self) -> String {
        let line = self.lines.get(self.row).map(Vec::as_slice).unwrap_or_default();
        line[..self.column.min(line.len())].iter().collect()
    }

    /// The lines from `from` on, without blanks at their ends.
    pub fn text_from(&self, from: usize) -> String {
        let text = |line: &Vec<char>| line.iter().collect::<String>().trim_end().to_owned() + "\n";
        self.lines.iter().skip(from).map(text).collect()
    }

    /// The line of the cursor.
    pub fn row(&self) -> usize {
        self.row
    }
}

/// The first token of `bytes` and its length; none when it has not ended.
fn token(bytes: &[u8]) -> Option<(Token, usize)> {
    match *bytes.first()? {
        0x1b => escape(bytes),
        byte @ 0..0x80 => Some((Token::Char(char::from(byte)), 1)),
        lead => {
            let length = match lead {
                0xf0.. => 4,
                0xe0.. => 3,
                0xc0.. => 2,
                _ => 1,
            };
            let text = String::from_utf8_lossy(bytes.get(..length)?).into_owned();
            Some((text.chars().next().map_or(Token::Unknown(String::new()), Token::Char), length))
        }
    }
}

fn escape(bytes: &[u8]) -> Option<(Token, usize)> {
    let unknown = |length: usize| {
        let shown = bytes[1..length].escape_ascii();
        Some((Token::Unknown(format!("<ESC {shown}>")), length))
    };
    match *bytes.get(1)? {
        b'[' => {
            let end = 2 + bytes[2..].iter().position(|byte| (0x40..=0x7e).contains(byte))?;
            if !b"ABCDGHJKP@mhl".contains(&bytes[end]) {
                return unknown(end + 1);
            }
            let text = String::from_utf8_lossy(&bytes[2..end]).into_owned();
            let parameters = text.split(';').map(|number| number.parse().unwrap_or(0)).collect();
            Some((Token::Control(parameters, bytes[end]), end + 1))
        }
        // Application and numeric keypad.
        b'=' | b'>' => Some((Token::Control(Vec::new(), b'm'), 2)),
        _ => unknown(2),
    }
}
