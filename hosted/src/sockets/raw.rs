// SPDX-License-Identifier: Apache-2.0
//! Calls of the system that have no safe form: options by number, datagrams with what goes beside them, the list of interfaces.
#![expect(unsafe_code, reason = "calls the C library")]

use std::ffi::CStr;
use std::mem::{MaybeUninit, size_of};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use beam_vm::platform::{Address, Ancillary, Datagram, Interface, RawOption};
use libc::{cmsghdr, ifaddrs, iovec, msghdr, sockaddr, sockaddr_storage, socklen_t};
use rustix::io::Errno;
use rustix::net::addr::SocketAddrArg;

use super::{address, interfaces::flags, options::PACKET_OPTIONS};

/// The longest name of a host.
const HOST_NAME: usize = 256;

/// Room for what comes or goes beside a datagram, aligned as its headers are.
#[repr(align(8))]
struct Beside([u8; 128]);

fn last_error() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)
}

/// What a call gives that fails with a negative number.
fn checked(result: isize) -> Result<usize, Errno> {
    usize::try_from(result).map_err(|_| last_error())
}

/// A descriptor that this process has.
pub fn inherited(number: i32) -> Option<BorrowedFd<'static>> {
    if number < 0 {
        return None;
    }
    // SAFETY: the call looks at the number alone.
    let flags = unsafe { libc::fcntl(number, libc::F_GETFD) };
    // SAFETY: it is open, and is copied before anything else happens.
    (flags >= 0).then(|| unsafe { BorrowedFd::borrow_raw(number) })
}

/// Reads an option; gives its length.
pub fn option(file: BorrowedFd<'_>, option: RawOption, value: &mut [u8]) -> Result<usize, Errno> {
    let mut len = value.len() as socklen_t;
    // SAFETY: the buffer has as many bytes as the call is told.
    let result = unsafe {
        libc::getsockopt(file.as_raw_fd(), option.level, option.name, value.as_mut_ptr().cast(), &raw mut len)
    };
    checked(result as isize).map(|_| len as usize)
}

/// Reads an option that is a number.
pub fn number(file: BorrowedFd<'_>, numbers: RawOption) -> Result<i32, Errno> {
    let mut value = [0; 4];
    option(file, numbers, &mut value)?;
    Ok(i32::from_ne_bytes(value))
}

/// Sets an option.
pub fn set_option(file: BorrowedFd<'_>, option: RawOption, value: &[u8]) -> Result<(), Errno> {
    let len = value.len() as socklen_t;
    // SAFETY: the value has as many bytes as the call is told.
    let result =
        unsafe { libc::setsockopt(file.as_raw_fd(), option.level, option.name, value.as_ptr().cast(), len) };
    checked(result as isize).map(drop)
}

/// What has come beside the last packet of a stream.
pub fn packet_options(file: BorrowedFd<'_>) -> Result<Ancillary, Errno> {
    let mut beside = Beside([0; 128]);
    let len = option(file, PACKET_OPTIONS, &mut beside.0)?;
    // SAFETY: a message of nothing is one.
    let mut message: msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
    message.msg_control = beside.0.as_mut_ptr().cast();
    message.msg_controllen = len as _;
    Ok(ancillary(&message))
}

/// Reads a datagram.
pub fn receive(file: BorrowedFd<'_>, buffer: &mut [u8]) -> Result<Datagram, Errno> {
    let mut from = MaybeUninit::<sockaddr_storage>::zeroed();
    let mut beside = Beside([0; 128]);
    let mut piece = iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    // SAFETY: a message of nothing is one.
    let mut message: msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
    message.msg_name = from.as_mut_ptr().cast();
    message.msg_namelen = size_of::<sockaddr_storage>() as socklen_t;
    message.msg_iov = &raw mut piece;
    message.msg_iovlen = 1;
    message.msg_control = beside.0.as_mut_ptr().cast();
    message.msg_controllen = beside.0.len() as _;
    // SAFETY: the message refers to buffers of this function with their lengths.
    let len = checked(unsafe { libc::recvmsg(file.as_raw_fd(), &raw mut message, 0) })?;
    // SAFETY: the call has filled the address, as far as it says; the rest is zero.
    let from = unsafe { read_address(from.as_ptr().cast(), message.msg_namelen) };
    Ok(Datagram { len, from: from.unwrap_or(Address::Local(Vec::new())), ancillary: ancillary(&message) })
}

