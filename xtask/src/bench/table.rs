// SPDX-License-Identifier: Apache-2.0
//! What a benchmark found: rows, and their three forms (a table for the terminal, Markdown for the docs, JSON lines).

use std::fmt::Write;

use serde_json::json;

/// Which end of the scale is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Times, sizes.
    Lower,
    /// Rates.
    Higher,
}

/// One measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What was measured.
    pub row: String,
    /// Our value.
    pub ours: f64,
    /// The value of what we compare with; a row may be ours alone.
    pub theirs: Option<f64>,
    /// Which end of the scale is good.
    pub better: Better,
    /// The unit of both values.
    pub unit: String,
    /// What bounds our value, where that is worth saying.
    pub note: &'static str,
}

impl Row {
    /// The same with what bounds our value.
    pub fn noted(self, note: &'static str) -> Self {
        Self { note, ..self }
    }

    /// How many times better we are; under 1 where we are worse. Nothing without a counterpart, or where a zero leaves
    /// no ratio.
    pub fn ratio(&self) -> Option<f64> {
        let theirs = self.theirs?;
        let ratio = match self.better {
            Better::Lower => theirs / self.ours,
            Better::Higher => self.ours / theirs,
        };
        Some(ratio).filter(|ratio| ratio.is_finite())
    }
}

/// What a benchmark found.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    title: String,
    about: String,
    rows: Vec<Row>,
}

const COLUMNS: [&str; 5] = ["row", "ours", "theirs", "ratio", "unit"];

