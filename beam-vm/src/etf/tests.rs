// SPDX-License-Identifier: Apache-2.0
//! Round trips of any term, in one go and in the smallest steps; damage; what stock writes is in the fixtures.
use std::boxed::Box;
use std::string::String;
use std::vec::Vec;
use std::{format, vec};

use proptest::prelude::*;

use super::{
    DecodeError, Decoder, Deflater, EncodeOptions, Encoder, Inflater, Keep, Level, MapOrder, MinorVersion,
    Names, Origin, decode,
};
use crate::compare;
use crate::heap::build::{self, Node};
use crate::heap::{HeapLimits, ProcessHeap};
use crate::map;
use crate::number::integer::{Integer, Sign};
use crate::platform::Platform;
use crate::term::{LocalPid, LocalPort, Term};
use crate::vm::Vm;

/// A platform that is asked for nothing.
struct Nowhere;

impl Platform for Nowhere {
    fn monotonic(&mut self) -> u64 {
        0
    }

    fn system_time(&mut self) -> i64 {
        0
    }

    fn entropy(&mut self, bytes: &mut [u8]) {
        bytes.fill(0);
    }

    fn write(&mut self, _: &[u8]) {}

    fn warn(&mut self, _: &str) {}

    fn park(&mut self, _: Option<u64>) {}

    fn module(&mut self, _: &str) -> Option<Vec<u8>> {
        None
    }
}

struct World {
    vm: Vm,
    heap: ProcessHeap,
}

impl World {
    fn new() -> Self {
        let vm = Vm::new(Box::new(Nowhere)).expect("a machine");
        Self { vm, heap: ProcessHeap::new(10_000, HeapLimits::default()) }
    }

    fn build(&mut self, sketch: &Sketch) -> Term {
        let Self { vm, heap } = self;
        match sketch {
            Sketch::Small(value) => build::integer(heap, *value),
            Sketch::Big(negative, limbs) => {
                let sign = if *negative { Sign::Negative } else { Sign::Positive };
                build::number(heap, Integer::new(sign, limbs))
            }
            Sketch::Float(value) => build::float(heap, *value),
            Sketch::Atom(text) => Term::atom(vm.atoms.insert(text).expect("a short text")),
            Sketch::Bits(bytes, skipped, cut) => {
                let whole = build::binary(heap, bytes);
                let len = 8 * bytes.len();
                let skipped = (*skipped).min(len);
                build::sub_bits(heap, whole, skipped, len - skipped - (*cut).min(len - skipped))
            }
            Sketch::Text(bytes) => build::byte_list(heap, bytes),
            Sketch::Pid(number) => Term::pid(LocalPid(*number & 0xFFF_FFFF)),
            Sketch::Port(number) => Term::port(LocalPort(u64::from(*number) & LocalPort::NUMBER_MAX)),
            Sketch::Reference(numbers) => {
                build::reference(heap, [numbers[0] & 0x3_FFFF, numbers[1], numbers[2]], None)
            }
            Sketch::Other(numbers) => {
                let name = vm.atoms.insert("other@host").expect("a short text");
                build::external_reference(heap, Node { name, creation: numbers[0] }, numbers)
            }
            Sketch::List(elements, tail) => {
                let elements: Vec<Term> = elements.iter().map(|element| self.build(element)).collect();
                let tail = self.build(tail);
                build::list_before(&mut self.heap, &elements, tail)
            }
            Sketch::Tuple(elements) => {
                let elements: Vec<Term> = elements.iter().map(|element| self.build(element)).collect();
                build::tuple(&mut self.heap, &elements)
            }
            Sketch::Map(pairs) => {
                let pairs: Vec<(Term, Term)> =
                    pairs.iter().map(|(key, value)| (self.build(key), self.build(value))).collect();
                map::from_pairs(&mut self.heap, &self.vm.atoms, &pairs)
            }
        }
    }

    fn encode(&self, term: Term, options: EncodeOptions, step: usize) -> Vec<u8> {
        let mut encoder = Encoder::new(term, options, Keep::Together);
        let origin = Origin { atoms: &self.vm.atoms, node: self.vm.node };
        while !encoder.run(origin, &mut { step }) {}
        encoder.into_bytes()
    }

    fn decode(&mut self, bytes: &[u8], step: usize) -> Result<Term, DecodeError> {
        let mut decoder = Decoder::new(bytes, Names::New)?;
        loop {
            if let Some(term) = decoder.run(&mut self.vm, &mut self.heap, bytes, &mut { step })? {
                return Ok(term);
            }
        }
    }
}