/// What has come beside a datagram.
fn ancillary(message: &msghdr) -> Ancillary {
    let mut found = Ancillary::default();
    // SAFETY: the call has filled the room for headers.
    let mut header = unsafe { libc::CMSG_FIRSTHDR(message) };
    // SAFETY: null is none, else it is a header in the room.
    while let Some(one) = unsafe { header.as_ref() } {
        // A type of service is a byte, the others are numbers.
        let size = one.cmsg_len - size_of::<cmsghdr>();
        // SAFETY: the data after the header has `size` bytes.
        let data = unsafe { std::slice::from_raw_parts(libc::CMSG_DATA(one), size) };
        let value = match *data {
            [a, b, c, d, ..] => Some(i32::from_ne_bytes([a, b, c, d])),
            [byte, ..] => Some(i32::from(byte)),
            [] => None,
        };
        match (one.cmsg_level, one.cmsg_type) {
            (libc::IPPROTO_IP, libc::IP_TOS) => found.type_of_service = value,
            (libc::IPPROTO_IP, libc::IP_TTL) => found.time_to_live = value,
            (libc::IPPROTO_IPV6, libc::IPV6_TCLASS) => found.traffic_class = value,
            _ => {}
        }
        // SAFETY: as above.
        header = unsafe { libc::CMSG_NXTHDR(message, header) };
    }
    found
}

/// Sends a datagram.
pub fn send(
    file: BorrowedFd<'_>,
    bytes: &[u8],
    to: Option<&Address>,
    ancillary: &Ancillary,
) -> Result<usize, Errno> {
    let to = to.map(address::write).transpose()?;
    let mut beside = Beside([0; 128]);
    let len = write_ancillary(ancillary, &mut beside);
    let mut piece = iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    // SAFETY: a message of nothing is one.
    let mut message: msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
    message.msg_iov = &raw mut piece;
    message.msg_iovlen = 1;
    if len > 0 {
        message.msg_control = beside.0.as_mut_ptr().cast();
        message.msg_controllen = len as _;
    }
    let mut call = |name: *const sockaddr, name_len: socklen_t| {
        message.msg_name = name.cast_mut().cast();
        message.msg_namelen = name_len;
        // SAFETY: the message refers to buffers that live as long as this call, with their lengths; none is written to.
        checked(unsafe { libc::sendmsg(file.as_raw_fd(), &raw const message, libc::MSG_NOSIGNAL) })
    };
    match &to {
        None => call(ptr::null(), 0),
        // SAFETY: the address is as long as it says.
        Some(to) => unsafe { to.with_sockaddr(|address, len| call(address.cast(), len as socklen_t)) },
    }
}

/// Writes what goes beside a datagram, as `cmsg(3)` says; gives its length.
fn write_ancillary(ancillary: &Ancillary, beside: &mut Beside) -> usize {
    let items = [
        (libc::IPPROTO_IP, libc::IP_TOS, ancillary.type_of_service),
        (libc::IPPROTO_IPV6, libc::IPV6_TCLASS, ancillary.traffic_class),
        (libc::IPPROTO_IP, libc::IP_TTL, ancillary.time_to_live),
    ];
    let mut at = 0;
    for (level, kind, value) in items {
        let Some(value) = value else { continue };
        let len = size_of::<cmsghdr>() + 4;
        let parts = [&len.to_ne_bytes()[..], &level.to_ne_bytes(), &kind.to_ne_bytes(), &value.to_ne_bytes()];
        let bytes = parts.concat();
        beside.0[at..at + bytes.len()].copy_from_slice(&bytes);
        at += bytes.len().next_multiple_of(size_of::<usize>());
    }
    at
}

