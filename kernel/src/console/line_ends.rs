// SPDX-License-Identifier: Apache-2.0
//! Line ends for a raw terminal: `xl console` passes bytes on as they are, so a new line needs a carriage return too.

/// Passes `text` to `print` in pieces, with CR LF for each line feed.
pub fn print_lines(text: &str, mut print: impl FnMut(&str)) {
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            print("\r\n");
        }
        print(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    #[test]
    fn every_line_feed_gets_a_carriage_return() {
        let mut printed = String::new();
        print_lines("one\n\ntwo\n", |part| printed.push_str(part));
        assert_eq!(printed, "one\r\n\r\ntwo\r\n");
    }
}
