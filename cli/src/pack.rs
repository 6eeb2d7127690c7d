// SPDX-License-Identifier: Apache-2.0
//! `voxoz pack`: gives a kernel other embedded arguments.

use std::path::PathBuf;

use image::pack::{Kernel, write_executable};
use image::{Image, ImageBuilder, SectionKind, arguments};

use crate::build::unwritable;
use crate::failure::{Code, Failure};
use crate::file;

/// Pack a kernel with other embedded arguments
///
/// The kernel may be packed already; its symbols and all else that it carries stay. The arguments take the place of
/// those that it has and come before those of Xen's command line, which has room for 1024 bytes. Without any, the
/// kernel has none.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The kernel, packed or as it was linked
    kernel: PathBuf,
    /// The file to write, which may be the kernel itself
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// An argument, as it is; may be given again
    #[arg(long = "argument", value_name = "TEXT", allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Carries out the command.
pub fn run(options: &Options) -> Result<(), Failure> {
    let path = &options.kernel;
    let bytes = file::read(path)?;
    let kernel = Kernel::parse(&bytes).map_err(|why| file::not_a_kernel(path, why))?;
    let builder = match kernel.image() {
        Some(image) => {
            let image = Image::parse(image).map_err(|why| file::not_a_kernel(path, why))?;
            ImageBuilder::from_image(&image).without(SectionKind::ARGUMENTS)
        }
        None => ImageBuilder::new(),
    };
    let builder = if options.arguments.is_empty() {
        builder
    } else {
        let list = arguments::encode(&options.arguments).map_err(|why| {
            let help = "leave out the zero byte, which ends an argument";
            Failure::new(Code::Usage, "cannot embed the arguments", why, help)
        })?;
        builder.section(SectionKind::ARGUMENTS, 1, list)
    };
    let packed = kernel.pack(&builder.build()).map_err(|why| file::not_a_kernel(path, why))?;
    let output = &options.output;
    write_executable(output, &packed).map_err(|why| unwritable(output, &why))
}
