// SPDX-License-Identifier: Apache-2.0
//! Reader of `xl list`.

/// A line of `xl list`.
#[derive(Clone, Debug, PartialEq)]
pub struct Domain {
    /// The domain's name.
    pub name: String,
    /// Its number.
    pub domid: u32,
    /// Its memory in MiB.
    pub memory_mib: u64,
    /// Its virtual processors.
    pub vcpus: u32,
    /// Its state, a letter or a dash each for running, blocked, paused, shutdown, crashed, dying: `-b----`.
    pub state: String,
    /// Processor time that it has used, in seconds.
    pub cpu_seconds: f64,
}

/// Reads the table; the error is the line that does not fit.
pub(crate) fn parse(text: &str) -> Result<Vec<Domain>, String> {
    let mut lines = text.lines();
    match lines.next() {
        Some(head) if head.starts_with("Name") => {}
        head => return Err(head.unwrap_or_default().to_owned()),
    }
    lines.filter(|l| !l.is_empty()).map(|l| line(l).ok_or_else(|| l.to_owned())).collect()
}

/// Columns are counted from the right: a name may hold anything.
fn line(line: &str) -> Option<Domain> {
    let (rest, seconds) = cut(line)?;
    let (rest, state) = cut(rest)?;
    let (rest, vcpus) = cut(rest)?;
    let (rest, memory) = cut(rest)?;
    let (name, domid) = cut(rest)?;
    Some(Domain {
        name: name.to_owned(),
        domid: domid.parse().ok()?,
        memory_mib: memory.parse().ok()?,
        vcpus: vcpus.parse().ok()?,
        state: state.to_owned(),
        cpu_seconds: seconds.parse().ok()?,
    })
}

/// Splits off the last word.
fn cut(text: &str) -> Option<(&str, &str)> {
    let (rest, word) = text.trim_end().rsplit_once(char::is_whitespace)?;
    Some((rest.trim_end(), word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read() {
        let text = "Name                                        ID   Mem VCPUs\tState\tTime(s)\n\
                    Domain-0                                     0   512     1     r-----      22.1\n\
                    a name with spaces                          12  8192     4     -b----    1013.4\n";
        let domains = parse(text).unwrap();
        assert_eq!(domains.len(), 2);
        assert_eq!((domains[0].name.as_str(), domains[0].domid), ("Domain-0", 0));
        let last = &domains[1];
        assert_eq!(last.name, "a name with spaces");
        assert_eq!((last.domid, last.memory_mib, last.vcpus), (12, 8192, 4));
        assert_eq!((last.state.as_str(), last.cpu_seconds), ("-b----", 1013.4));
    }

    #[test]
    fn other_text_is_refused() {
        assert!(parse("").is_err());
        assert!(parse("xl: command not found\n").is_err());
        assert_eq!(parse("Name ID\nshort line\n"), Err("short line".to_owned()));
    }
}
