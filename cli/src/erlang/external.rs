// SPDX-License-Identifier: Apache-2.0
//! Terms in the external format ("External Term Format" of ERTS' user's guide), as `term_to_binary/1` writes boot files: neither compressed
//! nor with terms that are of a running node.

use super::{DEEPEST, Term, TermError};

const VERSION: u8 = 131;

/// Reads a term, which is all that there is.
///
/// # Errors
/// [`TermError`]
pub fn decode(bytes: &[u8]) -> Result<Term, TermError> {
    let mut reader = Reader { bytes, at: 0 };
    if reader.u8()? != VERSION {
        return Err(TermError { what: "there is no term in the external format", position: 0 });
    }
    reader.term(0)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn error(&self, what: &'static str) -> TermError {
        TermError { what, position: self.at }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], TermError> {
        let end = self.at.checked_add(count);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or_else(|| self.error("the term ends early"))?;
        self.at += count;
        Ok(taken)
    }

    fn u8(&mut self) -> Result<u8, TermError> {
        Ok(self.take(1)?[0])
    }

    fn u16(&mut self) -> Result<usize, TermError> {
        Ok(self.take(2)?.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    }

    fn u32(&mut self) -> Result<u32, TermError> {
        Ok(self.take(4)?.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }

    fn atom(&mut self, length: usize) -> Result<Term, TermError> {
        Ok(Term::Atom(String::from_utf8_lossy(self.take(length)?).into_owned()))
    }

    fn elements(&mut self, count: usize, depth: u32) -> Result<Vec<Term>, TermError> {
        // Each takes a byte at least, so no count makes this large.
        let mut elements = Vec::with_capacity(count.min(self.bytes.len() - self.at));
        for _ in 0..count {
            elements.push(self.term(depth + 1)?);
        }
        Ok(elements)
    }

    fn term(&mut self, depth: u32) -> Result<Term, TermError> {
        if depth > DEEPEST {
            return Err(self.error("the term is too deep"));
        }
        Ok(match self.u8()? {
            97 => Term::Integer(i64::from(self.u8()?)),
            98 => Term::Integer(i64::from(self.u32()?.cast_signed())),
            70 => {
                self.take(8)?;
                Term::Other
            }
            110 => {
                let length = usize::from(self.u8()?);
                self.take(length + 1)?;
                Term::Other
            }
            111 => {
                let length = self.u32()? as usize;
                self.take(length.saturating_add(1))?;
                Term::Other
            }
            100 | 118 => {
                let length = self.u16()?;
                self.atom(length)?
            }
            115 | 119 => {
                let length = usize::from(self.u8()?);
                self.atom(length)?
            }
            107 => {
                let length = self.u16()?;
                Term::Text(self.take(length)?.iter().map(|byte| char::from(*byte)).collect())
            }
            109 => {
                let length = self.u32()? as usize;
                Term::Binary(self.take(length)?.to_vec())
            }
            106 => Term::List(Vec::new()),
            108 => {
                let count = self.u32()? as usize;
                let mut elements = self.elements(count, depth)?;
                let tail = self.term(depth + 1)?;
                if tail != Term::List(Vec::new()) {
                    elements.push(tail);
                }
                Term::List(elements)
            }
            104 => {
                let count = usize::from(self.u8()?);
                Term::Tuple(self.elements(count, depth)?)
            }
            105 => {
                let count = self.u32()? as usize;
                Term::Tuple(self.elements(count, depth)?)
            }
            116 => {
                let count = self.u32()? as usize;
                self.elements(count.saturating_mul(2), depth)?;
                Term::Other
            }
            _ => {
                self.at -= 1;
                return Err(self.error("no boot file has such a term"));
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Term;
    use super::decode;

    /// `term_to_binary({script,{"a","1"},[{path,["$ROOT/lib"]},300,-1,[x|y],<<1>>,[]]})` of OTP 25.
    const SAMPLE: &[u8] = b"\x83h\x03w\x06scripth\x02k\x00\x01ak\x00\x011l\x00\x00\x00\x06h\x02w\x04pathl\x00\x00\x00\x01k\x00\x09$ROOT/libj\
        b\x00\x00\x01,b\xff\xff\xff\xffl\x00\x00\x00\x01w\x01xw\x01ym\x00\x00\x00\x01\x01jj";

    #[test]
    fn a_boot_file_is_read() {
        let term = decode(SAMPLE).expect("a term");
        let [_, commands] = term.tagged("script").expect("a script") else { panic!("two elements") };
        let path = commands.property("path").and_then(Term::list).expect("a path");
        assert_eq!(path, [Term::Text("$ROOT/lib".into())]);
        let rest = &commands.list().expect("commands")[1..];
        assert_eq!(rest[..2], [Term::Integer(300), Term::Integer(-1)]);
        assert_eq!(rest[2].atoms(), ["x", "y"]);
        assert_eq!(rest[4].text(), Some(""));
    }

    #[test]
    fn no_cut_and_no_change_makes_it_panic() {
        for end in 0..SAMPLE.len() {
            assert!(decode(&SAMPLE[..end]).is_err(), "{end}");
            for byte in [0, 97, 104, 105, 108, 116, 255] {
                let mut changed = SAMPLE.to_vec();
                changed[end] = byte;
                let _ = decode(&changed);
            }
        }
        assert!(decode(&[&[131][..], &[108, 0, 0, 0, 1].repeat(1000)].concat()).is_err());
    }
}
