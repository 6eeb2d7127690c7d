// SPDX-License-Identifier: Apache-2.0
//! `xen/io/blkif.h`: the block protocol. Requests, responses, and the names of the xenstore nodes.
//!
//! A ring entry has the size of [`BlkifRequest`], the largest; `operation`, its first byte, tells the form. The
//! sectors of requests are of `sector-size` bytes if both ends have agreed on large sectors, else of 512.

abi! {
    "xen/io/blkif.h";

    // Xenstore nodes.
    nodes {
        /// Front end: grant reference of the ring, with a number behind it for each page of a larger ring.
        NODE_RING_REF = "ring-ref";
        /// Front end: event channel.
        NODE_EVENT_CHANNEL = "event-channel";
        /// Front end: layout of requests, a `XEN_IO_PROTO_ABI_` text.
        NODE_PROTOCOL = "protocol";
        /// Back end: logarithm of the highest number of ring pages.
        NODE_MAX_RING_PAGE_ORDER = "max-ring-page-order";
        /// Front end: logarithm of the number of ring pages.
        NODE_RING_PAGE_ORDER = "ring-page-order";
        /// Back end: highest number of queues.
        NODE_MULTI_QUEUE_MAX_QUEUES = "multi-queue-max-queues";
        /// Front end: number of queues.
        NODE_MULTI_QUEUE_NUM_QUEUES = "multi-queue-num-queues";
        /// Back end: `BLKIF_OP_WRITE_BARRIER` works.
        NODE_FEATURE_BARRIER = "feature-barrier";
        /// Back end: `BLKIF_OP_FLUSH_DISKCACHE` works.
        NODE_FEATURE_FLUSH_CACHE = "feature-flush-cache";
        /// Back end: `BLKIF_OP_DISCARD` works.
        NODE_FEATURE_DISCARD = "feature-discard";
        /// Both ends: grants stay mapped and are used again.
        NODE_FEATURE_PERSISTENT = "feature-persistent";
        /// Back end: highest number of segments of an indirect request.
        NODE_FEATURE_MAX_INDIRECT_SEGMENTS = "feature-max-indirect-segments";
        /// Front end: it understands sectors of any size.
        NODE_FEATURE_LARGE_SECTOR_SIZE = "feature-large-sector-size";
        /// Back end: offset in bytes of the first extent that can be discarded.
        NODE_DISCARD_ALIGNMENT = "discard-alignment";
        /// Back end: size in bytes of an extent that can be discarded.
        NODE_DISCARD_GRANULARITY = "discard-granularity";
        /// Back end: `BLKIF_DISCARD_SECURE` works.
        NODE_DISCARD_SECURE = "discard-secure";
        /// Back end: `VDISK_` bits.
        NODE_INFO = "info";
        /// Back end: `r` or `w`.
        NODE_MODE = "mode";
        /// Back end: size of a sector in bytes.
        NODE_SECTOR_SIZE = "sector-size";
        /// Back end: size in bytes of a sector of the disk behind.
        NODE_PHYSICAL_SECTOR_SIZE = "physical-sector-size";
        /// Back end: size of the device in sectors.
        NODE_SECTORS = "sectors";
        /// Front end, from the tools: kind of device, e.g. `disk`.
        NODE_DEVICE_TYPE = "device-type";
        /// Front end, from the tools: number of the device.
        NODE_VIRTUAL_DEVICE = "virtual-device";
        /// Front end, from the tools: `0` if the back end shall not be trusted.
        NODE_TRUSTED = "trusted";
    }

    // Operations.
    constants {
        /// Reads sectors.
        BLKIF_OP_READ: u8 = 0;
        /// Writes sectors.
        BLKIF_OP_WRITE: u8 = 1;
        /// Writes sectors after all earlier writes and before all later ones.
        BLKIF_OP_WRITE_BARRIER: u8 = 2;
        /// Makes all completed writes durable.
        BLKIF_OP_FLUSH_DISKCACHE: u8 = 3;
        /// Reserved for a use outside of Xen.
        BLKIF_OP_RESERVED_1: u8 = 4;
        /// Discards sectors.
        BLKIF_OP_DISCARD: u8 = 5;
        /// Reads or writes more segments than fit in a request.
        BLKIF_OP_INDIRECT: u8 = 6;
        /// Flag of a discard: leave no copy of the data.
        BLKIF_DISCARD_SECURE: u8 = 1;
    }

    // Status of a response.
    constants {
        /// The operation is not supported.
        BLKIF_RSP_EOPNOTSUPP: i16 = -2;
        /// The operation failed.
        BLKIF_RSP_ERROR: i16 = -1;
        /// Done.
        BLKIF_RSP_OKAY: i16 = 0;
    }

    constants {
        /// Segments that fit in a request.
        BLKIF_MAX_SEGMENTS_PER_REQUEST: usize = 11;
        /// Pages of segments that an indirect request can name.
        BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST: usize = 8;
        /// Entries of a ring of one page.
        BLKIF_RING_SIZE: u32 = super::ring::const_ring_size::<BlkifRequest, BlkifResponse>(4096)
            => "__CONST_RING_SIZE(blkif, 4096)";
        /// Bit of node `info`: a CD-ROM.
        VDISK_CDROM: u32 = 1;
        /// Bit of node `info`: the medium can be removed.
        VDISK_REMOVABLE: u32 = 2;
        /// Bit of node `info`: reading only.
        VDISK_READONLY: u32 = 4;
    }

    structs {
        /// A run of sectors in one page.
        BlkifRequestSegment = "struct blkif_request_segment" {
            /// Grant reference of the page.
            gref: u32,
            /// First sector in the page.
            first_sect: u8,
            /// Last sector in the page.
            last_sect: u8,
        }

        /// Request to read, write or flush.
        BlkifRequest = "struct blkif_request" {
            /// `BLKIF_OP_` number.
            operation: u8,
            /// Segments in use.
            nr_segments: u8,
            /// Number of the device.
            handle: u16,
            /// Number of the request, returned in the response.
            id: u64,
            /// First sector on the device.
            sector_number: u64,
            /// Where the data is.
            seg: [BlkifRequestSegment; BLKIF_MAX_SEGMENTS_PER_REQUEST],
        }

        /// Request to discard.
        BlkifRequestDiscard = "struct blkif_request_discard" {
            /// `BLKIF_OP_DISCARD`.
            operation: u8,
            /// Zero or `BLKIF_DISCARD_SECURE`.
            flag: u8,
            /// Number of the device.
            handle: u16,
            /// Number of the request, returned in the response.
            id: u64,
            /// First sector on the device.
            sector_number: u64,
            /// Number of sectors.
            nr_sectors: u64,
        }

        /// Request to read or write with segments in pages of their own.
        BlkifRequestIndirect = "struct blkif_request_indirect" {
            /// `BLKIF_OP_INDIRECT`.
            operation: u8,
            /// `BLKIF_OP_READ` or `BLKIF_OP_WRITE`.
            indirect_op: u8,
            /// Number of segments.
            nr_segments: u16,
            /// Number of the request, returned in the response.
            id: u64,
            /// First sector on the device.
            sector_number: u64,
            /// Number of the device.
            handle: u16,
            /// Grant references of the pages that hold the segments, as arrays of `BlkifRequestSegment`.
            indirect_grefs: [u32; BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST],
        }

        /// Response.
        BlkifResponse = "struct blkif_response" {
            /// Number of the request.
            id: u64,
            /// Its operation.
            operation: u8,
            /// `BLKIF_RSP_` status.
            status: i16,
        }
    }
}
