// SPDX-License-Identifier: Apache-2.0
//! By the instruction of SSE 4.2, eight bytes at a step: Intel's Software Developer's Manual, volume 2, CRC32.

use core::arch::x86_64::{_mm_crc32_u8, _mm_crc32_u64};

cpufeatures::new!(sse42, "sse4.2");

/// Takes bytes into a state, if the processor has the instruction.
pub fn advance(state: u32, bytes: &[u8]) -> Option<u32> {
    // SAFETY: the processor says that it has the instruction, and it works on general registers, which need no leave of a system.
    #[expect(unsafe_code, reason = "calls what not every processor can do")]
    sse42::get().then(|| unsafe { by_instruction(state, bytes) })
}

#[target_feature(enable = "sse4.2")]
fn by_instruction(state: u32, bytes: &[u8]) -> u32 {
    let (eights, rest) = bytes.as_chunks::<8>();
    let wide =
        eights.iter().fold(u64::from(state), |state, eight| _mm_crc32_u64(state, u64::from_le_bytes(*eight)));
    rest.iter().fold(wide as u32, |state, byte| _mm_crc32_u8(state, *byte))
}
