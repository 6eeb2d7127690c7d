// SPDX-License-Identifier: Apache-2.0
//! Moves, and making and taking apart lists and tuples.
#![expect(unsafe_code, reason = "handlers work on registers and heap words")]

use crate::emu::call;
use crate::emu::dispatch::{State, handlers, jump, next, slow};
use crate::emu::operand::{D, Dest, I1, I2, I3, I4, I5, I6, L, ListOf, N16, S, Source, Y};
use crate::term::{Header, Kind, Term};

/// The word of a cell or object that a tagged pointer refers to.
#[inline(always)]
unsafe fn word_at(pointer: Term, tag: usize, index: usize) -> Term {
    // SAFETY: the instruction stands after a test of what the pointer refers to.
    unsafe { *core::ptr::with_exposed_provenance::<Term>(pointer.raw() as usize - tag).add(index) }
}

/// The word of a cons cell.
#[inline(always)]
pub(super) unsafe fn cell(pointer: Term, index: usize) -> Term {
    // SAFETY: as the caller promises: it is a cons cell.
    unsafe { word_at(pointer, 1, index) }
}

/// The word of a boxed object.
#[inline(always)]
pub(super) unsafe fn boxed(pointer: Term, index: usize) -> Term {
    // SAFETY: as the caller promises: it is a boxed object that has the word.
    unsafe { word_at(pointer, 2, index) }
}

/// Whether a boxed term is a tuple that has an element, counted from 0.
unsafe fn is_tuple_with(term: Term, index: usize) -> bool {
    // SAFETY: as the caller promises: it is boxed.
    let header = unsafe { Header::from_raw(boxed(term, 0).raw()) };
    header.is_some_and(|header| header.kind() == Kind::Tuple && index < header.arity())
}

/// Makes a cons cell at the top of the heap, where the program has reserved room.
#[inline(always)]
pub(super) unsafe fn cons(s: &mut State, head: Term, tail: Term) -> Term {
    // SAFETY: a test_heap before has reserved the words.
    unsafe {
        s.hp.cast::<Term>().write(head);
        s.hp.cast::<Term>().add(1).write(tail);
        let term = Term::from_raw(s.hp.expose_provenance() as u64 | 1);
        s.hp = s.hp.add(2);
        term
    }
}

