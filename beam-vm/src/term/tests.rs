// SPDX-License-Identifier: Apache-2.0
//! Words, headers and handles keep what is put into them.
use super::{Header, Kind, LocalPid, Term};
use crate::atom::Atom;

#[test]
fn immediates_have_the_words_of_otp() {
    assert_eq!(Term::small(1).map(Term::raw), Some(0x1F));
    assert_eq!(Term::small(-1).map(Term::raw), Some(u64::MAX));
    assert_eq!(Term::NIL.raw(), 0xFFFF_FFFF_FFFF_FFFB);
    assert_eq!(Term::atom(Atom::from_index(3)).raw(), 0xCB);
    assert_eq!(Term::pid(LocalPid(2)).raw(), 0x23);
}

#[test]
fn small_integers_have_60_bits() {
    for value in [Term::SMALL_MIN, -1, 0, 1, Term::SMALL_MAX] {
        assert_eq!(Term::small(value).and_then(Term::as_small), Some(value));
    }
    assert_eq!(Term::small(Term::SMALL_MAX + 1), None);
    assert_eq!(Term::small(Term::SMALL_MIN - 1), None);
}

#[test]
fn a_catch_keeps_its_address_and_is_nothing_else() {
    let catch = Term::catch(0x1234_5678);
    assert_eq!(catch.as_catch(), Some(0x1234_5678));
    assert!(catch.is_immediate());
    assert_eq!(
        (catch.as_small(), catch.as_atom(), catch.as_pid(), catch.is_nil()),
        (None, None, None, false)
    );
}

#[test]
fn headers_keep_kind_arity_and_extra() {
    let header = Header::new(Kind::Map, 17).with_extra(0xBEEF);
    assert_eq!((header.kind(), header.arity(), header.extra()), (Kind::Map, 17, 0xBEEF));
    assert_eq!(Header::new(Kind::Tuple, 2).raw(), 0x80);
    assert_eq!(Header::from_raw(Term::NIL.raw()), None);
}
