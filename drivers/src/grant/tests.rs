// SPDX-License-Identifier: Apache-2.0
//! The grant table over memory of the test's own; the test plays the other side, which holds and releases pages.

use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::mock::pages::{MockPages, grant_table, page};

const MAX_FRAMES: usize = 4;
const PEER: DomId = DomId(7);

fn table() -> GrantTable {
    grant_table(MAX_FRAMES)
}

/// The other side maps the page, or unmaps it.
fn hold(table: &GrantTable, reference: GrantRef) {
    table.0.borrow().flags(reference).fetch_or(GTF_READING | GTF_WRITING, Ordering::SeqCst);
}

fn let_go(table: &GrantTable, reference: GrantRef) {
    table.0.borrow().flags(reference).fetch_and(!(GTF_READING | GTF_WRITING), Ordering::SeqCst);
}

#[test]
fn an_entry_says_who_may_do_what() {
    let table = table();
    let pages = MockPages::new(1);
    let page = page(pages);
    let mfn = page.mfn();
    let granted = table.grant(page, PEER, Access::ReadOnly).expect("room");
    assert!(granted.reference().0 >= GNTTAB_NR_RESERVED_ENTRIES);
    // SAFETY: the entry is valid and nobody writes to it meanwhile.
    let entry = unsafe { table.0.borrow().entry(granted.reference()).read() };
    assert_eq!(
        (entry.flags, entry.domid, entry.frame as usize),
        (GTF_PERMIT_ACCESS | GTF_READONLY, 7, mfn.0)
    );
}

#[test]
fn a_held_page_is_not_revoked() {
    let table = table();
    let pages = MockPages::new(1);
    let granted = table.grant(page(pages), PEER, Access::ReadWrite).expect("room");
    let reference = granted.reference();
    hold(&table, reference);
    let granted = granted.revoke().expect_err("the other side holds it");
    let_go(&table, reference);
    let page = granted.revoke().expect("nobody holds it");
    assert_eq!(table.statistics().used, 0);
    drop(page);
    assert_eq!(pages.out(), 0);
}

#[test]
fn a_dropped_page_that_is_held_waits_in_limbo() {
    let table = table();
    let pages = MockPages::new(1);
    let granted = table.grant(page(pages), PEER, Access::ReadWrite).expect("room");
    let reference = granted.reference();
    hold(&table, reference);
    drop(granted);
    table.reap();
    assert_eq!((table.statistics().limbo, pages.out()), (1, 1));
    let_go(&table, reference);
    table.reap();
    assert_eq!((table.statistics().limbo, table.statistics().used, pages.out()), (0, 0, 0));
}

#[test]
fn a_full_table_returns_the_page() {
    let table = table();
    let pages = MockPages::new(2048);
    let room = MAX_FRAMES * ENTRIES_PER_FRAME - GNTTAB_NR_RESERVED_ENTRIES as usize;
    let granted: Vec<_> =
        (0..room).map(|_| table.grant(page(pages), PEER, Access::ReadWrite).expect("room")).collect();
    let (error, page) = table.grant(page(pages), PEER, Access::ReadWrite).expect_err("full");
    assert_eq!(error, GrantError::TableFull { entries: MAX_FRAMES * ENTRIES_PER_FRAME });
    drop((page, granted));
    assert_eq!((table.statistics().used, pages.out()), (0, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the two sides do in whatever order, no page is freed while it is held, and none is lost.
    #[test]
    fn pages_are_never_freed_under_the_other_side(steps in prop::collection::vec((0_u8..5, any::<u8>()), 0..200)) {
        let table = table();
        let pages = MockPages::new(256);
        let mut granted: Vec<GrantedPage> = Vec::new();
        let mut held: Vec<GrantRef> = Vec::new();
        for (step, pick) in steps {
            let pick = usize::from(pick);
            match step {
                0 => granted.push(table.grant(page(pages), PEER, Access::ReadWrite).expect("room")),
                1 if !granted.is_empty() => {
                    let reference = granted[pick % granted.len()].reference();
                    if !held.contains(&reference) {
                        hold(&table, reference);
                        held.push(reference);
                    }
                }
                2 if !held.is_empty() => let_go(&table, held.swap_remove(pick % held.len())),
                3 if !granted.is_empty() => drop(granted.swap_remove(pick % granted.len())),
                4 if !granted.is_empty() => {
                    let one = granted.swap_remove(pick % granted.len());
                    let is_held = held.contains(&one.reference());
                    match one.revoke() {
                        Ok(_) => prop_assert!(!is_held),
                        Err(one) => {
                            prop_assert!(is_held);
                            granted.push(one);
                        }
                    }
                }
                _ => table.reap(),
            }
            table.reap();
            let limbo = held.iter().filter(|held| granted.iter().all(|one| one.reference() != **held)).count();
            prop_assert_eq!(table.statistics().limbo, limbo);
            prop_assert_eq!(pages.out(), granted.len() + limbo);
        }
        for reference in held {
            let_go(&table, reference);
        }
        drop(granted);
        table.reap();
        prop_assert_eq!(pages.out(), 0);
    }
}
