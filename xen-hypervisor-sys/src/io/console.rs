// SPDX-License-Identifier: Apache-2.0
//! `xen/io/console.h`: the page of the PV console.
//!
//! Indices run freely and wrap at 2^32; the place of an index is its remainder by the size of the ring. A
//! console of the xenstore kind (any but the first) also has a state, see [`crate::io::xenbus::XenbusState`].

abi! {
    "xen/io/console.h";

    constants {
        /// Size of the ring for input to the guest, in bytes.
        XENCONS_IN_SIZE: usize = 1024 => "sizeof(((struct xencons_interface *)0)->in)";
        /// Size of the ring for output of the guest, in bytes.
        XENCONS_OUT_SIZE: usize = 2048 => "sizeof(((struct xencons_interface *)0)->out)";
    }

    structs {
        /// The console page.
        XenconsInterface = "struct xencons_interface" {
            /// Input to the guest.
            r#in: [u8; XENCONS_IN_SIZE],
            /// Output of the guest.
            out: [u8; XENCONS_OUT_SIZE],
            /// Index of the next input byte to read, written by the guest.
            in_cons: u32,
            /// Index after the last input byte, written by the back end.
            in_prod: u32,
            /// Index of the next output byte to read, written by the back end.
            out_cons: u32,
            /// Index after the last output byte, written by the guest.
            out_prod: u32,
        }
    }
}
