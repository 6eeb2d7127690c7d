// SPDX-License-Identifier: Apache-2.0
//! The map of the guest's virtual addresses, and the arithmetic of the direct map.
//!
//! | from | what |
//! |---|---|
//! | 0 | nothing: null pointers and their neighbourhood fault |
//! | 512 KiB | fixed pages: shared info, grant table |
//! | 1 MiB | direct map: frame `pfn` at `DIRECT_MAP_BASE + pfn * 4096`; the kernel's own image is its beginning |
//! | 1 GiB | machine code of the VM, which reaches the kernel's text by 32 bits; the direct map goes on behind it |
//! | 256 GiB | the kernel heap |
//! | 1 TiB | large blocks that get memory when they are touched |
//! | 10 TiB | areas of the VM: blocks at fixed addresses, the same on the hosted platform; literals are the first |
//! | 128 TiB | the hole that is not canonical, then Xen's own range (`HYPERVISOR_VIRT_START`) |
//!
//! A 64-bit PV kernel may use the lower half for itself; Xen reserves only 0xffff_8000_0000_0000 to 0xffff_87ff_ffff_ffff
//! (Xen's `public/arch-x86/xen-x86_64.h`). The fixed pages use page tables that the domain builder has made for the kernel, and the
//! heap shares the upper tables of the direct map: each table that need not be made is time saved at the start.

use beam_vm::platform::{LITERALS, MACHINE_CODE};
use drivers::memory::{PAGE_SHIFT, PAGE_SIZE, Pfn, VirtAddr};

use super::lazy;

/// First address of pages that belong to Xen or are shared with it.
pub const FIXED_BASE: usize = 0x8_0000;
/// Where the shared info page is mapped.
pub const SHARED_INFO: VirtAddr = VirtAddr(FIXED_BASE);
/// Where the grant table is mapped, frame after frame.
pub const GRANT_TABLE: VirtAddr = VirtAddr(FIXED_BASE + PAGE_SIZE);
/// Frames of the grant table that there is room for: 65,024 grants. Xen allows 64 frames unless it is told otherwise.
pub const GRANT_TABLE_FRAMES: usize = (DIRECT_MAP_BASE - GRANT_TABLE.0) / PAGE_SIZE;
/// Where pseudo-physical frame 0 is mapped: the ELF note `VIRT_BASE` and the first address of `linker.ld`.
pub const DIRECT_MAP_BASE: usize = 0x10_0000;
/// First address of the VM's machine code, a hole in the direct map. What the domain builder maps has to end before it: kernel, image, p2m list.
pub const CODE_BASE: usize = MACHINE_CODE.start;
/// First address past the VM's machine code.
pub const CODE_LIMIT: usize = CODE_BASE + MACHINE_CODE.bytes;
/// The first frame that the direct map shows behind the hole.
pub const FIRST_BEHIND_CODE: Pfn = Pfn((CODE_BASE - DIRECT_MAP_BASE) >> PAGE_SHIFT);
/// First address past the direct map's range, which bounds the memory of a domain to 256 GiB less 65 MiB.
pub const DIRECT_MAP_LIMIT: usize = HEAP_BASE;
/// First address of the kernel heap, which grows upwards.
pub const HEAP_BASE: usize = 0x40_0000_0000;
/// First address past the kernel heap's range.
pub const HEAP_LIMIT: usize = 0x80_0000_0000;
/// First address of large blocks that get memory when they are touched.
pub const LAZY_BASE: usize = 0x100_0000_0000;
/// First address past those blocks.
pub const LAZY_LIMIT: usize = LAZY_BASE + lazy::CLASSES * LAZY_CLASS_RANGE;
/// Bytes of addresses for the blocks of one size.
pub const LAZY_CLASS_RANGE: usize = 0x80_0000_0000;
/// First address of the VM's areas.
pub const AREA_BASE: usize = LITERALS.start;
/// First address past the VM's areas.
pub const AREA_LIMIT: usize = 0x7000_0000_0000;

/// The address at which the direct map shows `pfn`.
#[must_use]
pub const fn direct_map_address(pfn: Pfn) -> VirtAddr {
    let before = DIRECT_MAP_BASE + (pfn.0 << PAGE_SHIFT);
    VirtAddr(if pfn.0 < FIRST_BEHIND_CODE.0 { before } else { before + MACHINE_CODE.bytes })
}

