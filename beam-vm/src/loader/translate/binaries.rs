// SPDX-License-Identifier: Apache-2.0
//! Instructions on maps and messages.

use alloc::vec::Vec;

use super::super::LoadError;
use super::Translator;
use crate::beam_file::{GenericOp, Instruction};
use crate::emu::operand::Arg;
use crate::emu::table::Operation;

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
            G::GET_MAP_ELEMENTS => Operation::GetMapElements,
            G::PUT_MAP_ASSOC | G::PUT_MAP_EXACT => return self.put_map(instruction.op, args),
            _ => return self.bit_syntax(instruction, &args),
        };
        self.push(operation, args);
        Ok(())
    }

    /// `put_map_assoc Fail Map Dst Live Pairs`
    fn put_map(&mut self, op: GenericOp, args: Vec<Arg>) -> Result<(), LoadError> {
        let operation =
            if op == GenericOp::PUT_MAP_ASSOC { Operation::PutMapAssoc } else { Operation::PutMapExact };
        self.push(operation, args);
        Ok(())
    }
}
