// SPDX-License-Identifier: Apache-2.0
//! Xenstore: the small shared tree of names and values through which domains find each other
//! (`xs_wire.h`, Xen's `xenstore.txt` and `xenstore-ring.txt`).
//!
//! From the wire upwards: [`wire`] and [`path`] say what a message and a path look like, [`request`] and
//! [`reply`] what goes each way, [`transport`] moves messages through the two byte rings, [`client`] keeps
//! several requests under way without ever waiting, [`watch`] holds what watches have reported, and
//! [`session`] waits, for those who can.
//!
//! xenstored is trusted to tell the truth about the tree, since there is nobody else to ask, and with nothing
//! more: whatever bytes it sends, the client's memory is bounded and a breach of the protocol ends the connection
//! with an error that says which.

pub mod client;
pub mod error;
pub mod path;
pub mod permission;
pub mod reply;
pub mod request;
pub mod session;
pub mod store;
pub mod transport;
pub mod watch;
pub mod wire;

pub use client::{Client, RequestId};
pub use error::{Broken, Error, Refusal};
pub use permission::{Access, Permission};
pub use reply::Reply;
pub use request::{Outcome, Request, TransactionId};
pub use session::{Session, Wait};
pub use store::Store;
pub use watch::{Scope, WatchEvent, WatchToken};
