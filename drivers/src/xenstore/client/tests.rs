// SPDX-License-Identifier: Apache-2.0
//! Tests of the client against a xenstored that keeps to the protocol and one that does not.

use proptest::prelude::*;
use std::rc::Rc;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use super::*;
use crate::byte_ring::RingError;
use crate::memory::DomId;
use crate::mock::doorbell::CountingBell;
use crate::mock::xenstored::Xenstored;
use crate::xenstore::error::Refusal;
use crate::xenstore::path::PathError;
use crate::xenstore::watch::Scope;
use crate::xenstore::wire::Header;

type Fixture = (Client<Rc<CountingBell>>, Xenstored, Rc<CountingBell>);

fn fixture() -> Fixture {
    let (daemon, page) = Xenstored::new();
    let bell = Rc::new(CountingBell::default());
    (Client::new(page, bell.clone()), daemon, bell)
}

/// Lets both sides run until neither moves.
fn settle(client: &mut Client<Rc<CountingBell>>, daemon: &mut Xenstored) {
    while client.poll() | daemon.poll() {}
}

const READ: Request<'_> = Request::Read { path: "name" };

fn value(text: &str) -> Option<Result<Reply, Error>> {
    Some(Ok(Reply::Value(text.as_bytes().to_vec())))
}

#[test]
fn a_request_gets_its_result_once() {
    let (mut client, mut daemon, bell) = fixture();
    daemon.write("name", "guest");
    let id = client.submit(None, &READ).unwrap();
    assert_eq!(client.take(id), None);
    assert!(client.poll());
    assert_eq!(bell.take(), 1);
    assert!(!client.poll(), "nothing moves until xenstored has run");
    assert_eq!(bell.take(), 0);
    settle(&mut client, &mut daemon);
    assert_eq!(client.take(id), value("guest"));
    assert_eq!(client.take(id), None);
    assert_eq!(client.open_requests(), 0);
}

#[test]
fn several_requests_are_answered_in_any_order() {
    let (mut client, mut daemon, _) = fixture();
    daemon.write("name", "guest");
    daemon.hold();
    let read = client.submit(None, &READ).unwrap();
    let list = client.submit(None, &Request::Directory { path: "none" }).unwrap();
    let path = client.submit(None, &Request::GetDomainPath(DomId(3))).unwrap();
    settle(&mut client, &mut daemon);
    assert_eq!((client.take(read), client.take(list), client.take(path)), (None, None, None));
    daemon.release_in_reverse();
    settle(&mut client, &mut daemon);
    assert_eq!(client.take(path), Some(Ok(Reply::DomainPath("/local/domain/3".to_string()))));
    assert_eq!(client.take(list), Some(Err(Error::Refused(Refusal::NotFound))));
    assert_eq!(client.take(read), value("guest"));
}

#[test]
fn messages_larger_than_the_ring_go_through_in_pieces() {
    let (mut client, mut daemon, _) = fixture();
    let big = vec![0xa5; 4000];
    let writes: Vec<_> = (0..5)
        .map(|i| {
            client.submit(None, &Request::Write { path: &std::format!("big/{i}"), value: &big }).unwrap()
        })
        .collect();
    assert!(client.buffered() > 20_000);
    settle(&mut client, &mut daemon);
    assert!(writes.into_iter().all(|id| client.take(id) == Some(Ok(Reply::Done))));
    let read = client.submit(None, &Request::Read { path: "big/4" }).unwrap();
    settle(&mut client, &mut daemon);
    assert_eq!(client.take(read), Some(Ok(Reply::Value(big))));
    assert_eq!(client.buffered(), 0);
}

#[test]
fn the_number_of_open_requests_is_limited() {
    let (mut client, mut daemon, _) = fixture();
    let ids: Vec<_> = (0..REQUESTS_MAX).map(|_| client.submit(None, &READ).unwrap()).collect();
    assert_eq!(client.submit(None, &READ), Err(Error::TooMany { limit: REQUESTS_MAX }));
    settle(&mut client, &mut daemon);
    assert_eq!(client.submit(None, &READ), Err(Error::TooMany { limit: REQUESTS_MAX }), "none was taken");
    client.take(ids[0]).unwrap().unwrap_err();
    assert!(client.submit(None, &READ).is_ok());
}

#[test]
fn a_forgotten_request_is_carried_out_and_leaves_nothing() {
    let (mut client, mut daemon, _) = fixture();
    let id = client.submit(None, &Request::Write { path: "a", value: b"1" }).unwrap();
    client.forget(id);
    client.forget(id);
    settle(&mut client, &mut daemon);
    assert_eq!(client.broken(), None);
    assert_eq!(client.take(id), None);
    assert_eq!(client.open_requests(), 0);
    assert_eq!(daemon.read("a").as_deref(), Some("1"));
}

