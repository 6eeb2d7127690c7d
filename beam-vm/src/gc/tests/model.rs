// SPDX-License-Identifier: Apache-2.0
//! Random graphs of terms through random sequences of collections: what a root stands for never changes, the heap stays sound, and every
//! block of bytes has as many references as it should.

use std::string::String;
use std::vec;
use std::vec::Vec;

use proptest::collection;
use proptest::prelude::*;

use super::*;
use crate::atom::predefined;
use crate::bits;
use crate::compare;
use crate::copy;
use crate::gc::Stress;
use crate::heap::{BinaryBlock, Fragment, Magic, MagicObject, build};
use crate::map;
use crate::platform::NoPlatform;
use crate::print::Printed;
use crate::process::{Message, Nodes};
use crate::term::FunEntry;

/// What is made of values that are there already; the numbers choose among the roots.
#[derive(Clone, Debug)]
enum Make {
    Small(i64),
    Integer(i128),
    Float(f64),
    Bytes(Vec<u8>),
    /// Bytes of the block that all tests share.
    Shared(usize),
    Part(usize, u16, u16),
    Append(usize, Vec<u8>),
    Tuple(Vec<usize>),
    List(Vec<usize>),
    Map(Vec<(usize, usize)>),
    Put(usize, usize, usize),
    LargeMap(u16),
    Fun(Vec<usize>),
    Magic,
}

#[derive(Clone, Debug)]
enum Step {
    Make(Make),
    /// Makes a literal of a root's value; the root is the literal afterwards.
    Literal(usize),
    Forget(usize),
    /// Puts a copy into the mailbox.
    Send(usize),
    /// Takes the first message.
    Receive,
    Collect(Extent, u16),
    /// Moves a term into the process dictionary.
    Put(usize, usize),
}

