// SPDX-License-Identifier: Apache-2.0
//! Joins neighbouring operations that have a common instruction. A label between two keeps them apart.

use alloc::vec::Vec;

use crate::emu::assemble::{Op, choose};
use crate::emu::operand::Arg;
use crate::emu::table::Operation;

/// Makes one operation of the two arguments lists, if the rule's condition holds.
type Join = fn(&[Arg], &[Arg]) -> Option<Vec<Arg>>;

/// First operation, second operation, what they become, and how.
const RULES: &[(Operation, Operation, Operation, Join)] = &[
    (Operation::Move, Operation::Move, Operation::Move2, concatenate),
    (Operation::Move2, Operation::Move, Operation::Move3, concatenate),
    (Operation::Move, Operation::Jump, Operation::MoveJump, concatenate),
    (Operation::Move, Operation::Return, Operation::MoveReturn, concatenate),
    (Operation::Deallocate, Operation::Return, Operation::DeallocateReturn, concatenate),
    (Operation::Move, Operation::DeallocateReturn, Operation::MoveDeallocateReturn, concatenate),
    (Operation::Move, Operation::Call, Operation::MoveCall, without_arity),
    (Operation::Move, Operation::CallOnly, Operation::MoveCallOnly, without_arity),
    (Operation::Move, Operation::CallLast, Operation::MoveCallLast, without_arity),
    (Operation::IsNonemptyList, Operation::GetList, Operation::IsNonemptyListGetList, same_list),
    (Operation::IsTuple, Operation::IsTupleOfArity, Operation::IsTupleOfArity, same_tuple),
    (Operation::GetTupleElement, Operation::GetTupleElement, Operation::GetTupleElement2, next_element),
    (Operation::GetTupleElement2, Operation::GetTupleElement, Operation::GetTupleElement3, third_element),
    (Operation::CallFun, Operation::DeallocateReturn, Operation::CallFunLast, tail_call),
];

/// Appends an operation, joined with those before as far as there is an instruction. Gives how many operations became fewer.
pub fn push(ops: &mut Vec<Op>, op: Op) -> usize {
    ops.push(op);
    let mut joined = 0;
    while let [.., first, second] = ops.as_slice() {
        let Some(op) = join(first, second) else { break };
        ops.truncate(ops.len() - 2);
        ops.push(op);
        joined += 1;
    }
    joined
}

fn join(first: &Op, second: &Op) -> Option<Op> {
    let rules = RULES.iter().filter(|rule| rule.0 == first.operation && rule.1 == second.operation);
    for (_, _, operation, join) in rules {
        if let Some(args) = join(&first.args, &second.args).filter(|args| choose(*operation, args).is_some())
        {
            return Some(Op { operation: *operation, args });
        }
    }
    None
}

fn concatenate(first: &[Arg], second: &[Arg]) -> Option<Vec<Arg>> {
    Some([first, second].concat())
}

/// A call needs its arity only where it is looked at.
fn without_arity(first: &[Arg], second: &[Arg]) -> Option<Vec<Arg>> {
    concatenate(first, second.get(1..)?)
}

fn is_same(a: &Arg, b: &Arg) -> bool {
    match (a, b) {
        (Arg::X(a), Arg::X(b)) | (Arg::Y(a), Arg::Y(b)) => a == b,
        (Arg::Label(a), Arg::Label(b)) => a == b,
        _ => false,
    }
}

fn same_list(first: &[Arg], second: &[Arg]) -> Option<Vec<Arg>> {
    let ([_, tested], [taken, rest @ ..]) = (first, second) else { return None };
    if is_same(tested, taken) { concatenate(first, rest) } else { None }
}

fn same_tuple(first: &[Arg], second: &[Arg]) -> Option<Vec<Arg>> {
    let ([fail, tested], [other_fail, measured, arity]) = (first, second) else { return None };
    let is_one = is_same(tested, measured) && is_same(fail, other_fail);
    if is_one { concatenate(first, core::slice::from_ref(arity)) } else { None }
}

/// The second element right after the first, of a tuple that the first has not overwritten.
fn next_element(first: &[Arg], second: &[Arg]) -> Option<Vec<Arg>> {
    let ([tuple, Arg::Number(index), into], [other, Arg::Number(next), last]) = (first, second) else {
        return None;
    };
    if !is_same(tuple, other) || is_same(tuple, into) || index + 1 != *next {
        return None;
    }
    concatenate(first, core::slice::from_ref(last))
}

fn third_element(first: &[Arg], second: &[Arg]) -> Option<Vec<Arg>> {
    let ([tuple, Arg::Number(index), a, b], [other, Arg::Number(next), last]) = (first, second) else {
        return None;
    };
    if !is_same(tuple, other) || is_same(tuple, a) || is_same(tuple, b) || index + 2 != *next {
        return None;
    }
    concatenate(first, core::slice::from_ref(last))
}

fn tail_call(first: &[Arg], second: &[Arg]) -> Option<Vec<Arg>> {
    let [Arg::Number(slots)] = second else { return None };
    concatenate(first, &[Arg::Number(slots + 1)])
}
