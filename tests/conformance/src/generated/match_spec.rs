// SPDX-License-Identifier: Apache-2.0
//! Random match specifications, correct or not, over random objects, tested by themselves and in tables of all types.

use std::ops::Range;

use super::case::Case;
use super::expression::{Expression, Leaves, Piece};
use super::random::Random;

/// Functions of the module.
pub const HELPERS: &str = "
in_table(Type, Objects, F) ->
    T = ets:new(t, [public, Type]),
    try
        true = ets:insert(T, [Object || Object <- Objects, is_tuple(Object), tuple_size(Object) > 0]),
        F(T)
    after
        ets:delete(T)
    end.

%% Where the order is nobody's promise, any will do. Integers and floats may be equal, their external terms are not.
sorted(ordered_set, List) -> List;
sorted(_, List) when is_list(List) -> [Term || {Term, _} <- lists:sort([{Term, term_to_binary(Term)} || Term <- List])];
sorted(_, Other) -> Other.

chunks(ordered_set, {Found, Next}) -> [Found | chunks(ordered_set, ets:select(Next))];
chunks(Type, {Found, Next}) -> Found ++ chunks(Type, ets:select(Next));
chunks(_, '$end_of_table') -> [].

guarded(F) -> try F() catch Class:Reason -> {Class, Reason} end.
";

/// What is asked. `V0` is a list of objects, `V1` the specification, `V2` a type of tables.
const BODIES: &[&str] = &[
    "[erlang:match_spec_test(Object, V1, table) || Object <- V0]",
    "[erlang:match_spec_test(Object, V1, table) || Object <- V0]",
    "[erlang:match_spec_test([Object], V1, trace) || Object <- V0]",
    "erlang:match_spec_test(V0, V1, trace)",
    "ets:match_spec_run(V0, ets:match_spec_compile(V1))",
    "in_table(V2, V0, fun(T) -> [sorted(V2, ets:select(T, V1)), ets:select_count(T, V1), sorted(V2, ets:select_reverse(T, V1))] end)",
    "in_table(V2, V0, fun(T) -> sorted(V2, chunks(V2, ets:select(T, V1, 2))) end)",
    "in_table(V2, V0, fun(T) -> [guarded(fun() -> ets:select_delete(T, V1) end), sorted(V2, ets:tab2list(T))] end)",
    "in_table(V2, V0, fun(T) -> [guarded(fun() -> ets:select_replace(T, V1) end), sorted(V2, ets:tab2list(T))] end)",
    "in_table(V2, V0, fun(T) -> [{sorted(V2, ets:match(T, H)), sorted(V2, ets:match_object(T, H)), ets:match_delete(T, H)} || {H, _, _} <- V1] end)",
];
const TABLES: &[&str] = &["set", "ordered_set", "bag", "duplicate_bag"];

