// SPDX-License-Identifier: Apache-2.0
//! The generic opcodes: what the compiler writes into the `Code` chunk, from OTP 24 to 28.
//!
//! Numbers, names and arities are those of OTP's `lib/compiler/src/genop.tab`. The fourth column has a letter for each
//! operand; [`Role`] says what they mean. An opcode that no release since 24 writes has `?` for its operands: it can still
//! be framed and named, and whoever turns generic instructions into others finds nothing to turn it into.

use core::fmt;

/// An opcode of the `Code` chunk that exists: its number is between 1 and [`GenericOp::MAX`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GenericOp(u8);

/// Which releases of OTP know an opcode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lifetime {
    /// All from before 23 to 28.
    Always,
    /// Those from 23 on.
    Since23,
    /// Those from 24 on.
    Since24,
    /// Those from 25 on.
    Since25,
    /// Those from 26 on.
    Since26,
    /// Those from 27 on.
    Since27,
    /// 28 alone.
    Since28,
    /// Those before 27. The compilers of 24 to 26 no longer write it either.
    Until27,
    /// None: their tables list it so that the number stays taken.
    Retired,
}

/// What an operand has to be: the letters of the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// `?`: anything.
    Any,
    /// `u`: a number.
    Number,
    /// `t`: a number of heap words, or an allocation list.
    HeapNeed,
    /// `z`: a size: a number or a source.
    Size,
    /// `L`: the number of the label that stands here.
    LabelHere,
    /// `f`: a label to go to, or none.
    Label,
    /// `k`: a label to go to, or an atom that says why there is none.
    LabelOrAtom,
    /// `a`: an atom.
    Atom,
    /// `s`: a source: an X or Y register or a constant.
    Source,
    /// `d`: a destination: an X or Y register.
    Destination,
    /// `r`: a floating-point register.
    FloatRegister,
    /// `e`: a source or a floating-point register.
    FloatSource,
    /// `g`: a destination or a floating-point register.
    FloatDestination,
    /// `I`: an index into the import table.
    Import,
    /// `F`: an index into the lambda table.
    Lambda,
    /// `q`: an index into the lambda table, or an atom that says why there is none.
    LambdaOrAtom,
    /// `S`: an offset into the string table.
    StringOffset,
    /// `N`: an index into the line table.
    Line,
    /// `*`: a list; always the last.
    List,
}

impl Role {
    const fn from_letter(letter: u8) -> Self {
        match letter {
            b'u' => Self::Number,
            b't' => Self::HeapNeed,
            b'z' => Self::Size,
            b'L' => Self::LabelHere,
            b'f' => Self::Label,
            b'k' => Self::LabelOrAtom,
            b'a' => Self::Atom,
            b's' => Self::Source,
            b'd' => Self::Destination,
            b'r' => Self::FloatRegister,
            b'e' => Self::FloatSource,
            b'g' => Self::FloatDestination,
            b'I' => Self::Import,
            b'F' => Self::Lambda,
            b'q' => Self::LambdaOrAtom,
            b'S' => Self::StringOffset,
            b'N' => Self::Line,
            b'*' => Self::List,
            _ => Self::Any,
        }
    }
}

struct Row {
    number: u8,
    name: &'static str,
    roles: &'static [Role],
    lifetime: Lifetime,
}

/// The roles that letters stand for.
const fn roles<const COUNT: usize>(letters: &str) -> [Role; COUNT] {
    let mut roles = [Role::Any; COUNT];
    let mut at = 0;
    while at < COUNT {
        roles[at] = Role::from_letter(letters.as_bytes()[at]);
        at += 1;
    }
    roles
}

macro_rules! generic_ops {
    ($($number:literal $constant:ident $name:literal $letters:literal $lifetime:ident,)*) => {
        impl GenericOp {
            $(
                #[doc = concat!("`", $name, "`, opcode ", $number, ".")]
                pub const $constant: Self = Self($number);
            )*
        }

        const ROWS: &[Row] = &[$(
            Row { number: $number, name: $name, roles: &roles::<{ $letters.len() }>($letters), lifetime: Lifetime::$lifetime },
        )*];
    };
}

