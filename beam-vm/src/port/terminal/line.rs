// SPDX-License-Identifier: Apache-2.0
//! The line that is edited on a terminal: what stands in it, where the cursor is, and what the terminal is sent so that it shows that
//! (`erts/emulator/drivers/unix/ttsl_drv.c`). The terminal understands the sequences of ANSI and stays in the last column until the next
//! character, as nearly all do.

use alloc::vec::Vec;

use super::width::width;

/// A character that the terminal is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Cell {
    shown: char,
    part: Part,
}

/// What a cell is of the characters of the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    /// One of them, as it is.
    Whole,
    /// The first of those that stand for a tab, a control character or one that the terminal does not show. Stock counts no columns for these.
    First,
    /// Another one of those.
    Other,
    /// What escape sequences begin with.
    Escape,
}

/// What follows the cells that are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Then {
    /// The end of the line, which leaves the last column by itself.
    LineEnd,
    /// Anything.
    Anything,
}

/// Whether the terminal shows all characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Charset {
    /// It does.
    Unicode,
    /// It shows Latin-1.
    Latin1,
}

/// A line longer than this is ended.
const LONGEST: usize = 1 << 16;

/// A line.
#[derive(Debug)]
pub struct Line {
    cells: Vec<Cell>,
    at: usize,
    /// How many columns the terminal has.
    pub columns: usize,
    /// What the terminal shows.
    pub charset: Charset,
    out: Vec<u8>,
}

impl Line {
    /// An empty line.
    #[must_use]
    pub const fn new(columns: usize, charset: Charset) -> Self {
        Self { cells: Vec::new(), at: 0, columns, charset, out: Vec::new() }
    }

