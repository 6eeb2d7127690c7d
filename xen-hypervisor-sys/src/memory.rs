// SPDX-License-Identifier: Apache-2.0
//! `xen/memory.h`: the commands of `memory_op` that a PV guest may use.
//!
//! The entries of the memory map have the layout of the BIOS call E820, which no Xen header spells out.

use core::ffi::c_void;

/// `XENMEMF_address_bits(x)`: machine addresses of at most `bits` bits, for `XenMemoryReservation::mem_flags`.
pub const fn xenmemf_address_bits(bits: u32) -> u32 {
    bits
}

/// `XENMEMF_get_address_bits(x)`: the number of address bits in `mem_flags`.
pub const fn xenmemf_get_address_bits(mem_flags: u32) -> u32 {
    mem_flags & 0xff
}

/// `XENMEMF_node(x)`: memory of NUMA node `node` if it has some.
pub const fn xenmemf_node(node: u32) -> u32 {
    node.wrapping_add(1) << 8
}

/// `XENMEMF_get_node(x)`: the node in `mem_flags`, 255 if there is none.
pub const fn xenmemf_get_node(mem_flags: u32) -> u32 {
    (mem_flags >> 8).wrapping_sub(1) & 0xff
}

/// `XENMEMF_exact_node(x)`: memory of NUMA node `node` or none at all.
pub const fn xenmemf_exact_node(node: u32) -> u32 {
    xenmemf_node(node) | XENMEMF_EXACT_NODE_REQUEST
}

/// One entry of a memory map.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(C, packed)]
pub struct E820Entry {
    /// First address of the range.
    pub addr: u64,
    /// Size of the range in bytes.
    pub size: u64,
    /// Kind of memory: 1 RAM, 2 reserved, 3 ACPI tables, 4 ACPI store, 5 unusable.
    pub r#type: u32,
}

const _: () = assert!(size_of::<E820Entry>() == 20);

