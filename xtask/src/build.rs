// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask build`: the bare-metal programs, each packed with its symbols and its build identity.
//!
//! They share the host's target triple, so they are built by a cargo call of their own with a target directory of
//! their own: in one call, features would unify with those of the host's programs, and flags would reach build
//! scripts. The linker's arguments come from the build scripts of the two crates.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use image::pack::{Kernel, write_executable};
use image::{Image, ImageBuilder, SectionKind, identity};

use crate::context::Context;
use crate::failure::{During, Failure};
use crate::process;

mod symbols;

/// The target of the bare-metal programs, for which stable Rust ships `core` and `alloc`.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Flags of the compiler for bare-metal code. An event upcall may interrupt it on its own stack, so it has no red
/// zone; a backtrace follows frame pointers; it is loaded where it is linked.
const FLAGS: &[&str] =
    &["-Crelocation-model=static", "-Cno-redzone=yes", "-Cforce-frame-pointers=yes", "-Cpanic=abort"];

/// A bare-metal program.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// The cargo package.
    pub package: &'static str,
    /// The binary of the package.
    pub binary: &'static str,
    /// The packed file in the target directory.
    pub packed: &'static str,
}

/// The kernel itself.
pub const KERNEL: Program = Program { package: "boot", binary: "voxoz-kernel", packed: "voxoz-kernel.elf" };

/// The guest of the system tests.
pub const TEST_GUEST: Program =
    Program { package: "test-guest", binary: "test-guest", packed: "test-guest.elf" };

/// Every bare-metal program.
pub const PROGRAMS: &[Program] = &[KERNEL, TEST_GUEST];

/// How much the compiler optimises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// As it is shipped.
    Release,
    /// For debugging.
    Debug,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Debug => "debug",
        }
    }
}

/// Build the kernel and the test guest, and pack each with symbols and build identity
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Build without optimisation
    #[arg(long)]
    debug: bool,
}

/// Carries out the command.
pub fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let profile = if options.debug { Profile::Debug } else { Profile::Release };
    for program in PROGRAMS {
        program.build(context, profile)?;
    }
    Ok(())
}

/// A cargo call for the bare-metal programs: `cargo SUBCOMMAND -p boot -p test-guest …` with their flags.
pub fn bare_metal_cargo(context: &Context, subcommand: &str, programs: &[Program]) -> Command {
    let mut command = context.cargo();
    command.arg(subcommand);
    for program in programs {
        command.args(["--package", program.package]);
    }
    command.args(["--target", TARGET, "--target-dir"]).arg(context.target().join("kernel"));
    // The encoded form wins over every other source of flags, so a developer's own settings cannot break the kernel.
    command.env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\x1f"));
    // A kernel is in every image: each crate compiled as one is smaller, and what that takes longer nobody waits for often.
    command.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1");
    command
}

impl Program {
    /// Builds and packs the program and returns the packed file.
    pub fn build(&self, context: &Context, profile: Profile) -> Result<PathBuf, Failure> {
        let mut cargo = bare_metal_cargo(context, "build", &[*self]);
        if profile == Profile::Release {
            cargo.arg("--release");
        }
        process::run(&mut cargo)?;
        let linked_path = self.linked(context, profile);
        let linked =
            fs::read(&linked_path).during(|| format!("cannot read {}", context.shown(&linked_path)))?;
        let packed =
            self.pack(context, profile, &linked).map_err(|why| not_packed(context, &linked_path, &*why))?;
        let path = context.target().join(self.packed);
        write_executable(&path, &packed).during(|| format!("cannot write {}", context.shown(&path)))?;
        self.report(context, &path, &linked, &packed);
        Ok(path)
    }

    /// What the linker has made, with its symbols and not packed.
    pub fn linked(&self, context: &Context, profile: Profile) -> PathBuf {
        context.target().join("kernel").join(TARGET).join(profile.name()).join(self.binary)
    }

    fn pack(
        &self,
        context: &Context,
        profile: Profile,
        linked: &[u8],
    ) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        let kernel = Kernel::parse(linked)?;
        let image = ImageBuilder::new()
            .section(SectionKind::SYMBOLS, 8, symbols::table(linked)?)
            .section(SectionKind::BUILD, 1, self.identity(context, profile, &kernel))
            .build();
        Ok(kernel.pack(&image)?)
    }

    fn identity(&self, context: &Context, profile: Profile, kernel: &Kernel<'_>) -> Vec<u8> {
        let describe = ["describe", "--always", "--dirty", "--tags", "--abbrev=12"];
        let commit = process::optional_line(Command::new("git").args(describe).current_dir(context.root()));
        let rustc =
            process::optional_line(Command::new("rustc").arg("--version").current_dir(context.root()));
        identity::encode(&[
            (identity::PACKAGE, self.binary),
            (identity::VERSION, env!("CARGO_PKG_VERSION")),
            (identity::COMMIT, commit.as_deref().unwrap_or_default()),
            (identity::RUSTC, rustc.as_deref().unwrap_or_default()),
            (identity::PROFILE, profile.name()),
            (identity::BUILD_ID, &kernel.build_id().unwrap_or_default()),
        ])
    }

    fn report(&self, context: &Context, path: &Path, linked: &[u8], packed: &[u8]) {
        println!("{}: {} bytes (linked: {})", context.shown(path), packed.len(), linked.len());
        let image = Kernel::parse(packed).ok().and_then(|kernel| kernel.image());
        if let Some(image) = image.and_then(|bytes| Image::open(bytes).ok()) {
            println!("  image: {} bytes", image.bytes().len());
            for section in image.sections() {
                println!("    {}: {} bytes", section.kind, section.bytes.len());
            }
        }
    }
}

fn not_packed(context: &Context, path: &Path, why: &dyn std::error::Error) -> Failure {
    Failure::new(format!("cannot pack {}", context.shown(path)), why)
        .help("link it by linker.ld: statically, with the notes in a loaded segment and in a PT_NOTE header")
}
