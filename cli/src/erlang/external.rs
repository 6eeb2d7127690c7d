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

/// A boot script with fewer modules: each `{primLoad, Modules}` has those that are to be kept, and all else is as it was, to the byte.
///
/// # Errors
/// [`TermError`]
pub fn retain_loaded(script: &[u8], is_kept: impl Fn(&str) -> bool) -> Result<Vec<u8>, TermError> {
    let mut reader = Reader { bytes: script, at: 0 };
    let mut kept = Vec::new();
    // {script, {Name, Version}, Commands}, in the small form that three elements have.
    if reader.take(3)? != [VERSION, 104, 3] {
        return Err(TermError { what: "there is no boot script", position: 0 });
    }
    reader.term(1)?;
    reader.term(1)?;
    if reader.u8()? != 108 {
        return Err(reader.error("there is no list of commands"));
    }
    let count = reader.u32()?;
    kept.extend_from_slice(&script[..reader.at]);
    for _ in 0..count {
        let start = reader.at;
        let command = reader.term(1)?;
        match command.tagged("primLoad") {
            Some([modules]) => {
                kept.extend_from_slice(&[104, 2]);
                push_atom(&mut kept, "primLoad");
                let modules: Vec<&str> = modules.atoms().into_iter().filter(|name| is_kept(name)).collect();
                if !modules.is_empty() {
                    kept.push(108);
                    kept.extend_from_slice(&(modules.len() as u32).to_be_bytes());
                    modules.iter().for_each(|name| push_atom(&mut kept, name));
                }
                kept.push(106);
            }
            _ => kept.extend_from_slice(&script[start..reader.at]),
        }
    }
    kept.extend_from_slice(&script[reader.at..]);
    Ok(kept)
}

/// An atom in UTF-8, which has 255 characters and so may have more bytes than the small form.
fn push_atom(bytes: &mut Vec<u8>, name: &str) {
    match u8::try_from(name.len()) {
        Ok(length) => bytes.extend_from_slice(&[119, length]),
        Err(_) => {
            bytes.push(118);
            bytes.extend_from_slice(&(name.len() as u16).to_be_bytes());
        }
    }
    bytes.extend_from_slice(name.as_bytes());
}

/// Hands on all that may be an atom in a term's bytes: wherever something looks like one, so that none is missed.
pub fn atoms_within(bytes: &[u8], mut found: impl FnMut(&str)) {
    for at in 0..bytes.len() {
        let rest = &bytes[at + 1..];
        let (skipped, length) = match bytes[at] {
            115 | 119 if !rest.is_empty() => (1, usize::from(rest[0])),
            100 | 118 if rest.len() >= 2 => (2, usize::from(rest[0]) << 8 | usize::from(rest[1])),
            _ => continue,
        };
        if let Some(name) =
            rest.get(skipped..skipped + length).and_then(|name| std::str::from_utf8(name).ok())
        {
            found(name);
        }
    }
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
    use super::{atoms_within, decode, retain_loaded};

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
    fn modules_are_taken_out_of_a_script() {
        let load = b"h\x02w\x08primLoadl\x00\x00\x00\x02w\x01aw\x01bj";
        let shorter = b"h\x02w\x08primLoadl\x00\x00\x00\x01w\x01bj";
        let none = b"h\x02w\x08primLoadj";
        let script = |load: &[u8]| {
            [
                b"\x83h\x03w\x06scripth\x02k\x00\x01ak\x00\x011l\x00\x00\x00\x03w\x01a",
                load,
                b"h\x01F12345678j",
            ]
            .concat()
        };
        assert_eq!(retain_loaded(&script(load), |_| true), Ok(script(load)));
        assert_eq!(retain_loaded(&script(load), |name| name != "a"), Ok(script(shorter)));
        assert_eq!(retain_loaded(&script(load), |_| false), Ok(script(none)));
        for end in 0..script(load).len() - 1 {
            assert!(retain_loaded(&script(load)[..end], |_| true).is_err());
        }
        let mut found = Vec::new();
        atoms_within(load, |name| found.push(name.to_owned()));
        assert!(["primLoad", "a", "b"].iter().all(|name| found.iter().any(|found| found == name)));
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
