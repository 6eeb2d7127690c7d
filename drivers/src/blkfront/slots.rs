// SPDX-License-Identifier: Apache-2.0
//! What the slots of the ring hold (`blkif.h`): a request has one of three forms, told by its first byte.

use core::mem::offset_of;

use xen_hypervisor_sys::io::blkif::{
    BLKIF_MAX_SEGMENTS_PER_REQUEST, BLKIF_OP_DISCARD, BLKIF_OP_INDIRECT, BlkifRequest, BlkifRequestDiscard,
    BlkifRequestIndirect, BlkifRequestSegment, BlkifResponse,
};

use crate::memory::GrantRef;
use crate::ring::Slot;

/// Bytes of a segment, in a request and in a page of segments.
pub const SEGMENT_BYTES: usize = size_of::<BlkifRequestSegment>();

/// A run of sectors in one page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Segment {
    /// The page.
    pub gref: GrantRef,
    /// The first sector in it.
    pub first: u8,
    /// The last one.
    pub last: u8,
}

impl Segment {
    /// The C structure.
    #[must_use]
    pub fn to_bytes(self) -> [u8; SEGMENT_BYTES] {
        let mut bytes = [0; SEGMENT_BYTES];
        put(&mut bytes, offset_of!(BlkifRequestSegment, gref), &self.gref.0.to_le_bytes());
        bytes[offset_of!(BlkifRequestSegment, first_sect)] = self.first;
        bytes[offset_of!(BlkifRequestSegment, last_sect)] = self.last;
        bytes
    }

    /// What the C structure says.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self {
            gref: GrantRef(u32_at(bytes, offset_of!(BlkifRequestSegment, gref))),
            first: bytes[offset_of!(BlkifRequestSegment, first_sect)],
            last: bytes[offset_of!(BlkifRequestSegment, last_sect)],
        }
    }
}

/// The segments of a request that holds them itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Segments {
    count: u8,
    all: [Segment; BLKIF_MAX_SEGMENTS_PER_REQUEST],
}

impl Segments {
    /// The first of these that fit.
    #[must_use]
    pub fn new(segments: &[Segment]) -> Self {
        let none = Segment { gref: GrantRef(0), first: 0, last: 0 };
        let mut all = [none; BLKIF_MAX_SEGMENTS_PER_REQUEST];
        let count = segments.len().min(BLKIF_MAX_SEGMENTS_PER_REQUEST);
        all[..count].copy_from_slice(&segments[..count]);
        Self { count: count as u8, all }
    }

    /// Those that are in use.
    #[must_use]
    pub fn as_slice(&self) -> &[Segment] {
        &self.all[..usize::from(self.count)]
    }
}

/// What all requests have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// The number that the response repeats.
    pub id: u64,
    /// The device's number.
    pub handle: u16,
    /// The first sector.
    pub sector: u64,
}

/// A request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BlkRequest {
    /// To read, write or flush.
    Direct {
        /// `BLKIF_OP_` number.
        operation: u8,
        /// What all have.
        head: Head,
        /// Where the data is.
        segments: Segments,
    },
    /// To read or write what needs more segments.
    Indirect {
        /// `BLKIF_OP_READ` or `BLKIF_OP_WRITE`.
        operation: u8,
        /// What all have.
        head: Head,
        /// How many segments there are.
        count: u16,
        /// The page in which they are.
        page: GrantRef,
    },
    /// To discard.
    Discard {
        /// What all have.
        head: Head,
        /// Zero or `BLKIF_DISCARD_SECURE`.
        flag: u8,
        /// How many sectors.
        count: u64,
    },
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

impl Slot for BlkRequest {
    const SIZE: usize = size_of::<BlkifRequest>();

