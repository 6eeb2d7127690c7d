// SPDX-License-Identifier: Apache-2.0
//! Ten thousand operations on the real xenstored: many under way at once, watches, and transactions that conflict.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use boot::kernel::drivers::xenstore::{
    Error, Outcome, Refusal, Reply, Request, RequestId, Store, TransactionId,
};
use boot::kernel::{Machine, time};
use log::info;

const ROUNDS: usize = 3000;
const UNDER_WAY: usize = 32;
const TRANSACTIONS: usize = 200;

pub fn run(machine: &mut Machine) {
    let began = time::now();
    let operations = pipelined(machine) + transactions(machine);
    watches(machine);
    limits(machine);
    info!("{operations} operations in {} ms", (time::now() - began).as_millis());
    assert!(operations >= 10_000, "only {operations} operations");
}

fn submit(machine: &mut Machine, transaction: Option<TransactionId>, request: &Request<'_>) -> RequestId {
    machine.xenstore.borrow().client().submit(transaction, request).expect("a legal request")
}

/// Writes, reads and removes nodes, with many requests under way.
fn pipelined(machine: &mut Machine) -> usize {
    let mut under_way: VecDeque<(usize, RequestId)> = VecDeque::new();
    let mut operations = 0;
    for round in 0..ROUNDS {
        let path = format!("data/node-{}", round % 50);
        let value = round.to_string();
        submit_forgotten(machine, &Request::Write { path: &path, value: value.as_bytes() });
        let id = submit(machine, None, &Request::Read { path: &path });
        under_way.push_back((round, id));
        submit_forgotten(machine, &Request::Rm { path: &path });
        operations += 3;
        if under_way.len() == UNDER_WAY / 3 {
            check_read(machine, &mut under_way);
        }
    }
    while !under_way.is_empty() {
        check_read(machine, &mut under_way);
    }
    operations
}

fn submit_forgotten(machine: &mut Machine, request: &Request<'_>) {
    let id = submit(machine, None, request);
    machine.xenstore.borrow().client().forget(id);
}

/// Requests of one connection are carried out in their order, so each read sees the write before it.
fn check_read(machine: &mut Machine, under_way: &mut VecDeque<(usize, RequestId)>) {
    let (round, id) = under_way.pop_front().expect("not empty");
    let reply = machine.xenstore.borrow().finish(id);
    assert_eq!(reply, Ok(Reply::Value(round.to_string().into_bytes())));
}

/// Pairs of transactions on the same node: the first to commit wins, the second is told to try again, and `transaction` does.
fn transactions(machine: &mut Machine) -> usize {
    machine.xenstore.borrow().write("data/counter", b"0").expect("the guest may write to its data");
    for _ in 0..TRANSACTIONS {
        let pair: Vec<TransactionId> = (0..2).map(|_| start(machine)).collect();
        for transaction in &pair {
            let id = submit(machine, Some(*transaction), &Request::Read { path: "data/counter" });
            assert!(matches!(machine.xenstore.borrow().finish(id), Ok(Reply::Value(_))));
            let id =
                submit(machine, Some(*transaction), &Request::Write { path: "data/counter", value: b"lost" });
            assert_eq!(machine.xenstore.borrow().finish(id), Ok(Reply::Done));
        }
        let id = submit(machine, Some(pair[0]), &Request::TransactionEnd(Outcome::Abort));
        assert_eq!(machine.xenstore.borrow().finish(id), Ok(Reply::Done));
        increment(machine);
        let id = submit(machine, Some(pair[1]), &Request::TransactionEnd(Outcome::Commit));
        assert_eq!(machine.xenstore.borrow().finish(id), Err(Error::Refused(Refusal::Conflict)));
    }
    assert_eq!(machine.xenstore.borrow().read_u64("data/counter"), Ok(TRANSACTIONS as u64));
    TRANSACTIONS * 12
}

fn start(machine: &mut Machine) -> TransactionId {
    let id = submit(machine, None, &Request::TransactionStart);
    match machine.xenstore.borrow().finish(id) {
        Ok(Reply::Transaction(transaction)) => transaction,
        other => panic!("no transaction: {other:?}"),
    }
}

fn increment(machine: &mut Machine) {
    machine
        .xenstore
        .borrow()
        .transaction(|store| {
            let value = store.read_u64("data/counter")?;
            store.write("data/counter", (value + 1).to_string().as_bytes())
        })
        .expect("nobody else writes to the node");
}

/// A watch fires for the node itself, for what is below it, and not after it was taken back.
fn watches(machine: &mut Machine) {
    let xenstore = &mut *machine.xenstore.borrow();
    let token = xenstore.watch("data/watched").expect("a legal path");
    assert_eq!(xenstore.wait_event(Some(token)).expect("connected").path, "data/watched");
    for index in 0..100 {
        let path = format!("data/watched/{index}");
        xenstore.write(&path, b"x").expect("the guest may write to its data");
        let event = xenstore.wait_event(Some(token)).expect("connected");
        assert_eq!(event.path, path);
    }
    xenstore.unwatch(token).expect("it is watched");
    xenstore.write("data/watched/0", b"y").expect("the guest may write to its data");
    assert_eq!(xenstore.take_event(Some(token)), None);
    xenstore.rm("data/watched").expect("it exists");
    assert_eq!(xenstore.exists("data/watched"), Ok(false));
}

/// What is too long is refused here, and what is forbidden is refused by xenstored; the connection goes on.
fn limits(machine: &mut Machine) {
    let xenstore = &mut *machine.xenstore.borrow();
    let long = alloc::vec![b'x'; 5000];
    assert!(matches!(xenstore.write("data/long", &long), Err(Error::TooLong { .. })));
    assert_eq!(xenstore.read("/local/domain/0/name/none"), Err(Error::Refused(Refusal::Forbidden)));
    let most = alloc::vec![b'y'; 2000];
    xenstore.write("data/most", &most).expect("within the quota");
    assert_eq!(xenstore.read("data/most"), Ok(most));
}
