// SPDX-License-Identifier: Apache-2.0
#![no_std]
//! placeholder
