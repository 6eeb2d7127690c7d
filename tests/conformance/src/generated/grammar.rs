// SPDX-License-Identifier: Apache-2.0
//! What random expressions are made of: a table of forms for each kind of value. In a form, `%i` is an integer and so on (see [`Kind`]),
//! `%+` binds a new variable, `%1` uses the form's first one, `%?` is a guard over the variables there are and `%!` a filter.

use super::expression::{Expression, Piece, Variable};
use super::random::Random;

/// A kind of value. One form in fifty is of another kind than was asked for, because programs with errors in them are to fail alike, too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `%i`
    Integer,
    /// `%f`
    Float,
    /// `%n`: integer or float.
    Number,
    /// `%b`
    Boolean,
    /// `%l`
    List,
    /// `%t`
    Tuple,
    /// `%s`: bits.
    Bits,
    /// `%m`
    Map,
    /// `%a`
    Any,
}

const KINDS: &[Kind] =
    &[Kind::Integer, Kind::Float, Kind::Boolean, Kind::List, Kind::Tuple, Kind::Bits, Kind::Map];

impl Kind {
    fn of(letter: char) -> Option<Self> {
        Some(match letter {
            'i' => Self::Integer,
            'f' => Self::Float,
            'n' => Self::Number,
            'b' => Self::Boolean,
            'l' => Self::List,
            't' => Self::Tuple,
            's' => Self::Bits,
            'm' => Self::Map,
            'a' => Self::Any,
            _ => return None,
        })
    }

