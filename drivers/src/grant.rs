// SPDX-License-Identifier: Apache-2.0
//! The grant table, version 1: pages that another domain may use (Xen's `public/grant_table.h`).
//!
//! Ownership is in the types: granting takes the [`Page`] away and yields a [`GrantedPage`], which can only be used as shared memory.
//! The page comes back from [`GrantedPage::revoke`] once the other side has let go of it; as long as it has not, `revoke` says so and the
//! grant stays. A granted page that is dropped while it is held waits in limbo, where later calls look after it: it is never
//! freed under the other side's hands.
#![expect(unsafe_code, reason = "grant entries are shared with the hypervisor")]

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::fmt;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU16, Ordering, fence};

use xen_hypervisor_sys::grant_table::{
    GNTTAB_NR_RESERVED_ENTRIES, GTF_PERMIT_ACCESS, GTF_READING, GTF_READONLY, GTF_WRITING, GrantEntryV1,
};

use crate::error::XenError;
use crate::memory::{DomId, GrantRef, PAGE_SIZE};
use crate::page::Page;
use crate::shared::SharedMemory;

/// Entries of a frame of the table.
pub const ENTRIES_PER_FRAME: usize = PAGE_SIZE / size_of::<GrantEntryV1>();

/// Where the frames of the table come from.
pub trait GrantFrames {
    /// The most frames that Xen allows this domain.
    fn max_frames(&self) -> usize;

    /// Makes the table `frames` frames long and maps them one after the other, from an address that is the same each time.
    ///
    /// # Errors
    /// [`XenError`] when Xen refuses.
    fn resize(&mut self, frames: usize) -> Result<NonNull<GrantEntryV1>, XenError>;
}

/// What the other domain may do with a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Read and write.
    ReadWrite,
    /// Only read.
    ReadOnly,
}

/// Why a page could not be granted. The page was not lost: [`GrantTable::grant`] returns it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GrantError {
    /// All entries of the longest table that Xen allows are in use.
    TableFull {
        /// Entries of that table.
        entries: usize,
    },
    /// Xen refused a longer table.
    Xen(XenError),
}

impl fmt::Display for GrantError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TableFull { entries } => write!(f, "all {entries} entries of the grant table are in use"),
            Self::Xen(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for GrantError {}

/// How much of the grant table is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GrantStatistics {
    /// Entries that the table has now.
    pub entries: usize,
    /// Entries that grant a page.
    pub used: usize,
    /// Of these, entries whose page was dropped while the other side held it.
    pub limbo: usize,
}

/// The domain's grant table; clones are handles to the same one.
#[derive(Clone)]
pub struct GrantTable(Rc<RefCell<Table>>);

struct Table {
    frames: Box<dyn GrantFrames>,
    base: NonNull<GrantEntryV1>,
    entries: usize,
    free: Vec<GrantRef>,
    limbo: Vec<(GrantRef, Page)>,
}

/// A page that another domain may use.
#[must_use = "a granted page that is dropped is revoked"]
pub struct GrantedPage {
    table: GrantTable,
    reference: GrantRef,
    page: ManuallyDrop<Page>,
    memory: SharedMemory,
}

impl GrantTable {
    /// A table of one frame; it grows when it is full.
    ///
    /// # Errors
    /// [`XenError`] when Xen refuses.
    ///
    /// # Safety
    /// What `frames` maps is this domain's grant table and nothing else uses it.
    pub unsafe fn new(mut frames: Box<dyn GrantFrames>) -> Result<Self, XenError> {
        let base = frames.resize(1)?;
        let reserved = GNTTAB_NR_RESERVED_ENTRIES;
        let free = (reserved..ENTRIES_PER_FRAME as u32).rev().map(GrantRef).collect();
        let table = Table { frames, base, entries: ENTRIES_PER_FRAME, free, limbo: Vec::new() };
        Ok(Self(Rc::new(RefCell::new(table))))
    }

