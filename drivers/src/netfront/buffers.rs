// SPDX-License-Identifier: Apache-2.0
//! Pages that are lent to the back end once and used again and again: granting and revoking for each packet would cost more than the
//! copy into and out of them. The pool begins small and grows with what is under way.

use alloc::vec::Vec;

use crate::grant::{Access, GrantTable, GrantedPage};
use crate::memory::{DomId, GrantRef};
use crate::page::{Page, PageAllocator};
use crate::shared::SharedMemory;

/// Granted pages, numbered from zero.
pub struct Buffers {
    grants: GrantTable,
    pages: &'static dyn PageAllocator,
    to: DomId,
    access: Access,
    granted: Vec<GrantedPage>,
}

impl Buffers {
    /// No pages yet.
    pub const fn new(
        grants: GrantTable,
        pages: &'static dyn PageAllocator,
        to: DomId,
        access: Access,
    ) -> Self {
        Self { grants, pages, to, access, granted: Vec::new() }
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.granted.len()
    }

    /// Adds a page and says its number, or `None` when there is no memory or no grant for it.
    pub fn add(&mut self) -> Option<u16> {
        let number = u16::try_from(self.granted.len()).ok()?;
        let page = Page::allocate(self.pages)?;
        self.granted.push(self.grants.grant(page, self.to, self.access).ok()?);
        Some(number)
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
