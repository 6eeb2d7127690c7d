// SPDX-License-Identifier: Apache-2.0
//! Terms that a dump has in the external format (`E` in the notation of heaps), and bytes in base64, without a buffer for either.
//!
//! Only what is small comes here: funs without what they have captured, as in stock, external funs, references.

use core::fmt;

use super::Scene;
use super::sink::Sink;
use crate::atom::Atom;
use crate::etf::tag;
use crate::term::{ExportFun, Fun, LocalPid};

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Writes bytes in base64.
pub(super) struct Base64<'a> {
    out: &'a mut Sink,
    bits: u32,
    held: usize,
}

impl<'a> Base64<'a> {
    fn new(out: &'a mut Sink) -> Self {
        Self { out, bits: 0, held: 0 }
    }

    /// Writes all of some bytes.
    pub(super) fn of(out: &'a mut Sink, bytes: impl Iterator<Item = u8>) -> fmt::Result {
        let mut writer = Self::new(out);
        for byte in bytes {
            writer.byte(byte)?;
        }
        writer.end()
    }

    fn byte(&mut self, byte: u8) -> fmt::Result {
        self.bits = self.bits << 8 | u32::from(byte);
        self.held += 1;
        if self.held == 3 { self.quantum() } else { Ok(()) }
    }

    fn quantum(&mut self) -> fmt::Result {
        let bits = self.bits << (8 * (3 - self.held));
        let mut text = [b'='; 4];
        for (place, letter) in text.iter_mut().enumerate().take(self.held + 1) {
            *letter = LETTERS[(bits >> (18 - 6 * place) & 63) as usize];
        }
        (self.bits, self.held) = (0, 0);
        self.out.put(&text)
    }

    fn end(mut self) -> fmt::Result {
        if self.held > 0 { self.quantum() } else { Ok(()) }
    }
}

/// A place for bytes: they are counted first, since the number stands before them, and then written.
pub(super) trait Bytes {
    fn put(&mut self, bytes: &[u8]) -> fmt::Result;

    fn u32(&mut self, value: u32) -> fmt::Result {
        self.put(&value.to_be_bytes())
    }
}

struct Count(usize);

impl Bytes for Count {
    fn put(&mut self, bytes: &[u8]) -> fmt::Result {
        self.0 += bytes.len();
        Ok(())
    }
}

impl Bytes for Base64<'_> {
    fn put(&mut self, bytes: &[u8]) -> fmt::Result {
        bytes.iter().try_for_each(|byte| self.byte(*byte))
    }
}

/// Writes `E`, the number of bytes, and the bytes that `make` gives.
pub(super) fn write(out: &mut Sink, make: impl Fn(&mut dyn Bytes) -> fmt::Result) -> fmt::Result {
    let mut count = Count(1);
    make(&mut count)?;
    fmt::Write::write_fmt(out, format_args!("E{:X}:", count.0))?;
    let mut writer = Base64::new(out);
    writer.put(&[tag::VERSION_MAGIC])?;
    make(&mut writer)?;
    writer.end()
}

impl Scene<'_> {
    fn external_atom(self, to: &mut dyn Bytes, atom: Atom) -> fmt::Result {
        let text = self.vm.atoms.text(atom);
        to.put(&[tag::ATOM_UTF8])?;
        to.put(&(text.len() as u16).to_be_bytes())?;
        to.put(text.as_bytes())
    }

    fn external_pid(self, to: &mut dyn Bytes, pid: LocalPid) -> fmt::Result {
        to.put(&[tag::NEW_PID])?;
        self.external_atom(to, self.vm.node.name)?;
        to.u32(pid.number())?;
        to.u32(pid.serial())?;
        to.u32(self.vm.node.creation)
    }

    /// A reference.
    pub(super) fn external_reference(
        self,
        to: &mut dyn Bytes,
        node: Atom,
        creation: u32,
        numbers: &[u32],
    ) -> fmt::Result {
        to.put(&[tag::NEWER_REFERENCE])?;
        to.put(&(numbers.len() as u16).to_be_bytes())?;
        self.external_atom(to, node)?;
        to.u32(creation)?;
        numbers.iter().try_for_each(|number| to.u32(*number))
    }

    /// `fun Module:Function/Arity`
    pub(super) fn external_export(self, to: &mut dyn Bytes, export: ExportFun) -> fmt::Result {
        let entry = export.entry();
        to.put(&[tag::EXPORT])?;
        self.external_atom(to, entry.module)?;
        self.external_atom(to, entry.function)?;
        to.put(&[tag::SMALL_INTEGER, entry.arity as u8])
    }

    /// A fun, with `[]` for each term that it has captured.
    pub(super) fn external_fun(self, to: &mut dyn Bytes, fun: Fun) -> fmt::Result {
        let mut size = Count(4);
        self.fun_body(&mut size, fun)?;
        to.put(&[tag::NEW_FUN])?;
        to.u32(size.0 as u32)?;
        self.fun_body(to, fun)
    }

    fn fun_body(self, to: &mut dyn Bytes, fun: Fun) -> fmt::Result {
        let entry = fun.entry();
        to.put(&[fun.arity() as u8])?;
        to.put(&entry.uniq)?;
        to.u32(entry.index)?;
        to.u32(fun.env().len() as u32)?;
        self.external_atom(to, entry.module)?;
        for value in [entry.old_index, entry.old_uniq] {
            to.put(&[tag::INTEGER])?;
            to.u32(value)?;
        }
        match fun.creator().as_pid() {
            Some(pid) => self.external_pid(to, pid)?,
            None => self.external_pid(to, LocalPid(0))?,
        }
        fun.env().iter().try_for_each(|_| to.put(&[tag::NIL]))
    }
}
