// SPDX-License-Identifier: Apache-2.0
//! The domain's memory: page tables, frames, the kernel heap, and blocks at fixed addresses for the VM.
//!
//! From the bottom: `pte` is the format of the tables, `mapper` changes them as Xen demands, `direct_map` maps what the start needs,
//! `frames` says who has what, and [`heap`], [`lazy`], [`area`] and [`page`] give it out. Frames that nobody has asked for yet are not mapped:
//! `Memory::make_available` maps more of them when those at hand run out, in steps that are long enough to be cheap and
//! short enough not to be felt.
#![expect(unsafe_code, reason = "builds references to memory that only the page tables describe")]

pub mod area;
mod direct_map;
mod frames;
pub mod heap;
pub mod layout;
pub mod lazy;
mod mapper;
pub mod page;
mod pte;
mod xen_mmu;

use core::fmt;
use core::ops::Range;
use core::slice;

pub use direct_map::KernelImage;
pub use drivers::memory::PAGE_SIZE;
use drivers::memory::{Mfn, Pfn, VirtAddr};
pub use pte::Protection;
pub use xen_mmu::machine_to_pfn;

use self::area::AreaError;
use self::frames::FrameAllocator;
use self::layout::{contiguous, direct_map_address, direct_map_frame, pages_for};
use self::mapper::{Mapper, Mmu, Source, tables_needed};
use self::pte::{Level, Pte};
use self::xen_mmu::XenMmu;
use crate::global::Global;

/// Frames that stay free for what must not fail: tables that map more frames, and the crash report.
const RESERVE: usize = 40;
/// Frames that the start maps for the heap and the first tables, if the domain builder has not.
const START_FRAMES: usize = 96;
/// The least and the most frames that are mapped in one step: 2 MiB and 32 MiB.
const STEP: Range<usize> = 512..8192;

struct Memory {
    frames: FrameAllocator<'static>,
    mapper: Mapper<XenMmu>,
    /// The first frame that is not mapped yet; those from here on are free.
    mapped_end: Pfn,
}

static MEMORY: Global<Option<Memory>> = Global::new(None);

/// What the domain builder made of the domain's memory: from `start_info`.
#[derive(Clone, Debug)]
pub struct BootMemory {
    /// Frames of the domain.
    pub total: usize,
    /// Address of the list of machine frames, one word for each frame of the domain.
    pub p2m: VirtAddr,
    /// Address of the root page table.
    pub root: VirtAddr,
    /// Frames of page tables from the root on; they are the last thing that the builder made, but for a stack.
    pub table_frames: usize,
    /// The kernel's own image.
    pub image: KernelImage,
}

/// How much memory there is, in frames of 4 KiB.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MemoryStatistics {
    /// Frames of the domain.
    pub total: usize,
    /// Frames that are free.
    pub available: usize,
    /// Frames that serve as page tables, beside those that the domain builder made.
    pub tables: usize,
}

impl fmt::Display for MemoryStatistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kib = |frames: usize| frames * (PAGE_SIZE / 1024);
        write!(
            f,
            "memory {} KiB free of {} KiB, page tables {} KiB",
            kib(self.available),
            kib(self.total),
            kib(self.tables)
        )
    }
}

