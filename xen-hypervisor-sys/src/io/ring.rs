// SPDX-License-Identifier: Apache-2.0
//! `xen/io/ring.h`: the shared ring of requests and responses, and the arithmetic of its sizes.
//!
//! A ring page is a [`Sring`] header, then entries of the size of the larger of request and response, as many as
//! the largest power of two that fits. All indices run freely and wrap at 2^32; the slot of an index is its
//! remainder by the number of entries.

use core::mem::offset_of;

/// Number of entries of a ring of `bytes` bytes (one or more pages), for requests `Q` and responses `S`.
///
/// `__CONST_RING_SIZE` in C.
pub const fn const_ring_size<Q, S>(bytes: usize) -> u32 {
    let entry = size_of::<SringEntry<Q, S>>();
    assert!(entry > 0, "a ring entry has a size");
    assert!(bytes >= size_of::<Sring>() + entry, "a ring holds its header and an entry");
    1 << ((bytes - size_of::<Sring>()) / entry).ilog2()
}

/// Size in bytes of one direction of a flexible ring of two to the power `order` pages.
pub const fn xen_flex_ring_size(order: u32) -> usize {
    1 << (order + XEN_PAGE_SHIFT - 1)
}

/// Only for its size: an entry holds a request or, later, its response.
#[repr(C)]
union SringEntry<Q, S> {
    req: core::mem::ManuallyDrop<Q>,
    rsp: core::mem::ManuallyDrop<S>,
}

abi! {
    "xen/io/ring.h";

    constants {
        /// Logarithm of the size of a page.
        XEN_PAGE_SHIFT: u32 = 12;
    }

    values {
        xen_flex_ring_size(0) => "XEN_FLEX_RING_SIZE(0)";
        xen_flex_ring_size(9) => "XEN_FLEX_RING_SIZE(9)";
        offset_of!(Sring, __pad) + 44 => "offsetof(struct empty_sring, ring)";
        const_ring_size::<u8, u8>(4096) => "__CONST_RING_SIZE(byte, 4096)";
        const_ring_size::<u16, [u32; 3]>(4096) => "__CONST_RING_SIZE(twelve, 4096)";
        const_ring_size::<u16, [u32; 3]>(1 << 16) => "__CONST_RING_SIZE(twelve, 1 << 16)";
    }

    structs {
        /// Header of a shared ring; the entries follow it.
        Sring = "struct empty_sring" {
            /// Index after the last request.
            req_prod: u32,
            /// The back end wants an event when `req_prod` gets past this index.
            req_event: u32,
            /// Index after the last response.
            rsp_prod: u32,
            /// The front end wants an event when `rsp_prod` gets past this index.
            rsp_event: u32,
            /// For the protocol's own use.
            pvt: [u8; 4],
            /// Padding, up to 64 bytes.
            __pad: [u8; 44],
        }
    }
}
