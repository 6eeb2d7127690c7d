// SPDX-License-Identifier: Apache-2.0
//! Module `asn1rt_nif`: the natives of `asn1_erl_nif.c`.

use alloc::vec::Vec;

use crate::asn1::{BerReader, BerWriter, Fault, PerWriter};
use crate::atom::predefined;
use crate::bif::{BifResult, Context, Raise};
use crate::heap::{ProcessHeap, build};
use crate::iodata::Walk;
use crate::process::Parked;
use crate::term::Term;

/// Elements, commands or bytes of lists that are done in a reduction.
const ELEMENTS: usize = 8;

/// The bytes of iodata, or what was kept of an earlier call.
enum Input {
    Bytes(Vec<u8>),
    Kept(Parked),
}

/// Gathers iodata as far as the time slice goes, unless that is done.
fn input(cx: &mut Context<'_>, args: &[Term]) -> Result<Input, Raise> {
    let (mut bytes, mut walk) = match cx.take_parked() {
        Some(Parked::Bytes(bytes, walk)) => (bytes, walk),
        Some(kept) => return Ok(Input::Kept(kept)),
        None => (Vec::new(), Walk::new(args[0])),
    };
    match cx.work(ELEMENTS, |_, budget| walk.run(budget, &mut |part| bytes.extend_from_slice(part))) {
        Ok(true) => Ok(Input::Bytes(bytes)),
        Ok(false) => Err(cx.park(Parked::Bytes(bytes, walk), args)),
        Err(_) => Err(Raise::BADARG),
    }
}

fn error(heap: &mut ProcessHeap, reason: Term) -> Term {
    build::tuple(heap, &[Term::atom(predefined::ERROR), reason])
}

/// `encode_per_complete/1`
pub fn encode_per_complete(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (commands, mut writer) = match input(cx, args)? {
        Input::Kept(Parked::Per(commands, writer)) => (commands, writer),
        Input::Bytes(commands) if !commands.is_empty() => (commands, PerWriter::default()),
        _ => return Ok(build::binary(cx.heap(), &[])),
    };
    match cx.work(ELEMENTS, |_, budget| writer.run(&commands, budget)) {
        Ok(true) => Ok(build::binary(cx.heap(), &writer.into_bytes())),
        Ok(false) => Err(cx.park(Parked::Per(commands, writer), args)),
        // Stock gives a character here.
        Err(_) => Ok(error(cx.heap(), Term::small_cut(i64::from(b'1')))),
    }
}

/// `decode_ber_tlv_raw/1`
pub fn decode_ber_tlv(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (bytes, mut reader) = match input(cx, args)? {
        Input::Kept(Parked::BerRead(bytes, reader)) => (bytes, reader),
        Input::Bytes(bytes) => (bytes, BerReader::default()),
        Input::Kept(_) => return Err(Raise::BADARG),
    };
    match cx.work(ELEMENTS, |cx, budget| reader.run(&bytes, &mut cx.process.heap, budget)) {
        Ok(Some(term)) => Ok(term),
        Ok(None) => Err(cx.park(Parked::BerRead(bytes, reader), args)),
        Err(why) => {
            let reason = match why.fault {
                Fault::Tag => predefined::INVALID_TAG,
                Fault::Length => predefined::INVALID_LENGTH,
                Fault::Value => predefined::INVALID_VALUE,
                Fault::Depth => predefined::UNKNOWN,
            };
            let reason = build::tuple(cx.heap(), &[Term::atom(reason), Term::count(why.at)]);
            Ok(error(cx.heap(), reason))
        }
    }
}

/// `encode_ber_tlv/1`
pub fn encode_ber_tlv(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let mut writer = match cx.take_parked() {
        Some(Parked::BerWrite(writer)) => writer,
        _ => BerWriter::new(args[0]),
    };
    match cx.work(ELEMENTS, |_, budget| writer.run(budget)) {
        Ok(true) => Ok(build::binary(cx.heap(), &writer.into_bytes())),
        Ok(false) => Err(cx.park(Parked::BerWrite(writer), args)),
        Err(_) => Ok(error(cx.heap(), Term::small_cut(-1))),
    }
}