const VALUES: &[&str] = &[
    "1",
    "1",
    "2",
    "3",
    "-1",
    "1.0",
    "2.5",
    "a",
    "a",
    "b",
    "true",
    "false",
    "undefined",
    "[]",
    "\"ab\"",
    "<<\"bin\">>",
    "<<5:3>>",
    "#{}",
    "(1 bsl 70)",
    "-(1 bsl 59)",
    "{}",
    "'_'",
    "'$1'",
    "1.0e300",
];
/// No variable has a number of 64 or more: stock then numbers all anew, and says the new numbers in its texts.
const PATTERNS: &[&str] = &[
    "'$1'",
    "'$1'",
    "'$1'",
    "'$2'",
    "'$2'",
    "'$3'",
    "'$0'",
    "'_'",
    "'_'",
    "'$01'",
    "'$_'",
    "'$$'",
    "1",
    "a",
    "1.0",
    "[]",
    "<<\"bin\">>",
    "\"ab\"",
    "true",
    "#{}",
    "{}",
];
const OPERANDS: &[&str] = &[
    "'$1'",
    "'$1'",
    "'$1'",
    "'$2'",
    "'$2'",
    "'$3'",
    "'$_'",
    "'$$'",
    "'_'",
    "'$9'",
    "1",
    "2",
    "3",
    "-1",
    "2.5",
    "a",
    "b",
    "true",
    "false",
    "[]",
    "\"ab\"",
    "<<\"bin\">>",
    "{self}",
    "{node}",
    "{const, '$1'}",
    "{const, {a, b}}",
    "{{}}",
    "#{}",
    "(1 bsl 70)",
    "{}",
    "{nope}",
];
/// `%` is an expression. There is none among the keys of maps: of what is wrong in a key that is one, stock tells twice.
const FORMS: &[&str] = &[
    "{{%, %}}",
    "{{%}}",
    "{{%, a, %}}",
    "[%]",
    "[%, %]",
    "[% | %]",
    "#{a => %}",
    "#{'$1' => %}",
    "#{{element, 1, '$_'} => %}",
    "{'+', %, %}",
    "{'-', %, %}",
    "{'*', %, %}",
    "{'/', %, %}",
    "{'div', %, %}",
    "{'rem', %, %}",
    "{'band', %, %}",
    "{'bor', %, %}",
    "{'bxor', %, %}",
    "{'bnot', %}",
    "{'bsl', %, %}",
    "{'bsr', %, 2}",
    "{'-', %}",
    "{'+', %}",
    "{abs, %}",
    "{round, %}",
    "{trunc, %}",
    "{float, %}",
    "{ceil, %}",
    "{floor, %}",
    "{max, %, %}",
    "{min, %, %}",
    "{length, %}",
    "{hd, %}",
    "{tl, %}",
    "{size, %}",
    "{tuple_size, %}",
    "{byte_size, %}",
    "{bit_size, %}",
    "{map_size, %}",
    "{element, %, %}",
    "{element, 1, %}",
    "{element, 2, '$_'}",
    "{map_get, a, %}",
    "{is_map_key, a, %}",
    "{binary_part, %, 0, 1}",
    "{node, %}",
    "{const, %}",
    "{%, %}",
    "{foo, %}",
    "{element, %}",
    "{list_to_atom, %}",
    "{get_tcw}",
    "{message, %}",
    "{caller}",
    "{return_trace}",
    "{is_seq_trace}",
];
const TESTS: &[&str] = &[
    "{'==', %, %}",
    "{'=:=', %, %}",
    "{'/=', %, %}",
    "{'=/=', %, %}",
    "{'<', %, %}",
    "{'>', %, %}",
    "{'=<', %, %}",
    "{'>=', %, %}",
    "{is_atom, %}",
    "{is_integer, %}",
    "{is_float, %}",
    "{is_number, %}",
    "{is_list, %}",
    "{is_tuple, %}",
    "{is_binary, %}",
    "{is_bitstring, %}",
    "{is_map, %}",
    "{is_boolean, %}",
    "{is_function, %}",
    "{is_pid, %}",
    "{is_record, %, a}",
    "{is_record, %, a, 2}",
    "{'not', &}",
    "{'and', &, &}",
    "{'or', &, &}",
    "{'xor', &, &}",
    "{'andalso', &, &}",
    "{'orelse', &, &}",
    "{'andalso', &}",
    "{'or', &}",
    "{'and'}",
    "{'andalso'}",
    "{'and', &, &, &}",
    "{'orelse', &, &, %}",
    "{'not', %}",
    "%",
    "true",
    "false",
];

const OBJECT: Leaves = &["1", "a"];
const PATTERN: Leaves = &["'_'", "'$1'"];
const EXPRESSION: Leaves = &["'$1'", "true", "1"];
const NOTHING: Leaves = &[""];

/// Makes cases.
#[derive(Debug)]
pub struct Generator {
    random: Random,
}