    fn encode(&self, bytes: &mut [u8]) {
        match self {
            Self::Direct { operation, head, segments } => {
                bytes[offset_of!(BlkifRequest, operation)] = *operation;
                bytes[offset_of!(BlkifRequest, nr_segments)] = segments.count;
                put(bytes, offset_of!(BlkifRequest, handle), &head.handle.to_le_bytes());
                put(bytes, offset_of!(BlkifRequest, id), &head.id.to_le_bytes());
                put(bytes, offset_of!(BlkifRequest, sector_number), &head.sector.to_le_bytes());
                let places = bytes[offset_of!(BlkifRequest, seg)..].chunks_exact_mut(SEGMENT_BYTES);
                for (segment, place) in segments.as_slice().iter().zip(places) {
                    place.copy_from_slice(&segment.to_bytes());
                }
            }
            Self::Indirect { operation, head, count, page } => {
                bytes[offset_of!(BlkifRequestIndirect, operation)] = BLKIF_OP_INDIRECT;
                bytes[offset_of!(BlkifRequestIndirect, indirect_op)] = *operation;
                put(bytes, offset_of!(BlkifRequestIndirect, nr_segments), &count.to_le_bytes());
                put(bytes, offset_of!(BlkifRequestIndirect, id), &head.id.to_le_bytes());
                put(bytes, offset_of!(BlkifRequestIndirect, sector_number), &head.sector.to_le_bytes());
                put(bytes, offset_of!(BlkifRequestIndirect, handle), &head.handle.to_le_bytes());
                put(bytes, offset_of!(BlkifRequestIndirect, indirect_grefs), &page.0.to_le_bytes());
            }
            Self::Discard { head, flag, count } => {
                bytes[offset_of!(BlkifRequestDiscard, operation)] = BLKIF_OP_DISCARD;
                bytes[offset_of!(BlkifRequestDiscard, flag)] = *flag;
                put(bytes, offset_of!(BlkifRequestDiscard, handle), &head.handle.to_le_bytes());
                put(bytes, offset_of!(BlkifRequestDiscard, id), &head.id.to_le_bytes());
                put(bytes, offset_of!(BlkifRequestDiscard, sector_number), &head.sector.to_le_bytes());
                put(bytes, offset_of!(BlkifRequestDiscard, nr_sectors), &count.to_le_bytes());
            }
        }
    }

    /// The front end never reads its own requests; the mock of a back end does.
    fn decode(bytes: &[u8]) -> Self {
        let head = |handle| Head {
            id: u64_at(bytes, offset_of!(BlkifRequest, id)),
            handle: u16_at(bytes, handle),
            sector: u64_at(bytes, offset_of!(BlkifRequest, sector_number)),
        };
        match bytes[offset_of!(BlkifRequest, operation)] {
            BLKIF_OP_INDIRECT => Self::Indirect {
                operation: bytes[offset_of!(BlkifRequestIndirect, indirect_op)],
                head: head(offset_of!(BlkifRequestIndirect, handle)),
                count: u16_at(bytes, offset_of!(BlkifRequestIndirect, nr_segments)),
                page: GrantRef(u32_at(bytes, offset_of!(BlkifRequestIndirect, indirect_grefs))),
            },
            BLKIF_OP_DISCARD => Self::Discard {
                head: head(offset_of!(BlkifRequestDiscard, handle)),
                flag: bytes[offset_of!(BlkifRequestDiscard, flag)],
                count: u64_at(bytes, offset_of!(BlkifRequestDiscard, nr_sectors)),
            },
            operation => {
                let count = usize::from(bytes[offset_of!(BlkifRequest, nr_segments)]);
                let places = bytes[offset_of!(BlkifRequest, seg)..].chunks_exact(SEGMENT_BYTES);
                let segments: alloc::vec::Vec<_> = places.take(count).map(Segment::from_bytes).collect();
                Self::Direct {
                    operation,
                    head: head(offset_of!(BlkifRequest, handle)),
                    segments: Segments::new(&segments),
                }
            }
        }
    }
}

/// A response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BlkResponse {
    /// The request's number.
    pub id: u64,
    /// Its operation; of an indirect one, what it does.
    pub operation: u8,
    /// `BLKIF_RSP_` status.
    pub status: i16,
}

impl Slot for BlkResponse {
    const SIZE: usize = size_of::<BlkifResponse>();

    fn encode(&self, bytes: &mut [u8]) {
        put(bytes, offset_of!(BlkifResponse, id), &self.id.to_le_bytes());
        bytes[offset_of!(BlkifResponse, operation)] = self.operation;
        put(bytes, offset_of!(BlkifResponse, status), &self.status.to_le_bytes());
    }

    fn decode(bytes: &[u8]) -> Self {
        Self {
            id: u64_at(bytes, offset_of!(BlkifResponse, id)),
            operation: bytes[offset_of!(BlkifResponse, operation)],
            status: u16_at(bytes, offset_of!(BlkifResponse, status)).cast_signed(),
        }
    }
}

const _: () = {
    // One place of the number and the sector serves the three forms.
    assert!(offset_of!(BlkifRequest, id) == offset_of!(BlkifRequestIndirect, id));
    assert!(offset_of!(BlkifRequest, id) == offset_of!(BlkifRequestDiscard, id));
    assert!(offset_of!(BlkifRequest, sector_number) == offset_of!(BlkifRequestIndirect, sector_number));
    assert!(offset_of!(BlkifRequest, sector_number) == offset_of!(BlkifRequestDiscard, sector_number));
};
