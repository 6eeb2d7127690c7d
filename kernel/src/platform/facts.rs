// SPDX-License-Identifier: Apache-2.0
//! What a guest says of itself: `voxoz:info/0` and `voxoz:metrics/0`.

use alloc::format;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use beam_vm::platform::{Fact, Record};
use drivers::blkfront::{self, SECTOR};
use drivers::netfront;

use super::XenPlatform;
use crate::memory::{self, PAGE_SIZE};
use crate::network::VifFacts;
use crate::runstate::RunState;
use crate::storage::Drive;
use crate::time;
use crate::version::XenVersion;

impl XenPlatform {
    pub(super) fn describe(&mut self) -> Record {
        let xen = XenVersion::query();
        let domain = vec![
            ("id", Fact::gauge(self.machine.domain.id.0.into())),
            ("name", Fact::Text(self.machine.domain.name.clone())),
        ];
        let up = time::now() - self.machine.phases.entry();
        let mut facts = vec![
            ("platform", Fact::Text("xen".into())),
            ("version", Fact::Text(env!("CARGO_PKG_VERSION").into())),
            ("xen_version", Fact::Text(format!("{}.{}", xen.major, xen.minor))),
            ("domain", Fact::Record(domain)),
            ("uptime", Fact::time_counted(nanoseconds(up))),
        ];
        if let Some(state) = RunState::query() {
            let times = [("running", state.running), ("stolen", state.stolen), ("idle", state.idle)];
            let times = times.map(|(name, time)| (name, Fact::time_counted(nanoseconds(time))));
            facts.push(("processor", Fact::Record(times.into())));
        }
        if let Some(memory) = memory::statistics() {
            let sizes = [("total", memory.total), ("free", memory.available), ("page_tables", memory.tables)];
            let sizes = sizes.map(|(name, frames)| (name, Fact::bytes((frames * PAGE_SIZE) as u64)));
            facts.push(("memory", Fact::Record(sizes.into())));
        }
        let vifs = self.network.vifs().map(|(name, facts)| (name, vif(&facts)));
        facts.push(("vif", Fact::List(vifs.collect())));
        let disks = self.storage.drives().iter().map(|drive| (drive.name(), disk(drive)));
        facts.push(("disk", Fact::List(disks.collect())));
        facts
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn vif(facts: &VifFacts) -> Record {
    let netfront::Statistics { sent, received, violations } = facts.statistics;
    let mut record = vec![
        ("is_up", Fact::Flag(facts.is_up)),
        ("mtu", Fact::bytes(facts.mtu.into())),
        ("sent", Fact::bytes_counted(sent.bytes)),
        ("sent_packets", Fact::counter(sent.packets)),
        ("sent_errors", Fact::counter(sent.errors)),
        ("received", Fact::bytes_counted(received.bytes)),
        ("received_packets", Fact::counter(received.packets)),
        ("received_errors", Fact::counter(received.errors)),
        ("violations", Fact::counter(violations)),
    ];
    if let Some(mac) = facts.mac {
        record.push(("mac", Fact::Text(mac.to_string())));
    }
    record
}

fn disk(drive: &Drive) -> Record {
    let counts = drive.statistics();
    let both = |names: [&'static str; 3], counts: blkfront::Counts| {
        [
            (names[0], Fact::bytes_counted(counts.bytes)),
            (names[1], Fact::counter(counts.finished)),
            (names[2], Fact::counter(counts.issued)),
        ]
    };
    let mut record: Vec<_> = both(["read", "read_requests", "read_requests_issued"], counts.read).into();
    record.extend(both(["written", "write_requests", "write_requests_issued"], counts.written));
    record.extend([
        ("flushes", Fact::counter(counts.flushes)),
        ("discards", Fact::counter(counts.discards)),
        ("errors", Fact::counter(counts.errors)),
        ("repeated", Fact::counter(counts.repeated)),
        ("violations", Fact::counter(counts.violations)),
    ]);
    if let Some(disk) = drive.disk() {
        record.push(("size", Fact::bytes(disk.sectors * SECTOR as u64)));
        record.push(("is_read_only", Fact::Flag(disk.read_only)));
    }
    record
}
