// SPDX-License-Identifier: Apache-2.0
//! The state of one end of a device, as its node `state` holds it: a decimal number.

use alloc::string::{String, ToString};

pub use xen_hypervisor_sys::io::xenbus::XenbusState;

/// The state that a node's value stands for. What is no number or none of a state is [`XenbusState::Unknown`]: an
/// end that writes it cannot be worked with, as one that has written nothing.
pub fn parse(value: &[u8]) -> XenbusState {
    let number = core::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
    number.and_then(XenbusState::from_raw).unwrap_or(XenbusState::Unknown)
}

/// The value that stands for a state.
pub fn value(state: XenbusState) -> String {
    (state as u32).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_as_they_are_written() {
        for number in 0..=8 {
            let state = XenbusState::from_raw(number).unwrap();
            assert_eq!(parse(value(state).as_bytes()), state);
        }
    }

    #[test]
    fn anything_else_is_unknown() {
        for text in [&b""[..], b"9", b"-1", b"4 ", b"four", b"\xff", b"99999999999999999999"] {
            assert_eq!(parse(text), XenbusState::Unknown);
        }
    }
}
