// SPDX-License-Identifier: Apache-2.0
//! `xen/io/protocols.h`: names of the layouts in which front ends of different machines put their requests.

abi! {
    "xen/io/protocols.h";

    texts {
        /// Layout of 32-bit x86.
        XEN_IO_PROTO_ABI_X86_32 = "x86_32-abi";
        /// Layout of 64-bit x86.
        XEN_IO_PROTO_ABI_X86_64 = "x86_64-abi";
        /// Layout of Arm.
        XEN_IO_PROTO_ABI_ARM = "arm-abi";
        /// Layout of this crate: 64-bit x86.
        XEN_IO_PROTO_ABI_NATIVE = "x86_64-abi";
    }
}
