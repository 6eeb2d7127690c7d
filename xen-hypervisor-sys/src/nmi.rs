// SPDX-License-Identifier: Apache-2.0
//! `xen/nmi.h`: non-maskable interrupts.

abi! {
    "xen/nmi.h";

    constants {
        /// Registers a handler.
        XENNMI_REGISTER_CALLBACK: u32 = 0 => "XENNMI_register_callback";
        /// Removes the handler. No argument.
        XENNMI_UNREGISTER_CALLBACK: u32 = 1 => "XENNMI_unregister_callback";
        /// Bit of `ArchSharedInfo::nmi_reason`: an I/O check.
        XEN_NMIREASON_IO_ERROR: u64 = 1 => "XEN_NMIREASON_io_error";
        /// Bit of `ArchSharedInfo::nmi_reason`: a PCI system error.
        XEN_NMIREASON_PCI_SERR: u64 = 2 => "XEN_NMIREASON_pci_serr";
        /// Bit of `ArchSharedInfo::nmi_reason`: unknown.
        XEN_NMIREASON_UNKNOWN: u64 = 4 => "XEN_NMIREASON_unknown";
    }

    structs {
        /// Argument of `XENNMI_REGISTER_CALLBACK`.
        XennmiCallback = "struct xennmi_callback" {
            /// Address of the handler.
            handler_address: u64,
            /// Zero.
            pad: u64,
        }
    }
}
