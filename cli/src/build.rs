// SPDX-License-Identifier: Apache-2.0
//! `voxoz build`: makes an application into one file that Xen boots.
//!
//! What is named becomes a [`plan::Plan`], whichever way it was said; the plan's files become a [`layout::Layout`], and that an image,
//! which is put into the kernel. The same input gives the same bytes. Nothing is written before everything is known to be right.

mod elixir;
mod escript;
mod expand;
pub mod kernel;
pub mod layout;
mod loose;
mod metrics;
pub mod native;
pub mod options;
pub mod otp;
pub mod plan;
mod prune;
mod release;
mod report;
pub mod strip;
mod tar;
pub mod temporary;
mod translate;
mod variables;
pub mod xl;
mod zip;

use std::io::{ErrorKind, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::Instant;

use image::pack::{EXECUTABLE, Kernel, NewFile};
use image::start::{self, Start};
use image::{Image, ImageBuilder, SectionKind, arguments};

use crate::failure::{Code, Failure};
use crate::{file, out, project};
use layout::{Layout, Natives, Progress};
use options::Options;
use otp::Otp;
use plan::Plan;
use report::Report;
use temporary::Temporary;

/// Build an application into a file that Xen boots
///
/// PATH is a release (its folder or a .tar.gz of it), the folder of a rebar3 or mix project that has built one, an escript, or
/// folders of modules with -s. OTP's applications that the release does not have come from this machine's OTP
/// (VOXOZ_OTP_ROOT, or /usr/lib/erlang), and so do the preloaded modules, for which it has to be of the same version.
///
/// Variables in sys.config.src and vm.args.src are replaced now, as a guest has the environment that it is built with.
#[derive(Debug, clap::Args)]
pub struct Command {
    #[command(flatten)]
    options: Options,
    /// The file to write, NAME.elf if it is not said; NAME.cfg for xl is written beside it
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
    /// Print nothing but errors
    #[arg(long, short)]
    quiet: bool,
}

/// What an ELF file begins with.
pub const ELF: &[u8] = b"\x7FELF";

/// What was built.
pub struct Built {
    /// The plan.
    pub plan: Plan,
    /// The packed kernel.
    pub packed: Vec<u8>,
    /// Sizes and counts.
    pub report: Report,
}

/// Carries out the command.
pub fn run(command: &Command) -> Result<(), Failure> {
    let began = Instant::now();
    let options = &project::resolve(&command.options)?;
    let is_shown = std::io::stderr().is_terminal() && !command.quiet && !command.json;
    let built = build(options, if is_shown { Progress::Shown } else { Progress::Hidden })?;
    let usual = || PathBuf::from(format!("{}.elf", xl::domain(&built.plan.name)));
    let output = command.output.clone().unwrap_or_else(usual);
    let config_path = output.with_extension("cfg");
    if config_path == output {
        let why = "the configuration for xl is written beside it, and would be the same file";
        let help = "give it another ending, as NAME.elf";
        return Err(Failure::new(Code::Usage, format!("cannot write to {}", output.display()), why, help));
    }
    let memory = xl::memory(options.resources.memory, built.packed.len())?;
    let version = built.plan.version.as_deref();
    let devices = options.resources.lines();
    let config = xl::config(&built.plan.name, version, &output, memory, "", &devices);
    // A kernel without its configuration is a part, and parts are not left behind.
    let write = |path: &Path, bytes: &[u8], mode| {
        NewFile::write(path, bytes, mode).map_err(|why| unwritable(path, &why))
    };
    let new = write(&output, &built.packed, EXECUTABLE)?;
    write(&config_path, config.as_bytes(), 0o644)?.put().map_err(|why| unwritable(&config_path, &why))?;
    new.put().map_err(|why| unwritable(&output, &why))?;
    let report = built.report.finish(&built.plan, &output, &config_path, memory, began.elapsed());
    if command.json {
        out::line(format_args!("{}", report.json()))?;
    } else if !command.quiet {
        out::print(format_args!("{}", report.text()))?;
    }
    Ok(())
}

pub fn unwritable(path: &Path, why: &std::io::Error) -> Failure {
    let help = match why.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "free some room, or name a file elsewhere with -o"
        }
        ErrorKind::IsADirectory => "name a file in it, with -o",
        ErrorKind::NotFound => "make its folder first, or name a file elsewhere with -o",
        _ => "name a file with -o that you may write, in a folder that you may write to",
    };
    Failure::new(Code::Build, format!("cannot write {}", path.display()), why, help)
}

