// SPDX-License-Identifier: Apache-2.0
//! Grants on the real hypervisor, with the domain as its own other side: what it has mapped cannot be revoked.
#![expect(unsafe_code, reason = "maps a grant, as another domain would")]

use alloc::vec::Vec;

use boot::kernel::Machine;
use boot::kernel::drivers::grant::{Access, GrantedPage};
use boot::kernel::drivers::memory::{PAGE_SIZE, VirtAddr};
use boot::kernel::drivers::page::Page;
use boot::kernel::memory::area;
use boot::kernel::memory::layout::AREA_BASE;
use boot::kernel::memory::page::FramePages;
use boot::kernel::memory::statistics;
use log::info;
use xen_hypervisor_sys::grant_table::{
    GNTMAP_HOST_MAP, GNTMAP_READONLY, GNTTABOP_MAP_GRANT_REF, GNTTABOP_UNMAP_GRANT_REF, GnttabMapGrantRef,
    GnttabUnmapGrantRef,
};
use xen_hypervisor_sys::hypercall;

/// More than the first frame of the table has room for.
const MANY: usize = 1500;

pub fn run(machine: &mut Machine) {
    held_pages_stay(machine);
    the_table_grows(machine);
}

fn page() -> Page {
    Page::allocate(&FramePages).expect("memory is free")
}

fn held_pages_stay(machine: &mut Machine) {
    let granted = machine.grants.grant(page(), machine.domain.id, Access::ReadWrite).expect("room");
    granted.memory().copy_in(0, b"shared");
    let mapping = Mapping::new(machine, &granted);
    assert_eq!(mapping.read(), *b"shared");
    let granted = granted.revoke().expect_err("the page is mapped");
    drop(granted);
    machine.grants.reap();
    assert_eq!(machine.grants.statistics().limbo, 1);
    assert_eq!(mapping.read(), *b"shared");
    mapping.unmap();
    machine.grants.reap();
    let statistics = machine.grants.statistics();
    assert_eq!((statistics.limbo, statistics.used), (0, 0));
}

fn the_table_grows(machine: &mut Machine) {
    let before = statistics().expect("started").available;
    let peer = machine.domain.id;
    let granted: Vec<_> = (0..MANY)
        .map(|_| machine.grants.grant(page(), peer, Access::ReadOnly).expect("the table grows"))
        .collect();
    let last = granted.last().expect("not empty");
    last.memory().copy_in(0, b"beyond");
    let mapping = Mapping::new(machine, last);
    assert_eq!(mapping.read(), *b"beyond");
    mapping.unmap();
    let statistics_then = machine.grants.statistics();
    info!("{} of {} grant entries used", statistics_then.used, statistics_then.entries);
    for one in granted {
        drop(one.revoke().expect("nobody holds it"));
    }
    assert_eq!(machine.grants.statistics().used, 0);
    let lost = before - statistics().expect("started").available;
    assert!(lost < 128, "{lost} frames were lost");
}

/// A granted page, mapped like another domain would map it.
struct Mapping {
    address: usize,
    handle: u32,
}

impl Mapping {
    fn new(machine: &Machine, granted: &GrantedPage) -> Self {
        // A page table must be there for the address, and nothing mapped: commit makes the table, decommit leaves it.
        let address = AREA_BASE;
        area::commit(VirtAddr(address), PAGE_SIZE).expect("memory is free");
        area::decommit(VirtAddr(address), PAGE_SIZE).expect("the range is one of the areas");
        let mut map = GnttabMapGrantRef::zeroed();
        map.host_addr = address as u64;
        map.flags = GNTMAP_HOST_MAP | GNTMAP_READONLY;
        map.r#ref = granted.reference().0;
        map.dom = machine.domain.id.0;
        // SAFETY: nothing else is at the address.
        let result = unsafe { hypercall::grant_table_op(GNTTABOP_MAP_GRANT_REF, (&raw mut map).cast(), 1) };
        assert_eq!((result, map.status), (0, 0), "the grant cannot be mapped");
        Self { address, handle: map.handle }
    }

    fn read(&self) -> [u8; 6] {
        // SAFETY: the grant is mapped there.
        unsafe { (self.address as *const [u8; 6]).read_volatile() }
    }

    fn unmap(self) {
        let mut unmap = GnttabUnmapGrantRef::zeroed();
        unmap.host_addr = self.address as u64;
        unmap.handle = self.handle;
        // SAFETY: the mapping is not used any more.
        let result =
            unsafe { hypercall::grant_table_op(GNTTABOP_UNMAP_GRANT_REF, (&raw mut unmap).cast(), 1) };
        assert_eq!((result, unmap.status), (0, 0), "the grant cannot be unmapped");
    }
}