/// The frame that the direct map shows at `address`, or `None` where the address is none of the direct map's.
#[must_use]
pub const fn direct_map_frame(address: VirtAddr) -> Option<Pfn> {
    let offset = match address.0 {
        DIRECT_MAP_BASE..CODE_BASE => address.0 - DIRECT_MAP_BASE,
        CODE_LIMIT..DIRECT_MAP_LIMIT => address.0 - MACHINE_CODE.bytes - DIRECT_MAP_BASE,
        _ => return None,
    };
    Some(Pfn(offset >> PAGE_SHIFT))
}

/// How many of the frames from `first` on the direct map shows side by side: those before the hole, or all of them.
#[must_use]
pub const fn contiguous(first: Pfn, frames: usize) -> usize {
    if first.0 >= FIRST_BEHIND_CODE.0 || FIRST_BEHIND_CODE.0 - first.0 > frames {
        return frames;
    }
    FIRST_BEHIND_CODE.0 - first.0
}

/// Frames that `bytes` take, rounded up.
#[must_use]
pub const fn pages_for(bytes: usize) -> usize {
    bytes.div_ceil(PAGE_SIZE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn direct_map_goes_both_ways() {
        for pfn in [0, 1, 255, 256, 2047, FIRST_BEHIND_CODE.0 - 1, FIRST_BEHIND_CODE.0, 0x20_0000] {
            let address = direct_map_address(Pfn(pfn));
            assert_eq!(direct_map_frame(address), Some(Pfn(pfn)));
            assert_eq!(direct_map_frame(VirtAddr(address.0 + 4095)), Some(Pfn(pfn)));
        }
        assert_eq!(direct_map_address(Pfn(0)), VirtAddr(0x10_0000));
    }

    #[test]
    fn machine_code_is_a_hole_in_the_direct_map() {
        assert_eq!(direct_map_address(Pfn(FIRST_BEHIND_CODE.0 - 1)), VirtAddr(CODE_BASE - PAGE_SIZE));
        assert_eq!(direct_map_address(FIRST_BEHIND_CODE), VirtAddr(CODE_LIMIT));
        assert_eq!(direct_map_frame(VirtAddr(CODE_BASE)), None);
        assert_eq!(direct_map_frame(VirtAddr(CODE_LIMIT - 1)), None);
        let cases = [(0, 10, 10), (FIRST_BEHIND_CODE.0 - 3, 3, 3), (FIRST_BEHIND_CODE.0 - 3, 9, 3)];
        for (first, frames, expected) in cases.into_iter().chain([(FIRST_BEHIND_CODE.0, 9, 9)]) {
            assert_eq!(contiguous(Pfn(first), frames), expected);
        }
    }

    #[test]
    fn null_and_areas_are_not_in_the_direct_map() {
        assert_eq!(direct_map_frame(VirtAddr(0)), None);
        assert_eq!(direct_map_frame(VirtAddr(DIRECT_MAP_BASE - 1)), None);
        assert_eq!(direct_map_frame(VirtAddr(AREA_BASE)), None);
    }

    #[test]
    fn ranges_share_no_last_level_table_but_the_fixed_pages() {
        for base in [CODE_BASE, CODE_LIMIT] {
            assert_eq!(base % (2 << 20), 0, "{base:#x} shares a table with the direct map");
        }
        for base in [HEAP_BASE, HEAP_LIMIT, LAZY_BASE, LAZY_LIMIT, AREA_BASE, AREA_LIMIT] {
            assert_eq!(base % (1 << 30), 0, "{base:#x} shares a table with its neighbour");
        }
        const { assert!(HEAP_LIMIT <= LAZY_BASE && LAZY_LIMIT <= AREA_BASE) };
        assert_eq!(FIXED_BASE / (2 << 20), DIRECT_MAP_BASE / (2 << 20));
        const { assert!(GRANT_TABLE_FRAMES >= 64) };
    }

    #[test]
    fn pages_are_rounded_up() {
        assert_eq!([0, 1, 4096, 4097].map(pages_for), [0, 1, 1, 2]);
    }
}
