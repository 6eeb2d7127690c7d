// SPDX-License-Identifier: Apache-2.0
//! The code of modules as it was before it was packed, for a few at a time: functions that are called for the first time come in crowds from the same
//! modules, and what a start has expanded altogether is a tenth of its memory.

use alloc::vec::Vec;

use super::packed::Packed;

/// Bytes of all that is kept, if it is not one alone.
const MOST: usize = 384 << 10;

/// What was expanded, the last one used at the end.
pub(super) struct Streams {
    recent: Vec<(Packed<'static>, Vec<u8>)>,
    bytes: usize,
}

impl Streams {
    pub const fn new() -> Self {
        Self { recent: Vec::new(), bytes: 0 }
    }

    /// Takes what a module's code expands to; none if it is not what was written.
    pub fn take(&mut self, packed: Packed<'static>) -> Option<Vec<u8>> {
        let Some(place) = self.recent.iter().rposition(|(known, _)| known.is(packed)) else {
            return packed.expand();
        };
        let (_, stream) = self.recent.remove(place);
        self.bytes -= stream.len();
        Some(stream)
    }

    /// Keeps it for the next function; what was not used for long goes.
    pub fn keep(&mut self, packed: Packed<'static>, stream: Vec<u8>) {
        self.bytes += stream.len();
        self.recent.push((packed, stream));
        while self.bytes > MOST && self.recent.len() > 1 {
            let (_, oldest) = self.recent.remove(0);
            self.bytes -= oldest.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::super::packed::pack;
    use super::*;
    use crate::numbers::Numbers;

    fn packed(bytes: &[u8]) -> Packed<'static> {
        let mut out = Vec::new();
        pack(&mut out, bytes);
        Packed::read(&mut Numbers::new(out.leak())).expect("it was just written")
    }

    #[test]
    fn the_last_ones_are_kept() {
        let modules: Vec<_> = (0..4).map(|number| packed(&vec![number; MOST / 3])).collect();
        let mut streams = Streams::new();
        for module in &modules {
            let stream = streams.take(*module).expect("it is whole");
            streams.keep(*module, stream);
        }
        assert!(streams.bytes <= MOST);
        let kept: Vec<_> =
            modules.iter().map(|module| streams.recent.iter().any(|(known, _)| known.is(*module))).collect();
        assert_eq!(kept, [false, true, true, true]);
        assert_eq!(streams.take(modules[0]), Some(vec![0; MOST / 3]));
        assert_eq!(streams.take(modules[2]), Some(vec![2; MOST / 3]));
        assert_eq!(streams.recent.len(), 2);
    }

    #[test]
    fn a_long_one_is_kept_alone() {
        let (short, long) = (packed(b"short"), packed(&vec![1; MOST + 1]));
        let mut streams = Streams::new();
        for module in [short, long] {
            let stream = streams.take(module).expect("it is whole");
            streams.keep(module, stream);
        }
        assert_eq!((streams.recent.len(), streams.bytes), (1, MOST + 1));
    }
}
