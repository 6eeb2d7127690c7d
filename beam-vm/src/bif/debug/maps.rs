// SPDX-License-Identifier: Apache-2.0
//! What a large map is made of: `erts_debug:map_info/1`, and `erts_internal:map_hashmap_children/1`, by which `erts_debug:size/1` looks into one
//! (`erl_map.c`).

use alloc::vec::Vec;

use crate::atom::predefined;
use crate::bif::{BifResult, Context, Raise};
use crate::heap::build;
use crate::term::{Term, View};

/// The most children that a node has.
const WIDTH: usize = 16;

const fn bad_map(term: Term) -> Raise {
    Raise::About(predefined::BADMAP, term)
}

/// `erts_internal:map_hashmap_children/1`: the children of a large map or of a node in one, the last first.
pub fn hashmap_children(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let mut children: Vec<Term> = match args[0].view() {
        View::Map(map) if map.is_flat() => return Err(Raise::BADARG),
        View::Map(map) => map.root_children().to_vec(),
        View::MapNode(node) => node.children().to_vec(),
        _ => return Err(bad_map(args[0])),
    };
    children.reverse();
    Ok(build::list(cx.heap(), &children))
}

/// `erts_debug:map_info/1`: how deep a large map is, and how many nodes of each kind it has.
pub fn map_info(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    match args[0].as_map() {
        None => return Err(bad_map(args[0])),
        Some(map) if map.is_flat() => return Err(Raise::BADARG),
        Some(_) => {}
    }
    let (mut leaves, mut bitmaps) = ([0; WIDTH], [0; WIDTH]);
    let (mut arrays, mut depth, mut nodes) = (0, 0, 0);
    let mut rest = Vec::from([(args[0], 0)]);
    while let Some((term, level)) = rest.pop() {
        depth = depth.max(level);
        nodes += 1;
        let children: Vec<Term> = match term.view() {
            View::Map(map) => {
                let children = map.root_children();
                if children.len() == WIDTH {
                    arrays += 1;
                } else {
                    bitmaps[children.len() - 1] += 1;
                }
                children.to_vec()
            }
            View::MapNode(node) => {
                bitmaps[node.children().len() - 1] += 1;
                node.children().to_vec()
            }
            _ => {
                leaves[level.min(WIDTH - 1)] += 1;
                continue;
            }
        };
        rest.extend(children.into_iter().map(|child| (child, level + 1)));
    }
    cx.bump((nodes / 100) as u32);
    let heap = cx.heap();
    let mut usage = |name, counts: [usize; WIDTH]| {
        let tuple = build::tuple(heap, &counts.map(Term::count));
        let sum = Term::count(counts.iter().sum());
        build::tuple(heap, &[Term::atom(name), sum, tuple])
    };
    let (bitmaps, leaves) = (usage(predefined::BITMAPS, bitmaps), usage(predefined::LEAFS, leaves));
    let arrays = build::tuple(heap, &[Term::atom(predefined::ARRAYS), Term::count(arrays), Term::NIL]);
    let depth = build::tuple(heap, &[Term::atom(predefined::DEPTH), Term::count(depth)]);
    Ok(build::list(heap, &[depth, arrays, bitmaps, leaves]))
}
