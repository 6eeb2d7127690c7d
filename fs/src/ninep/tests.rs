// SPDX-License-Identifier: Apache-2.0
//! The client against a server of the tests' own, which keeps to the protocol or does not. `hosted` has it against diod.

mod agree;
mod codec;
mod faults;
mod server;
mod session;
