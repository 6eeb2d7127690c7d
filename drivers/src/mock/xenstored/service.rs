// SPDX-License-Identifier: Apache-2.0
//! What the mock xenstored does with a request.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{GUEST, HOME};
use crate::mock::store::Tree;
use crate::xenstore::path::{check, is_at_or_below};
use crate::xenstore::wire::{Header, Kind, PAYLOAD_MAX, single, strings};
use crate::xenstore::{Access, Permission, Refusal};

/// A watch: what it watches and its token.
pub(super) type Watch = (String, String);

/// What a request brings about beside its answer.
#[derive(Default)]
pub(super) struct Effects {
    /// Nodes that were changed.
    pub(super) changes: Vec<String>,
    /// A watch that was registered and reports for the first time.
    pub(super) registered: Option<Watch>,
}

/// A transaction: a copy of the tree, the generation it was made from, and what was changed in it.
pub(super) struct Transaction {
    tree: Tree,
    base: u64,
    changes: Vec<String>,
}

/// The tree and everything that the guest has open.
pub(super) struct Service {
    pub(super) tree: Tree,
    pub(super) watches: Vec<Watch>,
    pub(super) transactions: BTreeMap<u32, Transaction>,
    last_transaction: u32,
    /// How many commits will be refused, whatever happened.
    pub(super) conflicts: u32,
    /// After how many more requests one will be refused, whatever it is, and how.
    pub(super) refusal: Option<(u32, Refusal)>,
}

impl Service {
    pub(super) fn new() -> Self {
        let mut tree = Tree::new(Vec::from([Permission { domain: GUEST, access: Access::None }]));
        tree.mkdir(HOME);
        Self {
            tree,
            watches: Vec::new(),
            transactions: BTreeMap::new(),
            last_transaction: 0,
            conflicts: 0,
            refusal: None,
        }
    }

    /// The events that changes bring: one for each watch at or above, and one for each below what was removed.
    pub(super) fn events(&self, changes: &[String]) -> Vec<Watch> {
        let event = |change: &String, (path, token): &Watch| {
            let watched = absolute(path);
            if is_at_or_below(change, &watched) {
                Some((path.clone() + &change[watched.len()..], token.clone()))
            } else if is_at_or_below(&watched, change) && self.tree.get(change).is_none() {
                Some((path.clone(), token.clone()))
            } else {
                None
            }
        };
        changes
            .iter()
            .flat_map(|change| self.watches.iter().filter_map(move |watch| event(change, watch)))
            .collect()
    }

    pub(super) fn carry_out(
        &mut self,
        header: Header,
        payload: &[u8],
        effects: &mut Effects,
    ) -> Result<Vec<u8>, Refusal> {
        let kind = Kind::from_number(header.kind).ok_or(Refusal::Unsupported)?;
        match self.refusal.take() {
            Some((0, refusal)) => return Err(refusal),
            refusal => self.refusal = refusal.map(|(count, refusal)| (count - 1, refusal)),
        }
        match kind {
            Kind::Watch | Kind::Unwatch => self.watch(kind, payload, effects),
            Kind::ResetWatches => {
                self.watches.clear();
                self.transactions.clear();
                ok()
            }
            Kind::TransactionStart => {
                self.last_transaction += 1;
                let base = self.tree.generation();
                let transaction = Transaction { tree: self.tree.clone(), base, changes: Vec::new() };
                self.transactions.insert(self.last_transaction, transaction);
                Ok((self.last_transaction.to_string() + "\0").into_bytes())
            }
            Kind::TransactionEnd => self.end(header.transaction, payload, effects),
            Kind::GetDomainPath => {
                let domain = single(payload).ok_or(Refusal::Invalid)?;
                Ok(("/local/domain/".to_string() + domain + "\0").into_bytes())
            }
            Kind::IsDomainIntroduced => {
                let is_known = matches!(single(payload), Some("0" | "7"));
                Ok(if is_known { b"T\0".to_vec() } else { b"F\0".to_vec() })
            }
            _ => {
                let (tree, changes) = match header.transaction {
                    0 => (&mut self.tree, &mut effects.changes),
                    id => {
                        let transaction = self.transactions.get_mut(&id).ok_or(Refusal::NotFound)?;
                        (&mut transaction.tree, &mut transaction.changes)
                    }
                };
                on_tree(tree, kind, payload, changes)
            }
        }
    }

