// SPDX-License-Identifier: Apache-2.0
//! The running program: where its parts lie, its build identity, and the image that was packed into it.

use core::fmt;
use core::ops::Range;

use drivers::memory::VirtAddr;
use image::symbols::{Symbol, SymbolTable};
use image::{Image, ImageError, SectionKind};

use crate::global::Global;
use crate::memory::PAGE_SIZE;

/// A stack, as the linker has placed it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stack {
    /// The page below it, which is not there.
    pub guard: VirtAddr,
    /// The first address past it.
    pub top: VirtAddr,
}

impl Stack {
    /// All of it, without the page below.
    #[must_use]
    pub fn range(self) -> Range<VirtAddr> {
        VirtAddr(self.guard.0 + PAGE_SIZE)..self.top
    }
}

/// What `boot` knows from the linker and the packer.
#[derive(Clone, Debug)]
pub struct Program {
    /// Instructions, whole pages.
    pub text: Range<VirtAddr>,
    /// Constants, whole pages.
    pub rodata: Range<VirtAddr>,
    /// The kernel's stack.
    pub stack: Stack,
    /// The stacks of operations on files: on disks, and of servers.
    pub fibers: [Stack; 2],
    /// The image, empty where none was packed.
    pub image: &'static [u8],
    /// The linker's hash over the program.
    pub build_id: &'static [u8],
}

static PROGRAM: Global<Option<Program>> = Global::new(None);

/// Keeps the program's data for the crash report.
pub fn install(program: &Program) {
    *PROGRAM.borrow() = Some(program.clone());
}

/// A copy of what was installed, if it was and nobody is about to change it.
pub fn current() -> Option<Program> {
    PROGRAM.try_borrow()?.clone()
}

impl Program {
    /// The pages of the packed image.
    #[must_use]
    pub fn image_pages(&self) -> Range<VirtAddr> {
        let start = self.image.as_ptr().addr();
        if self.image.is_empty() {
            return VirtAddr(0)..VirtAddr(0);
        }
        VirtAddr(start)..VirtAddr((start + self.image.len()).next_multiple_of(PAGE_SIZE))
    }

    /// The stack that an address is in, if it is in one.
    #[must_use]
    pub fn stack_at(&self, address: VirtAddr) -> Option<Range<VirtAddr>> {
        let [first, second] = self.fibers;
        [self.stack, first, second].into_iter().map(Stack::range).find(|range| range.contains(&address))
    }

    /// The packed image, if there is one.
    ///
    /// # Errors
    /// What is wrong with its header or table; its sections are not looked at.
    pub fn image(&self) -> Result<Option<Image<'static>>, ImageError> {
        if self.image.is_empty() { Ok(None) } else { Image::open(self.image).map(Some) }
    }

    /// The function that holds `address`, if the image has a symbol table.
    #[must_use]
    pub fn symbol(&self, address: VirtAddr) -> Option<Symbol> {
        let table = self.image().ok()??.section(SectionKind::SYMBOLS)?;
        SymbolTable::parse(table).ok()?.lookup(address.0 as u64)
    }
}

/// Which build this is: version and linker's hash.
impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "voxoz {}, build id ", env!("CARGO_PKG_VERSION"))?;
        self.build_id.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