fn make() -> impl Strategy<Value = Make> {
    let some = || collection::vec(any::<usize>(), 0..6);
    prop_oneof![
        any::<i64>().prop_map(|value| Make::Small(value >> 4)),
        any::<i128>().prop_map(Make::Integer),
        (-1e9..1e9).prop_map(Make::Float),
        collection::vec(any::<u8>(), 0..100).prop_map(Make::Bytes),
        (65..1000_usize).prop_map(Make::Shared),
        any::<(usize, u16, u16)>().prop_map(|(of, from, size)| Make::Part(of, from, size)),
        (any::<usize>(), collection::vec(any::<u8>(), 0..50)).prop_map(|(to, bytes)| Make::Append(to, bytes)),
        some().prop_map(Make::Tuple),
        some().prop_map(Make::List),
        collection::vec(any::<(usize, usize)>(), 0..8).prop_map(Make::Map),
        any::<(usize, usize, usize)>().prop_map(|(map, key, value)| Make::Put(map, key, value)),
        (33..200_u16).prop_map(Make::LargeMap),
        some().prop_map(Make::Fun),
        Just(Make::Magic),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let extent = prop_oneof![4 => Just(Extent::Minor), 1 => Just(Extent::Full), 1 => Just(Extent::Hibernate)];
    prop_oneof![
        12 => make().prop_map(Step::Make),
        1 => any::<usize>().prop_map(Step::Literal),
        3 => any::<usize>().prop_map(Step::Forget),
        2 => any::<usize>().prop_map(Step::Send),
        2 => Just(Step::Receive),
        3 => (extent, 0..500_u16).prop_map(|(extent, need)| Step::Collect(extent, need)),
        1 => any::<(usize, usize)>().prop_map(|(key, value)| Step::Put(key, value)),
    ]
}

/// The process and what each root should print as, which says all of its value but the sharing.
struct World {
    /// Before the space that they are in.
    areas: Vec<crate::heap::LiteralArea>,
    bench: Bench,
    nodes: Nodes,
    texts: Vec<String>,
    sent: Vec<String>,
    shared: BinaryBlock,
    magic: Magic,
    entry: &'static FunEntry,
}

impl World {
    fn new(words: usize, stress: bool) -> Self {
        let mut bench = Bench::new(words, HeapLimits::default());
        bench.collector.stress = stress.then(Stress::default);
        let entry = FunEntry {
            address: core::cell::Cell::new(core::ptr::null()),
            uniq: [0; 16],
            module: predefined::LISTS,
            index: 0,
            old_index: 0,
            old_uniq: 0,
            free: 0,
            arity: 0,
            stub: core::cell::Cell::new([0; 2]),
        };
        Self {
            bench,
            nodes: Nodes::default(),
            texts: Vec::new(),
            sent: Vec::new(),
            shared: BinaryBlock::from_bytes(&[5; 1000]),
            magic: Magic::new(MagicObject::Atomics { values: Vec::new(), signed: true }),
            areas: Vec::new(),
            entry: std::boxed::Box::leak(std::boxed::Box::new(entry)),
        }
    }

    fn text(&self, term: Term) -> String {
        std::format!("{}", Printed::new(&self.bench.atoms, predefined::NONODE_AT_NOHOST, term))
    }

    fn root(&self, number: usize) -> Term {
        match self.texts.len() {
            0 => Term::NIL,
            count => self.bench.process.arguments[number % count],
        }
    }

    fn add(&mut self, term: Term) {
        self.texts.push(self.text(term));
        self.bench.roots().push(term);
    }

    fn make(&mut self, make: Make) -> Term {
        let choose = |world: &Self, numbers: &[usize]| -> Vec<Term> {
            numbers.iter().map(|number| world.root(*number)).collect()
        };
        match make {
            Make::Small(value) => Term::small_cut(value),
            Make::Integer(value) => build::wide(self.bench.heap(), value),
            Make::Float(value) => build::float(self.bench.heap(), value),
            Make::Bytes(bytes) => build::binary(self.bench.heap(), &bytes),
            Make::Shared(bytes) => {
                build::refc_binary(&mut self.bench.process.heap, self.shared.clone(), bytes, 0)
            }
            Make::Part(of, from, size) => {
                let Some(bits) = self.root(of).as_bits() else { return Term::NIL };
                let from = usize::from(from) % (bits.len() + 1);
                let size = usize::from(size) % (bits.len() - from + 1);
                let of = self.root(of);
                build::sub_bits(self.bench.heap(), of, from, size)
            }
            Make::Append(to, bytes) => {
                let to = self.root(to);
                let Some(bits) = to.as_bits() else {
                    return bits::init_writable(self.bench.heap(), 10).expect("memory");
                };
                let (term, building) =
                    bits::append(self.bench.heap(), to, &bits, 8 * bytes.len()).expect("memory");
                // SAFETY: nobody looks at the new bytes yet.
                #[expect(unsafe_code, reason = "writes to a binary that is being built")]
                unsafe { building.writer() }.bytes(&bytes, 8 * bytes.len());
                term
            }
            Make::Tuple(numbers) => {
                let elements = choose(self, &numbers);
                build::tuple(self.bench.heap(), &elements)
            }
            Make::List(numbers) => {
                let elements = choose(self, &numbers);
                build::list(self.bench.heap(), &elements)
            }
            Make::Map(pairs) => {
                let pairs: Vec<_> =
                    pairs.iter().map(|(key, value)| (self.root(*key), self.root(*value))).collect();
                map::from_pairs(&mut self.bench.process.heap, &self.bench.atoms, &pairs)
            }
            Make::Put(of, key, value) => {
                let (of, key, value) = (self.root(of), self.root(key), self.root(value));
                match of.as_map() {
                    Some(of) => map::put(&mut self.bench.process.heap, &self.bench.atoms, of, key, value),
                    None => map::empty(self.bench.heap()),
                }
            }
            Make::LargeMap(size) => {
                let pairs: Vec<_> =
                    (0..i64::from(size)).map(|key| (Term::small_cut(key), Term::NIL)).collect();
                map::from_pairs(&mut self.bench.process.heap, &self.bench.atoms, &pairs)
            }
            Make::Fun(numbers) => {
                let env = choose(self, &numbers);
                build::fun(self.bench.heap(), self.entry, Term::pid(LocalPid(0)), &env)
            }
            Make::Magic => build::magic(&mut self.bench.process.heap, [1, 2, 3], self.magic.clone()),
        }
    }

    fn step(&mut self, step: Step) {
        let literals = self.bench.literals.addresses();
        match step {
            Step::Make(make) => {
                let term = self.make(make);
                // Sharing makes some texts too long to compare.
                if self.text(term).len() < 20_000 {
                    self.add(term);
                }
            }
            Step::Literal(number) => {
                let term = self.root(number);
                let words = copy::size_of(term, &literals);
                if let Some(mut area) = self.bench.literals.area(words, &mut NoPlatform) {
                    let literal = copy::copy(term, &mut area, &literals);
                    self.areas.push(area);
                    self.add(literal);
                }
            }
            Step::Forget(number) if !self.texts.is_empty() => {
                let number = number % self.texts.len();
                self.texts.swap_remove(number);
                self.bench.roots().swap_remove(number);
            }
            Step::Forget(_) => {}
            Step::Send(number) => {
                let term = self.root(number);
                let mut fragment = Fragment::with_capacity(copy::size_of(term, &literals));
                let copied = copy::copy(term, &mut fragment, &literals);
                self.sent.push(self.text(copied));
                self.bench.process.mailbox.push(&mut self.nodes, Message::of_program(copied, Some(fragment)));
            }
            Step::Receive => {
                let process = &mut self.bench.process;
                if let Some((term, _)) = process.mailbox.receive(&mut self.nodes, &mut process.heap) {
                    assert_eq!(self.text(term), self.sent.remove(0));
                    self.add(term);
                }
            }
            Step::Collect(extent, need) => {
                assert_eq!(self.bench.collect(extent, usize::from(need)), Outcome::Done);
                if extent != Extent::Hibernate {
                    assert!(self.bench.heap().free_words() >= usize::from(need) + crate::heap::RESERVED);
                }
            }
            Step::Put(key, value) => {
                let (key, value) = (self.root(key), self.root(value));
                self.bench.process.extension_mut().dictionary.put(&self.bench.atoms, key, value);
            }
        }
    }

    /// All is as it should be.
    fn check(&mut self) {
        self.bench.verify().expect("a sound heap");
        for (term, text) in self.bench.process.arguments.iter().zip(&self.texts) {
            assert_eq!(self.text(*term), *text);
        }
        let extension = self.bench.process.extension();
        for (key, value) in extension.into_iter().flat_map(|extension| extension.dictionary.pairs()) {
            // They were roots once; being printed at all is what is asked of them.
            assert!(compare::same(key, key) && compare::same(value, value));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 128 }))]

    #[test]
    fn roots_keep_their_values(
        words in prop_oneof![Just(40_usize), 40..3000_usize],
        stress in any::<bool>(),
        steps in collection::vec(step(), 1..150),
    ) {
        let mut world = World::new(words, stress);
        for step in steps {
            let is_collection = matches!(step, Step::Collect(..));
            world.step(step);
            if is_collection {
                world.check();
            }
        }
        world.bench.collect(Extent::Full, 0);
        world.check();
        // Literals and messages have references too; with the last of them all are gone.
        let World { areas, bench, shared, magic, .. } = world;
        drop((areas, bench));
        prop_assert_eq!(shared.references(), 1);
        prop_assert_eq!(Magic::strong_count(&magic), 1);
    }
}