impl Generator {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self { random: Random::new(seed ^ 0x4D53) }
    }

    /// A call.
    pub fn case(&mut self) -> Case {
        let body = Expression::text(self.random.pick(BODIES));
        let arity = 1 + self.random.below(3);
        let objects = self.several(1..7, OBJECT, |this| this.object(arity));
        let specification = self.several(1..4, &[], |this| this.clause(arity));
        let table = Expression(vec![Piece::Apart(&["set"], Expression::text(self.random.pick(TABLES)))]);
        Case { body, arguments: vec![objects, specification, table] }
    }

    /// A list of things, each of which can be left out.
    fn several(
        &mut self,
        count: Range<usize>,
        leaves: Leaves,
        make: impl Fn(&mut Self) -> Expression,
    ) -> Expression {
        let count = count.start + self.random.below(count.end - count.start);
        let mut pieces = vec![Piece::Text("[]")];
        for _ in 0..count {
            let thing = vec![Piece::Text(" ++ ["), Piece::Apart(leaves, make(self)), Piece::Text("]")];
            pieces.push(Piece::Apart(NOTHING, Expression(thing)));
        }
        Expression(pieces)
    }

    fn object(&mut self, arity: usize) -> Expression {
        if self.random.percent(8) {
            return self.value(2);
        }
        let arity = if self.random.percent(10) { arity + 1 } else { arity };
        self.tuple(arity, OBJECT, |this| this.value(1))
    }

    fn tuple(&mut self, arity: usize, leaves: Leaves, part: impl Fn(&mut Self) -> Expression) -> Expression {
        let mut pieces = vec![Piece::Text("{")];
        for number in 0..arity {
            pieces.extend((number > 0).then_some(Piece::Text(", ")));
            pieces.push(Piece::Apart(leaves, part(self)));
        }
        pieces.push(Piece::Text("}"));
        Expression(pieces)
    }

    fn value(&mut self, depth: u32) -> Expression {
        let forms = ["{%, %}", "[%, %]", "[% | %]", "#{a => %, b => %}", "#{1 => %}", "{a, %}"];
        self.nested(depth, 25, &forms, VALUES)
    }

    fn pattern(&mut self, depth: u32) -> Expression {
        let forms =
            ["{%, %}", "[%, %]", "[% | %]", "#{a => %}", "#{'$1' => %}", "#{a => 1, b => %}", "{a, %}"];
        self.nested(depth, 25, &forms, PATTERNS)
    }

    fn nested(
        &mut self,
        depth: u32,
        chances: usize,
        forms: &[&'static str],
        leaves: &[&'static str],
    ) -> Expression {
        if depth == 0 || !self.random.percent(chances) {
            return Expression::text(self.random.pick(leaves));
        }
        let form = self.random.pick(forms);
        self.fill(form, |this, _| this.nested(depth - 1, chances, forms, leaves))
    }

    fn clause(&mut self, arity: usize) -> Expression {
        if self.random.percent(1) {
            return self.value(1);
        }
        let head = match self.random.below(20) {
            0 => Expression::text("'_'"),
            1 => Expression::text("'$1'"),
            2 => self.pattern(2),
            _ => self.tuple(arity, PATTERN, |this| this.pattern(2)),
        };
        let guards = self.several(0..3, EXPRESSION, |this| this.test(2));
        let bodies = if self.random.percent(10) { 0..3 } else { 1..2 };
        let body = match self.random.below(4) {
            0 => self.several(bodies, EXPRESSION, |_| Expression::text("true")),
            1 => self.several(bodies, EXPRESSION, |_| Expression::text("'$_'")),
            _ => self.several(bodies, EXPRESSION, |this| this.expression(3)),
        };
        let parts = [("{", PATTERN, head), (", ", &[][..], guards), (", ", &[], body)];
        let mut pieces: Vec<Piece> = parts
            .into_iter()
            .flat_map(|(text, leaves, part)| [Piece::Text(text), Piece::Apart(leaves, part)])
            .collect();
        pieces.push(Piece::Text("}"));
        Expression(pieces)
    }

    fn test(&mut self, depth: u32) -> Expression {
        let form = self.random.pick(TESTS);
        self.fill(
            form,
            |this, sign| {
                if sign == '&' && depth > 0 { this.test(depth - 1) } else { this.expression(depth) }
            },
        )
    }

    fn expression(&mut self, depth: u32) -> Expression {
        if depth > 0 && self.random.percent(12) {
            return self.test(depth - 1);
        }
        self.nested(depth, 60, FORMS, OPERANDS)
    }

    /// Fills a form, whose parts are of its own language.
    fn fill(&mut self, form: &'static str, part: impl Fn(&mut Self, char) -> Expression) -> Expression {
        let mut pieces = Vec::new();
        for text in form.split_inclusive(['%', '&']) {
            let sign = text.chars().next_back().filter(|last| matches!(last, '%' | '&'));
            pieces.push(Piece::Text(text.trim_end_matches(['%', '&'])));
            pieces.extend(sign.map(|sign| Piece::Inner(part(self, sign))));
        }
        Expression(pieces)
    }
}
