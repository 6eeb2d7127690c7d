// SPDX-License-Identifier: Apache-2.0
//! A term by what it is, for code that has to do something about each kind.

use super::{
    Big, Bits, Cons, ExportFun, External, Fun, Kind, LocalPid, LocalPort, Map, MapNode, MatchState,
    Reference, Term, Tuple,
};
use crate::atom::Atom;

/// What a term is.
#[derive(Clone, Copy, Debug)]
pub enum View {
    /// A small integer.
    Small(i64),
    /// An atom.
    Atom(Atom),
    /// The empty list.
    Nil,
    /// A cons cell.
    Cons(Cons),
    /// A tuple.
    Tuple(Tuple),
    /// A bignum.
    Big(Big),
    /// A float.
    Float(f64),
    /// A map.
    Map(Map),
    /// A bitstring of any form.
    Bits(Bits),
    /// A local fun.
    Fun(Fun),
    /// An external fun.
    Export(ExportFun),
    /// A process of this node.
    Pid(LocalPid),
    /// A port of this node.
    Port(LocalPort),
    /// A reference of this node.
    Reference(Reference),
    /// A pid of another node.
    ExternalPid(External),
    /// A port of another node.
    ExternalPort(External),
    /// A reference of another node.
    ExternalReference(External),
    /// An inner node of a large map; no Erlang program sees it.
    MapNode(MapNode),
    /// A match state; no Erlang program sees it.
    MatchState(MatchState),
    /// [`Term::NONE`], or what stands on a stack for a handler or a return address.
    None,
}

impl Term {
    /// What the term is.
    #[must_use]
    pub fn view(self) -> View {
        if let Some(cons) = self.as_cons() {
            return View::Cons(cons);
        }
        if let Some(boxed) = self.as_boxed() {
            return match boxed.header().kind() {
                Kind::Tuple => View::Tuple(Tuple(boxed)),
                Kind::BigPositive | Kind::BigNegative => View::Big(Big(boxed)),
                Kind::Float => View::Float(f64::from_bits(boxed.word(1))),
                Kind::Map => View::Map(Map(boxed)),
                Kind::HeapBinary | Kind::RefcBinary | Kind::SubBinary => {
                    self.as_bits().map_or(View::None, View::Bits)
                }
                Kind::Fun => View::Fun(Fun(boxed)),
                Kind::Export => View::Export(ExportFun(boxed)),
                Kind::Reference => View::Reference(Reference(boxed)),
                Kind::ExternalPid => View::ExternalPid(External(boxed)),
                Kind::ExternalPort => View::ExternalPort(External(boxed)),
                Kind::ExternalReference => View::ExternalReference(External(boxed)),
                Kind::MapNode => View::MapNode(MapNode(boxed)),
                Kind::MatchState => View::MatchState(MatchState(boxed)),
            };
        }
        if let Some(value) = self.as_small() {
            View::Small(value)
        } else if let Some(atom) = self.as_atom() {
            View::Atom(atom)
        } else if self.is_nil() {
            View::Nil
        } else if let Some(pid) = self.as_pid() {
            View::Pid(pid)
        } else if let Some(port) = self.as_port() {
            View::Port(port)
        } else {
            View::None
        }
    }
}

impl core::fmt::Debug for Term {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.view().fmt(f)
    }
}
