// SPDX-License-Identifier: Apache-2.0
//! The table of loaded instructions: each operation with its handlers, and the kinds of operands that each is there for. In angle brackets
//! are the kinds that a handler takes as type parameters. The assembler takes the first line that accepts the arguments, so quick forms
//! come before general ones.
//!
//! An operation without a line of its own in a module's code is a label, which is no instruction.

use core::ops::Range;

use super::dispatch::{Handler, code_of};
use super::handlers::binaries::{construct, fields, matching, stepwise};
use super::handlers::{
    arithmetic, bif, calls, compare, data, exceptions, floats, frames, funs, maps, receive, select, trace,
    types,
};
use super::operand::{B, C, D, E, Fail, I, Kind, L, Lam, ListOf, N16, N32, Operand, R, S, Words, X, Y};

/// A loaded instruction.
#[derive(Debug)]
pub struct Specific {
    /// The handler's name.
    pub name: &'static str,
    /// What it does.
    pub operation: Operation,
    /// Its operands.
    pub kinds: &'static [Kind],
    /// What does it.
    pub handler: Handler,
}

macro_rules! instructions {
    ($(
        $(#[$about:meta])*
        $operation:ident { $($module:ident::$handler:ident => $($(<$($parameter:ident),*>)? [$($kind:ident),*]),+;)+ }
    )*) => {
        /// What an instruction does, whatever its operands.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u16)]
        #[expect(missing_docs, reason = "the handlers say it")]
        pub enum Operation {
            $($operation,)*
            /// A label: no instruction.
            Label,
        }

        /// All instructions. An instruction's place is its number.
        pub static SPECIFICS: &[Specific] = &[$($($(
            Specific {
                name: stringify!($handler),
                operation: Operation::$operation,
                kinds: &[$($kind::KIND),*],
                handler: $module::$handler $(::<$($parameter),*>)?,
            },
        )+)+)*];
    };
}

instructions! {
    Move { data::mov => <X, X>[X, X], <X, Y>[X, Y], <Y, X>[Y, X], <I, X>[I, X], <I, Y>[I, Y], <Y, Y>[Y, Y], <C, X>[C, X], <C, Y>[C, Y]; }
    Move2 { data::move2 => <X, Y, X, Y>[X, Y, X, Y], <Y, X, Y, X>[Y, X, Y, X], <X, X, X, X>[X, X, X, X], <X, X, Y, X>[X, X, Y, X], <Y, X, X, X>[Y, X, X, X], <X, Y, Y, X>[X, Y, Y, X], <X, X, I, X>[X, X, I, X], <I, X, X, X>[I, X, X, X], <X, Y, X, X>[X, Y, X, X], <X, X, X, Y>[X, X, X, Y]; }
    Move3 { data::move3 => <X, Y, X, Y, X, Y>[X, Y, X, Y, X, Y], <Y, X, Y, X, Y, X>[Y, X, Y, X, Y, X], <X, X, X, X, X, X>[X, X, X, X, X, X]; }
    MoveJump { data::move_jump => <X, X>[X, X, L], <X, Y>[X, Y, L], <Y, X>[Y, X, L], <I, X>[I, X, L], <I, Y>[I, Y, L], <C, X>[C, X, L], <C, Y>[C, Y, L]; }
    Swap { data::swap => [D, D]; }
    GetList { data::get_list => <X, X, X>[X, X, X], <X, Y, X>[X, Y, X], <X, X, Y>[X, X, Y], <Y, X, X>[Y, X, X], <X, Y, Y>[X, Y, Y], <D, D, D>[D, D, D]; }
    IsNonemptyListGetList { data::is_nonempty_list_get_list => <X, X, X>[L, X, X, X], <X, Y, X>[L, X, Y, X], <X, X, Y>[L, X, X, Y], <Y, X, X>[L, Y, X, X], <X, Y, Y>[L, X, Y, Y], <D, D, D>[L, D, D, D]; }
    GetHd { data::get_hd => <X, X>[X, X], <X, Y>[X, Y], <Y, X>[Y, X], <Y, Y>[Y, Y]; }
    GetTl { data::get_tl => <X, X>[X, X], <X, Y>[X, Y], <Y, X>[Y, X], <Y, Y>[Y, Y]; }
    GetTupleElement { data::get_tuple_element => <X, X>[X, N16, X], <X, Y>[X, N16, Y], <Y, X>[Y, N16, X], <Y, Y>[Y, N16, Y]; }
    GetTupleElement2 { data::get_tuple_element2 => <X, X, X>[X, N16, X, X], <X, Y, Y>[X, N16, Y, Y], <Y, X, X>[Y, N16, X, X], <D, D, D>[D, N16, D, D]; }
    GetTupleElement3 { data::get_tuple_element3 => <X, X, X, X>[X, N16, X, X, X], <X, Y, Y, Y>[X, N16, Y, Y, Y], <D, D, D, D>[D, N16, D, D, D]; }
    SetTupleElement { data::set_tuple_element => [S, S, N16]; }
    PutList { data::put_list => <X, X, X>[X, X, X], <X, Y, X>[X, Y, X], <Y, X, X>[Y, X, X], <Y, Y, X>[Y, Y, X], <I, X, X>[I, X, X], <X, I, X>[X, I, X], <C, X, X>[C, X, X], <S, S, D>[S, S, D]; }
    PutPair { data::put_pair => <X, X, X>[X, X, X], <I, X, X>[X, I, X], <X, Y, X>[X, X, Y], <I, Y, X>[X, I, Y], <S, S, D>[D, S, S]; }
    PutTriple { data::put_triple => <X, X, X, X>[X, X, X, X], <I, X, X, X>[X, I, X, X], <S, S, S, D>[D, S, S, S]; }
    PutTuple2 { data::put_tuple2 => <X>[X, ListOf], <D>[D, ListOf]; }
    UpdateRecord { data::update_record => [N16, S, D, ListOf]; }
    Jump { data::jump => [L]; }
    InitY { data::init_y => [Y]; }
    InitY2 { data::init_y2 => [Y, Y]; }
    InitYregs { data::init_yregs => [ListOf]; }
    Allocate { frames::allocate => [N16, N16]; }
    AllocateHeap { frames::allocate_heap => [N16, N32, N16]; }
    AllocateZero { frames::allocate_zero => [N16, N16]; }
    AllocateHeapZero { frames::allocate_heap_zero => [N16, N32, N16]; }
    TestHeap { frames::test_heap => [N32, N16]; }
    Deallocate { frames::deallocate => [N16]; }
    Trim { frames::trim => [N16, N16]; }
    Call { calls::call => [N16, L]; }
    CallLast { calls::call_last => [N16, L, N16]; }
    CallOnly { calls::call_only => [N16, L]; }
    MoveCall { calls::move_call => <X>[X, X, L], <Y>[Y, X, L], <I>[I, X, L], <C>[C, X, L]; }
    MoveCallLast { calls::move_call_last => <X>[X, X, L, N16], <Y>[Y, X, L, N16], <I>[I, X, L, N16], <C>[C, X, L, N16]; }
    MoveCallOnly { calls::move_call_only => <X>[X, X, L], <I>[I, X, L], <C>[C, X, L]; }
    CallExt { calls::call_ext => [N16, E]; }
    CallExtLast { calls::call_ext_last => [N16, E, N16]; }
    CallExtOnly { calls::call_ext_only => [N16, E]; }
    Return { calls::ret => []; }
    DeallocateReturn { calls::deallocate_return => [N16]; }
    MoveReturn { calls::move_return => <X>[X, X], <Y>[Y, X], <I>[I, X], <C>[C, X]; }
    MoveDeallocateReturn { calls::move_deallocate_return => <X>[X, X, N16], <Y>[Y, X, N16], <I>[I, X, N16], <C>[C, X, N16]; }
    FuncInfo { calls::func_info => [I, I, N32]; }
    ExpandFunction { calls::expand_function => []; }
    CountCall { calls::count_call => [N32]; }
    Apply { calls::apply => [N16]; }
    ApplyLast { calls::apply_last => [N16, N16]; }
    ApplyFun { calls::apply_fun => [N16]; }
    ApplyList { calls::apply_list => [N16]; }
    UndefinedFunction { calls::undefined_function => []; }
    UndefinedLambda { calls::undefined_lambda => []; }
    Breakpoint { trace::breakpoint => []; }
    GlobalBreakpoint { trace::global_breakpoint => []; }
    SaveCall { trace::save_call => []; }
    ReturnTrace { trace::return_trace => []; }
    NormalExit { calls::normal_exit => []; }
    NotReached { calls::not_reached => []; }
    Unreachable { calls::unreachable => []; }
    Nop { calls::nop => []; }
    MakeFun { funs::make_fun => [Lam, D, ListOf]; }
    CallFun { funs::call_fun => <X>[N16, X], <Y>[N16, Y], <S>[N16, S]; }
    CallFunLast { funs::call_fun_last => <X>[N16, X, N16], <Y>[N16, Y, N16], <S>[N16, S, N16]; }
    IsInteger { types::is_integer => <X>[L, X], <Y>[L, Y], <S>[L, S]; }
    IsFloat { types::is_float => <X>[L, X], <Y>[L, Y], <S>[L, S]; }
    IsNumber { types::is_number => <X>[L, X], <Y>[L, Y], <S>[L, S]; }
    IsAtom { types::is_atom => <X>[L, X], <Y>[L, Y], <S>[L, S]; }
    IsBoolean { types::is_boolean => <X>[L, X], <Y>[L, Y], <S>[L, S]; }
    IsNil { types::is_nil => <X>[L, X], <Y>[L, Y], <S>[L, S]; }
    IsList { types::is_list => <X>[L, X], <Y>[L, Y], <S>[L, S]; }
    IsNonemptyList { types::is_nonempty_list => <X>[L, X], <Y>[L, Y], <S>[L, S]; }
    IsTuple { types::is_tuple => <X>[L, X], <Y>[L, Y], <S>[L, S]; }
    IsMap { types::is_map => <X>[L, X], <Y>[L, Y], <S>[L, S]; }
    IsBitstr { types::is_bitstr => <X>[L, X], <Y>[L, Y], <S>[L, S]; }
    IsBinary { types::is_binary => <X>[L, X], <Y>[L, Y], <S>[L, S]; }
    IsFunction { types::is_function => <X>[L, X], <Y>[L, Y], <S>[L, S]; }
    IsPid { types::is_pid => <X>[L, X], <Y>[L, Y], <S>[L, S]; }
    IsPort { types::is_port => <X>[L, X], <Y>[L, Y], <S>[L, S]; }
    IsReference { types::is_reference => <X>[L, X], <Y>[L, Y], <S>[L, S]; }
    IsFunction2 { types::is_function2 => [L, S, S]; }
    EnsureCons { types::ensure_cons => <X>[X], <Y>[Y], <S>[S]; }
    EnsureTuple { types::ensure_tuple => <X>[X, N32], <Y>[Y, N32], <S>[S, N32]; }
    EnsureFloat { types::ensure_float => [S]; }
    EnsureState { types::ensure_state => <X>[X], <Y>[Y], <S>[S]; }
    TestArityWide { types::test_arity_wide => [L, S, N32]; }
    IsTupleOfArity { types::is_tuple_of_arity => <X>[L, X, N16], <Y>[L, Y, N16], <S>[L, S, N16]; }
    IsTaggedTuple { types::is_tagged_tuple => <X>[L, X, N16, I], <Y>[L, Y, N16, I], <S>[L, S, N16, I]; }
    IsEqExact { compare::is_eq_immediate => <X, I>[L, X, I], <Y, I>[L, Y, I]; compare::is_eq_exact => <X, X>[L, X, X], <X, Y>[L, X, Y], <Y, X>[L, Y, X], <S, S>[L, S, S]; }
    IsNeExact { compare::is_ne_immediate => <X, I>[L, X, I], <Y, I>[L, Y, I]; compare::is_ne_exact => <X, X>[L, X, X], <X, Y>[L, X, Y], <Y, X>[L, Y, X], <S, S>[L, S, S]; }
    IsEq { compare::is_eq => <X, I>[L, X, I], <X, X>[L, X, X], <S, S>[L, S, S]; }
    IsNe { compare::is_ne => <X, I>[L, X, I], <X, X>[L, X, X], <S, S>[L, S, S]; }
    IsLt { compare::is_lt => <X, I>[L, X, I], <I, X>[L, I, X], <X, X>[L, X, X], <X, Y>[L, X, Y], <Y, X>[L, Y, X], <Y, I>[L, Y, I], <S, S>[L, S, S]; }
    IsGe { compare::is_ge => <X, I>[L, X, I], <I, X>[L, I, X], <X, X>[L, X, X], <X, Y>[L, X, Y], <Y, X>[L, Y, X], <Y, I>[L, Y, I], <S, S>[L, S, S]; }
    Add { arithmetic::add => <X, X, X>[Fail, N16, X, X, X], <X, I, X>[Fail, N16, X, I, X], <X, I, Y>[Fail, N16, X, I, Y], <Y, I, X>[Fail, N16, Y, I, X], <X, Y, X>[Fail, N16, X, Y, X], <Y, X, X>[Fail, N16, Y, X, X], <I, X, X>[Fail, N16, I, X, X], <S, S, D>[Fail, N16, S, S, D]; }
    Sub { arithmetic::sub => <X, X, X>[Fail, N16, X, X, X], <X, I, X>[Fail, N16, X, I, X], <X, I, Y>[Fail, N16, X, I, Y], <Y, I, X>[Fail, N16, Y, I, X], <X, Y, X>[Fail, N16, X, Y, X], <Y, X, X>[Fail, N16, Y, X, X], <I, X, X>[Fail, N16, I, X, X], <S, S, D>[Fail, N16, S, S, D]; }
    Mul { arithmetic::mul => <X, X, X>[Fail, N16, X, X, X], <X, I, X>[Fail, N16, X, I, X], <S, S, D>[Fail, N16, S, S, D]; }
    Divide { arithmetic::divide => <X, X, X>[Fail, N16, X, X, X], <S, S, D>[Fail, N16, S, S, D]; }
    Div { arithmetic::div => <X, X, X>[Fail, N16, X, X, X], <X, I, X>[Fail, N16, X, I, X], <S, S, D>[Fail, N16, S, S, D]; }
    Rem { arithmetic::rem => <X, X, X>[Fail, N16, X, X, X], <X, I, X>[Fail, N16, X, I, X], <S, S, D>[Fail, N16, S, S, D]; }
    Band { arithmetic::band => <X, X, X>[Fail, N16, X, X, X], <X, I, X>[Fail, N16, X, I, X], <S, S, D>[Fail, N16, S, S, D]; }
    Bor { arithmetic::bor => <X, X, X>[Fail, N16, X, X, X], <X, I, X>[Fail, N16, X, I, X], <S, S, D>[Fail, N16, S, S, D]; }
    Bxor { arithmetic::bxor => <X, X, X>[Fail, N16, X, X, X], <X, I, X>[Fail, N16, X, I, X], <S, S, D>[Fail, N16, S, S, D]; }
    Bsl { arithmetic::bsl => <X, X, X>[Fail, N16, X, X, X], <X, I, X>[Fail, N16, X, I, X], <S, S, D>[Fail, N16, S, S, D]; }
    Bsr { arithmetic::bsr => <X, X, X>[Fail, N16, X, X, X], <X, I, X>[Fail, N16, X, I, X], <S, S, D>[Fail, N16, S, S, D]; }
    Bnot { arithmetic::bnot => <S, D>[Fail, N16, S, D]; }
    Fload { floats::fload => <X>[X, R], <Y>[Y, R], <S>[S, R]; }
    Fstore { floats::fstore => <X>[R, X], <Y>[R, Y]; }
    Fconv { floats::fconv => <X>[X, R], <Y>[Y, R], <S>[S, R]; }
    Fnegate { floats::fnegate => [Fail, R, R]; }
    Fadd { floats::fadd => [Fail, R, R, R]; }
    Fsub { floats::fsub => [Fail, R, R, R]; }
    Fmul { floats::fmul => [Fail, R, R, R]; }
    Fdiv { floats::fdiv => [Fail, R, R, R]; }
    SelectVal { select::select_val => <X>[X, L, Words], <Y>[Y, L, Words], <S>[S, L, Words]; }
    JumpTable { select::jump_table => <X>[X, L, N32, Words], <Y>[Y, L, N32, Words], <S>[S, L, N32, Words]; }
    SelectTupleArity { select::select_tuple_arity => <X>[X, L, Words], <Y>[Y, L, Words], <S>[S, L, Words]; }
    Catch { exceptions::catch => [Y, L]; }
    CatchEnd { exceptions::catch_end => [Y]; }
    TryEnd { exceptions::try_end => [Y]; }
    TryCase { exceptions::try_case => [Y]; }
    Raise { exceptions::raise => [S, S]; }
    RawRaise { exceptions::raw_raise => []; }
    BuildStacktrace { exceptions::build_stacktrace => []; }
    IfEnd { exceptions::if_end => []; }
    Badmatch { exceptions::badmatch => [S]; }
    CaseEnd { exceptions::case_end => [S]; }
    TryCaseEnd { exceptions::try_case_end => [S]; }
    Badrecord { exceptions::badrecord => [S]; }
    Send { receive::send => []; }
    LoopRec { receive::loop_rec => [L, D]; }
    LoopRecEnd { receive::loop_rec_end => [L]; }
    Wait { receive::wait => [L]; }
    WaitTimeout { receive::wait_timeout => [L, S]; }
    Timeout { receive::timeout => []; }
    RemoveMessage { receive::remove_message => []; }
    RecvMarkerBind { receive::marker_bind => [S, S]; }
    RecvMarkerClear { receive::marker_clear => [S]; }
    RecvMarkerReserve { receive::marker_reserve => [D]; }
    RecvMarkerUse { receive::marker_use => [S]; }
    HasMapFields { maps::has_map_fields => [L, S, ListOf]; }
    GetMapElement { maps::get_map_element => <X, I, X>[L, X, I, X], <X, I, Y>[L, X, I, Y], <Y, I, X>[L, Y, I, X], <S, S, D>[L, S, S, D]; }
    GetMapElementsImmediate { maps::get_map_elements_immediate => [L, S, ListOf]; }
    GetMapElements { maps::get_map_elements => [L, S, ListOf]; }
    NewMap { maps::new_map => [C, D, ListOf]; }
    PutMapAssoc { maps::put_map_assoc => [Fail, S, D, N16, ListOf]; }
    PutMapExact { maps::put_map_exact => [Fail, S, D, N16, ListOf]; }
    BsStartMatch { matching::start_match => <X, X>[Fail, X, N16, X], <S, D>[Fail, S, N16, D]; }
    BsSkipBits { matching::skip => <X>[L, X, N32], <Y>[L, Y, N32]; matching::skip_bits => [L, S, S, N16]; }
    BsSkipAll { matching::skip_all => [L, S, N16]; }
    BsTestTail { matching::test_tail => <X>[L, X, N32], <Y>[L, Y, N32]; matching::test_long_tail => [L, S, S]; }
    BsTestUnit { matching::test_unit => <X>[L, X, N16], <Y>[L, Y, N16]; }
    BsEnsureAtLeast { matching::ensure_at_least => <X>[L, X, N32, N16], <Y>[L, Y, N32, N16]; matching::ensure_at_least_long => [L, S, S, N16]; }
    BsMatchString { matching::match_string => [L, S, N32, Words]; }
    BsGetPosition { matching::get_position => <X, X>[X, X, N16], <S, D>[S, D, N16]; }
    BsSetPosition { matching::set_position => [S, S]; }
    BsGetSmall { fields::get_small => <X, X>[L, X, N16, N16, X], <X, Y>[L, X, N16, N16, Y], <Y, X>[L, Y, N16, N16, X], <Y, Y>[L, Y, N16, N16, Y]; }
    BsGetUnsigned { fields::get_unsigned => <X, X>[L, X, N16, N16, X], <X, Y>[L, X, N16, N16, Y], <Y, X>[L, Y, N16, N16, X], <Y, Y>[L, Y, N16, N16, Y]; }
    BsGetByte { fields::get_byte => <X, X>[L, X, X], <X, Y>[L, X, Y], <Y, X>[L, Y, X], <Y, Y>[L, Y, Y]; }
    BsGetInteger { fields::get_integer => [L, S, N16, S, N32, D]; }
    BsGetFloat { fields::get_float => [L, S, N16, S, N32, D]; }
    BsGetBinary { fields::get_binary => [L, S, N16, S, N32, D]; }
    BsGetBinaryAll { fields::get_binary_all => [L, S, N16, N16, D]; }
    BsGetTail { fields::get_tail => [S, D, N16]; }
    BsGetUtf8 { fields::get_utf8 => [L, S, D]; }
    BsGetUtf16 { fields::get_utf16 => [L, S, N16, D]; }
    BsGetUtf32 { fields::get_utf32 => [L, S, N16, D]; }
    BsSkipUtf8 { fields::skip_utf8 => [L, S]; }
    BsSkipUtf16 { fields::skip_utf16 => [L, S, N16]; }
    BsSkipUtf32 { fields::skip_utf32 => [L, S, N16]; }
    BsEqualBits { fields::equal_bits => [L, S, N32, S]; }
    BsCreateBin { construct::create_bin => [Fail, N32, N16, D, ListOf]; }
    BsInitWritable { stepwise::init_writable_binary => []; }
    BsInit { stepwise::init => [Fail, S, N32, N16, N16, D]; }
    BsAppend { stepwise::append_to => [Fail, S, N32, N32, S, D]; }
    BsPrivateAppend { stepwise::append_to_private => [Fail, S, N16, S, D]; }
    BsPutInteger { stepwise::put_integer => [Fail, S, N32, S]; }
    BsPutFloat { stepwise::put_float => [Fail, S, N32, S]; }
    BsPutBinary { stepwise::put_binary => [Fail, S, N32, S]; }
    BsPutBinaryAll { stepwise::put_binary_all => [Fail, N16, S]; }
    BsPutUtf8 { stepwise::put_utf8 => [Fail, N16, S]; }
    BsPutUtf16 { stepwise::put_utf16 => [Fail, N16, S]; }
    BsPutUtf32 { stepwise::put_utf32 => [Fail, N16, S]; }
    BsPutString { stepwise::put_string => [N32, Words]; }
    BsAdd { stepwise::add => [Fail, S, S, N16, D]; }
    BsUtf8Size { stepwise::code_point_bytes => [S, D]; }
    BsUtf16Size { stepwise::code_point_bytes16 => [S, D]; }
    CallBif { bif::call_bif => [B, E, N16]; }
    CallBifOnly { bif::call_bif_only => [B, E, N16]; }
    CallBifLast { bif::call_bif_last => [B, E, N16, N16]; }
    BifStub { bif::bif_stub => [B]; }
    GuardBif0 { bif::guard_bif0 => [B, D]; }
    GuardBif1 { bif::guard_bif1 => <S, D>[Fail, B, S, D]; }
    GuardBif2 { bif::guard_bif2 => <S, S, D>[Fail, B, S, S, D]; }
    GuardBif3 { bif::guard_bif3 => [Fail, B, S, S, S, D]; }
    SelfPid { bif::self_pid => <X>[X], <Y>[Y]; }
    Hd { bif::hd => <X, X>[Fail, B, X, X], <S, D>[Fail, B, S, D]; }
    Tl { bif::tl => <X, X>[Fail, B, X, X], <S, D>[Fail, B, S, D]; }
    TupleSize { bif::tuple_size => <X, X>[Fail, B, X, X], <S, D>[Fail, B, S, D]; }
    MapGet { bif::map_get => <X, X, X>[Fail, B, X, X, X], <I, X, X>[Fail, B, I, X, X], <S, S, D>[Fail, B, S, S, D]; }
    IsMapKey { bif::is_map_key => <S, S, D>[Fail, B, S, S, D]; }
    Element { bif::element => <X, X, X>[Fail, B, X, X, X], <I, X, X>[Fail, B, I, X, X], <S, S, D>[Fail, B, S, S, D]; }
}

const OPERATIONS: usize = Operation::Label as usize;

/// Where the lines of each operation begin.
static STARTS: [u16; OPERATIONS + 1] = {
    let mut starts = [0; OPERATIONS + 1];
    let mut index = SPECIFICS.len();
    starts[OPERATIONS] = index as u16;
    while index > 0 {
        index -= 1;
        starts[SPECIFICS[index].operation as usize] = index as u16;
    }
    starts
};

/// The places of an operation's instructions.
#[must_use]
pub fn range(operation: Operation) -> Range<usize> {
    match operation as usize {
        OPERATIONS => 0..0,
        place => usize::from(STARTS[place])..usize::from(STARTS[place + 1]),
    }
}

/// The instruction whose first word has this in its low half.
#[must_use]
pub fn find(code: u32) -> Option<&'static Specific> {
    let number =
        SPECIFICS.iter().enumerate().position(|(number, line)| code_of(line.handler, number as u32) == code);
    number.map(|number| &SPECIFICS[number])
}

