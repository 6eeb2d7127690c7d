// SPDX-License-Identifier: Apache-2.0
//! Names of services: `/etc/services` (`services(5)`).

use std::fs;

const FILE: &str = "/etc/services";

/// A line: a name, a port with its protocol, other names.
struct Service<'a> {
    name: &'a str,
    port: u16,
    protocol: &'a str,
    others: Vec<&'a str>,
}

fn parse(line: &str) -> Option<Service<'_>> {
    let text = line.split('#').next()?;
    let mut words = text.split_ascii_whitespace();
    let name = words.next()?;
    let (port, protocol) = words.next()?.split_once('/')?;
    Some(Service { name, port: port.parse().ok()?, protocol, others: words.collect() })
}

/// What the first line gives that is wanted. No protocol is any.
fn find<R>(protocol: &[u8], take: impl Fn(&Service<'_>) -> Option<R>) -> Option<R> {
    let text = fs::read_to_string(FILE).ok()?;
    let is_wanted = |service: &Service<'_>| protocol.is_empty() || service.protocol.as_bytes() == protocol;
    text.lines().filter_map(parse).filter(is_wanted).find_map(|service| take(&service))
}

/// The port of a service.
pub fn port(name: &[u8], protocol: &[u8]) -> Option<u16> {
    find(protocol, |service| {
        let mut names = core::iter::once(&service.name).chain(&service.others);
        names.any(|one| one.as_bytes() == name).then_some(service.port)
    })
}

/// The service of a port.
pub fn name(port: u16, protocol: &[u8]) -> Option<Vec<u8>> {
    find(protocol, |service| (service.port == port).then(|| service.name.as_bytes().to_vec()))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_line_is_a_name_a_port_and_other_names() {
        let service = parse("http\t\t80/tcp\t\twww  # WorldWideWeb HTTP").expect("it is one");
        assert_eq!((service.name, service.port, service.protocol), ("http", 80, "tcp"));
        assert_eq!(service.others, ["www"]);
        assert!(parse("# nothing").is_none() && parse("http eighty/tcp").is_none());
    }
}
