// SPDX-License-Identifier: Apache-2.0
//! Real Xen, dom0 and `xl` inside QEMU, on any Debian 12 machine, without KVM.
//!
//! ```no_run
//! use std::time::Duration;
//! use lab::{GuestSpec, Lab, Options};
//!
//! let lab = Lab::boot(&Options::default())?;
//! let guest = lab.create(&GuestSpec::new("hello", "hello.elf"))?;
//! let line = guest.console().wait_line("ready", Duration::from_secs(10))?;
//! guest.shutdown()?;
//! let end = guest.wait_end(Duration::from_secs(10))?;
//! println!("{line}: {} after {:?}", end.reason, end.after);
//! # Ok::<(), lab::LabError>(())
//! ```
//!
//! A [`Lab`] is one machine: Debian's Xen with Debian's kernel as dom0, made once from Debian's packages and cached. Guests
//! are started by the real `xl create`; their files reach dom0 through a shared folder, so dom0 is never rebuilt for them.
//! Whatever goes wrong ends in a [`LabError`] that names a folder with all logs. Nothing outlives the process.

#![deny(unsafe_code)]

mod channel;
mod command;
mod error;
mod frames;
mod guest;
mod image;
mod inner;
mod lab;
pub mod linux;
mod machine;
mod monitor;
pub mod network;
mod options;
pub mod packages;
mod qemu;
mod run_dir;
mod session;
pub mod terminal;

pub use error::LabError;
pub use guest::console::Console;
pub use guest::end::{End, Reason, reason_of};
pub use guest::spec::{Action, GuestSpec, Start};
pub use guest::{Guest, list::Domain};
pub use inner::Output;
pub use lab::Lab;
pub use machine::{Machine, Port};
pub use monitor::Sample;
pub use options::{Clock, Forward, Options, Processor, Progress, Protocol, Sampling};
pub use packages::Install;
pub use qemu::GUEST_CPU;
pub use session::leave_terminal;
pub use terminal::{Attached, Keys, attach_to, run_one};
