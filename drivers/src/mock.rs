// SPDX-License-Identifier: Apache-2.0
//! The other side of everything in this crate: back ends and a xenstored that keep to the protocol, and such
//! that do not.
//!
//! Tests, property tests and fuzz targets run the drivers against these. They are part of the crate (under the
//! feature `mock`) so that other rooms can test what they build on the drivers without a hypervisor.

pub mod blkback;
pub mod block;
pub mod byte_ring;
pub mod device;
pub mod doorbell;
pub mod memory;
pub mod netback;
pub mod network;
pub mod ninepback;
pub mod pages;
pub mod ring;
pub mod store;
pub mod xenstored;
