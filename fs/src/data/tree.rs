// SPDX-License-Identifier: Apache-2.0
//! The tree: a B+tree whose nodes are copied when they change. What has changed is in memory until a checkpoint gives it new blocks; what has not is loaded when
//! it is needed and kept in a cache with a bound.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crc32c::crc32c;

use super::disk::{Block, Disk};
use super::node::{ENTRY, LEVELS, Link, Node, NodeId, Pair, Pointer, ROOM};
use crate::Errno;

/// How many unchanged nodes are kept.
const CACHE: usize = 192;

#[derive(Debug)]
struct Clean {
    node: Node,
    used: u64,
}

#[derive(Debug)]
struct Dirty {
    node: Node,
    /// Where it will be.
    place: Option<Block>,
}

/// A tree.
#[derive(Default, Debug)]
pub struct Tree {
    root: Option<Link>,
    clean: BTreeMap<Block, Clean>,
    dirty: BTreeMap<NodeId, Dirty>,
    next: u32,
    tick: u64,
    /// Blocks that no node is in any more.
    pub freed: Vec<Block>,
}

/// The place of a key among those of a node above leaves.
fn child<T>(pairs: &[Pair<T>], key: &[u8]) -> usize {
    pairs.partition_point(|(low, _)| low.as_slice() <= key).saturating_sub(1)
}

fn find(pairs: &[Pair<Vec<u8>>], key: &[u8]) -> Result<usize, usize> {
    pairs.binary_search_by(|(other, _)| other.as_slice().cmp(key))
}

impl Tree {
    pub fn new(root: Option<Pointer>) -> Self {
        Self { root: root.map(Link::Disk), ..Self::default() }
    }

    /// How many nodes have changed.
    pub fn dirty(&self) -> usize {
        self.dirty.len()
    }

    /// Loads a node into the cache.
    fn fetch(&mut self, disk: &mut Disk, pointer: Pointer) -> Result<(), Errno> {
        self.tick += 1;
        let used = self.tick;
        if let Some(clean) = self.clean.get_mut(&pointer.block) {
            clean.used = used;
            return Ok(());
        }
        let node = read(disk, pointer)?;
        if self.clean.len() >= CACHE
            && let Some(oldest) =
                self.clean.iter().min_by_key(|(_, clean)| clean.used).map(|(block, _)| *block)
        {
            self.clean.remove(&oldest);
        }
        self.clean.insert(pointer.block, Clean { node, used });
        Ok(())
    }

    fn node(&mut self, disk: &mut Disk, link: Link) -> Result<&Node, Errno> {
        disk.breathe();
        match link {
            Link::Memory(id) => self.dirty.get(&id).map(|dirty| &dirty.node).ok_or(Errno::EIO),
            Link::Disk(pointer) => {
                self.fetch(disk, pointer)?;
                self.clean.get(&pointer.block).map(|clean| &clean.node).ok_or(Errno::EIO)
            }
        }
    }

    /// The value of a key.
    pub fn get(&mut self, disk: &mut Disk, key: &[u8]) -> Result<Option<Vec<u8>>, Errno> {
        let Some(mut link) = self.root else { return Ok(None) };
        loop {
            match self.node(disk, link)? {
                Node::Inner(_, pairs) => link = pairs.get(child(pairs, key)).ok_or(Errno::EIO)?.1,
                Node::Leaf(pairs) => return Ok(find(pairs, key).ok().map(|at| pairs[at].1.clone())),
            }
        }
    }

    /// The first key from one on, and its value.
    pub fn next(&mut self, disk: &mut Disk, from: &[u8]) -> Result<Option<Pair<Vec<u8>>>, Errno> {
        let mut from = from.to_vec();
        loop {
            let Some(mut link) = self.root else { return Ok(None) };
            // The first key right of the way down.
            let mut right: Option<Vec<u8>> = None;
            loop {
                match self.node(disk, link)? {
                    Node::Inner(_, pairs) => {
                        let at = child(pairs, &from);
                        link = pairs.get(at).ok_or(Errno::EIO)?.1;
                        right = pairs.get(at + 1).map(|(key, _)| key.clone()).or(right);
                    }
                    Node::Leaf(pairs) => {
                        let at = find(pairs, &from).unwrap_or_else(|at| at);
                        if let Some(pair) = pairs.get(at) {
                            return Ok(Some(pair.clone()));
                        }
                        break;
                    }
                }
            }
            match right {
                Some(right) if right > from => from = right,
                Some(_) => return Err(Errno::EIO),
                None => return Ok(None),
            }
        }
    }

