// SPDX-License-Identifier: Apache-2.0
//! The front end of a block device against back ends that keep to the protocol and such that do not.

use std::collections::BTreeMap;
use std::vec;
use std::vec::Vec;

use proptest::prelude::*;
use xen_hypervisor_sys::io::blkif::{
    BLKIF_OP_DISCARD, BLKIF_OP_FLUSH_DISKCACHE, BLKIF_OP_READ, BLKIF_OP_WRITE, BLKIF_OP_WRITE_BARRIER,
    BLKIF_RSP_ERROR,
};

use super::*;
use crate::mock::blkback::Blkback;
use crate::mock::block::{ALL, SECTORS, World};
use crate::ring::Slot;
use crate::xenbus::{Phase, XenbusState};

fn bytes(count: usize, seed: u8) -> Vec<u8> {
    (0..count).map(|at| (at % 251) as u8 ^ seed).collect()
}

/// The nodes of a back end that can do nothing but read and write.
const PLAIN: &[(&str, &str)] = &[];

fn write(world: &mut World, sector: u64, data: &[u8]) -> Ticket {
    world.front().submit(Request::Write { sector, data: data.to_vec() }).expect("taken")
}

fn read(world: &mut World, sector: u64, count: usize) -> Ticket {
    world.front().submit(Request::Read { sector, into: vec![0; count] }).expect("taken")
}

fn refusal(world: &mut World, request: Request) -> Option<Refusal> {
    world.front().submit(request).err().map(|refused| refused.why)
}

/// Lets the back end do all that there is to do, until nothing is left.
fn settle(world: &mut World, back: &mut Blkback) -> BTreeMap<Ticket, (Vec<u8>, Result<(), BlockError>)> {
    let mut done = BTreeMap::new();
    loop {
        world.front().kick();
        back.serve_all();
        while let Some(Completion { ticket, buffer, result }) = world.front().poll() {
            done.insert(ticket, (buffer, result));
        }
        if world.front().is_idle() {
            return done;
        }
    }
}

fn operations(back: &Blkback) -> Vec<(u8, u64, u64)> {
    back.asked.iter().map(|asked| (asked.operation, asked.sector, asked.count)).collect()
}

#[test]
fn the_offer_says_what_back_ends_expect() {
    let mut world = World::new(ALL);
    world.connect();
    assert_eq!(world.published("ring-page-order").as_deref(), Some("2"));
    assert_eq!(world.published("feature-persistent").as_deref(), Some("1"));
    assert_eq!(world.published("protocol").as_deref(), Some("x86_64-abi"));
    assert_eq!(world.published("event-channel").as_deref(), Some("1"));
    assert_eq!(world.published("feature-large-sector-size"), None);
    let disk = *world.front().disk().expect("connected");
    assert_eq!((disk.sectors, disk.sector_size, disk.segments), (SECTORS, 512, 64));
    assert_eq!(disk.discard, Some(Discards { granularity: 8, alignment: 0, secure: false }));
    assert!(disk.flush && disk.barrier && !disk.read_only);

    let mut plain = World::new(PLAIN);
    plain.connect();
    assert_eq!(plain.published("ring-page-order"), None);
    assert!(plain.published("ring-ref").is_some());
    assert_eq!(plain.published("feature-persistent").as_deref(), Some("0"));
}

#[test]
fn what_is_written_is_read_again() {
    for nodes in [ALL, PLAIN] {
        let mut world = World::new(nodes);
        let mut back = world.connect();
        for (sector, count) in [(0, SECTOR), (7, 3 * SECTOR), (64, 1 << 20), (SECTORS - 1, SECTOR)] {
            let data = bytes(count, sector as u8);
            let ticket = write(&mut world, sector, &data);
            assert_eq!(settle(&mut world, &mut back)[&ticket], (data.clone(), Ok(())));
            let first = sector as usize * SECTOR;
            assert_eq!(back.disk[first..first + count], data);
            let ticket = read(&mut world, sector, count);
            assert_eq!(settle(&mut world, &mut back)[&ticket], (data, Ok(())), "{count} bytes at {sector}");
        }
        let statistics = world.front().statistics();
        assert_eq!((statistics.written.finished, statistics.read.finished, statistics.errors), (4, 4, 0));
    }
}

#[test]
fn writes_of_a_time_slice_merge() {
    let mut world = World::new(ALL);
    let mut back = world.connect();
    for sector in 0..100 {
        write(&mut world, sector, &bytes(SECTOR, sector as u8));
    }
    settle(&mut world, &mut back);
    assert_eq!(operations(&back), [(BLKIF_OP_WRITE, 0, 100)]);
    for sector in 0..100_usize {
        assert_eq!(back.disk[sector * SECTOR..][..SECTOR], bytes(SECTOR, sector as u8));
    }
}

