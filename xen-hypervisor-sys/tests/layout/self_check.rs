// SPDX-License-Identifier: Apache-2.0
//! The test of the test: wrong claims are found, each of them, and right ones are not.

use xen_hypervisor_sys::layout::{Field, Header, Row};

use crate::claim::claims;
use crate::headers::differences;

/// A table with two errors of every kind that a row can have, among claims that are right.
const WRONG: &[Header] = &[Header {
    path: "xen/io/netif.h",
    groups: &[&[
        Row::Constant { name: "RIGHT", c: "SHUTDOWN_crash", value: 3 },
        Row::Constant { name: "WRONG", c: "SHUTDOWN_crash", value: 4 },
        Row::Constant { name: "WRONG_SIGN", c: "NETIF_RSP_ERROR", value: 1 },
        Row::Constant { name: "WRONG_HIGH_HALF", c: "HYPERVISOR_VIRT_START", value: 0x8000_0000_0000 },
        Row::Text { name: "RIGHT_TEXT", c: "XS_WRITE_NONE", value: "NONE" },
        Row::Text { name: "WRONG_TEXT", c: "XS_WRITE_NONE", value: "NOTHING" },
        Row::Mention { name: "RIGHT_WORD", text: "feature-rx-notify" },
        Row::Mention { name: "WRONG_WORD", text: "feature-rx" },
        Row::Struct {
            name: "Wrong",
            c: "struct evtchn_alloc_unbound",
            size: 12,
            align: 8,
            fields: &[
                Field { name: "dom", c: "dom", offset: 0, size: 2 },
                Field { name: "remote_dom", c: "remote_dom", offset: 4, size: 2 },
                Field { name: "port", c: "port", offset: 4, size: 8 },
            ],
        },
    ]],
}];

#[test]
fn wrong_claims_are_reported() {
    let found = differences("wrong", &claims(WRONG)).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        found,
        [
            "xen/io/netif.h: value of WRONG (SHUTDOWN_crash): ours is 4, theirs is 3",
            "xen/io/netif.h: value of WRONG_SIGN (NETIF_RSP_ERROR): ours is 1, theirs is -1",
            "xen/io/netif.h: value of WRONG_HIGH_HALF (HYPERVISOR_VIRT_START): ours is 140737488355328, theirs is \
             18446603336221196288",
            "xen/io/netif.h: text of WRONG_TEXT (XS_WRITE_NONE): ours is NOTHING, theirs is NONE",
            "xen/io/netif.h: mention of WRONG_WORD (feature-rx): ours is yes, theirs is no",
            "xen/io/netif.h: size of Wrong (struct evtchn_alloc_unbound): ours is 12, theirs is 8",
            "xen/io/netif.h: alignment of Wrong (struct evtchn_alloc_unbound): ours is 8, theirs is 4",
            "xen/io/netif.h: offset of Wrong.remote_dom (remote_dom): ours is 4, theirs is 2",
            "xen/io/netif.h: size of Wrong.port (port): ours is 8, theirs is 4",
        ]
    );
}

#[test]
fn a_name_that_the_headers_lack_is_reported() {
    let table = [Header {
        path: "xen/xen.h",
        groups: &[&[Row::Constant { name: "NOT_THERE", c: "SHUTDOWN_not_there", value: 0 }]],
    }];
    let error = differences("missing", &claims(&table)).expect_err("the C program must not compile");
    assert!(error.contains("SHUTDOWN_not_there"), "{error}");
}