/// Takes possession of the domain's memory: maps it, protects it, and makes the frame allocator. The heap works from here on.
///
/// # Safety
/// To be called once, first of all, with what `start_info` of this domain says.
///
/// # Panics
/// When Xen refuses a page table, or the domain is too small to hold its own bookkeeping.
pub unsafe fn start(boot: &BootMemory) {
    // SAFETY: the builder's list has a word for each frame and stays where it is; nothing writes to it.
    let p2m = unsafe { slice::from_raw_parts(boot.p2m.0 as *const u64, boot.total) };
    // SAFETY: `p2m` is the domain's own list; the mapper is given frames of the direct map only, new tables from unused frames.
    let mmu = unsafe { XenMmu::new(p2m) };
    let root = direct_map_frame(boot.root).expect("the builder's page tables are in the direct map");
    let mut mapper = Mapper::new(mmu, root);
    let first_free = Pfn(root.0 + boot.table_frames);
    let words = FrameAllocator::bitmap_words(boot.total);
    let bitmap_frames = pages_for(words * size_of::<u64>());
    let wanted = first_free.0 + bitmap_frames + START_FRAMES;
    assert!(wanted <= boot.total, "{} frames are too few", boot.total);
    let extended = direct_map::extend(&mut mapper, first_free, Pfn(wanted), boot.total)
        .unwrap_or_else(|error| panic!("cannot map the domain's memory: {error}"));
    direct_map::protect(&mut mapper, extended.builder_end.0, &boot.image)
        .unwrap_or_else(|error| panic!("cannot protect the kernel: {error}"));

    let bitmap = direct_map_address(extended.unused);
    // SAFETY: the frames from `extended.unused` are mapped, unused, and not given to the allocator below.
    let bitmap = unsafe { slice::from_raw_parts_mut(bitmap.0 as *mut u64, words) };
    let mut frames = FrameAllocator::new(bitmap, boot.total);
    frames.add(Pfn(extended.unused.0 + bitmap_frames)..extended.mapped_end);
    *MEMORY.borrow() = Some(Memory { frames, mapper, mapped_end: extended.mapped_end });
}

impl Memory {
    /// Frames that nobody uses, less those that will be tables for them.
    fn available(&self) -> usize {
        let unmapped = self.frames.total() - self.mapped_end.0;
        self.frames.available() + unmapped - tables_needed(direct_map_address(self.mapped_end), unmapped)
    }

    /// Makes sure of `needed` mapped, free frames, and some in reserve; false when the domain does not have them.
    fn make_available(&mut self, needed: usize) -> bool {
        let needed = needed + RESERVE;
        while self.frames.available() < needed && self.mapped_end.0 < self.frames.total() {
            self.map_more(needed - self.frames.available());
        }
        self.frames.available() >= needed
    }

    /// Maps more frames: about `missing`, within the bounds of a step, to the end of a table.
    fn map_more(&mut self, missing: usize) {
        let first = self.mapped_end;
        let step = missing.clamp(STEP.start, STEP.end);
        let end = direct_map_address(Pfn(first.0 + step)).0.next_multiple_of(Level::L2.entry_size());
        let end =
            direct_map_frame(VirtAddr(end)).map_or(self.frames.total(), |end| end.0.min(self.frames.total()));
        let end = first.0 + contiguous(first, end - first.0);
        let mut source = Consecutive { next: first, frames: &mut self.frames };
        self.mapper
            .map(direct_map_address(first), end - first.0, &mut source)
            .unwrap_or_else(|error| panic!("cannot map more of the domain's memory: {error}"));
        self.frames.add(first..Pfn(end));
        self.mapped_end = Pfn(end);
    }
}

/// The domain's frames in their order, and tables from those that are free.
struct Consecutive<'a> {
    next: Pfn,
    frames: &'a mut FrameAllocator<'static>,
}

impl Source for Consecutive<'_> {
    fn leaf(&mut self, mmu: &dyn Mmu, page: usize) -> Pte {
        Pte::leaf(mmu.mfn(Pfn(self.next.0 + page)), Protection::ReadWrite)
    }

    fn table(&mut self) -> Pfn {
        self.frames.allocate().expect("the reserve has frames for the tables of a step")
    }
}

/// How much memory there is; `None` before [`start`], and while the memory is in use further up the call tree.
pub fn statistics() -> Option<MemoryStatistics> {
    let memory = MEMORY.try_borrow()?;
    let memory = memory.as_ref()?;
    Some(MemoryStatistics {
        total: memory.frames.total(),
        available: memory.available(),
        tables: memory.mapper.tables(),
    })
}

/// What the pages of a range hold when they are committed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Contents {
    /// Zeros.
    Zero,
    /// Whatever was there: for those who write before they read.
    Undefined,
}

/// Free frames for pages and tables, made sure of beforehand.
struct Fresh<'a> {
    frames: &'a mut FrameAllocator<'static>,
    contents: Contents,
}

impl Source for Fresh<'_> {
    fn leaf(&mut self, mmu: &dyn Mmu, _page: usize) -> Pte {
        let frame = self.table();
        if self.contents == Contents::Zero {
            zero(frame);
        }
        Pte::leaf(mmu.mfn(frame), Protection::ReadWrite)
    }

    fn table(&mut self) -> Pfn {
        self.frames.allocate().expect("enough frames were made sure of")
    }
}