    /// Values without anything in them.
    fn literals(self) -> &'static [&'static str] {
        match self {
            Self::Integer => &[
                "0",
                "1",
                "(-1)",
                "2",
                "3",
                "7",
                "(-8)",
                "255",
                "256",
                "1000003",
                "16#7FFFFFF",
                "16#FFFFFFFF",
                "16#7FFFFFFFFFFFFFF",
                "(-16#800000000000000)",
                "16#800000000000000",
                "(-16#800000000000001)",
                "16#FFFFFFFFFFFFFFFF",
                "16#10000000000000000",
                "(-16#123456789ABCDEF0123456789)",
                "9007199254740993",
                "(1 bsl 1024)",
            ],
            Self::Float => &[
                "0.0",
                "1.0",
                "(-1.0)",
                "1.5",
                "(-2.25)",
                "0.1",
                "1.0e10",
                "9007199254740992.0",
                "1.0e308",
                "5.0e-324",
                "(-1.0e-300)",
                "576460752303423488.0",
            ],
            Self::Number => &["1", "2.5", "(-3)", "0.0"],
            Self::Boolean => &["true", "false"],
            Self::List => &["[]", "[1, 2, 3]", "\"abc\"", "[a, 1.0, {x}]", "[[], [1]]", "[3, 1, 2, 1]"],
            Self::Tuple => &["{}", "{a}", "{1, 2.0}", "{point, 1, \"y\"}", "{a, {b, [c]}}"],
            Self::Bits => {
                &["<<>>", "<<\"abc\">>", "<<1, 2, 3, 255>>", "<<5:3>>", "<<1:1, 2:9>>", "<<16#DEADBEEF:32>>"]
            }
            Self::Map => &["#{}", "#{a => 1}", "#{1 => a, 1.0 => b}", "#{\"k\" => [], {t} => #{}}"],
            Self::Any => {
                &["[1 | 2]", "a", "b", "'c d'", "true", "1", "1.0", "[]", "{}", "\"xy\"", "<<7>>", "#{}"]
            }
        }
    }

    /// Ways to make one from others.
    fn forms(self) -> &'static [&'static str] {
        match self {
            Self::Integer => &[
                "(%i + %i)",
                "(%i - %i)",
                "(%i * %i)",
                "(%i div %i)",
                "(%i rem %i)",
                "(%i band %i)",
                "(%i bor %i)",
                "(%i bxor %i)",
                "(bnot %i)",
                "(%i bsl (%i band 63))",
                "(%i bsr (%i band 127))",
                "(- %i)",
                "abs(%i)",
                "round(%n)",
                "trunc(%n)",
                "floor(%n)",
                "ceil(%n)",
                "length(%l)",
                "byte_size(%s)",
                "bit_size(%s)",
                "tuple_size(%t)",
                "map_size(%m)",
                "max(%i, %i)",
                "min(%i, %i)",
                "list_to_integer(integer_to_list(%i))",
                "binary_to_integer(integer_to_binary(%i, 16), 16)",
                "erlang:phash2(%a)",
                "lists:sum([%i, %i])",
                "if %? -> %i; true -> %i end",
                "case %i of %+ when %? -> (%1 + %i); 0 -> 5; _ -> %i end",
                "case <<(%i):72>> of <<%+:40, %+:32>> -> (%1 + %2) end",
                "case <<(%i):29/signed-little, 0:3>> of <<%+:29/signed-little, _:3>> -> %1 end",
                "lists:foldl(fun(%+, %+) -> (%2 + %1) end, %i, [%i, %i, %i])",
            ],
            Self::Float => &[
                "(%f + %n)",
                "(%n - %f)",
                "(%f * %n)",
                "(%n / %n)",
                "(- %f)",
                "abs(%f)",
                "float(%n)",
                "list_to_float(float_to_list(%f))",
                "case <<(%f)/float>> of <<%+/float-little>> -> %1; _ -> 0.5 end",
                "case <<(%n):32/float>> of <<%+:32/float>> -> %1 end",
                "(%f * %f + %f)",
                "(%f - %i * %f / %n)",
            ],
            Self::Number => &["%i", "%f", "(%n + %n)", "(%n - %n)", "(%n * %n)", "max(%n, %n)"],
            Self::Boolean => &[
                "(%a == %a)",
                "(%a /= %a)",
                "(%a =:= %a)",
                "(%a =/= %a)",
                "(%a < %a)",
                "(%a =< %a)",
                "(%a > %a)",
                "(%a >= %a)",
                "(%n == %n)",
                "(%n < %n)",
                "(%i =< %i)",
                "(not %b)",
                "(%b and %b)",
                "(%b or %b)",
                "(%b xor %b)",
                "(%b andalso %b)",
                "(%b orelse %b)",
                "is_integer(%a)",
                "is_float(%a)",
                "is_list(%a)",
                "is_tuple(%a)",
                "is_binary(%a)",
                "is_bitstring(%a)",
                "is_map(%a)",
                "is_atom(%a)",
                "is_number(%a)",
                "is_boolean(%a)",
                "lists:member(%a, %l)",
                "is_map_key(%a, %m)",
                "(%l == %l)",
                "(%s < %s)",
                "(%m =:= %m)",
            ],
            Self::List => &[
                "[%a]",
                "[%a | %l]",
                "[%a, %a, %a]",
                "(%l ++ %l)",
                "(%l -- %l)",
                "lists:reverse(%l)",
                "tl(?MODULE:id(%l))",
                "lists:sort(%l)",
                "tuple_to_list(%t)",
                "[%1 || %+ <- %l]",
                "[{%1, %a} || %+ <- %l, %!]",
                "lists:map(fun(%+) -> [%1 | %a] end, %l)",
                "binary_to_list(%s)",
                "bitstring_to_list(%s)",
                "integer_to_list(%i)",
                "lists:usort(%l)",
                "lists:sort(maps:keys(%m))",
                "[%1 || <<%+:7>> <= %s]",
                "lists:seq(1, (%i band 7))",
                "[%1 + %2 || %+ <- [%i, %i], %+ <- [%n]]",
            ],
            Self::Tuple => &[
                "{%a}",
                "{%a, %a}",
                "{%a, %a, %a}",
                "setelement(1, %t, %a)",
                "list_to_tuple(%l)",
                "erlang:append_element(%t, %a)",
                "setelement(2, {%a, %a, %a}, %a)",
                "erlang:delete_element(1, %t)",
                "case %a of {%+, %+} -> {%2, %1}; %+ -> {%3} end",
            ],
            Self::Bits => &[
                "<<(%i)>>",
                "<<(%i):16>>",
                "<<(%i):13/little, (%i):3>>",
                "<<(%s)/bitstring, (%i):5>>",
                "<<(%s)/binary, (%s)/bitstring>>",
                "<<(%f)/float>>",
                "<<(%i band 16#FFFF)/utf8>>",
                "integer_to_binary(%i)",
                "term_to_binary(%a)",
                "list_to_bitstring([%s, %s])",
                "<< <<(%1 + 1)>> || <<%+>> <= %s >>",
                "<< <<%1:3>> || %+ <- [%i, %i] >>",
                "case %s of <<_:4, %+/bitstring>> -> %1; _ -> <<\"short\">> end",
                "<<(%i):70/signed>>",
                "begin %+ = (%i band 15), case %s of <<%+:%1, %+/bitstring>> -> <<%3/bitstring, %2:9>>; %+ -> %4 end end",
                "binary:part(%s, 0, 1)",
            ],
            Self::Map => &[
                "#{%a => %a}",
                "#{%a => %a, %a => %a}",
                "(%m)#{%a => %a}",
                "(#{a => %a, 1 => %a})#{a := %a}",
                "maps:remove(%a, %m)",
                "maps:put(%a, %a, %m)",
                "maps:from_list([{%a, %a}, {%a, %a}])",
                "maps:map(fun(%+, %+) -> {%1, %2, %a} end, %m)",
                "maps:merge(%m, %m)",
                "case %m of #{a := %+} -> #{b => %1}; %+ -> (%2)#{a => %a} end",
            ],
            Self::Any => &[
                "hd(?MODULE:id(%l))",
                "element(2, {%a, %a})",
                "map_get(b, #{b => %a})",
                "maps:get(%a, %m, %a)",
                "lists:last(%l)",
                "try %a catch error:%+ -> {caught, %1} end",
                "try throw(%a) catch %+ -> %1 end",
                "try {%+, _} = %a, %1 catch error:%+ -> %2 end",
                "begin %+ = %a, {%1, %1, %a} end",
                "(fun(%+) -> {%1, %a} end)(%a)",
                "case ?MODULE:id(%a) of %+ when %? -> {yes, %1}; {%+, _} -> %2; [%+ | _] -> %3; _ -> %a end",
                "case {%a, %a} of {%+, %1} -> {same, %1}; {a, _} -> a; {%+, %+} -> {%3, %2} end",
                "if %? -> %a; %? -> %a end",
                "case %s of <<%+:16/little-signed, _/bitstring>> -> %1; <<%+:3, %+/bitstring>> -> {%2, %3}; _ -> none end",
                "case %i of 0 -> %a; 1 -> %a; 2 -> c; 255 -> %a; _ -> %a end",
                "case %a of 1 -> one; 1.0 -> float; [] -> nil; \"abc\" -> text; #{} -> map; _ -> %a end",
                "error(%a)",
                "binary_to_term(term_to_binary(%a))",
                "case %b of true -> %a; false -> %a end",
                "apply(fun(%+, %+) -> {%2, %1} end, [%a, %a])",
            ],
        }
    }
}

