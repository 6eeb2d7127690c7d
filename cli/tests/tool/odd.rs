// SPDX-License-Identifier: Apache-2.0
//! Damaged and odd input: whichever command meets it says the same, and leaves nothing behind.

use std::fs;
use std::path::Path;

use image::Image;
use image::pack::Kernel;

use crate::release::{application, has_otp, release, with_kernel};
use crate::{Outcome, Scratch, kernel, voxoz, voxoz_with};

/// A release, and folders in which whatever is left behind would be found.
struct Odd {
    scratch: Scratch,
    folder: String,
    archive: String,
}

impl Odd {
    fn new(test: &str) -> Self {
        let scratch = Scratch::new(test);
        let (folder, archive) = release(&scratch);
        fs::create_dir(scratch.path("tmp")).expect("a folder");
        fs::create_dir(scratch.path("out")).expect("a folder");
        Self { scratch, folder, archive }
    }

    fn voxoz(&self, words: &[&str]) -> Outcome {
        let (tmp, runtime) = (self.scratch.path("tmp"), self.scratch.path("run"));
        voxoz_with(&with_kernel(&self.scratch, words), &[("TMPDIR", &tmp), ("XDG_RUNTIME_DIR", &runtime)])
    }

    /// Builds, runs, runs detached and checks the same, each of which has to fail alike.
    fn fails(&self, input: &[&str], code: i32, text: &str) {
        let output = self.scratch.path("out/app.elf");
        let disk = format!("{}:64M", self.scratch.path("out/new.img"));
        let commands: [&[&str]; 4] = [
            &["build", "-o", &output],
            &["run", "--hosted", "--disk", &disk],
            &["run", "-d", "--hosted", "--disk", &disk],
            &["check"],
        ];
        for command in commands {
            let words = [command, input].concat();
            let outcome = self.voxoz(&words);
            assert_eq!((outcome.code, outcome.out.as_str()), (Some(code), ""), "{words:?}: {}", outcome.err);
            assert!(outcome.err.starts_with("error: "), "{words:?}: {}", outcome.err);
            for part in [text, "\n  ", "\nhelp: "] {
                assert!(outcome.err.contains(part), "{words:?}: {part:?} is not in\n{}", outcome.err);
            }
            for folder in ["out", "tmp", "run/voxoz"] {
                let left = fs::read_dir(self.scratch.path(folder)).into_iter().flatten().flatten();
                let left: Vec<_> = left.map(|entry| entry.file_name()).collect();
                assert!(left.is_empty(), "{words:?} leaves {left:?} in {folder}");
            }
        }
    }
}

#[test]
fn every_command_says_the_same_and_leaves_nothing() {
    if !has_otp() {
        return;
    }
    let odd = Odd::new("odd");
    let (scratch, folder) = (&odd.scratch, odd.folder.as_str());
    let file = |name: &str, text: &[u8]| scratch.file(name, text);
    fs::create_dir(scratch.path("empty")).expect("a folder");
    odd.fails(&[&scratch.path("nowhere")], 3, "cannot read ");
    odd.fails(&[&scratch.path("empty")], 3, "is no release and has no modules");
    odd.fails(&[&file("text", b"text")], 3, "neither a .tar.gz nor does it begin with #!");
    odd.fails(&[&file("none", b"")], 3, "neither a .tar.gz nor does it begin with #!");
    let whole = fs::read(&odd.archive).expect("an archive");
    for length in [0, 10, 1000, whole.len() / 2] {
        odd.fails(&[&file("cut.tar.gz", &whole[..length])], 3, "cannot unpack");
    }
    odd.fails(&[folder, "-s", "greet"], 2, "-s cannot be used here");
    odd.fails(&[folder, "--application", "ssl"], 2, "--application cannot be used here");

    let data = format!("{folder}/releases/start_erl.data");
    for (version, text) in [("10.7", "too old"), ("17.1", "too new"), ("x", "cannot tell the release's OTP")]
    {
        fs::write(&data, format!("{version} 2")).expect("a file");
        odd.fails(&[folder], 3, text);
    }
    fs::remove_file(&data).expect("it is there");

    let boot = format!("{folder}/releases/2/start.boot");
    let whole = fs::read(&boot).expect("a boot file");
    fs::write(&boot, &whole[..whole.len() / 2]).expect("a file");
    odd.fails(&[folder], 3, "start.boot");
    fs::write(&boot, whole).expect("a file");

    let beam = format!("{folder}/lib/greet-1.0/ebin/greet.beam");
    fs::remove_file(&beam).expect("it is there");
    std::os::unix::fs::symlink("nowhere", &beam).expect("a link");
    odd.fails(&[folder], 3, "greet.beam");
    fs::remove_dir_all(format!("{folder}/lib/greet-1.0")).expect("it is there");
    odd.fails(&[folder], 3, "the application greet is missing");
}

#[test]
fn an_image_that_does_not_fit_is_refused_before_anything_boots() {
    if !has_otp() {
        return;
    }
    let odd = Odd::new("odd-memory");
    let text = "does not fit into 8 MiB of memory";
    let output = odd.scratch.path("app.elf");
    let commands: [&[&str]; 2] = [&["build", "-o", &output], &["run", "-d", "--hosted"]];
    for command in commands {
        let outcome = odd.voxoz(&[command, &[&odd.folder, "--memory", "8"]].concat());
        assert_eq!(outcome.code, Some(3), "{}", outcome.err);
        assert!(outcome.err.contains(text) && outcome.err.contains("help: use --memory "), "{}", outcome.err);
    }
    assert!(!Path::new(&output).exists());
    assert_eq!(odd.voxoz(&["build", "-o", &output, &odd.folder]).code, Some(0));
    let outcome = voxoz(&["--no-install", "run", "--on", "bench", &output, "--memory", "8"]);
    assert_eq!(outcome.code, Some(3), "{}", outcome.err);
    assert!(outcome.err.contains(text), "{}", outcome.err);
}