    /// Lets domain `to` use `page`.
    ///
    /// # Errors
    /// [`GrantError`], with the page.
    pub fn grant(&self, page: Page, to: DomId, access: Access) -> Result<GrantedPage, (GrantError, Page)> {
        let reference = match self.0.borrow_mut().free_entry() {
            Ok(reference) => reference,
            Err(error) => return Err((error, page)),
        };
        self.0.borrow().publish(reference, &page, to, access);
        // SAFETY: the page is mapped while `self.page` keeps it, and that is not handed out before it is revoked.
        let memory = unsafe { SharedMemory::new(page.address(), 1) };
        Ok(GrantedPage { table: self.clone(), reference, page: ManuallyDrop::new(page), memory })
    }

    /// Lets domain `to` use pages at addresses that follow each other, as rings of several pages need them.
    ///
    /// # Errors
    /// [`GrantError`]; the pages are free then.
    ///
    /// # Panics
    /// When there is no page, or the addresses do not follow each other.
    pub fn grant_run(&self, pages: Vec<Page>, to: DomId, access: Access) -> Result<GrantedRun, GrantError> {
        let first = pages.first().expect("a run has pages").address();
        for (index, page) in pages.iter().enumerate() {
            let expected = first.addr().get() + index * PAGE_SIZE;
            assert_eq!(page.address().addr().get(), expected, "the pages of a run follow each other");
        }
        let count = pages.len();
        let granted = pages.into_iter().map(|page| self.grant(page, to, access).map_err(|(error, _)| error));
        let granted = granted.collect::<Result<Vec<_>, _>>()?;
        // SAFETY: the pages follow each other and are mapped while `granted` keeps them. Their own handles are not given out.
        let memory = unsafe { SharedMemory::new(first, count) };
        Ok(GrantedRun { memory, granted })
    }

    /// Frees the pages in limbo that the other side has let go of by now. Granting does the same when entries run out.
    pub fn reap(&self) {
        self.0.borrow_mut().reap();
    }

    /// The frame that a grant lends, and how, as the other domain would find it.
    #[cfg(any(test, feature = "mock"))]
    pub(crate) fn granted(&self, reference: GrantRef) -> Option<(crate::memory::Mfn, Access)> {
        let table = self.0.borrow();
        if reference.0 as usize >= table.entries {
            return None;
        }
        let flags = table.flags(reference).load(Ordering::Acquire);
        let access = if flags & GTF_READONLY == 0 { Access::ReadWrite } else { Access::ReadOnly };
        // SAFETY: the entry lies in the table, and nobody writes to it meanwhile.
        let frame = unsafe { (&raw const (*table.entry(reference)).frame).read() };
        (flags & GTF_PERMIT_ACCESS != 0).then_some((crate::memory::Mfn(frame as usize), access))
    }

    /// How much of the table is used.
    #[must_use]
    pub fn statistics(&self) -> GrantStatistics {
        let table = self.0.borrow();
        GrantStatistics {
            entries: table.entries,
            used: table.entries - GNTTAB_NR_RESERVED_ENTRIES as usize - table.free.len(),
            limbo: table.limbo.len(),
        }
    }
}

impl Table {
    /// An entry that is not in use; it is not free any more then.
    fn free_entry(&mut self) -> Result<GrantRef, GrantError> {
        if self.free.is_empty() {
            self.reap();
        }
        if self.free.is_empty() {
            self.grow()?;
        }
        self.free.pop().ok_or(GrantError::TableFull { entries: self.entries })
    }

    fn grow(&mut self) -> Result<(), GrantError> {
        let frames = self.entries / ENTRIES_PER_FRAME;
        let more = (frames * 2).min(self.frames.max_frames());
        if more <= frames {
            return Err(GrantError::TableFull { entries: self.entries });
        }
        self.base = self.frames.resize(more).map_err(GrantError::Xen)?;
        let (old, new) = (self.entries as u32, (more * ENTRIES_PER_FRAME) as u32);
        self.free.extend((old..new).rev().map(GrantRef));
        self.entries = new as usize;
        Ok(())
    }

    fn reap(&mut self) {
        for (reference, page) in core::mem::take(&mut self.limbo) {
            if self.withdraw(reference) {
                self.free.push(reference);
            } else {
                self.limbo.push((reference, page));
            }
        }
    }