/// Guards: comparisons and tests of variables, literals and what may stand in guards. `%v` is any of the first two. There is no `hd`:
/// OTP 25.2.3 does not load what its compiler makes of it and a literal without optimisation.
const GUARDS: &[&str] = &[
    "%v == %v",
    "%v =:= %v",
    "%v < %v",
    "%v >= %v",
    "is_integer(%v)",
    "is_list(%v), length(%v) > 1",
    "is_atom(%v); %v > 3",
    "length(%v) =:= 3",
    "%v + %v > 2",
    "element(1, %v) == a",
    "tuple_size(%v) =:= 2 orelse %v",
    "byte_size(%v) > 2",
    "map_size(%v) =:= 0",
    "is_map_key(a, %v)",
    "not is_float(%v) andalso %v rem 2 =:= 0",
    "%v * 2 == %v",
    "abs(%v) > 5",
    "%v band 1 =:= 1",
    "is_number(%v), %v / 2 < 10",
    "map_get(a, %v) =:= 1",
    "%v",
    "bit_size(%v) rem 8 =:= 0",
    "is_tuple(%v) and is_list(%v)",
    "%v =/= %v; true",
    "-%v < %v",
    "round(%v) =:= trunc(%v)",
];

/// Those that stand in comprehensions, where there are no alternatives.
const FILTERS: &[&str] = &[
    "%v > %v",
    "%v =/= a",
    "length(%v) < 3",
    "%v rem 2 =:= 0",
    "is_integer(%v)",
    "%v + 1 > %v",
    "%v",
    "is_list(%v), %v",
];

