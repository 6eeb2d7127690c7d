// SPDX-License-Identifier: Apache-2.0
//! Interfaces whose frames a program has.

use super::*;
use crate::checksum;
use crate::frame;
use crate::options::SendBuffer;

/// A frame that a socket has read.
fn read(stack: &mut Stack, socket: SocketNumber) -> Option<Vec<u8>> {
    let mut buffer = vec![0; 70_000];
    let count = stack.receive(socket, &mut buffer).ok()?;
    buffer.truncate(count);
    Some(buffer)
}

#[test]
fn an_interface_has_one_owner_and_comes_back() {
    let mut world = World::new(1, Faults::default());
    assert_eq!(world.left.open_frames("eth1"), Err(Error::NoInterface));
    assert_eq!(world.left.open_frames("lo"), Err(Error::NotSupported));
    let frames = world.left.open_frames("eth0").unwrap();
    assert_eq!(world.left.open_frames("eth0"), Err(Error::InterfaceInUse));
    let address = address("10.0.0.9:9");
    assert_eq!(world.left.bind(frames, address), Err(Error::Invalid));
    assert_eq!(world.left.connect(frames, address), Err(Error::NotSupported));
    assert_eq!(world.left.receive(frames, &mut [0; 10]), Err(Error::NotNow));
    assert_eq!(world.left.send(frames, &[&[0; 13]]), Err(Error::Invalid), "no header");
    assert_eq!(world.left.send(frames, &[&[0; 14 + 4 + 1501]]), Err(Error::TooLong));
    world.left.close(frames);
    let listener = world.listen("0.0.0.0:80");
    world.connect(listener, "10.0.0.2:80");
}

#[test]
fn frames_go_as_they_are_and_the_stack_is_silent() {
    let mut world = World::new(1, Faults::default());
    let listener = world.listen("0.0.0.0:80");
    world.connect(listener, "10.0.0.2:80");
    let [one, other] = [&mut world.left, &mut world.right].map(|stack| stack.open_frames("eth0").unwrap());
    let client = world.left.open(Family::V4, Kind::Stream);
    assert_eq!(world.left.connect(client, address("10.0.0.2:80")), Err(Error::NotNow));
    let mut sent = Vec::from([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5]);
    sent.extend(0..50);
    assert_eq!(world.left.send(one, &[&sent[..14], &sent[14..]]), Ok(sent.len()));
    let mut came = Vec::new();
    for _ in 0..50 {
        world.step();
        came.extend(read(&mut world.right, other));
    }
    assert_eq!(came, [sent], "nothing of the connection that is asked for");
}

#[test]
fn what_devices_leave_undone_is_done() {
    let offload = Offload { completes_checksums: true, cuts_tcp_v4: NonZeroUsize::new(64 * 1024) };
    let mut world = World::over(cable_between(1, 1, Faults::default(), offload), Limits::default());
    let listener = world.listen("0.0.0.0:80");
    let (client, _) = world.connect(listener, "10.0.0.2:80");
    let frames = world.right.open_frames("eth0").unwrap();
    let options = world.left.options(client).unwrap();
    assert_eq!(options.send_buffer, SendBuffer::Tuned);
    world.left.send(client, &[&[7; 10_000]]).unwrap();
    let mut long = None;
    world.until("a long frame", |world| {
        while let Some(whole) = read(&mut world.right, frames) {
            let packet = frame::packet(&whole, frame::ETHERNET).expect("a packet");
            assert!(checksum::is_right(&whole, &packet), "{} bytes", whole.len());
            long = long.take().or((whole.len() > 5000).then_some(whole));
        }
        long.is_some()
    });
    let long = long.expect("one has come");
    assert_eq!(world.right.send(frames, &[&long]), Ok(long.len()), "the device cuts it again");
    let mut other = long.clone();
    other[frame::ETHERNET + 9] = frame::UDP;
    assert_eq!(world.right.send(frames, &[&other]), Err(Error::TooLong));
}

#[test]
fn what_nobody_reads_stays_within_its_limit() {
    let mut world = World::new(1, Faults::default());
    let [one, other] = [&mut world.left, &mut world.right].map(|stack| stack.open_frames("eth0").unwrap());
    let frame = [0; 1514];
    let mut sent = 0;
    for _ in 0..2000 {
        sent += world.left.send(one, &[&frame]).unwrap_or(0);
        world.step();
    }
    assert_eq!(sent, 2000 * frame.len());
    let mut kept = 0;
    while let Some(frame) = read(&mut world.right, other) {
        kept += frame.len();
    }
    assert!((512 * 1024..520 * 1024).contains(&kept), "{kept}");
}

proptest! {
    #[test]
    fn whatever_is_written_comes_as_it_is_or_is_refused(frame in prop::collection::vec(any::<u8>(), 0..2000)) {
        let offload = Offload { completes_checksums: false, cuts_tcp_v4: NonZeroUsize::new(64 * 1024) };
        let mut world = World::over(cable_between(1, 1, Faults::default(), offload), Limits::default());
        let [one, other] = [&mut world.left, &mut world.right].map(|stack| stack.open_frames("eth0").unwrap());
        let expected = match frame.len() {
            0..14 => Err(Error::Invalid),
            14..=1518 => Ok(frame.len()),
            _ => Err(Error::TooLong),
        };
        prop_assert_eq!(world.left.send(one, &[&frame]), expected);
        for _ in 0..3 {
            world.step();
        }
        prop_assert_eq!(read(&mut world.right, other), expected.is_ok().then_some(frame));
    }
}
