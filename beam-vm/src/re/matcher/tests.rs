// SPDX-License-Identifier: Apache-2.0
//! Patterns that are compiled and applied.