#[test]
fn signals_are_sent_only_to_who_sleeps() {
    let mut world = World::new(ALL);
    let mut back = world.connect();
    let bell = world.bells.borrow()[0].clone();
    bell.take();
    for sector in [0, 10, 20] {
        write(&mut world, sector, &bytes(SECTOR, 0));
    }
    world.front().kick();
    assert_eq!(bell.take(), 1, "one for the burst");
    assert!(!world.front().rearm());
    back.serve_all();
    assert!(world.front().rearm(), "answers lie ready");
    write(&mut world, 1, &bytes(SECTOR, 0));
    world.front().kick();
    assert_eq!(bell.take(), 0, "it has not asked again");
}

#[test]
fn a_flush_is_what_the_back_end_offers() {
    let flushes = |nodes: &[(&str, &str)]| {
        let mut world = World::new(nodes);
        let mut back = world.connect();
        write(&mut world, 0, &bytes(SECTOR, 0));
        let flush = world.front().submit(Request::Flush).expect("taken");
        let write = write(&mut world, 1, &bytes(SECTOR, 0));
        let done = settle(&mut world, &mut back);
        assert_eq!((done[&flush].1, done[&write].1), (Ok(()), Ok(())));
        back.asked.iter().map(|asked| asked.operation).collect::<Vec<_>>()
    };
    assert_eq!(flushes(ALL), [BLKIF_OP_WRITE, BLKIF_OP_FLUSH_DISKCACHE, BLKIF_OP_WRITE]);
    let barrier = [("feature-barrier", "1")];
    assert_eq!(flushes(&barrier), [BLKIF_OP_WRITE, BLKIF_OP_WRITE_BARRIER, BLKIF_OP_WRITE]);
    assert_eq!(
        flushes(PLAIN),
        [BLKIF_OP_WRITE, BLKIF_OP_WRITE],
        "there is nothing that it could be asked for"
    );
}

#[test]
fn a_feature_that_is_none_is_not_used_again() {
    let mut world = World::new(ALL);
    let mut back = world.connect();
    let flush = world.front().submit(Request::Flush).expect("taken");
    for expected in [BLKIF_OP_FLUSH_DISKCACHE, BLKIF_OP_WRITE_BARRIER] {
        world.front().kick();
        let (asked, _) = back.take().expect("a flush");
        assert_eq!(asked.operation, expected);
        back.answer(&asked, BLKIF_RSP_EOPNOTSUPP);
        let _ = world.front().rearm();
    }
    assert_eq!(world.front().poll().map(|done| (done.ticket, done.result)), Some((flush, Ok(()))));
    let discard = Request::Discard { sector: 0, count: 64, erase: Erase::Plain };
    world.front().submit(discard.clone()).expect("offered");
    world.front().kick();
    let (asked, _) = back.take().expect("a discard");
    assert_eq!((asked.operation, asked.count), (BLKIF_OP_DISCARD, 64));
    back.answer(&asked, BLKIF_RSP_EOPNOTSUPP);
    assert_eq!(world.front().poll().map(|done| done.result), Some(Err(BlockError::NotSupported)));
    assert_eq!(refusal(&mut world, discard), Some(Refusal::NotOffered));
}

#[test]
fn discards_are_of_whole_extents() {
    let discards = Discards { granularity: 8, alignment: 3, secure: false };
    for (sector, count, extent) in
        [(0, 64, (3, 56)), (3, 8, (3, 8)), (4, 8, (0, 0)), (0, 3, (0, 0)), (12, 30, (19, 16))]
    {
        assert_eq!(whole_extents(discards, sector, count), extent, "{count} from {sector}");
    }
    let mut world = World::new(ALL);
    let mut back = world.connect();
    world.front().submit(Request::Discard { sector: 1, count: 3, erase: Erase::Plain }).expect("taken");
    assert_eq!(settle(&mut world, &mut back).len(), 1);
    assert!(back.asked.is_empty());
    let secure = Request::Discard { sector: 0, count: 8, erase: Erase::Secure };
    assert_eq!(refusal(&mut world, secure), Some(Refusal::NotOffered));
}

