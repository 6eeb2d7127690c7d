// SPDX-License-Identifier: Apache-2.0
//! Round trips, damage, and what stock writes.
