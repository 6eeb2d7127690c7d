// SPDX-License-Identifier: Apache-2.0
//! Addresses of the bench.
//!
//! QEMU's user network is 10.0.2.0/24 with its gateway at .2 and its name server at .3. dom0 is .15 there. The upper half of
//! the same network, 10.0.2.128/25, is behind dom0 on the bridge `xenbr0`: dom0 routes, and answers ARP for that half
//! towards QEMU. So QEMU can forward a port of the host straight to a guest's address, guests reach the world, and
//! QEMU's own DHCP server, which has 16 leases, is never asked: dom0's `udhcpd` serves the bridge.

use std::net::Ipv4Addr;

use crate::LabError;

/// The bridge that guests' vifs join: `vif = ["bridge=xenbr0"]`.
pub const BRIDGE: &str = "xenbr0";
/// dom0's address on the bridge: the guests' gateway and DHCP server.
pub const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 129);
/// Prefix length of the guests' network.
pub const PREFIX: u8 = 25;
/// The name server that DHCP names.
pub const DNS: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 3);
/// The host, as guests see it.
pub const HOST: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 2);
/// dom0's address on QEMU's network.
pub const DOM0: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 15);
/// First and last octet of the addresses that [`mac`] reserves, one for each Ethernet address.
pub const RESERVED: (u8, u8) = (130, 199);
/// First and last octet of the addresses that any other vif gets by DHCP.
pub const POOL: (u8, u8) = (200, 250);

/// Returns the Ethernet address whose vif gets `address` by DHCP, always: `vif = ["bridge=xenbr0,mac=…"]`.
pub fn mac(address: Ipv4Addr) -> Result<String, LabError> {
    match address.octets() {
        [10, 0, 2, host] if (RESERVED.0..=RESERVED.1).contains(&host) => {
            Ok(format!("00:16:3e:00:00:{host:02x}"))
        }
        _ => {
            let (first, last) = RESERVED;
            Err(LabError::Argument(format!("{address} is not one of 10.0.2.{first} to 10.0.2.{last}")))
        }
    }
}

/// Returns dom0's `udhcpd.conf`.
pub(crate) fn udhcpd_conf() -> String {
    let mut conf = format!(
        "start 10.0.2.{}\nend 10.0.2.{}\ninterface {BRIDGE}\nlease_file /run/udhcpd.leases\npidfile /run/udhcpd.pid\n\
         opt subnet 255.255.255.128\nopt router {GATEWAY}\nopt dns {DNS}\nopt lease 86400\n",
        POOL.0, POOL.1
    );
    for host in RESERVED.0..=RESERVED.1 {
        conf += &format!("static_lease 00:16:3e:00:00:{host:02x} 10.0.2.{host}\n");
    }
    conf
}

/// Returns the shell variables that dom0's start script takes its network from.
pub(crate) fn shell_variables() -> String {
    format!("bridge={BRIDGE}\ngateway={GATEWAY}\nprefix={PREFIX}\ndom0={DOM0}\nhost={HOST}\n")
}