/// Makes the file in memory.
pub fn build(options: &Options, progress: Progress) -> Result<Built, Failure> {
    let kernel_path = kernel::find(options)?;
    let kernel_bytes = file::read(&kernel_path)?;
    let kernel = Kernel::parse(&kernel_bytes).map_err(|why| file::not_a_kernel(&kernel_path, why))?;
    let natives = if options.ignore_natives { Natives::LeftOut } else { Natives::Refused };
    let (plan, mut layout) = read(options, natives, progress)?;
    let pruned = if options.prune { prune::prune(&plan, &mut layout)? } else { Vec::new() };
    let mut report = Report::new(&layout, pruned);

    let builder = match kernel.image() {
        Some(image) => ImageBuilder::from_image(
            &Image::parse(image).map_err(|why| file::not_a_kernel(&kernel_path, why))?,
        ),
        None => ImageBuilder::new(),
    };
    let (translated, library) = translate::library(&plan, &layout, options.translate)?;
    (report.translated, report.library_bytes) = (translated, library.len());
    let table = layout.table()?;
    report.files_bytes = table.len();
    let image = builder
        .section(SectionKind::ARGUMENTS, 1, words(&plan)?)
        .section(SectionKind::FILES, 16, table)
        .section(SectionKind::START, 1, start_of(&plan)?)
        .section(SectionKind::LIBRARY, 16, library)
        .build();
    report.image_bytes = image.len();
    let packed = kernel.pack(&image).map_err(|why| file::not_a_kernel(&kernel_path, why))?;
    Ok(Built { plan, packed, report })
}

/// Makes the plan and reads the files that it names.
pub fn read(options: &Options, natives: Natives, progress: Progress) -> Result<(Plan, Layout), Failure> {
    options.check()?;
    let otp = Otp::find()?;
    // The archive's files are needed until they have been read.
    let (mut plan, unpacked) = plan_of(options, &otp)?;
    plan.environment.extend(options.variables.iter().cloned());
    let metrics = options.metrics.map(|port| metrics::add(&mut plan, port)).transpose()?;
    let layout = Layout::read(&plan, options, natives, progress)?;
    drop((unpacked, metrics));
    Ok((plan, layout))
}

fn plan_of(options: &Options, otp: &Otp) -> Result<(Plan, Option<Temporary>), Failure> {
    if let [path] = options.paths.as_slice() {
        if let Some(folder) = release::find(path)? {
            return Ok((release::plan(&folder, options, otp)?, None));
        }
        if path.is_file() || tar::is_archive(path) {
            if tar::is_archive(path) {
                let unpacked = tar::unpack(path)?;
                let plan = match release::find(unpacked.path())? {
                    Some(folder) => release::plan(&folder, options, otp)?,
                    None => {
                        let why = "it has no folder `releases`";
                        let help = "name an archive that `rebar3 tar`, `mix release` or systools:make_tar/2 has made";
                        return Err(Failure::new(
                            Code::Build,
                            format!("{} is no release", path.display()),
                            why,
                            help,
                        ));
                    }
                };
                return Ok((plan, Some(unpacked)));
            }
            let bytes = file::contents(path)?;
            if bytes.starts_with(escript::SHEBANG) {
                return Ok((escript::plan(path, options, otp)?, None));
            }
            if bytes.starts_with(ELF) {
                let help = "boot it with `voxoz run`, see what is in it with `voxoz inspect`, or name what it was built of";
                let what = format!("cannot build {}", path.display());
                return Err(Failure::new(Code::Usage, what, "it is built already, or a program", help));
            }
            let why = "it is neither a .tar.gz nor does it begin with #!, as an escript";
            let help = "name a release's folder or .tar.gz, an escript, or folders of modules with -s";
            return Err(Failure::new(Code::Build, format!("cannot build {}", path.display()), why, help));
        }
    }
    Ok((loose::plan(options, otp)?, None))
}

fn words(plan: &Plan) -> Result<Vec<u8>, Failure> {
    arguments::encode(&plan.arguments).map_err(|why| {
        Failure::new(
            Code::Build,
            "cannot embed the words of the command line",
            why,
            "leave out the zero byte",
        )
    })
}

fn start_of(plan: &Plan) -> Result<Vec<u8>, Failure> {
    let bindir = format!("{}/erts-{}/bin", plan::ROOT, plan.erts);
    let preloaded = layout::preloaded_folder(plan);
    let mut start = Start::default();
    start.root = plan::ROOT.as_bytes();
    start.bindir = bindir.as_bytes();
    start.cwd = plan.cwd.as_bytes();
    start.preloaded = preloaded.as_bytes();
    let bytes = |text: &String| text.clone().into_bytes();
    let environment = plan.environment.iter().map(|(name, value)| (bytes(name), bytes(value))).collect();
    start::encode(&start, &environment)
        .map_err(|why| Failure::new(Code::Build, "cannot embed the environment", why, "look at --env"))
}