/// What a term is made of.
#[derive(Clone, Debug)]
enum Sketch {
    Small(i64),
    Big(bool, Vec<u64>),
    Float(f64),
    Atom(String),
    Bits(Vec<u8>, usize, usize),
    Text(Vec<u8>),
    Pid(u32),
    Port(u32),
    Reference([u32; 3]),
    Other(Vec<u32>),
    List(Vec<Sketch>, Box<Sketch>),
    Tuple(Vec<Sketch>),
    Map(Vec<(Sketch, Sketch)>),
}

fn sketches() -> impl Strategy<Value = Sketch> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Sketch::Small),
        (-300i64..300).prop_map(Sketch::Small),
        (any::<bool>(), prop::collection::vec(any::<u64>(), 1..40))
            .prop_map(|(sign, limbs)| Sketch::Big(sign, limbs)),
        prop::num::f64::NORMAL.prop_map(Sketch::Float),
        "[a-zé-ÿλ☃]{0,20}".prop_map(Sketch::Atom),
        (prop::collection::vec(any::<u8>(), 0..100), 0usize..20, 0usize..20)
            .prop_map(|(bytes, skipped, cut)| Sketch::Bits(bytes, skipped, cut)),
        prop::collection::vec(any::<u8>(), 0..100).prop_map(Sketch::Text),
        any::<u32>().prop_map(Sketch::Pid),
        any::<u32>().prop_map(Sketch::Port),
        any::<[u32; 3]>().prop_map(Sketch::Reference),
        prop::collection::vec(any::<u32>(), 1..6).prop_map(Sketch::Other),
    ];
    leaf.prop_recursive(5, 200, 50, |inner| {
        prop_oneof![
            (prop::collection::vec(inner.clone(), 0..50), inner.clone())
                .prop_map(|(elements, tail)| Sketch::List(elements, Box::new(tail))),
            prop::collection::vec(inner.clone(), 0..50).prop_map(Sketch::Tuple),
            prop::collection::vec((inner.clone(), inner), 0..50).prop_map(Sketch::Map),
        ]
    })
}

fn options() -> impl Strategy<Value = EncodeOptions> {
    let versions = prop_oneof![Just(MinorVersion::One), Just(MinorVersion::Two)];
    let maps = prop_oneof![Just(MapOrder::AsSeen), Just(MapOrder::Sorted)];
    (versions, maps).prop_map(|(version, maps)| EncodeOptions { version, maps })
}

/// Streams of each length around the number of bytes that are taken at once: the last byte and the
/// checksum fall into different pieces.
#[test]
fn a_checksum_may_come_in_pieces() {
    for length in 600..1200u32 {
        let mut state = length;
        let noise = (0..length).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8 & 0x3F
        });
        let plain: Vec<u8> = core::iter::once(131).chain(noise).collect();
        let mut deflater = Deflater::new(plain.clone(), Level::DEFAULT);
        while !deflater.run(&mut 1000) {}
        let packed = deflater.into_bytes();
        let mut inflater = Inflater::new(&packed).expect("a header").expect("fewer bytes");
        while !inflater.run(&packed, &mut 1000).expect("a stream") {}
        assert_eq!(inflater.used(), packed.len());
        assert_eq!(inflater.into_bytes(), plain);
    }
}