#[test]
fn what_the_disk_does_not_have_is_refused() {
    let mut world = World::new(&[("sector-size", "4096"), ("sectors", "100")]);
    let refused = |world: &mut World, sector, count| {
        refusal(world, Request::Write { sector, data: vec![0; count] }).expect("refused")
    };
    assert_eq!(refused(&mut world, 0, 4096), Refusal::Unknown);
    world.connect();
    assert_eq!(world.front().disk().map(|disk| disk.sectors), Some(96));
    assert_eq!(refused(&mut world, 0, 512), Refusal::Alignment);
    assert_eq!(refused(&mut world, 1, 4096), Refusal::Alignment);
    assert_eq!(refused(&mut world, 0, 4095), Refusal::Alignment);
    assert_eq!(refused(&mut world, 96, 4096), Refusal::Range);
    assert_eq!(refused(&mut world, u64::MAX - 7, 4096), Refusal::Range);
    for node in [("info", "4"), ("mode", "r")] {
        let mut world = World::new(&[node]);
        world.connect();
        assert_eq!(refused(&mut world, 0, 512), Refusal::ReadOnly);
        read(&mut world, 0, 512);
    }
}

#[test]
fn disks_that_cannot_be_are_not_used() {
    for node in [
        ("sector-size", "1000"),
        ("sector-size", "8192"),
        ("sectors", "99999999999999999999"),
        ("sectors", "18446744073709551615"),
    ] {
        let mut world = World::new(&[node]);
        assert_eq!(world.binding.advance(&mut world.session), Ok(Phase::Offered));
        world.back_state(XenbusState::Connected);
        let result = world.binding.advance(&mut world.session);
        assert!(matches!(result, Err(Error::Unsuitable { .. })), "{node:?}: {result:?}");
        assert_eq!(world.pages.out(), 0);
    }
}

#[test]
fn errors_are_those_of_the_request_alone() {
    let mut world = World::new(ALL);
    let mut back = world.connect();
    let (bad, good) = (write(&mut world, 0, &bytes(SECTOR, 1)), write(&mut world, 100, &bytes(SECTOR, 2)));
    world.front().kick();
    let (asked, _) = back.take().expect("the first");
    back.answer(&asked, BLKIF_RSP_ERROR);
    let done = settle(&mut world, &mut back);
    assert_eq!((done[&bad].1, done[&good].1), (Err(BlockError::Failed), Ok(())));
    read(&mut world, 0, SECTOR);
    world.front().kick();
    let (asked, _) = back.take().expect("the read");
    back.answer(&asked, 77);
    assert_eq!(world.front().poll().map(|done| done.result), Some(Err(BlockError::Failed)));
    assert_eq!(world.front().statistics().errors, 2);
}

#[test]
fn there_is_a_bound_on_requests() {
    let mut world = World::new(ALL);
    let mut back = world.connect();
    let mut taken = 0;
    while world.front().submit(Request::Write { sector: 2 * taken, data: vec![0; SECTOR] }).is_ok() {
        taken += 1;
    }
    assert_eq!(taken, 256);
    assert_eq!(settle(&mut world, &mut back).len(), 256);
    assert!(world.front().submit(Request::Flush).is_ok());
}

#[test]
fn a_back_end_that_comes_back_is_asked_again_in_order() {
    let mut world = World::new(ALL);
    let mut back = world.connect();
    let first = write(&mut world, 0, &bytes(SECTOR, 1));
    let second = write(&mut world, 5, &bytes(SECTOR, 2));
    let flush = world.front().submit(Request::Flush).expect("taken");
    world.front().kick();
    back.serve();
    let (lost, _) = back.take().expect("the second write");
    assert_eq!(lost.sector, 5, "it is never answered");
    let disk = core::mem::take(&mut back.disk);
    world.back_state(XenbusState::Closed);
    assert_eq!(world.binding.advance(&mut world.session), Ok(Phase::Lost));
    assert_eq!(world.pages.out(), 0, "what was lent is back");
    let third = write(&mut world, 9, &bytes(SECTOR, 3));
    world.back_state(XenbusState::InitWait);
    let mut back = world.connect_with(disk);
    let done = settle(&mut world, &mut back);
    assert_eq!(done.keys().copied().collect::<Vec<_>>(), [first, second, flush, third]);
    let expected = [(BLKIF_OP_WRITE, 5, 1), (BLKIF_OP_FLUSH_DISKCACHE, 0, 0), (BLKIF_OP_WRITE, 9, 1)];
    assert_eq!(operations(&back), expected);
    for (sector, seed) in [(0, 1), (5, 2), (9, 3)] {
        assert_eq!(back.disk[sector * SECTOR..][..SECTOR], bytes(SECTOR, seed));
    }
    assert_eq!(world.front().statistics().repeated, 1);
}

