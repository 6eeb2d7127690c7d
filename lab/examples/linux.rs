// SPDX-License-Identifier: Apache-2.0
//! Boots the lab and runs Debian's kernel as a guest on this terminal: `cargo run -p lab --example linux [idle|net|crash]`.

use lab::linux::{self, Task};
use lab::{Keys, Lab, LabError, Options, network, terminal};

fn main() -> Result<(), LabError> {
    let task = match std::env::args().nth(1).as_deref() {
        None => Task::Poweroff,
        Some("idle") => Task::Idle,
        Some("net") => Task::Net,
        Some("crash") => Task::Crash,
        Some(other) => return Err(LabError::Argument(format!("{other}: expected idle, net or crash"))),
    };
    let lab = Lab::boot(&Options::default())?;
    let mut spec = linux::guest(&lab, "linux", &task);
    spec.lines.push(format!("vif = [\"bridge={}\"]", network::BRIDGE));
    let guest = lab.create(&spec)?;
    match terminal::attach(&guest, Keys::ToGuest)? {
        Some(end) => println!("ended: {} after {:.2} s", end.reason, end.after.as_secs_f64()),
        None => println!("left"),
    }
    Ok(())
}
