// SPDX-License-Identifier: Apache-2.0
//! What a million atoms cost: `cargo test -p beam-vm --release -- --ignored --nocapture atom`.

use std::format;
use std::println;
use std::string::String;
use std::time::Instant;
use std::vec::Vec;

use crate::atom::{AtomLimit, AtomTable};

const ATOMS: u32 = 1_000_000;

#[test]
#[ignore = "a benchmark"]
fn a_million_atoms() {
    let texts: Vec<String> = (0..ATOMS).map(|number| format!("some_name_{number}")).collect();
    let start = Instant::now();
    let mut table = AtomTable::new(AtomLimit::DEFAULT);
    println!("{:24} {:5} us", "predefined atoms", start.elapsed().as_micros());
    let mut longest = 0;
    let start = Instant::now();
    for text in &texts {
        let before = Instant::now();
        assert!(table.insert(text).is_ok());
        longest = longest.max(before.elapsed().as_micros());
    }
    println!("{:24} {:5} ns, longest {longest} us", "insert", start.elapsed().as_nanos() / u128::from(ATOMS));
    let start = Instant::now();
    assert!(texts.iter().all(|text| table.find(text).is_some()));
    println!("{:24} {:5} ns", "find", start.elapsed().as_nanos() / u128::from(ATOMS));
    println!("{:24} {:?}", "memory", table.memory());
}
