// SPDX-License-Identifier: Apache-2.0
//! Arbitrary bytes as an image, as each of its sections, and as a kernel to be packed.
//!
//! Whatever is accepted must be whole: sections lie inside and do not overlap, symbols hold the address that was looked up, and a
//! kernel that can be packed can be packed again.
#![no_main]

use image::arguments::Arguments;
use image::pack::Kernel;
use image::symbols::SymbolTable;
use image::{Image, ImageBuilder};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(image) = Image::open(bytes) {
        let within: usize = image.sections().map(|section| section.bytes.len()).sum();
        assert!(within <= bytes.len());
        if image.verify().is_ok() {
            assert!(Image::parse(&ImageBuilder::from_image(&image).build()).is_ok());
        }
    }
    if let Ok(arguments) = Arguments::parse(bytes) {
        assert!(arguments.iter().map(|argument| argument.len() + 1).sum::<usize>() <= bytes.len());
    }
    if let Ok(symbols) = SymbolTable::parse(bytes) {
        for address in [0, 1, 0x10_0000, 0x12_3456, u64::MAX] {
            if let Some(symbol) = symbols.lookup(address) {
                assert!(symbol.offset <= address);
            }
        }
    }
    if let Ok(kernel) = Kernel::parse(bytes) {
        let image = ImageBuilder::new().build();
        if let Ok(packed) = kernel.pack(&image) {
            let again = Kernel::parse(&packed).expect("what was packed is a kernel");
            assert_eq!(again.image(), Some(&*image));
        }
    }
});
