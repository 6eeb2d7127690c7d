// SPDX-License-Identifier: Apache-2.0
//! The back end of a block device: a disk in memory that does what the front end asks for, or says that it does.

use alloc::vec;
use alloc::vec::Vec;

use xen_hypervisor_sys::io::blkif::{
    BLKIF_OP_DISCARD, BLKIF_OP_FLUSH_DISKCACHE, BLKIF_OP_READ, BLKIF_OP_WRITE, BLKIF_OP_WRITE_BARRIER,
    BLKIF_RSP_ERROR, BLKIF_RSP_OKAY,
};

use super::pages::MockPages;
use super::ring::BackRing;
use crate::blkfront::{BlkRequest, BlkResponse, Head, SECTOR, SEGMENT_BYTES, Segment};
use crate::grant::GrantTable;
use crate::memory::GrantRef;

/// What the back end was asked for, without the data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asked {
    /// `BLKIF_OP_` number.
    pub operation: u8,
    /// The request's number.
    pub id: u64,
    /// The first sector.
    pub sector: u64,
    /// How many.
    pub count: u64,
}

/// The back end's half of the ring, and its disk.
pub struct Blkback {
    grants: GrantTable,
    pages: &'static MockPages,
    /// The ring.
    pub ring: BackRing<BlkRequest, BlkResponse>,
    /// The disk's contents.
    pub disk: Vec<u8>,
    /// All that it was asked for.
    pub asked: Vec<Asked>,
}

impl Blkback {
    /// Maps the ring of a front end, by its grants.
    pub fn new(
        grants: &GrantTable,
        pages: &'static MockPages,
        references: &[GrantRef],
        disk: Vec<u8>,
    ) -> Self {
        let memory = pages.map_run(grants, references).expect("the ring is granted");
        Self { grants: grants.clone(), pages, ring: BackRing::new(memory), disk, asked: Vec::new() }
    }

    /// Takes a request and does not do it.
    pub fn take(&mut self) -> Option<(Asked, Vec<Segment>)> {
        let (operation, head, segments, count) = match self.ring.take()? {
            BlkRequest::Direct { operation, head, segments } => {
                (operation, head, segments.as_slice().to_vec(), 0)
            }
            BlkRequest::Indirect { operation, head, count, page } => {
                (operation, head, self.list(page, count), 0)
            }
            BlkRequest::Discard { head, count, .. } => (BLKIF_OP_DISCARD, head, Vec::new(), count),
        };
        let Head { id, sector, .. } = head;
        let sectors = |one: &Segment| u64::from(one.last) + 1 - u64::from(one.first);
        let count = count + segments.iter().map(sectors).sum::<u64>();
        let asked = Asked { operation, id, sector, count };
        self.asked.push(asked);
        Some((asked, segments))
    }

    fn list(&self, page: GrantRef, count: u16) -> Vec<Segment> {
        let (page, _) = self.pages.map(&self.grants, page).expect("the list is granted");
        let mut bytes = vec![0; usize::from(count) * SEGMENT_BYTES];
        page.copy_out(0, &mut bytes);
        bytes.chunks_exact(SEGMENT_BYTES).map(Segment::from_bytes).collect()
    }

    /// Does what a request asks for.
    pub fn perform(&mut self, asked: &Asked, segments: &[Segment]) -> i16 {
        let (first, last) = (asked.sector as usize * SECTOR, (asked.sector + asked.count) as usize * SECTOR);
        if last > self.disk.len() {
            return BLKIF_RSP_ERROR;
        }
        match asked.operation {
            BLKIF_OP_DISCARD => self.disk[first..last].fill(0),
            BLKIF_OP_FLUSH_DISKCACHE | BLKIF_OP_WRITE_BARRIER => {}
            _ => {
                let mut at = first;
                for segment in segments {
                    let (page, _) = self.pages.map(&self.grants, segment.gref).expect("the page is granted");
                    let offset = usize::from(segment.first) * SECTOR;
                    let length = (usize::from(segment.last) + 1) * SECTOR - offset;
                    let bytes = &mut self.disk[at..at + length];
                    match asked.operation {
                        BLKIF_OP_READ => page.copy_in(offset, bytes),
                        BLKIF_OP_WRITE => page.copy_out(offset, bytes),
                        other => panic!("operation {other}"),
                    }
                    at += length;
                }
            }
        }
        BLKIF_RSP_OKAY
    }

    /// Answers a request with a status.
    pub fn answer(&mut self, asked: &Asked, status: i16) {
        self.ring.push(&BlkResponse { id: asked.id, operation: asked.operation, status });
        self.ring.publish();
    }

    /// Does the next request and answers it. False when there is none.
    pub fn serve(&mut self) -> bool {
        let Some((asked, segments)) = self.take() else { return false };
        let status = self.perform(&asked, &segments);
        self.answer(&asked, status);
        true
    }

    /// Does all that there is to do.
    pub fn serve_all(&mut self) {
        while self.serve() {}
    }
}
