// SPDX-License-Identifier: Apache-2.0
//! Hashes of terms.

mod internal;

pub use internal::internal;
