// SPDX-License-Identifier: Apache-2.0
//! Pages that are lent to the back end once and used again and again, as the protocol of persistent grants wants them. A back end
//! without persistent grants maps them for each request, which costs it the same as pages that are new; so there is one way for both.
//!
//! The page that was given back last is used first, so that a back end that keeps few pages mapped keeps the right ones.

use alloc::vec::Vec;

use crate::grant::{Access, GrantTable, GrantedPage};
use crate::memory::{DomId, GrantRef};
use crate::page::{Page, PageAllocator};
use crate::shared::SharedMemory;

/// The most pages: 2 MiB, and lists of segments for as many requests as that serves.
const PAGES_MAX: usize = 512 + 32;

/// Granted pages, numbered from zero.
pub struct Buffers {
    grants: GrantTable,
    pages: &'static dyn PageAllocator,
    to: DomId,
    granted: Vec<GrantedPage>,
    free: Vec<u16>,
    /// There was no memory for more pages when they were last wanted.
    is_exhausted: bool,
}

impl Buffers {
    /// No pages yet.
    pub const fn new(grants: GrantTable, pages: &'static dyn PageAllocator, to: DomId) -> Self {
        Self { grants, pages, to, granted: Vec::new(), free: Vec::new(), is_exhausted: false }
    }

    /// Takes so many pages, or none when there are not so many.
    pub fn take(&mut self, count: usize) -> Option<Vec<u16>> {
        while self.free.len() < count {
            if self.add().is_none() {
                self.is_exhausted = true;
                return None;
            }
        }
        Some(self.free.split_off(self.free.len() - count))
    }

    /// How many can be taken. Memory may run out on the way; then this tells less.
    pub const fn room(&self) -> usize {
        if self.is_exhausted { self.free.len() } else { PAGES_MAX - self.granted.len() + self.free.len() }
    }

    fn add(&mut self) -> Option<()> {
        if self.granted.len() == PAGES_MAX {
            return None;
        }
        let number = u16::try_from(self.granted.len()).ok()?;
        let page = Page::allocate(self.pages)?;
        self.granted.push(self.grants.grant(page, self.to, Access::ReadWrite).ok()?);
        self.free.push(number);
        Some(())
    }

    /// Gives pages back.
    pub fn give_back(&mut self, pages: impl IntoIterator<Item = u16>) {
        self.free.extend(pages);
        self.is_exhausted = false;
    }

    /// The number to tell the back end.
    pub fn reference(&self, number: u16) -> GrantRef {
        self.granted[usize::from(number)].reference()
    }

    /// A page's contents, which the back end may change at any time.
    pub fn memory(&self, number: u16) -> &SharedMemory {
        self.granted[usize::from(number)].memory()
    }
}