generic_ops! {
      1 LABEL                  "label"                  "L"         Always,
      2 FUNC_INFO              "func_info"              "aau"       Always,
      3 INT_CODE_END           "int_code_end"           ""          Always,
      4 CALL                   "call"                   "uf"        Always,
      5 CALL_LAST              "call_last"              "ufu"       Always,
      6 CALL_ONLY              "call_only"              "uf"        Always,
      7 CALL_EXT               "call_ext"               "uI"        Always,
      8 CALL_EXT_LAST          "call_ext_last"          "uIu"       Always,
      9 BIF0                   "bif0"                   "Id"        Always,
     10 BIF1                   "bif1"                   "fIsd"      Always,
     11 BIF2                   "bif2"                   "fIssd"     Always,
     12 ALLOCATE               "allocate"               "uu"        Always,
     13 ALLOCATE_HEAP          "allocate_heap"          "utu"       Always,
     14 ALLOCATE_ZERO          "allocate_zero"          "uu"        Until27,
     15 ALLOCATE_HEAP_ZERO     "allocate_heap_zero"     "utu"       Until27,
     16 TEST_HEAP              "test_heap"              "tu"        Always,
     17 INIT                   "init"                   "d"         Until27,
     18 DEALLOCATE             "deallocate"             "u"         Always,
     19 RETURN                 "return"                 ""          Always,
     20 SEND                   "send"                   ""          Always,
     21 REMOVE_MESSAGE         "remove_message"         ""          Always,
     22 TIMEOUT                "timeout"                ""          Always,
     23 LOOP_REC               "loop_rec"               "fd"        Always,
     24 LOOP_REC_END           "loop_rec_end"           "f"         Always,
     25 WAIT                   "wait"                   "f"         Always,
     26 WAIT_TIMEOUT           "wait_timeout"           "fs"        Always,
     27 M_PLUS                 "m_plus"                 "????"      Retired,
     28 M_MINUS                "m_minus"                "????"      Retired,
     29 M_TIMES                "m_times"                "????"      Retired,
     30 M_DIV                  "m_div"                  "????"      Retired,
     31 INT_DIV                "int_div"                "????"      Retired,
     32 INT_REM                "int_rem"                "????"      Retired,
     33 INT_BAND               "int_band"               "????"      Retired,
     34 INT_BOR                "int_bor"                "????"      Retired,
     35 INT_BXOR               "int_bxor"               "????"      Retired,
     36 INT_BSL                "int_bsl"                "????"      Retired,
     37 INT_BSR                "int_bsr"                "????"      Retired,
     38 INT_BNOT               "int_bnot"               "???"       Retired,
     39 IS_LT                  "is_lt"                  "fss"       Always,
     40 IS_GE                  "is_ge"                  "fss"       Always,
     41 IS_EQ                  "is_eq"                  "fss"       Always,
     42 IS_NE                  "is_ne"                  "fss"       Always,
     43 IS_EQ_EXACT            "is_eq_exact"            "fss"       Always,
     44 IS_NE_EXACT            "is_ne_exact"            "fss"       Always,
     45 IS_INTEGER             "is_integer"             "fs"        Always,
     46 IS_FLOAT               "is_float"               "fs"        Always,
     47 IS_NUMBER              "is_number"              "fs"        Always,
     48 IS_ATOM                "is_atom"                "fs"        Always,
     49 IS_PID                 "is_pid"                 "fs"        Always,
     50 IS_REFERENCE           "is_reference"           "fs"        Always,
     51 IS_PORT                "is_port"                "fs"        Always,
     52 IS_NIL                 "is_nil"                 "fs"        Always,
     53 IS_BINARY              "is_binary"              "fs"        Always,
     54 IS_CONSTANT            "is_constant"            "??"        Retired,
     55 IS_LIST                "is_list"                "fs"        Always,
     56 IS_NONEMPTY_LIST       "is_nonempty_list"       "fs"        Always,
     57 IS_TUPLE               "is_tuple"               "fs"        Always,
     58 TEST_ARITY             "test_arity"             "fsu"       Always,
     59 SELECT_VAL             "select_val"             "sf*"       Always,
     60 SELECT_TUPLE_ARITY     "select_tuple_arity"     "sf*"       Always,
     61 JUMP                   "jump"                   "f"         Always,
     62 CATCH                  "catch"                  "df"        Always,
     63 CATCH_END              "catch_end"              "d"         Always,
     64 MOVE                   "move"                   "sd"        Always,
     65 GET_LIST               "get_list"               "sdd"       Always,
     66 GET_TUPLE_ELEMENT      "get_tuple_element"      "sud"       Always,
     67 SET_TUPLE_ELEMENT      "set_tuple_element"      "ssu"       Always,
     68 PUT_STRING             "put_string"             "???"       Retired,
     69 PUT_LIST               "put_list"               "ssd"       Always,
     70 PUT_TUPLE              "put_tuple"              "??"        Retired,
     71 PUT                    "put"                    "?"         Retired,
     72 BADMATCH               "badmatch"               "s"         Always,
     73 IF_END                 "if_end"                 ""          Always,
     74 CASE_END               "case_end"               "s"         Always,
     75 CALL_FUN               "call_fun"               "u"         Always,
     76 MAKE_FUN               "make_fun"               "???"       Retired,
     77 IS_FUNCTION            "is_function"            "fs"        Always,
     78 CALL_EXT_ONLY          "call_ext_only"          "uI"        Always,
     79 BS_START_MATCH         "bs_start_match"         "??"        Retired,
     80 BS_GET_INTEGER         "bs_get_integer"         "?????"     Retired,
     81 BS_GET_FLOAT           "bs_get_float"           "?????"     Retired,
     82 BS_GET_BINARY          "bs_get_binary"          "?????"     Retired,
     83 BS_SKIP_BITS           "bs_skip_bits"           "????"      Retired,
     84 BS_TEST_TAIL           "bs_test_tail"           "??"        Retired,
     85 BS_SAVE                "bs_save"                "?"         Retired,
     86 BS_RESTORE             "bs_restore"             "?"         Retired,
     87 BS_INIT                "bs_init"                "??"        Retired,
     88 BS_FINAL               "bs_final"               "??"        Retired,
     89 BS_PUT_INTEGER         "bs_put_integer"         "fsuus"     Always,
     90 BS_PUT_BINARY          "bs_put_binary"          "fsuus"     Always,
     91 BS_PUT_FLOAT           "bs_put_float"           "fsuus"     Always,
     92 BS_PUT_STRING          "bs_put_string"          "uS"        Always,
     93 BS_NEED_BUF            "bs_need_buf"            "?"         Retired,
     94 FCLEARERROR            "fclearerror"            ""          Until27,
     95 FCHECKERROR            "fcheckerror"            "f"         Until27,
     96 FMOVE                  "fmove"                  "eg"        Always,
     97 FCONV                  "fconv"                  "sr"        Always,
     98 FADD                   "fadd"                   "frrr"      Always,
     99 FSUB                   "fsub"                   "frrr"      Always,
    100 FMUL                   "fmul"                   "frrr"      Always,
    101 FDIV                   "fdiv"                   "frrr"      Always,
    102 FNEGATE                "fnegate"                "frr"       Always,
    103 MAKE_FUN2              "make_fun2"              "F"         Until27,
    104 TRY                    "try"                    "df"        Always,
    105 TRY_END                "try_end"                "d"         Always,
    106 TRY_CASE               "try_case"               "d"         Always,
    107 TRY_CASE_END           "try_case_end"           "s"         Always,
    108 RAISE                  "raise"                  "ss"        Always,
    109 BS_INIT2               "bs_init2"               "fztuud"    Always,
    110 BS_BITS_TO_BYTES       "bs_bits_to_bytes"       "???"       Retired,
    111 BS_ADD                 "bs_add"                 "fssud"     Always,
    112 APPLY                  "apply"                  "u"         Always,
    113 APPLY_LAST             "apply_last"             "uu"        Always,
    114 IS_BOOLEAN             "is_boolean"             "fs"        Always,
    115 IS_FUNCTION2           "is_function2"           "fss"       Always,
    116 BS_START_MATCH2        "bs_start_match2"        "?????"     Retired,
    117 BS_GET_INTEGER2        "bs_get_integer2"        "fsusuud"   Always,
    118 BS_GET_FLOAT2          "bs_get_float2"          "fsusuud"   Always,
    119 BS_GET_BINARY2         "bs_get_binary2"         "fsusuud"   Always,
    120 BS_SKIP_BITS2          "bs_skip_bits2"          "fssuu"     Always,
    121 BS_TEST_TAIL2          "bs_test_tail2"          "fsu"       Always,
    122 BS_SAVE2               "bs_save2"               "??"        Retired,
    123 BS_RESTORE2            "bs_restore2"            "??"        Retired,
    124 GC_BIF1                "gc_bif1"                "fuIsd"     Always,
    125 GC_BIF2                "gc_bif2"                "fuIssd"    Always,
    126 BS_FINAL2              "bs_final2"              "??"        Retired,
    127 BS_BITS_TO_BYTES2      "bs_bits_to_bytes2"      "??"        Retired,
    128 PUT_LITERAL            "put_literal"            "??"        Retired,
    129 IS_BITSTR              "is_bitstr"              "fs"        Always,
    130 BS_CONTEXT_TO_BINARY   "bs_context_to_binary"   "?"         Retired,
    131 BS_TEST_UNIT           "bs_test_unit"           "fsu"       Always,
    132 BS_MATCH_STRING        "bs_match_string"        "fsuS"      Always,
    133 BS_INIT_WRITABLE       "bs_init_writable"       ""          Always,
    134 BS_APPEND              "bs_append"              "fstuusud"  Always,
    135 BS_PRIVATE_APPEND      "bs_private_append"      "fsusud"    Always,
    136 TRIM                   "trim"                   "uu"        Always,
    137 BS_INIT_BITS           "bs_init_bits"           "fztuud"    Always,
    138 BS_GET_UTF8            "bs_get_utf8"            "fsuud"     Always,
    139 BS_SKIP_UTF8           "bs_skip_utf8"           "fsuu"      Always,
    140 BS_GET_UTF16           "bs_get_utf16"           "fsuud"     Always,
    141 BS_SKIP_UTF16          "bs_skip_utf16"          "fsuu"      Always,
    142 BS_GET_UTF32           "bs_get_utf32"           "fsuud"     Always,
    143 BS_SKIP_UTF32          "bs_skip_utf32"          "fsuu"      Always,
    144 BS_UTF8_SIZE           "bs_utf8_size"           "fsd"       Always,
    145 BS_PUT_UTF8            "bs_put_utf8"            "fus"       Always,
    146 BS_UTF16_SIZE          "bs_utf16_size"          "fsd"       Always,
    147 BS_PUT_UTF16           "bs_put_utf16"           "fus"       Always,
    148 BS_PUT_UTF32           "bs_put_utf32"           "fus"       Always,
    149 ON_LOAD                "on_load"                ""          Always,
    150 RECV_MARK              "recv_mark"              "f"         Until27,
    151 RECV_SET               "recv_set"               "f"         Until27,
    152 GC_BIF3                "gc_bif3"                "fuIsssd"   Always,
    153 LINE                   "line"                   "N"         Always,
    154 PUT_MAP_ASSOC          "put_map_assoc"          "fsdu*"     Always,
    155 PUT_MAP_EXACT          "put_map_exact"          "fsdu*"     Always,
    156 IS_MAP                 "is_map"                 "fs"        Always,
    157 HAS_MAP_FIELDS         "has_map_fields"         "fs*"       Always,
    158 GET_MAP_ELEMENTS       "get_map_elements"       "fs*"       Always,
    159 IS_TAGGED_TUPLE        "is_tagged_tuple"        "fsua"      Always,
    160 BUILD_STACKTRACE       "build_stacktrace"       ""          Always,
    161 RAW_RAISE              "raw_raise"              ""          Always,
    162 GET_HD                 "get_hd"                 "sd"        Always,
    163 GET_TL                 "get_tl"                 "sd"        Always,
    164 PUT_TUPLE2             "put_tuple2"             "d*"        Always,
    165 BS_GET_TAIL            "bs_get_tail"            "sdu"       Always,
    166 BS_START_MATCH3        "bs_start_match3"        "fsud"      Always,
    167 BS_GET_POSITION        "bs_get_position"        "sdu"       Always,
    168 BS_SET_POSITION        "bs_set_position"        "ss"        Always,
    169 SWAP                   "swap"                   "dd"        Since23,
    170 BS_START_MATCH4        "bs_start_match4"        "kusd"      Since23,
    171 MAKE_FUN3              "make_fun3"              "Fd*"       Since24,
    172 INIT_YREGS             "init_yregs"             "*"         Since24,
    173 RECV_MARKER_BIND       "recv_marker_bind"       "ss"        Since24,
    174 RECV_MARKER_CLEAR      "recv_marker_clear"      "s"         Since24,
    175 RECV_MARKER_RESERVE    "recv_marker_reserve"    "d"         Since24,
    176 RECV_MARKER_USE        "recv_marker_use"        "s"         Since24,
    177 BS_CREATE_BIN          "bs_create_bin"          "ftuud*"    Since25,
    178 CALL_FUN2              "call_fun2"              "qus"       Since25,
    179 NIF_START              "nif_start"              ""          Since25,
    180 BADRECORD              "badrecord"              "s"         Since25,
    181 UPDATE_RECORD          "update_record"          "ausd*"     Since26,
    182 BS_MATCH               "bs_match"               "fs*"       Since26,
    183 EXECUTABLE_LINE        "executable_line"        "Nu"        Since27,
    184 DEBUG_LINE             "debug_line"             "auuu"      Since28,
}

