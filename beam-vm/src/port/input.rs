// SPDX-License-Identifier: Apache-2.0
//! What an owner is sent of the bytes that its port reads: as they come, in lines, or in packets with a length before each.

use alloc::vec::Vec;

use crate::atom::predefined;
use crate::heap::{Fragment, build};
use crate::term::Term;

/// In what form data is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// A list of bytes.
    List,
    /// A binary.
    Binary,
}

impl Form {
    /// The term of bytes.
    pub fn build(self, heap: &mut Fragment, bytes: &[u8]) -> Term {
        match self {
            Self::List => build::byte_list(heap, bytes),
            Self::Binary => build::binary(heap, bytes),
        }
    }
}

/// A line that is not complete.
#[derive(Debug)]
pub struct Lines {
    limit: usize,
    begun: Vec<u8>,
}

/// How bytes are cut.
#[derive(Debug)]
pub enum Cut {
    /// As they come.
    Stream,
    /// At the ends of lines.
    Lines(Lines),
    /// Packets, each after its length of so many bytes.
    Packets(u8, Vec<u8>),
}

/// How bytes become messages.
#[derive(Debug)]
pub struct Framing {
    /// What is sent of each piece.
    pub form: Form,
    /// What is a piece.
    pub cut: Cut,
}

/// A piece for the owner.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Piece<'a> {
    /// Bytes, or a packet.
    Data(&'a [u8]),
    /// A line.
    Line(&'a [u8]),
    /// A part of a line.
    PartOfLine(&'a [u8]),
}

impl Lines {
    /// Lines of at most so many bytes; longer ones come in parts.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self { limit, begun: Vec::new() }
    }

    fn feed(&mut self, mut bytes: &[u8], give: &mut dyn FnMut(Piece<'_>)) {
        while !bytes.is_empty() {
            let room = self.limit - self.begun.len();
            // The end of a line has a place too, so a line that fills the room is complete if its end comes with it.
            let window = &bytes[..bytes.len().min(room + 1)];
            match window.iter().position(|byte| *byte == b'\n') {
                Some(end) => {
                    self.begun.extend_from_slice(&bytes[..end]);
                    give(Piece::Line(&self.begun));
                    self.begun.clear();
                    bytes = &bytes[end + 1..];
                }
                None => {
                    let part = bytes.len().min(room);
                    self.begun.extend_from_slice(&bytes[..part]);
                    bytes = &bytes[part..];
                    if !bytes.is_empty() {
                        give(Piece::PartOfLine(&self.begun));
                        self.begun.clear();
                    }
                }
            }
        }
    }
}

impl Framing {
    /// Bytes that were read and not sent yet.
    #[must_use]
    pub fn pending(&self) -> usize {
        match &self.cut {
            Cut::Stream => 0,
            Cut::Lines(lines) => lines.begun.len(),
            Cut::Packets(_, begun) => begun.len(),
        }
    }

    /// Takes bytes and gives the pieces that are complete.
    pub fn feed(&mut self, bytes: &[u8], give: &mut dyn FnMut(Piece<'_>)) {
        match &mut self.cut {
            Cut::Stream => give(Piece::Data(bytes)),
            Cut::Lines(lines) => lines.feed(bytes, give),
            Cut::Packets(header, begun) => {
                begun.extend_from_slice(bytes);
                let mut from = 0;
                while let Some(packet) = first_packet(&begun[from..], usize::from(*header)) {
                    give(Piece::Data(packet));
                    from += usize::from(*header) + packet.len();
                }
                begun.drain(..from);
            }
        }
    }

    /// Gives what is left at the end of the input: the beginning of a line, but not of a packet.
    pub fn finish(&mut self, give: &mut dyn FnMut(Piece<'_>)) {
        if let Cut::Lines(lines) = &mut self.cut
            && !lines.begun.is_empty()
        {
            give(Piece::PartOfLine(&core::mem::take(&mut lines.begun)));
        }
    }

    /// The length that goes before what is written; none if it is too long for that.
    #[must_use]
    pub fn header(&self, len: usize) -> Option<Vec<u8>> {
        match self.cut {
            Cut::Stream | Cut::Lines(_) => Some(Vec::new()),
            Cut::Packets(header, _) => {
                let bytes = (len as u64).to_be_bytes();
                let (high, low) = bytes.split_at(8 - usize::from(header));
                high.iter().all(|byte| *byte == 0).then(|| low.to_vec())
            }
        }
    }
}

/// The packet at the beginning of bytes, if it is complete.
fn first_packet(bytes: &[u8], header: usize) -> Option<&[u8]> {
    let (length, rest) = bytes.split_at_checked(header)?;
    let length = length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    rest.get(..length)
}

impl Piece<'_> {
    /// What stands for it in the message.
    pub fn build(self, heap: &mut Fragment, form: Form) -> Term {
        let (tag, bytes) = match self {
            Self::Data(bytes) => return form.build(heap, bytes),
            Self::Line(bytes) => (predefined::EOL, bytes),
            Self::PartOfLine(bytes) => (predefined::NOEOL, bytes),
        };
        let data = form.build(heap, bytes);
        build::tuple(heap, &[Term::atom(tag), data])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is given of bytes that come in parts.
    fn given(cut: Cut, parts: &[&[u8]]) -> Vec<(u8, Vec<u8>)> {
        let mut framing = Framing { form: Form::Binary, cut };
        let mut all = Vec::new();
        let mut give = |piece: Piece<'_>| {
            all.push(match piece {
                Piece::Data(bytes) => (0, bytes.to_vec()),
                Piece::Line(bytes) => (1, bytes.to_vec()),
                Piece::PartOfLine(bytes) => (2, bytes.to_vec()),
            });
        };
        for part in parts {
            framing.feed(part, &mut give);
        }
        framing.finish(&mut give);
        all
    }

    proptest! {
        #[test]
        fn lines_do_not_depend_on_how_bytes_come(text in "[ab\n]{0,60}", at in 0usize..60, limit in 1usize..8) {
            let bytes = text.as_bytes();
            let (first, second) = bytes.split_at(at.min(bytes.len()));
            let whole = given(Cut::Lines(Lines::new(limit)), &[bytes]);
            prop_assert_eq!(&whole, &given(Cut::Lines(Lines::new(limit)), &[first, second]));
            let mut again = Vec::new();
            for (kind, piece) in whole {
                prop_assert!(piece.len() <= limit);
                again.extend(piece);
                again.extend((kind == 1).then_some(b'\n'));
            }
            prop_assert_eq!(again, bytes);
        }

        #[test]
        fn packets_are_what_was_packed(
            packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..10),
            header in prop::sample::select([1u8, 2, 4].as_slice()),
            at in any::<prop::sample::Index>(),
        ) {
            let framing = Framing { form: Form::List, cut: Cut::Packets(header, Vec::new()) };
            let mut bytes = Vec::new();
            for packet in &packets {
                bytes.extend(framing.header(packet.len()).expect("it is short"));
                bytes.extend(packet);
            }
            let (first, second) = bytes.split_at(at.index(bytes.len() + 1));
            let seen = given(Cut::Packets(header, Vec::new()), &[first, second]);
            prop_assert_eq!(seen.into_iter().map(|(_, packet)| packet).collect::<Vec<_>>(), packets);
        }
    }

    #[test]
    fn a_packet_that_is_too_long_has_no_header() {
        let framing = |header| Framing { form: Form::List, cut: Cut::Packets(header, Vec::new()) };
        assert_eq!(framing(1).header(255), Some(Vec::from([255])));
        assert_eq!(framing(1).header(256), None);
        assert_eq!(framing(2).header(258), Some(Vec::from([1, 2])));
        assert_eq!(framing(2).header(65_536), None);
        assert_eq!(framing(4).header(1), Some(Vec::from([0, 0, 0, 1])));
    }
}