handlers! {
    /// `move Src Dst`
    fn mov<A: Source, B: Dest>(s, op: I2<A, B>) {
        op.b.set(&s, op.a.get(&s));
        next!(s, op)
    }

    /// `move` twice; the second may read what the first has written.
    fn move2<A: Source, B: Dest, C: Source, E: Dest>(s, op: I4<A, B, C, E>) {
        op.b.set(&s, op.a.get(&s));
        op.d.set(&s, op.c.get(&s));
        next!(s, op)
    }

    /// `move` three times, in order.
    fn move3<A: Source, B: Dest, C: Source, E: Dest, F: Source, G: Dest>(s, op: I6<A, B, C, E, F, G>) {
        op.b.set(&s, op.a.get(&s));
        op.d.set(&s, op.c.get(&s));
        op.f.set(&s, op.e.get(&s));
        next!(s, op)
    }

    /// `move Src Dst; jump Label`
    fn move_jump<A: Source, B: Dest>(s, op: I3<A, B, L>) {
        op.b.set(&s, op.a.get(&s));
        jump!(s, op.c.0)
    }

    /// `swap A B`
    fn swap(s, op: I2<D, D>) {
        let (a, b) = (op.a.get(&s), op.b.get(&s));
        op.a.set(&s, b);
        op.b.set(&s, a);
        next!(s, op)
    }

    /// `get_list Src Head Tail`
    fn get_list<A: Source, B: Dest, C: Dest>(s, op: I3<A, B, C>) {
        let list = op.a.get(&s);
        let (head, tail) = (cell(list, 0), cell(list, 1));
        op.b.set(&s, head);
        op.c.set(&s, tail);
        next!(s, op)
    }

    /// `is_nonempty_list Fail Src; get_list Src Head Tail`
    fn is_nonempty_list_get_list<A: Source, B: Dest, C: Dest>(s, op: I4<L, A, B, C>) {
        let list = op.b.get(&s);
        if !list.is_cons() {
            jump!(s, op.a.0);
        }
        let (head, tail) = (cell(list, 0), cell(list, 1));
        op.c.set(&s, head);
        op.d.set(&s, tail);
        next!(s, op)
    }

    /// `get_hd Src Head`
    fn get_hd<A: Source, B: Dest>(s, op: I2<A, B>) {
        op.b.set(&s, cell(op.a.get(&s), 0));
        next!(s, op)
    }

    /// `get_tl Src Tail`
    fn get_tl<A: Source, B: Dest>(s, op: I2<A, B>) {
        op.b.set(&s, cell(op.a.get(&s), 1));
        next!(s, op)
    }

    /// `get_tuple_element Src Index Dst`
    fn get_tuple_element<A: Source, B: Dest>(s, op: I3<A, N16, B>) {
        op.c.set(&s, boxed(op.a.get(&s), usize::from(op.b.0) + 1));
        next!(s, op)
    }

    /// Two elements, the second right after the first: `Src Index Dst1 Dst2`
    fn get_tuple_element2<A: Source, B: Dest, C: Dest>(s, op: I4<A, N16, B, C>) {
        let (tuple, index) = (op.a.get(&s), usize::from(op.b.0) + 1);
        let (first, second) = (boxed(tuple, index), boxed(tuple, index + 1));
        op.c.set(&s, first);
        op.d.set(&s, second);
        next!(s, op)
    }

    /// Three elements in a row: `Src Index Dst1 Dst2 Dst3`
    fn get_tuple_element3<A: Source, B: Dest, C: Dest, E: Dest>(s, op: I5<A, N16, B, C, E>) {
        let (tuple, index) = (op.a.get(&s), usize::from(op.b.0) + 1);
        let (first, second, third) = (boxed(tuple, index), boxed(tuple, index + 1), boxed(tuple, index + 2));
        op.c.set(&s, first);
        op.d.set(&s, second);
        op.e.set(&s, third);
        next!(s, op)
    }

    /// `set_tuple_element New Tuple Index`: the tuple has been made right before, and the term was there already. An older tuple would get a
    /// term that is younger than itself. A collection between the two makes both equally old.
    fn set_tuple_element(s, op: I3<S, S, N16>) {
        let (new, tuple) = (op.a.get(&s), op.b.get(&s));
        let address = (tuple.raw() as usize).wrapping_sub(2);
        let heap = &(*(*s.m).process).heap;
        let mature = heap.start.addr()..heap.high_water.addr();
        let old = heap.old_start.addr()..heap.old_end.addr();
        let literals = (*(*s.m).vm).literals.addresses();
        let stays = |address: usize| old.contains(&address) || literals.contains(&address);
        let is_younger = |term: Term| {
            let address = term.raw() as usize & !3;
            !term.is_immediate() && !mature.contains(&address) && !stays(address)
        };
        let is_older = stays(address) || mature.contains(&address) && is_younger(new);
        let index = usize::from(op.c.0);
        if !tuple.is_boxed() || is_older || !is_tuple_with(tuple, index) {
            slow!(s, call::not_as_promised)
        }
        core::ptr::with_exposed_provenance_mut::<Term>(address).add(index + 1).write(new);
        next!(s, op)
    }

    /// `put_list Head Tail Dst`
    fn put_list<A: Source, B: Source, C: Dest>(s, op: I3<A, B, C>) {
        let (head, tail) = (op.a.get(&s), op.b.get(&s));
        let term = cons(&mut s, head, tail);
        op.c.set(&s, term);
        next!(s, op)
    }

    /// `put_tuple2 Dst Elements`
    fn put_tuple2<A: Dest>(s, op: I2<A, ListOf>) {
        let elements = op.b.get(&s);
        let at = s.hp;
        at.write(Header::new(Kind::Tuple, elements.len()).raw());
        let mut place = at.add(1);
        for element in elements {
            place.cast::<Term>().write(element.get(&s));
            place = place.add(1);
        }
        s.hp = place;
        op.a.set(&s, Term::from_raw(at.expose_provenance() as u64 | 2));
        next!(s, op)
    }

    /// `put_tuple2` with two elements: `Dst A B`
    fn put_pair<A: Source, B: Source, C: Dest>(s, op: I3<C, A, B>) {
        let at = s.hp;
        at.write(Header::new(Kind::Tuple, 2).raw());
        at.cast::<Term>().add(1).write(op.b.get(&s));
        at.cast::<Term>().add(2).write(op.c.get(&s));
        s.hp = at.add(3);
        op.a.set(&s, Term::from_raw(at.expose_provenance() as u64 | 2));
        next!(s, op)
    }

    /// `put_tuple2` with three elements: `Dst A B C`
    fn put_triple<A: Source, B: Source, C: Source, E: Dest>(s, op: I4<E, A, B, C>) {
        let at = s.hp;
        at.write(Header::new(Kind::Tuple, 3).raw());
        at.cast::<Term>().add(1).write(op.b.get(&s));
        at.cast::<Term>().add(2).write(op.c.get(&s));
        at.cast::<Term>().add(3).write(op.d.get(&s));
        s.hp = at.add(4);
        op.a.set(&s, Term::from_raw(at.expose_provenance() as u64 | 2));
        next!(s, op)
    }

    /// `update_record Hint Size Src Dst [Index, Value…]`: hint dropped; the list has small integers and sources in turn.
    fn update_record(s, op: I4<N16, S, D, ListOf>) {
        let (size, source) = (usize::from(op.a.0), op.b.get(&s));
        let at = s.hp;
        let from = core::ptr::with_exposed_provenance::<u64>(source.raw() as usize - 2);
        at.copy_from_nonoverlapping(from, size + 1);
        for pair in op.d.get(&s).chunks_exact(2) {
            let index = pair[0].get(&s).small_value() as usize;
            at.cast::<Term>().add(index).write(pair[1].get(&s));
        }
        s.hp = at.add(size + 1);
        op.c.set(&s, Term::from_raw(at.expose_provenance() as u64 | 2));
        next!(s, op)
    }

    /// `jump Label`
    fn jump(s, op: I1<L>) {
        jump!(s, op.a.0)
    }

    /// `init_yregs` of one register.
    fn init_y(s, op: I1<Y>) {
        op.a.set(&s, Term::NIL);
        next!(s, op)
    }

    /// `init_yregs` of two registers.
    fn init_y2(s, op: I2<Y, Y>) {
        op.a.set(&s, Term::NIL);
        op.b.set(&s, Term::NIL);
        next!(s, op)
    }

    /// `init_yregs` of any registers.
    fn init_yregs(s, op: I1<ListOf>) {
        for register in op.a.get(&s) {
            // The list has registers in the form of sources.
            s.sp.byte_add((register.0 >> 3) as usize).cast::<Term>().write(Term::NIL);
        }
        next!(s, op)
    }
}
