// SPDX-License-Identifier: Apache-2.0
//! Huffman codes of a block: the lengths of the codes that make it shortest, none longer than the format allows.
//!
//! Many codes are equally short. Which one is made depends on the order in which nodes of equal weight are joined, and on how codes that are too
//! long are shortened; both are as zlib does it: a binary heap, in which the shallower of two trees of equal weight is smaller, and moving
//! leaves up from the lowest level.

use super::codes::{CODE_LENGTH_EXTRA, CODE_LENGTHS, DISTANCE_EXTRA, DISTANCES, LENGTH_EXTRA, LITERALS};
use super::codes::{FIRST_LENGTH, FIXED_DISTANCES, FIXED_LENGTHS, canonical};

/// Nodes of the largest tree, with one place before the root.
const NODES: usize = 2 * LITERALS + 1;

/// The longest code of any kind.
const MAX_BITS: usize = 15;

/// What is the same for all codes of a kind.
#[derive(Debug)]
pub(super) struct Kind {
    symbols: usize,
    first_extra: usize,
    extra: &'static [u8],
    fixed: &'static [u8],
    max_bits: usize,
}

/// Literals, lengths and the end of a block.
pub(super) static LITERAL_KIND: Kind = Kind {
    symbols: LITERALS,
    first_extra: FIRST_LENGTH,
    extra: &LENGTH_EXTRA,
    fixed: &FIXED_LENGTHS,
    max_bits: MAX_BITS,
};

/// Distances.
pub(super) static DISTANCE_KIND: Kind = Kind {
    symbols: DISTANCES,
    first_extra: 0,
    extra: &DISTANCE_EXTRA,
    fixed: &FIXED_DISTANCES,
    max_bits: MAX_BITS,
};

/// Lengths of codes; there are no fixed codes of them.
pub(super) static CODE_LENGTH_KIND: Kind =
    Kind { symbols: CODE_LENGTHS, first_extra: 0, extra: &CODE_LENGTH_EXTRA, fixed: &[], max_bits: 7 };

/// How many bits a block takes. Symbols that are only there to make two cost nothing, so the sums may be below 0 meanwhile.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Cost {
    /// With codes of its own, without the description of these.
    pub dynamic: isize,
    /// With the fixed codes.
    pub fixed: isize,
}

/// How often the symbols of a kind were seen, and their codes.
#[derive(Debug)]
pub(super) struct Tree {
    /// How often each symbol was seen.
    pub seen: [u16; LITERALS],
    /// The length of each code; 0 if the symbol has none.
    pub lengths: [u8; LITERALS],
    /// The codes.
    pub codes: [u16; LITERALS],
    /// The last symbol that has a code.
    pub last: usize,
}

impl Default for Tree {
    fn default() -> Self {
        Self { seen: [0; LITERALS], lengths: [0; LITERALS], codes: [0; LITERALS], last: 0 }
    }
}

/// Joins the lightest trees until there is one.
struct Builder {
    weight: [u16; NODES],
    depth: [u8; NODES],
    parent: [u16; NODES],
    heap: [u16; NODES],
    len: usize,
    /// Nodes in the order in which they left the heap, from the end of the array on; those of greatest weight come first.
    sorted: [u16; NODES],
    first: usize,
}

impl Builder {
    fn is_smaller(&self, a: u16, b: u16) -> bool {
        let key = |node: u16| (self.weight[usize::from(node)], self.depth[usize::from(node)]);
        key(a) <= key(b)
    }

    /// Moves the node at a place of the heap down to where it belongs.
    fn sift(&mut self, place: usize) {
        let node = self.heap[place];
        let mut at = place;
        loop {
            let mut child = 2 * at;
            if child > self.len {
                break;
            }
            // Of two that are equal in both, the second is taken.
            if child < self.len && self.is_smaller(self.heap[child + 1], self.heap[child]) {
                child += 1;
            }
            if self.is_smaller(node, self.heap[child]) {
                break;
            }
            self.heap[at] = self.heap[child];
            at = child;
        }
        self.heap[at] = node;
    }

    fn push(&mut self, node: usize) {
        self.len += 1;
        self.heap[self.len] = node as u16;
    }

    fn set_aside(&mut self, node: u16) {
        self.first -= 1;
        self.sorted[self.first] = node;
    }