impl Report {
    /// A report without rows: `title` is its heading, `about` says what "ours" and "theirs" are and how they were
    /// measured, in Markdown.
    pub fn new(title: &str, about: &str) -> Self {
        Self { title: title.into(), about: about.into(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, row: Row) {
        self.rows.push(row);
    }

    fn cells(&self) -> Vec<[String; 5]> {
        let optional = |value: Option<f64>| value.map_or_else(String::new, number);
        let cells = |row: &Row| {
            [row.row.clone(), number(row.ours), optional(row.theirs), optional(row.ratio()), row.unit.clone()]
        };
        self.rows.iter().map(cells).collect()
    }

    /// The table for a terminal.
    pub fn text(&self) -> String {
        let mut lines = vec![COLUMNS.map(str::to_owned)];
        lines.extend(self.cells());
        let width =
            |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default();
        let widths: [usize; 5] = std::array::from_fn(width);
        let mut text = String::new();
        for [row, ours, theirs, ratio, unit] in &lines {
            let [first, second, third, fourth, _] = widths;
            // Writing to a String cannot fail.
            let _ =
                writeln!(text, "{row:<first$}  {ours:>second$}  {theirs:>third$}  {ratio:>fourth$}  {unit}");
        }
        text
    }

    /// Its heading.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The page for the docs. It has no date, so that it changes when a number does.
    pub fn markdown(&self, name: &str) -> String {
        format!(
            "# {}\n\n{}\n\n{}\nThe ratio is over 1 where we are better. To repeat it: `cargo xtask bench {name}`.\n",
            self.title,
            self.about.trim(),
            self.table()
        )
    }

    /// The table for the docs.
    pub fn table(&self) -> String {
        let noted = self.rows.iter().any(|row| !row.note.is_empty());
        let (heading, rule) = if noted { (" bound by |", " --- |") } else { ("", "") };
        let mut text = format!("| {} |{heading}\n", COLUMNS.join(" | "));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| --- | ---: | ---: | ---: | --- |{rule}");
        for (line, row) in self.cells().into_iter().zip(&self.rows) {
            let note = if noted { format!(" {} |", row.note) } else { String::new() };
            let _ = writeln!(text, "| {} |{note}", line.map(|cell| cell.replace('|', "\\|")).join(" | "));
        }
        text
    }

    /// One JSON object a line.
    pub fn json_lines(&self) -> String {
        let line = |row: &Row| {
            let object = json!({
                "row": row.row, "ours": row.ours, "theirs": row.theirs, "ratio": row.ratio(), "unit": row.unit,
            });
            format!("{object}\n")
        };
        self.rows.iter().map(line).collect()
    }
}

/// A number with four significant digits and a separator between thousands.
fn number(value: f64) -> String {
    let magnitude = value.abs();
    let decimals = match magnitude {
        _ if magnitude >= 1000.0 || magnitude == 0.0 => 0,
        _ if magnitude >= 100.0 => 1,
        _ if magnitude >= 10.0 => 2,
        _ if magnitude >= 1.0 => 3,
        _ => 4,
    };
    let plain = format!("{value:.decimals$}");
    let (sign, digits) = plain.strip_prefix('-').map_or(("", plain.as_str()), |digits| ("-", digits));
    let (whole, fraction) =
        digits.split_once('.').map_or((digits, ""), |(whole, fraction)| (whole, fraction));
    let mut grouped = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if !fraction.is_empty() {
        grouped.push('.');
        grouped.push_str(fraction);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::{Better, Report, Row, number};

    fn row(name: &str, ours: f64, theirs: Option<f64>, better: Better, unit: &str) -> Row {
        Row { row: name.into(), ours, theirs, better, unit: unit.into(), note: "" }
    }

    fn report() -> Report {
        let mut report = Report::new("Boot", "Ours is the kernel, theirs Debian's.");
        report.row(row("ready", 10.0, Some(3430.0), Better::Lower, "ms"));
        report.row(row("heap", 0.5, None, Better::Lower, "ms"));
        report.row(row("echo", 20.0, Some(40.0), Better::Higher, "MB/s"));
        report
    }

    #[test]
    fn the_ratio_is_over_one_where_we_are_better() {
        assert_eq!(row("a", 2.0, Some(8.0), Better::Lower, "").ratio(), Some(4.0));
        assert_eq!(row("a", 2.0, Some(8.0), Better::Higher, "").ratio(), Some(0.25));
        assert_eq!(row("a", 0.0, Some(8.0), Better::Lower, "").ratio(), None);
        assert_eq!(row("a", 2.0, None, Better::Lower, "").ratio(), None);
    }

    #[test]
    fn columns_are_aligned() {
        let expected = "\
row      ours  theirs   ratio  unit
ready   10.00   3,430   343.0  ms
heap   0.5000                  ms
echo    20.00   40.00  0.5000  MB/s
";
        assert_eq!(report().text(), expected);
    }

    #[test]
    fn the_page_has_a_table_and_the_command() {
        let expected = "\
# Boot

Ours is the kernel, theirs Debian's.

| row | ours | theirs | ratio | unit |
| --- | ---: | ---: | ---: | --- |
| ready | 10.00 | 3,430 | 343.0 | ms |
| heap | 0.5000 |  |  | ms |
| echo | 20.00 | 40.00 | 0.5000 | MB/s |

The ratio is over 1 where we are better. To repeat it: `cargo xtask bench boot`.
";
        assert_eq!(report().markdown("boot"), expected);
    }

    #[test]
    fn notes_get_a_column() {
        let mut report = Report::new("Boot", "About.");
        report.row(row("ready", 10.0, None, Better::Lower, "ms").noted("xenstored"));
        let page = report.markdown("boot");
        assert!(page.contains("| row | ours | theirs | ratio | unit | bound by |\n"), "{page}");
        assert!(page.contains("| ready | 10.00 |  |  | ms | xenstored |\n"), "{page}");
    }

    #[test]
    fn json_has_one_object_a_line() {
        let expected = "\
{\"ours\":10.0,\"ratio\":343.0,\"row\":\"ready\",\"theirs\":3430.0,\"unit\":\"ms\"}
{\"ours\":0.5,\"ratio\":null,\"row\":\"heap\",\"theirs\":null,\"unit\":\"ms\"}
{\"ours\":20.0,\"ratio\":0.5,\"row\":\"echo\",\"theirs\":40.0,\"unit\":\"MB/s\"}
";
        assert_eq!(report().json_lines(), expected);
    }

    #[test]
    fn numbers_have_four_digits() {
        let cases = [
            (0.0, "0"),
            (0.01234, "0.0123"),
            (-1.5, "-1.500"),
            (999.96, "1,000.0"),
            (1234.5, "1,234"),
            (-123_456_789.0, "-123,456,789"),
        ];
        for (value, expected) in cases {
            assert_eq!(number(value), expected);
        }
    }
}
