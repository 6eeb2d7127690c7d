// SPDX-License-Identifier: Apache-2.0
//! [`Mmu`] on Xen: tables are read through the direct map and changed by `mmu_update`.
//!
//! The pseudo-physical to machine list (p2m) is the one that the domain builder made; the reverse is Xen's own table,
//! which every guest may read (`MACH2PHYS_VIRT_START`, Xen's `public/arch-x86/xen-x86_64.h`).
#![expect(unsafe_code, reason = "reads and writes page tables and frames by address")]

use drivers::memory::{Mfn, PAGE_SHIFT, Pfn};
use xen_hypervisor_sys::arch_x86::MACH2PHYS_VIRT_START;
use xen_hypervisor_sys::hypercall;
use xen_hypervisor_sys::xen::{
    DOMID_SELF, MMU_NORMAL_PT_UPDATE, MMUEXT_TLB_FLUSH_LOCAL, MmuUpdate, MmuextOp,
};

use super::layout::direct_map_address;
use super::mapper::{BATCH, Mmu, Refused, Update};
use super::pte::{ENTRIES, Pte};

/// The machine underneath a PV guest.
pub struct XenMmu {
    p2m: &'static [u64],
}

impl XenMmu {
    /// # Safety
    /// `p2m` is the domain's own list, and every frame that is passed to the methods of [`Mmu`] is one of this domain and in the direct
    /// map; frames that are passed to `clear` and `prepare` are used by nothing else.
    pub const unsafe fn new(p2m: &'static [u64]) -> Self {
        Self { p2m }
    }
}

/// The domain's frame behind a machine frame, as Xen's own table has it; meaningless for frames of others.
pub fn machine_to_pfn(mfn: Mfn) -> Pfn {
    let table = MACH2PHYS_VIRT_START as *const u64;
    // SAFETY: Xen maps its table there, read-only, for every guest, with an entry for each frame of the machine; a frame that
    // is no RAM reads as an invalid number, or faults where the table has a hole, which a mfn from our own page tables or from
    // start_info cannot reach.
    Pfn(unsafe { table.add(mfn.0).read_volatile() } as usize)
}

impl Mmu for XenMmu {
    fn mfn(&self, pfn: Pfn) -> Mfn {
        Mfn(self.p2m[pfn.0] as usize)
    }

    fn pfn(&self, mfn: Mfn) -> Pfn {
        machine_to_pfn(mfn)
    }

    fn entry(&self, table: Pfn, index: usize) -> Pte {
        assert!(index < ENTRIES);
        let entries = direct_map_address(table).0 as *const u64;
        // SAFETY: `table` is a frame in the direct map (contract of `new`) and `index` lies within it. The processor may set
        // accessed and dirty bits meanwhile, hence volatile.
        Pte(unsafe { entries.add(index).read_volatile() })
    }

    fn clear(&mut self, frame: Pfn) {
        let entries = direct_map_address(frame).0 as *mut u64;
        // SAFETY: the frame is mapped writable in the direct map and used by nothing else (contract of `new`).
        unsafe { entries.write_bytes(0, ENTRIES) };
    }

    fn prepare(&mut self, frame: Pfn, index: usize, value: Pte) {
        assert!(index < ENTRIES);
        let entries = direct_map_address(frame).0 as *mut u64;
        // SAFETY: as in `clear`, and `index` lies within the frame.
        unsafe { entries.add(index).write(value.0) };
    }

    fn update(&mut self, updates: &[Update]) -> Result<(), Refused> {
        let mut requests = [MmuUpdate { ptr: 0, val: 0 }; BATCH];
        for batch in updates.chunks(BATCH) {
            for (request, update) in requests.iter_mut().zip(batch) {
                let entry = (update.table.0 << PAGE_SHIFT) + update.index * size_of::<u64>();
                *request = MmuUpdate { ptr: entry as u64 | MMU_NORMAL_PT_UPDATE, val: update.value.0 };
            }
            let mut done = 0;
            // SAFETY: the requests and `done` outlive the call. What the entries mean for memory is the mapper's care: it maps
            // frames of the allocator, and takes away only what its callers give up.
            let result = unsafe {
                hypercall::mmu_update(requests.as_ptr(), batch.len() as u32, &mut done, DOMID_SELF)
            };
            if result < 0 {
                let update = batch[(done as usize).min(batch.len() - 1)];
                return Err(Refused { update, errno: -result as i32 });
            }
        }
        Ok(())
    }

    fn flush_tlb(&mut self) {
        let mut op = MmuextOp::zeroed();
        op.cmd = MMUEXT_TLB_FLUSH_LOCAL;
        // SAFETY: flushing translations changes no memory; `op` outlives the call.
        let result = unsafe { hypercall::mmuext_op(&op, 1, core::ptr::null_mut(), DOMID_SELF) };
        assert_eq!(result, 0, "xen refused to flush the translations");
    }
}
