// SPDX-License-Identifier: Apache-2.0
//! Where the nodes of all timers live: chunks of 256 nodes, addressed by number.
//!
//! Chunks, and not one array, for two reasons: growing never copies the timers that are there, which would hold the scheduler when there
//! are a million, and a chunk whose last timer has gone is given back wherever it lies. One empty chunk is kept, so that a program
//! that uses one timer over and over does not allocate each time.

use alloc::vec::Vec;

use super::slot::SLOTS;

/// Nodes of one chunk, as a power of two.
const CHUNK_BITS: u32 = 8;

/// Nodes of one chunk.
const CHUNK: u32 = 1 << CHUNK_BITS;

/// Most chunks: the numbers of their nodes and of the slots have to fit into one link.
const MAX_CHUNKS: u32 = (u32::MAX - SLOTS) >> CHUNK_BITS;

/// No chunk, no node.
const NONE: u32 = u32::MAX;

/// One timer.
pub(super) struct Node<T> {
    /// What is kept for the one who inserted it.
    pub(super) value: T,
    /// When it expires.
    pub(super) deadline: u64,
    /// The number of its insertion; zero while the node is free.
    pub(super) stamp: u64,
    /// The following link in the slot's ring; in a free node, the next free one of the chunk.
    pub(super) next: u32,
    /// The preceding link in the slot's ring.
    pub(super) previous: u32,
}

/// A list of chunks. Each chunk with a free node and each without memory is in the list that says so.
#[derive(Clone, Copy)]
enum List {
    /// Chunks with memory and a free node.
    Open,
    /// Chunks that have been given back and whose numbers are free.
    Vacant,
}

struct Chunk<T> {
    /// The nodes that were ever used since the chunk got its memory.
    nodes: Vec<Node<T>>,
    /// The first free node among them.
    free: u32,
    /// How many of them hold a timer.
    used: u32,
    /// The neighbours in the chunk's list.
    next: u32,
    previous: u32,
}

/// All nodes.
pub(super) struct Slab<T> {
    chunks: Vec<Chunk<T>>,
    /// The first chunk of each [`List`].
    heads: [u32; 2],
    /// Whether some chunk with memory holds no timer; there is never more than one.
    has_spare: bool,
    /// How many timers there are.
    used: usize,
}

impl<T: Copy> Slab<T> {
    pub(super) const fn new() -> Self {
        Self { chunks: Vec::new(), heads: [NONE; 2], has_spare: false, used: 0 }
    }

    /// How many timers there are.
    pub(super) fn len(&self) -> usize {
        self.used
    }

    /// The bytes that the slab holds.
    pub(super) fn memory(&self) -> usize {
        let nodes: usize =
            self.chunks.iter().map(|chunk| chunk.nodes.capacity() * size_of::<Node<T>>()).sum();
        nodes + self.chunks.capacity() * size_of::<Chunk<T>>()
    }

    /// The node of number `node`, if there is such a node and it holds a timer that was inserted as number `stamp`.
    pub(super) fn find(&self, node: u32, stamp: u64) -> Option<&Node<T>> {
        let chunk = self.chunks.get((node >> CHUNK_BITS) as usize)?;
        chunk.nodes.get((node % CHUNK) as usize).filter(|node| node.stamp == stamp)
    }

    /// The node of number `node`, which must have memory.
    pub(super) fn get(&self, node: u32) -> &Node<T> {
        &self.chunks[(node >> CHUNK_BITS) as usize].nodes[(node % CHUNK) as usize]
    }

    /// The node of number `node`, which must have memory.
    pub(super) fn get_mut(&mut self, node: u32) -> &mut Node<T> {
        &mut self.chunks[(node >> CHUNK_BITS) as usize].nodes[(node % CHUNK) as usize]
    }

    /// Puts a timer into a free node and says which. Its links have no meaning yet.
    pub(super) fn insert(&mut self, value: T, deadline: u64, stamp: u64) -> u32 {
        let number = match self.heads[List::Open as usize] {
            NONE => self.open(),
            number => number,
        };
        let chunk = &mut self.chunks[number as usize];
        if chunk.used == 0 {
            self.has_spare = false;
        }
        let node = Node { value, deadline, stamp, next: NONE, previous: NONE };
        let index = if chunk.free == NONE {
            chunk.nodes.push(node);
            chunk.nodes.len() as u32 - 1
        } else {
            let index = chunk.free;
            let free = &mut chunk.nodes[index as usize];
            chunk.free = free.next;
            *free = node;
            index
        };
        chunk.used += 1;
        self.used += 1;
        if chunk.used == CHUNK {
            self.unlink(List::Open, number);
        }
        number << CHUNK_BITS | index
    }

