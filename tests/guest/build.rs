// SPDX-License-Identifier: Apache-2.0
//! Links the guest as every kernel is linked.

#[path = "../../boot/link.rs"]
mod link;

fn main() {
    link::link_as_kernel("../../linker.ld");
}
