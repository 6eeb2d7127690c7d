// SPDX-License-Identifier: Apache-2.0
//! Links the kernel by the layout in `linker.ld`.

#[path = "link.rs"]
mod link;

fn main() {
    link::link_as_kernel("../linker.ld");
}
