// SPDX-License-Identifier: Apache-2.0
//! Safe front ends of Xen's paravirtual interfaces.
//!
//! A paravirtual device is memory shared with another domain and an event channel to ring at. This crate turns
//! both into types that can be used without `unsafe`. It runs on one vCPU and holds no locks; but what another
//! domain can write is hostile and changes at any time: it is read through atomics, once, copied and then
//! checked, and nothing that it contains makes this crate panic.
//!
//! The protocols are those of Xen's public headers (`xen/include/public/io`), whose layouts and constants come
//! from `xen-hypervisor-sys`. What a driver needs from above (a doorbell to ring, a way to wait) is a trait here
//! that the kernel implements.
#![no_std]
#![deny(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod blkfront;
pub mod byte_ring;
pub mod channels;
pub mod console;
pub mod control;
pub mod doorbell;
pub mod error;
pub mod event;
pub mod grant;
pub mod inflight;
pub mod memory;
#[cfg(any(test, feature = "mock"))]
pub mod mock;
pub mod netfront;
pub mod ninepfront;
pub mod page;
pub mod ring;
pub mod shared;
pub mod xenbus;
pub mod xenstore;
