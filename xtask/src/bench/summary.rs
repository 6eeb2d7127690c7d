// SPDX-License-Identifier: Apache-2.0
//! The page of all benchmarks, from one machine in one state: what it is and what was measured of it, row by row.

use std::fmt::Write;
use std::fs;

use super::{Benchmark, Report};

/// The page's name, which shows it first in the folder.
pub const NAME: &str = "README";

/// The page.
pub fn page(reports: &[(&Benchmark, Report)]) -> String {
    let mut text = format!(
        "# All benchmarks\n\nFrom one run of `cargo xtask bench`, on {}. Ratios are over 1 where we are better; what *ours* and *theirs* are is said on \
         the page of each benchmark.\n",
        machine()
    );
    for (benchmark, report) in reports {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n## {title}\n\n{about}: [{name}.md]({name}.md), `cargo xtask bench {name}`\n\n{table}",
            title = report.title(),
            about = capitalised(benchmark.about),
            name = benchmark.name,
            table = report.table(),
        );
    }
    text
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The processor and how many there are of it, as the system says.
fn machine() -> String {
    let facts = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = processor(&facts).unwrap_or("an unknown processor");
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{count} processors of the kind {name}")
}

fn processor(facts: &str) -> Option<&str> {
    let line = facts.lines().find(|line| line.starts_with("model name"))?;
    line.split_once(':').map(|(_, name)| name.trim())
}

#[cfg(test)]
mod tests {
    use super::super::{Better, Row};
    use super::{Benchmark, Report, page, processor};

    #[test]
    fn the_page_has_every_table_and_its_command() {
        let measure = |_: &_, _: &[_]| Ok(Report::new("", ""));
        let boot = Benchmark { name: "boot", about: "from the first instruction on", measure };
        let mut report = Report::new("Boot", "Ours is the kernel.");
        let row = Row {
            row: "ready".into(),
            ours: 10.0,
            theirs: Some(3430.0),
            better: Better::Lower,
            unit: "ms".into(),
            note: "the processor",
        };
        report.row(row);
        let page = page(&[(&boot, report)]);
        assert!(page.starts_with("# All benchmarks\n\nFrom one run of `cargo xtask bench`, on "), "{page}");
        let expected = "
## Boot

From the first instruction on: [boot.md](boot.md), `cargo xtask bench boot`

| row | ours | theirs | ratio | unit | bound by |
| --- | ---: | ---: | ---: | --- | --- |
| ready | 10.00 | 3,430 | 343.0 | ms | the processor |
";
        assert!(page.ends_with(expected), "{page}");
    }

    #[test]
    fn processors_have_names() {
        assert_eq!(
            processor("processor : 0\nmodel name\t: A Processor @ 2 GHz\n"),
            Some("A Processor @ 2 GHz")
        );
        assert_eq!(processor("nothing"), None);
    }
}