/// Makes expressions.
#[derive(Debug)]
pub struct Generator {
    random: Random,
    next: Variable,
    scope: Vec<(Variable, Kind)>,
}

impl Generator {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self { random: Random::new(seed), next: 0, scope: Vec::new() }
    }

    /// An expression over variables that are bound already, and their values.
    pub fn case(&mut self, variables: u32) -> (Expression, Vec<Expression>) {
        self.next = variables;
        self.scope.clear();
        let kinds: Vec<Kind> = (0..variables).map(|_| self.random.pick(KINDS)).collect();
        let values = kinds.iter().map(|kind| self.expression(*kind, 2)).collect();
        self.scope = (0..variables).zip(kinds).collect();
        let kind = if self.random.percent(40) { Kind::Any } else { self.random.pick(KINDS) };
        (self.expression(kind, 4), values)
    }

    fn expression(&mut self, kind: Kind, depth: u32) -> Expression {
        let kind = if self.random.percent(2) { self.random.pick(KINDS) } else { kind };
        if depth == 0 || self.random.percent(12) {
            return self.leaf(kind);
        }
        let inner = if kind == Kind::Any && self.random.percent(60) { self.random.pick(KINDS) } else { kind };
        let form = self.random.pick(inner.forms());
        let outer = self.scope.len();
        let expression = self.fill(form, depth - 1);
        self.scope.truncate(outer);
        expression
    }

    fn leaf(&mut self, kind: Kind) -> Expression {
        let fits = |there: Kind| {
            there == kind
                || kind == Kind::Any
                || (kind == Kind::Number && matches!(there, Kind::Integer | Kind::Float))
        };
        let fitting: Vec<Variable> =
            self.scope.iter().filter(|(_, there)| fits(*there)).map(|(variable, _)| *variable).collect();
        if !fitting.is_empty() && self.random.percent(60) {
            return Expression(vec![Piece::Use(self.random.pick(&fitting))]);
        }
        if kind == Kind::Integer && self.random.percent(40) {
            let number = self.random.below(2000) as i64 - 1000;
            return Expression(vec![Piece::Made(format!("({number})"))]);
        }
        Expression::text(self.random.pick(kind.literals()))
    }

    /// What stands for each `%` of a form. A variable counts as there from its pattern on, but only where the whole pattern is bound:
    /// other parts of the form use it by its number.
    fn fill(&mut self, form: &'static str, depth: u32) -> Expression {
        let names = form.matches("%+").count() as u32;
        let first = self.next;
        self.next += names;
        let mut bound = 0;
        let mut pieces = Vec::new();
        let mut parts = form.split('%');
        pieces.extend(parts.next().map(Piece::Text));
        for part in parts {
            let letter = part.chars().next().unwrap_or('%');
            match letter {
                '+' => {
                    pieces.push(Piece::Bind(first + bound));
                    bound += 1;
                }
                '1'..='9' => pieces.push(Piece::Use(first + (letter as u32 - '1' as u32))),
                '?' => pieces.push(Piece::Inner(self.guard(GUARDS, first, bound))),
                '!' => pieces.push(Piece::Inner(self.guard(FILTERS, first, bound))),
                'v' => pieces.push(Piece::Inner(self.leaf(Kind::Any))),
                _ => {
                    let kind = Kind::of(letter).unwrap_or(Kind::Any);
                    pieces.push(Piece::Inner(self.expression(kind, depth)));
                }
            }
            pieces.push(Piece::Text(&part[letter.len_utf8()..]));
        }
        Expression(pieces)
    }

    /// A guard that may look at the newest variable of the form, too.
    fn guard(&mut self, forms: &[&'static str], first: Variable, bound: u32) -> Expression {
        let outer = self.scope.len();
        if bound > 0 {
            self.scope.extend([(first + bound - 1, Kind::Any); 3]);
        }
        let form = self.random.pick(forms);
        let guard = self.fill(form, 0);
        self.scope.truncate(outer);
        guard
    }
}