    fn insert(&mut self, node: Node) -> NodeId {
        let mut id = NodeId(self.next);
        while self.dirty.contains_key(&id) {
            id = NodeId(id.0.wrapping_add(1));
        }
        self.next = id.0.wrapping_add(1);
        self.dirty.insert(id, Dirty { node, place: None });
        id
    }

    /// Makes a node one that may change.
    fn own(&mut self, disk: &mut Disk, link: Link) -> Result<NodeId, Errno> {
        let pointer = match link {
            Link::Memory(id) => return Ok(id),
            Link::Disk(pointer) => pointer,
        };
        self.fetch(disk, pointer)?;
        let node = self.clean.remove(&pointer.block).ok_or(Errno::EIO)?.node;
        self.freed.push(pointer.block);
        Ok(self.insert(node))
    }

    fn at_mut(&mut self, id: NodeId) -> Result<&mut Node, Errno> {
        self.dirty.get_mut(&id).map(|dirty| &mut dirty.node).ok_or(Errno::EIO)
    }

    /// Owns the nodes on the way to a key: each with the place of the next in it.
    fn own_path(&mut self, disk: &mut Disk, key: &[u8]) -> Result<Vec<(NodeId, usize)>, Errno> {
        let mut id = match self.root {
            Some(link) => self.own(disk, link)?,
            None => self.insert(Node::Leaf(Vec::new())),
        };
        self.root = Some(Link::Memory(id));
        let mut path = Vec::new();
        loop {
            let (at, link) = match self.at_mut(id)? {
                Node::Leaf(_) => {
                    path.push((id, 0));
                    return Ok(path);
                }
                Node::Inner(_, pairs) => {
                    let at = child(pairs, key);
                    (at, pairs.get(at).ok_or(Errno::EIO)?.1)
                }
            };
            path.push((id, at));
            let below = self.own(disk, link)?;
            self.set_link(id, at, Link::Memory(below))?;
            id = below;
        }
    }

    fn set_link(&mut self, id: NodeId, at: usize, link: Link) -> Result<(), Errno> {
        match self.at_mut(id)? {
            Node::Inner(_, pairs) => pairs.get_mut(at).ok_or(Errno::EIO)?.1 = link,
            Node::Leaf(_) => return Err(Errno::EIO),
        }
        Ok(())
    }

    /// Gives a key a value.
    pub fn put(&mut self, disk: &mut Disk, key: &[u8], value: &[u8]) -> Result<(), Errno> {
        if 4 + key.len() + value.len() > ENTRY {
            return Err(Errno::EINVAL);
        }
        let mut path = self.own_path(disk, key)?;
        let (leaf, _) = path.pop().ok_or(Errno::EIO)?;
        if let Node::Leaf(pairs) = self.at_mut(leaf)? {
            match find(pairs, key) {
                Ok(at) => pairs[at].1 = value.to_vec(),
                Err(at) => pairs.insert(at, (key.to_vec(), value.to_vec())),
            }
        }
        let mut id = leaf;
        while self.at_mut(id)?.size() > ROOM {
            let level = self.at_mut(id)?.level();
            let (key, high) = self.at_mut(id)?.split();
            let high = Link::Memory(self.insert(high));
            match path.pop() {
                Some((above, at)) => {
                    if let Node::Inner(_, pairs) = self.at_mut(above)? {
                        // It bounds nothing: what is below may have got lower keys when its neighbour went, and the next one of them.
                        if at == 0 {
                            pairs[0].0.clear();
                        }
                        pairs.insert(at + 1, (key, high));
                    }
                    id = above;
                }
                None => {
                    if level >= LEVELS {
                        return Err(Errno::ENOSPC);
                    }
                    let pairs = Vec::from([(Vec::new(), Link::Memory(id)), (key, high)]);
                    let root = self.insert(Node::Inner(level + 1, pairs));
                    self.root = Some(Link::Memory(root));
                    break;
                }
            }
        }
        Ok(())
    }