abi! {
    "xen/memory.h";

    constants {
        /// Takes memory from Xen; returns the number of extents done.
        XENMEM_INCREASE_RESERVATION: u32 = 0 => "XENMEM_increase_reservation";
        /// Gives memory back to Xen; returns the number of extents done.
        XENMEM_DECREASE_RESERVATION: u32 = 1 => "XENMEM_decrease_reservation";
        /// Returns the highest machine frame number of the host.
        XENMEM_MAXIMUM_RAM_PAGE: u32 = 2 => "XENMEM_maximum_ram_page";
        /// Returns the pages that a domain has.
        XENMEM_CURRENT_RESERVATION: u32 = 3 => "XENMEM_current_reservation";
        /// Returns the pages that a domain may have.
        XENMEM_MAXIMUM_RESERVATION: u32 = 4 => "XENMEM_maximum_reservation";
        /// Lists the frames of the M2P.
        XENMEM_MACHPHYS_MFN_LIST: u32 = 5 => "XENMEM_machphys_mfn_list";
        /// Backs the given pfns with memory; returns the number of extents done.
        XENMEM_POPULATE_PHYSMAP: u32 = 6 => "XENMEM_populate_physmap";
        /// Puts a page into the guest's physical map.
        XENMEM_ADD_TO_PHYSMAP: u32 = 7 => "XENMEM_add_to_physmap";
        /// Reads the memory map that the domain was given.
        XENMEM_MEMORY_MAP: u32 = 9 => "XENMEM_memory_map";
        /// Reads the memory map of the host (privileged).
        XENMEM_MACHINE_MEMORY_MAP: u32 = 10 => "XENMEM_machine_memory_map";
        /// Exchanges memory for other memory, e.g. contiguous.
        XENMEM_EXCHANGE: u32 = 11 => "XENMEM_exchange";
        /// Tells where the M2P lies.
        XENMEM_MACHPHYS_MAPPING: u32 = 12 => "XENMEM_machphys_mapping";
        /// Sets the memory map of a domain (privileged).
        XENMEM_SET_MEMORY_MAP: u32 = 13 => "XENMEM_set_memory_map";
        /// Returns the highest pfn of a domain.
        XENMEM_MAXIMUM_GPFN: u32 = 14 => "XENMEM_maximum_gpfn";
        /// Takes a page out of the guest's physical map.
        XENMEM_REMOVE_FROM_PHYSMAP: u32 = 15 => "XENMEM_remove_from_physmap";
        /// Sets the target of populate-on-demand memory.
        XENMEM_SET_POD_TARGET: u32 = 16 => "XENMEM_set_pod_target";
        /// Reads that target.
        XENMEM_GET_POD_TARGET: u32 = 17 => "XENMEM_get_pod_target";
        /// Puts several pages into the guest's physical map.
        XENMEM_ADD_TO_PHYSMAP_BATCH: u32 = 23 => "XENMEM_add_to_physmap_batch";
        /// Lists the frames of the M2P of 32-bit guests.
        XENMEM_MACHPHYS_COMPAT_MFN_LIST: u32 = 25 => "XENMEM_machphys_compat_mfn_list";
        /// Reads the virtual NUMA topology.
        XENMEM_GET_VNUMAINFO: u32 = 26 => "XENMEM_get_vnumainfo";
        /// Maps a resource of another domain (privileged).
        XENMEM_ACQUIRE_RESOURCE: u32 = 28 => "XENMEM_acquire_resource";
    }

    // Bits of XenMemoryReservation::mem_flags.
    constants {
        /// Backs the pfns with memory only when they are touched.
        XENMEMF_POPULATE_ON_DEMAND: u32 = 1 << 16 => "XENMEMF_populate_on_demand";
        /// Fails rather than take memory of another node.
        XENMEMF_EXACT_NODE_REQUEST: u32 = 1 << 17 => "XENMEMF_exact_node_request";
        /// The node is a virtual one.
        XENMEMF_VNODE: u32 = 1 << 18 => "XENMEMF_vnode";
    }

    values {
        xenmemf_address_bits(32) => "XENMEMF_address_bits(32)";
        xenmemf_get_address_bits(0x1234) => "XENMEMF_get_address_bits(0x1234)";
        xenmemf_node(3) => "XENMEMF_node(3)";
        xenmemf_get_node(xenmemf_node(7)) => "XENMEMF_get_node(XENMEMF_node(7))";
        xenmemf_get_node(0) => "XENMEMF_get_node(0)";
        xenmemf_exact_node(3) => "XENMEMF_exact_node(3)";
    }

    // XenAddToPhysmap::space.
    constants {
        /// The shared page.
        XENMAPSPACE_SHARED_INFO: u32 = 0 => "XENMAPSPACE_shared_info";
        /// A page of the grant table.
        XENMAPSPACE_GRANT_TABLE: u32 = 1 => "XENMAPSPACE_grant_table";
        /// Another page of the same domain.
        XENMAPSPACE_GMFN: u32 = 2 => "XENMAPSPACE_gmfn";
        /// A range of such pages.
        XENMAPSPACE_GMFN_RANGE: u32 = 3 => "XENMAPSPACE_gmfn_range";
        /// A page of another domain.
        XENMAPSPACE_GMFN_FOREIGN: u32 = 4 => "XENMAPSPACE_gmfn_foreign";
        /// Device memory.
        XENMAPSPACE_DEV_MMIO: u32 = 5 => "XENMAPSPACE_dev_mmio";
        /// Flag of `idx`: the status pages of the grant table.
        XENMAPIDX_GRANT_TABLE_STATUS: u64 = 0x8000_0000 => "XENMAPIDX_grant_table_status";
    }

    // XenMemAcquireResource::type, and the ids and frames of these kinds.
    constants {
        /// Pages of an I/O request server; its number is the id.
        XENMEM_RESOURCE_IOREQ_SERVER: u16 = 0 => "XENMEM_resource_ioreq_server";
        /// Pages of a grant table.
        XENMEM_RESOURCE_GRANT_TABLE: u16 = 1 => "XENMEM_resource_grant_table";
        /// Buffer of processor traces; the virtual CPU is the id.
        XENMEM_RESOURCE_VMTRACE_BUF: u16 = 2 => "XENMEM_resource_vmtrace_buf";
        /// Id: entries of a grant table.
        XENMEM_RESOURCE_GRANT_TABLE_ID_SHARED: u32 = 0 => "XENMEM_resource_grant_table_id_shared";
        /// Id: status words of a grant table.
        XENMEM_RESOURCE_GRANT_TABLE_ID_STATUS: u32 = 1 => "XENMEM_resource_grant_table_id_status";
        /// Frame of an I/O request server: the buffered ring.
        XENMEM_RESOURCE_IOREQ_SERVER_FRAME_BUFIOREQ: u64 = 0 => "XENMEM_resource_ioreq_server_frame_bufioreq";
    }

    structs {
        /// Argument of the three reservation commands.
        XenMemoryReservation = "struct xen_memory_reservation" {
            /// Array of the extents' first frames: pfns or mfns, in or out, by command.
            extent_start: *mut u64,
            /// Number of extents.
            nr_extents: u64,
            /// An extent has two to this power pages.
            extent_order: u32,
            /// `XENMEMF_` bits.
            mem_flags: u32,
            /// Whose memory.
            domid: u16,
        }

        /// Argument of `XENMEM_EXCHANGE`.
        XenMemoryExchange = "struct xen_memory_exchange" {
            /// What the guest gives: mfns.
            r#in: XenMemoryReservation,
            /// What the guest gets: pfns in, mfns out.
            out: XenMemoryReservation,
            /// Input extents done; zero before the call.
            nr_exchanged: u64,
        }

        /// Argument of the commands that ask about a domain.
        XenMemoryDomain = "struct xen_memory_domain" {
            /// The domain.
            domid: u16,
        }

        /// Argument of `XENMEM_MACHPHYS_MFN_LIST`.
        XenMachphysMfnList = "struct xen_machphys_mfn_list" {
            /// Size of the array.
            max_extents: u32,
            /// Array that gets the first frame of each 2 MB of the M2P.
            extent_start: *mut u64,
            /// Number of elements written.
            nr_extents: u32,
        }

        /// Result of `XENMEM_MACHPHYS_MAPPING`.
        XenMachphysMapping = "struct xen_machphys_mapping" {
            /// First address of the M2P.
            v_start: u64,
            /// Address after the space for the M2P.
            v_end: u64,
            /// Highest machine frame number that it has an entry for.
            max_mfn: u64,
        }

        /// Argument of `XENMEM_ADD_TO_PHYSMAP`.
        XenAddToPhysmap = "struct xen_add_to_physmap" {
            /// Whose physical map.
            domid: u16,
            /// Number of pages, for `XENMAPSPACE_GMFN_RANGE`.
            size: u16,
            /// `XENMAPSPACE_` source.
            space: u32,
            /// Index into the source.
            idx: u64,
            /// Where the page shall appear.
            gpfn: u64,
        }

        /// Argument of `XENMEM_ADD_TO_PHYSMAP_BATCH`.
        XenAddToPhysmapBatch = "struct xen_add_to_physmap_batch" {
            /// Whose physical map.
            domid: u16,
            /// `XENMAPSPACE_` source.
            space: u16,
            /// Number of pages.
            size: u16,
            /// The other domain of `XENMAPSPACE_GMFN_FOREIGN`, else zero.
            foreign_domid: u16 => "u.foreign_domid",
            /// Array of indices into the source.
            idxs: *mut u64,
            /// Array of places where the pages shall appear.
            gpfns: *mut u64,
            /// Array that gets an error number for each page.
            errs: *mut i32,
        }

        /// Argument of `XENMEM_REMOVE_FROM_PHYSMAP`.
        XenRemoveFromPhysmap = "struct xen_remove_from_physmap" {
            /// Whose physical map.
            domid: u16,
            /// The page.
            gpfn: u64,
        }

        /// Argument of `XENMEM_MEMORY_MAP`.
        XenMemoryMap = "struct xen_memory_map" {
            /// In: entries for which `buffer` has space. Out: entries written.
            nr_entries: u32,
            /// Array of [`E820Entry`].
            buffer: *mut c_void,
        }

        /// Argument of `XENMEM_SET_MEMORY_MAP`.
        XenForeignMemoryMap = "struct xen_foreign_memory_map" {
            /// Whose map.
            domid: u16,
            /// The map.
            map: XenMemoryMap,
        }

        /// Argument of the populate-on-demand commands.
        XenPodTarget = "struct xen_pod_target" {
            /// In for the set command: pages aimed at.
            target_pages: u64,
            /// Out: pages that the domain has.
            tot_pages: u64,
            /// Out: pages of those in the cache.
            pod_cache_pages: u64,
            /// Out: entries without memory.
            pod_entries: u64,
            /// Whose memory.
            domid: u16,
        }

        /// Argument of `XENMEM_ACQUIRE_RESOURCE`.
        XenMemAcquireResource = "struct xen_mem_acquire_resource" {
            /// Whose resource.
            domid: u16,
            /// `XENMEM_RESOURCE_` kind.
            r#type: u16,
            /// Which resource of that kind.
            id: u32,
            /// Number of frames; zero with a null list asks for the size.
            nr_frames: u32,
            /// Zero.
            pad: u32,
            /// First frame of the resource to map.
            frame: u64,
            /// Array that gets the machine frame numbers.
            frame_list: *mut u64,
        }

        /// One range of memory of a virtual NUMA node.
        XenVmemrange = "struct xen_vmemrange" {
            /// First address.
            start: u64,
            /// Address after the last.
            end: u64,
            /// Zero.
            flags: u32,
            /// The node.
            nid: u32,
        }

        /// Argument of `XENMEM_GET_VNUMAINFO`. The three pointers are unions with a 64-bit number in C.
        XenVnumaTopologyInfo = "struct xen_vnuma_topology_info" {
            /// Whose topology.
            domid: u16,
            /// Zero.
            pad: u16,
            /// Number of nodes: space in, count out.
            nr_vnodes: u32,
            /// Number of virtual CPUs: space in, count out.
            nr_vcpus: u32,
            /// Number of memory ranges: space in, count out.
            nr_vmemranges: u32,
            /// Matrix of distances.
            vdistance: *mut u32 => "vdistance.h",
            /// Node of each virtual CPU.
            vcpu_to_vnode: *mut u32 => "vcpu_to_vnode.h",
            /// Memory ranges.
            vmemrange: *mut XenVmemrange => "vmemrange.h",
        }
    }
}
