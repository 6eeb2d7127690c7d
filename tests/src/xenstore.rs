// SPDX-License-Identifier: Apache-2.0
//! Much traffic with the real xenstored.

use std::time::Duration;

use libtest_mimic::Failed;

use crate::trial::Run;
use crate::world::World;

pub fn ten_thousand(world: &World) -> Result<(), Failed> {
    let run = Run::new("xenstore").limit(Duration::from_secs(240));
    run.to_success(&*world.lab()?)?.must_contain(" operations in ")
}
