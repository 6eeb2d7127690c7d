// SPDX-License-Identifier: Apache-2.0
//! Names of services that programs ask for, where there is no `/etc/services`: those of IANA's registry that Erlang programs use.

use alloc::vec::Vec;

/// Name, port, and the protocols that have it.
const SERVICES: &[(&str, u16, &[&str])] = &[
    ("echo", 7, &["tcp", "udp"]),
    ("discard", 9, &["tcp", "udp"]),
    ("daytime", 13, &["tcp", "udp"]),
    ("ftp-data", 20, &["tcp"]),
    ("ftp", 21, &["tcp"]),
    ("ssh", 22, &["tcp"]),
    ("telnet", 23, &["tcp"]),
    ("smtp", 25, &["tcp"]),
    ("time", 37, &["tcp", "udp"]),
    ("domain", 53, &["tcp", "udp"]),
    ("tftp", 69, &["udp"]),
    ("http", 80, &["tcp"]),
    ("pop3", 110, &["tcp"]),
    ("ntp", 123, &["udp"]),
    ("snmp", 161, &["tcp", "udp"]),
    ("snmp-trap", 162, &["tcp", "udp"]),
    ("ldap", 389, &["tcp", "udp"]),
    ("https", 443, &["tcp", "udp"]),
    ("syslog", 514, &["udp"]),
    ("imaps", 993, &["tcp"]),
    ("epmd", 4369, &["tcp"]),
];

fn has(protocols: &[&str], protocol: &[u8]) -> bool {
    protocol.is_empty() || protocols.iter().any(|one| one.as_bytes() == protocol)
}

/// The port of a service.
pub fn port(name: &[u8], protocol: &[u8]) -> Option<u16> {
    let is_it =
        |(one, _, protocols): &&(&str, u16, &[&str])| one.as_bytes() == name && has(protocols, protocol);
    SERVICES.iter().find(is_it).map(|(_, port, _)| *port)
}

/// The service of a port.
pub fn name(port: u16, protocol: &[u8]) -> Option<Vec<u8>> {
    let is_it = |(_, one, protocols): &&(&str, u16, &[&str])| *one == port && has(protocols, protocol);
    SERVICES.iter().find(is_it).map(|(name, _, _)| name.as_bytes().to_vec())
}