    /// Frees a node that holds a timer.
    pub(super) fn remove(&mut self, node: u32) {
        let number = node >> CHUNK_BITS;
        let chunk = &mut self.chunks[number as usize];
        let index = node % CHUNK;
        let removed = &mut chunk.nodes[index as usize];
        removed.stamp = 0;
        removed.next = chunk.free;
        chunk.free = index;
        chunk.used -= 1;
        self.used -= 1;
        let used = chunk.used;
        if used == CHUNK - 1 {
            self.link(List::Open, number);
        }
        if used == 0 {
            if self.has_spare {
                self.give_back(number);
            } else {
                self.has_spare = true;
            }
        }
    }

    /// Gives memory to a vacant chunk or to a new one.
    fn open(&mut self) -> u32 {
        let nodes = Vec::with_capacity(CHUNK as usize);
        let number = match self.heads[List::Vacant as usize] {
            NONE => {
                let number = self.chunks.len() as u32;
                assert!(number < MAX_CHUNKS, "no number is left for another timer");
                self.chunks.push(Chunk { nodes, free: NONE, used: 0, next: NONE, previous: NONE });
                number
            }
            number => {
                self.unlink(List::Vacant, number);
                self.chunks[number as usize].nodes = nodes;
                number
            }
        };
        self.link(List::Open, number);
        number
    }

    /// Gives the memory of an empty chunk back, and the table's when its last chunks have none.
    fn give_back(&mut self, number: u32) {
        self.unlink(List::Open, number);
        let chunk = &mut self.chunks[number as usize];
        chunk.nodes = Vec::new();
        chunk.free = NONE;
        self.link(List::Vacant, number);
        while self.chunks.last().is_some_and(|last| last.nodes.capacity() == 0) {
            self.unlink(List::Vacant, self.chunks.len() as u32 - 1);
            self.chunks.pop();
        }
        if self.chunks.len() < self.chunks.capacity() / 4 {
            self.chunks.shrink_to(self.chunks.len() * 2);
        }
    }

    fn link(&mut self, list: List, number: u32) {
        let head = core::mem::replace(&mut self.heads[list as usize], number);
        self.chunks[number as usize].next = head;
        self.chunks[number as usize].previous = NONE;
        if let Some(next) = self.chunks.get_mut(head as usize) {
            next.previous = number;
        }
    }

    fn unlink(&mut self, list: List, number: u32) {
        let Chunk { next, previous, .. } = self.chunks[number as usize];
        match self.chunks.get_mut(previous as usize) {
            Some(chunk) => chunk.next = next,
            None => self.heads[list as usize] = next,
        }
        if let Some(chunk) = self.chunks.get_mut(next as usize) {
            chunk.previous = previous;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_of_two_words_of_value_costs_24_bytes_beside_them() {
        assert_eq!(size_of::<Node<u64>>(), 8 + 24);
        assert_eq!(size_of::<Node<[u64; 2]>>(), 16 + 24);
    }

    #[test]
    fn freed_nodes_are_used_again() {
        let mut slab = Slab::new();
        let first = slab.insert('a', 1, 1);
        let second = slab.insert('b', 2, 2);
        slab.remove(first);
        assert!(slab.find(first, 1).is_none());
        assert_eq!(slab.insert('c', 3, 3), first);
        assert!(slab.find(first, 1).is_none());
        assert_eq!(slab.find(first, 3).map(|node| node.value), Some('c'));
        assert_eq!(slab.find(second, 2).map(|node| node.value), Some('b'));
        assert_eq!(slab.len(), 2);
    }

    #[test]
    fn empty_chunks_are_given_back_wherever_they_lie_but_one() {
        let mut slab = Slab::new();
        let nodes: Vec<u32> =
            (0..10 * u64::from(CHUNK)).map(|stamp| slab.insert(stamp, 0, stamp + 1)).collect();
        let full = slab.memory();
        let chunk = CHUNK as usize * size_of::<Node<u64>>();
        for node in nodes.iter().filter(|node| (3..6).contains(&(**node >> CHUNK_BITS))) {
            slab.remove(*node);
        }
        assert_eq!(slab.memory(), full - 2 * chunk);
        for node in nodes.iter().filter(|node| !(3..6).contains(&(**node >> CHUNK_BITS))) {
            slab.remove(*node);
        }
        assert_eq!(slab.len(), 0);
        assert!(slab.memory() < 2 * chunk, "{}", slab.memory());
        assert!(nodes.iter().zip(1..).all(|(node, stamp)| slab.find(*node, stamp).is_none()));
    }
}