proptest! {
    #[test]
    fn any_term_comes_back(sketch in sketches(), options in options(), step in 1usize..50) {
        let mut world = World::new();
        let term = world.build(&sketch);
        let bytes = world.encode(term, options, usize::MAX);
        prop_assert_eq!(&world.encode(term, options, step), &bytes);
        let again = world.decode(&bytes, usize::MAX).expect("what was encoded");
        prop_assert!(compare::same(term, again));
        let in_steps = world.decode(&bytes, step).expect("what was encoded");
        prop_assert!(compare::same(term, in_steps));
        prop_assert_eq!(world.encode(again, options, usize::MAX), bytes);
    }

    #[test]
    fn sizes_and_parts_agree_with_the_bytes(sketch in sketches(), options in options()) {
        let mut world = World::new();
        let term = world.build(&sketch);
        let bytes = world.encode(term, options, usize::MAX);
        let origin = Origin { atoms: &world.vm.atoms, node: world.vm.node };
        let mut counted = Encoder::new(term, options, Keep::Number);
        let is_done = counted.run(origin, &mut { usize::MAX });
        prop_assert!(is_done);
        prop_assert_eq!(counted.len(), bytes.len());
        let mut apart = Encoder::new(term, options, Keep::Apart);
        let is_done = apart.run(origin, &mut { usize::MAX });
        prop_assert!(is_done);
        let mut joined = Vec::new();
        for part in apart.into_parts() {
            match part {
                super::Part::Bytes(bytes) => joined.extend(bytes),
                super::Part::Binary(binary) => {
                    let bits = binary.as_bits().expect("a binary");
                    joined.extend(bits.bytes().take(bits.len() / 8));
                }
            }
        }
        prop_assert_eq!(joined, bytes);
    }

    #[test]
    fn compressed_bytes_come_back(sketch in sketches(), level in 1u8..10, step in 1usize..5000) {
        let mut world = World::new();
        let term = world.build(&sketch);
        let plain = world.encode(term, EncodeOptions::default(), usize::MAX);
        let mut deflater = Deflater::new(plain.clone(), Level(level));
        while !deflater.run(&mut { step }) {}
        let packed = deflater.into_bytes();
        prop_assert!(packed.len() <= plain.len());
        if let Some(mut inflater) = Inflater::new(&packed).expect("a header") {
            while !inflater.run(&packed, &mut { step }).expect("a stream") {}
            prop_assert_eq!(inflater.used(), packed.len());
            prop_assert_eq!(inflater.into_bytes(), plain);
        } else {
            prop_assert_eq!(packed, plain);
        }
    }

    #[test]
    fn damage_is_an_error_or_another_term(
        sketch in sketches(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<prop::sample::Index>(),
        step in 1usize..50,
    ) {
        let mut world = World::new();
        let term = world.build(&sketch);
        let mut bytes = world.encode(term, EncodeOptions::default(), usize::MAX);
        let cut = cut.index(bytes.len());
        prop_assert!(decode(&mut world.vm, &mut world.heap, &bytes[..cut]).is_err());
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let whole = world.decode(&bytes, usize::MAX);
        let in_steps = world.decode(&bytes, step);
        prop_assert_eq!(whole.is_ok(), in_steps.is_ok(), "{}", format!("{whole:?} {in_steps:?}"));
        if let Ok(term) = whole {
            let bytes = world.encode(term, EncodeOptions::default(), usize::MAX);
            let again = world.decode(&bytes, usize::MAX).expect("what was encoded");
            prop_assert!(compare::same(term, again));
        }
    }
}

#[test]
fn counts_are_not_believed() {
    let mut world = World::new();
    // Tuples in tuples, each of which says that it has as many elements as there are bytes.
    let mut nested = vec![131];
    for _ in 0..50_000 {
        nested.extend([105, 0, 3, 0, 0]);
    }
    assert_eq!(world.decode(&nested, usize::MAX).map(|_| ()), Err(DecodeError::Truncated));
    for tag in [105, 108, 109, 111, 116] {
        let bytes = [131, tag, 0xFF, 0xFF, 0xFF, 0xFF, 0, 1, 2, 3];
        assert!(world.decode(&bytes, usize::MAX).is_err());
    }
}

#[test]
fn nothing_is_recursive() {
    let mut world = World::new();
    let depth = 1_000_000;
    // Lists in heads, and functions whose arities would be functions.
    let mut lists = vec![131];
    for _ in 0..depth {
        lists.extend([108, 0, 0, 0, 1]);
    }
    lists.extend(vec![106; depth + 1]);
    let term = world.decode(&lists, usize::MAX).expect("a list");
    assert_eq!(world.encode(term, EncodeOptions::default(), usize::MAX), lists);
    let functions =
        [131].into_iter().chain([113, 119, 1, b'm', 119, 1, b'f'].into_iter().cycle().take(7 * depth));
    let functions: Vec<u8> = functions.collect();
    assert_eq!(world.decode(&functions, usize::MAX).map(|_| ()), Err(DecodeError::Tag(113)));
}

#[test]
fn a_stream_does_not_promise_too_much() {
    let bytes = [131, 80, 0xFF, 0xFF, 0xFF, 0xFF, 0x78, 0x9C, 1];
    assert_eq!(Inflater::new(&bytes).map(|_| ()), Err(DecodeError::Compressed));
}
