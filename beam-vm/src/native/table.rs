// SPDX-License-Identifier: Apache-2.0
//! The table of natives: functions that stock does as NIFs which are part of it or of OTP's applications, each once, with the function
//! that does it here, or `absent`. One that is absent does what its module's own code does, which is to raise `nif_error`. One stock does in Erlang:
//! [`erlang`](super::erlang).

use crate::bif::{Entry, Kind, Releases};

macro_rules! implementation {
    (absent) => { None };
    ($($path:tt)+) => { Some(super::$($path)+) };
}

macro_rules! natives {
    ($($module:literal $function:literal $arity:literal => [$($path:tt)+];)*) => {
        /// All natives by module, function and arity.
        pub const NATIVES: &[Entry] = &[$(
            Entry {
                module: $module,
                function: $function,
                arity: $arity,
                kind: Kind::Plain,
                releases: Releases::All,
                implementation: implementation!($($path)+),
            },
        )*];
    };
}

natives! {
    "asn1rt_nif" "decode_ber_tlv_raw" 1 => [asn1rt::decode_ber_tlv];
    "asn1rt_nif" "encode_ber_tlv" 1 => [asn1rt::encode_ber_tlv];
    "asn1rt_nif" "encode_per_complete" 1 => [asn1rt::encode_per_complete];
    "erl_tracer" "enabled" 3 => [absent];
    "erl_tracer" "trace" 5 => [absent];
    "erlang" "prepare_loading" 2 => [erlang::prepare_loading];
    "prim_buffer" "copying_read" 2 => [prim_buffer::copying_read];
    "prim_buffer" "find_byte_index" 2 => [prim_buffer::find_byte_index];
    "prim_buffer" "new" 0 => [prim_buffer::new];
    "prim_buffer" "peek_head" 1 => [prim_buffer::peek_head];
    "prim_buffer" "size" 1 => [prim_buffer::size];
    "prim_buffer" "skip" 2 => [prim_buffer::skip];
    "prim_buffer" "try_lock" 1 => [prim_buffer::try_lock];
    "prim_buffer" "unlock" 1 => [prim_buffer::unlock];
    "prim_buffer" "write" 2 => [prim_buffer::write];
    "prim_file" "advise_nif" 4 => [prim_file::handles::advise_nif];
    "prim_file" "allocate_nif" 3 => [prim_file::handles::allocate_nif];
    "prim_file" "altname_nif" 1 => [prim_file::paths::altname_nif];
    "prim_file" "close_nif" 1 => [prim_file::close_nif];
    "prim_file" "del_dir_nif" 1 => [prim_file::paths::del_dir_nif];
    "prim_file" "del_file_nif" 1 => [prim_file::paths::del_file_nif];
    "prim_file" "delayed_close_nif" 1 => [prim_file::delayed_close_nif];
    "prim_file" "file_desc_to_ref_nif" 1 => [prim_file::file_desc_to_ref_nif];
    "prim_file" "get_cwd_nif" 0 => [prim_file::paths::get_cwd_nif];
    "prim_file" "get_device_cwd_nif" 1 => [prim_file::paths::get_device_cwd_nif];
    "prim_file" "get_handle_nif" 1 => [prim_file::get_handle_nif];
    "prim_file" "ipread_s32bu_p32bu_nif" 3 => [prim_file::transfer::ipread_s32bu_p32bu_nif];
    "prim_file" "list_dir_nif" 1 => [prim_file::paths::list_dir_nif];
    "prim_file" "make_dir_nif" 1 => [prim_file::paths::make_dir_nif];
    "prim_file" "make_hard_link_nif" 2 => [prim_file::paths::make_hard_link_nif];
    "prim_file" "make_soft_link_nif" 2 => [prim_file::paths::make_soft_link_nif];
    "prim_file" "open_nif" 2 => [prim_file::open_nif];
    "prim_file" "pread_nif" 3 => [prim_file::transfer::pread_nif];
    "prim_file" "pwrite_nif" 3 => [prim_file::transfer::pwrite_nif];
    "prim_file" "read_file_nif" 1 => [prim_file::transfer::read_file_nif];
    "prim_file" "read_handle_info_nif" 1 => [prim_file::info::read_handle_info_nif];
    "prim_file" "read_info_nif" 2 => [prim_file::info::read_info_nif];
    "prim_file" "read_link_nif" 1 => [prim_file::paths::read_link_nif];
    "prim_file" "read_nif" 2 => [prim_file::transfer::read_nif];
    "prim_file" "rename_nif" 2 => [prim_file::paths::rename_nif];
    "prim_file" "seek_nif" 3 => [prim_file::handles::seek_nif];
    "prim_file" "set_cwd_nif" 1 => [prim_file::paths::set_cwd_nif];
    "prim_file" "set_owner_nif" 3 => [prim_file::info::set_owner_nif];
    "prim_file" "set_permissions_nif" 2 => [prim_file::info::set_permissions_nif];
    "prim_file" "set_time_nif" 4 => [prim_file::info::set_time_nif];
    "prim_file" "sync_nif" 2 => [prim_file::handles::sync_nif];
    "prim_file" "truncate_nif" 1 => [prim_file::handles::truncate_nif];
    "prim_file" "write_nif" 2 => [prim_file::transfer::write_nif];
    "zlib" "clearStash_nif" 1 => [zlib::clear_stash];
    "zlib" "close_nif" 1 => [zlib::close];
    "zlib" "crc32_nif" 1 => [zlib::crc32];
    "zlib" "deflateEnd_nif" 1 => [zlib::deflate_end];
    "zlib" "deflateInit_nif" 6 => [zlib::deflate_init];
    "zlib" "deflateParams_nif" 3 => [zlib::deflate_params];
    "zlib" "deflateReset_nif" 1 => [zlib::deflate_reset];
    "zlib" "deflateSetDictionary_nif" 2 => [zlib::deflate_set_dictionary];
    "zlib" "deflate_nif" 4 => [zlib::deflate];
    "zlib" "enqueue_nif" 2 => [zlib::enqueue];
    "zlib" "getBufSize_nif" 1 => [zlib::chunk_size];
    "zlib" "getStash_nif" 1 => [zlib::stash];
    "zlib" "inflateEnd_nif" 1 => [zlib::inflate_end];
    "zlib" "inflateGetDictionary_nif" 1 => [zlib::inflate_dictionary];
    "zlib" "inflateInit_nif" 3 => [zlib::inflate_init];
    "zlib" "inflateReset_nif" 1 => [zlib::inflate_reset];
    "zlib" "inflateSetDictionary_nif" 2 => [zlib::inflate_set_dictionary];
    "zlib" "inflate_nif" 4 => [zlib::inflate];
    "zlib" "open_nif" 0 => [zlib::open];
    "zlib" "setBufSize_nif" 2 => [zlib::set_chunk_size];
    "zlib" "setStash_nif" 2 => [zlib::set_stash];
    "zlib" "set_controller_nif" 2 => [zlib::set_controller];
}
