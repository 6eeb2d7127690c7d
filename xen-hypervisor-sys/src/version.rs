// SPDX-License-Identifier: Apache-2.0
//! `xen/version.h`: the queries of `xen_version`.

abi! {
    "xen/version.h";

    constants {
        /// Returns the version: major in the high 16 bits, minor in the low. No argument.
        XENVER_VERSION: u32 = 0 => "XENVER_version";
        /// Reads a `XenExtraversion`.
        XENVER_EXTRAVERSION: u32 = 1 => "XENVER_extraversion";
        /// Reads a `XenCompileInfo`.
        XENVER_COMPILE_INFO: u32 = 2 => "XENVER_compile_info";
        /// Reads a `XenCapabilitiesInfo`.
        XENVER_CAPABILITIES: u32 = 3 => "XENVER_capabilities";
        /// Reads a `XenChangesetInfo`.
        XENVER_CHANGESET: u32 = 4 => "XENVER_changeset";
        /// Reads a `XenPlatformParameters`.
        XENVER_PLATFORM_PARAMETERS: u32 = 5 => "XENVER_platform_parameters";
        /// Reads a `XenFeatureInfo`.
        XENVER_GET_FEATURES: u32 = 6 => "XENVER_get_features";
        /// Returns the size of a page in bytes. No argument.
        XENVER_PAGESIZE: u32 = 7 => "XENVER_pagesize";
        /// Reads the handle (UUID) of the domain: 16 bytes.
        XENVER_GUEST_HANDLE: u32 = 8 => "XENVER_guest_handle";
        /// Reads a `XenCommandline` (privileged).
        XENVER_COMMANDLINE: u32 = 9 => "XENVER_commandline";
        /// Reads a `XenBuildId`; without argument, returns its length.
        XENVER_BUILD_ID: u32 = 10 => "XENVER_build_id";
        /// Size of the extra version in bytes.
        XEN_EXTRAVERSION_LEN: usize = 16;
        /// Size of the capabilities in bytes.
        XEN_CAPABILITIES_INFO_LEN: usize = 1024;
        /// Size of the changeset in bytes.
        XEN_CHANGESET_INFO_LEN: usize = 64;
    }

    structs {
        /// Compiler, builder and date of the hypervisor, each a text ended by a zero.
        XenCompileInfo = "struct xen_compile_info" {
            /// The compiler.
            compiler: [u8; 64],
            /// Who compiled.
            compile_by: [u8; 16],
            /// On which domain of the Internet.
            compile_domain: [u8; 32],
            /// When.
            compile_date: [u8; 32],
        }

        /// Where the hypervisor starts.
        XenPlatformParameters = "struct xen_platform_parameters" {
            /// First virtual address of the hypervisor.
            virt_start: u64,
        }

        /// Features of the hypervisor, 32 of them.
        XenFeatureInfo = "struct xen_feature_info" {
            /// In: which 32, below `XENFEAT_NR_SUBMAPS`.
            submap_idx: u32,
            /// Out: one bit for each `XENFEAT_` number.
            submap: u32,
        }

        /// Build identity of the hypervisor.
        XenBuildId = "struct xen_build_id" {
            /// Size of the identity in bytes; the buffer's size before the call.
            len: u32,
            /// The identity starts here.
            buf: [u8; 0],
        }

        /// The part of the version behind major and minor, a text ended by a zero.
        XenExtraversion = "struct { xen_extraversion_t text; }" {
            /// The text.
            text: [u8; XEN_EXTRAVERSION_LEN],
        }

        /// Kinds of guests that the hypervisor runs, separated by spaces, a text ended by a zero.
        XenCapabilitiesInfo = "struct { xen_capabilities_info_t text; }" {
            /// The text.
            text: [u8; XEN_CAPABILITIES_INFO_LEN],
        }

        /// Source revision of the hypervisor, a text ended by a zero.
        XenChangesetInfo = "struct { xen_changeset_info_t text; }" {
            /// The text.
            text: [u8; XEN_CHANGESET_INFO_LEN],
        }

        /// Command line of the hypervisor, a text ended by a zero.
        XenCommandline = "struct { xen_commandline_t text; }" {
            /// The text.
            text: [u8; 1024],
        }
    }
}