const _: () = {
    let mut index = 0;
    while index < ROWS.len() {
        assert!(ROWS[index].number as usize == index + 1, "the table has each number once, in order");
        index += 1;
    }
    assert!(ROWS.len() == GenericOp::MAX as usize);
};

impl GenericOp {
    /// The highest opcode of OTP 28.
    pub const MAX: u8 = 184;

    /// The opcode with this number, if there is one.
    pub const fn new(number: u8) -> Option<Self> {
        match number {
            1..=Self::MAX => Some(Self(number)),
            _ => None,
        }
    }

    /// All of them in the order of their numbers.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=Self::MAX).map(Self)
    }

    const fn row(self) -> &'static Row {
        &ROWS[self.0 as usize - 1]
    }

    /// Its number.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Its name, as the compiler's `.S` files have it.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// How many operands it has; a list counts as one.
    pub const fn arity(self) -> usize {
        self.row().roles.len()
    }

    /// Which releases know it.
    pub const fn lifetime(self) -> Lifetime {
        self.row().lifetime
    }

    /// What its operands have to be, [`arity`](Self::arity) of them.
    pub const fn roles(self) -> &'static [Role] {
        self.row().roles
    }
}

impl fmt::Display for GenericOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for GenericOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.name(), self.arity())
    }
}
