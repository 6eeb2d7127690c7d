// SPDX-License-Identifier: Apache-2.0
//! Payloads as xenstored may send them, and requests as a caller may make them.
//!
//! What is accepted is what the protocol allows, and what is sent cannot be read in two ways.
#![no_main]

use drivers::memory::DomId;
use drivers::xenstore::reply::{Part, Reply, parse};
use drivers::xenstore::wire::{Header, Kind, PAYLOAD_MAX, single, strings};
use drivers::xenstore::{Error, Permission, Refusal, Request, path};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    Header([u8; Header::SIZE]),
    Answer { asked: u8, is_refusal: bool, payload: &'a [u8] },
    Request { what: u8, path: &'a str, value: &'a [u8], number: u16 },
    Permission(&'a str),
}

fn kind(number: u8) -> Kind {
    Kind::ALL[usize::from(number) % Kind::ALL.len()]
}

fn answer(asked: Kind, answered: Kind, payload: &[u8]) {
    let Ok(result) = parse(asked, answered, payload.to_vec()) else {
        return;
    };
    match result {
        Err(Error::Refused(refusal)) => {
            assert_eq!(answered, Kind::Error);
            assert!(refusal == Refusal::Unknown || single(payload) == Some(refusal.word()));
        }
        Err(other) => panic!("a reply that is no refusal fails with {other}"),
        Ok(Reply::Value(value)) => assert_eq!(value, payload),
        Ok(Reply::Names(names)) => {
            assert!(names.iter().all(path::is_name));
            assert_eq!(names.bytes(), payload.len());
            assert!(names.iter().eq(strings(payload).expect("a list")));
        }
        Ok(Reply::Part(Part { names, .. })) => {
            assert!(names.iter().all(path::is_name));
            assert!(names.bytes() < payload.len());
        }
        Ok(Reply::Permissions(permissions)) => assert!(!permissions.is_empty()),
        Ok(Reply::Transaction(id)) => assert_ne!(id.0.get(), 0),
        Ok(Reply::DomainPath(text)) => assert_eq!(path::check(&text), Ok(())),
        Ok(Reply::Introduced(_) | Reply::Done) => assert!(payload.len() <= 3),
    }
}

fn request(request: Request<'_>, node: Option<&str>, value: Option<&[u8]>) {
    let Ok(frame) = request.frame(7, None) else {
        let is_legal = node.is_none_or(|node| path::check(node).is_ok());
        let len = node.map_or(0, |node| node.len() + 1) + value.map_or(0, <[u8]>::len);
        assert!(!is_legal || len > PAYLOAD_MAX, "a legal request was refused");
        return;
    };
    let (header, payload) = frame.split_first_chunk().expect("a header");
    let header = Header::decode(header);
    assert_eq!(Kind::from_number(header.kind), Some(request.kind()));
    assert_eq!((header.request, header.transaction, header.len as usize), (7, 0, payload.len()));
    assert!(payload.len() <= PAYLOAD_MAX);
    if let Some(node) = node {
        let cut = payload.iter().position(|byte| *byte == 0).expect("the path ends with a NUL");
        assert_eq!(&payload[..cut], node.as_bytes());
        if let Some(value) = value {
            assert_eq!(&payload[cut + 1..], value);
        }
    }
}

fuzz_target!(|input: Input<'_>| match input {
    Input::Header(bytes) => assert_eq!(Header::decode(&bytes).encode(), bytes),
    Input::Answer { asked, is_refusal, payload } => {
        let asked = kind(asked);
        answer(asked, if is_refusal { Kind::Error } else { asked }, payload);
    }
    Input::Request { what, path, value, number } => {
        let offset = usize::from(number);
        match what % 8 {
            0 => request(Request::Read { path }, Some(path), Some(b"")),
            1 => request(Request::Write { path, value }, Some(path), Some(value)),
            2 => request(Request::Rm { path }, Some(path), Some(b"")),
            3 => {
                let field = format!("{offset}\0");
                request(Request::DirectoryPart { path, offset }, Some(path), Some(field.as_bytes()));
            }
            4 => request(Request::GetDomainPath(DomId(number)), None, None),
            5 => request(Request::IsDomainIntroduced(DomId(number)), None, None),
            6 => request(Request::TransactionStart, None, None),
            _ => request(Request::ResetWatches, None, None),
        }
    }
    Input::Permission(text) => {
        if let Some(permission) = Permission::parse(text) {
            assert_eq!(Permission::parse(&permission.to_string()), Some(permission));
        }
    }
});
