// SPDX-License-Identifier: Apache-2.0
//! `xen/io/9pfs.h`: the transport of the file protocol 9P. The header names Xen's document `9pfs` for the
//! message header and the xenstore nodes, so these are given here outside the checked table.
//!
//! Each ring has an interface page, [`Xen9pfsDataIntf`], whose `ref` array names the data pages: two to the power
//! `ring_order`, the first half for input to the front end, the second for its output. [`xen_flex_ring_size`]
//! is the size of a half in bytes. Indices run freely and wrap at 2^32.
//!
//! [`xen_flex_ring_size`]: crate::io::ring::xen_flex_ring_size

/// Header of every 9P message, little endian, without padding.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[repr(C, packed)]
pub struct Xen9pfsHeader {
    /// Size of the message in bytes, with this header.
    pub size: u32,
    /// Kind of message.
    pub id: u8,
    /// Number of the request, returned in the reply.
    pub tag: u16,
}

const _: () = assert!(size_of::<Xen9pfsHeader>() == 7);

/// Grant references of data pages that fit in an interface page.
pub const XEN_9PFS_MAX_REFS: usize = (4096 - size_of::<Xen9pfsDataIntf>()) / size_of::<u32>();

/// Back end node: versions of the transport that it knows, separated by commas.
pub const NODE_VERSIONS: &str = "versions";
/// Back end node: highest number of rings.
pub const NODE_MAX_RINGS: &str = "max-rings";
/// Back end node: highest order of a ring.
pub const NODE_MAX_RING_PAGE_ORDER: &str = "max-ring-page-order";
/// Back end node, from the tools: path of the shared folder.
pub const NODE_PATH: &str = "path";
/// Back end node, from the tools: how access is decided, `none`.
pub const NODE_SECURITY_MODEL: &str = "security_model";
/// Front end node, from the tools: name of the share.
pub const NODE_TAG: &str = "tag";
/// Front end node: version of the transport in use, `1`.
pub const NODE_VERSION: &str = "version";
/// Front end node: number of rings.
pub const NODE_NUM_RINGS: &str = "num-rings";
/// Front end node, with the number of a ring behind it: grant reference of the interface page.
pub const NODE_RING_REF: &str = "ring-ref";
/// Front end node, with the number of a ring behind it: event channel.
pub const NODE_EVENT_CHANNEL: &str = "event-channel-";

abi! {
    "xen/io/9pfs.h";

    structs {
        /// The interface page of one ring.
        Xen9pfsDataIntf = "struct xen_9pfs_data_intf" {
            /// Index of the next input byte to read, written by the front end.
            in_cons: u32,
            /// Index after the last input byte, written by the back end.
            in_prod: u32,
            /// Padding to a cache line.
            pad1: [u8; 56],
            /// Index of the next output byte to read, written by the back end.
            out_cons: u32,
            /// Index after the last output byte, written by the front end.
            out_prod: u32,
            /// Padding to a cache line.
            pad2: [u8; 56],
            /// Logarithm of the number of data pages, at least 1.
            ring_order: u32,
            /// The grant references of the data pages start here.
            r#ref: [u32; 0],
        }
    }
}