#[test]
fn a_smaller_ring_after_a_larger_one_is_told_alone() {
    let mut world = World::new(ALL);
    world.connect();
    world.back_state(XenbusState::Closed);
    assert_eq!(world.binding.advance(&mut world.session), Ok(Phase::Lost));
    world.back_node("max-ring-page-order", "0");
    world.back_state(XenbusState::InitWait);
    let mut back = world.connect();
    assert_eq!((world.published("ring-page-order"), world.published("ring-ref0")), (None, None));
    write(&mut world, 0, &bytes(SECTOR, 1));
    assert_eq!(settle(&mut world, &mut back).len(), 1);
}

#[test]
fn a_disk_can_grow() {
    let mut world = World::new(ALL);
    world.connect();
    world.back_node("sectors", "100000");
    world.back_state(XenbusState::Connected);
    assert_eq!(world.binding.advance(&mut world.session), Ok(Phase::Connected));
    assert_eq!(world.binding.refresh(&mut world.session), Ok(()));
    assert_eq!(world.front().disk().map(|disk| disk.sectors), Some(100_000));
    read(&mut world, 99_999, SECTOR);
}

#[test]
fn nothing_is_begun_while_the_back_end_changes() {
    let mut world = World::new(ALL);
    let mut back = world.connect();
    world.back_state(XenbusState::Reconfiguring);
    assert_eq!(world.binding.advance(&mut world.session), Ok(Phase::Reconfiguring));
    write(&mut world, 0, &bytes(SECTOR, 1));
    world.front().kick();
    assert!(!back.serve());
    world.back_state(XenbusState::Reconfigured);
    assert_eq!(world.binding.advance(&mut world.session), Ok(Phase::Connected));
    assert_eq!(settle(&mut world, &mut back).len(), 1);
}

#[test]
fn who_does_not_want_to_wait_any_longer_need_not() {
    let mut world = World::new(ALL);
    let mut back = world.connect();
    write(&mut world, 0, &bytes(SECTOR, 1));
    world.back_state(XenbusState::Closed);
    assert_eq!(world.binding.advance(&mut world.session), Ok(Phase::Lost));
    world.front().abandon();
    assert_eq!(world.front().poll().map(|done| done.result), Some(Err(BlockError::Gone)));
    drop(core::mem::take(&mut back.disk));
    world.back_state(XenbusState::InitWait);
    let mut back = world.connect();
    write(&mut world, 0, &bytes(SECTOR, 1));
    assert_eq!(settle(&mut world, &mut back).len(), 1);
}

/// Lets a back end answer a read in a way that cannot be, and looks that it is left.
#[track_caller]
fn is_left(answer: impl FnOnce(&mut Blkback)) {
    let mut world = World::new(ALL);
    let mut back = world.connect();
    let ticket = read(&mut world, 0, SECTOR);
    world.front().kick();
    back.take().expect("a read");
    answer(&mut back);
    let done = world.front().poll().expect("it has failed");
    assert_eq!((done.ticket, done.result), (ticket, Err(BlockError::Gone)));
    assert_eq!(world.front().statistics().violations, 1);
    assert_eq!(refusal(&mut world, Request::Flush), Some(Refusal::Down));
    assert!(!world.front().rearm());
    // It starts over, and all is well.
    world.back_state(XenbusState::Closed);
    assert_eq!(world.binding.advance(&mut world.session), Ok(Phase::Lost));
    assert_eq!(world.pages.out(), 0, "what was lent is back");
    world.back_state(XenbusState::InitWait);
    let mut back = world.connect();
    read(&mut world, 0, SECTOR);
    assert_eq!(settle(&mut world, &mut back).len(), 1);
}

#[test]
fn a_back_end_that_lies_is_left_until_it_starts_over() {
    let response = |id, operation| BlkResponse { id, operation, status: 0 };
    for forged in [response(1, BLKIF_OP_READ), response(u64::MAX, BLKIF_OP_READ), response(0, BLKIF_OP_WRITE)]
    {
        is_left(|back| {
            back.ring.push(&forged);
            back.ring.publish();
        });
    }
    is_left(|back| back.ring.forge_responses(2));
    is_left(|back| back.ring.forge_responses(u32::MAX));
}

#[test]
fn without_memory_requests_are_smaller() {
    let mut world = World::new(ALL);
    let mut back = world.connect();
    let mut pages = Vec::new();
    while let Some(page) = Page::allocate(world.pages) {
        pages.push(page);
    }
    let data = bytes(1 << 18, 5);
    let ticket = write(&mut world, 0, &data);
    assert_eq!(settle(&mut world, &mut back)[&ticket].1, Ok(()));
    assert_eq!(back.disk[..data.len()], data);
    assert_eq!(back.asked[0].count, 11 * 8, "with the pages that it has from the beginning");
}