    /// Joins all trees; new nodes are numbered from `next` on.
    fn join(&mut self, mut next: usize) {
        for place in (1..=self.len / 2).rev() {
            self.sift(place);
        }
        while self.len >= 2 {
            let light = self.heap[1];
            self.heap[1] = self.heap[self.len];
            self.len -= 1;
            self.sift(1);
            let heavy = self.heap[1];
            self.set_aside(light);
            self.set_aside(heavy);
            let (a, b) = (usize::from(light), usize::from(heavy));
            self.weight[next] = self.weight[a] + self.weight[b];
            self.depth[next] = self.depth[a].max(self.depth[b]) + 1;
            self.parent[a] = next as u16;
            self.parent[b] = next as u16;
            self.heap[1] = next as u16;
            self.sift(1);
            next += 1;
        }
        self.set_aside(self.heap[1]);
    }
}

impl Tree {
    /// Makes the code that suits the symbols that were seen, and adds up what the block takes with it.
    pub fn build(&mut self, kind: &Kind, cost: &mut Cost) {
        let mut builder = Builder {
            weight: [0; NODES],
            depth: [0; NODES],
            parent: [0; NODES],
            heap: [0; NODES],
            len: 0,
            sorted: [0; NODES],
            first: NODES,
        };
        let mut last = None;
        self.lengths = [0; LITERALS];
        for symbol in 0..kind.symbols {
            if self.seen[symbol] > 0 {
                builder.push(symbol);
                last = Some(symbol);
            }
        }
        // A code has at least two symbols, whether they are there or not.
        while builder.len < 2 {
            let symbol = match last {
                None => 0,
                Some(0) => 1,
                Some(_) => 0,
            };
            last = last.max(Some(symbol));
            builder.push(symbol);
            self.seen[symbol] = 1;
            cost.dynamic -= 1;
            cost.fixed -= kind.fixed.get(symbol).map_or(0, |bits| isize::from(*bits));
        }
        self.last = last.unwrap_or(0);
        builder.weight[..kind.symbols].copy_from_slice(&self.seen[..kind.symbols]);
        builder.join(kind.symbols);
        self.set_lengths(kind, &builder, cost);
        self.codes = canonical(&self.lengths);
    }

    /// Gives each symbol the length of its way from the root, but no more than is allowed.
    fn set_lengths(&mut self, kind: &Kind, builder: &Builder, cost: &mut Cost) {
        let mut counts = [0usize; MAX_BITS + 2];
        let mut too_long = 0isize;
        let mut depth = [0u8; NODES];
        for place in builder.first + 1..NODES {
            let node = usize::from(builder.sorted[place]);
            let mut bits = usize::from(depth[usize::from(builder.parent[node])]) + 1;
            if bits > kind.max_bits {
                bits = kind.max_bits;
                too_long += 1;
            }
            depth[node] = bits as u8;
            if node < kind.symbols {
                counts[bits] += 1;
                self.set_length(kind, node, bits, cost);
            }
        }
        if too_long == 0 {
            return;
        }
        while too_long > 0 {
            let mut bits = kind.max_bits - 1;
            while counts[bits] == 0 {
                bits -= 1;
            }
            // A leaf goes down by one, and one of those that are too long becomes its brother.
            counts[bits] -= 1;
            counts[bits + 1] += 2;
            counts[kind.max_bits] -= 1;
            too_long -= 2;
        }
        let mut leaves = builder.sorted[builder.first..].iter().rev().map(|node| usize::from(*node));
        for bits in (1..=kind.max_bits).rev() {
            for _ in 0..counts[bits] {
                let Some(symbol) = leaves.find(|node| *node < kind.symbols) else { return };
                let more = bits as isize - isize::from(self.lengths[symbol]);
                cost.dynamic += more * isize::try_from(self.seen[symbol]).unwrap_or(0);
                self.lengths[symbol] = bits as u8;
            }
        }
    }

    fn set_length(&mut self, kind: &Kind, symbol: usize, bits: usize, cost: &mut Cost) {
        self.lengths[symbol] = bits as u8;
        let extra = symbol.checked_sub(kind.first_extra).map_or(0, |index| kind.extra[index]);
        let seen = self.seen[symbol] as isize;
        cost.dynamic += seen * (bits as isize + isize::from(extra));
        if let Some(fixed) = kind.fixed.get(symbol) {
            cost.fixed += seen * (isize::from(*fixed) + isize::from(extra));
        }
    }
}
