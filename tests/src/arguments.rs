// SPDX-License-Identifier: Apache-2.0
//! Arguments come from the image and from Xen's command line, and may be longer together than that holds.

use std::fs;

use image::format::MAGIC;
use image::{Image, ImageBuilder, SectionKind, arguments, pack};
use lab::Reason;
use libtest_mimic::Failed;

use crate::trial::Run;
use crate::world::{World, test_guest};

pub fn both_sources(world: &World) -> Result<(), Failed> {
    let long = "long".repeat(1000);
    let path = test_guest().with_file_name("test-guest-arguments.elf");
    repack(&["embedded one", &long], &path)?;
    let run = Run::new("arguments").kernel(path).extra("'two words' plain");
    let outcome = run.to_success(&*world.lab()?)?;
    for (index, argument) in
        ["embedded one", &long, "test=arguments", "two words", "plain"].iter().enumerate()
    {
        outcome.must_contain(&format!("argument {index}: {argument}\n"))?;
    }
    Ok(())
}

pub fn open_quote(world: &World) -> Result<(), Failed> {
    let outcome = Run::new("arguments").extra("'open").to_end(&*world.lab()?)?;
    outcome.must_contain("is never closed")?;
    outcome.must_end(Reason::Crash)
}

/// A flipped bit in the image's table is found, and the domain ends with a report that says so.
pub fn damaged_image(world: &World) -> Result<(), Failed> {
    let mut bytes = fs::read(test_guest())?;
    let magic = bytes.windows(MAGIC.len()).rposition(|window| window == MAGIC);
    bytes[magic.ok_or("the test guest has no image")? + MAGIC.len() + 5] ^= 1;
    let path = test_guest().with_file_name("test-guest-damaged.elf");
    pack::write_executable(&path, &bytes)?;
    let outcome = Run::new("arguments").kernel(path).to_end(&*world.lab()?)?;
    outcome.must_contain("the image in the kernel is damaged: ")?;
    outcome.must_end(Reason::Crash)
}

/// The test guest with these embedded arguments.
fn repack(list: &[&str], path: &std::path::Path) -> Result<(), Failed> {
    let packed = fs::read(test_guest())?;
    let kernel = pack::Kernel::parse(&packed)?;
    let image = Image::parse(kernel.image().ok_or("the test guest has no image")?)?;
    let image = ImageBuilder::from_image(&image)
        .without(SectionKind::ARGUMENTS)
        .section(SectionKind::ARGUMENTS, 1, arguments::encode(list)?)
        .build();
    pack::write_executable(path, &kernel.pack(&image)?)?;
    Ok(())
}
