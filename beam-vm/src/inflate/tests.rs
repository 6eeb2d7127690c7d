// SPDX-License-Identifier: Apache-2.0
//! What is refused, and what is not touched. The rest is tested together with compression.

use super::{DataError, DictionaryError, Inflate, Progress};
use crate::deflate::Buffers;

fn run(stream: &mut Inflate, packed: &[u8], room: usize) -> (Result<Progress, DataError>, usize, usize) {
    let mut buffer = alloc::vec![0; room];
    let mut io = Buffers::new(packed, &mut buffer);
    let result = stream.run(&mut io);
    (result, io.read(), io.written())
}

/// What a whole stream is said to be.
fn judge(window_bits: i64, packed: &[u8]) -> Result<Progress, DataError> {
    run(&mut Inflate::from_zlib(window_bits).expect("bits"), packed, 1000).0
}

#[test]
fn damage_is_an_error() {
    let bad: &[(i64, &[u8])] = &[
        (15, &[0x78, 0x9D]),                                                       // header's check
        (15, &[0x79, 0x9B]),                                                       // method
        (9, &[0x78, 0x9C]),                                                        // window
        (31, &[0x78, 0x9C]),                                                       // not gzip
        (31, &[0x1F, 0x8B, 8, 0xE0]),                                              // reserved flags
        (-15, &[7]),                                                               // kind of block
        (-15, &[1, 1, 0, 0, 0]),                                                   // length of stored bytes
        (-15, &[0xFD, 0xFF, 0xFF]),                                                // too many literals
        (-15, &[0x63, 0x00, 0x42]),                                                // nothing that far back
        (15, &[0x78, 0x9C, 3, 0, 0, 0, 0, 2]),                                     // sum
        (31, &[0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 1, 0, 0, 0]), // size
    ];
    for (bits, packed) in bad {
        assert_eq!(judge(*bits, packed), Err(DataError), "{packed:?}");
    }
}

#[test]
fn an_error_stays() {
    let mut stream = Inflate::zlib();
    assert_eq!(run(&mut stream, &[1, 2], 9).0, Err(DataError));
    assert_eq!(run(&mut stream, &[], 9).0, Err(DataError));
    stream.reset();
    assert_eq!(run(&mut stream, &[0x78, 0x9C, 3, 0, 0, 0, 0, 1, 9], 9), (Ok(Progress::End), 8, 0));
    assert_eq!(run(&mut stream, &[9], 9), (Ok(Progress::End), 0, 0));
}

#[test]
fn a_dictionary_is_asked_for_by_its_sum() {
    // What zlib makes of "abcabcabc" after "abc".
    let packed = [0x78, 0xBB, 0x02, 0x4D, 0x01, 0x27, 0x4B, 0x84, 0x21, 0x00, 0x11, 0x3D, 0x03, 0x73];
    let mut stream = Inflate::zlib();
    assert_eq!(stream.set_dictionary(b"abc"), Err(DictionaryError::NotNeeded));
    assert_eq!(run(&mut stream, &packed, 9).0, Ok(Progress::NeedsDictionary(0x024D_0127)));
    assert_eq!(stream.set_dictionary(b"abd"), Err(DictionaryError::Other));
    assert_eq!(stream.set_dictionary(b"abc"), Ok(()));
    assert_eq!(run(&mut stream, &packed[6..], 9), (Ok(Progress::End), 8, 9));
    assert_eq!(stream.dictionary(), b"abcabcabcabc");
}

#[test]
fn without_room_nothing_is_written() {
    let mut stream = Inflate::from_zlib(-15).expect("bits");
    // The code is read, but the byte has no place.
    let packed = [0x4B, 0x04, 0x00];
    assert_eq!(run(&mut stream, &packed, 0), (Ok(Progress::Done), 2, 0));
    assert_eq!(run(&mut stream, &packed[2..], 0), (Ok(Progress::Stuck), 0, 0));
    assert_eq!(run(&mut stream, &packed[2..], 2), (Ok(Progress::End), 1, 1));
}
