// SPDX-License-Identifier: Apache-2.0
//! Module `erts_debug`: sizes and identity of terms.

pub mod maps;
pub mod state;

use alloc::vec::Vec;

use hashbrown::HashSet;

use super::{BifResult, Context, Raise};
use crate::heap::build;
use crate::print::Printed;
use crate::term::{Boxed, Kind, Term, layout};

/// Words that are counted in a reduction.
const WORDS: usize = 200;

/// Which words are counted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Count {
    /// What a copy takes: what is in a term twice counts twice.
    Flat,
    /// What is there, but for literals.
    Shared,
}

/// The words of a term.
fn words_of(cx: &Context<'_>, term: Term, count: Count) -> usize {
    let literals = cx.vm.literals.addresses();
    let mut seen = HashSet::new();
    let mut is_counted = |address: usize| match count {
        Count::Flat => true,
        Count::Shared => !literals.contains(&address) && seen.insert(address),
    };
    let mut words = 0;
    let mut stack = Vec::new();
    stack.push(term);
    while let Some(term) = stack.pop() {
        if let Some(cell) = term.as_cons() {
            if is_counted(cell.address().addr().get()) {
                words += layout::CONS_SIZE;
                stack.extend([cell.tail(), cell.head()]);
            }
        } else if let Some(boxed) = term.as_boxed()
            && is_counted(boxed.address().addr().get())
        {
            words += match (boxed.header().kind(), count) {
                (Kind::SubBinary, Count::Flat) => part_words(term, boxed),
                // Stock has one empty tuple for all, which never is copied.
                (Kind::Tuple, _) if boxed.header().arity() == 0 => 0,
                _ => 1 + boxed.header().arity(),
            };
            if boxed.header().kind() != Kind::SubBinary || count == Count::Shared {
                stack.extend(boxed.terms().iter().filter(|term| !term.is_immediate()));
            }
        }
    }
    words
}

/// The words of the copy of a part of a binary: a short one that begins at a byte is a heap binary of its own.
fn part_words(part: Term, boxed: Boxed) -> usize {
    let heap_binary = |bits: usize| layout::HEAP_DATA + bits.div_ceil(64);
    let Some(bits) = part.as_bits() else { return 0 };
    if bits.offset() == 0 && bits.is_binary() && bits.len() / 8 <= layout::HEAP_BINARY_LIMIT {
        return heap_binary(bits.len());
    }
    let origin = boxed.terms().first().and_then(|origin| origin.as_boxed());
    layout::SUB_SIZE
        + match origin.map(|origin| origin.header().kind()) {
            Some(Kind::HeapBinary) => heap_binary(bits.offset() + bits.len()),
            _ => layout::REFC_SIZE,
        }
}

fn size(cx: &mut Context<'_>, term: Term, count: Count) -> BifResult {
    let words = words_of(cx, term, count);
    cx.bump((words / WORDS) as u32);
    Ok(Term::count(words))
}

/// `erts_debug:flat_size/1`
pub fn flat_size(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    size(cx, args[0], Count::Flat)
}

/// `erts_debug:size_shared/1`
pub fn size_shared(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    size(cx, args[0], Count::Shared)
}

/// `erts_debug:same/2`
pub fn same(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    Ok(Term::boolean(args[0] == args[1]))
}

/// `erts_debug:copy_shared/2`: a copy in which what is there twice is there once. Says whether literals are copied too.
pub fn copy_shared(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let copies_literals = args[1].as_boolean().ok_or(Raise::BADARG)?;
    let literals = if copies_literals { 0..0 } else { cx.vm.literals.addresses() };
    let (copied, words) = crate::copy::copy_shared(args[0], cx.heap(), &literals);
    cx.bump((words / WORDS) as u32);
    Ok(copied)
}

/// `erts_debug:disassemble/1`: there is nothing to be shown, as in stock with machine code.
pub fn disassemble(_: &mut Context<'_>, _: &[Term]) -> BifResult {
    Ok(Term::boolean(false))
}

/// `erts_debug:interpreter_size/0`: the instructions' code is not in one place.
pub fn interpreter_size(_: &mut Context<'_>, _: &[Term]) -> BifResult {
    Ok(Term::small_cut(0))
}

/// `erts_debug:instructions/0`: the names of the loaded instructions.
pub fn instructions(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let mut names: Vec<&str> = crate::emu::instruction_names().collect();
    names.dedup();
    let heap = cx.heap();
    let names: Vec<Term> = names.into_iter().map(|name| build::string(heap, name)).collect();
    Ok(build::list(heap, &names))
}

/// `erts_debug:display/1`: shows a term, and gives what it has shown.
pub fn display(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let mut text = Printed::new(&cx.vm.atoms, cx.vm.node.name, args[0]).to_bytes();
    cx.bump((text.len() / 10) as u32);
    text.push(b'\n');
    let list = build::byte_list(cx.heap(), &text);
    cx.vm.platform.write(&text);
    Ok(list)
}
