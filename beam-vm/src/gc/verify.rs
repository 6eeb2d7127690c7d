// SPDX-License-Identifier: Apache-2.0
//! The verifier: walks all memory of a process and says what is wrong with it.
//!
//! It believes nothing. The first walk goes from object to object, word after word, and notes where objects begin; the second looks at
//! each term and asks that it leads to such a place, and to one that may be referred to from there: the old generation refers to itself
//! and to literals, a message that was not received to its own fragment. Only then are maps looked at through the ordinary accessors.
#![expect(unsafe_code, reason = "reads memory that may be damaged")]

mod areas;
mod objects;

use core::fmt;
use core::ops::Range;

use super::sweep::weight;
use crate::atom::AtomTable;
use crate::process::Process;
use crate::term::{Header, Kind, Term};
use areas::{Areas, Owner};
use objects::Objects;

/// What is wrong, and where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Damage {
    /// The address of the word, or the word itself if it is in no memory that is walked.
    pub at: u64,
    /// Whose memory it is.
    pub owner: &'static str,
    /// What is wrong.
    pub what: &'static str,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} at {:#x}", self.owner, self.what, self.at)
    }
}

impl core::error::Error for Damage {}

/// What a heap leads to besides itself.
#[derive(Clone)]
pub struct Surroundings<'a> {
    /// The addresses of all literals.
    pub literals: Range<usize>,
    /// The atoms.
    pub atoms: &'a AtomTable,
}

/// When the verifier looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moment {
    /// At any time.
    Any,
    /// Right after a collection, when nothing is left that is not used any more in the young generation.
    Collected,
}

/// Looks at all memory of a process.
///
/// # Errors
/// The first [`Damage`] that is found.
pub fn verify(
    process: &mut Process,
    roots: &[Term],
    surroundings: &Surroundings<'_>,
    moment: Moment,
) -> Result<(), Damage> {
    bounds(process)?;
    let mut areas = Areas::new(surroundings.literals.clone());
    let heap = &process.heap;
    areas.full_is_due = heap.generations.full_is_due;
    areas.has_garbage = moment == Moment::Any;
    areas.add(Owner::Young, heap.start, heap.used_words());
    areas.add(Owner::Old, heap.old_start, heap.old_used_words());
    for (start, words) in heap.fragments.iter().flat_map(|fragment| fragment.used()) {
        areas.add(Owner::Young, start.as_ptr(), words);
    }
    for (number, fragment) in process.mailbox.fragments().enumerate() {
        for (start, words) in fragment.used() {
            areas.add(Owner::Message(number), start.as_ptr(), words);
        }
    }
    areas.finish()?;
    let mut objects = Objects::check(&areas)?;
    let heap = &process.heap;
    objects.check_off_heap(Owner::Young, &heap.off_heap)?;
    objects.check_off_heap(Owner::Old, &heap.old_off_heap)?;
    for (number, fragment) in process.mailbox.fragments().enumerate() {
        objects.check_off_heap(Owner::Message(number), fragment.linked())?;
    }
    for word in heap.stack() {
        objects.check_root("stack", *word)?;
    }
    for root in roots {
        objects.check_root("register", *root)?;
    }
    let mut damage = Ok(());
    process.roots(&mut |root| {
        if damage.is_ok() {
            damage = objects.check_root("root", *root);
        }
    });
    damage?;
    for (number, term) in process.mailbox.fragment_terms().enumerate() {
        objects.check_message(number, term)?;
    }
    objects.check_maps(surroundings.atoms)?;
    if moment == Moment::Collected {
        counts(process)?;
    }
    Ok(())
}

/// The borders of the blocks.
fn bounds(process: &Process) -> Result<(), Damage> {
    let heap = &process.heap;
    let limit = heap.start.wrapping_add(heap.capacity);
    let young = [heap.start, heap.high_water, heap.top, heap.stack, heap.end, limit];
    let old = [heap.old_start, heap.old_top, heap.old_end];
    if !young.is_sorted() || !old.is_sorted() {
        return Err(Damage { at: heap.start as u64, owner: "heap", what: "its borders are not in order" });
    }
    Ok(())
}

/// What the list of the young generation's off-heap objects stands for. Binaries of the old one can have grown in place.
fn counts(process: &Process) -> Result<(), Damage> {
    let list = &process.heap.off_heap;
    if list.objects().map(weight).sum::<usize>() == list.words {
        return Ok(());
    }
    let what = "its binaries are another number of words";
    Err(Damage { at: list.words as u64, owner: "off-heap list", what })
}

fn header_at(at: *const u64) -> Option<Header> {
    // SAFETY: whoever asks has seen that the word is in an area.
    Header::from_raw(unsafe { at.read() })
}

/// Whether an object is linked with others of its heap because it holds something outside.
fn is_off_heap(header: Header) -> bool {
    match header.kind() {
        Kind::RefcBinary => true,
        Kind::Reference => header.arity() + 1 == crate::term::layout::REF_MAGIC_SIZE,
        _ => false,
    }
}
