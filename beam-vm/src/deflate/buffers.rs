// SPDX-License-Identifier: Apache-2.0
//! What a stream is fed with, and where its output goes.

/// Bytes to be read and room to be written.
#[derive(Debug)]
pub struct Buffers<'a> {
    input: &'a [u8],
    output: &'a mut [u8],
    read: usize,
    written: usize,
}

impl<'a> Buffers<'a> {
    /// Nothing is read or written yet.
    #[must_use]
    pub fn new(input: &'a [u8], output: &'a mut [u8]) -> Self {
        Self { input, output, read: 0, written: 0 }
    }

    /// How many bytes were read.
    #[must_use]
    pub fn read(&self) -> usize {
        self.read
    }

    /// How many bytes were written.
    #[must_use]
    pub fn written(&self) -> usize {
        self.written
    }

    /// The bytes that are still to be read.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        &self.input[self.read..]
    }

    /// The bytes that were written.
    #[must_use]
    pub fn output(&self) -> &[u8] {
        &self.output[..self.written]
    }

    /// The bytes that were written, and room for more.
    pub fn output_mut(&mut self) -> &mut [u8] {
        self.output
    }

    /// How many bytes there is room for.
    #[must_use]
    pub fn room(&self) -> usize {
        self.output.len() - self.written
    }

    /// Reads at most `most` bytes.
    pub fn take(&mut self, most: usize) -> &'a [u8] {
        let rest = self.rest();
        let bytes = &rest[..rest.len().min(most)];
        self.read += bytes.len();
        bytes
    }

    /// Writes as many of the bytes as there is room for, and says how many.
    pub fn put(&mut self, bytes: &[u8]) -> usize {
        let len = bytes.len().min(self.room());
        self.output[self.written..self.written + len].copy_from_slice(&bytes[..len]);
        self.written += len;
        len
    }

    /// Counts bytes that were read by other means.
    pub fn skip(&mut self, bytes: usize) {
        self.read += bytes;
    }

    /// Leaves bytes that were read to whoever reads next.
    pub fn give_back(&mut self, bytes: usize) {
        self.read -= bytes;
    }

    /// Counts bytes that were written by other means.
    pub fn advance(&mut self, bytes: usize) {
        self.written += bytes;
    }
}
