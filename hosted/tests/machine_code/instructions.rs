// SPDX-License-Identifier: Apache-2.0
//! Programs: a function with a frame, whose steps are an instruction or a few that belong together. A test that fails skips the next step, so
//! that there are places where ways meet.

use beam_vm::bif::BifIndex;
use beam_vm::emu::assemble::{Op, choose};
use beam_vm::emu::operand::Arg;
use beam_vm::emu::table::Operation as O;
use beam_vm::term::{Header, Kind, Term};
use proptest::prelude::*;

use super::terms::{REGISTERS, atom, small};

/// The label of the function.
pub const START: u32 = 2;
/// The label behind the step after the first one; those of the other steps follow.
const FIRST_SKIP: u32 = 3;
/// The label at the end of the first step, if that is a jump by a value.
const FIRST_NEXT: u32 = FIRST_SKIP + STEPS as u32;
/// The most steps.
const STEPS: usize = 10;
/// One more than the highest label.
pub const LABELS: u32 = FIRST_NEXT + STEPS as u32;

/// Y registers of the frame.
const SLOTS: u64 = 2;
/// X registers that are alive in all steps.
const LIVE: Arg = Arg::Number(REGISTERS as u64);

fn op(operation: O, args: &[Arg]) -> Op {
    Op { operation, args: args.to_vec() }
}

fn register() -> BoxedStrategy<Arg> {
    prop_oneof![3 => (0..REGISTERS as u16).prop_map(Arg::X), 1 => (0..SLOTS as u16).prop_map(Arg::Y)].boxed()
}

fn constant() -> impl Strategy<Value = Arg> {
    prop_oneof![
        4 => small().prop_map(|value| Arg::Const(Term::small_cut(value))),
        1 => (0..4_u8).prop_map(|number| Arg::Const(atom(number))),
        1 => Just(Arg::Const(Term::NIL)),
    ]
}

fn source() -> BoxedStrategy<Arg> {
    prop_oneof![3 => register(), 1 => constant()].boxed()
}

fn fail() -> impl Strategy<Value = Failure> {
    prop::sample::select(vec![Failure::Raises, Failure::Skips])
}

/// What an operation that can fail in guards and bodies does.
#[derive(Clone, Copy, Debug)]
enum Failure {
    Raises,
    Skips,
}

/// The operations of a step. Their label is that of the step if it is [`SKIP`].
type Step = Vec<Op>;

/// Stands for the label of a step.
const SKIP: u32 = u32::MAX;

impl Failure {
    const fn label(self) -> Arg {
        match self {
            Self::Raises => Arg::Label(0),
            Self::Skips => Arg::Label(SKIP),
        }
    }
}

fn room(words: u64) -> Op {
    op(O::TestHeap, &[Arg::Number(words), LIVE])
}

fn bif(name: &str, arity: u8) -> Arg {
    Arg::Bif(BifIndex::find("erlang", name, arity).expect("there is such a BIF"))
}

fn moves() -> impl Strategy<Value = Step> {
    prop_oneof![
        (source(), register()).prop_map(|(a, b)| vec![op(O::Move, &[a, b])]),
        (source(), register(), source(), register())
            .prop_map(|(a, b, c, d)| vec![op(O::Move2, &[a, b, c, d])]),
        (register(), register()).prop_map(|(a, b)| vec![op(O::Swap, &[a, b])]),
        register().prop_map(|a| vec![op(O::Move, &[Arg::Const(Term::NIL), a])]),
    ]
}

fn arithmetic() -> impl Strategy<Value = Step> {
    let operations = vec![O::Add, O::Sub, O::Mul, O::Div, O::Rem, O::Band, O::Bor, O::Bxor];
    let count = prop_oneof![(-2..64_i64).prop_map(|count| Arg::Const(Term::small_cut(count)))];
    prop_oneof![
        6 => (prop::sample::select(operations), fail(), source(), source(), register())
            .prop_map(|(operation, fail, a, b, to)| vec![op(operation, &[fail.label(), LIVE, a, b, to])]),
        2 => (prop::sample::select(vec![O::Bsl, O::Bsr]), fail(), source(), count, register())
            .prop_map(|(operation, fail, a, b, to)| vec![op(operation, &[fail.label(), LIVE, a, b, to])]),
        1 => (fail(), register(), register())
            .prop_map(|(fail, a, to)| vec![op(O::Bnot, &[fail.label(), LIVE, a, to])]),
    ]
}

fn comparisons() -> impl Strategy<Value = Step> {
    let operations = vec![O::IsLt, O::IsGe, O::IsEqExact, O::IsNeExact, O::IsEq, O::IsNe];
    (prop::sample::select(operations), source(), source())
        .prop_map(|(operation, a, b)| vec![op(operation, &[Arg::Label(SKIP), a, b])])
}

