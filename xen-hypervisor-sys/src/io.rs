// SPDX-License-Identifier: Apache-2.0
//! `xen/io/`: the protocols between front ends and back ends.

pub mod blkif;
pub mod console;
pub mod netif;
pub mod p9;
pub mod protocols;
pub mod ring;
pub mod xenbus;
pub mod xs_wire;