/// Clears a frame that the caller owns.
fn zero(frame: Pfn) {
    let bytes = direct_map_address(frame).0 as *mut u8;
    // SAFETY: called for frames fresh from the allocator, which are mapped writable in the direct map and used by nothing else.
    unsafe { bytes.write_bytes(0, PAGE_SIZE) };
}

/// Runs `f` on the memory.
///
/// # Panics
/// Before [`start`].
fn with_memory<R>(f: impl FnOnce(&mut Memory) -> R) -> R {
    f(MEMORY.borrow().as_mut().expect("memory is used before it was started"))
}

/// Takes a frame for a single page, zeroed.
fn allocate_frame() -> Option<Pfn> {
    let frame = with_memory(|memory| memory.make_available(1).then(|| memory.frames.allocate()))??;
    zero(frame);
    Some(frame)
}

/// Takes frames that follow each other, as do their addresses, zeroed.
fn allocate_run(count: usize) -> Option<Pfn> {
    let first = with_memory(|memory| {
        let is_contiguous = |first| contiguous(first, count) == count;
        memory.make_available(count).then(|| memory.frames.allocate_run(count, is_contiguous))
    })??;
    (0..count).for_each(|index| zero(Pfn(first.0 + index)));
    Some(first)
}

/// Puts writable pages behind a range that lies outside the direct map; committed pages in it are replaced.
fn commit(start: VirtAddr, pages: usize, contents: Contents) -> Result<(), AreaError> {
    with_memory(|memory| {
        let needed = pages + tables_needed(start, pages);
        if !memory.make_available(needed) {
            return Err(AreaError::OutOfMemory { needed: needed + RESERVE, available: memory.available() });
        }
        let Memory { frames, mapper, .. } = memory;
        unmap(frames, mapper, start, pages);
        mapper.map(start, pages, &mut Fresh { frames, contents }).unwrap_or_else(|error| panic!("{error}"));
        Ok(())
    })
}

/// Puts a page of zeros where there is none, outside the direct map.
fn zeroed_page_at(memory: &mut Memory, page: VirtAddr) -> lazy::Touch {
    if !memory.make_available(1 + tables_needed(page, 1)) {
        return lazy::Touch::NoMemory;
    }
    let Memory { frames, mapper, .. } = memory;
    let mut source = Fresh { frames, contents: Contents::Zero };
    mapper.map(page, 1, &mut source).unwrap_or_else(|error| panic!("{error}"));
    lazy::Touch::Done
}

/// Takes the pages of a range outside the direct map back.
fn decommit(start: VirtAddr, pages: usize) {
    with_memory(|Memory { frames, mapper, .. }| unmap(frames, mapper, start, pages));
}

fn unmap(frames: &mut FrameAllocator<'static>, mapper: &mut Mapper<XenMmu>, start: VirtAddr, pages: usize) {
    let release = |pfn| frames.release(pfn).expect("a mapped frame is in use");
    mapper.unmap(start, pages, release).unwrap_or_else(|error| panic!("{error}"));
}

/// Changes the protection of the committed pages of a range outside the direct map.
fn protect(start: VirtAddr, pages: usize, protection: Protection) {
    with_memory(|memory| {
        memory.mapper.protect(start, pages, protection).unwrap_or_else(|error| panic!("{error}"));
    });
}

/// Maps machine frames that are not the domain's own, at an address of the fixed range, which the builder's tables cover.
pub(crate) fn map_foreign(address: VirtAddr, mfn: Mfn) {
    struct Foreign(Mfn);
    impl Source for Foreign {
        fn leaf(&mut self, _mmu: &dyn Mmu, _page: usize) -> Pte {
            Pte::leaf(self.0, Protection::ReadWrite)
        }

        fn table(&mut self) -> Pfn {
            unreachable!("the fixed pages share the kernel's first table")
        }
    }
    with_memory(|memory| {
        let mapped = memory.mapper.map(address, 1, &mut Foreign(mfn));
        mapped.unwrap_or_else(|error| panic!("cannot map {mfn}: {error}"));
    });
}