#[test]
fn slots_have_the_layout_of_the_header() {
    let segment = Segment { gref: GrantRef(0x0102_0304), first: 1, last: 6 };
    let head = Head { id: 0x1122_3344_5566_7788, handle: 0xca00, sector: 0x99 };
    for request in [
        BlkRequest::Direct { operation: BLKIF_OP_WRITE, head, segments: Segments::new(&[segment; 11]) },
        BlkRequest::Indirect { operation: BLKIF_OP_READ, head, count: 64, page: GrantRef(9) },
        BlkRequest::Discard { head, flag: 1, count: 1 << 40 },
    ] {
        let mut bytes = vec![0; BlkRequest::SIZE];
        request.encode(&mut bytes);
        assert_eq!(BlkRequest::decode(&bytes), request);
    }
    let mut bytes = [0; 112];
    BlkRequest::Indirect { operation: BLKIF_OP_WRITE, head, count: 0x0201, page: GrantRef(0x0a0b_0c0d) }
        .encode(&mut bytes);
    assert_eq!(bytes[..4], [6, 1, 1, 2]);
    assert_eq!(bytes[8..16], head.id.to_le_bytes());
    assert_eq!(bytes[24..32], [0x00, 0xca, 0, 0, 0x0d, 0x0c, 0x0b, 0x0a]);
}

#[derive(Clone, Debug)]
enum Step {
    Write(u64, usize),
    Read(u64, usize),
    Flush,
    Kick,
    Serve(usize),
    /// The back end is done with this of those that it has taken.
    Answer(usize),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_u64..64, 1_usize..40).prop_map(|(sector, count)| Step::Write(sector, count)),
        3 => (0_u64..64, 1_usize..40).prop_map(|(sector, count)| Step::Read(sector, count)),
        1 => Just(Step::Flush),
        3 => Just(Step::Kick),
        3 => (0_usize..6).prop_map(Step::Serve),
        3 => (0_usize..8).prop_map(Step::Answer),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Whatever the order in which a back end does its work, and however often it restarts, reads find what was written before them and
    /// nothing that was written after.
    #[test]
    fn requests_are_as_if_done_in_order(steps in prop::collection::vec(step(), 1..120), large in any::<bool>()) {
        let mut world = World::new(if large { ALL } else { PLAIN });
        let mut back = world.connect();
        let mut model = vec![0_u8; back.disk.len()];
        let mut expected = BTreeMap::new();
        let mut taken = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Write(sector, count) => {
                    let data = vec![number as u8; count * SECTOR];
                    if world.front().submit(Request::Write { sector, data: data.clone() }).is_ok() {
                        model[sector as usize * SECTOR..][..data.len()].copy_from_slice(&data);
                    }
                }
                Step::Read(sector, count) => {
                    let into = vec![0xee; count * SECTOR];
                    if let Ok(ticket) = world.front().submit(Request::Read { sector, into }) {
                        expected.insert(ticket, model[sector as usize * SECTOR..][..count * SECTOR].to_vec());
                    }
                }
                Step::Flush => drop(world.front().submit(Request::Flush)),
                Step::Kick => world.front().kick(),
                Step::Serve(count) => taken.extend((0..count).filter_map(|_| back.take())),
                Step::Answer(which) => if !taken.is_empty() {
                    let (asked, segments) = taken.swap_remove(which % taken.len());
                    let status = back.perform(&asked, &segments);
                    back.answer(&asked, status);
                },
                Step::Restart => {
                    taken.clear();
                    world.back_state(XenbusState::Closed);
                    prop_assert_eq!(world.binding.advance(&mut world.session), Ok(Phase::Lost));
                    world.back_state(XenbusState::InitWait);
                    back = world.connect_with(core::mem::take(&mut back.disk));
                }
            }
            while let Some(done) = world.front().poll() {
                if let Some(expected) = expected.remove(&done.ticket) {
                    prop_assert_eq!(done.buffer, expected);
                }
            }
        }
        for (asked, segments) in taken {
            let status = back.perform(&asked, &segments);
            back.answer(&asked, status);
        }
        for (ticket, (buffer, result)) in settle(&mut world, &mut back) {
            prop_assert_eq!(result, Ok(()));
            if let Some(expected) = expected.remove(&ticket) {
                prop_assert_eq!(buffer, expected);
            }
        }
        prop_assert!(expected.is_empty());
        prop_assert_eq!(&back.disk, &model);
    }
}