/// What the first words of instructions have in their low halves that stand in entries.
#[derive(Clone, Copy, Debug)]
pub struct Stubs {
    /// In an export entry that no module has.
    pub undefined_function: u32,
    /// In a lambda's entry whose module is gone.
    pub undefined_lambda: u32,
    /// In a BIF's export entry.
    pub bif: u32,
    /// In a detour of an export entry.
    pub save_call: u32,
}

impl Stubs {
    /// They are the same for all machines.
    #[must_use]
    pub fn get() -> Self {
        Self {
            undefined_function: code(Operation::UndefinedFunction),
            undefined_lambda: code(Operation::UndefinedLambda),
            bif: code(Operation::BifStub),
            save_call: code(Operation::SaveCall),
        }
    }

    /// The stub of an export entry that no module has.
    #[must_use]
    pub fn undefined_function_words() -> [u64; 2] {
        [u64::from(Self::get().undefined_function), 0]
    }

    /// The stub of a lambda's entry whose module is gone.
    #[must_use]
    pub fn undefined_lambda_words() -> [u64; 2] {
        [u64::from(Self::get().undefined_lambda), 0]
    }

    /// The stub of a BIF's export entry.
    #[must_use]
    pub fn bif_words(bif: crate::bif::BifIndex) -> [u64; 2] {
        [u64::from(Self::get().bif) | u64::from(bif.0) << 32, 0]
    }
}

/// The low half of the first word of an operation's first instruction.
#[must_use]
pub fn code(operation: Operation) -> u32 {
    let number = range(operation).start;
    code_of(SPECIFICS[number].handler, number as u32)
}
