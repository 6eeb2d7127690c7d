// SPDX-License-Identifier: Apache-2.0
//! `xen/io/xs_wire.h`: the xenstore protocol and its ring page.

/// One error of the protocol: a reply of type [`XS_ERROR`] carries the name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct XsdError {
    /// Error number, positive.
    pub errnum: i32,
    /// Name, e.g. `ENOENT`, without the zero that ends it on the wire.
    pub errstring: &'static str,
}

/// Section of the error table: `NUMBER "NAME";`.
macro_rules! xsd_errors {
    (define $($errnum:literal $errstring:literal;)*) => {
        /// All errors that a xenstore server may reply with.
        ///
        /// C: `xsd_errors`.
        pub const XSD_ERRORS: &[XsdError] = &[$(XsdError { errnum: $errnum, errstring: $errstring }),*];
    };
    (rows $($errnum:literal $errstring:literal;)*) => {
        &[
            $crate::layout::Row::Constant {
                name: "XSD_ERRORS.len()",
                c: "sizeof(xsd_errors) / sizeof(xsd_errors[0])",
                value: XSD_ERRORS.len() as i128,
            },
            $($crate::layout::Row::Constant {
                name: concat!("XSD_ERRORS ", $errstring),
                c: concat!("xsd_errnum(\"", $errstring, "\")"),
                value: $errnum,
            }),*
        ]
    };
}

abi! {
    "xen/io/xs_wire.h";

    // XsdSockmsg::type.
    constants {
        /// Speaks to the server itself (privileged).
        XS_CONTROL: u32 = 0;
        /// Older name of `XS_CONTROL`.
        XS_DEBUG: u32 = 0;
        /// Lists the children of a node.
        XS_DIRECTORY: u32 = 1;
        /// Reads a node.
        XS_READ: u32 = 2;
        /// Reads the permissions of a node.
        XS_GET_PERMS: u32 = 3;
        /// Watches a node and all below it.
        XS_WATCH: u32 = 4;
        /// Ends a watch.
        XS_UNWATCH: u32 = 5;
        /// Starts a transaction.
        XS_TRANSACTION_START: u32 = 6;
        /// Commits or aborts a transaction.
        XS_TRANSACTION_END: u32 = 7;
        /// Tells the server about a new domain (privileged).
        XS_INTRODUCE: u32 = 8;
        /// Tells the server that a domain is gone (privileged).
        XS_RELEASE: u32 = 9;
        /// Asks for the path of a domain.
        XS_GET_DOMAIN_PATH: u32 = 10;
        /// Writes a node.
        XS_WRITE: u32 = 11;
        /// Makes a node with an empty value.
        XS_MKDIR: u32 = 12;
        /// Removes a node and all below it.
        XS_RM: u32 = 13;
        /// Sets the permissions of a node.
        XS_SET_PERMS: u32 = 14;
        /// From the server: a watch fired.
        XS_WATCH_EVENT: u32 = 15;
        /// From the server: the request failed.
        XS_ERROR: u32 = 16;
        /// Asks whether the server knows a domain.
        XS_IS_DOMAIN_INTRODUCED: u32 = 17;
        /// Tells the server that a domain resumed (privileged).
        XS_RESUME: u32 = 18;
        /// Gives a domain the rights of another (privileged).
        XS_SET_TARGET: u32 = 19;
        /// Ends all watches and transactions of the caller.
        XS_RESET_WATCHES: u32 = 21;
        /// Lists the children of a node in parts.
        XS_DIRECTORY_PART: u32 = 22;
        /// Number of types.
        XS_TYPE_COUNT: u32 = 23;
        /// No type.
        XS_INVALID: u32 = 0xffff;
    }

    texts {
        /// Older mode of a write: the node must exist.
        XS_WRITE_NONE = "NONE";
        /// Older mode of a write: the node is made if it does not exist.
        XS_WRITE_CREATE = "CREATE";
        /// Older mode of a write: the node must not exist.
        XS_WRITE_CREATE_EXCL = "CREATE|EXCL";
    }

    xsd_errors {
        22 "EINVAL";
        13 "EACCES";
        17 "EEXIST";
        21 "EISDIR";
        2 "ENOENT";
        12 "ENOMEM";
        28 "ENOSPC";
        5 "EIO";
        39 "ENOTEMPTY";
        38 "ENOSYS";
        30 "EROFS";
        16 "EBUSY";
        11 "EAGAIN";
        106 "EISCONN";
        7 "E2BIG";
        1 "EPERM";
    }

    constants {
        /// Index of the path among the texts of a watch event.
        XS_WATCH_PATH: usize = 0;
        /// Index of the token among the texts of a watch event.
        XS_WATCH_TOKEN: usize = 1;
        /// Size of each of the two rings in bytes.
        XENSTORE_RING_SIZE: usize = 1024;
        /// Longest payload of a message in bytes; a server drops the connection of who sends more.
        XENSTORE_PAYLOAD_MAX: usize = 4096;
        /// Longest absolute path in bytes, without the terminating zero.
        XENSTORE_ABS_PATH_MAX: usize = 3072;
        /// Longest relative path in bytes, without the terminating zero.
        XENSTORE_REL_PATH_MAX: usize = 2048;
    }

    // Fields of XenstoreDomainInterface.
    constants {
        /// Bit of `server_features`: the ring can be reconnected.
        XENSTORE_SERVER_FEATURE_RECONNECTION: u32 = 1;
        /// Bit of `server_features`: the server reports errors in `error`.
        XENSTORE_SERVER_FEATURE_ERROR: u32 = 2;
        /// `connection`: in use.
        XENSTORE_CONNECTED: u32 = 0;
        /// `connection`: the guest asks to start afresh and waits for `XENSTORE_CONNECTED`.
        XENSTORE_RECONNECT: u32 = 1;
        /// `error`: none.
        XENSTORE_ERROR_NONE: u32 = 0;
        /// `error`: communication with the server failed.
        XENSTORE_ERROR_COMM: u32 = 1;
        /// `error`: an index of the ring is invalid.
        XENSTORE_ERROR_RINGIDX: u32 = 2;
        /// `error`: the guest broke the protocol.
        XENSTORE_ERROR_PROTO: u32 = 3;
    }

    structs {
        /// Header of every message, followed by `len` bytes of payload.
        XsdSockmsg = "struct xsd_sockmsg" {
            /// `XS_` type.
            r#type: u32,
            /// Number of the request, returned in the reply.
            req_id: u32,
            /// Number of the transaction, zero outside of one.
            tx_id: u32,
            /// Size of the payload in bytes.
            len: u32,
        }

        /// The xenstore page.
        XenstoreDomainInterface = "struct xenstore_domain_interface" {
            /// Requests to the server.
            req: [u8; XENSTORE_RING_SIZE],
            /// Replies and watch events.
            rsp: [u8; XENSTORE_RING_SIZE],
            /// Index of the next request byte to read, written by the server.
            req_cons: u32,
            /// Index after the last request byte, written by the guest.
            req_prod: u32,
            /// Index of the next reply byte to read, written by the guest.
            rsp_cons: u32,
            /// Index after the last reply byte, written by the server.
            rsp_prod: u32,
            /// `XENSTORE_SERVER_FEATURE_` bits.
            server_features: u32,
            /// `XENSTORE_CONNECTED` or `XENSTORE_RECONNECT`.
            connection: u32,
            /// `XENSTORE_ERROR_` number.
            error: u32,
        }
    }
}