fn type_tests() -> impl Strategy<Value = Step> {
    let operations = vec![
        O::IsInteger,
        O::IsFloat,
        O::IsNumber,
        O::IsAtom,
        O::IsBoolean,
        O::IsNil,
        O::IsList,
        O::IsNonemptyList,
        O::IsTuple,
        O::IsMap,
        O::IsBitstr,
        O::IsBinary,
        O::IsFunction,
        O::IsPid,
        O::IsReference,
    ];
    (prop::sample::select(operations), register())
        .prop_map(|(operation, a)| vec![op(operation, &[Arg::Label(SKIP), a])])
}

fn lists() -> impl Strategy<Value = Step> {
    let get = |operation: O| {
        move |(list, to): (Arg, Arg)| {
            vec![op(O::IsNonemptyList, &[Arg::Label(SKIP), list.clone()]), op(operation, &[list, to])]
        }
    };
    prop_oneof![
        (register(), register(), register()).prop_map(|(list, head, tail)| vec![op(
            O::IsNonemptyListGetList,
            &[Arg::Label(SKIP), list, head, tail]
        )]),
        (register(), register()).prop_map(get(O::GetHd)),
        (register(), register()).prop_map(get(O::GetTl)),
        (source(), source(), register())
            .prop_map(|(head, tail, to)| vec![room(2), op(O::PutList, &[head, tail, to])]),
        (fail(), register(), register())
            .prop_map(|(fail, list, to)| vec![op(O::Hd, &[fail.label(), bif("hd", 1), list, to])]),
        (fail(), register(), register())
            .prop_map(|(fail, list, to)| vec![op(O::Tl, &[fail.label(), bif("tl", 1), list, to])]),
    ]
}

fn tuples() -> impl Strategy<Value = Step> {
    let is_tuple = |tuple: &Arg, arity: u64| {
        op(O::IsTupleOfArity, &[Arg::Label(SKIP), tuple.clone(), Arg::Number(arity)])
    };
    prop_oneof![
        (register(), prop::collection::vec(source(), 1..6)).prop_map(|(to, elements)| vec![
            room(elements.len() as u64 + 1),
            op(O::PutTuple2, &[to, Arg::List(elements)])
        ]),
        (register(), source(), source()).prop_map(|(to, a, b)| vec![room(3), op(O::PutPair, &[to, a, b])]),
        (register(), source(), source(), source())
            .prop_map(|(to, a, b, c)| vec![room(4), op(O::PutTriple, &[to, a, b, c])]),
        (register(), register(), 0..3_u64).prop_map(move |(tuple, to, index)| vec![
            is_tuple(&tuple, 3),
            op(O::GetTupleElement, &[tuple, Arg::Number(index), to])
        ]),
        (register(), register(), register()).prop_map(move |(tuple, a, b)| vec![
            is_tuple(&tuple, 3),
            op(O::GetTupleElement2, &[tuple, Arg::Number(1), a, b])
        ]),
        (register(), register(), register(), register()).prop_map(move |(tuple, a, b, c)| vec![
            is_tuple(&tuple, 4),
            op(O::GetTupleElement3, &[tuple, Arg::Number(1), a, b, c])
        ]),
        (register(), 0..4_u64, 0..4_u8).prop_map(|(tuple, arity, tag)| vec![op(
            O::IsTaggedTuple,
            &[Arg::Label(SKIP), tuple, Arg::Number(arity), Arg::Const(atom(tag))]
        )]),
        (register(), register(), 2..5_u64, 1..3_i64, source(), source()).prop_map(
            move |(tuple, to, size, index, a, b)| {
                let place = |index| Arg::Const(Term::small_cut(index));
                let updates = vec![place(index), a, place(2), b];
                vec![
                    is_tuple(&tuple, size),
                    room(size + 1),
                    op(O::UpdateRecord, &[Arg::Number(size), tuple, to, Arg::List(updates)]),
                ]
            }
        ),
        (fail(), register(), register())
            .prop_map(|(fail, a, to)| vec![op(O::TupleSize, &[fail.label(), bif("tuple_size", 1), a, to])]),
        (fail(), source(), register(), register()).prop_map(|(fail, index, a, to)| vec![op(
            O::Element,
            &[fail.label(), bif("element", 2), index, a, to]
        )]),
    ]
}

fn guards() -> impl Strategy<Value = Step> {
    (fail(), prop::sample::select(vec!["abs", "byte_size", "map_size"]), register(), register())
        .prop_map(|(fail, name, a, to)| vec![op(O::GuardBif1, &[fail.label(), bif(name, 1), a, to])])
}

