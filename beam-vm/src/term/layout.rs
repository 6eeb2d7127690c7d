// SPDX-License-Identifier: Apache-2.0
//! Where what is in each kind of boxed object, in words from its header; those of OTP 25 (`erl_binary.h`, `erl_fun.h`,
//! `erl_node_container_utils.h`, `erl_map.h`), because programs can ask for sizes.

/// Words of a cons cell.
pub const CONS_SIZE: usize = 2;
/// Words of a float.
pub const FLOAT_SIZE: usize = 2;

/// Fun: address of its [`FunEntry`](super::FunEntry).
pub const FUN_ENTRY: usize = 1;
/// Fun: its arity, in the word after one that stock uses for a list and that is 0 here.
pub const FUN_ARITY: usize = 3;
/// Fun: how many free variables there are.
pub const FUN_FREE: usize = 4;
/// Fun: the process that made it, a term.
pub const FUN_CREATOR: usize = 5;
/// Fun: the free variables, terms. This is also the size of a fun without them.
pub const FUN_ENV: usize = 6;

/// External fun: address of its [`Export`](super::Export).
pub const EXPORT_ENTRY: usize = 1;
/// Words of an external fun.
pub const EXPORT_SIZE: usize = 2;

/// Heap binary: bytes in it.
pub const HEAP_BYTES: usize = 1;
/// Heap binary: the bytes.
pub const HEAP_DATA: usize = 2;
/// The longest heap binary, in bytes: `ERL_ONHEAP_BIN_LIMIT`.
pub const HEAP_BINARY_LIMIT: usize = 64;

/// Refc binary: bytes in it.
pub const REFC_BYTES: usize = 1;
/// Anything off-heap: address of the next such object of the same heap, or 0.
pub const REFC_NEXT: usize = 2;
/// Refc binary: address of the block that holds the bytes.
pub const REFC_BLOCK: usize = 3;
/// Refc binary: address of the first byte.
pub const REFC_DATA: usize = 4;
/// Refc binary: flags, `heap::WRITABLE`.
pub const REFC_FLAGS: usize = 5;
/// Words of a refc binary.
pub const REFC_SIZE: usize = 6;

/// Sub-binary: whole bytes in it.
pub const SUB_BYTES: usize = 1;
/// Sub-binary: where it starts in the original, in bytes.
pub const SUB_OFFSET: usize = 2;
/// Sub-binary: bits after the whole bytes (low 8 bits), bits before the first (next 8), whether it can be appended to (next 8).
pub const SUB_BITS: usize = 3;
/// Sub-binary: the original, a term: a heap or refc binary.
pub const SUB_ORIGIN: usize = 4;
/// Words of a sub-binary.
pub const SUB_SIZE: usize = 5;

/// Match state: the original, a term: a heap or refc binary.
pub const MATCH_ORIGIN: usize = 1;
/// Match state: address of the original's first byte, kept up to date by the collector.
pub const MATCH_BASE: usize = 2;
/// Match state: the next bit, counted from the base.
pub const MATCH_OFFSET: usize = 3;
/// Match state: the bit after the last, counted from the base.
pub const MATCH_END: usize = 4;
/// Words of a match state.
pub const MATCH_SIZE: usize = 5;

/// Reference of this node: a count of 32-bit numbers, then the numbers, two to a word, low half first.
pub const REF_NUMBERS: usize = 1;
/// Words of an ordinary reference.
pub const REF_SIZE: usize = 3;
/// Words of a reference that is an alias: two more numbers say of which process.
pub const REF_PID_SIZE: usize = 4;
/// Magic reference: address of the next off-heap object, or 0.
pub const REF_MAGIC_NEXT: usize = 3;
/// Magic reference: address of what it stands for.
pub const REF_MAGIC_BLOCK: usize = 4;
/// Words of a magic reference.
pub const REF_MAGIC_SIZE: usize = 5;

/// External pid, port or reference: the node's name (low half) and creation (high half).
pub const EXTERNAL_NODE: usize = 1;
/// External pid, port or reference: its numbers, after a word that stock uses for a list and that is 0 here. A pid has its number
/// (low half) and serial, a port one number of 64 bits, a reference what [`REF_NUMBERS`] has.
pub const EXTERNAL_DATA: usize = 3;
/// Words of an external pid or port.
pub const EXTERNAL_SIZE: usize = 4;

/// Small map: its size as a small integer; root of a large one likewise.
pub const MAP_COUNT: usize = 1;
/// Small map: the tuple of its keys, in order.
pub const MAP_KEYS: usize = 2;
/// Small map: the values. This is also the size of a small map without them.
pub const MAP_VALUES: usize = 3;
/// The largest small map: `MAP_SMALL_MAP_LIMIT`.
pub const MAP_SMALL_LIMIT: usize = 32;
