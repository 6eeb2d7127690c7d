// SPDX-License-Identifier: Apache-2.0
//! Tables of terms, and timers.

use core::fmt::{self, Write};

use super::Scene;
use super::process::Ref;
use super::sink::Sink;
use crate::ets::{Kind, Protection, Type, WriteConcurrency};
use crate::timers::Receiver;

impl Scene<'_> {
    /// All tables.
    pub(super) fn tables(self, out: &mut Sink) -> fmt::Result {
        for table in self.vm.tables.iter() {
            let numbers = table.numbers;
            let name = self.atom(table.name);
            writeln!(out, "=ets:{}", self.pid(table.owner))?;
            // What tells it from others.
            let slot = u64::from(numbers[1]) << 18 | u64::from(numbers[0]);
            writeln!(out, "Slot: {slot}")?;
            if table.options.is_named {
                writeln!(out, "Table: {name}")?;
            } else {
                writeln!(out, "Table: #Ref<0.{}.{}.{}>", numbers[2], numbers[1], numbers[0])?;
            }
            let kind = match table.options.kind {
                Type::Ordered => "ordered_set",
                Type::Hashed(Kind::Set) => "set",
                Type::Hashed(Kind::Bag) => "bag",
                Type::Hashed(Kind::DuplicateBag) => "duplicate_bag",
            };
            let protection = match table.options.protection {
                Protection::Public => "public",
                Protection::Protected => "protected",
                Protection::Private => "private",
            };
            let writes = match table.options.writes() {
                WriteConcurrency::Off => "false",
                WriteConcurrency::On | WriteConcurrency::Locks(_) => "true",
                WriteConcurrency::Auto => "auto",
            };
            writeln!(
                out,
                "Name: {name}\nFixed: {}\nObjects: {}\nWords: {}",
                table.fixation.is_some(),
                table.len(),
                table.words()
            )?;
            writeln!(out, "Type: {kind}\nProtection: {protection}")?;
            writeln!(out, "Compressed: {}\nWrite Concurrency: {writes}", table.options.is_compressed)?;
            writeln!(out, "Read Concurrency: {}", table.options.reads_much)?;
        }
        Ok(())
    }

    /// Messages that wait for their time.
    pub(super) fn timers(self, out: &mut Sink) -> fmt::Result {
        for (receiver, reference, message, id) in self.vm.delayed.iter() {
            match receiver {
                Receiver::Pid(pid) => writeln!(out, "=timer:{}", self.pid(pid))?,
                Receiver::Name(name) => writeln!(out, "=timer:{}", self.atom(name))?,
            }
            let timers = &self.vm.timers;
            let deadline = timers.now() + timers.read(id).unwrap_or(0);
            out.put(b"Message: ")?;
            if let Some(numbers) = reference {
                write!(out, "{{timeout,{},", Ref(numbers))?;
            }
            out.put(&self.printed(message).to_bytes())?;
            out.put(if reference.is_some() { b"}" } else { b"" })?;
            writeln!(out, "\nTime left: {}", deadline.saturating_sub(self.now))?;
        }
        Ok(())
    }
}