    /// What the terminal is to be sent.
    pub fn take_output(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.out)
    }

    /// Ends a line that has become too long.
    pub fn limit(&mut self) {
        if self.at > LONGEST {
            self.put(b"\n");
        }
    }

    /// Writes over what is there.
    pub fn put(&mut self, text: &[u8]) {
        let from = self.enter(text);
        if self.at > from {
            self.show(from, self.at, Then::Anything);
        }
    }

    /// Puts characters in before what is there.
    pub fn insert(&mut self, text: &[u8]) {
        let tail = self.cells.split_off(self.at);
        let from = self.enter(text);
        self.cells.truncate(self.at);
        self.cells.extend(tail);
        self.show(from, self.cells.len(), Then::Anything);
        self.go(self.cells.len(), self.at);
    }

    /// Takes characters out: after the cursor, or before it if the number is negative.
    pub fn delete(&mut self, count: i16) {
        let other = self.step(count);
        let (from, to) = (self.at.min(other), self.at.max(other));
        if from == to {
            return;
        }
        self.go(self.at, from);
        self.at = from;
        let blank = self.column(to) - self.column(from);
        self.cells.drain(from..to);
        let end = self.cells.len();
        self.show(from, end, Then::Anything);
        self.out.resize(self.out.len() + blank, b' ');
        if self.column(end + blank).is_multiple_of(self.columns) {
            self.out.extend_from_slice(b" \x08");
        }
        self.go(end + blank, from);
    }

    /// Moves the cursor by characters.
    pub fn go_by(&mut self, count: i16) {
        let to = self.step(count);
        self.go(self.at, to);
        self.at = to;
    }

    /// Lets the terminal beep.
    pub fn beep(&mut self) {
        self.out.push(7);
    }

    /// Where the cursor is after so many characters, within the line.
    fn step(&self, count: i16) -> usize {
        let mut at = self.at;
        let is_inside = |at: usize| self.cells.get(at).is_some_and(|cell| cell.part == Part::Other);
        for _ in 0..count.unsigned_abs() {
            if count > 0 && at < self.cells.len() {
                at += 1;
                while is_inside(at) {
                    at += 1;
                }
            } else if count < 0 && at > 0 {
                at -= 1;
                while at > 0 && is_inside(at) {
                    at -= 1;
                }
            }
        }
        at
    }

    /// Enters characters from the cursor on, over what is there; gives where those begin that are in the line and not shown yet.
    fn enter(&mut self, text: &[u8]) -> usize {
        let mut from = self.at;
        for char in characters(text) {
            match char {
                '\t' => {
                    self.cell(' ', Part::First);
                    while !self.at.is_multiple_of(8) {
                        self.cell(' ', Part::Other);
                    }
                }
                '\x1b' => self.cell(char, Part::Escape),
                '\n' | '\r' => {
                    if self.at > from {
                        self.show(from, self.at, Then::LineEnd);
                    }
                    self.out.extend_from_slice(if char == '\n' { b"\r\n" } else { b"\r" });
                    self.cells.drain(..self.at);
                    self.at = 0;
                    from = 0;
                }
                '\0'..='\x1f' | '\x7f' => {
                    self.cell('^', Part::First);
                    self.cell(char::from(char as u8 | 0x40), Part::Other);
                }
                ' '..='~' => self.cell(char, Part::Whole),
                _ if self.charset == Charset::Unicode => self.cell(char, Part::Whole),
                _ => {
                    let number = u32::from(char);
                    let digits = match number {
                        0..=0xFF => alloc::format!("{number:03o}"),
                        _ => alloc::format!("x{{{number:X}}}"),
                    };
                    self.cell('\\', Part::First);
                    digits.chars().for_each(|digit| self.cell(digit, Part::Other));
                }
            }
        }
        from
    }

    fn cell(&mut self, shown: char, part: Part) {
        let cell = Cell { shown, part };
        match self.cells.get_mut(self.at) {
            Some(place) => *place = cell,
            None => self.cells.push(cell),
        }
        self.at += 1;
    }

    /// Sends what stands in the line.
    fn show(&mut self, from: usize, to: usize, then: Then) {
        for cell in &self.cells[from..to] {
            self.out.extend_from_slice(cell.shown.encode_utf8(&mut [0; 4]).as_bytes());
        }
        if then == Then::LineEnd || to == 0 || !self.column(to).is_multiple_of(self.columns) {
            return;
        }
        // The cursor is still in the last column: something has to be written for it to leave that.
        match self.cells[..to].last().filter(|_| to < self.cells.len() && to > from) {
            Some(cell) => self.out.extend_from_slice(cell.shown.encode_utf8(&mut [0; 4]).as_bytes()),
            None => self.out.push(b' '),
        }
        self.out.push(8);
    }

    /// The column of a place in the line if the terminal were as wide as can be.
    fn column(&self, to: usize) -> usize {
        let known = to.min(self.cells.len());
        let mut column = to - known;
        let mut at = 0;
        while at < known {
            match self.cells[at] {
                Cell { part: Part::Escape, .. } => at += self.sequence(at),
                cell => {
                    if cell.part == Part::Whole {
                        column += width(cell.shown);
                    }
                    at += 1;
                }
            }
        }
        column
    }

    /// How many cells the escape sequence has that begins at a place. Stock knows those for colours.
    fn sequence(&self, at: usize) -> usize {
        match self.cells.get(at + 1) {
            None => 1,
            Some(Cell { shown: '[', part: Part::Whole }) => {
                let is_inside = |cell: &&Cell| cell.shown == ';' || cell.shown.is_ascii_digit();
                self.cells[at + 2..].iter().take_while(is_inside).count() + 3
            }
            Some(_) => 2,
        }
    }

    /// Moves the cursor on the terminal.
    fn go(&mut self, from: usize, to: usize) {
        let (from, to) = (self.column(from), self.column(to));
        let place = |column: usize| (column / self.columns, column % self.columns);
        let ((line, column), (to_line, to_column)) = (place(from), place(to));
        self.repeat(b"\n", to_line.saturating_sub(line));
        self.repeat(b"\x1b[A", line.saturating_sub(to_line));
        self.repeat(b"\x1b[C", to_column.saturating_sub(column));
        self.repeat(b"\x08", column.saturating_sub(to_column));
    }

    fn repeat(&mut self, sequence: &[u8], times: usize) {
        for _ in 0..times {
            self.out.extend_from_slice(sequence);
        }
    }
}

/// The characters of UTF-8; a byte that is none is one of Latin-1.
fn characters(text: &[u8]) -> impl Iterator<Item = char> + '_ {
    let mut rest = text;
    core::iter::from_fn(move || {
        let first = *rest.first()?;
        let chunk = &rest[..rest.len().min(4)];
        let known = match core::str::from_utf8(chunk) {
            Ok(text) => text.chars().next(),
            Err(error) => {
                let valid = &chunk[..error.valid_up_to()];
                core::str::from_utf8(valid).ok().and_then(|text| text.chars().next())
            }
        };
        let char = known.unwrap_or(char::from(first));
        rest = &rest[known.map_or(1, char::len_utf8)..];
        Some(char)
    })
}

#[cfg(test)]
mod tests;
