// SPDX-License-Identifier: Apache-2.0
//! The `log` back end: a line on the console for each record, with time since the domain's start and level.
//!
//! The level is `info` unless the argument `-loglevel LEVEL` says otherwise.

use alloc::string::String;
use core::fmt::{self, Write};
use core::time::Duration;

use log::{LevelFilter, Log, Metadata, Record};

use super::Console;
use super::line_ends::print_lines;
use crate::global::Global;
use crate::time::{self, Instant};

struct Logger;

static START: Global<Option<Instant>> = Global::new(None);

/// Starts logging; lines count their time from `start`.
pub fn start(start: Instant, level: LevelFilter) {
    *START.borrow() = Some(start);
    // The only error is that there is a logger already, which can only be this one.
    let _ = log::set_logger(&Logger);
    log::set_max_level(level);
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let since = START.borrow().map_or(Duration::ZERO, |start| time::now() - start);
        let line = format_line(since, record);
        super::with(|console| {
            report_dropped(console);
            console.write_line(line.as_bytes());
        });
    }

    fn flush(&self) {
        super::with(Console::flush);
    }
}

/// Says how many lines were dropped, once there is room to say it.
fn report_dropped(console: &mut Console) {
    let dropped = core::mem::take(&mut console.dropped);
    if dropped > 0 {
        let mut line = String::new();
        let _ = writeln!(Line(&mut line), "[{dropped} log lines were lost: the console daemon did not read]");
        console.write_line(line.as_bytes());
        // Not taken: the line itself was counted as lost.
        if console.dropped > 0 {
            console.dropped = dropped;
        }
    }
}

fn format_line(since: Duration, record: &Record<'_>) -> String {
    let mut line = String::new();
    let level = match record.level() {
        log::Level::Info => "",
        log::Level::Error => "error: ",
        log::Level::Warn => "warning: ",
        log::Level::Debug => "debug: ",
        log::Level::Trace => "trace: ",
    };
    // Writing into a String cannot fail.
    let _ = writeln!(
        Line(&mut line),
        "[{:5}.{:06}] {level}{}",
        since.as_secs(),
        since.subsec_micros(),
        record.args()
    );
    line
}

/// A text that gets the line ends of a terminal.
struct Line<'a>(&'a mut String);

impl Write for Line<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        print_lines(text, |part| self.0.push_str(part));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use log::Level;

    #[test]
    fn a_line_has_time_level_and_a_terminal_s_line_end() {
        let record =
            |level| Record::builder().level(level).target("kernel").args(format_args!("two\nlines")).build();
        let since = Duration::new(3, 1_234_000);
        assert_eq!(format_line(since, &record(Level::Warn)), "[    3.001234] warning: two\r\nlines\r\n");
        assert_eq!(format_line(since, &record(Level::Info)), "[    3.001234] two\r\nlines\r\n");
    }
}
