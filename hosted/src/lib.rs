// SPDX-License-Identifier: Apache-2.0
//! The virtual machine as a Linux process: for development, tests and measurements.
#![deny(unsafe_code)]

mod data_disk;
mod disk_file;
mod host_files;
mod image_node;
mod linux;
mod memory;
mod modules;
mod network;
mod node;
mod shares;
mod sockets;
mod streams;

pub use beam_vm::emu::native::Flavor;
pub use data_disk::{DataDisk, DataError, Volume};
pub use disk_file::{Access, DiskFile};
pub use fs::Kind as DataKind;
pub use fs::ninep::{FLAG as SHARE_FLAG, Share};
pub use host_files::HostFiles;
pub use image_node::{ImageNodeError, boot_image};
pub use linux::LinuxPlatform;
pub use modules::{CodePath, OtpRoot};
pub use network::Network;
pub use node::{Node, boot};
pub use shares::{ShareError, mount_shares};

use beam_vm::gc::Stress;
use beam_vm::platform::{Fault, Platform, Random, SimPlatform};
use beam_vm::process::ProcessTable;
use beam_vm::script::{self, Outcome, ScriptError};
use beam_vm::vm::Vm;

/// When heaps are collected.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Collections {
    /// When it is time.
    #[default]
    WhenDue,
    /// Wherever they can be, with all of the heap looked at before and after.
    Stressed,
}

/// How a machine runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Settings {
    /// When heaps are collected.
    pub collections: Collections,
    /// What does instructions.
    pub flavor: Flavor,
    /// The seed of a simulated world, in which the clock jumps from deadline to deadline and chance decides who runs and how long.
    pub seed: Option<u64>,
    /// How many processes there can be, if not as many as in stock.
    pub process_limit: Option<u32>,
    /// How many bytes there are for `/tmp` in memory, as a guest has it; it is the host's otherwise.
    pub tmp: Option<u64>,
    /// The disk whose files are in the tree.
    pub data: Option<DataDisk>,
    /// The trees of servers that are in the tree.
    pub shares: &'static [Share],
    /// Whose network sockets are of.
    pub network: Network,
}

/// A machine that loads modules from a path when they are called.
///
/// # Panics
/// When the system has no address space for the machine's literals.
#[must_use]
pub fn machine(path: CodePath, settings: Settings) -> Vm {
    let mut vm = bare_machine(path, settings);
    vm.load_on_demand().expect("the instructions fit together");
    vm
}

/// A machine in which OTP's code server loads modules.
fn bare_machine(path: CodePath, settings: Settings) -> Vm {
    machine_on(LinuxPlatform::new(path, settings), settings)
}

/// The same with other files, modules and variables than the host's.
fn machine_in(surrounding: linux::Surrounding, settings: Settings) -> Vm {
    machine_on(LinuxPlatform::within(surrounding), settings)
}

fn machine_on(linux: LinuxPlatform, settings: Settings) -> Vm {
    let platform: Box<dyn Platform> = match settings.seed {
        Some(seed) => {
            let faults = [Fault::RestlessPark, Fault::SlowFiles, Fault::ShortStreams];
            Box::new(faults.into_iter().fold(SimPlatform::new(seed, linux), SimPlatform::with))
        }
        None => Box::new(linux),
    };
    let mut vm = Vm::new(platform).expect("there is address space for literals");
    if let Some(limit) = settings.process_limit {
        vm.processes = ProcessTable::new(limit);
    }
    if settings.flavor == Flavor::Jit {
        // Without room for machine code the machine is slower, and nothing else.
        vm.use_machine_code();
    }
    vm.chance = settings.seed.map(Random::new);
    if settings.collections == Collections::Stressed {
        // Then it is tried as well.
        vm.calls_before_machine_code = vm.calls_before_machine_code.map(|_| 0);
    }
    vm.collector.stress = (settings.collections == Collections::Stressed).then(Stress::default);
    vm
}

/// Calls a function in a machine of its own.
///
/// # Errors
/// [`ScriptError`].
///
/// # Panics
/// When the system has no address space for the machine's literals.
pub fn call(
    path: CodePath,
    settings: Settings,
    module: &str,
    function: &str,
) -> Result<Outcome, ScriptError> {
    script::call(&mut machine(path, settings), module, function)
}