/// Numbers that are the same each time (Knuth's linear congruential generator).
fn numbers() -> impl Iterator<Item = usize> {
    let mut state = 1_u64;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    })
}

#[test]
fn a_damaged_image_never_boots() {
    if !has_otp() {
        return;
    }
    let scratch = Scratch::new("odd-image");
    let (folder, output) = (application(&scratch), scratch.path("good.elf"));
    let built = voxoz(&with_kernel(&scratch, &["build", &folder, "-s", "greet", "-o", &output, "--quiet"]));
    assert_eq!(built.code, Some(0), "{}", built.err);
    let good = voxoz(&["run", "--hosted", &output]);
    assert_eq!((good.code, good.out.as_str()), (Some(0), "hello\n"), "{}", good.err);

    let bytes = fs::read(&output).expect("it was built");
    let kernel = Kernel::parse(&bytes).expect("a kernel");
    let image = kernel.image().expect("an image");
    let begin = image.as_ptr().addr() - bytes.as_ptr().addr();
    let sections = Image::parse(image).expect("it is good").sections().collect::<Vec<_>>();
    // The header, each section's first, middle and last byte, and the bytes between them.
    let mut places = vec![0, 8, 12, 16, 24, 28, image.len() - 1];
    for section in sections {
        let (start, length) = (section.bytes.as_ptr().addr() - image.as_ptr().addr(), section.bytes.len());
        places.extend([start.saturating_sub(1), start, start + length / 2, start + length - 1]);
    }
    places.extend(numbers().take(24).map(|number| number % image.len()));
    let refused = |damaged: &[u8], what: &str| {
        let path = scratch.file("damaged.elf", damaged);
        for place in ["process", "bench"] {
            let outcome = voxoz(&["--no-install", "run", "--on", place, &path]);
            assert_eq!((outcome.code, outcome.out.as_str()), (Some(3), ""), "{what}: {}", outcome.err);
            let text = format!("{path} is ");
            assert!(
                outcome.err.contains("damaged") || outcome.err.contains(&text),
                "{what}: {}",
                outcome.err
            );
            assert!(outcome.err.contains("\nhelp: "), "{what}: {}", outcome.err);
        }
    };
    let mut damaged = bytes.clone();
    for place in places {
        damaged[begin + place] ^= 1 << (place % 8);
        refused(&damaged, &format!("byte {place} of {}", image.len()));
        damaged[begin + place] = bytes[begin + place];
    }
    for length in [4, 64, begin, bytes.len() / 2, bytes.len() - 1] {
        refused(&bytes[..length], &format!("{length} of {} bytes", bytes.len()));
    }
    refused(&kernel::linked()[..0x1000], "a kernel that was cut");
}

#[test]
fn conflicting_words_are_told() {
    let scratch = Scratch::new("odd-words");
    let built = scratch.file("built.elf", &kernel::packed());
    let long = "x".repeat(1024);
    let output = scratch.path("app.cfg");
    let cases: &[(&[&str], &str)] = &[
        (&["build", &built], "it is built already"),
        (&["build", ".", "--json", "--quiet"], "'--json' cannot be used with '--quiet'"),
        (&["build", ".", "--memory", "0"], "invalid value '0' for '--memory"),
        (&["build", ".", "--env", "NAME"], "it is not NAME=VALUE"),
        (&["build", ".", "--port", "x"], "invalid value 'x' for '--port"),
        (&["build", ".", "--translate", "some"], "invalid value 'some' for '--translate"),
        (&["run", ".", "--hosted", "--on", "bench"], "'--hosted' cannot be used with '--on"),
        (&["run", ".", "--name", "x"], "--detach"),
        (&["run", ".", "--on", "moon"], "invalid value 'moon' for '--on"),
        (&["run", ".", "--extra", &long], "it has 1024 bytes, and Xen takes 1023"),
        (&["run", &built, "-s", "m"], "-s cannot be used here"),
        (&["run", &built, "--shell"], "--shell cannot be used here"),
        (&["run", &built, "--application", "ssl"], "--application cannot be used here"),
        (&["run", &built, "--env", "A=b"], "--env cannot be used here"),
        (&["run", &built, "--prune"], "--prune cannot be used here"),
        (&["run", "-d", "--hosted", &built, "--keep-debug"], "--keep-debug cannot be used here"),
        (&["run", "--hosted", &built, "--", "word"], "words after -- cannot be used here"),
        (&["build", "--shell", "-o", &output], "would be the same file"),
    ];
    for (words, text) in cases {
        let outcome = voxoz_with(words, &[("VOXOZ_KERNEL", &built)]);
        if *words == ["build", "--shell", "-o", &output] && !has_otp() {
            continue;
        }
        assert_eq!((outcome.code, outcome.out.as_str()), (Some(2), ""), "{words:?}: {}", outcome.err);
        assert!(outcome.err.contains(text), "{words:?}: {text:?} is not in\n{}", outcome.err);
    }
    assert!(!Path::new(&output).exists());
}