#[test]
fn a_watch_reports_at_once_and_then_changes() {
    let (mut client, mut daemon, _) = fixture();
    let (token, id) = client.watch("device").unwrap();
    settle(&mut client, &mut daemon);
    assert_eq!(client.take(id), Some(Ok(Reply::Done)));
    let first = client.take_event(Some(token)).unwrap();
    assert_eq!((first.path.as_str(), first.scope), ("device", Scope::Node));
    daemon.write("device/vif/0/state", "1");
    daemon.write("other", "1");
    settle(&mut client, &mut daemon);
    assert_eq!(client.take_event(None).unwrap().path, "device/vif/0/state");
    assert_eq!(client.take_event(None), None);

    let id = client.unwatch(token).unwrap();
    daemon.write("device/vif/0/state", "2");
    settle(&mut client, &mut daemon);
    assert_eq!(client.take(id), Some(Ok(Reply::Done)));
    assert_eq!((client.take_event(None), daemon.watches()), (None, 0));
    assert_eq!(client.unwatch(token), Err(Error::UnknownWatch));
}

#[test]
fn a_watch_that_is_refused_is_gone() {
    let (mut client, mut daemon, _) = fixture();
    daemon.refuse_after(0, Refusal::NoSpace);
    let (token, id) = client.watch("a").unwrap();
    settle(&mut client, &mut daemon);
    assert_eq!(client.take(id), Some(Err(Error::Refused(Refusal::NoSpace))));
    assert_eq!(client.unwatch(token), Err(Error::UnknownWatch));
}

#[test]
fn a_watch_of_no_path_is_not_registered() {
    let (mut client, ..) = fixture();
    assert_eq!(client.watch("a//b"), Err(Error::Path(PathError::EmptyComponent { at: 2 })));
    assert_eq!(client.open_requests(), 0);
    assert!(client.watch("@releaseDomain").is_ok());
}

#[test]
fn a_reset_ends_all_watches() {
    let (mut client, mut daemon, _) = fixture();
    client.watch("a").unwrap();
    let (token, _) = client.watch("b").unwrap();
    settle(&mut client, &mut daemon);
    let id = client.submit(None, &Request::ResetWatches).unwrap();
    settle(&mut client, &mut daemon);
    assert_eq!(client.take(id), Some(Ok(Reply::Done)));
    assert_eq!((daemon.watches(), client.pending_events()), (0, 0));
    assert_eq!(client.unwatch(token), Err(Error::UnknownWatch));
}

#[test]
fn events_do_not_pile_up() {
    let (mut client, mut daemon, _) = fixture();
    client.watch("a").unwrap();
    for round in 0..500 {
        daemon.write(&std::format!("a/{round}"), "x");
        settle(&mut client, &mut daemon);
    }
    assert_eq!(client.pending_events(), 1);
    assert_eq!(client.take_event(None).unwrap().scope, Scope::Everything);
}

/// Breaks the connection while a request is under way and says how it ended.
fn break_with(misdeed: impl FnOnce(&mut Xenstored)) -> Broken {
    let (mut client, mut daemon, _) = fixture();
    let id = client.submit(None, &READ).unwrap();
    client.poll();
    let unsent = client.submit(None, &READ).unwrap();
    misdeed(&mut daemon);
    daemon.hold();
    daemon.poll();
    while client.poll() {}
    let broken = client.broken().expect("the breach is noticed");
    assert_eq!(client.take(id), Some(Err(Error::Broken(broken))));
    assert_eq!(client.take(unsent), Some(Err(Error::Broken(broken))));
    assert_eq!(client.submit(None, &READ), Err(Error::Broken(broken)));
    assert_eq!(client.watch("a"), Err(Error::Broken(broken)));
    assert_eq!((client.open_requests(), client.buffered()), (0, 0));
    broken
}

#[test]
fn breaches_of_the_protocol_break_the_connection() {
    let read = Kind::Read.number();
    assert_eq!(break_with(|daemon| daemon.send(999, 1, b"")), Broken::UnknownKind { kind: 999 });
    assert_eq!(break_with(|daemon| daemon.send(read, 77, b"")), Broken::UnknownRequest { request: 77 });
    assert_eq!(
        break_with(|daemon| daemon.send(Kind::Write.number(), 1, b"OK\0")),
        Broken::WrongKind { request: 1, kind: 11 }
    );
    assert!(matches!(
        break_with(|daemon| daemon.send(Kind::Error.number(), 1, b"\xff")),
        Broken::Malformed { .. }
    ));
    assert!(matches!(
        break_with(|daemon| daemon.send(Kind::WatchEvent.number(), 0, b"no token\0")),
        Broken::Malformed { .. }
    ));
    let long = Header { kind: read, request: 1, transaction: 0, len: 4097 }.encode();
    assert_eq!(break_with(|daemon| daemon.send_raw(&long)), Broken::TooLong { len: 4097 });
    assert_eq!(
        break_with(|daemon| daemon.forge_replies(2000)),
        Broken::Ring(RingError::Corrupt { producer: 2000, consumer: 0, limit: 1024 })
    );
}