    fn entry(&self, reference: GrantRef) -> *mut GrantEntryV1 {
        assert!((reference.0 as usize) < self.entries);
        // SAFETY: the table has `entries` entries from `base` on.
        unsafe { self.base.add(reference.0 as usize) }.as_ptr()
    }

    fn flags(&self, reference: GrantRef) -> &AtomicU16 {
        let entry = self.entry(reference);
        // SAFETY: the entry stays mapped for as long as the table; Xen changes its flags atomically.
        unsafe { AtomicU16::from_ptr(&raw mut (*entry).flags) }
    }

    fn publish(&self, reference: GrantRef, page: &Page, to: DomId, access: Access) {
        let entry = self.entry(reference);
        let frame =
            u32::try_from(page.mfn().0).expect("version 1 of the grant table names frames below 16 TiB");
        // SAFETY: the entry is free, so that Xen does not look at it until the flags are set.
        unsafe {
            (&raw mut (*entry).domid).write_volatile(to.0);
            (&raw mut (*entry).frame).write_volatile(frame);
        }
        let flags = match access {
            Access::ReadWrite => GTF_PERMIT_ACCESS,
            Access::ReadOnly => GTF_PERMIT_ACCESS | GTF_READONLY,
        };
        // Domain and frame are there before the grant is.
        fence(Ordering::Release);
        self.flags(reference).store(flags, Ordering::Release);
    }

    /// Ends a grant unless the other side holds the page; says whether it has ended.
    fn withdraw(&self, reference: GrantRef) -> bool {
        let held = |flags: u16| flags & (GTF_READING | GTF_WRITING) != 0;
        self.flags(reference)
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |flags| (!held(flags)).then_some(0))
            .is_ok()
    }
}

impl GrantedPage {
    /// The number to tell the other domain.
    #[must_use]
    pub const fn reference(&self) -> GrantRef {
        self.reference
    }

    /// The page's contents.
    #[must_use]
    pub const fn memory(&self) -> &SharedMemory {
        &self.memory
    }

    /// Ends the grant and gives the page back, as the other side left it.
    ///
    /// # Errors
    /// The granted page itself while the other side holds it.
    pub fn revoke(self) -> Result<Page, Self> {
        let mut table = self.table.0.borrow_mut();
        if !table.withdraw(self.reference) {
            drop(table);
            return Err(self);
        }
        table.free.push(self.reference);
        drop(table);
        let mut granted = ManuallyDrop::new(self);
        // SAFETY: `granted` is not dropped, so its page is taken out once, and the handle to the table is dropped once.
        unsafe {
            core::ptr::drop_in_place(&raw mut granted.table);
            Ok(ManuallyDrop::take(&mut granted.page))
        }
    }
}

/// Pages at addresses that follow each other, all of which another domain may use.
#[must_use = "granted pages that are dropped are revoked"]
#[derive(Debug)]
pub struct GrantedRun {
    memory: SharedMemory,
    granted: Vec<GrantedPage>,
}

impl GrantedRun {
    /// The numbers to tell the other domain, in the order of the pages.
    pub fn references(&self) -> impl Iterator<Item = GrantRef> {
        self.granted.iter().map(GrantedPage::reference)
    }
}

impl AsRef<SharedMemory> for GrantedRun {
    fn as_ref(&self) -> &SharedMemory {
        &self.memory
    }
}

/// Lets rings own the pages that they lie on.
impl AsRef<SharedMemory> for GrantedPage {
    fn as_ref(&self) -> &SharedMemory {
        &self.memory
    }
}

impl Drop for GrantedPage {
    fn drop(&mut self) {
        let mut table = self.table.0.borrow_mut();
        // SAFETY: the page is taken out once, here; `revoke` does not drop `self` after taking it.
        let page = unsafe { ManuallyDrop::take(&mut self.page) };
        if table.withdraw(self.reference) {
            table.free.push(self.reference);
        } else {
            table.limbo.push((self.reference, page));
        }
    }
}

impl fmt::Debug for GrantedPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GrantedPage({}, {:?})", self.reference, *self.page)
    }
}

#[cfg(test)]
#[path = "grant/tests.rs"]
mod tests;
