// SPDX-License-Identifier: Apache-2.0
//! `xen/grant_table.h`: sharing pages with other domains. Entries of both versions, operations, status codes.

abi! {
    "xen/grant_table.h";

    // Flags of a grant entry.
    constants {
        /// The entry grants nothing.
        GTF_INVALID: u16 = 0 => "GTF_invalid";
        /// `domid` may map or copy `frame`.
        GTF_PERMIT_ACCESS: u16 = 1 => "GTF_permit_access";
        /// `domid` may transfer a page to this domain.
        GTF_ACCEPT_TRANSFER: u16 = 2 => "GTF_accept_transfer";
        /// `domid` may use a grant that a third domain gave to this one (version 2).
        GTF_TRANSITIVE: u16 = 3 => "GTF_transitive";
        /// The bits that hold the kind of grant.
        GTF_TYPE_MASK: u16 = 3 => "GTF_type_mask";
        /// Access: reading only.
        GTF_READONLY: u16 = 1 << 2 => "GTF_readonly";
        /// Access, set by Xen: mapped or read from now.
        GTF_READING: u16 = 1 << 3 => "GTF_reading";
        /// Access, set by Xen: mapped writable or written to now.
        GTF_WRITING: u16 = 1 << 4 => "GTF_writing";
        /// Access: the mapping is write-through.
        GTF_PWT: u16 = 1 << 5;
        /// Access: the mapping is not cached.
        GTF_PCD: u16 = 1 << 6;
        /// Access: the page attribute bit of the mapping.
        GTF_PAT: u16 = 1 << 7;
        /// Access: a part of the page, for copies only (version 2).
        GTF_SUB_PAGE: u16 = 1 << 8 => "GTF_sub_page";
        /// Transfer, set by Xen: a transfer has begun.
        GTF_TRANSFER_COMMITTED: u16 = 1 << 2 => "GTF_transfer_committed";
        /// Transfer, set by Xen: `frame` is the new frame.
        GTF_TRANSFER_COMPLETED: u16 = 1 << 3 => "GTF_transfer_completed";
    }

    // Entries that the domain builder may have filled.
    constants {
        /// Number of reserved entries.
        GNTTAB_NR_RESERVED_ENTRIES: u32 = 8;
        /// Grants the console ring.
        GNTTAB_RESERVED_CONSOLE: u32 = 0;
        /// Grants the xenstore ring.
        GNTTAB_RESERVED_XENSTORE: u32 = 1;
    }

    constants {
        /// Maps pages of another domain.
        GNTTABOP_MAP_GRANT_REF: u32 = 0 => "GNTTABOP_map_grant_ref";
        /// Unmaps pages of another domain.
        GNTTABOP_UNMAP_GRANT_REF: u32 = 1 => "GNTTABOP_unmap_grant_ref";
        /// Sets the size of the grant table and lists its frames.
        GNTTABOP_SETUP_TABLE: u32 = 2 => "GNTTABOP_setup_table";
        /// Prints a grant table on the hypervisor's console (debug).
        GNTTABOP_DUMP_TABLE: u32 = 3 => "GNTTABOP_dump_table";
        /// Gives pages to another domain.
        GNTTABOP_TRANSFER: u32 = 4 => "GNTTABOP_transfer";
        /// Copies between granted or own pages.
        GNTTABOP_COPY: u32 = 5 => "GNTTABOP_copy";
        /// Tells the size of a grant table.
        GNTTABOP_QUERY_SIZE: u32 = 6 => "GNTTABOP_query_size";
        /// Unmaps a page and puts another mapping in its place.
        GNTTABOP_UNMAP_AND_REPLACE: u32 = 7 => "GNTTABOP_unmap_and_replace";
        /// Chooses the version of the entries.
        GNTTABOP_SET_VERSION: u32 = 8 => "GNTTABOP_set_version";
        /// Lists the frames with the status words of version 2.
        GNTTABOP_GET_STATUS_FRAMES: u32 = 9 => "GNTTABOP_get_status_frames";
        /// Tells the version of the entries.
        GNTTABOP_GET_VERSION: u32 = 10 => "GNTTABOP_get_version";
        /// Swaps two entries.
        GNTTABOP_SWAP_GRANT_REF: u32 = 11 => "GNTTABOP_swap_grant_ref";
        /// Cleans or invalidates caches (not on x86).
        GNTTABOP_CACHE_FLUSH: u32 = 12 => "GNTTABOP_cache_flush";
    }

    // Flags of a mapping.
    constants {
        /// Maps for devices behind an IOMMU.
        GNTMAP_DEVICE_MAP: u32 = 1 => "GNTMAP_device_map";
        /// Maps for the CPU.
        GNTMAP_HOST_MAP: u32 = 1 << 1 => "GNTMAP_host_map";
        /// For reading only.
        GNTMAP_READONLY: u32 = 1 << 2 => "GNTMAP_readonly";
        /// User mode may use the mapping.
        GNTMAP_APPLICATION_MAP: u32 = 1 << 3 => "GNTMAP_application_map";
        /// `host_addr` is the machine address of a page table entry rather than a virtual address.
        GNTMAP_CONTAINS_PTE: u32 = 1 << 4 => "GNTMAP_contains_pte";
        /// Bits that go into the entry's bits for the guest.
        GNTMAP_GUEST_AVAIL_MASK: u32 = !0 << 16 => "GNTMAP_guest_avail_mask";
    }

    // Status of an operation.
    constants {
        /// Done.
        GNTST_OKAY: i16 = 0 => "GNTST_okay";
        /// Something went wrong.
        GNTST_GENERAL_ERROR: i16 = -1 => "GNTST_general_error";
        /// No such domain.
        GNTST_BAD_DOMAIN: i16 = -2 => "GNTST_bad_domain";
        /// No such grant, or not for the caller.
        GNTST_BAD_GNTREF: i16 = -3 => "GNTST_bad_gntref";
        /// No such mapping.
        GNTST_BAD_HANDLE: i16 = -4 => "GNTST_bad_handle";
        /// The virtual address cannot be mapped.
        GNTST_BAD_VIRT_ADDR: i16 = -5 => "GNTST_bad_virt_addr";
        /// The device address is not that of the mapping.
        GNTST_BAD_DEV_ADDR: i16 = -6 => "GNTST_bad_dev_addr";
        /// The IOMMU has no space.
        GNTST_NO_DEVICE_SPACE: i16 = -7 => "GNTST_no_device_space";
        /// Not enough privilege.
        GNTST_PERMISSION_DENIED: i16 = -8 => "GNTST_permission_denied";
        /// The page is not one that can be used so.
        GNTST_BAD_PAGE: i16 = -9 => "GNTST_bad_page";
        /// A copy crosses a page boundary.
        GNTST_BAD_COPY_ARG: i16 = -10 => "GNTST_bad_copy_arg";
        /// The receiver cannot address the page.
        GNTST_ADDRESS_TOO_BIG: i16 = -11 => "GNTST_address_too_big";
        /// Not possible now: try again.
        GNTST_EAGAIN: i16 = -12 => "GNTST_eagain";
        /// No handle or frame is left.
        GNTST_NO_SPACE: i16 = -13 => "GNTST_no_space";
    }

    constants {
        /// Flag of a copy: the source is a grant.
        GNTCOPY_SOURCE_GREF: u16 = 1 => "GNTCOPY_source_gref";
        /// Flag of a copy: the destination is a grant.
        GNTCOPY_DEST_GREF: u16 = 2 => "GNTCOPY_dest_gref";
        /// Operation of a cache flush: write back.
        GNTTAB_CACHE_CLEAN: u32 = 1;
        /// Operation of a cache flush: invalidate.
        GNTTAB_CACHE_INVAL: u32 = 2;
        /// Flag of a cache flush: the page is named by a grant.
        GNTTAB_CACHE_SOURCE_GREF: u32 = 1 << 31;
    }

    structs {
        /// Entry of a version 1 table. Write `flags` last when granting.
        GrantEntryV1 = "struct grant_entry_v1" {
            /// `GTF_` flags.
            flags: u16,
            /// The other domain.
            domid: u16,
            /// The machine frame.
            frame: u32,
        }

        /// What all forms of a version 2 entry start with.
        GrantEntryHeader = "struct grant_entry_header" {
            /// `GTF_` flags, without those that Xen sets.
            flags: u16,
            /// The other domain.
            domid: u16,
        }

        /// Entry of a version 2 table, a union in C: this is its form for a whole page, which spans the entry.
        GrantEntryV2 = "union grant_entry_v2" {
            /// Flags and domain.
            hdr: GrantEntryHeader,
            /// Zero.
            pad0: u32 => "full_page.pad0",
            /// The machine frame.
            frame: u64 => "full_page.frame",
        }

        /// Form of a version 2 entry for a part of a page (`GTF_SUB_PAGE`).
        GrantEntryV2SubPage = "__typeof__(((union grant_entry_v2 *)0)->sub_page)" {
            /// Flags and domain.
            hdr: GrantEntryHeader,
            /// First byte in the page.
            page_off: u16,
            /// Number of bytes.
            length: u16,
            /// The machine frame.
            frame: u64,
        }

        /// Form of a version 2 entry for passing on a grant (`GTF_TRANSITIVE`); it ends before the entry does.
        GrantEntryV2Transitive = "__typeof__(((union grant_entry_v2 *)0)->transitive)" {
            /// Flags and domain.
            hdr: GrantEntryHeader,
            /// The domain that granted the page to this one.
            trans_domid: u16,
            /// Zero.
            pad0: u16,
            /// Its grant reference.
            gref: u32,
        }

        /// Argument of `GNTTABOP_MAP_GRANT_REF`.
        GnttabMapGrantRef = "struct gnttab_map_grant_ref" {
            /// Where to map.
            host_addr: u64,
            /// `GNTMAP_` flags.
            flags: u32,
            /// Grant reference.
            r#ref: u32,
            /// The domain that granted.
            dom: u16,
            /// Out: `GNTST_` status.
            status: i16,
            /// Out: number of the mapping.
            handle: u32,
            /// Out: address for devices.
            dev_bus_addr: u64,
        }

        /// Argument of `GNTTABOP_UNMAP_GRANT_REF`.
        GnttabUnmapGrantRef = "struct gnttab_unmap_grant_ref" {
            /// Where it is mapped, zero to leave that.
            host_addr: u64,
            /// Address for devices, zero to leave that.
            dev_bus_addr: u64,
            /// Number of the mapping.
            handle: u32,
            /// Out: `GNTST_` status.
            status: i16,
        }

        /// Argument of `GNTTABOP_SETUP_TABLE`.
        GnttabSetupTable = "struct gnttab_setup_table" {
            /// Whose table.
            dom: u16,
            /// Number of frames wanted.
            nr_frames: u32,
            /// Out: `GNTST_` status.
            status: i16,
            /// Array that gets `nr_frames` machine frame numbers.
            frame_list: *mut u64,
        }

        /// Argument of `GNTTABOP_DUMP_TABLE`.
        GnttabDumpTable = "struct gnttab_dump_table" {
            /// Whose table.
            dom: u16,
            /// Out: `GNTST_` status.
            status: i16,
        }

        /// Argument of `GNTTABOP_TRANSFER`.
        GnttabTransfer = "struct gnttab_transfer" {
            /// The page to give.
            mfn: u64,
            /// The receiver.
            domid: u16,
            /// Its grant reference that accepts the page.
            r#ref: u32,
            /// Out: `GNTST_` status.
            status: i16,
        }

        /// One end of a copy.
        GnttabCopyPtr = "struct gnttab_copy_ptr" {
            /// Union in C: a grant reference (`ref`) or a frame number (`gmfn`), by the flags of the copy.
            u: u64,
            /// Who granted it or whose frame it is.
            domid: u16,
            /// First byte in the page.
            offset: u16,
        }

        /// Argument of `GNTTABOP_COPY`.
        GnttabCopy = "struct gnttab_copy" {
            /// Copy from here.
            source: GnttabCopyPtr,
            /// Copy to here.
            dest: GnttabCopyPtr,
            /// Number of bytes.
            len: u16,
            /// `GNTCOPY_` flags.
            flags: u16,
            /// Out: `GNTST_` status.
            status: i16,
        }

        /// Argument of `GNTTABOP_QUERY_SIZE`.
        GnttabQuerySize = "struct gnttab_query_size" {
            /// Whose table.
            dom: u16,
            /// Out: frames that the table has.
            nr_frames: u32,
            /// Out: frames that it may have.
            max_nr_frames: u32,
            /// Out: `GNTST_` status.
            status: i16,
        }

        /// Argument of `GNTTABOP_UNMAP_AND_REPLACE`.
        GnttabUnmapAndReplace = "struct gnttab_unmap_and_replace" {
            /// Where it is mapped.
            host_addr: u64,
            /// Address whose mapping is moved there.
            new_addr: u64,
            /// Number of the mapping.
            handle: u32,
            /// Out: `GNTST_` status.
            status: i16,
        }

        /// Argument of `GNTTABOP_SET_VERSION`.
        GnttabSetVersion = "struct gnttab_set_version" {
            /// In: version wanted, 1 or 2. Out: version in use.
            version: u32,
        }

        /// Argument of `GNTTABOP_GET_STATUS_FRAMES`.
        GnttabGetStatusFrames = "struct gnttab_get_status_frames" {
            /// Number of frames wanted.
            nr_frames: u32,
            /// Whose table.
            dom: u16,
            /// Out: `GNTST_` status.
            status: i16,
            /// Array that gets `nr_frames` machine frame numbers.
            frame_list: *mut u64,
        }

        /// Argument of `GNTTABOP_GET_VERSION`.
        GnttabGetVersion = "struct gnttab_get_version" {
            /// Whose table.
            dom: u16,
            /// Zero.
            pad: u16,
            /// Out: version in use.
            version: u32,
        }

        /// Argument of `GNTTABOP_SWAP_GRANT_REF`.
        GnttabSwapGrantRef = "struct gnttab_swap_grant_ref" {
            /// One entry.
            ref_a: u32,
            /// The other entry.
            ref_b: u32,
            /// Out: `GNTST_` status.
            status: i16,
        }

        /// Argument of `GNTTABOP_CACHE_FLUSH`.
        GnttabCacheFlush = "struct gnttab_cache_flush" {
            /// Union in C: an address for devices (`dev_bus_addr`) or a grant reference (`ref`).
            a: u64,
            /// First byte in the page.
            offset: u16,
            /// Number of bytes.
            length: u16,
            /// `GNTTAB_CACHE_` operation and flags.
            op: u32,
        }
    }
}
