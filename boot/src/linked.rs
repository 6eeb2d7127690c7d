// SPDX-License-Identifier: Apache-2.0
//! What only the linker knows: where the parts of the program lie, and where the packer put the image.
#![expect(unsafe_code, reason = "takes addresses of linker symbols and views the image in place")]

use core::slice;

use kernel::Program;
use kernel::drivers::memory::VirtAddr;
use kernel::program::Stack;

unsafe extern "C" {
    static __text_start: u8;
    static __text_end: u8;
    static __rodata_start: u8;
    static __rodata_end: u8;
    static __build_id_start: u8;
    static __build_id_end: u8;
    static __stack_guard: u8;
    static __stack_top: u8;
    static __fiber_guard: u8;
    static __fiber_top: u8;
    static __second_fiber_guard: u8;
    static __second_fiber_top: u8;
    /// The contents of the note in `notes.rs`: address and length of the image.
    static voxoz_image_note: [u64; 2];
}

/// Header of an ELF note with owner "GNU": three words and the name.
const GNU_NOTE_HEADER: usize = 16;

/// The running program.
pub fn program() -> Program {
    let addresses = [
        &raw const __text_start,
        &raw const __text_end,
        &raw const __rodata_start,
        &raw const __rodata_end,
        &raw const __stack_guard,
        &raw const __stack_top,
        &raw const __fiber_guard,
        &raw const __fiber_top,
        &raw const __second_fiber_guard,
        &raw const __second_fiber_top,
    ];
    let [text, text_end, rodata, rodata_end, stack @ ..] =
        addresses.map(|address| VirtAddr(address as usize));
    let [guard, top, first_guard, first_top, second_guard, second_top] = stack;
    Program {
        text: text..text_end,
        rodata: rodata..rodata_end,
        stack: Stack { guard, top },
        fibers: [
            Stack { guard: first_guard, top: first_top },
            Stack { guard: second_guard, top: second_top },
        ],
        image: image(),
        build_id: build_id(),
    }
}

/// The image that was packed into this ELF file; empty where none was.
fn image() -> &'static [u8] {
    // SAFETY: the note lies in read-only memory and was written by the packer before the kernel ran. The read is volatile because
    // the compiler must not take the zeros of the source for its value.
    let [address, length] = unsafe { (&raw const voxoz_image_note).read_volatile() };
    if address == 0 {
        return &[];
    }
    // SAFETY: the packer adds a segment with exactly this range to the ELF file, and Xen has loaded it.
    unsafe { slice::from_raw_parts(address as *const u8, length as usize) }
}

/// The linker's hash over the program.
fn build_id() -> &'static [u8] {
    let (start, end) = (&raw const __build_id_start, &raw const __build_id_end);
    let length = end.addr() - start.addr();
    // SAFETY: the linker script puts the whole note, loaded and read-only, between the two symbols.
    let note = unsafe { slice::from_raw_parts(start, length) };
    note.get(GNU_NOTE_HEADER..).unwrap_or(&[])
}
