// SPDX-License-Identifier: Apache-2.0
//! `xen/io/netif.h`: the network protocol. Requests, responses, extra information, the control ring, and the
//! names of the xenstore nodes.

/// Node that every front end writes and the header does not list: `1`, the back end copies received packets.
pub const NODE_REQUEST_RX_COPY: &str = "request-rx-copy";
/// Node of the back end that the header does not list: it can copy received packets.
pub const NODE_FEATURE_RX_COPY: &str = "feature-rx-copy";
/// Node of both ends that the header does not list: packets of several fragments are welcome.
pub const NODE_FEATURE_SG: &str = "feature-sg";
/// Node of both ends that the header does not list: hardware address of the front end, as `xx:xx:xx:xx:xx:xx`.
pub const NODE_MAC: &str = "mac";

abi! {
    "xen/io/netif.h";

    // Xenstore nodes.
    nodes {
        /// Front end: grant reference of the transmit ring.
        NODE_TX_RING_REF = "tx-ring-ref";
        /// Front end: grant reference of the receive ring.
        NODE_RX_RING_REF = "rx-ring-ref";
        /// Front end: event channel of both rings.
        NODE_EVENT_CHANNEL = "event-channel";
        /// Front end: event channel of the transmit ring, if the two are split.
        NODE_EVENT_CHANNEL_TX = "event-channel-tx";
        /// Front end: event channel of the receive ring, if the two are split.
        NODE_EVENT_CHANNEL_RX = "event-channel-rx";
        /// Back end: the event channels may be split.
        NODE_FEATURE_SPLIT_EVENT_CHANNELS = "feature-split-event-channels";
        /// Front end: it sends an event when it adds receive buffers.
        NODE_FEATURE_RX_NOTIFY = "feature-rx-notify";
        /// Both ends: no checksum offload for IPv4.
        NODE_FEATURE_NO_CSUM_OFFLOAD = "feature-no-csum-offload";
        /// Both ends: checksum offload for IPv6.
        NODE_FEATURE_IPV6_CSUM_OFFLOAD = "feature-ipv6-csum-offload";
        /// Both ends: large TCP packets over IPv4.
        NODE_FEATURE_GSO_TCPV4 = "feature-gso-tcpv4";
        /// Both ends: large TCP packets over IPv6.
        NODE_FEATURE_GSO_TCPV6 = "feature-gso-tcpv6";
        /// Back end: it can filter multicast.
        NODE_FEATURE_MULTICAST_CONTROL = "feature-multicast-control";
        /// Back end: the filter may be asked for while connected.
        NODE_FEATURE_DYNAMIC_MULTICAST_CONTROL = "feature-dynamic-multicast-control";
        /// Front end: it asks for the filter.
        NODE_REQUEST_MULTICAST_CONTROL = "request-multicast-control";
        /// Back end: highest number of queues.
        NODE_MULTI_QUEUE_MAX_QUEUES = "multi-queue-max-queues";
        /// Front end: number of queues.
        NODE_MULTI_QUEUE_NUM_QUEUES = "multi-queue-num-queues";
        /// Back end: it knows the control ring.
        NODE_FEATURE_CTRL_RING = "feature-ctrl-ring";
        /// Front end: grant reference of the control ring.
        NODE_CTRL_RING_REF = "ctrl-ring-ref";
        /// Front end: event channel of the control ring.
        NODE_EVENT_CHANNEL_CTRL = "event-channel-ctrl";
        /// Back end: `0` if the link is down.
        NODE_CARRIER = "carrier";
        /// Front end, from the tools: longest packet in bytes; 1500 without it.
        NODE_MTU = "mtu";
        /// Front end, from the tools: `0` if the back end shall not be trusted.
        NODE_TRUSTED = "trusted";
    }

    constants {
        /// Slots that every back end accepts for one packet.
        XEN_NETIF_NR_SLOTS_MIN: usize = 18;
        /// Longest packet to transmit, in bytes.
        XEN_NETIF_MAX_TX_SIZE: u16 = 0xffff;
        /// Entries of a transmit ring of one page.
        NETIF_TX_RING_SIZE: u32 = super::ring::const_ring_size::<NetifTxRequest, NetifTxResponse>(4096)
            => "__CONST_RING_SIZE(netif_tx, 4096)";
        /// Entries of a receive ring of one page.
        NETIF_RX_RING_SIZE: u32 = super::ring::const_ring_size::<NetifRxRequest, NetifRxResponse>(4096)
            => "__CONST_RING_SIZE(netif_rx, 4096)";
        /// Entries of a control ring of one page.
        XEN_NETIF_CTRL_RING_SIZE: u32 =
            super::ring::const_ring_size::<XenNetifCtrlRequest, XenNetifCtrlResponse>(4096)
            => "__CONST_RING_SIZE(xen_netif_ctrl, 4096)";
    }

    // Flags of a transmit request.
    constants {
        /// The checksum is left to the other end or to hardware.
        NETTXF_CSUM_BLANK: u16 = 1 => "NETTXF_csum_blank";
        /// The data is known to be intact.
        NETTXF_DATA_VALIDATED: u16 = 2 => "NETTXF_data_validated";
        /// The packet goes on in the next request.
        NETTXF_MORE_DATA: u16 = 4 => "NETTXF_more_data";
        /// Extra information follows.
        NETTXF_EXTRA_INFO: u16 = 8 => "NETTXF_extra_info";
    }

    // Flags of a receive response.
    constants {
        /// The data is known to be intact.
        NETRXF_DATA_VALIDATED: u16 = 1 => "NETRXF_data_validated";
        /// The checksum is blank in the packet.
        NETRXF_CSUM_BLANK: u16 = 2 => "NETRXF_csum_blank";
        /// The packet goes on in the next response.
        NETRXF_MORE_DATA: u16 = 4 => "NETRXF_more_data";
        /// Extra information follows.
        NETRXF_EXTRA_INFO: u16 = 8 => "NETRXF_extra_info";
        /// The response holds a segment size instead of data.
        NETRXF_GSO_PREFIX: u16 = 16 => "NETRXF_gso_prefix";
    }

    // Status of a response; a receive response has a size in bytes there if it is not negative.
    constants {
        /// The packet was dropped.
        NETIF_RSP_DROPPED: i16 = -2;
        /// The packet failed.
        NETIF_RSP_ERROR: i16 = -1;
        /// Done.
        NETIF_RSP_OKAY: i16 = 0;
        /// No response: the request was a slot of extra information.
        NETIF_RSP_NULL: i16 = 1;
    }

    // Extra information.
    constants {
        /// Nothing.
        XEN_NETIF_EXTRA_TYPE_NONE: u8 = 0;
        /// Segmentation.
        XEN_NETIF_EXTRA_TYPE_GSO: u8 = 1;
        /// Adds a multicast address to the filter.
        XEN_NETIF_EXTRA_TYPE_MCAST_ADD: u8 = 2;
        /// Removes a multicast address from the filter.
        XEN_NETIF_EXTRA_TYPE_MCAST_DEL: u8 = 3;
        /// Hash of the packet.
        XEN_NETIF_EXTRA_TYPE_HASH: u8 = 4;
        /// Number of types.
        XEN_NETIF_EXTRA_TYPE_MAX: u8 = 5;
        /// More extra information follows.
        XEN_NETIF_EXTRA_FLAG_MORE: u8 = 1;
        /// No segmentation.
        XEN_NETIF_GSO_TYPE_NONE: u8 = 0;
        /// TCP over IPv4.
        XEN_NETIF_GSO_TYPE_TCPV4: u8 = 1;
        /// TCP over IPv6.
        XEN_NETIF_GSO_TYPE_TCPV6: u8 = 2;
    }

    // Hashes, for the control ring.
    constants {
        /// Flag: over the addresses of IPv4.
        XEN_NETIF_CTRL_HASH_TYPE_IPV4: u32 = 1;
        /// Flag: over addresses and ports of TCP over IPv4.
        XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP: u32 = 2;
        /// Flag: over the addresses of IPv6.
        XEN_NETIF_CTRL_HASH_TYPE_IPV6: u32 = 4;
        /// Flag: over addresses and ports of TCP over IPv6.
        XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP: u32 = 8;
        /// No hash.
        XEN_NETIF_CTRL_HASH_ALGORITHM_NONE: u32 = 0;
        /// Toeplitz hash.
        XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ: u32 = 1;
    }

    // XenNetifCtrlRequest::type.
    constants {
        /// No request.
        XEN_NETIF_CTRL_TYPE_INVALID: u16 = 0;
        /// Asks for the hash types that the back end knows.
        XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS: u16 = 1;
        /// Sets the hash types to use.
        XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS: u16 = 2;
        /// Sets the key of the hash.
        XEN_NETIF_CTRL_TYPE_SET_HASH_KEY: u16 = 3;
        /// Asks for the largest size of the table from hash to queue.
        XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE: u16 = 4;
        /// Sets the size of that table.
        XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE: u16 = 5;
        /// Sets entries of that table.
        XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING: u16 = 6;
        /// Sets the algorithm.
        XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM: u16 = 7;
        /// Asks for the number of grants that can stay mapped.
        XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE: u16 = 8;
        /// Has grants mapped for good.
        XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING: u16 = 9;
        /// Has such grants unmapped.
        XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING: u16 = 10;
        /// Status: done.
        XEN_NETIF_CTRL_STATUS_SUCCESS: u32 = 0;
        /// Status: not supported.
        XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED: u32 = 1;
        /// Status: invalid parameter.
        XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER: u32 = 2;
        /// Status: the data has no space.
        XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW: u32 = 3;
        /// Flag of `XenNetifGref`: reading only.
        XEN_NETIF_CTRLF_GREF_READONLY: u16 = 1 => "XEN_NETIF_CTRLF_GREF_readonly";
    }

    structs {
        /// Request to transmit a packet or a fragment of one.
        NetifTxRequest = "struct netif_tx_request" {
            /// Grant reference of the page.
            gref: u32,
            /// First byte in the page.
            offset: u16,
            /// `NETTXF_` flags.
            flags: u16,
            /// Number of the request, returned in the response.
            id: u16,
            /// Bytes: of the whole packet in its first request, else of the fragment.
            size: u16,
        }

        /// Response to a transmit request.
        NetifTxResponse = "struct netif_tx_response" {
            /// Number of the request.
            id: u16,
            /// `NETIF_RSP_` status.
            status: i16,
        }

        /// Request that hands a page to the back end to receive into.
        NetifRxRequest = "struct netif_rx_request" {
            /// Number of the request, returned in the response.
            id: u16,
            /// Zero.
            pad: u16,
            /// Grant reference of the page.
            gref: u32,
        }

        /// Response that brings a packet or a fragment of one.
        NetifRxResponse = "struct netif_rx_response" {
            /// Number of the request.
            id: u16,
            /// First byte in the page.
            offset: u16,
            /// `NETRXF_` flags.
            flags: u16,
            /// Size in bytes, or negative: `NETIF_RSP_` status.
            status: i16,
        }

        /// Extra information in a slot of its own: what all kinds have in common.
        NetifExtraInfo = "struct netif_extra_info" {
            /// `XEN_NETIF_EXTRA_TYPE_` number.
            r#type: u8,
            /// `XEN_NETIF_EXTRA_FLAG_` flags.
            flags: u8,
            /// Union in C; the structures that follow here are its forms.
            u: [u16; 3],
        }

        /// Extra information about segmentation.
        NetifExtraGso = "struct netif_extra_info" {
            /// `XEN_NETIF_EXTRA_TYPE_GSO`.
            r#type: u8,
            /// `XEN_NETIF_EXTRA_FLAG_` flags.
            flags: u8,
            /// Largest payload of a segment in bytes.
            size: u16 => "u.gso.size",
            /// `XEN_NETIF_GSO_TYPE_` number.
            gso_type: u8 => "u.gso.type",
            /// Zero.
            pad: u8 => "u.gso.pad",
            /// Zero: no further features are defined.
            features: u16 => "u.gso.features",
        }

        /// Extra information that adds or removes a multicast address.
        #[repr(align(2))]
        NetifExtraMcast = "struct netif_extra_info" {
            /// `XEN_NETIF_EXTRA_TYPE_MCAST_ADD` or `XEN_NETIF_EXTRA_TYPE_MCAST_DEL`.
            r#type: u8,
            /// `XEN_NETIF_EXTRA_FLAG_` flags.
            flags: u8,
            /// The address.
            addr: [u8; 6] => "u.mcast.addr",
        }

        /// Extra information about the hash of a packet.
        #[repr(align(2))]
        NetifExtraHash = "struct netif_extra_info" {
            /// `XEN_NETIF_EXTRA_TYPE_HASH`.
            r#type: u8,
            /// `XEN_NETIF_EXTRA_FLAG_` flags.
            flags: u8,
            /// Bit number of the hash type.
            hash_type: u8 => "u.hash.type",
            /// `XEN_NETIF_CTRL_HASH_ALGORITHM_` number.
            algorithm: u8 => "u.hash.algorithm",
            /// The hash, lowest byte first.
            value: [u8; 4] => "u.hash.value",
        }

        /// Request on the control ring.
        XenNetifCtrlRequest = "struct xen_netif_ctrl_request" {
            /// Number of the request, returned in the response.
            id: u16,
            /// `XEN_NETIF_CTRL_TYPE_` number.
            r#type: u16,
            /// Arguments.
            data: [u32; 3],
        }

        /// Response on the control ring.
        XenNetifCtrlResponse = "struct xen_netif_ctrl_response" {
            /// Number of the request.
            id: u16,
            /// Its type.
            r#type: u16,
            /// `XEN_NETIF_CTRL_STATUS_` number.
            status: u32,
            /// Result.
            data: u32,
        }

        /// One grant to be mapped for good.
        XenNetifGref = "struct xen_netif_gref" {
            /// Grant reference.
            r#ref: u32,
            /// `XEN_NETIF_CTRLF_` flags.
            flags: u16,
            /// Out: `XEN_NETIF_CTRL_STATUS_` number.
            status: u16,
        }
    }
}
