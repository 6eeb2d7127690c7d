// SPDX-License-Identifier: Apache-2.0
//! Tests of the line: a terminal that understands what it is sent has to show what stands in the line.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::{Charset, Line};

/// A terminal of some columns.
struct Screen {
    columns: usize,
    rows: Vec<Vec<char>>,
    row: usize,
    column: usize,
}

impl Screen {
    fn new(columns: usize) -> Self {
        Self { columns, rows: vec![vec![' '; columns]], row: 0, column: 0 }
    }

    fn feed(&mut self, bytes: &[u8]) {
        let text = core::str::from_utf8(bytes).expect("UTF-8");
        let mut chars = text.chars();
        while let Some(char) = chars.next() {
            match char {
                '\x08' => self.column = self.column.min(self.columns - 1).saturating_sub(1),
                '\r' => self.column = 0,
                '\n' => self.row += 1,
                '\x1b' => match (chars.next(), chars.next()) {
                    (Some('['), Some('A')) => self.row -= 1,
                    (Some('['), Some('C')) => self.column = (self.column + 1).min(self.columns - 1),
                    other => panic!("unknown sequence {other:?}"),
                },
                char => {
                    if self.column == self.columns {
                        self.column = 0;
                        self.row += 1;
                    }
                    self.grow();
                    self.rows[self.row][self.column] = char;
                    self.column += 1;
                }
            }
            self.grow();
        }
    }

    fn grow(&mut self) {
        while self.rows.len() <= self.row {
            self.rows.push(vec![' '; self.columns]);
        }
    }

    fn text(&self) -> String {
        let text: String = self.rows.iter().flatten().collect();
        text.trim_end().into()
    }
}

fn shown(line: &mut Line) -> String {
    String::from_utf8(line.take_output()).expect("UTF-8")
}

#[test]
fn output_is_what_stock_sends() {
    let mut line = Line::new(80, Charset::Unicode);
    line.put(b"1> ");
    assert_eq!(shown(&mut line), "1> ");
    line.insert(b"ac");
    assert_eq!(shown(&mut line), "ac");
    line.go_by(-1);
    assert_eq!(shown(&mut line), "\x08");
    line.insert(b"b");
    assert_eq!(shown(&mut line), "bc\x08");
    line.delete(-2);
    assert_eq!(shown(&mut line), "\x08\x08c  \x08\x08\x08");
    line.delete(1);
    assert_eq!(shown(&mut line), " \x08");
    line.put(b"x\ny");
    assert_eq!(shown(&mut line), "x\r\ny");
    line.put(b"\x01\t\x7f|");
    assert_eq!(shown(&mut line), "^A     ^\x7f|");
    // Stock counts columns of what is shown as it is.
    line.go_by(-2);
    assert_eq!(shown(&mut line), "\x08");
}

#[test]
fn what_latin1_does_not_show_is_spelled() {
    let mut line = Line::new(80, Charset::Latin1);
    line.put("ä€".as_bytes());
    // It counts no columns for that, and so takes the cursor for one that has just left the last column.
    assert_eq!(shown(&mut line), "\\344\\x{20AC} \x08");
    line.go_by(-1);
    assert_eq!(shown(&mut line), "");
}

#[test]
fn the_last_column_is_left() {
    let mut line = Line::new(4, Charset::Unicode);
    line.put(b"abcd");
    assert_eq!(shown(&mut line), "abcd \x08");
    line.go_by(-2);
    assert_eq!(shown(&mut line), "\x1b[A\x1b[C\x1b[C");
}

#[test]
fn the_end_of_a_line_leaves_the_last_column() {
    let mut line = Line::new(4, Charset::Unicode);
    line.put(b"abcd\nefgh\rij");
    assert_eq!(shown(&mut line), "abcd\r\nefgh\rij");
}

#[test]
fn colours_take_no_columns() {
    let mut line = Line::new(8, Charset::Unicode);
    line.put(b"\x1b[1;31mabc\x1b[0m> ");
    line.take_output();
    line.insert(b"xyz");
    assert_eq!(shown(&mut line), "xyz \x08");
    line.go_by(-3);
    assert_eq!(shown(&mut line), "\x1b[A\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C");
    let mut line = Line::new(8, Charset::Unicode);
    line.put(b"\x1bxab\x1b");
    line.go_by(-5);
    assert_eq!(shown(&mut line), "\x1bxab\x1b\x08\x08");
}

#[derive(Clone, Debug)]
enum Step {
    Insert(String),
    Delete(i16),
    Go(i16),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        "[a-z]{1,7}".prop_map(Step::Insert),
        (-5i16..5).prop_map(Step::Delete),
        (-9i16..9).prop_map(Step::Go),
    ];
    prop::collection::vec(step, 0..40)
}

proptest! {
    #[test]
    fn the_terminal_shows_the_line(columns in 3usize..12, steps in steps()) {
        let mut line = Line::new(columns, Charset::Unicode);
        let mut screen = Screen::new(columns);
        let (mut model, mut at): (Vec<char>, usize) = (Vec::new(), 0);
        for step in steps {
            match step {
                Step::Insert(text) => {
                    line.insert(text.as_bytes());
                    model.splice(at..at, text.chars());
                    at += text.len();
                }
                Step::Delete(count) => {
                    line.delete(count);
                    let other = at.saturating_add_signed(isize::from(count)).min(model.len());
                    let (from, to) = (at.min(other), at.max(other));
                    model.drain(from..to);
                    at = from;
                }
                Step::Go(count) => {
                    line.go_by(count);
                    at = at.saturating_add_signed(isize::from(count)).min(model.len());
                }
            }
            screen.feed(&line.take_output());
            prop_assert_eq!(screen.text(), model.iter().collect::<String>());
            prop_assert_eq!(screen.row * columns + screen.column, at);
        }
    }

    #[test]
    fn nothing_panics(columns in 1usize..10, parts in prop::collection::vec((any::<Vec<u8>>(), any::<i16>()), 0..20)) {
        let mut line = Line::new(columns, Charset::Unicode);
        for (text, count) in parts {
            line.insert(&text);
            line.go_by(count);
            line.put(&text);
            line.delete(count / 256);
        }
    }
}
