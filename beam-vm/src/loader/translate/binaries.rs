// SPDX-License-Identifier: Apache-2.0
//! Instructions on maps and messages.

use alloc::vec::Vec;

use super::super::LoadError;
use super::Translator;
use crate::beam_file::{GenericOp, Instruction};
use crate::compare;
use crate::emu::operand::Arg;
use crate::emu::table::Operation;
use crate::term::{Map, Term, layout};

impl Translator<'_> {
    pub(super) fn binary_or_map(
        &mut self,
        instruction: &Instruction<'_>,
        args: Vec<Arg>,
    ) -> Result<(), LoadError> {
        use GenericOp as G;
        let operation = match instruction.op {
            G::SEND => Operation::Send,
            G::LOOP_REC => Operation::LoopRec,
            G::LOOP_REC_END => Operation::LoopRecEnd,
            G::WAIT => Operation::Wait,
            G::WAIT_TIMEOUT => Operation::WaitTimeout,
            G::TIMEOUT => Operation::Timeout,
            G::REMOVE_MESSAGE => Operation::RemoveMessage,
            G::RECV_MARKER_BIND => Operation::RecvMarkerBind,
            G::RECV_MARKER_CLEAR => Operation::RecvMarkerClear,
            G::RECV_MARKER_RESERVE => Operation::RecvMarkerReserve,
            G::RECV_MARKER_USE => Operation::RecvMarkerUse,
            // Marks of the message queue before OTP 24: only a hint.
            G::RECV_MARK | G::RECV_SET => return Ok(()),
            G::HAS_MAP_FIELDS => Operation::HasMapFields,
            G::GET_MAP_ELEMENTS => {
                self.get_map_elements(args);
                return Ok(());
            }
            G::PUT_MAP_ASSOC | G::PUT_MAP_EXACT => {
                self.put_map(instruction.op, args);
                return Ok(());
            }
            _ => return self.bit_syntax(instruction, &args),
        };
        self.push(operation, args);
        Ok(())
    }

    /// `get_map_elements Fail Map [Key, Dst…]`
    fn get_map_elements(&mut self, args: Vec<Arg>) {
        let [fail, map, Arg::List(pairs)] = args.as_slice() else {
            return self.push(Operation::GetMapElements, args);
        };
        match pairs.as_slice() {
            [key, into] if is_immediate(key) => {
                let args = [fail, map, key, into].map(Clone::clone);
                self.push(Operation::GetMapElement, args.into());
            }
            _ if pairs.iter().step_by(2).all(is_immediate) => {
                let list = Arg::List(self.in_order(pairs));
                self.push(Operation::GetMapElementsImmediate, [fail.clone(), map.clone(), list].into());
            }
            _ => self.push(Operation::GetMapElements, args),
        }
    }

    /// Pairs of a key, which is a constant, and something in the order of the keys, which is that in maps.
    fn in_order(&self, pairs: &[Arg]) -> Vec<Arg> {
        let mut sorted: Vec<&[Arg]> = pairs.chunks_exact(2).collect();
        sorted.sort_by(|a, b| compare::compare_keys(&self.vm.atoms, key_of(a), key_of(b)));
        sorted.concat()
    }

    /// `put_map_assoc Fail Map Dst Live [Key, Value…]`
    fn put_map(&mut self, op: GenericOp, args: Vec<Arg>) {
        let mut args = args;
        if let Some(Arg::List(pairs)) = args.last_mut()
            && pairs.iter().step_by(2).all(|key| matches!(key, Arg::Const(_)))
            && !self.has_twice(pairs)
        {
            *pairs = self.in_order(pairs);
        }
        if op != GenericOp::PUT_MAP_ASSOC {
            return self.push(Operation::PutMapExact, args);
        }
        if let [_, Arg::Const(map), into, _, Arg::List(pairs)] = args.as_slice()
            && map.as_map().is_some_and(Map::is_empty)
            && let Some((keys, values)) = self.new_map(pairs)
        {
            return self.push(Operation::NewMap, [Arg::Const(keys), into.clone(), Arg::List(values)].into());
        }
        self.push(Operation::PutMapAssoc, args);
    }

    /// Whether a key is in pairs twice.
    fn has_twice(&self, pairs: &[Arg]) -> bool {
        let sorted = self.in_order(pairs);
        let keys: Vec<Term> = sorted.chunks_exact(2).map(key_of).collect();
        keys.windows(2).any(|keys| compare::same(keys[0], keys[1]))
    }

    /// The keys of a small map that is made of nothing, if they are known, and the values in their order, which the pairs are in.
    fn new_map(&mut self, pairs: &[Arg]) -> Option<(Term, Vec<Arg>)> {
        if pairs.len() > 2 * layout::MAP_SMALL_LIMIT
            || !pairs.iter().step_by(2).all(is_immediate)
            || self.has_twice(pairs)
        {
            return None;
        }
        let keys: Vec<Term> = pairs.chunks_exact(2).map(key_of).collect();
        let values = pairs.chunks_exact(2).map(|pair| pair[1].clone()).collect();
        let vm = &mut *self.vm;
        Some((vm.shapes.tuple(&mut vm.literals, vm.platform.as_mut(), &keys)?, values))
    }
}

/// Whether an argument is a constant whose word says all.
fn is_immediate(arg: &Arg) -> bool {
    matches!(arg, Arg::Const(term) if term.is_immediate())
}

/// The key of a pair.
fn key_of(pair: &[Arg]) -> Term {
    match pair {
        [Arg::Const(key), _] => *key,
        _ => Term::NIL,
    }
}