    /// Takes a node that is in memory away.
    fn drop_node(&mut self, id: NodeId) -> Option<Node> {
        let dirty = self.dirty.remove(&id)?;
        self.freed.extend(dirty.place);
        Some(dirty.node)
    }

    /// Removes a key.
    pub fn delete(&mut self, disk: &mut Disk, key: &[u8]) -> Result<(), Errno> {
        if self.get(disk, key)?.is_none() {
            return Ok(());
        }
        let mut path = self.own_path(disk, key)?;
        let (mut id, _) = path.pop().ok_or(Errno::EIO)?;
        if let Node::Leaf(pairs) = self.at_mut(id)?
            && let Ok(at) = find(pairs, key)
        {
            pairs.remove(at);
        }
        while let Some((above, at)) = path.pop() {
            let node = self.at_mut(id)?;
            if node.len() == 0 {
                self.drop_node(id);
                if let Node::Inner(_, pairs) = self.at_mut(above)? {
                    pairs.remove(at);
                }
            } else if node.size() < ROOM / 4 {
                self.merge(disk, above, at)?;
            } else {
                break;
            }
            id = above;
        }
        self.lower_root()
    }

    /// Joins a node with a neighbour if both have little.
    fn merge(&mut self, disk: &mut Disk, above: NodeId, at: usize) -> Result<(), Errno> {
        let Node::Inner(_, pairs) = self.at_mut(above)? else { return Err(Errno::EIO) };
        let low = if at + 1 < pairs.len() { at } else { at.saturating_sub(1) };
        let (Some((_, low_link)), Some((bound, high_link))) = (pairs.get(low), pairs.get(low + 1)) else {
            return Ok(());
        };
        let (low_link, bound, high_link) = (*low_link, bound.clone(), *high_link);
        let size = self.node(disk, low_link)?.size() + self.node(disk, high_link)?.size() + bound.len();
        if size > ROOM / 4 * 3 {
            return Ok(());
        }
        let low_id = self.own(disk, low_link)?;
        self.set_link(above, low, Link::Memory(low_id))?;
        let high_id = self.own(disk, high_link)?;
        let high = self.drop_node(high_id).ok_or(Errno::EIO)?;
        match (self.at_mut(low_id)?, high) {
            (Node::Leaf(pairs), Node::Leaf(more)) => pairs.extend(more),
            (Node::Inner(_, pairs), Node::Inner(_, mut more)) => {
                // Its first key bounded nothing as long as the node above had the bound.
                if let Some(first) = more.first_mut() {
                    first.0 = bound;
                }
                pairs.extend(more);
            }
            _ => return Err(Errno::EIO),
        }
        if let Node::Inner(_, pairs) = self.at_mut(above)? {
            pairs.remove(low + 1);
        }
        Ok(())
    }

    fn lower_root(&mut self) -> Result<(), Errno> {
        while let Some(Link::Memory(root)) = self.root {
            match self.at_mut(root)? {
                Node::Inner(_, pairs) if pairs.len() == 1 => {
                    let below = pairs[0].1;
                    self.drop_node(root);
                    self.root = Some(below);
                }
                node if node.len() == 0 => {
                    self.drop_node(root);
                    self.root = None;
                }
                _ => break,
            }
        }
        Ok(())
    }

    /// About how many bytes of memory are in use.
    #[cfg(test)]
    pub fn memory(&self) -> usize {
        let nodes =
            self.clean.values().map(|clean| &clean.node).chain(self.dirty.values().map(|dirty| &dirty.node));
        nodes.map(|node| node.size() + node.len() * 80).sum()
    }

    /// Changed nodes without a place.
    pub fn unplaced(&self) -> Vec<NodeId> {
        self.dirty.iter().filter(|(_, dirty)| dirty.place.is_none()).map(|(id, _)| *id).collect()
    }

