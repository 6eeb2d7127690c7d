// SPDX-License-Identifier: Apache-2.0
//! What a BIF has done when its process's time slice ends: it is called again with the same arguments, finds this, and goes on.
//!
//! It belongs to the process, so that it goes with it, and its terms are among the roots of a collection. The arguments stay as they are:
//! a stack trace shows them, however late the error is found.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::asn1::{BerReader, BerWriter, PerWriter};
use crate::bif::ets::{InsertRun, Scan};
use crate::bif::lists::{Copying, Subtraction};
use crate::bif::maps;
use crate::bif::match_specs::ListRun;
use crate::chardata::{Converter, Listing};
use crate::etf::{Decoder, Deflater, Encoder, Inflater};
use crate::hash::{Md5State, Old, Portable};
use crate::heap::Fragment;
use crate::iodata::Walk;
use crate::map::Merge;
use crate::native::prim_file::paths::Names;
use crate::native::prim_file::transfer::Reading;
use crate::platform::FileTicket;
use crate::re::Job;
use crate::term::Term;

/// What a BIF has done. There is one kind for each BIF that yields, so that nobody takes another's.
pub enum Parked {
    /// `phash2`
    Hash(Portable),
    /// `phash`
    OldHash(Old),
    /// `crc32`, `adler32`
    Checksum(u32, Walk),
    /// `md5`, `md5_update`
    Md5(Md5State, Walk),
    /// `iolist_to_binary`, `list_to_binary`
    Bytes(Vec<u8>, Walk),
    /// `iolist_size`
    Size(usize, Walk),
    /// `characters_to_binary`, `characters_to_list`
    Characters(Converter),
    /// `characters_to_list`, once all are converted
    Listing(Listing),
    /// `term_to_binary`, `term_to_iovec`, `external_size`
    Encode(Encoder),
    /// `term_to_binary` with `compressed`
    Deflate(Deflater),
    /// `prim_file:read_nif`, `pread_nif`, `ipread_s32bu_p32bu_nif`, `read_file_nif`
    Reading(Reading),
    /// Natives of `prim_file`: an operation that is under way
    Filing(FileTicket),
    /// `prim_file:list_dir_nif`
    Names(Names),
    /// `binary_to_term`
    Decode(Box<Decoding>),
    /// `ets:insert`, `ets:insert_new` of a list
    Insert(InsertRun),
    /// `ets:match_spec_run_r`
    ListRun(ListRun),
    /// `ets:select` and its kin
    Scan(Box<Scan>),
    /// `deflate` of module `zlib`
    Portion(Portion),
    /// `encode_per_complete` of module `asn1rt_nif`, with the commands
    Per(Vec<u8>, PerWriter),
    /// `decode_ber_tlv_raw`, with the bytes
    BerRead(Vec<u8>, BerReader),
    /// `encode_ber_tlv`
    BerWrite(BerWriter),
    /// `maps:from_list`, `maps:from_keys`
    Making(maps::Making),
    /// `maps:keys`, `maps:values`
    MapListing(maps::Listing),
    /// `maps:merge`
    Merge(Merge),
    /// `++`, `lists:reverse`
    Copying(Copying),
    /// `lists:member` and its kin: the rest of the list
    Finding(Term),
    /// `--`
    Subtraction(Box<Subtraction>),
    /// `binary_to_list` and its kin: the list, and how many bytes are still to be put before it
    ByteList(Term, usize),
    /// `re:run`
    Match(Box<Job>),
    /// `yield`: its turn has ended
    Yielded,
}

/// A term that is being decoded.
pub struct Decoding {
    /// The bytes, unless those of the argument are used as they are.
    pub source: Option<Vec<u8>>,
    /// What expands them, as long as that is not done.
    pub inflater: Option<Inflater>,
    /// How many bytes the compressed form took.
    pub used: Option<usize>,
    /// What decodes them, once they are expanded.
    pub decoder: Option<Decoder>,
    /// Where the term is built: nothing moves here.
    pub fragment: Fragment,
}

/// What a call of a stream of module `zlib` has done.
#[derive(Debug)]
pub struct Portion {
    /// The output, and how much of it is written.
    pub output: Vec<u8>,
    /// How much of it is written.
    pub written: usize,
    /// Bytes of the queue that were read.
    pub read: usize,
    /// The piece of the queue that is being read.
    pub piece: usize,
    /// Bytes of it that were read.
    pub read_of_piece: usize,
    /// Whether all pieces were read and the stream is being flushed.
    pub is_flushing: bool,
}

impl Parked {
    /// The operation on files that it waits for.
    #[must_use]
    pub const fn file_ticket(&self) -> Option<FileTicket> {
        match self {
            Self::Filing(ticket) => Some(*ticket),
            Self::Reading(reading) => reading.ticket(),
            _ => None,
        }
    }

    /// Shows all places that hold terms of the process's heap.
    pub fn roots(&mut self, visit: &mut dyn FnMut(&mut Term)) {
        match self {
            Self::Hash(hash) => hash.roots(visit),
            Self::OldHash(hash) => hash.roots(visit),
            Self::Checksum(_, walk) | Self::Md5(_, walk) | Self::Bytes(_, walk) | Self::Size(_, walk) => {
                walk.roots(visit);
            }
            Self::Characters(converter) => converter.roots(visit),
            Self::Listing(listing) => listing.roots(visit),
            Self::Encode(encoder) => encoder.roots(visit),
            Self::Insert(run) => run.roots(visit),
            Self::ListRun(run) => run.roots(visit),
            Self::Scan(scan) => scan.roots(visit),
            Self::Deflate(_) | Self::Decode(_) | Self::Reading(_) | Self::Portion(_) => {}
            Self::Per(..) | Self::Match(_) | Self::Yielded | Self::Filing(_) => {}
            Self::Names(names) => names.roots(visit),
            Self::Making(making) => making.roots(visit),
            Self::MapListing(listing) => listing.roots(visit),
            Self::Merge(merge) => merge.roots(visit),
            Self::Copying(copying) => copying.roots(visit),
            Self::Finding(term) | Self::ByteList(term, _) => visit(term),
            Self::Subtraction(subtraction) => subtraction.roots(visit),
            Self::BerRead(_, reader) => reader.roots(visit),
            Self::BerWrite(writer) => writer.roots(visit),
        }
    }
}

impl core::fmt::Debug for Parked {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Parked")
    }
}
