// SPDX-License-Identifier: Apache-2.0
//! The host's network interfaces.

use beam_vm::platform::{Interface, InterfaceFlags};
use rustix::io::Errno;

use super::raw;

/// What the system's bits say.
pub fn flags(bits: u32) -> InterfaceFlags {
    let has = |bit: i32| bits & bit as u32 != 0;
    InterfaceFlags {
        is_up: has(libc::IFF_UP),
        has_broadcast: has(libc::IFF_BROADCAST),
        is_loopback: has(libc::IFF_LOOPBACK),
        is_point_to_point: has(libc::IFF_POINTOPOINT),
        is_running: has(libc::IFF_RUNNING),
        has_multicast: has(libc::IFF_MULTICAST),
    }
}

/// All interfaces, one for each address.
pub fn all() -> Result<Vec<Interface>, Errno> {
    raw::interfaces()
}
