// SPDX-License-Identifier: Apache-2.0
//! Makes files: whole ones, from which a test takes away or to which it adds.

use std::vec::Vec;

use crate::beam_file::ChunkId;

/// A file in the making.
#[derive(Clone)]
pub struct File(Vec<(ChunkId, Vec<u8>)>);

/// The labels of the file that [`File::new`] makes, and one more.
pub const LABELS: u32 = 3;

impl File {
    /// A module `m` with the atoms `m`, `f` and `string`, and a function `f/0` that is exported and just returns.
    pub fn new() -> Self {
        Self(Vec::new())
            .with(ChunkId::ATOMS, atoms(&["m", "f", "string"]))
            .with(ChunkId::IMPORTS, words(&[1, 1, 2, 0]))
            .with(ChunkId::EXPORTS, words(&[1, 2, 0, 2]))
            .with(ChunkId::STRINGS, b"12345678".to_vec())
            .with_body(&[])
    }

    /// The chunks of a file that exists.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut chunks = Vec::new();
        let mut rest = &bytes[12..];
        while let Some((head, tail)) = rest.split_first_chunk::<8>() {
            let len = u32::from_be_bytes(*head.last_chunk().expect("four bytes")) as usize;
            chunks.push((ChunkId(*head.first_chunk().expect("four bytes")), tail[..len].to_vec()));
            rest = &tail[len.next_multiple_of(4)..];
        }
        Self(chunks)
    }

    /// Puts a chunk in the place of the one of that name, or at the end.
    pub fn with(mut self, id: ChunkId, bytes: Vec<u8>) -> Self {
        match self.0.iter_mut().find(|(name, _)| *name == id) {
            Some(chunk) => chunk.1 = bytes,
            None => self.0.push((id, bytes)),
        }
        self
    }

    /// Adds a chunk, whether or not there is one of that name.
    pub fn and(mut self, id: ChunkId, bytes: Vec<u8>) -> Self {
        self.0.push((id, bytes));
        self
    }

    /// Takes a chunk away.
    pub fn without(mut self, id: ChunkId) -> Self {
        self.0.retain(|(name, _)| *name != id);
        self
    }

    /// Changes a chunk.
    pub fn map(self, id: ChunkId, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Self {
        let bytes = self.get(id);
        self.with(id, change(bytes))
    }

    pub fn get(&self, id: ChunkId) -> Vec<u8> {
        self.0.iter().find(|(name, _)| *name == id).expect("a chunk").1.clone()
    }

    pub fn ids(&self) -> Vec<ChunkId> {
        self.0.iter().map(|(id, _)| *id).collect()
    }

    /// Makes `f/0` of these instructions.
    pub fn with_body(self, body: &[u8]) -> Self {
        let instructions = [&[1, 0x10, 2, 0x12, 0x22, 0, 1, 0x20], body, &[19, 3]].concat();
        self.with_code([0, 184, LABELS, 1], &instructions)
    }

    /// Sets the chunk of instructions: format, highest opcode, labels and functions, and what follows.
    pub fn with_code(self, header: [u32; 4], instructions: &[u8]) -> Self {
        let [format, opcode, labels, functions] = header;
        let head = words(&[16, format, opcode, labels, functions]);
        self.with(ChunkId::CODE, [&head, instructions].concat())
    }

    /// The bytes of the file.
    pub fn build(&self) -> Vec<u8> {
        let mut form = b"BEAM".to_vec();
        for (id, bytes) in &self.0 {
            form.extend(id.0);
            form.extend(words(&[bytes.len() as u32]));
            form.extend(bytes);
            form.resize(form.len().next_multiple_of(4), 0);
        }
        [b"FOR1", &words(&[form.len() as u32])[..], &form].concat()
    }
}

/// Big-endian words.
pub fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// A chunk of atoms as up to OTP 27.
pub fn atoms(names: &[&str]) -> Vec<u8> {
    let mut chunk = words(&[names.len() as u32]);
    for name in names {
        chunk.push(name.len() as u8);
        chunk.extend(name.bytes());
    }
    chunk
}

/// A zlib stream that is not compressed. The checksum comes from `sum`.
pub fn stored(bytes: &[u8]) -> Vec<u8> {
    let len = bytes.len() as u16;
    let mut stream = std::vec![0x78, 0x01, 0x01];
    stream.extend(len.to_le_bytes());
    stream.extend((!len).to_le_bytes());
    stream.extend(bytes);
    let (low, high) = bytes.iter().fold((1, 0), |(low, high): (u32, u32), byte| {
        let low = (low + u32::from(*byte)) % 65521;
        (low, (high + low) % 65521)
    });
    stream.extend((high << 16 | low).to_be_bytes());
    stream
}

/// A compact term of a number, in the form that compilers choose.
pub fn compact(tag: u8, value: i128) -> Vec<u8> {
    match value {
        0..16 => std::vec![(value as u8) << 4 | tag],
        16..2048 => std::vec![(value >> 8 << 5) as u8 | 8 | tag, value as u8],
        _ => {
            let bytes = value.to_be_bytes();
            let fill = if value < 0 { 0xff } else { 0 };
            let is_needed = |at: usize| bytes[at] != fill || (bytes[at + 1] ^ fill) & 0x80 != 0;
            let start = (0..14).find(|at| is_needed(*at)).unwrap_or(14);
            compact_bytes(tag, &bytes[start..])
        }
    }
}

/// A compact term of two bytes or more.
pub fn compact_bytes(tag: u8, bytes: &[u8]) -> Vec<u8> {
    let head = match bytes.len() {
        len @ 2..9 => std::vec![((len - 2) as u8) << 5 | 0x18 | tag],
        len => [&[0xf8 | tag][..], &compact(0, len as i128 - 9)].concat(),
    };
    [&head, bytes].concat()
}
