// SPDX-License-Identifier: Apache-2.0
//! The flags of the network, as LING had them: `-ipaddr`, `-netmask`, `-gateway`, `-dns`, `-dhcp`, `-hostname`.
//!
//! The first `-ipaddr` is of the first vif, the second of the second, and so on, each with the mask and the router that follow it. A vif of
//! which nothing is said asks a DHCP server.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

use net::Configuration;

/// What is said of one vif.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Address {
    ip: IpAddr,
    prefix: u8,
    gateway: Option<IpAddr>,
}

/// What is said of the network.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NetworkFlags {
    addresses: Vec<Option<Address>>,
    /// Name servers.
    pub name_servers: Vec<IpAddr>,
    /// The name of this host, if it is not the domain's.
    pub host_name: Option<String>,
}

impl NetworkFlags {
    /// Whether a word is one of the flags.
    #[must_use]
    pub fn knows(word: &str) -> bool {
        matches!(word, "-ipaddr" | "-netmask" | "-gateway" | "-dns" | "-dhcp" | "-hostname")
    }

    /// Takes a flag, and its value from the words that follow.
    ///
    /// # Errors
    /// What is wrong with the value, in words.
    pub fn take(&mut self, flag: &str, words: &mut dyn Iterator<Item = String>) -> Result<(), String> {
        if flag == "-dhcp" {
            self.addresses.push(None);
            return Ok(());
        }
        let value = words.next().unwrap_or_default();
        let wrong = |needs: &str| format!("{flag} {value}: it needs {needs}");
        let address = || value.parse::<IpAddr>().map_err(|_| wrong("an IP address"));
        match flag {
            "-ipaddr" => {
                let (ip, prefix) = match value.split_once('/') {
                    Some((ip, prefix)) => (ip.parse().ok(), prefix.parse().ok()),
                    None => (value.parse().ok(), Some(0)),
                };
                let parsed: Option<(IpAddr, u8)> = ip.zip(prefix);
                let (ip, prefix) =
                    parsed.ok_or_else(|| wrong("an IP address, with /PREFIX or followed by -netmask"))?;
                let usual = if ip.is_ipv4() { 24 } else { 64 };
                let prefix = if prefix == 0 { usual } else { prefix };
                if prefix > if ip.is_ipv4() { 32 } else { 128 } {
                    return Err(wrong("a prefix that is not longer than the address"));
                }
                self.addresses.push(Some(Address { ip, prefix, gateway: None }));
            }
            "-netmask" => {
                let mask: Ipv4Addr = value.parse().map_err(|_| wrong("a mask such as 255.255.255.0"))?;
                let prefix = mask.to_bits().leading_ones();
                if mask.to_bits().checked_shl(prefix).unwrap_or(0) != 0 {
                    return Err(wrong("a mask whose ones come first"));
                }
                self.last(flag)?.prefix = prefix as u8;
            }
            "-gateway" => self.last(flag)?.gateway = Some(address()?),
            "-dns" => self.name_servers.push(address()?),
            _ => self.host_name = Some(value),
        }
        Ok(())
    }

    fn last(&mut self, flag: &str) -> Result<&mut Address, String> {
        let last = self.addresses.last_mut().and_then(Option::as_mut);
        last.ok_or_else(|| format!("{flag}: it has to follow the -ipaddr that it is about"))
    }

    /// What is said of a vif.
    #[must_use]
    pub fn configuration(&self, vif: usize) -> Configuration {
        match self.addresses.get(vif) {
            Some(Some(address)) => Configuration::Static {
                addresses: vec![(address.ip, address.prefix)],
                gateways: address.gateway.into_iter().collect(),
            },
            Some(None) | None => Configuration::Dhcp,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(line: &str) -> Result<NetworkFlags, String> {
        let mut flags = NetworkFlags::default();
        let mut words = line.split_whitespace().map(String::from);
        while let Some(word) = words.next() {
            assert!(NetworkFlags::knows(&word), "{word}");
            flags.take(&word, &mut words)?;
        }
        Ok(flags)
    }

    #[test]
    fn flags_are_of_the_vif_before_them() {
        let flags = take(
            "-ipaddr 10.0.2.140 -netmask 255.255.255.128 -gateway 10.0.2.129 -dns 10.0.2.3 -dhcp -ipaddr fd00::5/48 -hostname box",
        )
        .expect("flags");
        let static_of = |ip: &str, prefix, gateway: Option<&str>| Configuration::Static {
            addresses: vec![(ip.parse().expect("an address"), prefix)],
            gateways: gateway.map(|ip| ip.parse().expect("an address")).into_iter().collect(),
        };
        assert_eq!(flags.configuration(0), static_of("10.0.2.140", 25, Some("10.0.2.129")));
        assert_eq!(flags.configuration(1), Configuration::Dhcp);
        assert_eq!(flags.configuration(2), static_of("fd00::5", 48, None));
        assert_eq!(flags.configuration(3), Configuration::Dhcp, "nothing is said of it");
        assert_eq!((flags.name_servers.len(), flags.host_name.as_deref()), (1, Some("box")));
        assert_eq!(
            take("-ipaddr 10.0.0.1").expect("flags").configuration(0),
            static_of("10.0.0.1", 24, None)
        );
    }

    #[test]
    fn bad_values_are_named() {
        for line in [
            "-ipaddr",
            "-ipaddr ten",
            "-ipaddr 10.0.0.1/33",
            "-netmask 255.255.255.0",
            "-ipaddr 10.0.0.1 -netmask 255.0.255.0",
            "-dhcp -gateway 10.0.0.1",
            "-dns here",
        ] {
            let error = take(line).expect_err(line);
            assert!(error.starts_with('-'), "{error}");
        }
    }
}