fn floats() -> impl Strategy<Value = Step> {
    let operations = vec![O::Fadd, O::Fsub, O::Fmul, O::Fdiv];
    (prop::sample::select(operations), source(), source(), register()).prop_map(|(operation, a, b, to)| {
        use Arg::{F, Label};
        vec![
            op(O::Fconv, &[a, F(0)]),
            op(O::Fconv, &[b, F(1)]),
            op(operation, &[Label(0), F(0), F(1), F(2)]),
            op(O::Fnegate, &[Label(0), F(2), F(3)]),
            room(2),
            op(O::Fstore, &[F(3), to]),
        ]
    })
}

/// Jumps by a value: half of the values skip a step, the others go on.
fn selects() -> impl Strategy<Value = Step> {
    let targets = |words: Vec<u64>| {
        let labels = words.into_iter().enumerate();
        Arg::Targets(labels.map(|(index, word)| (word, if index % 2 == 0 { SKIP } else { NEXT })).collect())
    };
    let value = prop_oneof![2 => -4..70_i64, 1 => small()].prop_map(|value| Term::small_cut(value).raw());
    let header = (0..6_usize).prop_map(|arity| Header::new(Kind::Tuple, arity).raw());
    prop_oneof![
        (register(), prop::collection::btree_set(value, 1..12)).prop_map(move |(a, values)| {
            vec![op(O::SelectVal, &[a, Arg::Label(SKIP), targets(values.into_iter().collect())]), next()]
        }),
        (register(), prop::collection::btree_set(header, 1..5)).prop_map(move |(a, values)| {
            let targets = targets(values.into_iter().collect());
            vec![op(O::SelectTupleArity, &[a, Arg::Label(SKIP), targets]), next()]
        }),
        (register(), -3..5_i32, 1..9_usize).prop_map(|(a, first, count)| {
            let labels = (0..count).map(|index| if index % 2 == 0 { SKIP } else { NEXT }).collect();
            let first = Arg::Number(u64::from(first as u32));
            vec![op(O::JumpTable, &[a, Arg::Label(SKIP), first, Arg::Labels(labels)]), next()]
        }),
    ]
}

/// Stands for the label of the next step.
const NEXT: u32 = u32::MAX - 1;

fn next() -> Op {
    op(O::Label, &[Arg::Label(NEXT)])
}

fn step() -> impl Strategy<Value = Step> {
    // Boxed, since all of it together is more than the stack of a test has room for.
    let all = prop_oneof![
        3 => moves().boxed(),
        5 => arithmetic().boxed(),
        4 => comparisons().boxed(),
        2 => type_tests().boxed(),
        3 => lists().boxed(),
        4 => tuples().boxed(),
        1 => guards().boxed(),
        2 => floats().boxed(),
        1 => selects().boxed(),
    ];
    all.prop_filter("the table has no such instruction", |step| {
        step.iter().all(|op| op.operation == O::Label || choose(op.operation, &op.args).is_some())
    })
}

fn resolve(op: &mut Op, skip: u32, next: u32) {
    let resolve = |label: &mut u32| match *label {
        SKIP => *label = skip,
        NEXT => *label = next,
        _ => {}
    };
    for arg in &mut op.args {
        match arg {
            Arg::Label(label) => resolve(label),
            Arg::Labels(labels) => labels.iter_mut().for_each(resolve),
            Arg::Targets(pairs) => pairs.iter_mut().for_each(|(_, label)| resolve(label)),
            _ => {}
        }
    }
}

/// A program.
pub fn program() -> impl Strategy<Value = Vec<Op>> {
    prop::collection::vec(step().boxed(), 1..=STEPS).prop_map(|steps| {
        use Arg::{Const, Label, Number, X, Y};
        let mut ops = vec![
            op(O::Label, &[Label(1)]),
            op(O::FuncInfo, &[Const(Term::NIL), Const(Term::NIL), LIVE]),
            op(O::Label, &[Label(START)]),
            op(O::Allocate, &[Number(SLOTS), LIVE]),
            op(O::Move, &[X(0), Y(0)]),
            op(O::Move, &[X(1), Y(1)]),
        ];
        let mut behind = None;
        for ((step, skip), next) in steps.into_iter().zip(FIRST_SKIP..).zip(FIRST_NEXT..) {
            for mut op in step {
                resolve(&mut op, skip, next);
                ops.push(op);
            }
            ops.extend(behind.replace(skip).map(|label| op(O::Label, &[Label(label)])));
        }
        ops.extend(behind.map(|label| op(O::Label, &[Label(label)])));
        ops.push(op(O::DeallocateReturn, &[Number(SLOTS)]));
        ops
    })
}