/// The address at a place; none at null or of no length.
///
/// # Safety
/// Unless null, it is the beginning of an address of that length.
unsafe fn read_address(at: *const sockaddr, len: socklen_t) -> Option<Address> {
    if at.is_null() || len == 0 {
        return None;
    }
    // SAFETY: as the caller promises.
    let any = unsafe { rustix::net::SocketAddrAny::read(at.cast(), len) };
    Some(address::read(&any))
}

/// The name of this host.
pub fn host_name() -> Vec<u8> {
    let mut name = [0u8; HOST_NAME];
    // SAFETY: the buffer has as many bytes as the call is told, the last of which stays zero.
    unsafe { libc::gethostname(name.as_mut_ptr().cast(), HOST_NAME - 1) };
    name.split(|byte| *byte == 0).next().unwrap_or_default().to_vec()
}

/// All interfaces, one for each address.
pub fn interfaces() -> Result<Vec<Interface>, Errno> {
    let mut first: *mut ifaddrs = ptr::null_mut();
    // SAFETY: the call gives a list, which is freed below.
    checked(unsafe { libc::getifaddrs(&raw mut first) } as isize)?;
    let mut all = Vec::new();
    let mut next = first;
    // SAFETY: null is the end, else it is an entry of the list.
    while let Some(entry) = unsafe { next.as_ref() } {
        all.push(interface(entry));
        next = entry.ifa_next;
    }
    // SAFETY: it is the list of the call, and nothing refers to it any more.
    unsafe { libc::freeifaddrs(first) };
    Ok(all)
}

fn interface(entry: &ifaddrs) -> Interface {
    // SAFETY: the name ends with zero.
    let name = unsafe { CStr::from_ptr(entry.ifa_name) };
    // SAFETY: an address of an entry is null or has the length that its family says.
    let part = |at: *const sockaddr| unsafe { read_address(at, length(at)) };
    let is = |flag: i32| entry.ifa_flags & flag as u32 != 0;
    // Both are in the same place.
    let other = part(entry.ifa_ifu);
    Interface {
        name: name.to_string_lossy().into_owned(),
        flags: flags(entry.ifa_flags),
        address: part(entry.ifa_addr),
        netmask: part(entry.ifa_netmask),
        destination: other.clone().filter(|_| is(libc::IFF_POINTOPOINT)),
        broadcast: other.filter(|_| is(libc::IFF_BROADCAST) && !is(libc::IFF_POINTOPOINT)),
        hardware: hardware(entry.ifa_addr),
    }
}

/// The length of an address of IP; others are of no use here.
fn length(at: *const sockaddr) -> socklen_t {
    // SAFETY: null, or an address, which begins with its family.
    match unsafe { at.as_ref() }.map(|address| i32::from(address.sa_family)) {
        Some(libc::AF_INET) => size_of::<libc::sockaddr_in>() as socklen_t,
        Some(libc::AF_INET6) => size_of::<libc::sockaddr_in6>() as socklen_t,
        _ => 0,
    }
}

/// The address of the hardware, if this is one.
fn hardware(at: *const sockaddr) -> Option<Vec<u8>> {
    // SAFETY: null, or an address, which begins with its family.
    let family = unsafe { at.as_ref() }?.sa_family;
    if i32::from(family) != libc::AF_PACKET {
        return None;
    }
    // SAFETY: an address of this family is such a structure.
    let link = unsafe { at.cast::<libc::sockaddr_ll>().read_unaligned() };
    Some(link.sll_addr[..usize::from(link.sll_halen).min(link.sll_addr.len())].to_vec())
}
