// SPDX-License-Identifier: Apache-2.0
//! Maps the domain's memory, and protects what the domain builder left open.
//!
//! Xen's builder maps the kernel, its own bootstrap pages and at least 512 KiB more, all of it writable and executable but for
//! the page tables. Free frames in there become the tables that map the next part, which has the free frames for the part after
//! that: each table of 512 entries brings 512 frames. The start maps no more than it needs itself ([`extend`]); the rest follows in
//! steps as memory is asked for ([`super`]), so that a domain of many GiB is up as fast as a small one.

use core::ops::Range;

use drivers::memory::{PAGE_SIZE, Pfn, VirtAddr};

use super::layout::{DIRECT_MAP_BASE, contiguous, direct_map_address};
use super::mapper::{Mapper, Mmu, Refused, Source, tables_needed};
use super::pte::{Level, Protection, Pte, PteFlags};

/// Maps the domain's frames in their order and takes tables from the frames that follow the bootstrap pages.
struct Bootstrap {
    first_page: Pfn,
    next_table: Pfn,
}

impl Source for Bootstrap {
    fn leaf(&mut self, mmu: &dyn Mmu, page: usize) -> Pte {
        Pte::leaf(mmu.mfn(Pfn(self.first_page.0 + page)), Protection::ReadWrite)
    }

    fn table(&mut self) -> Pfn {
        let table = self.next_table;
        self.next_table.0 += 1;
        table
    }
}

/// The state of the domain's frames when the start has mapped its part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Extended {
    /// The first frame that nothing uses.
    pub unused: Pfn,
    /// The first frame that the builder had not mapped.
    pub builder_end: Pfn,
    /// The first frame that is not mapped.
    pub mapped_end: Pfn,
}

/// Extends the direct map so that it shows the frames before `end`, if the builder's part does not. Frames from `first_free` on are unused, and serve as tables in their order.
///
/// # Errors
/// [`Refused`] when Xen does not like an entry.
///
/// # Panics
/// When the builder left no free frame mapped, which it promises not to.
pub fn extend<M: Mmu>(
    mapper: &mut Mapper<M>,
    first_free: Pfn,
    end: Pfn,
    total: usize,
) -> Result<Extended, Refused> {
    let builder_end = first_unmapped(mapper, first_free, total);
    let mut mapped = builder_end;
    let mut source = Bootstrap { first_page: mapped, next_table: first_free };
    while mapped.0 < end.0 {
        let start = direct_map_address(mapped);
        let free = mapped.0 - source.next_table.0;
        let pages = affordable(start, free, contiguous(mapped, end.0 - mapped.0));
        assert!(pages > 0, "the domain builder left no room for page tables: {free} frames");
        source.first_page = mapped;
        mapper.map(start, pages, &mut source)?;
        mapped.0 += pages;
    }
    Ok(Extended { unused: source.next_table, builder_end, mapped_end: mapped })
}

/// The first frame from `from` on that the direct map does not show yet. The builder's part is without gaps, so that halving finds its end.
fn first_unmapped<M: Mmu>(mapper: &Mapper<M>, from: Pfn, total: usize) -> Pfn {
    let (mut mapped, mut unmapped) = (from.0, total);
    while mapped < unmapped {
        let middle = mapped.midpoint(unmapped);
        if mapper.translate(direct_map_address(Pfn(middle))).is_some() {
            mapped = middle + 1;
        } else {
            unmapped = middle;
        }
    }
    Pfn(mapped)
}

/// The most of `wanted` pages from `start` that `free` frames for tables can map.
fn affordable(start: VirtAddr, free: usize, wanted: usize) -> usize {
    let mut pages = wanted;
    while pages > 0 && tables_needed(start, pages) > free {
        pages = if pages > 1 << 9 { pages / 2 } else { 0 };
    }
    pages
}

/// The parts of the kernel's own image, which lies at the beginning of the direct map.
#[derive(Clone, Debug)]
pub struct KernelImage {
    /// Instructions.
    pub text: Range<VirtAddr>,
    /// Constants, what was packed into the kernel, and the p2m list, each a range of whole pages.
    pub read_only: [Range<VirtAddr>; 3],
    /// The pages below stacks, which must not be there.
    pub stack_guards: [VirtAddr; 3],
}

/// Sets the final protections on the `pages` pages that the builder mapped: text executes, constants do not change, everything
/// else is data; page tables stay read-only.
///
/// Only where there is text does each page need an entry of its own. Elsewhere one entry of level 2 takes execution from 512 pages
/// at once, and writing too where all of them are constants: the p2m list of a large domain and a large image cost no more than that.
///
/// # Errors
/// [`Refused`] when Xen does not like an entry.
pub fn protect<M: Mmu>(mapper: &mut Mapper<M>, pages: usize, image: &KernelImage) -> Result<(), Refused> {
    let end = DIRECT_MAP_BASE + pages * PAGE_SIZE;
    let mut start = DIRECT_MAP_BASE;
    while start < end {
        let next = (start + 1).next_multiple_of(Level::L2.entry_size()).min(end);
        let part = VirtAddr(start)..VirtAddr(next);
        if common(&part, &image.text).is_some() {
            mapper.change(part.start, pages_of(&part), |address, old| final_entry(image, address, old))?;
        } else if image.read_only.iter().any(|range| range.start <= part.start && part.end <= range.end) {
            mapper.restrict(part.start, Protection::ReadOnly)?;
        } else {
            mapper.restrict(part.start, Protection::ReadWrite)?;
            let guards = image.stack_guards.map(|guard| guard..VirtAddr(guard.0 + PAGE_SIZE));
            for range in image.read_only.iter().chain(&guards).filter_map(|range| common(&part, range)) {
                mapper
                    .change(range.start, pages_of(&range), |address, old| final_entry(image, address, old))?;
            }
        }
        start = next;
    }
    Ok(())
}

/// What the builder's entry for a page is to become.
fn final_entry(image: &KernelImage, address: VirtAddr, old: Pte) -> Pte {
    let Some(mfn) = old.mfn() else { return old };
    if image.stack_guards.contains(&address) {
        return Pte::EMPTY;
    }
    let is_constant = image.read_only.iter().any(|range| range.contains(&address));
    let wanted = if image.text.contains(&address) {
        Protection::ReadExecute
    } else if is_constant || !old.flags().contains(PteFlags::WRITABLE) {
        Protection::ReadOnly
    } else {
        Protection::ReadWrite
    };
    if old.has_protection(wanted) { old } else { Pte::leaf(mfn, wanted) }
}

/// The part that two ranges have in common, if there is one.
fn common(one: &Range<VirtAddr>, other: &Range<VirtAddr>) -> Option<Range<VirtAddr>> {
    let common = one.start.max(other.start)..one.end.min(other.end);
    (common.start < common.end).then_some(common)
}

fn pages_of(range: &Range<VirtAddr>) -> usize {
    (range.end.0 - range.start.0) / PAGE_SIZE
}

#[cfg(test)]
#[path = "direct_map/tests.rs"]
mod tests;
