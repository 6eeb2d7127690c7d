// SPDX-License-Identifier: Apache-2.0
//! ELF notes: what Xen's domain builder has to know of the kernel (Xen's `public/elfnote.h`), and the note of our own in which
//! `voxoz pack` enters where it has put the image (`image::pack`).
#![expect(unsafe_code, reason = "defines symbols that the linker script and the packer look for")]

use core::arch::global_asm;

use kernel::memory::layout::DIRECT_MAP_BASE;
use xen_hypervisor_sys::elfnote::{
    XEN_ELFNOTE_ENTRY, XEN_ELFNOTE_GUEST_OS, XEN_ELFNOTE_GUEST_VERSION, XEN_ELFNOTE_HYPERCALL_PAGE,
    XEN_ELFNOTE_LOADER, XEN_ELFNOTE_PADDR_OFFSET, XEN_ELFNOTE_PAE_MODE, XEN_ELFNOTE_VIRT_BASE,
    XEN_ELFNOTE_XEN_VERSION,
};

/// A note with owner "Xen": its type, the directive of its contents, and what the directive names.
macro_rules! xen_note {
    ($kind:expr, $contents:expr $(, $name:ident = $operand:tt $value:expr)?) => {
        global_asm!(
            ".section .note.xen, \"a\", @note",
            ".balign 4",
            ".long 4",
            ".long 3f - 2f",
            ".long {kind}",
            ".asciz \"Xen\"",
            concat!("2: ", $contents),
            "3: .balign 4",
            ".previous",
            kind = const $kind,
            $($name = $operand $value,)?
        );
    };
}

unsafe extern "C" {
    /// The first instruction, in `entry.rs`.
    fn _start();
    /// Defined by `xen-hypervisor-sys`; Xen fills it.
    fn hypercall_page();
}

xen_note!(XEN_ELFNOTE_GUEST_OS, ".asciz \"Voxoz\"");
xen_note!(XEN_ELFNOTE_GUEST_VERSION, concat!(".asciz \"", env!("CARGO_PKG_VERSION"), "\""));
xen_note!(XEN_ELFNOTE_LOADER, ".asciz \"generic\"");
xen_note!(XEN_ELFNOTE_XEN_VERSION, ".asciz \"xen-3.0\"");
xen_note!(XEN_ELFNOTE_PAE_MODE, ".asciz \"yes\"");
xen_note!(XEN_ELFNOTE_VIRT_BASE, ".quad {base}", base = const DIRECT_MAP_BASE);
// The program headers' physical addresses are the virtual ones.
xen_note!(XEN_ELFNOTE_PADDR_OFFSET, ".quad {base}", base = const DIRECT_MAP_BASE);
xen_note!(XEN_ELFNOTE_ENTRY, ".quad {entry}", entry = sym _start);
xen_note!(XEN_ELFNOTE_HYPERCALL_PAGE, ".quad {page}", page = sym hypercall_page);

global_asm!(
    ".section .note.voxoz, \"a\", @note",
    ".balign 4",
    ".long 6",
    ".long 16",
    ".long 1",
    ".asciz \"Voxoz\"",
    ".balign 4",
    ".globl voxoz_image_note",
    "voxoz_image_note:",
    ".quad 0",
    ".quad 0",
    ".previous",
);