    /// How many changed nodes have no place.
    pub fn unplaced_count(&self) -> usize {
        self.dirty.values().filter(|dirty| dirty.place.is_none()).count()
    }

    /// Gives a changed node a place.
    pub fn place(&mut self, id: NodeId, block: Block) {
        if let Some(dirty) = self.dirty.get_mut(&id) {
            dirty.place = Some(block);
        }
    }

    /// Begins to write the changed nodes, which all have places. Tells where each is.
    pub fn write(&self, disk: &mut Disk, epoch: u64) -> Result<BTreeMap<NodeId, Pointer>, Errno> {
        let mut pointers: BTreeMap<NodeId, Pointer> = BTreeMap::new();
        let mut order: Vec<(u8, NodeId)> =
            self.dirty.iter().map(|(id, dirty)| (dirty.node.level(), *id)).collect();
        order.sort_unstable();
        let mut blocks: BTreeMap<Block, Vec<u8>> = BTreeMap::new();
        for (level, id) in order {
            let dirty = self.dirty.get(&id).ok_or(Errno::EIO)?;
            let block = dirty.place.ok_or(Errno::EIO)?;
            let place = |link| match link {
                Link::Disk(pointer) => Some(pointer),
                Link::Memory(id) => pointers.get(&id).copied(),
            };
            let bytes = dirty.node.encode(block, epoch, place).ok_or(Errno::EIO)?;
            pointers.insert(id, Pointer { block, crc: crc32c(&bytes), level });
            blocks.insert(block, bytes);
            disk.breathe();
        }
        write_runs(disk, blocks);
        Ok(pointers)
    }

    /// The root, when the changed nodes are where they were written.
    pub fn root(&self, written: &BTreeMap<NodeId, Pointer>) -> Option<Pointer> {
        match self.root? {
            Link::Disk(pointer) => Some(pointer),
            Link::Memory(id) => written.get(&id).copied(),
        }
    }

    /// The changed nodes are on the disk.
    pub fn commit(&mut self, written: &BTreeMap<NodeId, Pointer>) {
        self.root = self.root(written).map(Link::Disk);
        for (id, dirty) in core::mem::take(&mut self.dirty) {
            let Some(pointer) = written.get(&id) else { continue };
            let mut node = dirty.node;
            if let Node::Inner(_, pairs) = &mut node {
                for (_, link) in pairs {
                    if let Link::Memory(id) = link
                        && let Some(pointer) = written.get(id)
                    {
                        *link = Link::Disk(*pointer);
                    }
                }
            }
            self.clean.insert(pointer.block, Clean { node, used: self.tick });
        }
        while self.clean.len() > CACHE
            && let Some(oldest) =
                self.clean.iter().min_by_key(|(_, clean)| clean.used).map(|(block, _)| *block)
        {
            self.clean.remove(&oldest);
        }
    }
}

/// Reads a node, whose checksum has to be right.
pub fn read(disk: &mut Disk, pointer: Pointer) -> Result<Node, Errno> {
    if pointer.block.0 >= disk.blocks() {
        return Err(Errno::EIO);
    }
    let bytes = disk.read_block(pointer.block)?;
    if crc32c(&bytes) != pointer.crc {
        return Err(Errno::EIO);
    }
    Node::decode(&bytes, pointer.block, pointer.level).ok_or(Errno::EIO)
}

/// Begins to write blocks, those that follow each other in one.
pub fn write_runs(disk: &mut Disk, blocks: BTreeMap<Block, Vec<u8>>) {
    let mut run: Option<(Block, u64, Vec<u8>)> = None;
    for (block, bytes) in blocks {
        match &mut run {
            Some((first, count, all)) if first.0 + *count == block.0 => {
                all.extend_from_slice(&bytes);
                *count += 1;
            }
            _ => {
                if let Some((first, _, all)) = run.replace((block, 1, bytes)) {
                    disk.write(first.byte(), &all);
                }
            }
        }
    }
    if let Some((first, _, all)) = run {
        disk.write(first.byte(), &all);
    }
}