#[test]
fn nobody_can_answer_what_was_not_sent() {
    let (mut client, mut daemon, _) = fixture();
    let write = Request::Write { path: "a", value: &[0; 4000] };
    let first = client.submit(None, &write).unwrap();
    client.submit(None, &write).unwrap();
    client.poll();
    daemon.send(Kind::Write.number(), 1, b"OK\0");
    daemon.hold();
    settle(&mut client, &mut daemon);
    // The answer came while the request was in the ring in part only.
    assert_eq!(client.broken(), Some(Broken::UnknownRequest { request: 1 }));
    assert!(matches!(client.take(first), Some(Err(Error::Broken(_)))));
}

#[test]
fn a_repeated_answer_breaks_the_connection() {
    let (mut client, mut daemon, _) = fixture();
    let id = client.submit(None, &READ).unwrap();
    settle(&mut client, &mut daemon);
    daemon.send(Kind::Read.number(), 1, b"again");
    settle(&mut client, &mut daemon);
    assert_eq!(client.broken(), Some(Broken::UnknownRequest { request: 1 }));
    assert_eq!(client.take(id), Some(Err(Error::Refused(Refusal::NotFound))), "the first answer counts");
}

#[test]
fn a_xenstored_that_goes_away_is_noticed() {
    assert_eq!(break_with(|daemon| daemon.set_state(1, 1, 0)), Broken::Disconnected { state: 1 });
    assert_eq!(break_with(|daemon| daemon.set_state(3, 0, 4)), Broken::Deactivated { code: 4 });
}

#[test]
fn state_without_its_feature_means_nothing() {
    let (mut client, mut daemon, _) = fixture();
    client.submit(None, &READ).unwrap();
    client.poll();
    daemon.set_state(0, 1, 3);
    settle(&mut client, &mut daemon);
    assert_eq!(client.broken(), None);
}

#[test]
fn a_ring_that_is_not_yet_connected_is_waited_for() {
    let (mut client, mut daemon, bell) = fixture();
    daemon.set_state(0, 1, 0);
    let id = client.submit(None, &READ).unwrap();
    assert!(!client.poll());
    assert_eq!((client.broken(), bell.take()), (None, 0));
    daemon.set_state(1, 0, 0);
    settle(&mut client, &mut daemon);
    assert!(client.take(id).is_some());
}

/// What a property test lets happen.
#[derive(Clone, Debug)]
enum Step {
    Submit(u8),
    Client,
    Daemon,
    Hold,
    Release,
    Outside(u8),
    Raw(Vec<u8>),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => any::<u8>().prop_map(Step::Submit),
        4 => Just(Step::Client),
        4 => Just(Step::Daemon),
        1 => Just(Step::Hold),
        1 => Just(Step::Release),
        1 => (0u8..8).prop_map(Step::Outside),
    ]
}

fn request(what: u8, path: &str) -> Request<'_> {
    match what % 5 {
        0 => Request::Read { path },
        1 => Request::Directory { path },
        2 => Request::Write { path, value: b"value" },
        3 => Request::Rm { path },
        _ => Request::GetPerms { path },
    }
}

fn run(steps: Vec<Step>) -> (Client<Rc<CountingBell>>, Xenstored, Vec<RequestId>) {
    let (mut client, mut daemon, _) = fixture();
    let _ = client.watch("a");
    let mut open = Vec::new();
    for step in steps {
        match step {
            Step::Submit(what) => {
                let path: String = std::format!("a/{}", what % 7);
                open.extend(client.submit(None, &request(what, &path)));
            }
            Step::Client => {
                client.poll();
            }
            Step::Daemon => {
                daemon.poll();
            }
            Step::Hold => {
                daemon.release_in_reverse();
                daemon.hold();
            }
            Step::Release => daemon.release_in_reverse(),
            Step::Outside(what) => daemon.write(&std::format!("a/{what}"), "outside"),
            Step::Raw(bytes) => daemon.send_raw(&bytes),
        }
        assert!(client.open_requests() <= REQUESTS_MAX);
        assert!(client.pending_events() <= 66);
    }
    (client, daemon, open)
}

proptest! {
    #[test]
    fn every_request_gets_an_answer_whatever_the_order(steps in prop::collection::vec(step(), 0..200)) {
        let (mut client, mut daemon, open) = run(steps);
        daemon.release_in_reverse();
        settle(&mut client, &mut daemon);
        prop_assert_eq!(client.broken(), None);
        for id in open {
            prop_assert!(client.take(id).is_some());
        }
    }

    #[test]
    fn every_request_ends_even_if_the_answers_are_noise(
        before in prop::collection::vec(step(), 0..40),
        noise in prop::collection::vec(any::<u8>(), 16..200),
        after in prop::collection::vec(step(), 0..40),
    ) {
        let steps = before.into_iter().chain([Step::Raw(noise)]).chain(after).collect();
        let (mut client, mut daemon, open) = run(steps);
        daemon.release_in_reverse();
        // Noise may read as the start of a message of any length; more of it completes that.
        daemon.send_raw(&[0xff; 2 * 4096]);
        settle(&mut client, &mut daemon);
        prop_assert!(client.broken().is_some());
        for id in open {
            prop_assert!(client.take(id).is_some());
        }
        prop_assert_eq!(client.buffered(), 0);
    }
}
