// SPDX-License-Identifier: Apache-2.0
//! Random bytes, shown so that the bench can compare guests, and looked at for the coarsest defects.

use boot::kernel::Machine;
use log::info;

const BYTES: usize = 64 * 1024;

pub fn run(machine: &mut Machine) {
    let mut bytes = alloc::vec![0; BYTES];
    machine.entropy.fill(&mut bytes);
    let ones: u32 = bytes.iter().map(|byte| byte.count_ones()).sum();
    let expected = (BYTES * 4) as u32;
    // Ten standard deviations of a binomial distribution over 524,288 bits.
    assert!(ones.abs_diff(expected) < 3621, "{ones} bits of {} are set", BYTES * 8);
    let sample = u128::from_le_bytes(bytes[..16].try_into().expect("sixteen bytes"));
    info!("random {sample:032x}");
    info!("sources: {}", machine.entropy.report());
}
