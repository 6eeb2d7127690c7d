// SPDX-License-Identifier: Apache-2.0
//! Raw ABI of the Xen hypervisor for 64-bit x86 PV guests.
//!
//! The crate holds what Xen's public headers hold and nothing else: hypercall shims, structures and constants,
//! one module per header, in the header's own words. It has no logic, no dependency and no allocation, and
//! `unsafe` code only in [`hypercall`].
//!
//! Names follow the headers. A type is the CamelCase of the C name (`start_info` is [`xen::StartInfo`]), a
//! field is spelt as in C, a constant is the upper case of the C name (`EVTCHNOP_send` is
//! [`event_channel::EVTCHNOP_SEND`]). A C union becomes a plain integer that spans it, or one structure for
//! each of its forms, so that no reader needs `unsafe`. The C types `unsigned long`, `xen_ulong_t` and
//! `xen_pfn_t` are `u64`.
//!
//! Memory that Xen or another domain writes (`SharedInfo`, the rings, the console and xenstore pages) must not
//! be held by reference: read and write its fields one at a time, volatile or atomic, through a raw pointer.
//!
//! Each item is listed once, together with its C name, in a table that [`layout::HEADERS`] collects; the
//! crate's layout test compares the tables with the C headers.

#![no_std]
#![deny(unsafe_code)]

/// The README, so that its example is compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[macro_use]
mod macros;
mod zeroed;

pub mod arch_x86;
pub mod callback;
pub mod cpuid;
pub mod elfnote;
pub mod errno;
pub mod event_channel;
pub mod features;
pub mod grant_table;
pub mod hypercall;
pub mod io;
pub mod layout;
pub mod memory;
pub mod nmi;
pub mod sched;
pub mod vcpu;
pub mod version;
pub mod xen;