    fn watch(&mut self, kind: Kind, payload: &[u8], effects: &mut Effects) -> Result<Vec<u8>, Refusal> {
        let mut fields = strings(payload).ok_or(Refusal::Invalid)?;
        let (Some(path), Some(token)) = (fields.next(), fields.next()) else {
            return Err(Refusal::Invalid);
        };
        let watch = (path.to_string(), token.to_string());
        let known = self.watches.iter().position(|candidate| *candidate == watch);
        match (kind, known) {
            (Kind::Watch, None) => {
                self.watches.push(watch.clone());
                effects.registered = Some(watch);
            }
            (Kind::Watch, Some(_)) => return Err(Refusal::Exists),
            (_, Some(at)) => drop(self.watches.remove(at)),
            (_, None) => return Err(Refusal::NotFound),
        }
        ok()
    }

    /// Commits or aborts. Any change of the tree since the start is a conflict, which is stricter than real
    /// servers are.
    fn end(&mut self, id: u32, payload: &[u8], effects: &mut Effects) -> Result<Vec<u8>, Refusal> {
        let transaction = self.transactions.remove(&id).ok_or(Refusal::NotFound)?;
        if single(payload) != Some("T") {
            return ok();
        }
        if self.conflicts > 0 || transaction.base != self.tree.generation() {
            self.conflicts = self.conflicts.saturating_sub(1);
            return Err(Refusal::Conflict);
        }
        self.tree = transaction.tree;
        effects.changes = transaction.changes;
        ok()
    }
}

/// Requests that concern nodes.
fn on_tree(
    tree: &mut Tree,
    kind: Kind,
    payload: &[u8],
    changes: &mut Vec<String>,
) -> Result<Vec<u8>, Refusal> {
    let cut = payload.iter().position(|byte| *byte == 0).ok_or(Refusal::Invalid)?;
    let path = core::str::from_utf8(&payload[..cut]).map_err(|_| Refusal::Invalid)?;
    check(path).map_err(|_| Refusal::Invalid)?;
    let path = absolute(path);
    let rest = &payload[cut + 1..];
    match kind {
        Kind::Read => return Ok(tree.get(&path).ok_or(Refusal::NotFound)?.value.clone()),
        Kind::Directory => {
            let list = tree.list(&path)?;
            return if list.len() > PAYLOAD_MAX { Err(Refusal::TooBig) } else { Ok(list) };
        }
        Kind::DirectoryPart => {
            let offset = single(rest).and_then(|text| text.parse().ok()).ok_or(Refusal::Invalid)?;
            return part(&tree.list(&path)?, tree.generation(), offset);
        }
        Kind::GetPerms => {
            let permissions = &tree.get(&path).ok_or(Refusal::NotFound)?.permissions;
            return Ok(permissions.iter().flat_map(|one| (one.to_string() + "\0").into_bytes()).collect());
        }
        Kind::Write => tree.write(&path, rest),
        Kind::Mkdir => tree.mkdir(&path),
        Kind::Rm => tree.rm(&path)?,
        Kind::SetPerms => {
            let list = strings(rest).ok_or(Refusal::Invalid)?.map(Permission::parse).collect::<Option<_>>();
            tree.set_permissions(&path, list.ok_or(Refusal::Invalid)?)?;
        }
        _ => return Err(Refusal::Unsupported),
    }
    changes.push(path);
    ok()
}

/// As many whole names from `offset` on as fit a message.
fn part(list: &[u8], generation: u64, offset: usize) -> Result<Vec<u8>, Refusal> {
    let rest = list.get(offset..).ok_or(Refusal::Invalid)?;
    let mut payload = (generation.to_string() + "\0").into_bytes();
    let room = PAYLOAD_MAX - payload.len() - 1;
    if rest.len() <= room {
        payload.extend(rest);
        payload.push(0);
    } else {
        let end = rest[..room].iter().rposition(|byte| *byte == 0).map_or(0, |at| at + 1);
        payload.extend(&rest[..end]);
    }
    Ok(payload)
}

fn ok() -> Result<Vec<u8>, Refusal> {
    Ok(b"OK\0".to_vec())
}

/// Paths that are not absolute start at the guest's own directory.
pub(super) fn absolute(path: &str) -> String {
    if path.starts_with(['/', '@']) { path.to_string() } else { HOME.to_string() + "/" + path }
}
