// SPDX-License-Identifier: Apache-2.0
//! The bytes of a file: pages, of which those are missing to which nothing was ever written.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::Errno;

/// Bytes of a page.
pub const PAGE: u64 = 4096;

/// A file's bytes.
#[derive(Debug, Default)]
pub struct Content {
    size: u64,
    pages: BTreeMap<u64, Box<[u8]>>,
}

/// A page of zeros.
fn page() -> Result<Box<[u8]>, Errno> {
    let mut page = Vec::new();
    page.try_reserve_exact(PAGE as usize).map_err(|_| Errno::ENOSPC)?;
    page.resize(PAGE as usize, 0);
    Ok(page.into_boxed_slice())
}

impl Content {
    /// How many bytes there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// How many pages there are.
    pub fn pages(&self) -> u64 {
        self.pages.len() as u64
    }

    /// The parts of pages that a range of bytes is: number, first byte in it, bytes.
    fn parts(offset: u64, length: u64) -> impl Iterator<Item = (u64, usize, usize)> {
        let mut at = offset;
        let end = offset + length;
        core::iter::from_fn(move || {
            let first = at % PAGE;
            let count = (PAGE - first).min(end.checked_sub(at).filter(|left| *left > 0)?);
            let part = (at / PAGE, first as usize, count as usize);
            at += count;
            Some(part)
        })
    }

    /// How many pages would have to be made for these bytes to be there.
    pub fn missing(&self, offset: u64, length: u64) -> u64 {
        if length == 0 {
            return 0;
        }
        let (first, last) = (offset / PAGE, (offset + length - 1) / PAGE);
        last - first + 1 - self.pages.range(first..=last).count() as u64
    }

    /// Reads bytes. Tells how many there were.
    pub fn read(&self, offset: u64, into: &mut [u8]) -> usize {
        let count = self.size.saturating_sub(offset).min(into.len() as u64);
        let mut done = 0;
        for (number, first, length) in Self::parts(offset, count) {
            let part = &mut into[done..done + length];
            match self.pages.get(&number) {
                Some(page) => part.copy_from_slice(&page[first..first + length]),
                None => part.fill(0),
            }
            done += length;
        }
        done
    }

    /// Writes bytes; the file becomes longer if need be.
    pub fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), Errno> {
        let mut done = 0;
        for (number, first, length) in Self::parts(offset, bytes.len() as u64) {
            self.page(number)?[first..first + length].copy_from_slice(&bytes[done..done + length]);
            done += length;
            self.size = self.size.max(offset + done as u64);
        }
        Ok(())
    }

    /// Makes the pages of a range, and the file as long.
    pub fn allocate(&mut self, offset: u64, length: u64) -> Result<(), Errno> {
        for (number, ..) in Self::parts(offset, length) {
            self.page(number)?;
        }
        self.size = self.size.max(offset + length);
        Ok(())
    }

    fn page(&mut self, number: u64) -> Result<&mut [u8], Errno> {
        use alloc::collections::btree_map::Entry;
        match self.pages.entry(number) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => Ok(entry.insert(page()?)),
        }
    }

    /// Sets the size. Gives what is cut off.
    pub fn resize(&mut self, size: u64) -> Self {
        let kept = size.div_ceil(PAGE);
        let cut = self.pages.split_off(&kept);
        if size < self.size
            && !size.is_multiple_of(PAGE)
            && let Some(page) = self.pages.get_mut(&(size / PAGE))
        {
            page[(size % PAGE) as usize..].fill(0);
        }
        self.size = size;
        Self { size: 0, pages: cut }
    }

    /// Frees pages, `budget` at most, which it counts down. Gives how many.
    pub fn free_some(&mut self, budget: &mut u64) -> u64 {
        let mut freed = 0;
        while *budget > 0 && self.pages.pop_first().is_some() {
            *budget -= 1;
            freed += 1;
        }
        freed
    }
}
