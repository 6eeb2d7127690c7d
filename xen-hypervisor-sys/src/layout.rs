// SPDX-License-Identifier: Apache-2.0
//! What the crate claims about Xen's headers, as data.
//!
//! The tables are filled by the same macros that define the items. The crate's layout test turns them into a C
//! program, and a user of another version of Xen's headers can do the same. They are constants: a program that
//! does not read them does not contain them.

/// The claims about one public header.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    /// Path of the header as a C program includes it, e.g. `xen/sched.h`.
    pub path: &'static str,
    /// The claims, in the order of the sections of our module.
    pub groups: &'static [&'static [Row]],
}

/// One claim.
#[derive(Clone, Copy, Debug)]
pub enum Row {
    /// An integer constant.
    Constant {
        /// Rust name.
        name: &'static str,
        /// C expression.
        c: &'static str,
        /// Value.
        value: i128,
    },
    /// A string constant.
    Text {
        /// Rust name.
        name: &'static str,
        /// C expression.
        c: &'static str,
        /// Value.
        value: &'static str,
    },
    /// A word that the header has in its comments only, such as the name of a xenstore node.
    Mention {
        /// Rust name.
        name: &'static str,
        /// The word.
        text: &'static str,
    },
    /// A type.
    Struct {
        /// Rust name.
        name: &'static str,
        /// C type.
        c: &'static str,
        /// Size in bytes.
        size: usize,
        /// Alignment in bytes.
        align: usize,
        /// Its fields.
        fields: &'static [Field],
    },
}

/// One field of a structure.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Rust name, with the `r#` of a raw identifier.
    pub name: &'static str,
    /// C name, or the path through nested members; it may carry an `r#` like the Rust name.
    pub c: &'static str,
    /// Offset in bytes from the start of the structure.
    pub offset: usize,
    /// Size in bytes.
    pub size: usize,
}

/// All headers of the crate.
pub const HEADERS: &[Header] = &[
    crate::xen::LAYOUT,
    crate::arch_x86::LAYOUT,
    crate::cpuid::LAYOUT,
    crate::memory::LAYOUT,
    crate::sched::LAYOUT,
    crate::event_channel::LAYOUT,
    crate::grant_table::LAYOUT,
    crate::vcpu::LAYOUT,
    crate::version::LAYOUT,
    crate::features::LAYOUT,
    crate::callback::LAYOUT,
    crate::nmi::LAYOUT,
    crate::elfnote::LAYOUT,
    crate::errno::LAYOUT,
    crate::io::ring::LAYOUT,
    crate::io::console::LAYOUT,
    crate::io::xs_wire::LAYOUT,
    crate::io::xenbus::LAYOUT,
    crate::io::protocols::LAYOUT,
    crate::io::netif::LAYOUT,
    crate::io::blkif::LAYOUT,
    crate::io::p9::LAYOUT,
];
