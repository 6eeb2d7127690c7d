// SPDX-License-Identifier: Apache-2.0
//! What the back end of a network device offers, as its nodes in xenstore say.

use xen_hypervisor_sys::io::netif::{
    NODE_FEATURE_GSO_TCPV4, NODE_FEATURE_GSO_TCPV6, NODE_FEATURE_IPV6_CSUM_OFFLOAD,
    NODE_FEATURE_NO_CSUM_OFFLOAD, NODE_FEATURE_RX_COPY, NODE_FEATURE_SG,
};

use super::packet::{Checksum, GsoKind, Meta, PACKET_MAX};
use crate::xenbus::{Device, Error};
use crate::xenstore::{self, Store};

/// Bytes of the longest packet for a back end that takes one page for each, Ethernet header included.
pub const ETHERNET_MAX: usize = 1514;

/// What a back end can do with packets that are sent to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Offers {
    /// Packets of several pages.
    pub scatter_gather: bool,
    /// It cuts large TCP packets over IPv4.
    pub gso_v4: bool,
    /// It cuts large TCP packets over IPv6.
    pub gso_v6: bool,
    /// It completes checksums over IPv4.
    pub checksum_v4: bool,
    /// It completes checksums over IPv6.
    pub checksum_v6: bool,
}

impl Offers {
    /// Reads what the back end says.
    ///
    /// # Errors
    /// Xenstore's, or [`Error::Unsuitable`]: back ends that hand over their own pages are older than Linux 2.6.
    pub fn read(store: &mut dyn Store, device: &Device) -> Result<Self, Error> {
        let mut has = |node| is_set(store, &device.back(node));
        if !has(NODE_FEATURE_RX_COPY)? {
            return Err(Error::Unsuitable { reason: "the back end does not copy received packets" });
        }
        let scatter_gather = has(NODE_FEATURE_SG)?;
        Ok(Self {
            scatter_gather,
            gso_v4: has(NODE_FEATURE_GSO_TCPV4)? && scatter_gather,
            gso_v6: has(NODE_FEATURE_GSO_TCPV6)? && scatter_gather,
            checksum_v4: !has(NODE_FEATURE_NO_CSUM_OFFLOAD)?,
            checksum_v6: has(NODE_FEATURE_IPV6_CSUM_OFFLOAD)?,
        })
    }

    /// Bytes of the longest packet that may be sent, Ethernet header included.
    #[must_use]
    pub const fn packet_max(&self) -> usize {
        if self.scatter_gather { PACKET_MAX } else { ETHERNET_MAX }
    }

    /// Whether a packet may be sent as it is described.
    #[must_use]
    pub fn allow(&self, meta: Meta) -> bool {
        let cuts = match meta.gso.map(|gso| gso.kind) {
            None => true,
            Some(GsoKind::TcpV4) => self.gso_v4,
            Some(GsoKind::TcpV6) => self.gso_v6,
        };
        cuts && (meta.checksum != Checksum::Blank || self.checksum_v4 || self.checksum_v6)
    }
}

/// A feature that is not spoken of is not there.
fn is_set(store: &mut dyn Store, path: &str) -> Result<bool, xenstore::Error> {
    Ok(store.read_if_exists(path)?.is_some_and(|value| value == b"1"))
}
