// SPDX-License-Identifier: Apache-2.0
//! What goes through all of a map: `maps:keys/1`, `maps:values/1` and `maps:merge/2`.

use super::map;
use crate::bif::{BifResult, Context};
use crate::heap::build;
use crate::map::{Leaves, Merge};
use crate::process::Parked;
use crate::term::{Cons, Term};

/// Associations that are listed in a reduction.
const LISTED: usize = 15;
/// Associations that are put into another map in a reduction.
const MERGED: usize = 5;

/// A list of what is in a map: as far as it has come, and where it goes on.
pub struct Listing {
    list: Term,
    position: u64,
}

impl Listing {
    /// Shows all places that hold terms.
    pub fn roots(&mut self, visit: &mut dyn FnMut(&mut Term)) {
        visit(&mut self.list);
    }
}

/// Lists what is taken of each association of a large map. Iterators have the associations the other way round.
fn list(cx: &mut Context<'_>, args: &[Term], of: fn(Cons) -> Term) -> BifResult {
    let map = map(args[0])?;
    let resumed = match cx.take_parked() {
        Some(Parked::MapListing(listing)) => {
            Leaves::resume(map, listing.position).map(|leaves| (leaves, listing.list))
        }
        _ => None,
    };
    let (mut leaves, mut list) = resumed.unwrap_or_else(|| (Leaves::new(map), Term::NIL));
    cx.work(LISTED, |cx, budget| {
        while *budget > 0
            && let Some(leaf) = leaves.next()
        {
            list = build::cons(cx.heap(), of(leaf), list);
            *budget -= 1;
        }
    });
    match leaves.position() {
        Some(position) => Err(cx.park(Parked::MapListing(Listing { list, position }), args)),
        None => Ok(list),
    }
}

/// `maps:keys/1`
pub fn keys(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let map = map(args[0])?;
    if map.is_flat() {
        return Ok(build::list(cx.heap(), map.flat_keys().elements()));
    }
    list(cx, args, Cons::head)
}

/// `maps:values/1`
pub fn values(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let map = map(args[0])?;
    if map.is_flat() {
        return Ok(build::list(cx.heap(), map.flat_values()));
    }
    list(cx, args, Cons::tail)
}

/// `maps:merge/2`
pub fn merge(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let maps = [map(args[0])?, map(args[1])?];
    let mut merge = match cx.take_parked() {
        Some(Parked::Merge(merge)) => merge,
        _ => Merge::default(),
    };
    let merged = cx.work(MERGED, |cx, budget| merge.run(&mut cx.process.heap, &cx.vm.atoms, maps, budget));
    merged.ok_or_else(|| cx.park(Parked::Merge(merge), args))
}
