// SPDX-License-Identifier: Apache-2.0
//! Splits the text of a file or of a variable into arguments, as `erlexec` does: words are separated by blanks, quotes of both kinds keep
//! blanks, a backslash outside of quotes takes the next letter as it is, and `#` at the beginning of a word starts a comment in a file.

use alloc::vec::Vec;

/// Where text comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// A file, which may have comments.
    File,
    /// A variable of the environment.
    Variable,
}

/// The arguments that are in a text.
pub fn split(text: &[u8], source: Source) -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => words.extend(word.take()),
            b'#' if source == Source::File && word.is_none() => {
                bytes.by_ref().find(|byte| *byte == b'\n');
            }
            quote @ (b'"' | b'\'') => {
                let quoted = bytes.by_ref().take_while(|byte| *byte != quote);
                word.get_or_insert_default().extend(quoted);
            }
            b'\\' => word.get_or_insert_default().extend(bytes.next()),
            byte => word.get_or_insert_default().push(byte),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::{Source, split};

    fn strings(text: &str, source: Source) -> Vec<String> {
        let words = split(text.as_bytes(), source);
        words.into_iter().map(|word| String::from_utf8(word).expect("text")).collect()
    }

    #[test]
    fn words_are_separated_by_blanks() {
        assert_eq!(strings("  -a b\t+S\n1 ", Source::Variable), ["-a", "b", "+S", "1"]);
        assert_eq!(strings("", Source::File), [""; 0]);
    }

    #[test]
    fn quotes_keep_blanks_and_backslashes() {
        assert_eq!(strings(r#"-foo "a b" 'c "d"'e"#, Source::Variable), ["-foo", "a b", "c \"d\"e"]);
        assert_eq!(strings(r#""a\" b"#, Source::Variable), [r"a\", "b"]);
        assert_eq!(strings(r#"a\ b \"c"#, Source::Variable), ["a b", "\"c"]);
        assert_eq!(strings("'' x", Source::Variable), ["", "x"]);
    }

    #[test]
    fn files_have_comments() {
        assert_eq!(strings("-a # x y\n-b c#d", Source::File), ["-a", "-b", "c#d"]);
        assert_eq!(strings("-a # x", Source::Variable), ["-a", "#", "x"]);
    }
}
